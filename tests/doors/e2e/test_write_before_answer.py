"""Seen by the kernel: of a running Primum's DICOM door, the durable write has returned before the answer leaves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.doors.e2e.offline import make_enrolled_home
from tests.doors.e2e.processes import receivers
from tests.doors.e2e.sender import DataSet, Diary, Mint, Sender, response_elements
from tests.programs import wait_until
from tests.straced import Call, read_transcript

pytestmark = [pytest.mark.slow, pytest.mark.programs("strace")]

CALLS = (
    "openat,close,pwrite64,?pwritev,?pwritev2,write,fsync,fdatasync,?mkdir,?mkdirat,?link,?linkat,sendto,sendmsg,?send"
)
LARGE = 9 * 1024 * 1024
_P_DATA, _RESPONSE, _SUCCESS = 4, b"\x01\x80", b"\0\0"


def acknowledgements(calls: list[Call]) -> list[tuple[str, Call]]:
    """Find each C-STORE-RSP with status Success: its SOP Instance UID, and the call that sent it."""
    found = []
    for call in calls:
        if not call.name.startswith("send"):
            continue
        sent = bytes(int(pair, 16) for pair in re.findall(r"\\x([0-9a-f]{2})", call.arguments))
        if sent[:1] == bytes([_P_DATA]):
            said = response_elements(sent[6:])
            if said.get(0x0100) == _RESPONSE and said.get(0x0900) == _SUCCESS:
                found.append((said[0x1000].decode().strip("\0"), call))
    return found


def durable_writes(calls: list[Call], opened: list[Call], before: Call, since: int) -> list[Call]:
    """The writes into packs, by the thread that answers, which were on disc when the answer began to leave."""
    found = []
    for call in calls:
        mine = call.thread == before.thread and call.began > since and call.ended < before.began
        if not (mine and call.name.startswith("pwrite") and call.path.endswith(".pack") and call.whole):
            continue
        handle = call.arguments.partition(",")[0]
        flags = [one.arguments for one in opened if one.result == handle and one.ended < call.began]
        synced = any(
            one.name in {"fdatasync", "fsync"} and one.path == call.path and one.result == "0"
            and call.ended < one.began and one.ended < before.began
            for one in calls
        )  # fmt: skip
        if synced or (flags and "O_DSYNC" in flags[-1] and "O_DIRECT" in flags[-1]):
            found.append(call)
    return found


def bytes_on_disc(calls: list[Call]) -> dict[str, int]:
    """By SOP Instance UID: how many bytes were durably in a pack between the answer before and this one."""
    opened = [call for call in calls if call.name == "openat" and call.result[0].isdigit()]
    last: dict[int, int] = {}
    found = {}
    for uid, answer in acknowledgements(calls):
        writes = durable_writes(calls, opened, answer, last.get(answer.thread, -1))
        found[uid] = sum(int(one.result) for one in writes)
        last[answer.thread] = answer.ended
    return found


def synced_folders(calls: list[Call], before: Call) -> list[str]:
    """The folders whose names were on disc when the answer began to leave, in order."""
    return [call.path for call in calls if call.name == "fsync" and call.result == "0" and call.ended < before.began]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was sent, and what the kernel saw."""

    sent: list[DataSet]
    calls: list[Call]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    place = tmp_path_factory.mktemp("traced")
    # one receiver: descriptors of two processes could not be told apart
    made, diary, mint = make_enrolled_home(place, dicom_receivers=1), Diary(place / "diary"), Mint(2)
    studies = [mint.study() for _ in range(4)]
    sent = [mint.instance(study, size) for study in studies for size in (30_000, 500_000)]
    sent.append(mint.instance(studies[0], LARGE))
    sent.append(mint.instance(mint.study(), LARGE))
    with made.primum as running, traced(receivers(running)[0], place / "transcript") as transcript:
        for part in (sent[:5], sent[5:]):
            with Sender(made.plain_port, diary, aet="PLAIN1") as sender:
                for one in part:
                    assert sender.store(one) == 0
                sender.release()
    diary.close()
    return Seen(sent, read_transcript(transcript.read_text("utf-8", "replace")))


