"""Data sets around the phantoms' pixels: the modules that each kind of image must carry (PS3.3 A.3, A.4, A.26)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_dataset

from primum.imaging.demo.patients import Study, birth_date
from primum.imaging.demo.ultrasound import Region

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
DX_IMAGE = "1.2.840.10008.5.1.4.1.1.1.1"
US_CLIP = "1.2.840.10008.5.1.4.1.1.3.1"
MG_IMAGE = "1.2.840.10008.5.1.4.1.1.1.2"
PDF_DOCUMENT = "1.2.840.10008.5.1.4.1.1.104.1"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
HOUSE = "Cabinet de démonstration"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image stands: which study of which demo, which series, which image of how many."""

    study: Study
    today: date
    seed: int
    series: int
    image: int

    def uid(self, *parts: object) -> str:
        """Derive a UID under 2.25 (PS3.5 B.2), the same for the same demo, day and parts."""
        told = "/".join(
            map(str, (self.seed, self.today.isoformat(), self.study.patient.number, self.study.kind.value, *parts))
        )
        raw = bytearray(hashlib.sha256(told.encode()).digest()[:16])
        raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(raw, 'big')}"

    @property
    def study_uid(self) -> str:
        """Return the Study Instance UID."""
        return self.uid("study")

    @property
    def series_uid(self) -> str:
        """Return the Series Instance UID."""
        return self.uid("study", self.series)

    @property
    def sop_uid(self) -> str:
        """Return the SOP Instance UID."""
        return self.uid("study", self.series, self.image)

    @property
    def begun(self) -> datetime:
        """Return the local date and time at which the study began."""
        return datetime.combine(self.today - timedelta(days=self.study.days_ago), self.study.at)


def common(place: Place, sop_class: str, modality: str) -> Dataset:
    """Fill what every image carries: patient, study, series, equipment, instance."""
    study, patient, made = place.study, place.study.patient, Dataset()
    acquired = place.begun + timedelta(minutes=2 * place.series, seconds=0.3 * place.image)
    made.SpecificCharacterSet = patient.charset
    made.SOPClassUID, made.SOPInstanceUID = sop_class, place.sop_uid
    made.StudyDate, made.StudyTime = place.begun.strftime("%Y%m%d"), place.begun.strftime("%H%M%S")
    made.SeriesDate, made.SeriesTime = (
        made.StudyDate,
        (place.begun + timedelta(minutes=place.series)).strftime("%H%M%S"),
    )
    made.AcquisitionDate, made.AcquisitionTime = acquired.strftime("%Y%m%d"), acquired.strftime("%H%M%S.%f")
    made.ContentDate, made.ContentTime = made.AcquisitionDate, made.AcquisitionTime
    made.AccessionNumber = f"D{place.begun:%y%m%d}{patient.number:03d}"
    made.Modality, made.Manufacturer = modality, "Primum"
    made.ManufacturerModelName, made.DeviceSerialNumber = "Phantom", f"{place.seed:06d}"
    made.SoftwareVersions = "1"
    made.InstitutionName, made.StationName = HOUSE, f"DEMO{modality}1"
    made.ReferringPhysicianName = study.referrer
    made.StudyDescription = study.description
    made.PatientName, made.PatientID, made.IssuerOfPatientID = patient.name, patient.identifier, "DEMO"
    born = birth_date(patient, place.today)
    made.PatientBirthDate, made.PatientSex = born.strftime("%Y%m%d"), patient.sex
    made.PatientAge = f"{(place.begun.date() - born).days // 365:03d}Y"
    made.PatientComments = "Personne fictive"
    made.StudyInstanceUID, made.SeriesInstanceUID = place.study_uid, place.series_uid
    made.StudyID, made.SeriesNumber, made.InstanceNumber = str(patient.number), place.series, place.image
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = place.uid("frame"), None
    made.LossyImageCompression, made.BurnedInAnnotation = "00", "NO"
    return made


def axial(made: Dataset, *, spacing: float, size: int, height: float, thickness: float) -> None:
    """Place an axial slice in the patient: rows to the left hand, columns to the back."""
    corner = -spacing * (size - 1) / 2
    made.PatientPosition = "HFS"
    made.ImagePositionPatient = [_number(corner), _number(corner), _number(height)]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.SliceLocation, made.SliceThickness = _number(height), _number(thickness)
    made.SpacingBetweenSlices = _number(thickness)
    made.PixelSpacing = [_number(spacing), _number(spacing)]


