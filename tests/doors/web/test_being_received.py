"""What a doctor sees of a study that is being sent: all of it after the sender's release, and no torn part before.

Both doors, the intake between them and the index are the real ones, each in a thread.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from bench.contenders.multipart import WHOLE, hashes
from tests.doors import web_kit
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import RELEASE_RQ, associate, encoded, instance, message, store_command
from tests.doors.dimse.running import House, device

from primum import vault
from primum.app.intake import PairIntake
from primum.doors.worker.intake import IntakeLoop
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc

SENDERS, COUNT = 3, 40
_JSON = {"Accept": "application/dicom+json"}
_SERIES, _SOP = "0020000E", "00080018"
_OF_SERIES, _OF_STUDY = "00201209", "00201208"


@dataclass
class Practice:
    """A DICOM port, and a session at the web door."""

    port: int
    pages: httpx.Client

    def found(self, path: str, **keys: str) -> list[dict[str, Any]]:
        answer = self.pages.get(f"/dicom-web/{path}", params={"limit": "1000", **keys}, headers=_JSON)
        return answer.json() if answer.status_code == 200 and answer.content else []

    def counts(self, path: str, key: str, number: str) -> dict[str, int]:
        return {row[key]["Value"][0]: row[number]["Value"][0] for row in self.found(path)}


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("received")
    web = web_kit.build(folder / "home")
    house = House(folder / "dimse")
    house.enrol(replace(device("SCANNER"), controller_id=web.controllers[0]))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    loop, intake = IntakeLoop([theirs], web.indexer, web.vault.studies), PairIntake(ours)
    loop.start()
    keys = vault.VaultKeys(bytes(32), bytes(32))
    own = vault.open_vault(web.folder / "vault", web.folder / "keyring", keys, RealDisc(), SystemClock())
    doctor, same = web.doctor(), {"Origin": web.url, "Sec-Fetch-Site": "same-origin"}
    with (
        web_kit.serving(web),
        house.open(vault=own, intake=intake) as port,
        httpx.Client(base_url=web.url, headers=same, verify=False, trust_env=False, timeout=60) as pages,
    ):
        assert pages.post("/sign-in", data=doctor.form()).status_code == 303
        yield Practice(port, pages)
    intake.close()
    loop.stop()
    theirs.close()
    house.close()


@dataclass
class Study:
    """Two series of small images, each image with bytes of its own."""

    uid: str
    images: list[tuple[str, bytes]] = field(default_factory=list)

    @classmethod
    def made(cls, number: int, count: int = COUNT) -> Study:
        study = cls(f"2.25.{number}")
        for n in range(count):
            one = instance(n, pixels=bytes([n % 251, number % 251]) * 128, study=study.uid)
            one.SOPInstanceUID = f"{study.uid}.9.{n}"
            one.SeriesInstanceUID = f"{study.uid}.{1 + n % 2}"
            study.images.append((one.SOPInstanceUID, encoded(one)))
        return study

    def hashes(self) -> dict[str, str]:
        return {uid: hashlib.sha256(data).hexdigest() for uid, data in self.images}


def store(caller: Caller, images: list[tuple[str, bytes]]) -> None:
    for uid, data in images:
        caller.say(message(1, store_command(uid), data))
        assert caller.status() == 0


def test_a_query_after_the_senders_release_sees_all_that_it_stored(practice: Practice) -> None:
    studies = [Study.made(500 + n) for n in range(SENDERS)]

    def sent(study: Study) -> tuple[int, set[str], dict[str, int]]:
        with Caller(practice.port) as caller:
            caller.associated(associate())
            store(caller, study.images)
            caller.say(RELEASE_RQ)
            assert caller.hear() == (6, bytes(4))
            listed = {row[_SOP]["Value"][0] for row in practice.found(f"studies/{study.uid}/instances")}
            (one,) = practice.found("studies", StudyInstanceUID=study.uid)
            return (
                one[_OF_STUDY]["Value"][0], listed, practice.counts(f"studies/{study.uid}/series", _SERIES, _OF_SERIES)
            )  # fmt: skip

    with ThreadPoolExecutor(SENDERS) as threads:
        seen = list(threads.map(sent, studies))
    for study, (count, listed, series) in zip(studies, seen, strict=True):
        assert count == COUNT
        assert listed == study.hashes().keys()
        assert series == {f"{study.uid}.1": COUNT // 2, f"{study.uid}.2": COUNT // 2}


def test_a_study_that_is_being_received_reads_as_a_consistent_part_of_itself(practice: Practice) -> None:
    study = Study.made(900, 4 * COUNT)
    looked = threading.Event()

    def sent() -> None:
        half = len(study.images) // 2
        with Caller(practice.port) as caller:
            caller.associated(associate())
            store(caller, study.images[:half])
            assert looked.wait(60), "nobody saw the first half"
            store(caller, study.images[half:])
            caller.say(RELEASE_RQ)
            assert caller.hear() == (6, bytes(4))

    sizes = []
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(sent)
        try:
            while not sending.done() or not sizes or sizes[-1] < len(study.images):
                sizes.append(len(part_of(practice, study)))
                if sizes[-1] or sending.done():
                    looked.set()
        finally:
            looked.set()
        sending.result()
    assert sizes == sorted(sizes)
    assert any(0 < size < len(study.images) for size in sizes)


def part_of(practice: Practice, study: Study) -> set[str]:
    """Look at a study as a viewer does, and check that whatever is shown holds together; return what was listed."""
    sent = study.hashes()
    before = practice.found(f"studies/{study.uid}/instances", includefield=_OF_SERIES)
    counted = practice.counts(f"studies/{study.uid}/series", _SERIES, _OF_SERIES)
    after = practice.found(f"studies/{study.uid}/instances")
    listed = {row[_SOP]["Value"][0] for row in before}
    assert listed <= sent.keys()
    of_series = Counter(row[_SERIES]["Value"][0] for row in before)
    grown = Counter(row[_SERIES]["Value"][0] for row in after)
    # what is said of a row is read a moment after it was listed: a series may have grown meanwhile, never shrunk
    for said in (counted, {row[_SERIES]["Value"][0]: row[_OF_SERIES]["Value"][0] for row in before}):
        assert all(of_series[uid] <= count <= grown[uid] for uid, count in said.items())
    if not grown - of_series:  # nothing came meanwhile
        assert counted == of_series
    assert of_series.keys() <= counted.keys() <= grown.keys()
    if listed:
        answer = practice.pages.get(f"/dicom-web/studies/{study.uid}", headers=WHOLE).raise_for_status()
        came = hashes(answer.headers["content-type"], [answer.content])
        assert listed <= came.keys()
        assert came.items() <= sent.items()
        described = practice.found(f"studies/{study.uid}/metadata")
        assert listed <= {row[_SOP]["Value"][0] for row in described}
    return listed
