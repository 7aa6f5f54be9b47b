"""SAN-2020-015 over again: an open archive is found on a Tuesday at 23:40, and nobody has touched a keyboard.

The archive is Debian's Orthanc with 1 200 series, the probe is the real one. Then the same with a Primum whose person
granted a device without TLS: there the people, the studies and the accesses are known too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt

from primum import vault
from primum.app.databases import open_records
from primum.app.probing import certificates
from primum.exposure.findings.model import Source
from primum.exposure.probe.gate import Gate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.own import is_own
from primum.exposure.probe.run import Order, run
from primum.exposure.probe.targets import read_targets
from primum.exposure.probe.writing import as_json
from primum.ground.clock import SystemClock, to_text
from primum.ground.home import find_home
from primum.incidents.model import Dossier, Standing, Which
from primum.incidents.service import Incidents
from tests.doors.dimse.instances import CT, instance, with_meta
from tests.doors.dimse.orthanc import Peer, orthanc
from tests.doors.e2e.conftest import Practice, root_key
from tests.doors.e2e.kit import facts
from tests.programs import free_port, wait_until
from tests.running import RunningPrimum, make_real_home
from tests.unit.incidents.kit import TUESDAY, House
from tests.unit.incidents.opening_kit import HELD, Practice as Scene

FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
STUDIES, SERIES = 300, 4
PARIS = ZoneInfo("Europe/Paris")

# pynetdicom leaves sockets of associations that were aborted to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def fill(peer: Peer) -> None:
    """Bring 1 200 series in: one instance in each."""
    one, files = with_meta(instance()), []
    one.PatientBirthDate = "19700101"
    for study in range(STUDIES):
        for series in range(SERIES):
            one.StudyInstanceUID, one.SeriesInstanceUID = f"2.25.{study + 1}", f"2.25.{study + 1}.{series + 1}"
            one.PatientID, one.SOPInstanceUID = f"N{study}", f"2.25.{study + 1}.{series + 1}.1"
            one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
            file = BytesIO()
            dcmwrite(file, one, enforce_file_format=True)
            files.append(file.getvalue())
    peer.store_raw(files)


def probed(peer: Peer, at: datetime) -> dict[str, Any]:
    """Probe it as `primum probe` does; give the report."""
    gate = Gate(is_own=is_own, mandates=[], now=lambda: at)
    targets = read_targets(["127.0.0.1"], gate=gate, limits=LIMITS, ports=((peer.dicom, peer.dicom),))
    with certificates(SystemClock().now()) as made:
        order = Order(
            targets=targets, gate=gate, program="test", foreign=made.foreign, certificate=made.fixtures, now=lambda: at
        )
        return as_json(run(order).report)


@pytest.mark.programs("Orthanc")
def test_without_a_keyboard_the_file_holds_what_was_measured_and_the_prudent_deadline_to_the_minute(tmp_path: Path):
    scene = Scene(tmp_path)
    scene.findings.handed_to(scene.considering.on_findings)
    assert TUESDAY.astimezone(PARIS).strftime("%A %H:%M") == "Tuesday 23:40"
    with orthanc(tmp_path / "orthanc", DicomAlwaysAllowGet=True) as peer:
        fill(peer)
        told = probed(peer, TUESDAY)
        scene.findings.take(told, Source.PROBE)
    read = scene.only()

    assert set(read.facts) == HELD
    assert {one.standing for one in read.facts.values()} == {Standing.MEASURED}
    assert {key: read.value(key) for key in HELD - {"system", "first-refused"}} == {
        "reached": ["associate", "echo", "find", "get", "store", "action"],
        "readable": ["PatientBirthDate", "PatientID", "PatientName", "StudyDate"],
        "vantage": ["here"],
        "found-by": "own-probe",
        "protections-before": ["no-encryption-in-transit", "no-authentication"],
        "began": {"not_before": None, "not_after": to_text(TUESDAY), "proof_after": "given"},
        "ended": {"state": "ongoing", "at": to_text(TUESDAY), "proof": "given"},
        "nature": ["confidentiality", "integrity"],
        "people-categories": ["patients"],
        "data": ["civil-status"],
        "sensitive": ["health"],
        "intelligible": "yes",
        "studies": {"count": STUDIES, "at_least": False},
        "records": {"count": STUDIES, "at_least": False},
        "organisation": {"name": House().controllers()[0].name},
        "role": "controller",
    }
    system = read.value("system")
    assert (system["address"], system["port"], system["mode"]) == ("127.0.0.1", str(peer.dicom), "plain")
    refused = told["services"][0]["first_refused"]
    assert read.value("first-refused") == {"rung": "move", "code": refused["code"]}

    # each is shown: by a finding and by the run, which are kept
    kept = {one.id for one in scene.findings.everything()}
    for one in read.facts.values():
        for shown in one.evidence:
            assert {"finding": shown.ref in kept, "run": scene.findings.run(shown.ref) is not None}.get(
                shown.kind, True
            )

    assert set(read.instants) == {Which.DETECTED}, "nobody was aware before somebody says so"
    due = (read.detected_first + timedelta(hours=72)).astimezone(PARIS)
    assert (due.strftime("%A %H:%M"), due.date().isoformat()) == ("Friday 23:40", "2026-11-27")

    # nothing more comes of looking again
    before = read.entries
    assert scene.sweep() == 0
    assert scene.only().entries == before


# -- the same with a Primum --

PATIENTS = {"P1": "19600101", "P2": "20150630", "P3": ""}
"""One of age, one not, one without a birth date; P1 has two studies."""


def brought(folder: Path) -> Path:
    """Write four studies of nobody's."""
    folder.mkdir()
    for number, patient in enumerate(["P1", "P1", "P2", "P3"], 1):
        one = with_meta(instance(number, study=f"2.25.77{number}"))
        one.PatientID, one.PatientName, one.PatientBirthDate = patient, f"NOBODY^{patient}", PATIENTS[patient]
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(folder / f"{number}.dcm", enforce_file_format=True)
    return folder