def pixels(made: Dataset, image: NDArray[np.uint16], *, bits: int = 12, photometric: str = "MONOCHROME2") -> None:
    """Put the pixels in: 16 bits allocated, unsigned."""
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, photometric
    made.Rows, made.Columns = image.shape
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, bits, bits - 1, 0
    made.PixelData = image.astype("<u2").tobytes()
    made["PixelData"].VR = "OW"


def cine(made: Dataset, frame_time: float, frames: int) -> None:
    """Say how fast the frames follow one another (PS3.3 C.7.6.5, C.7.6.6)."""
    made.NumberOfFrames, made.FrameTime = frames, f"{frame_time:.2f}"
    made.FrameIncrementPointer = 0x00181063
    made.CineRate, made.RecommendedDisplayFrameRate = round(1000 / frame_time), round(1000 / frame_time)


def colour_frames(made: Dataset, frames: list[bytes], rows: int, columns: int) -> None:
    """Put frames in that are JPEG each: 8 bits, chroma halved across (PS3.5 A.4.1, PS3.3 C.7.6.3.1.2)."""
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "YBR_FULL_422", 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression = "01"
    ratio = rows * columns * 3 * len(frames) / sum(map(len, frames))
    made.LossyImageCompressionRatio, made.LossyImageCompressionMethod = f"{ratio:.2f}", "ISO_10918_1"
    made.PixelData = encapsulate(frames)
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True


def region(made: Dataset, fan: Region, millimetres: float, top: int, middle: int) -> None:
    """Calibrate the fan of an ultrasound image (PS3.3 C.8.5.5): tissue, centimetres both ways."""
    one = Dataset()
    one.RegionSpatialFormat, one.RegionDataType, one.RegionFlags = 1, 1, 2
    one.RegionLocationMinX0, one.RegionLocationMinY0 = fan.left, fan.top
    one.RegionLocationMaxX1, one.RegionLocationMaxY1 = fan.right, fan.bottom
    one.ReferencePixelX0, one.ReferencePixelY0 = middle - fan.left, top - fan.top
    one.PhysicalUnitsXDirection = one.PhysicalUnitsYDirection = 3
    one.PhysicalDeltaX, one.PhysicalDeltaY = millimetres / 10, millimetres * 0.93 / 10
    one.TransducerFrequency = 3500
    made.SequenceOfUltrasoundRegions = [one]


def mammography(made: Dataset, spacing: float) -> None:
    """Say what a mammogram must (PS3.3 C.8.11.7): view, side, compression, tube."""
    made.PresentationIntentType, made.PresentationLUTShape = "FOR PRESENTATION", "IDENTITY"
    made.ImageLaterality, made.ViewPosition, made.PatientOrientation = "L", "CC", ["A", "R"]
    made.OrganExposed, made.BreastImplantPresent, made.BodyPartExamined = "BREAST", "NO", "BREAST"
    made.PositionerType, made.PositionerPrimaryAngle = "MAMMOGRAPHIC", "0"
    made.CompressionForce, made.BodyPartThickness, made.EstimatedRadiographicMagnificationFactor = "96", "52", "1"
    made.ImagerPixelSpacing = [f"{spacing:.6f}"] * 2
    made.KVP, made.Exposure, made.ExposureInuAs, made.AnodeTargetMaterial = "29", "82", "82000", "TUNGSTEN"
    made.FilterMaterial, made.FilterType, made.OrganDose = ["RHODIUM"], "FLAT", "0.0134"
    made.DetectorType, made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "DIRECT", "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.QualityControlImage, made.PartialView, made.AcquisitionContextSequence = "NO", "NO", []
    made.ViewCodeSequence = [code("399162004", "SCT", "cranio-caudal")]
    made.ViewCodeSequence[0].ViewModifierCodeSequence = []
    made.AnatomicRegionSequence = [code("76752008", "SCT", "Breast")]


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Make a code (PS3.3 8.8)."""
    one = Dataset()
    one.CodeValue, one.CodingSchemeDesignator, one.CodeMeaning = value, scheme, meaning
    return one


def window(made: Dataset, *presets: tuple[str, float, float]) -> None:
    """Offer window presets: name, centre, width."""
    made.WindowCenter = [_number(centre) for _, centre, _ in presets]
    made.WindowWidth = [_number(width) for _, _, width in presets]
    made.WindowCenterWidthExplanation = [name for name, _, _ in presets]


def encoded(made: Dataset) -> bytes:
    """Write the data set, explicit little endian, without any file wrapping."""
    buffer = BytesIO()
    stream = DicomIO(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, made, parent_encoding=made.SpecificCharacterSet)
    return buffer.getvalue()


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
