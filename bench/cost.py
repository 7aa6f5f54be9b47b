"""What a slice costs at the least, and what we add: `python -m bench.cost [--rounds N] [--count N] [--json]`.

The same slices of 525 KB are received over loopback, hashed (BLAKE3), sealed (AES-256-GCM) and written (O_DIRECT,
O_DSYNC) twice: by four calls of libraries and nothing else, and by our receiver with everything that is to be done for
an instance. Processor time is the receiving thread's own. What remains between the two is ours: Python, the header,
keys, frames, the trailer, the answer, the hint to the indexer. What SHA-256 would take in the place of BLAKE3 stands
below, in no sum (decision 0190).
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import secrets
import socket
import struct
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from unittest.mock import patch

from blake3 import blake3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import associate, message, store_command
from tests.doors.dimse.running import House

from bench.load import make_slices
from bench.results import Place, Table, say, show, told
from primum.doors.dimse.association import Association
from primum.ground.disc import BLOCK, RealDisc
from primum.imaging.part10 import read_meta

_PDU = 128 * 1024 - 12
_ROUNDS = 7
_PARTS = ("received", "hashed", "sealed", "written")
_INSTEAD = "hashed by SHA-256 instead"
Spent = dict[str, float]
"""Seconds of processor time, by what they were spent on."""


def data_sets(folder: Path, count: int) -> list[tuple[str, bytes]]:
    """Make slices: SOP Instance UID and data set of each."""
    found = []
    for one in make_slices(folder, count, tag="cost"):
        file = one.file.read_bytes()
        found.append((one.sop_uid, file[read_meta(file).begins :]))
    return found


def least(slices: Sequence[tuple[str, bytes]], folder: Path) -> Spent:
    """Take every slice in with four calls each; the answer is four bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        theirs = socket.create_connection(server.getsockname())
        ours, _ = server.accept()
    for one in (ours, theirs):
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sending = threading.Thread(target=_send, args=(theirs, [data for _, data in slices]))
    longest = max(len(data) for _, data in slices)
    taken, sealed = (memoryview(mmap.mmap(-1, longest + 2 * BLOCK)) for _ in range(2))
    key, spent, at = AESGCM(secrets.token_bytes(32)), defaultdict[str, float](float), 0
    disc = RealDisc()
    handle = disc.create(folder / "least", durable=True, direct=True)
    sending.start()
    for number, (_, data) in enumerate(slices):
        size = len(data)
        _spend(spent, "received", lambda: _receive(ours, taken[:size]))  # noqa: B023 (called at once)
        _spend(spent, "hashed", lambda: blake3(taken[:size]).digest())  # noqa: B023
        _spend(spent, _INSTEAD, lambda: hashlib.sha256(taken[:size]).digest())  # noqa: B023
        nonce = struct.pack(">4xQ", number)
        _spend(spent, "sealed", lambda: key.encrypt_into(nonce, taken[:size], None, sealed[: size + 16]))  # noqa: B023
        whole = -(-(size + 16) // BLOCK) * BLOCK
        _spend(spent, "written", lambda: disc.write_at(handle, sealed[:whole], at))  # noqa: B023
        at += whole
        ours.sendall(b"done")
    sending.join()
    disc.close(handle)
    (folder / "least").unlink()
    for one in (ours, theirs):
        one.close()
    return dict(spent)


def product(slices: Sequence[tuple[str, bytes]], folder: Path) -> float:
    """Take every slice in by our door, in this process; return the receiving thread's processor time."""
    house, spent = House(folder), list[float]()
    serve = Association.serve

    def timed(association: Association) -> None:
        began = time.thread_time()
        serve(association)
        spent.append(time.thread_time() - began)

    with patch.object(Association, "serve", timed), house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        for uid, data in slices:
            caller.say(message(1, store_command(uid), data, _PDU))
            if caller.status():
                raise RuntimeError("a slice was refused")
    house.close()
    return spent[0]


def _send(line: socket.socket, slices: Sequence[bytes]) -> None:
    for one in slices:
        line.sendall(one)
        line.recv(4)


def _receive(line: socket.socket, into: memoryview) -> None:
    at = 0
    while at < len(into):
        at += line.recv_into(into[at:])


def _spend(spent: dict[str, float], what: str, act: Callable[[], object]) -> None:
    began = time.thread_time()
    act()
    spent[what] += time.thread_time() - began


def as_table(rounds: Sequence[tuple[Spent, float]], count: int) -> Table:
    """Return milliseconds of processor time for a slice, medians of the rounds."""
    spent = {part: 1000 * median(least[part] for least, _ in rounds) / count for part in (*_PARTS, _INSTEAD)}
    instead = spent.pop(_INSTEAD)
    whole = 1000 * median(ours for _, ours in rounds) / count
    rows = [[part, f"{value:.2f}"] for part, value in spent.items()]
    rows += [["these four calls", f"{sum(spent.values()):.2f}"], ["our receiver, everything", f"{whole:.2f}"]]
    rows += [["what we add", f"{whole - sum(spent.values()):.2f}"], [_INSTEAD, f"{instead:.2f}"]]
    return Table(["a slice of 525 KB", "ms of the receiving thread"], rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=_ROUNDS, help=f"rounds that turn ({_ROUNDS})")
    parser.add_argument("--count", type=int, default=200, help="slices a round (200)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    chosen = parser.parse_args(arguments)
    begun = Place()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="cost-") as name:
        folder = Path(name)
        slices = data_sets(folder / "load", chosen.count)
        for number in range(chosen.rounds):
            os.sync()
            rounds.append((least(slices, folder), product(slices, folder / f"house-{number}")))
            say(f"{number + 1}/{chosen.rounds}")
    quick = chosen.rounds < _ROUNDS
    show(told("cost", begun, quick=quick, tables=[as_table(rounds, chosen.count)]), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
