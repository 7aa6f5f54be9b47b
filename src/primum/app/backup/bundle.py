"""The keyring bundle: every wrapped key and guard of one generation, as lines of text (docs/design/backup.md §4)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator

from primum.app.backup.refusals import ManifestAltered, UnknownFormat
from primum.ground.disc import BLOCK

_HEAD = b"primum keyring 1\n"
_KEY = re.compile(r"([0-9a-f]{2})/([a-z2-7]{26})\.key")
_GUARD = re.compile(r"[a-z][a-z0-9.-]{0,63}")
_MOST = 8192
"""Bytes of one file of the keyring: a key file has one block, a guard less."""
_LONGEST = 2 * _MOST
"""Bytes of a line: such a file in base64, and its name."""


def write_bundle(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Give the bundle of these lines, line by line."""
    yield _HEAD
    yield from lines


def bundle_line(name: str, content: bytes) -> bytes:
    """Write a file of the keyring, by its name below `keyring/`."""
    short = content.rstrip(b"\0") if _KEY.fullmatch(name) else content
    return name.encode("ascii") + b" " + base64.b64encode(short) + b"\n"


def read_bundle(data: Iterable[bytes], generation: str) -> Iterator[tuple[str, bytes]]:
    """Give back (name, content). `data` may be cut anywhere. Raises ManifestAltered, UnknownFormat."""
    lines = _lines(data, generation)
    if (head := next(lines, b"")) != _HEAD.rstrip(b"\n"):
        raise UnknownFormat(version=head[:24].decode("ascii", "replace"))
    for line in lines:
        name, _, coded = line.decode("ascii", "replace").partition(" ")
        key = _KEY.fullmatch(name)
        try:
            content = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raise ManifestAltered(generation=generation) from None
        if len(content) > _MOST or not (key or _GUARD.fullmatch(name)):
            raise ManifestAltered(generation=generation)
        yield name, content.ljust(BLOCK, b"\0") if key else content


def _lines(data: Iterable[bytes], generation: str) -> Iterator[bytes]:
    rest = b""
    for chunk in data:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST:
            raise ManifestAltered(generation=generation)
    if rest:
        yield rest


def study_of(name: str) -> str:
    """Return the study whose key file this is; empty for a guard."""
    key = _KEY.fullmatch(name)
    return key.group(2) if key else ""
