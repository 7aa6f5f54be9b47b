"""Records every system call that changes a file of a home, with its bytes (docs/design/durability.md §3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.faults.disc import ROOT, Entry, Operation, Recording, Start, What, read_in
from tests.faults.workload import MARKS
from tests.programs import find_program
from tests.straced import Call, read_transcript

CALLS: Final = (
    "open,openat,openat2,creat,close,dup,dup2,dup3,fcntl,clone,clone3,fork,vfork,lseek,write,pwrite64,writev,pwritev,"
    "pwritev2,sendfile,copy_file_range,splice,truncate,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,"
    "symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,sync,syncfs,sync_file_range,io_uring_setup"
)
_FORKS: Final = ("clone", "clone3", "fork", "vfork")
_LONGEST: Final = 16 * 1024 * 1024


def shared_memory(path: Path) -> bool:
    """Tell whether this is SQLite's index of a write-ahead log: named memory, made anew by whoever comes first."""
    return path.name.endswith("-shm")


@dataclass
class Recorded:
    """A scene that was played: its home, what was done to it, and what had returned when."""

    name: str
    home: Path
    recording: Recording
    marks: list[tuple[int, dict[str, object]]]
    begun: list[dict[str, object]] = field(default_factory=list)
    """What had returned before this recording began, when it goes on with what a cut left."""

    def returned(self, moment: int) -> list[dict[str, object]]:
        """What had returned by a moment."""
        return self.begun + [facts for when, facts in self.marks if when <= moment]


def record(
    place: Path, names: Sequence[str], begun: dict[str, list[dict[str, object]]] | None = None
) -> list[Recorded]:
    """Play scenes in the homes `place`/NAME under strace; give what was recorded of each."""
    starts = {name: read_in(place / name, shared_memory) for name in names}
    transcript = place / "transcript"
    strace = find_program("strace")
    assert strace is not None
    command = [str(strace), "-f", "-xx", "-s", str(_LONGEST), "-o", str(transcript), "-e", f"trace={CALLS}"]
    command += [sys.executable, "-m", "tests.faults.workload", str(place), *names]
    root = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"the workload ended with {done.returncode}: {done.stderr[-3000:]}")
    reader = _Reader(place, starts)
    reader.read(read_transcript(transcript.read_text("ascii")))
    transcript.unlink()
    return [
        Recorded(name, place / name, scene.recording(), scene.marks, (begun or {}).get(name, []))
        for name, scene in reader.scenes.items()
    ]


class _Scene:
    """The names of one home as they are at a point of the transcript, and what was done so far."""

    def __init__(self, start: Start) -> None:
        self.start, self.names = start, dict(start.names)
        self.folders = {ROOT} | (set(start.names.values()) - set(start.files))
        self.sizes = {node: len(data) for node, data in start.files.items()}
        self.operations: list[Operation] = []
        self.marks: list[tuple[int, dict[str, object]]] = []
        self._next = max(start.names.values(), default=0) + 1

    def recording(self) -> Recording:
        found = Recording(self.start, sorted(self.operations, key=lambda one: (one.began, one.ended)))
        found.folders |= self.folders
        return found

    def entry(self, parts: Sequence[str]) -> Entry:
        folder = ROOT
        for part in parts[:-1]:
            folder = self.names[folder, part]
        return folder, parts[-1]

    def node(self, parts: Sequence[str]) -> int | None:
        return self.names.get(self.entry(parts)) if parts else ROOT

    def new(self) -> int:
        self._next += 1
        return self._next

    def rename(self, call: Call, *changes: tuple[Entry, int | None]) -> None:
        for entry, node in changes:
            if node is None:
                self.names.pop(entry)
            else:
                self.names[entry] = node
        self.operations.append(Operation("names", call.began, call.ended, names=changes))


@dataclass
class _Fd:
    """An open file of a home: where, which one, and how it was opened."""

    scene: _Scene
    node: int
    durable: bool
    append: bool
    offset: int = 0


