"""Codec processes: what they may not do, and what becomes of a caller when one falls."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.imaging.codecs.test_round_trips import picture, shape_of

from primum.imaging.codecs.errors import CodecsBusy, Undecodable
from primum.imaging.codecs.limits import CODEC_LIMITS
from primum.imaging.codecs.pool import Codecs
from primum.imaging.codecs.table import JPEG_2000_LOSSLESS
from primum.imaging.syntaxes import EXPLICIT_LE

SHAPE = shape_of((16, 16))
JOB = {"do": "recode", "from": EXPLICIT_LE, "to": JPEG_2000_LOSSLESS, "shape": SHAPE.message()}
PIXELS = picture(SHAPE).tobytes()


@pytest.fixture
def pool() -> Iterator[Codecs]:
    pool = Codecs(replace(CODEC_LIMITS, processes=1, job_seconds=1.0, waiting_seconds=0.2))
    yield pool
    pool.close()


def pid(pool: Codecs) -> int:
    (worker,) = pool._idle
    return worker._process.pid


def test_one_process_does_one_job_after_another(pool: Codecs):
    first = pool.run(JOB, [PIXELS])
    process = pid(pool)
    assert pool.run(JOB, [PIXELS]) == first
    assert pid(pool) == process


@pytest.mark.parametrize("status", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_fell_while_idle_is_replaced_unseen(pool: Codecs, status: int):
    first = pool.run(JOB, [PIXELS])
    os.kill(pid(pool), status)
    pool._idle[0]._process.wait()
    assert pool.run(JOB, [PIXELS]) == first


def test_a_process_that_falls_at_work_is_one_refusal_and_the_next_job_gets_a_fresh_one(pool: Codecs):
    first = pool.run(JOB, [PIXELS])
    process, pair = pid(pool), pool._idle[0]._pair
    os.kill(process, signal.SIGSTOP)  # so that it falls amid the job, and not before
    said: list[str] = []

    def ask() -> None:
        try:
            pool.run(JOB, [PIXELS])
        except Undecodable as refusal:
            said.append(refusal.code)

    asking = threading.Thread(target=ask)
    asking.start()
    while not struct.unpack("i", fcntl.ioctl(pair, termios.TIOCOUTQ, bytes(4)))[0]:
        pass  # until the job lies before it
    os.kill(process, signal.SIGKILL)
    asking.join()
    assert said == ["imaging.undecodable"]
    assert pool.run(JOB, [PIXELS]) == first
    assert pid(pool) != process


def test_a_job_that_takes_too_long_is_killed_with_its_process(pool: Codecs):
    pool.run(JOB, [PIXELS])
    worker = pool._idle[0]
    os.kill(worker._process.pid, signal.SIGSTOP)
    with pytest.raises(Undecodable, match="too long"):
        pool.run(JOB, [PIXELS])
    assert worker._process.returncode == -signal.SIGKILL
    assert pool.run(JOB, [PIXELS])


def test_who_finds_no_process_free_is_told_so(pool: Codecs):
    with pool._free, pytest.raises(CodecsBusy):
        pool.run(JOB, [PIXELS])


def test_beyond_a_few_waiting_callers_the_next_is_told_at_once_unless_its_answer_has_begun():
    pool = Codecs(replace(CODEC_LIMITS, processes=1, waiting=0, waiting_seconds=30))
    with pool._free:
        with pytest.raises(CodecsBusy):
            pool.run(JOB, [PIXELS])
        asking = threading.Thread(target=pool.run, args=(JOB, [PIXELS]), kwargs={"begun": True})
        asking.start()
        while not pool._waiting:
            pass
    asking.join()
    assert pool._waiting == 0
    pool.close()


@pytest.mark.parametrize(
    "job",
    [
        {"do": "nothing"},
        {"do": "recode"},
        {**JOB, "shape": {**SHAPE.message(), "rows": 17}},
        {**JOB, "shape": {**SHAPE.message(), "bits_allocated": 7}},
        {**JOB, "from": "1.2.3"},
    ],
)
def test_a_job_that_makes_no_sense_is_refused_and_the_process_stays(pool: Codecs, job: dict[str, object]):
    first = pool.run(JOB, [PIXELS])
    process = pid(pool)
    with pytest.raises(Undecodable):
        pool.run(job, [PIXELS])
    assert pool.run(JOB, [PIXELS]) == first
    assert pid(pool) == process


def test_a_bomb_meets_the_bound_of_memory(pool: Codecs):
    """RLE runs of 128 zeros in two bytes: 16 MiB become 1 GiB, thrice, beyond what the process may have."""
    pool = Codecs(replace(CODEC_LIMITS, processes=1))
    runs = b"\x81\0" * (40 << 20)
    head = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56)
    shape = {**shape_of((16, 16), bits=8).message()}
    with pytest.raises(Undecodable):
        pool.run({**JOB, "from": "1.2.840.10008.1.2.5", "shape": shape}, [head, runs])
    pool.close()


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="what it holds is for root's eyes")
def test_a_process_holds_its_pair_and_nothing_else(pool: Codecs):
    pool.run(JOB, [PIXELS])
    folder = Path(f"/proc/{pid(pool)}")
    held = {str(one.readlink()).split(":")[0] for one in (folder / "fd").iterdir()}
    assert held == {"/dev/null", "socket"}
    environment = (folder / "environ").read_bytes().split(b"\0")
    assert {one.partition(b"=")[0] for one in environment if one} <= {b"OPENBLAS_NUM_THREADS", b"OMP_NUM_THREADS"}
    limits = (folder / "limits").read_text()
    for name in ("Max open files", "Max file size", "Max core file size"):
        assert re.search(rf"^{name} +0 +0 ", limits, re.MULTILINE)
    assert "NoNewPrivs:\t1" in (folder / "status").read_text()


def test_a_confined_process_can_open_nothing():
    script = (
        "import socket\n"
        "from primum.imaging.codecs.child import confine\n"
        "from primum.imaging.codecs.limits import CODEC_LIMITS\n"
        "confine(CODEC_LIMITS)\n"
        "for door in (lambda: open('/etc/hostname'), socket.socket, lambda: socket.socketpair()):\n"
        "    try: door()\n"
        "    except OSError: continue\n"
        "    raise SystemExit(1)\n"
        "raise SystemExit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7


def test_asking_for_the_archive_loads_neither_numpy_nor_codecs():
    """The DICOM door and the web door start as fast and as small as without them."""
    script = (
        "import sys\n"
        "import primum.imaging.archive, primum.imaging.codecs.transcoding, primum.imaging.codecs.pool\n"
        "raise SystemExit(any(name in sys.modules for name in ('numpy', 'imagecodecs', 'jpeg_ls')))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_confined_process_needs_nothing_that_it_has_not_loaded():
    """What NumPy or a codec would load late cannot be loaded any more: nothing is left to import."""
    script = (
        "import sys\n"
        "from primum.imaging.codecs import child\n"
        "child._warm()\n"
        "before = set(sys.modules)\n"
        "import numpy as np\n"
        "from primum.imaging.codecs.shape import PixelShape\n"
        "from primum.imaging.codecs.painting import paint\n"
        "from primum.imaging.codecs.table import Codec\n"
        "for kind, samples in ((k, s) for k in ('u1', 'i1', 'u2', 'i2', 'u4') for s in (1, 3)):\n"
        "    bits = 8 * np.dtype(kind).itemsize\n"
        "    size = (20, 20, 3) if samples == 3 else (20, 20)\n"
        "    array = (np.arange(400 * samples) % 100).reshape(size).astype(kind)\n"
        "    photometric = 'RGB' if samples == 3 else 'MONOCHROME1'\n"
        "    shape = PixelShape(20, 20, samples, photometric, bits, bits, bits - 1, kind[0] == 'i', 0)\n"
        "    for codec in Codec:\n"
        "        try: child.encode(array, codec, shape, photometric)\n"
        "        except (child.ImagingRefusal, KeyError): pass\n"
        "    for look in ({}, {'window': [5, 9, 'LINEAR']}, {'viewport': [7, 9, 0, 0, 0, 0]}, {'padding': [3, 4]},\n"
        "                 {'modality': {'first': 0, 'count': 2, 'bits': 8, 'at': 0}}):\n"
        "        paint(array, photometric, {'format': 'jpeg', **look}, bytes(4))\n"
        "late = set(sys.modules) - before\n"
        "raise SystemExit(str(sorted(late)) if late else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
