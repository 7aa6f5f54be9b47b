"""The journal's parts: its heads as the last note covers them, each chain up to its last signed head."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from primum.incidents.evidence.following import LEAVES, Chain, Heads
from primum.incidents.evidence.model import PIECE, EvidenceMoved, Part, part_of
from primum.journal import Ledger, latest_root
from primum.journal.heads import parse_leaf
from primum.journal.names import ChainName, every_chain, segment_of


@dataclass(frozen=True, slots=True)
class Cut:
    """How far the journal goes into a bundle: up to one checkpoint."""

    journal: Path
    note: str
    leaves: bytes
    notes_size: int
    ends: dict[str, int]
    """Bytes of each chain up to its last signed head."""
    ill: tuple[str, ...]
    since: datetime | None
    heads: Heads = field(default_factory=Heads)
    """What each chain is held against while it is copied: signing looks at the new lines alone."""
    left_out: list[str] = field(default_factory=list)

    def told(self) -> dict[str, object]:
        """Say it as the manifest does, once the parts were given."""
        checkpoint = hashlib.sha256(self.note.encode()).hexdigest()
        ill = sorted({*self.ill, *self.heads.wrong})
        return {"checkpoint": checkpoint, "ill": ill, "left_out": sorted(self.left_out)}

    def parts(self) -> Iterator[Part]:
        """Give the parts, heads first. Raises EvidenceMoved, OSError."""
        yield part_of("journal/signer.pub", (self.journal / "signer.pub").read_bytes())
        yield part_of(LEAVES, self.leaves)
        self.heads.take(self.leaves)
        notes = self.journal / "heads" / "notes"
        yield Part("journal/heads/notes", self.notes_size, _read(notes, self.notes_size))
        for name in every_chain(self.journal):
            if self._matters(name):
                yield self._chain(name)
            else:
                self.left_out.append(str(name))

    def _matters(self, name: ChainName) -> bool:
        if name.ledger is Ledger.ACCOUNT or self.since is None:
            return True
        return name.segment >= segment_of(Ledger.ACCESS, self.since)

    def _chain(self, name: ChainName) -> Part:
        path = name.path(self.journal)
        whole = str(name) in self.ill or str(name) not in self.ends
        size = path.stat().st_size if whole else self.ends[str(name)]
        return Part(f"journal/{name}.chain", size, self._followed(str(name), path, size))

    def _followed(self, name: str, path: Path, size: int) -> Iterator[bytes]:
        chain = Chain(name, self.heads)
        for piece in _read(path, size):
            chain.take(piece)
            yield piece
        chain.end()


def cut(journal: Path, ill: tuple[str, ...], since: datetime | None) -> Cut:
    """Take the heads that were signed last. Raises EvidenceMoved, OSError."""
    note = latest_root(journal)
    if not note:
        raise EvidenceMoved(part="journal/heads/notes")
    count = int(note.split("\n")[1])
    lines = (journal / "heads" / "leaves").read_bytes().split(b"\n")[:count]
    leaves = b"".join(line + b"\n" for line in lines)
    ends = {leaf.chain: leaf.head.size for leaf in (parse_leaf(line.decode("ascii")) for line in lines)}
    unsigned = tuple(str(name) for name in every_chain(journal) if str(name) not in ends)
    return Cut(journal, note, leaves, _end_of(journal, note), ends, tuple(sorted({*ill, *unsigned})), since)


def _end_of(journal: Path, note: str) -> int:
    """Return where this note ends in the file of notes, with the empty line that follows it."""
    data = (journal / "heads" / "notes").read_bytes()
    at = data.rfind(note.encode() + b"\n")
    if at < 0:
        raise EvidenceMoved(part="journal/heads/notes")
    return at + len(note.encode()) + 1


def _read(path: Path, size: int) -> Iterator[bytes]:
    """Give the first `size` bytes of a file, a piece at a time; fewer where it has fewer, which the writer refuses."""
    with path.open("rb") as file:
        at = 0
        while at < size and (piece := os.pread(file.fileno(), min(PIECE, size - at), at)):
            yield piece
            at += len(piece)
