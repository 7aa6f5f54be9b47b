"""The end of a migration: per study, what the source gave against what the archive has, by content.

Each instance of the source was read wholly and hashed; each of the archive has its digest (BLAKE3) in the record's
sealed trailer. A study's checksum is that of all its instances, in an order that does not depend on how they came.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

_MARK = 16
"""Bytes kept of each instance: a million take some 80 MB while a migration runs."""


@dataclass(frozen=True, slots=True)
class Line:
    """One study: instances of the source, of the archive, what is missing, and the checksums of both sides.

    `ours` counts what the archive has in that study; it may have had more before.
    """

    study: str
    theirs: int
    ours: int
    missing: int
    checksum: str
    """Of what the source gave."""
    found: str
    """Of the same instances in the archive: the same text when nothing is missing or different."""

    @property
    def well(self) -> bool:
        """Tell whether everything came."""
        return not self.missing and self.checksum == self.found


class Comparison:
    """Gathers what a source gives, then compares."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._given: dict[str, set[bytes]] = {}

    def seen(self, study: str, sop_uid: str, digest: bytes) -> None:
        """Note one instance of the source (the `seen` of an import)."""
        self._given.setdefault(study, set()).add(_mark(sop_uid, digest))

    @property
    def studies(self) -> int:
        """How many studies the source gave."""
        return len(self._given)

    def lines(self, held: Callable[[str], Iterable[tuple[str, bytes]]]) -> Iterator[Line]:
        """Compare each study with what is held of it."""
        for study, theirs in sorted(self._given.items()):
            ours = {_mark(sop_uid, digest) for sop_uid, digest in held(study)}
            both = theirs & ours
            yield Line(study, len(theirs), len(ours), len(theirs - ours), _checksum(theirs), _checksum(both))


def _mark(sop_uid: str, digest: bytes) -> bytes:
    return hashlib.sha256(sop_uid.encode() + b"\0" + digest).digest()[:_MARK]


def _checksum(marks: set[bytes]) -> str:
    return hashlib.sha256(b"".join(sorted(marks))).hexdigest()[:32]