class _Reader:
    """Turns calls into operations of scenes."""

    def __init__(self, place: Path, starts: dict[str, Start]) -> None:
        self._place = str(place) + "/"
        self.scenes = {name: _Scene(start) for name, start in starts.items()}
        self._tables: dict[int, dict[int, _Fd | str]] = {}
        """Per process: what each descriptor is; a text is the scene whose marks are written there."""

    def read(self, calls: list[Call]) -> None:
        # a child may be seen before the call that made it has returned
        for call in sorted(
            calls, key=lambda one: one.began if one.name in {"clone", "clone3", "fork", "vfork"} else one.ended
        ):
            if not call.result.startswith(("-", "?")):
                self._take(call, self._tables.setdefault(call.thread, {}))

    def _take(self, call: Call, table: dict[int, _Fd | str]) -> None:
        match call.name:
            case "clone" | "clone3" | "fork" | "vfork":
                assert "CLONE_FILES" not in call.arguments, "the workload has no threads"
                self._tables[int(call.result)] = {
                    fd: one if isinstance(one, str) else _Fd(one.scene, one.node, one.durable, one.append, one.offset)
                    for fd, one in table.items()
                }  # fmt: skip
            case "openat" | "open" | "creat":
                self._open(call, table)
            case "close":
                table.pop(int(call.arguments), None)
            case "dup" | "dup2" | "dup3" | "fcntl":
                given = table.get(int(call.arguments.partition(",")[0]))
                if given is not None and (call.name != "fcntl" or "F_DUPFD" in call.arguments):
                    table[int(call.result)] = given
            case "mkdir" | "rmdir" | "unlink" | "rename" | "link" | "unlinkat" | "mkdirat" | "renameat2" | "linkat":
                self._name(call)
            case "truncate" | "symlink" | "symlinkat" | "renameat" | "openat2":
                assert not any(path.startswith(self._place) for path in _paths(call)), f"{call.name} is not read"
            case "sync" | "syncfs" | "io_uring_setup":
                raise AssertionError(f"{call.name} is not read")
            case _:
                self._write(call, table)

    def _where(self, path: str) -> tuple[_Scene, list[str]] | None:
        if not path.startswith(self._place):
            assert path.startswith("/"), "paths of the workload are absolute"
            return None
        name, *parts = path.removeprefix(self._place).split("/")
        return (self.scenes[name], parts) if name in self.scenes else None

    def _open(self, call: Call, table: dict[int, _Fd | str]) -> None:
        (path,) = _paths(call)
        fd = int(call.result)
        table.pop(fd, None)
        if path.startswith(self._place) and path.endswith(MARKS):
            table[fd] = path.removeprefix(self._place).removesuffix(MARKS)
        found = self._where(path) if path.startswith(self._place) else None
        if found is None or shared_memory(Path(path)):
            return
        scene, parts = found
        node = scene.node(parts)
        if node is None:
            assert "O_CREAT" in call.arguments, path
            node = scene.new()
            scene.sizes[node] = 0
            scene.rename(call, (scene.entry(parts), node))
        if "O_TRUNC" in call.arguments and scene.sizes.get(node):
            scene.sizes[node] = 0
            scene.operations.append(Operation("truncate", call.began, call.ended, node))
        # O_SYNC is written so, and implies O_DSYNC
        durable = "O_DSYNC" in call.arguments or "O_SYNC" in call.arguments
        table[fd] = _Fd(scene, node, durable, "O_APPEND" in call.arguments)

    def _name(self, call: Call) -> None:
        places = [self._where(path) for path in _paths(call)]
        if places[0] is None:
            return
        scene, parts = places[0]
        if shared_memory(Path(parts[-1])):
            return
        entry = scene.entry(parts)
        if call.name.startswith("mkdir"):
            node = scene.new()
            scene.folders.add(node)
            scene.rename(call, (entry, node))
        elif call.name in {"rmdir", "unlink", "unlinkat"}:
            scene.rename(call, (entry, None))
        else:
            assert places[1] is not None
            assert places[1][0] is scene
            other, node = scene.entry(places[1][1]), scene.names[entry]
            scene.rename(call, *([(entry, None)] if call.name.startswith("rename") else []), (other, node))

    def _write(self, call: Call, table: dict[int, _Fd | str]) -> None:
        found = table.get(int(call.arguments.partition(", ")[0]))
        if isinstance(found, str):
            self.scenes[found].marks += [(call.began, json.loads(line)) for line in _data(call).splitlines()]
        elif found is not None:
            self._change(call, found, call.arguments.split(", ")[1:])

    def _change(self, call: Call, file: _Fd, rest: list[str]) -> None:
        scene, node = file.scene, file.node
        match call.name:
            case "lseek":
                file.offset = int(call.result)
            case "fsync" | "fdatasync":
                what: What = "sync-folder" if node in scene.folders else "sync"
                scene.operations.append(Operation(what, call.began, call.ended, node))
            case "ftruncate" if int(rest[0]) < scene.sizes[node]:
                scene.sizes[node] = int(rest[0])
                scene.operations.append(Operation("truncate", call.began, call.ended, node, offset=int(rest[0])))
            case "ftruncate":
                self._extend(call, file, int(rest[0]))
            case "fallocate":
                assert rest[0] == "0", "only plain fallocate is read"
                self._extend(call, file, int(rest[1]) + int(rest[2]))
            case "pwrite64":
                self._wrote(call, file, int(rest[-1]))
            case "write":
                at = scene.sizes[node] if file.append else file.offset
                self._wrote(call, file, at)
                file.offset = at + int(call.result)
            case _:
                raise AssertionError(f"{call.name} is not read")

    @staticmethod
    def _extend(call: Call, file: _Fd, size: int) -> None:
        """A file that is made longer reads zeros there."""
        before = file.scene.sizes[file.node]
        if size > before:
            zeros = bytes(size - before)
            file.scene.operations.append(
                Operation("write", call.began, call.ended, file.node, zeros, before, durable=False)
            )
            file.scene.sizes[file.node] = size

    @staticmethod
    def _wrote(call: Call, file: _Fd, at: int) -> None:
        data = _data(call)[: int(call.result)]
        assert len(data) == int(call.result), "strace cut the bytes short"
        scene = file.scene
        scene.operations.append(Operation("write", call.began, call.ended, file.node, data, at, durable=file.durable))
        scene.sizes[file.node] = max(scene.sizes[file.node], at + len(data))


def _data(call: Call) -> bytes:
    start = call.arguments.index('"') + 1
    end = call.arguments.index('"', start)
    assert not call.arguments.startswith("...", end + 1), "strace cut the bytes short"
    return bytes.fromhex(call.arguments[start:end].replace("\\x", ""))


def _paths(call: Call) -> list[str]:
    return [bytes.fromhex(part.replace("\\x", "")).decode() for part in call.arguments.split('"')[1::2]]
