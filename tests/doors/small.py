"""Small studies of invented people, as DICOM files: enough to walk through a door with."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

ROOT = "1.2.826.0.1.3680043.10.1499.7"
"""A UID root that stands for a maker's: a canary of its own."""


@dataclass(frozen=True)
class Study:
    """A CT study of a few slices."""

    number: int
    name: str = "Zéphyrin^Aurore"
    patient_id: str = "CANARI-17"
    born: str = "19620314"
    date: str = "20260102"
    description: str = "Scanner cérébral"
    accession: str = "ACC-0042"
    referrer: str = "Morvan^Jeanne^^Dr"
    slices: int = 3
    size: int = 16
    syntax: str = uid.ExplicitVRLittleEndian
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def uid(self) -> str:
        return f"{ROOT}.{self.number}"

    @property
    def series_uid(self) -> str:
        return f"{self.uid}.1"

    def sop_uid(self, slice_number: int) -> str:
        return f"{self.series_uid}.{slice_number}"

    def pixels(self, slice_number: int) -> np.ndarray:
        row = np.arange(self.size * self.size, dtype=np.uint16).reshape(self.size, self.size)
        return (row * 3 + 100 * slice_number + self.number).astype(np.uint16)

    def data_set(self, slice_number: int) -> Dataset:
        made = Dataset()
        made.SpecificCharacterSet = "ISO_IR 192"
        made.SOPClassUID, made.SOPInstanceUID = uid.CTImageStorage, self.sop_uid(slice_number)
        made.StudyInstanceUID, made.SeriesInstanceUID = self.uid, self.series_uid
        made.StudyDate, made.StudyTime, made.AccessionNumber = self.date, "101500", self.accession
        made.Modality, made.StudyDescription, made.SeriesDescription = "CT", self.description, "Axial"
        made.ReferringPhysicianName, made.PatientName, made.PatientID = self.referrer, self.name, self.patient_id
        made.PatientBirthDate, made.PatientSex, made.SeriesNumber = self.born, "F", "1"
        made.InstanceNumber, made.FrameOfReferenceUID = str(slice_number), f"{self.uid}.9"
        made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, slice_number], [1, 0, 0, 0, 1, 0]
        made.PixelSpacing, made.SliceThickness = [1, 1], "1"
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.Rows = made.Columns = self.size
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
        made.RescaleIntercept, made.RescaleSlope = "-1024", "1"
        made.PixelData = self.pixels(slice_number).tobytes()
        for keyword, value in self.extra.items():
            setattr(made, keyword, value)
        return made

    def files(self) -> list[bytes]:
        return [as_file(self.data_set(number), self.syntax) for number in range(1, self.slices + 1)]


def as_file(made: Dataset, syntax: str) -> bytes:
    """Wrap a data set as a DICOM file."""
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def text_of(made: Dataset) -> bytes:
    """Encode a data set without its wrapping, as it is kept."""
    buffer = io.BytesIO()
    made.save_as(buffer, implicit_vr=False, little_endian=True)
    return buffer.getvalue()
