"""A study sent to another's program over TLS: from the pack that the command line writes to files that are the same."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.doors.e2e.canary import make_canary, write_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies
from tests.programs import accepts, find_program, free_port, started, wait_until

NAME = "shelf.test"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The receiver's own key and certificate, as its maker would have made them."""
    folder = tmp_path_factory.mktemp("theirs")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "30", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-addext", "extendedKeyUsage=serverAuth",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def shelf(practice: Practice, theirs: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The receiver enrolled as a destination: the folder of its pack, and the port that it is called at."""
    port, person, primum = free_port(), practice.person, practice.primum
    primum.sign_in(person)
    pack = tmp_path_factory.mktemp("packs") / "shelf"
    primum.cli(
        "device", "add", "shelf", "--aet", "SHELF", "--may", "receive", "--host", "127.0.0.1", "--port", str(port),
        "--their-certificate", str(theirs / "certificate.pem"), "--out", str(pack),
        typed=[person.password, person.code()],
    )  # fmt: skip
    return pack, port


@contextmanager
def listening(theirs: Path, trusted: Path, port: int, out: Path) -> Iterator[Path]:
    """Run `storescp` with TLS: it shows its own certificate, and takes nobody whom `trusted` has not signed."""
    out.mkdir()
    command = [
        str(find_program("storescp")), "+tls", str(theirs / "key.pem"), str(theirs / "certificate.pem"),
        "+cf", str(trusted), "-rc", "-aet", "SHELF", "+B", "+xa", "-od", str(out), str(port),
    ]  # fmt: skip
    with started(command, out.parent / f"{out.name}.log"):
        wait_until(lambda: accepts(port), seconds=20)
        yield out


def data_sets(folder: Path) -> dict[str, bytes]:
    """The bytes of each data set, after its file meta information, by SOP Instance UID."""
    found = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        meta = dcmread(file, stop_before_pixels=True)
        data = file.read_bytes()
        found[str(meta.SOPInstanceUID)] = data[144 + meta.file_meta.FileMetaInformationGroupLength :]
    return found


@pytest.mark.programs("storescp", "openssl")
def test_a_study_arrives_as_it_was_kept(
    practice: Practice, theirs: Path, shelf: tuple[Path, int], tmp_path: Path
) -> None:
    pack, port = shelf
    canary = make_canary()
    write_canary(tmp_path / "disc", canary, images=5, size=64)
    practice.primum.cli("import", str(tmp_path / "disc"))
    (found,) = studies(practice, canary.patient_id)
    uid = found["study_instance_uid"]
    with listening(theirs, pack / "caller-ca.pem", port, tmp_path / "received") as out:
        told = practice.primum.cli("send", uid, "shelf")
        assert "5 images sent" in told.stdout + told.stderr
    assert data_sets(out) == data_sets(tmp_path / "disc")
    assert len(data_sets(out)) == 5
    sent = facts(practice, "study:sent")[-1]  # the newest: the tests of this file share a home
    assert (sent["details"]["instances"], sent["details"]["channel"]) == (5, "send")
    assert canary.patient_id not in str(sent)


@pytest.mark.programs("storescp", "openssl")
def test_who_does_not_trust_our_calls_gets_nothing(
    practice: Practice, theirs: Path, shelf: tuple[Path, int], tmp_path: Path
) -> None:
    """The authority by which devices know our door is not the one by which they know our calls."""
    pack, port = shelf
    canary = make_canary()
    write_canary(tmp_path / "disc", canary, images=1, size=32)
    practice.primum.cli("import", str(tmp_path / "disc"))
    (found,) = studies(practice, canary.patient_id)
    with listening(theirs, pack / "archive-ca.pem", port, tmp_path / "received") as out:
        told = practice.primum.cli("send", found["study_instance_uid"], "shelf", check=False)
        assert told.returncode == 1
    assert list(out.iterdir()) == []


def listed(practice: Practice, device: str) -> list[list[str]]:
    """The lines of `primum send --list` about a device, split into words."""
    lines = practice.primum.cli("send", "--list").stdout.splitlines()
    return [line.split() for line in lines if f" {device} " in line]


def state_of(practice: Practice, number: str) -> str:
    """Where a sending to the shelf stands."""
    return next(words[2] for words in listed(practice, "shelf") if words[0] == number)


@pytest.mark.programs("storescp", "openssl")
def test_what_fails_is_counted_withdrawn_and_sent_again(
    practice: Practice, theirs: Path, shelf: tuple[Path, int], tmp_path: Path
) -> None:
    pack, port = shelf
    canary, primum = make_canary(), practice.primum
    write_canary(tmp_path / "disc", canary, images=2, size=32)
    primum.cli("import", str(tmp_path / "disc"))
    (found,) = studies(practice, canary.patient_id)
    assert primum.cli("send", found["study_instance_uid"], "shelf", check=False).returncode == 1
    assert "of them failed and are tried again" in primum.cli("status").stdout
    number = next(words[0] for words in listed(practice, "shelf") if "waiting" in words)
    primum.cli("send", "--cancel", number)
    assert state_of(practice, number) == "cancelled"
    over = primum.cli("send", "--cancel", number, check=False)
    assert over.returncode == 1
    assert "ended already" in over.stderr
    with listening(theirs, pack / "caller-ca.pem", port, tmp_path / "received") as out:
        anew = primum.cli("send", "--again", number).stdout.split()[0]
        wait_until(lambda: state_of(practice, anew) == "done", seconds=20)
        assert len(data_sets(out)) == 2
    with primum.signed_in(practice.person) as pages:
        page = pages.get("/sendings", params={"device": "shelf"}).raise_for_status().text
    assert f'value="{number}"' in page
    (withdrawn,) = facts(practice, "sending:cancelled")
    assert withdrawn["details"]["other"] == number
