"""A patient who must never be found in clear: the canary of every test that looks for one."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.twins.clear_text import Canary, without_accents

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
JAPANESE = ["", "ISO 2022 IR 87"]
_KANJI = "山田太郎花子東京大阪森林石川木村松本井上清水佐藤鈴木高橋渡辺伊藤中小加吉野"


@dataclass(frozen=True)
class Sent:
    """A file to send, and what must come back."""

    file: Path
    study_uid: str
    sop_uid: str
    pixels: bytes
    sha256: str


def make_canary() -> Canary:
    """Invent somebody whom no other file of the machine can mention."""
    number = secrets.randbelow(10**15)
    return Canary(
        name=f"Ménard{number:015d}^Zéphyrine",
        birth_date="19370230",  # no such day: it cannot be anywhere by chance
        patient_id=f"CNRY{number:015d}",
        uid_root=f"2.25.4{number:015d}77",
        pixels=secrets.token_bytes(64),
        ideographic="".join(secrets.choice(_KANJI) for _ in range(8)),
    )


def write_canary(folder: Path, canary: Canary, *, studies: int = 1, images: int = 3, size: int = 128) -> list[Sent]:
    """Write CT images of the canary as files of part 10."""
    folder.mkdir(parents=True)
    made = []
    for study in range(studies):
        for image in range(images):
            one = dataset(canary, study=study, image=image, size=size)
            file = folder / f"{study:03d}-{image:03d}.dcm"
            one.save_as(file, enforce_file_format=True)
            pixels = bytes(one.PixelData)
            made.append(
                Sent(file, one.StudyInstanceUID, one.SOPInstanceUID, pixels, hashlib.sha256(pixels).hexdigest())
            )
    return made


def dataset(
    canary: Canary, *, study: int = 0, image: int = 0, size: int = 128, charset: str | list[str] = "ISO_IR 192"
) -> Dataset:
    """Make one image; its pixels begin with the canary's 64 bytes. With JAPANESE the name is in kanji too."""
    made = Dataset()
    made.SpecificCharacterSet = charset
    made.SOPClassUID, made.Modality = CT_IMAGE, "CT"
    made.StudyInstanceUID = f"{canary.uid_root}.{study}"
    made.SeriesInstanceUID = f"{canary.uid_root}.{study}.1"
    made.SOPInstanceUID = f"{canary.uid_root}.{study}.1.{image + 1}"
    made.PatientName = canary.name
    if charset == JAPANESE:
        # its first set has no accents
        made.PatientName = f"{without_accents(canary.name)}={canary.ideographic}^{canary.ideographic}"
    made.PatientID, made.PatientBirthDate = canary.patient_id, canary.birth_date
    made.PatientSex, made.StudyDate, made.StudyTime = "F", "20260105", "081500"
    made.AccessionNumber, made.StudyID = f"A{canary.patient_id[4:16]}", "1"
    made.StudyDescription, made.SeriesDescription = "Scanner", "Axial"
    made.ReferringPhysicianName = "Durand^Paul"
    made.SeriesNumber, made.InstanceNumber = 1, image + 1
    made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, -image], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [1, 1], 1
    made.Rows = made.Columns = size
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    noise = np.random.default_rng(study * 1000 + image).integers(0, 4096, size * size, np.uint16)
    made.PixelData = canary.pixels + noise.tobytes()[64:]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made
