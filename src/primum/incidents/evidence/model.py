"""What a bundle of evidence is made of: parts, a manifest, and what refuses to be frozen or read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from primum.incidents.model import IncidentRefused

FORMAT: Final = 1
MANIFEST: Final = "manifest.note"
"""The last part: the manifest, signed."""
BUNDLE: Final = "bundle"
"""What an entry of evidence says that a bundle was frozen; `bundle-taken`: that one left the home."""
TAKEN: Final = "bundle-taken"
PIECE: Final = 1 << 20
"""Bytes that are held in memory at once, of what grows with the house; and of one sealed segment."""
MANIFEST_BYTES: Final = 32 << 20
"""A hundred thousand parts: a chain is 8 MiB of journal, a piece 1 MiB of lists."""
PART_BYTES: Final = (1 << 33) - 1
"""What eleven octal digits of a tar's header hold; the largest part, a chain, is 8 MiB."""

Json = dict[str, Any]


class EvidenceMoved(IncidentRefused):
    """A file changed in a way that it never does while it was frozen: {part}."""

    code: ClassVar[str] = "incident.evidence-moved"
    hint: ClassVar[str] = "freeze again; when it happens twice, primum journal verify"


class EvidenceTooLarge(IncidentRefused):
    """A bundle would have a part or a manifest that is larger than the format takes."""

    code: ClassVar[str] = "incident.evidence-too-large"
    hint: ClassVar[str] = "copy the whole home to another disc instead, and attach the list of its digests"


class EvidenceGone(IncidentRefused):
    """The sealed copy of this bundle is not the one that was frozen: {what}."""

    code: ClassVar[str] = "incident.evidence-gone"
    hint: ClassVar[str] = "take the folder evidence/ from a backup; the entry of the file keeps the digest"


class BundleRefused(IncidentRefused):
    """This is not a whole and unchanged bundle of evidence: {what}."""

    code: ClassVar[str] = "incident.bundle-refused"
    hint: ClassVar[str] = "compare its SHA-256 with the file's entry; take it out again"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle: `size` bytes, which `chunks` gives once, in order."""

    name: str
    size: int
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Packed:
    """A part as it went in."""

    name: str
    size: int
    sha256: str

    def as_json(self) -> Json:
        """Give it as the manifest has it."""
        return {"name": self.name, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True, slots=True)
class Frozen:
    """A bundle that was read and verified: its manifest, and the SHA-256 of all its bytes."""

    manifest: Mapping[str, Any]
    digest: str
    size: int

    @property
    def parts(self) -> Sequence[Mapping[str, Any]]:
        """List the parts, as the manifest has them."""
        found: Sequence[Mapping[str, Any]] = self.manifest["parts"]
        return found


def part_of(name: str, data: bytes) -> Part:
    """Make a part of bytes that are there."""
    return Part(name, len(data), (data,))
