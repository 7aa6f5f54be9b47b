"""A record held in memory, as the vault would give it back: for what only reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
from pydicom.uid import UID

from primum.imaging.frames import frames_of
from primum.imaging.part10 import read_meta
from primum.imaging.peeking import peek


class KeptRecord:
    """The twin of `vault.Record`."""

    def __init__(self, data: bytes, syntax: str, *, table: bool = True) -> None:
        found = peek(data, syntax)
        self.facts = SimpleNamespace(transfer_syntax_uid=syntax)
        self.length = len(data)
        self.pixels_at = found.pixels_at
        self.frames = frames_of(found, data, syntax) if table else None
        self._data = data

    def header(self) -> bytes:
        return self._data[: self.pixels_at]

    def read(self, start: int, stop: int) -> bytes:
        return self._data[start:stop]

    def frame(self, index: int) -> bytes:
        assert self.frames is not None
        start, stop = self.frames.span(index)
        return self._data[start:stop]

    def data_set(self) -> bytes:
        return self._data

    def chunks(self) -> Iterator[bytes]:
        for at in range(0, len(self._data), 1 << 20):
            yield self._data[at : at + (1 << 20)]


def record_of(path: Path) -> Any:
    raw = path.read_bytes()
    meta = read_meta(raw)
    return KeptRecord(raw[meta.begins :], meta.transfer_syntax_uid)


def dataset_of(data: bytes, syntax: str) -> pydicom.Dataset:
    """Read a bare data set with pydicom."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = UID(syntax)
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    head = io.BytesIO()
    pydicom.filewriter.write_file_meta_info(head, meta, enforce_standard=False)
    return pydicom.dcmread(io.BytesIO(b"\0" * 128 + b"DICM" + head.getvalue() + data))
