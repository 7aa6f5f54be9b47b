"""Data sets around the phantoms' pixels: the modules that each kind of image must carry (PS3.3 A.3, A.4, A.26)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filebase import DicomIO
from pydicom.filewriter import write_dataset

from primum.imaging.demo.patients import Study, birth_date

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
DX_IMAGE = "1.2.840.10008.5.1.4.1.1.1.1"
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