def stranger(port: int, title: str) -> tuple[int, int]:
    """Call as somebody who heard of a title: search all studies, have the first sent. Return how many of each."""
    ae, got = AE(title), []
    for one in (FIND, GET, CT):
        ae.add_requested_context(one, "1.2.840.10008.1.2.1")
    to = ae.associate(
        "127.0.0.1", port, ae_title="PRIMUM", ext_neg=[build_role(CT, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, lambda event: got.append(event.request.AffectedSOPInstanceUID) or 0)],
    )  # fmt: skip
    assert to.is_established
    asked = Dataset()
    asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", ""
    uids = [str(answer.StudyInstanceUID) for _, answer in to.send_c_find(asked, FIND) if answer is not None]
    asked.StudyInstanceUID = min(uids)
    list(to.send_c_get(asked, GET))
    to.release()
    return len(uids), len(got)


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    """A practice that has a DICOM door without TLS, and a viewer that may search and take by it."""
    home = make_real_home(tmp_path_factory.mktemp("careless"))
    with RunningPrimum(home.folder, key_file=home.key_file, settings={"dicom_plain_port": free_port()}) as running:
        yield Practice(running, running.enrol_first_person(), home)


def files(practice: Practice) -> list[Dossier]:
    """Read the open files from records.db, as the worker has them."""
    records = open_records(find_home(practice.home.folder), root_key(practice.home).derive(vault.Label.RECORDS))
    try:
        return Incidents(records, SystemClock(), lambda *_: None, House()).all_open()
    finally:
        records.dispose()


def test_of_an_open_grant_of_ours_the_people_the_studies_and_the_accesses_are_known_too(
    careless: Practice, tmp_path: Path
):
    primum, port = careless.primum, int(careless.primum.settings["dicom_plain_port"])
    primum.sign_in(careless.person)
    primum.cli("import", str(brought(tmp_path / "disc")))
    primum.cli("device", "add", "poste", "--aet", "HOROS", "--may", "find,get", "--plain", "127.0.0.1",
               "--out", str(tmp_path / "pack"))  # fmt: skip
    assert stranger(port, "HOROS") == (4, 1)
    called = datetime.now(UTC)  # a report has whole seconds: the stranger's call is before the run, not in it
    wait_until(lambda: datetime.now(UTC) - called > timedelta(seconds=2), seconds=10)
    before = datetime.now(UTC)
    found = primum.cli("probe", "127.0.0.1", "--ports", str(port), "--json", check=False)
    assert json.loads(found.stdout)["verdict"] == "open"

    (read,) = files(careless)
    assert set(read.facts) == HELD | {"people", "minors", "accesses"}
    assert before <= read.detected_first <= datetime.now(UTC)
    # the canary that the probe planted is nobody
    assert read.value("people") == {"count": 3, "at_least": False}
    assert read.value("minors") == {"count": 1, "at_least": True}
    assert read.value("studies") == read.value("records") == {"count": 4, "at_least": False}
    (device,) = [one["subject"] for one in facts(careless, "device:added")]
    (sent,) = [one["subject"] for one in facts(careless, "study:sent") if one["at"] < to_text(before)]
    counts, *studies = read.value("accesses")
    assert counts.startswith(f"{device} associations=1 searches=1 studies-sent=1 instances=1 by-the-probe=")
    assert studies == [f"{device} study={sent}"]
    assert "known-title-enough" in read.value("protections-before")
    assert {one.kind for one in read.facts["people"].evidence} == {"index"}
    assert {one.kind for one in read.facts["accesses"].evidence} == {"journal"}

    # the journal tells of it, and no month of it is deleted while the file is open
    assert [one["subject"] for one in facts(careless, "incident:opened")] == [read.file.id]
    assert [one["subject"] for one in facts(careless, "hold:opened")] == [read.file.id]
    told = json.dumps([one.body for one in read.entries])
    assert not [name for name in ("NOBODY", "P1", "2.25.77") if name in told]
