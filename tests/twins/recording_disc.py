"""A disc that remembers every operation, and can lay out what a power cut at any moment would have left.

Only what was promised counts: the bytes of a write when the handle is durable or was synced afterwards; a
name when its folder was synced afterwards; a folder's content when the folder itself can be reached.
Everything else is lost, the worst a disc may do within its promises.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from primum.ground.disc import Disc, Handle, RealDisc


@dataclass
class Operation:
    """One thing that was done. `node` identifies a file whatever its names."""

    what: Literal["folder", "sync-folder", "create", "write", "sync", "truncate", "link", "rename", "unlink"]
    path: Path
    node: int = -1
    data: bytes = b""
    offset: int = 0
    durable: bool = False
    target: Path | None = None


@dataclass
class _File:
    safe: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def apply(self, one: Operation) -> None:
        if one.what == "truncate":
            self.safe = bytearray(self.safe[: one.offset].ljust(one.offset, b"\0"))
            return
        end = one.offset + len(one.data)
        if len(self.safe) < end:
            self.safe.extend(bytes(end - len(self.safe)))
        self.safe[one.offset : end] = one.data


class RecordingDisc:
    """Wraps a disc; what is below `root` when it is made counts as safe."""

    def __init__(self, root: Path, inner: Disc | None = None) -> None:
        self._root, self._inner = root, inner or RealDisc()
        self._guard = threading.RLock()
        self._nodes: dict[int, int] = {}
        self._names: dict[Path, int] = {}
        self._next = 0
        self._at_start: list[tuple[Path, bytes | None]] = [
            (path, path.read_bytes() if path.is_file() else None) for path in sorted(root.rglob("*"))
        ]
        for path, content in self._at_start:
            if content is not None:
                self._names[path] = self._new()
        self._base = dict(self._names)
        self.log: list[Operation] = []

    @property
    def moment(self) -> int:
        """How many operations were done so far: a moment for `materialise`."""
        with self._guard:
            return len(self.log)

    def revive(self) -> None:
        """Go on with a real disc, where the one below died with its process: the same folder, another process."""
        with self._guard:
            self._inner = RealDisc()

    # -- the Disc --

    def make_folder(self, path: Path) -> None:
        with self._guard:
            self._inner.make_folder(path)
            self.log.append(Operation("folder", path))

    def sync_folder(self, path: Path) -> None:
        with self._guard:
            self._inner.sync_folder(path)
            self.log.append(Operation("sync-folder", path))

    def create(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        with self._guard:
            handle = self._inner.create(path, durable=durable, direct=direct)
            self._nodes[handle.fd] = self._names[path] = node = self._new()
            self.log.append(Operation("create", path, node))
            return handle

    def open_for_writing(self, path: Path, *, durable: bool = False, direct: bool = False) -> Handle:
        with self._guard:
            handle = self._inner.open_for_writing(path, durable=durable, direct=direct)
            self._nodes[handle.fd] = self._names[path]
            return handle

    def write_at(self, handle: Handle, data: object, offset: int) -> None:
        copy = bytes(data)  # type: ignore[call-overload]
        with self._guard:
            self._inner.write_at(handle, data, offset)  # type: ignore[arg-type]
            self.log.append(Operation("write", handle.path, self._nodes[handle.fd], copy, offset, handle.durable))

    def sync(self, handle: Handle) -> None:
        with self._guard:
            self._inner.sync(handle)
            self.log.append(Operation("sync", handle.path, self._nodes[handle.fd]))

    def truncate(self, handle: Handle, length: int) -> None:
        with self._guard:
            self._inner.truncate(handle, length)
            self.log.append(Operation("truncate", handle.path, self._nodes[handle.fd], offset=length))

    def close(self, handle: Handle) -> None:
        with self._guard:
            del self._nodes[handle.fd]
            self._inner.close(handle)

    def link(self, source: Path, target: Path) -> None:
        with self._guard:
            self._inner.link(source, target)
            self._names[target] = self._names[source]
            self.log.append(Operation("link", source, self._names[source], target=target))

    def rename(self, source: Path, target: Path) -> None:
        with self._guard:
            self._inner.rename(source, target)
            self._names[target] = self._names.pop(source)
            self.log.append(Operation("rename", source, self._names[target], target=target))

    def unlink(self, path: Path) -> None:
        with self._guard:
            self._inner.unlink(path)
            self.log.append(Operation("unlink", path, self._names.pop(path)))

    # -- after the power cut --

    def materialise(self, into: Path, moment: int | None = None) -> None:
        """Lay out below `into` what was safe after the first `moment` operations (all by default)."""
        with self._guard:
            log = self.log[:moment]
        files = {self._base[path]: _File(bytearray(c)) for path, c in self._at_start if c is not None}
        names: dict[Path, int | None] = {path: self._base.get(path) for path, _ in self._at_start}
        safe = dict(names)
        for one in log:
            _replay(one, files, names, safe)
        reachable = {self._root}
        for path in sorted(safe):
            if path.parent not in reachable:
                continue
            place, node = into / path.relative_to(self._root), safe[path]
            if node is None:
                reachable.add(path)
                place.mkdir(mode=0o700)
            else:
                place.write_bytes(bytes(files[node].safe))
                place.chmod(0o600)

    def _new(self) -> int:
        self._next += 1
        return self._next


def _replay(  # noqa: C901 (one case per operation)
    one: Operation, files: dict[int, _File], names: dict[Path, int | None], safe: dict[Path, int | None]
) -> None:
    match one.what:
        case "folder":
            names[one.path] = None
        case "create":
            names[one.path], files[one.node] = one.node, _File()
        case "write" if one.durable:
            files[one.node].apply(one)
        case "write" | "truncate":
            files[one.node].pending.append(one)
        case "sync":
            for waiting in files[one.node].pending:
                files[one.node].apply(waiting)
            files[one.node].pending.clear()
        case "link":
            assert one.target is not None
            names[one.target] = one.node
        case "rename":
            assert one.target is not None
            names[one.target] = names.pop(one.path)
        case "unlink":
            names.pop(one.path)
        case "sync-folder":
            for path in [path for path in safe if path.parent == one.path]:
                del safe[path]
            safe.update({path: node for path, node in names.items() if path.parent == one.path})
