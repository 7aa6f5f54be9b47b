"""Images and presentation states of our own making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from tests.doors.small import Study

ROWS, COLUMNS = 24, 32


def image(number: int = 1, pixels: np.ndarray | None = None, **more: Any) -> Dataset:
    """A slice that is not square and has no symmetry, of one frame or of several."""
    made = Study(number, slices=1).data_set(1)
    if pixels is None:
        pixels = (np.arange(ROWS * COLUMNS, dtype="<u2").reshape(ROWS, COLUMNS) * 5) % 4096
    made.Rows, made.Columns = pixels.shape[-2:]
    made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 11, int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        made.NumberOfFrames = len(pixels)
    made.PixelData = pixels.tobytes()
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


def items(*each: dict[str, Any]) -> Items:
    """A sequence of items, by keywords."""
    made = []
    for one in each:
        item = Dataset()
        for keyword, value in one.items():
            setattr(item, keyword, value)
        made.append(item)
    return Items(made)


def naming(image: Dataset, frames: Sequence[int] = ()) -> Items:
    """A Referenced Image Sequence."""
    said: dict[str, Any] = {
        "ReferencedSOPClassUID": image.SOPClassUID, "ReferencedSOPInstanceUID": image.SOPInstanceUID,
    }  # fmt: skip
    return items(said | ({"ReferencedFrameNumber": list(frames)} if frames else {}))


def state(*images: Dataset, frames: Sequence[int] = (), **more: Any) -> Dataset:
    """A grayscale state of these images, with nothing but the identity and a displayed area."""
    first = images[0]
    made = Dataset()
    for keyword in ("SpecificCharacterSet", "StudyInstanceUID", "StudyDate", "StudyTime", "PatientName", "PatientID",
                    "PatientBirthDate", "PatientSex", "AccessionNumber", "ReferringPhysicianName"):  # fmt: skip
        setattr(made, keyword, first[keyword].value)
    made.SOPClassUID, made.SOPInstanceUID = uid.GrayscaleSoftcopyPresentationStateStorage, f"{first.SOPInstanceUID}.99"
    made.SeriesInstanceUID, made.Modality = f"{first.SeriesInstanceUID}.99", "PR"
    made.SeriesNumber = made.InstanceNumber = "1"
    made.Manufacturer, made.StudyID, made.ContentCreatorName = "none", "1", ""
    made.PresentationCreationDate, made.PresentationCreationTime = "20260101", "120000"
    made.ContentLabel, made.ContentDescription = "STATE", ""
    made.ReferencedSeriesSequence = items(
        *(
            {"SeriesInstanceUID": one.SeriesInstanceUID, "ReferencedImageSequence": naming(one, frames)}
            for one in images
        )
    )
    made.DisplayedAreaSelectionSequence = items(
        {
            "DisplayedAreaTopLeftHandCorner": [1, 1],
            "DisplayedAreaBottomRightHandCorner": [first.Columns, first.Rows],
            "PresentationSizeMode": "SCALE TO FIT",
            "PresentationPixelAspectRatio": [1, 1],
        }
    )
    made.PresentationLUTShape = "IDENTITY"
    for keyword, value in more.items():
        if value is None:
            del made[keyword]
        else:
            setattr(made, keyword, value)
    return made
