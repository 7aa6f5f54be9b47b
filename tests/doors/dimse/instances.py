"""Instances of no one: small data sets of any SOP class, and the bytes that go over the wire for them."""

from __future__ import annotations

import struct

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

CT = "1.2.840.10008.5.1.4.1.1.2"


def instance(
    number: int = 1, sop_class: str = CT, *, pixels: bytes = b"\x01\x02" * 128, study: str = "2.25.1"
) -> Dataset:
    """A 16 by 8 image, whole."""
    one = Dataset()
    one.SOPClassUID = sop_class
    one.SOPInstanceUID = f"2.25.1000.{number}"
    one.StudyDate = "20260101"
    one.Modality = "CT"
    one.PatientName = "NOBODY^NOWHERE"
    one.PatientID = "N1"
    one.StudyInstanceUID = study
    one.SeriesInstanceUID = study + ".1"
    one.InstanceNumber = number
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.Rows = 8 if len(pixels) < 1 << 20 else 4096
    one.Columns = len(pixels) // 2 // one.Rows
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 0
    one.PixelData = pixels
    one["PixelData"].VR = "OW"
    return one


def with_meta(one: Dataset, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = syntax
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    return one


def encoded(one: Dataset, *, implicit: bool = False) -> bytes:
    """The data set as it goes over the wire, little endian."""
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, implicit
    write_dataset(file, one)
    return file.getvalue()


# what a requestor writes, built by hand (PS3.8 9.3, PS3.7 6.3)


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxL", kind, len(body)) + body


def associate(
    *contexts: tuple[int, str, tuple[str, ...]], calling: str = "SCANNER", called: str = "PRIMUM", more: bytes = b"",
    max_length: int = 16384,
) -> bytes:  # fmt: skip
    """An A-ASSOCIATE-RQ."""
    contexts = contexts or ((1, CT, ("1.2.840.10008.1.2.1",)), (3, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)))
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16).encode(), calling.ljust(16).encode())
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for number, abstract, transfer in contexts:
        syntaxes = b"".join(item(0x40, one.encode()) for one in transfer)
        body += item(0x20, bytes((number, 0, 0, 0)) + item(0x30, abstract.encode()) + syntaxes)
    body += item(0x50, item(0x51, struct.pack(">L", max_length)) + item(0x52, b"2.25.7") + more)
    return pdu(1, body)


def element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHL", 0, number, len(value) + len(value) % 2) + value + b"\0" * (len(value) % 2)


def store_command(uid: str = "2.25.1000.1", *, sop_class: str = CT, message: int = 1, field: int = 1) -> bytes:
    """A C-STORE-RQ's command set."""
    body = element(0x0002, sop_class.encode()) + element(0x0100, struct.pack("<H", field))
    body += element(0x0110, struct.pack("<H", message)) + element(0x0700, b"\0\0")
    body += element(0x0800, b"\0\0") + element(0x1000, uid.encode())
    return element(0, struct.pack("<L", len(body))) + body


def echo_command(message: int = 1) -> bytes:
    body = element(0x0002, b"1.2.840.10008.1.1") + element(0x0100, b"\x30\0")
    body += element(0x0110, struct.pack("<H", message)) + element(0x0800, b"\x01\x01")
    return element(0, struct.pack("<L", len(body))) + body


def pdv(context: int, control: int, body: bytes) -> bytes:
    return struct.pack(">LBB", len(body) + 2, context, control) + body


def p_data(*pdvs: bytes) -> bytes:
    return pdu(4, b"".join(pdvs))


def message(context: int, command: bytes, data: bytes = b"", size: int = 16378) -> bytes:
    """A command and its data set, each fragment in a PDU of its own."""
    parts = [p_data(pdv(context, 3, command))]
    cuts = range(0, len(data), size)
    parts += [p_data(pdv(context, 2 if at + size >= len(data) else 0, data[at : at + size])) for at in cuts]
    return b"".join(parts)


RELEASE_RQ = pdu(5, bytes(4))
ABORT = pdu(7, bytes(4))