@contextmanager
def traced(pid: int, transcript: Path) -> Iterator[Path]:
    """Trace a process and its threads while inside."""
    said = transcript.with_suffix(".err")
    command = ["strace", "-f", "-y", "-x", "-s", "400", "-o", str(transcript), "-e", f"trace={CALLS}", "-p", str(pid)]
    with said.open("wb") as errors:
        tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
    try:
        try:
            wait_until(lambda: b"attached" in said.read_bytes(), seconds=30, running=tracer)
        except TimeoutError:
            _not_to_be_had(said.read_text("utf-8", "replace"))
        yield transcript
    finally:
        if tracer.poll() is None:
            tracer.send_signal(signal.SIGINT)
        tracer.wait(30)


def _not_to_be_had(why: str) -> None:
    reason = f"strace cannot attach to a process of ours (not root, or ptrace is forbidden here): {why.strip()}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; under CI=true nothing is left out", pytrace=False)
    pytest.skip(reason)


def test_each_answer_leaves_after_its_durable_write(seen: Seen) -> None:
    on_disc = bytes_on_disc(seen.calls)
    assert list(on_disc) == [one.sop for one in seen.sent]
    for one in seen.sent:
        assert on_disc[one.sop] >= len(one.data)


def test_the_first_of_a_study_leaves_after_its_key_and_every_folder_entry(seen: Seen) -> None:
    known: set[str] = set()
    firsts = 0
    for one, (_, answer) in zip(seen.sent, acknowledgements(seen.calls), strict=True):
        if one.study in known:
            continue
        known.add(one.study)
        firsts += 1
        folders = synced_folders(seen.calls, answer)
        keys = [call for call in seen.calls if call.name.startswith("pwrite") and "/keyring/" in call.path]
        assert len([key for key in keys if key.ended < answer.began and key.whole]) == firsts
        # the folder of keys, the one that holds the study's folder, and the study's own with its pack
        key_folder, above, own = folders[-3:]
        assert Path(key_folder).parent.name == "keyring"
        assert Path(above).parent.name == "vault"
        assert Path(own).parent == Path(above)
        assert len(Path(own).name) == 26
    assert firsts == 5


EARLY = r"""
7 openat(AT_FDCWD</>, "/v/00/s/p.pack", O_RDWR|O_DSYNC|O_DIRECT|O_CLOEXEC, 0600) = 9</v/00/s/p.pack>
7 pwrite64(9</v/00/s/p.pack>, "\x00"..., 8192, 4096 <unfinished ...>
8 fsync(3</v/00>) = 0
7 <... pwrite64 resumed>) = 8192
7 sendto(5<socket:[1]>, "ANSWER", 100, 0, NULL, 0) = 100
"""


def test_an_answer_that_does_not_wait_is_found_out() -> None:
    elements = [(0x0100, b"\x01\x80"), (0x0900, b"\0\0"), (0x1000, b"2.25")]
    body = b"".join(
        b"\0\0" + number.to_bytes(2, "little") + len(value).to_bytes(4, "little") + value for number, value in elements
    )
    pdu = b"\4\0" + bytes(4) + bytes(6) + body
    answer = "".join(f"\\x{one:02x}" for one in pdu)
    lines = EARLY.replace("ANSWER", answer).strip().splitlines()
    assert bytes_on_disc(read_transcript("\n".join(lines))) == {"2.25": 8192}
    early = [*lines[:2], lines[4], *lines[2:4]]
    assert bytes_on_disc(read_transcript("\n".join(early))) == {"2.25": 0}
    unsynced = [line.replace("O_DSYNC|", "") for line in lines]
    assert bytes_on_disc(read_transcript("\n".join(unsynced))) == {"2.25": 0}
    late_sync = [unsynced[0], unsynced[1], unsynced[3], unsynced[4], "7 fdatasync(9</v/00/s/p.pack>) = 0"]
    assert bytes_on_disc(read_transcript("\n".join(late_sync))) == {"2.25": 0}
    in_time = [*late_sync[:3], late_sync[4], late_sync[3]]
    assert bytes_on_disc(read_transcript("\n".join(in_time))) == {"2.25": 8192}
