"""The two files of signed heads: leaves, and the notes over them. Bytes as in docs/design/journal.md.

`Heads` is the writer's view: it goes on from the last note, cuts off what no note covers, and refuses to
go on when what is there does not lead to that note.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from primum.ground.disc import Disc, Handle
from primum.journal.chain import Head
from primum.journal.errors import HeadsDamaged
from primum.journal.limits import LIMITS
from primum.journal.merkle import Tree
from primum.journal.note import Checkpoint, NoteKey

_LEAF = re.compile(r"(\S{24}) (\S{1,60}) (\d{1,15}) (\d{1,15}) ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A dated head of a chain."""

    at: str
    chain: str
    head: Head

    def text(self) -> str:
        """Return the leaf as it is hashed, without LF."""
        text = f"{self.at} {self.chain} {self.head.lines} {self.head.size} {self.head.hash}"
        if len(text) >= LIMITS.leaf:
            raise ValueError("a leaf that is too long")
        return text


def parse_leaf(text: str) -> Leaf:
    """Read a leaf. Raises ValueError."""
    found = _LEAF.fullmatch(text)
    if found is None:
        raise ValueError("not a leaf")
    return Leaf(found[1], found[2], Head(int(found[3]), int(found[4]), found[5]))


class Heads:
    """What has been signed so far, and the way to sign more."""

    def __init__(self, folder: Path, key: NoteKey, disc: Disc) -> None:
        """Go on with the heads in `folder` (journal/heads). Raises HeadsDamaged, OSError."""
        self._folder, self._key, self._disc = folder, key, disc
        if not folder.is_dir():
            with contextlib.suppress(FileExistsError):
                disc.make_folder(folder)
        # a signer may have died between making these names and syncing their folders
        disc.sync_folder(folder)
        disc.sync_folder(folder.parent)
        self.note, self._notes_size = self._last_note()
        self.last: dict[str, Head] = {}
        """The last signed head of each chain."""
        self._tree, self._leaves_size = self._read_leaves(self._size())
        self.size = self._tree.size
        """How many leaves the last note covers."""

    @property
    def unsigned(self) -> bool:
        """Tell whether there are leaves without a note: the disc refused it."""
        return self._tree.size > self.size

    def root_at_end(self) -> bytes:
        """Return the root that the last note covers."""
        return self._tree.root()

    def sign(self, leaves: list[Leaf]) -> str:
        """Append leaves and sign the tree; both on disc at return. Returns the note."""
        data = "".join(leaf.text() + "\n" for leaf in leaves).encode("ascii")
        self._append(self._folder / "leaves", data, self._leaves_size)
        for leaf in leaves:
            self._tree.add(leaf.text().encode("ascii"))
            self.last[leaf.chain] = leaf.head
        self._leaves_size += len(data)
        note = self._key.sign(Checkpoint(self._key.origin, self._tree.size, self._tree.root()))
        self._append(self._folder / "notes", note.encode() + b"\n", self._notes_size)
        self.note, self._notes_size = note, self._notes_size + len(note.encode()) + 1
        self.size = self._tree.size
        return note

    def _size(self) -> int:
        return self._key.open(self.note).size if self.note else 0

    def _last_note(self) -> tuple[str, int]:
        file = self._folder / "notes"
        notes = _whole_notes(file)
        if not notes:
            return "", 0
        note, size = notes[-1].decode("utf-8", "replace"), sum(len(one) + 1 for one in notes)
        try:
            self._key.open(note)
        except ValueError:
            raise HeadsDamaged(what="the last checkpoint is not signed by this home's key") from None
        return note, size

    def _read_leaves(self, size: int) -> tuple[Tree, int]:
        file = self._folder / "leaves"
        lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
        if len(lines) < size:
            raise HeadsDamaged(what="leaves are missing under the last checkpoint")
        tree, length = Tree(lines[:size]), sum(len(line) + 1 for line in lines[:size])
        if self.note and tree.root() != self._key.open(self.note).root:
            raise HeadsDamaged(what="the leaves do not lead to the last checkpoint")
        for line in lines[:size]:
            leaf = parse_leaf(line.decode("ascii"))
            self.last[leaf.chain] = leaf.head
        return tree, length

    def _append(self, path: Path, data: bytes, offset: int) -> None:
        handle = self._writable(path)
        try:
            self._disc.truncate(handle, offset)
            self._disc.write_at(handle, data, offset)
            self._disc.sync(handle)
        finally:
            self._disc.close(handle)
        if offset == 0:
            self._disc.sync_folder(self._folder)

    def _writable(self, path: Path) -> Handle:
        try:
            return self._disc.open_for_writing(path)
        except FileNotFoundError:
            return self._disc.create(path)


def last_note(journal: Path) -> str:
    """Return the newest whole checkpoint as it stands, unverified; empty when there is none."""
    notes = _whole_notes(journal / "heads" / "notes")
    return notes[-1].decode("utf-8", "replace") if notes else ""


def _whole_notes(file: Path) -> list[bytes]:
    """Read the notes of a file but for what a crash left at its end: without an end, or with zeros in it."""
    data = file.read_bytes() if file.exists() else b""
    parts = data.split(b"\n\n")  # text, signatures, text, signatures, …, what is unfinished
    notes = [b"%b\n\n%b\n" % pair for pair in zip(parts[:-1:2], parts[1:-1:2], strict=False)]
    if notes and b"\0" in notes[-1]:
        notes.pop()
    return notes
