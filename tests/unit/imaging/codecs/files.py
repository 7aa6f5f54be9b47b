"""Every file of pydicom's and of pydicom-data's that a receiver would take."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import data_store
import pydicom.data

from primum.ground.errors import PrimumError
from primum.imaging.part10 import read_meta
from primum.imaging.peeking import peek

ROOTS = (
    Path(pydicom.data.__file__).parent / "test_files",
    Path(data_store.__file__).parent / "data",
)

REFUSED_AT_THE_DOOR = {
    # no study, series or instance UID: nothing that could be stored
    "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm", "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm", "UN_sequence.dcm", "DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-empty.dcm",
    "DICOMDIR-implicit", "DICOMDIR-nooffset", "DICOMDIR-nopatient", "DICOMDIR-reordered", "empty_charset_LEI.dcm",
    "nested_priv_SQ.dcm", "no_meta_group_length.dcm", "priv_SQ.dcm",
    # cut short, or not what its transfer syntax says
    "MR_truncated.dcm", "rtplan_truncated.dcm", "SC_rgb_jpeg.dcm", "bad_sequence.dcm", "meta_missing_tsyntax.dcm",
}  # fmt: skip


@lru_cache(maxsize=1)
def files() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for root in ROOTS:
        for path in sorted(root.rglob("*")):
            if path.is_file() and b"DICM" in path.read_bytes()[:132]:
                found.setdefault(path.name, path)
    return found


def takes(path: Path) -> bool:
    raw = path.read_bytes()
    try:
        meta = read_meta(raw)
        peek(raw[meta.begins :], meta.transfer_syntax_uid)
    except PrimumError:
        return False
    return True
