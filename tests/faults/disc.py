"""A disc after a power cut: every state that docs/design/durability.md §2 allows. Pure but for `lay_out`.

A recording is a list of operations on nodes (files and folders by identity, whatever their names). Each has the
moment at which it began and the one at which it returned; from these follows when it is certain to be on disc.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PAGE, SECTOR = 4096, 512
ROOT = 0
Entry = tuple[int, str]
"""A name: the folder's node and the name in it."""
What = Literal["write", "truncate", "sync", "names", "sync-folder"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was done. For `names`: each name with the node that it stands for afterwards, None for none."""

    what: What
    began: int
    ended: int
    node: int = -1
    data: bytes = field(default=b"", repr=False)
    offset: int = 0
    durable: bool = False
    names: tuple[tuple[Entry, int | None], ...] = ()


@dataclass
class Start:
    """What was there, and on disc, before the first operation."""

    names: dict[Entry, int] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    """Contents; a node that is not in it is a folder."""


@dataclass(slots=True)
class _Versions:
    """What one page, or a length, or a name was after each operation on it: moments, and when each became certain."""

    began: list[int] = field(default_factory=list)
    certain: list[float] = field(default_factory=list)
    values: list[object] = field(default_factory=list)
    ops: list[int] = field(default_factory=list)

    def add(self, op: int, began: int, certain: float, value: object) -> None:
        self.began.append(began)
        self.certain.append(certain)
        self.values.append(value)
        self.ops.append(op)

    def span(self, moment: int) -> tuple[int, int]:
        """The first and last version that may be on disc; -1 is what there was at the start."""
        last = bisect_right(self.began, moment) - 1
        first = next((at for at in range(last, -1, -1) if self.certain[at] <= moment), -1)
        return first, last


Choice = Literal["least", "most", "names", "bytes", "behind", "mixture"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut: the moment, and what is on disc of what need not be. `seed` decides the last two choices.

    least: nothing. most: everything, as after a kill. names: names and lengths. bytes: these alone. behind: of each
    file, and of the names, everything up to an earlier moment of its own. mixture: page by page and name by name.
    """

    moment: int
    choice: Choice = "least"
    seed: int = 0


class Recording:
    """Operations, and the states that a cut may leave."""

    def __init__(self, start: Start, operations: list[Operation]) -> None:
        """Work out when each operation is certain to be on disc."""
        self.start, self.operations = start, operations
        self.end = max((one.ended for one in operations), default=0)
        self.folders = {entry[0] for entry in start.names} | {ROOT} | (
            set(start.names.values()) - set(start.files)
        )  # fmt: skip
        self._pages: dict[int, dict[int, _Versions]] = {}
        self._sizes: dict[int, _Versions] = {}
        self._floors: dict[int, list[tuple[int, int, int]]] = {}
        self._changes: list[tuple[Operation, float]] = []
        syncs = _syncs(operations)
        for number, one in enumerate(operations):
            if one.what in {"write", "truncate"}:
                certain = one.ended if one.durable else _synced(syncs.get(("sync", one.node)), one)
                self._note_bytes(number, one, certain)
            elif one.what == "names":
                folders = {entry[0] for entry, _ in one.names}
                certain = max(_synced(syncs.get(("sync-folder", folder)), one) for folder in folders)
                self._changes.append((one, certain))

    def _note_bytes(self, number: int, one: Operation, certain: float) -> None:
        size = self._latest_size(one.node)
        if one.what == "truncate":
            for page in range(one.offset // PAGE, -(-size // PAGE)):
                kept = max(0, one.offset - page * PAGE)
                self._new_page(number, one, certain, page, 0 if kept > PAGE else kept, bytes(PAGE - kept))
            self._sizes.setdefault(one.node, _Versions()).add(number, one.began, certain, one.offset)
            return
        at, data = one.offset, one.data
        while data:
            page, inside = divmod(at, PAGE)
            self._new_page(number, one, certain, page, inside, data[: PAGE - inside])
            at, data = at + PAGE - inside, data[PAGE - inside :]
        end = one.offset + len(one.data)
        self._sizes.setdefault(one.node, _Versions()).add(number, one.began, certain, max(size, end))

    def _new_page(self, number: int, one: Operation, certain: float, page: int, inside: int, data: bytes) -> None:
        versions = self._pages.setdefault(one.node, {}).setdefault(page, _Versions())
        before = self._page(one.node, page, versions, len(versions.values) - 1)
        versions.add(number, one.began, certain, before[:inside] + data + before[inside + len(data) :])

    def _page(self, node: int, page: int, versions: _Versions, at: int) -> bytes:
        if at < 0:
            return self.start.files.get(node, b"")[page * PAGE : (page + 1) * PAGE].ljust(PAGE, b"\0")
        found = versions.values[at]
        assert isinstance(found, bytes)
        return found

    def _latest_size(self, node: int) -> int:
        sizes = self._sizes.get(node)
        return sizes.values[-1] if sizes else len(self.start.files.get(node, b""))  # type: ignore[return-value]

    # -- states --

    def state(self, cut: Cut) -> tuple[dict[Entry, int], dict[int, bytes]]:
        """The names and the contents of files that are on disc after a cut."""
        chance = random.Random(f"{cut.seed}/{cut.moment}")
        names = self._names(cut, _Chooser(cut, chance, "names"))
        files = {}
        for node in sorted(set(names.values()) - self.folders):
            behind = chance.randint(0, cut.moment)
            of_bytes, of_names = (_Chooser(cut, chance, of, behind) for of in ("bytes", "names"))
            files[node] = self._content(node, cut, of_bytes, of_names)
        return names, files

    def _names(self, cut: Cut, chooser: _Chooser) -> dict[Entry, int]:
        names = dict(self.start.names)
        for one, certain in self._changes:
            if one.began > cut.moment:
                break
            if certain <= cut.moment or chooser.is_there(one.began):
                for entry, node in one.names:
                    if node is None:
                        names.pop(entry, None)
                    else:
                        names[entry] = node
        return names

    def _content(self, node: int, cut: Cut, chooser: _Chooser, lengths: _Chooser) -> bytes:
        base, sizes = self.start.files.get(node, b""), self._sizes.get(node)
        if sizes is None:
            return base
        chosen = lengths.among(sizes, *sizes.span(cut.moment))
        size = len(base) if chosen < 0 else int(sizes.values[chosen])  # type: ignore[call-overload]
        cut_at = max(
            (op for op in sizes.ops[: chosen + 1] if self.operations[op].what == "truncate"), default=-1
        )  # what was before this is gone for good
        content = bytearray(base[:size].ljust(size, b"\0"))
        for page, versions in self._pages[node].items():
            if page * PAGE >= size:
                continue
            first, last = versions.span(cut.moment)
            while first < last and versions.ops[first + 1] <= cut_at:
                first += 1
            whole = self._mixed(node, page, versions, first, last, chooser)
            content[page * PAGE : (page + 1) * PAGE] = whole[: size - page * PAGE]
        return bytes(content)

    def _mixed(self, node: int, page: int, versions: _Versions, first: int, last: int, chooser: _Chooser) -> bytes:
        one = self._page(node, page, versions, chooser.among(versions, first, last))
        if first == last or not chooser.torn():
            return one
        other = self._page(node, page, versions, chooser.among(versions, first, last))
        return b"".join(
            (one if chooser.chance.random() < 0.5 else other)[at : at + SECTOR] for at in range(0, PAGE, SECTOR)
        )

    def uncertain(self, moment: int) -> bool:
        """Tell whether anything that had begun by then need not be on disc: else there is one state."""
        for node, sizes in self._sizes.items():
            if sizes.began[0] <= moment and sizes.span(moment)[0] != sizes.span(moment)[1]:
                return True
            if any(one.span(moment)[0] != one.span(moment)[1] for one in self._pages[node].values()):
                return True
        return any(one.began <= moment < certain for one, certain in self._changes)

    def moments(self) -> list[int]:
        """Every moment at which what is on disc may change: before the first operation, and around each."""
        found = {0}
        for one in self.operations:
            found |= {one.began, one.ended}
        return sorted(found)


class _Chooser:
    """Decides what is on disc of what need not be."""

    def __init__(self, cut: Cut, chance: random.Random, of: str, behind: int | None = None) -> None:
        self.chance = chance
        self._sure = {"least": False, "most": True, "names": of == "names", "bytes": of == "bytes"}.get(cut.choice)
        self._share = chance.choice((0.1, 0.5, 0.9)) if self._sure is None else 0.0
        self._until: int | None = None
        if cut.choice == "behind":
            self._until = chance.randint(0, cut.moment) if behind is None else behind

    def is_there(self, began: int) -> bool:
        if self._until is not None:
            return began <= self._until
        return self._sure if self._sure is not None else self.chance.random() < self._share

    def among(self, versions: _Versions, first: int, last: int) -> int:
        if self._until is not None:
            return min(last, max(first, bisect_right(versions.began, self._until) - 1))
        if self._sure is not None:
            return last if self._sure else first
        if first == last:
            return first
        return last if self.chance.random() < self._share else self.chance.randint(first, last)

    def torn(self) -> bool:
        return self._sure is None and self._until is None and self.chance.random() < 0.3


def _syncs(operations: list[Operation]) -> dict[tuple[str, int], list[Operation]]:
    found: dict[tuple[str, int], list[Operation]] = {}
    for one in operations:
        if one.what in {"sync", "sync-folder"}:
            found.setdefault((one.what, one.node), []).append(one)
    return found


def _synced(syncs: list[Operation] | None, one: Operation) -> float:
    """When a sync that began after `one` had returned was over."""
    return min((sync.ended for sync in syncs or () if sync.began > one.ended), default=math.inf)


def lay_out(names: dict[Entry, int], files: dict[int, bytes], into: Path) -> None:
    """Make the folder `into` what these names and files are. What no folder leads to is not there."""
    below: dict[int, list[tuple[str, int]]] = {}
    for (folder, name), node in names.items():
        below.setdefault(folder, []).append((name, node))
    made: dict[int, Path] = {}

    def make(folder: int, place: Path) -> None:
        for name, node in below.get(folder, ()):
            path = place / name
            if node not in files:
                path.mkdir(mode=0o700)
                make(node, path)
            elif node in made:
                path.hardlink_to(made[node])
            else:
                path.write_bytes(files[node])
                path.chmod(0o600)
                made[node] = path

    into.mkdir(mode=0o700, exist_ok=True)
    make(ROOT, into)


def read_in(folder: Path, ignored: Callable[[Path], bool] = lambda _: False) -> Start:
    """Read a folder as a start; names of one file are names of one node."""
    start, nodes = Start(), {folder: ROOT}
    inodes: dict[int, int] = {}
    for path in _walk(folder):
        if ignored(path):
            continue
        seen = path.stat().st_ino
        node = inodes.setdefault(seen, len(inodes) + 1)
        start.names[nodes[path.parent], path.name] = node
        if path.is_dir():
            nodes[path] = node
        else:
            start.files[node] = path.read_bytes()
    return start


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        yield path
        if path.is_dir():
            yield from _walk(path)
