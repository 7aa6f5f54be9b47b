"""A synthetic study of one instance: a grey square of nobody, as a probe plants it in our own archive.

Secondary Capture (PS3.3 A.8.1); its UIDs are random, its patient is called CANARY and says so.
"""

from __future__ import annotations

from datetime import datetime

from primum.imaging.dicomjson import CHARSET_TAG
from primum.imaging.part10 import write_meta
from primum.imaging.recoding import UTF_8
from primum.imaging.rejection_notes import new_uid
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.imaging.writing import element

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
NAME = "CANARY^OF A PROBE"
_SIDE = 16
_GREY = 128


def canary_uid() -> str:
    """Make the UID of a canary: nobody who was not told can ask for it."""
    return new_uid()


def canary_file(study_uid: str, at: datetime) -> bytes:
    """Return the one file of the study, in explicit VR little endian."""
    syntax, sop_uid = syntax_of(EXPLICIT_LE), new_uid()
    day, time = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    texts = (
        (CHARSET_TAG, "CS", UTF_8.decode("ascii")), (0x00080016, "UI", SECONDARY_CAPTURE), (0x00080018, "UI", sop_uid),
        (0x00080020, "DA", day), (0x00080030, "TM", time), (0x00080050, "SH", ""), (0x00080060, "CS", "OT"),
        (0x00080064, "CS", "SYN"), (0x00080070, "LO", "Primum"), (0x00080090, "PN", ""),
        (0x00081030, "LO", "Canary of a probe: synthetic, erased when it ends"), (0x00100010, "PN", NAME),
        (0x00100020, "LO", f"CANARY-{study_uid[-12:]}"), (0x00100030, "DA", ""), (0x00100040, "CS", "O"),
        (0x0020000D, "UI", study_uid), (0x0020000E, "UI", new_uid()), (0x00200010, "SH", ""), (0x00200011, "IS", "1"),
        (0x00200013, "IS", "1"), (0x00280004, "CS", "MONOCHROME2"),
    )  # fmt: skip
    numbers = (
        (0x00280002, 1), (0x00280010, _SIDE), (0x00280011, _SIDE), (0x00280100, 8), (0x00280101, 8), (0x00280102, 7),
        (0x00280103, 0),
    )  # fmt: skip
    values = {tag: element(tag, vr, text.encode(), syntax) for tag, vr, text in texts}
    values |= {tag: element(tag, "US", number.to_bytes(2, "little"), syntax) for tag, number in numbers}
    values[0x7FE00010] = element(0x7FE00010, "OB", bytes([_GREY]) * _SIDE * _SIDE, syntax)
    meta = write_meta(transfer_syntax_uid=EXPLICIT_LE, sop_class_uid=SECONDARY_CAPTURE, sop_instance_uid=sop_uid)
    return meta + b"".join(values[tag] for tag in sorted(values))
