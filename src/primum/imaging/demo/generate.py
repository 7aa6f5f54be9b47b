"""The demo, instance by instance, as data sets without file wrapping.

The same day and seed give the same bytes. Threads would not help: a slice is many small calls of NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from primum.imaging.demo import brain, breast, chest, dose, headers, report, ultrasound
from primum.imaging.demo.patients import STUDIES, Kind, Study
from primum.imaging.demo.radiograph import Exposure, chest_radiograph
from primum.imaging.part10 import EXPLICIT_LITTLE

HU_ZERO = 1024
"""Stored value of 0 HU: pixels are stored unsigned, with a rescale intercept of -1024."""
CT_SLICES = {Kind.CHEST_CT: 120, Kind.SMALL_CT: 20}
MR_SLICES = {Kind.BRAIN_MR: 44, Kind.SMALL_MR: 18}
COUNT = 395
"""How many images and documents the demo has (tested)."""
CT_WINDOWS = (("MEDIASTIN", 40.0, 400.0), ("POUMON", -600.0, 1500.0), ("OS", 450.0, 1800.0))


@dataclass(frozen=True, slots=True)
class DemoInstance:
    """One image or document: its data set (without file wrapping) and the facts an archive keeps beside it.

    `practitioner` tells which of the demo's controllers it belongs to (0, 1, …).
    """

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    practitioner: int
    data_set: bytes
    transfer_syntax_uid: str = EXPLICIT_LITTLE


def generate(today: date, seed: int = 1) -> Iterator[DemoInstance]:
    """Make every image of the demo, the chest CT first. Some 380 images, 112 MB, some fifteen seconds."""
    for study in STUDIES:
        yield from study_instances(study, today, seed)


def study_instances(study: Study, today: date, seed: int = 1) -> Iterator[DemoInstance]:
    """Make the images of one study."""
    yield from _MAKERS[study.kind](study, today, seed)


def ct_truth(number: int, seed: int = 1) -> NDArray[np.int16]:
    """Return the Hounsfield units of image `number` (InstanceNumber, from 1) of the chest CT."""
    return chest.Chest(_chest_scan(STUDIES[0], seed)).slice(number - 1)


def _chest_scan(study: Study, seed: int) -> chest.Scan:
    patient = seed * 1000 + study.patient.number
    return chest.Scan(512 if study.kind is Kind.CHEST_CT else 256, CT_SLICES[study.kind], patient)


def _ct(study: Study, today: date, seed: int) -> Iterator[DemoInstance]:
    scan = _chest_scan(study, seed)
    patient = chest.Chest(scan)
    for index in range(scan.slices):
        place = headers.Place(study, today, seed, 2, index + 1)
        yield _ct_image(place, scan, patient, index)
    place = headers.Place(study, today, seed, 9, 1)
    yield _instance(place, dose.report(place))


def _ct_image(place: headers.Place, scan: chest.Scan, patient: chest.Chest, index: int) -> DemoInstance:
    made = headers.common(place, headers.CT_IMAGE, "CT")
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.SeriesDescription, made.ProtocolName = "Thorax axial", "Thorax"
    made.BodyPartExamined = "CHEST"
    made.KVP, made.XRayTubeCurrent, made.ExposureTime, made.ConvolutionKernel = "120", "180", "500", "STANDARD"
    made.DataCollectionDiameter, made.ReconstructionDiameter = "500", str(chest.FIELD_OF_VIEW)
    made.GantryDetectorTilt, made.TableHeight, made.RotationDirection = "0", "123", "CW"
    if place.study.kind is Kind.CHEST_CT:
        made.ContrastBolusAgent = "Iode"
    headers.axial(made, spacing=scan.spacing, size=scan.size, height=-scan.step * (index + 0.5), thickness=scan.step)
    headers.window(made, *CT_WINDOWS)
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = str(-HU_ZERO), "1", "HU"
    headers.pixels(made, (patient.slice(index) + HU_ZERO).astype(np.uint16))
    return _instance(place, made)


def _mr(study: Study, today: date, seed: int) -> Iterator[DemoInstance]:
    slices = MR_SLICES[study.kind]
    size = 256 if study.kind is Kind.BRAIN_MR else 192
    acquisition = brain.Acquisition(size, slices, seed * 1000 + study.patient.number)
    head = brain.Head(acquisition)
    for series, (name, weights, echo, repetition) in enumerate(
        (("T1", brain.T1, 12, 550), ("T2", brain.T2, 98, 4600)), 2
    ):
        for index in range(slices):
            place = headers.Place(study, today, seed, series, index + 1)
            made = headers.common(place, headers.MR_IMAGE, "MR")
            made.ImageType = ["ORIGINAL", "PRIMARY", "M", "SE"]
            made.SeriesDescription, made.ProtocolName = f"{name} axial", f"Encéphale {name}"
            made.BodyPartExamined = "HEAD"
            made.ScanningSequence, made.SequenceVariant, made.ScanOptions = "SE", "SK", None
            made.MRAcquisitionType, made.EchoTrainLength, made.FlipAngle = "2D", "1", "90"
            made.EchoTime, made.RepetitionTime = str(echo), str(repetition)
            made.MagneticFieldStrength, made.ImagedNucleus, made.ImagingFrequency = "1.5", "1H", "63.87"
            height = brain.BOTTOM + acquisition.step * (index + 0.5)
            headers.axial(made, spacing=acquisition.spacing, size=size, height=height, thickness=acquisition.step)
            middle, width = (340.0, 660.0) if name == "T1" else (450.0, 880.0)
            headers.window(made, (name, middle, width))
            headers.pixels(made, head.slice(index, weights))
            yield _instance(place, made)


def _dx(study: Study, today: date, seed: int) -> Iterator[DemoInstance]:
    exposure = Exposure(2000 if study.kind is Kind.CHEST_DX else 800, seed * 1000 + study.patient.number)
    place = headers.Place(study, today, seed, 1, 1)
    made = headers.common(place, headers.DX_IMAGE, "DX")
    del made.FrameOfReferenceUID, made.PositionReferenceIndicator
    made.ImageType = ["ORIGINAL", "PRIMARY", ""]
    made.SeriesDescription, made.BodyPartExamined = "Thorax de face", "CHEST"
    made.PresentationIntentType, made.ViewPosition, made.ImageLaterality = "FOR PRESENTATION", "PA", "U"
    made.PatientOrientation = ["L", "F"]
    made.ImagerPixelSpacing = [f"{exposure.spacing:.6f}"] * 2
    made.KVP, made.Exposure, made.DetectorType = "125", "2", "DIRECT"
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    # half of the world's detectors send bones dark: a child's is one of them here
    dark = study.patient.born is None
    made.PresentationLUTShape = "INVERSE" if dark else "IDENTITY"
    headers.window(made, ("NORMAL", 2047.0, 4095.0))
    image = chest_radiograph(exposure)
    headers.pixels(made, (4095 - image if dark else image), photometric="MONOCHROME1" if dark else "MONOCHROME2")
    yield _instance(place, made)
    place = headers.Place(study, today, seed, 9, 1)
    yield _instance(place, dose.radiograph(place))


def _instance(place: headers.Place, made: Dataset, syntax: str = EXPLICIT_LITTLE) -> DemoInstance:
    return DemoInstance(
        place.study_uid,
        place.series_uid,
        place.sop_uid,
        made.SOPClassUID,
        place.study.practitioner,
        headers.encoded(made),
        syntax,
    )


def _us(study: Study, today: date, seed: int) -> Iterator[DemoInstance]:
    place = headers.Place(study, today, seed, 1, 1)
    made = headers.common(place, headers.US_CLIP, "US")
    del made.FrameOfReferenceUID, made.PositionReferenceIndicator
    made.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0011"]
    made.SeriesDescription, made.BodyPartExamined = "Foie, veine porte", "LIVER"
    made.PatientOrientation = None
    made.TransducerType, made.HeartRate = "CURVED LINEAR", "68"
    headers.region(made, ultrasound.Region(), ultrasound.MM_PER_PIXEL, ultrasound.TOP, ultrasound.MIDDLE)
    headers.cine(made, ultrasound.FRAME_TIME, ultrasound.FRAMES)
    frames = [_jpeg(one) for one in ultrasound.clip(seed * 1000 + study.patient.number)]
    headers.colour_frames(made, frames, ultrasound.HEIGHT, ultrasound.WIDTH)
    yield _instance(place, made, headers.JPEG_BASELINE)


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    import imagecodecs  # noqa: PLC0415 (only here)

    written = imagecodecs.jpeg8_encode(picture, level=90, colorspace="rgb", outcolorspace="ycbcr", subsampling="422")
    return bytes(written)


def _mg(study: Study, today: date, seed: int) -> Iterator[DemoInstance]:
    shape = breast.Breast(seed=seed * 1000 + study.patient.number)
    place = headers.Place(study, today, seed, 1, 1)
    made = headers.common(place, headers.MG_IMAGE, "MG")
    del made.FrameOfReferenceUID, made.PositionReferenceIndicator
    made.ImageType = ["ORIGINAL", "PRIMARY"]
    made.SeriesDescription = "Sein gauche, face"
    headers.mammography(made, shape.spacing)
    headers.window(made, ("NORMAL", 2047.0, 4095.0))
    headers.pixels(made, breast.mammogram(shape))
    yield _instance(place, made)
    place = headers.Place(study, today, seed, 2, 1)
    yield _instance(place, report.report(place))


_MAKERS: dict[Kind, Callable[[Study, date, int], Iterator[DemoInstance]]] = {
    Kind.CHEST_CT: _ct,
    Kind.SMALL_CT: _ct,
    Kind.BRAIN_MR: _mr,
    Kind.SMALL_MR: _mr,
    Kind.CHEST_DX: _dx,
    Kind.SMALL_DX: _dx,
    Kind.ABDOMEN_US: _us,
    Kind.MAMMOGRAPHY: _mg,
}
