"""The bytes of a bundle (docs/design/evidence-bundle.md, Bytes): headers, parts, manifest, end."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from primum.incidents.evidence.model import (
    FORMAT,
    MANIFEST,
    MANIFEST_BYTES,
    PART_BYTES,
    EvidenceMoved,
    EvidenceTooLarge,
    Json,
    Packed,
    Part,
)

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
ORIGIN: Final = "evidence.primum.invalid"
"""The first line of what is signed; no server answers there (RFC 2606), and no checkpoint begins so."""
NAME: Final = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9._/-]{0,98}")

Sign = Callable[[str], str]
"""Signs a text of whole lines: the journal's signer."""
Sink = Callable[[bytes], None]
Tell = Callable[[int, str], None]
"""Told how many bytes are written, and the part under way."""


def header(name: str, size: int) -> bytes:
    """Make the header of a part: POSIX ustar, nothing in it but the name and the size. Raises EvidenceTooLarge."""
    if not NAME.fullmatch(name):
        raise ValueError("not a name of ours")
    if not 0 <= size <= PART_BYTES:
        raise EvidenceTooLarge
    numbers = b"0000600\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0"
    raw = name.encode("ascii").ljust(100, b"\0") + numbers + b" " * 8 + b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def padding(size: int) -> bytes:
    """Return the zeros that follow a part."""
    return bytes(-size % BLOCK)


def canonical(manifest: Mapping[str, Any]) -> str:
    """Write a manifest as it is signed: keys in order, no spaces, ASCII, one line."""
    return json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def text_of(manifest: Mapping[str, Any]) -> str:
    """Write what is signed: whose it is, then the manifest."""
    return f"{ORIGIN}/{manifest['home']}\n{canonical(manifest)}\n"


class Writer:
    """Writes one bundle into a sink, part after part; holds a chunk in memory, and the list of what went in."""

    def __init__(self, sink: Sink, tell: Tell | None = None) -> None:
        """Write into `sink`, which is given the bytes in order."""
        self._sink, self._tell = sink, tell
        self._digest, self.size = hashlib.sha256(), 0
        self.parts: list[Packed] = []
        self._names: set[str] = {MANIFEST}

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that was written."""
        return self._digest.hexdigest()

    def add(self, parts: Iterable[Part]) -> None:
        """Write parts. Raises EvidenceMoved where one does not give the bytes that it promised, EvidenceTooLarge."""
        for one in parts:
            if one.name in self._names:
                raise ValueError("a name that is in the bundle already")
            self._names.add(one.name)
            self.parts.append(self._part(one))

    def end(self, told: Mapping[str, Any], sign: Sign) -> Json:
        """Write the signed manifest and the end; return the manifest. Raises EvidenceTooLarge."""
        manifest = {**told, "primum_evidence": FORMAT, "parts": [one.as_json() for one in self.parts]}
        text = text_of(manifest)
        if len(text) > MANIFEST_BYTES:
            raise EvidenceTooLarge
        note = sign(text).encode()
        self._part(Part(MANIFEST, len(note), (note,)))
        self._put(END)
        return manifest

    def _part(self, one: Part) -> Packed:
        if self._tell is not None:
            self._tell(self.size, one.name)
        self._put(header(one.name, one.size))
        digest, written = hashlib.sha256(), 0
        for chunk in one.chunks:
            digest.update(chunk)
            written += len(chunk)
            self._put(chunk)
        if written != one.size:
            raise EvidenceMoved(part=one.name)
        self._put(padding(one.size))
        return Packed(one.name, one.size, digest.hexdigest())

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self.size += len(data)
        self._sink(data)
