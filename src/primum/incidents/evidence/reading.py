"""Reads a bundle and verifies it: every byte is one that the signed manifest determines. Pure but for the source."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from primum.incidents.evidence.following import LEAVES, LEAVES_BYTES, Chain, Heads
from primum.incidents.evidence.model import (
    FORMAT,
    MANIFEST,
    MANIFEST_BYTES,
    PIECE,
    BundleRefused,
    Frozen,
    Json,
    Packed,
)
from primum.incidents.evidence.writing import BLOCK, END, NAME, header, padding, text_of
from primum.journal.note import open_text

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTE_BYTES: Final = MANIFEST_BYTES + 1024
_SHAPE: Final[dict[str, type]] = {
    "bundle": str, "by": str, "case": str, "controller": str, "created_at": str, "file": str, "home": str,
    "interval": dict, "journal": dict, "missing": list, "parts": list, "previous": str, "primum_evidence": int,
    "version": str,
}  # fmt: skip


def read_bundle(file: BinaryIO, verifier_key: str) -> Frozen:
    """Read a bundle from its beginning to its end, once, a piece in memory at a time. Raises BundleRefused."""
    reader = _Reader(file)
    parts: list[Packed] = []
    heads = Heads()
    while True:
        name, size = reader.head()
        if name == MANIFEST:
            break
        parts.append(_part(reader, heads, name, size))
    if size > _NOTE_BYTES:
        raise BundleRefused(what="the manifest is too large")
    kept: list[bytes] = []
    reader.part(name, size, kept.append)
    if reader.take(len(END)) != END or file.read(1):
        raise BundleRefused(what="its end is missing, or something stands behind it")
    manifest = _signed(b"".join(kept), verifier_key.strip())
    if manifest["parts"] != [one.as_json() for one in parts]:
        raise BundleRefused(what="the parts are not those of the manifest")
    if heads.wrong - set(manifest["journal"].get("ill", [])):
        raise BundleRefused(what="a chain of the journal does not follow its signed head")
    return Frozen(manifest, reader.digest.hexdigest(), reader.size)


def _part(reader: _Reader, heads: Heads, name: str, size: int) -> Packed:
    """Read a part; follow it where it is a chain of the journal."""
    if name == LEAVES:
        if size > LEAVES_BYTES:
            raise BundleRefused(what="the heads are too many")
        return reader.part(name, size, heads.take)
    if not name.endswith(".chain"):
        return reader.part(name, size)
    chain = Chain(name.removeprefix("journal/").removesuffix(".chain"), heads)
    packed = reader.part(name, size, chain.take)
    chain.end()
    return packed


class _Reader:
    """Goes through the bytes, and sums them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest, self.size = hashlib.sha256(), 0

    def take(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise BundleRefused(what="it is cut off")
        self.digest.update(data)
        self.size += count
        return data

    def head(self) -> tuple[str, int]:
        """Read a header, which must be the one that we would make."""
        block = self.take(BLOCK)
        name = block[:100].rstrip(b"\0").decode("ascii", "replace")
        octal = block[124:135].decode("ascii", "replace")
        if not NAME.fullmatch(name) or any(one not in "01234567" for one in octal):
            raise BundleRefused(what="a header is not one of ours")
        size = int(octal, 8)
        if block != header(name, size):
            raise BundleRefused(what="a header is not one of ours")
        return name, size

    def part(self, name: str, size: int, keep: Callable[[bytes], object] | None = None) -> Packed:
        """Read a part and the zeros behind it."""
        digest = hashlib.sha256()
        for at in range(0, size, PIECE):
            piece = self.take(min(PIECE, size - at))
            digest.update(piece)
            if keep is not None:
                keep(piece)
        zeros = padding(size)
        if self.take(len(zeros)) != zeros:
            raise BundleRefused(what="something stands between two parts")
        return Packed(name, size, digest.hexdigest())


def _signed(note: bytes, verifier_key: str) -> Json:
    """Read the manifest of a note that this key signed, written as we write it."""
    try:
        whole = note.decode("utf-8")
        text = open_text(whole, verifier_key)
        manifest: Any = json.loads(text.split("\n")[1])
        good = _shaped(manifest) and text_of(manifest) == text and _one_line(whole, text, verifier_key)
    except (ValueError, IndexError, RecursionError):
        raise BundleRefused(what="the manifest is not signed by this key") from None
    home = verifier_key.partition("+")[0].partition("/")[2]
    if not good or manifest["home"] != home:
        raise BundleRefused(what="the manifest is of another home, or of another shape")
    found: Json = manifest
    return found


def _shaped(manifest: Any) -> bool:  # noqa: ANN401 (any JSON)
    return (
        isinstance(manifest, dict)
        and manifest.keys() == _SHAPE.keys()
        and all(isinstance(manifest[key], kind) for key, kind in _SHAPE.items())
        and manifest["primum_evidence"] == FORMAT
    )


def _one_line(whole: str, text: str, verifier_key: str) -> bool:
    """Tell whether the note has one signature line, in the only way of writing it."""
    last = whole[len(text) + 1 :]
    signature = base64.b64decode(last.rpartition(" ")[2])
    return last == f"\N{EM DASH} {verifier_key.partition('+')[0]} {base64.b64encode(signature).decode()}\n"
