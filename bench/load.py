"""What is sent: CT slices of 512 x 512 x 16 bits, 525 KB each, every one different, as files of part 10."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from primum.imaging.demo import STUDIES, DemoInstance, study_instances, wrapped
from primum.imaging.demo.headers import CT_IMAGE, encoded

DAY = date(2026, 1, 5)


@dataclass(frozen=True, slots=True)
class Slice:
    """An instance that was sent, and the hashes by which it is known again."""

    file: Path
    study_uid: str
    series_uid: str
    sop_uid: str
    data_set: str
    pixels: str


def make_slices(folder: Path, count: int, *, studies: int = 1, tag: str, side: int = 512) -> list[Slice]:
    """Write `count` slices spread over `studies` studies; `tag` makes their UIDs unlike any other set's.

    Four painted slices are shifted and given a number in a corner: no two have the same pixels, and none
    compresses better than a patient's would.
    """
    folder.mkdir(parents=True)
    painted = [
        pydicom.dcmread(BytesIO(wrapped(one)))
        for one, _ in zip(study_instances(STUDIES[0], DAY), range(4), strict=False)
    ]
    cut = slice(256 - side // 2, 256 + side // 2)
    images = [np.frombuffer(one.PixelData, "<u2").reshape(512, 512)[cut, cut] for one in painted]
    for one in painted:
        one.Rows = one.Columns = side
    return [
        _slice(folder / f"{n:05d}.dcm", painted[n % 4], images[n % 4], number=n, study=n * studies // count, tag=tag)
        for n in range(count)
    ]


def _slice(
    file: Path, made: pydicom.FileDataset, image: NDArray[np.uint16], *, number: int, study: int, tag: str
) -> Slice:
    made.StudyInstanceUID, made.SeriesInstanceUID = _uid(tag, "study", study), _uid(tag, "series", study)
    made.SOPInstanceUID = _uid(tag, "image", number)
    made.AccessionNumber, made.PatientID = f"B{study:05d}", f"BENCH-{study:05d}"
    made.PatientName = f"Essai^{study:05d}"
    made.InstanceNumber = number + 1
    made.ImagePositionPatient[2] = f"{-number * 2.5:.2f}"
    made.SliceLocation = f"{-number * 2.5:.2f}"
    moved = np.roll(image, number, 1)
    moved[0, :2] = divmod(number, 4096)
    made.PixelData = moved.tobytes()
    data_set = encoded(made)
    instance = DemoInstance(made.StudyInstanceUID, made.SeriesInstanceUID, made.SOPInstanceUID, CT_IMAGE, 0, data_set)
    file.write_bytes(wrapped(instance))
    return Slice(
        file,
        instance.study_instance_uid,
        instance.series_instance_uid,
        instance.sop_instance_uid,
        hashlib.sha256(data_set).hexdigest(),
        hashlib.sha256(made.PixelData).hexdigest(),
    )


def _uid(*parts: object) -> str:
    raw = hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:16]
    return f"2.25.{int.from_bytes(raw, 'big')}"
