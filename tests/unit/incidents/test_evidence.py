"""Freezing on a running system: what is in, what it follows from, what a crash leaves, who may."""

import hashlib
import json
import subprocess
import sys
import tarfile
import threading
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.incidents.evidence_kit import NEIGHBOUR, OURS, Frozen, reader, sealed_files
from tests.unit.incidents.kit import actor
from tests.unit.incidents.test_bundle_format import independent
from tests.unit.journal.scene import VIEWED

from primum.ground.clock import to_text
from primum.ground.disc import RealDisc
from primum.identity import NotPermitted, Role
from primum.incidents.evidence.model import EvidenceGone, EvidenceMoved, Part
from primum.incidents.evidence.reading import read_bundle
from primum.incidents.evidence.service import bundles_of, frozen_since_detected
from primum.incidents.evidence.writing import Writer
from primum.incidents.model import EntryKind, Evidence as Shown
from primum.journal import latest_root, verify_journal


@pytest.fixture
def scene(tmp_path):
    return Frozen(tmp_path)


def names(data):
    with tarfile.open(fileobj=reader(data)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}


def test_a_bundle_is_verified_with_a_public_key_alone(scene):
    file = scene.opened()
    entry = scene.evidence.freeze(scene.doctor, file.id)
    data = scene.taken(file.id, entry.id)
    assert hashlib.sha256(data).hexdigest() == entry.body["digest"]
    assert len(data) == entry.body["bytes"]
    told = independent(data, scene.key)
    assert told.returncode == 0, told.stderr
    assert read_bundle(reader(data), scene.key).manifest["file"] == file.id


def test_the_script_inside_the_bundle_verifies_it(scene, tmp_path):
    file = scene.opened()
    data = scene.taken(file.id, scene.evidence.freeze(scene.doctor, file.id).id)
    (tmp_path / "verify.py").write_bytes(names(data)["verify.py"])
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), scene.key]
    assert subprocess.run(command, input=data, capture_output=True, check=False).returncode == 0


def test_the_journal_inside_is_sound_and_has_no_unsigned_end(scene, tmp_path):
    file = scene.opened()
    data = scene.taken(file.id, scene.evidence.freeze(scene.doctor, file.id).id)
    for name, body in names(data).items():
        if name.startswith("journal/"):
            at = tmp_path / "out" / name
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(body)
    report = verify_journal(tmp_path / "out" / "journal", scene.key, [latest_root(tmp_path / "out" / "journal")])
    assert report.illnesses == []
    assert report.information == []
    assert report.lines > 3


def test_everything_that_was_asked_for_is_in(scene):
    file = scene.opened()
    shown = [Shown("run", "ab" * 32).as_json()]
    scene.files.write_alone(file.id, EntryKind.NOTE, {"text": "vu", "evidence": shown})
    data = scene.taken(file.id, scene.evidence.freeze(scene.doctor, file.id).id)
    found = names(data)
    wanted = {
        "README.txt", "verify.py", "tools/verify-journal.py", "journal/signer.pub", "journal/heads/leaves",
        "journal/heads/notes", "configuration/primum.toml", "configuration/settings.json",
        "configuration/history-0001.jsonl", "findings.json", "runs/" + "ab" * 32 + ".json", "system/devices.json",
        "system/versions.json", "index/counts.json", "index/studies-0001.jsonl", "incident/entries-0001.jsonl",
        "manifest.note",
    }  # fmt: skip
    assert wanted <= found.keys()
    assert any(one.startswith("checks/chk_") for one in found)
    kinds = [json.loads(one)["kind"] for one in found["incident/entries-0001.jsonl"].splitlines()]
    assert kinds == ["opened", "instant", "note"]


def test_a_second_bundle_names_the_first(scene):
    file = scene.opened()
    first = scene.evidence.freeze(scene.doctor, file.id)
    second = scene.evidence.freeze(scene.doctor, file.id)
    manifest = read_bundle(reader(scene.taken(file.id, second.id)), scene.key).manifest
    assert manifest["previous"] == first.body["digest"] == second.body["previous"]
    assert first.body["previous"] == ""


def test_nothing_lies_on_the_disc_in_clear(scene):
    file = scene.opened()
    scene.evidence.freeze(scene.doctor, file.id)
    (sealed,) = sealed_files(scene.folder)
    content = sealed.read_bytes()
    assert b"person:" not in content
    assert b"manifest.note" not in content
    assert content.startswith(b"PRIMUMEV")
    assert sealed.stat().st_mode & 0o077 == 0


def test_a_freezing_is_written_in_the_file_and_in_the_account(scene):
    file = scene.opened()
    entry = scene.evidence.freeze(scene.doctor, file.id)
    scene.worker.flush()
    account = b"".join(one.read_bytes() for one in (scene.folder / "journal" / "account").rglob("*.chain"))
    assert entry.id.encode() in account
    assert b'"kind":"incident:entry"' in account


@pytest.mark.parametrize("harm", ["removed", "changed", "cut", "cut-at-a-segment", "older"])
def test_a_sealed_copy_that_is_not_the_one_is_refused(scene, harm):
    file = scene.opened()
    scene.twin.listed *= 30_000  # several segments
    entry = scene.evidence.freeze(scene.doctor, file.id)
    (sealed,) = sealed_files(scene.folder)
    whole = sealed.read_bytes()
    if harm == "removed":
        sealed.unlink()
    elif harm == "changed":
        sealed.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    elif harm == "cut":
        sealed.write_bytes(whole[:-5])
    elif harm == "cut-at-a-segment":
        sealed.write_bytes(whole[: 16 + 4 + (1 << 20) + 49])
    else:
        other = scene.evidence.freeze(scene.doctor, file.id)
        sealed.write_bytes((sealed.parent / f"{other.body['bundle']}.sealed").read_bytes())
    with pytest.raises(EvidenceGone):
        scene.evidence.compare(scene.doctor, file.id, entry.id)
    with pytest.raises(EvidenceGone):
        scene.taken(file.id, entry.id)


class Refusing(RealDisc):
    """A disc that fails at one step."""

    at = ""

    def rename(self, source, target):
        if self.at == "rename":
            raise OSError(28, "no space left")
        super().rename(source, target)

    def write_at(self, handle, data, offset):
        if self.at == "write":
            raise OSError(28, "no space left")
        super().write_at(handle, data, offset)


@pytest.mark.parametrize("step", ["write", "rename"])
def test_a_freezing_that_fails_leaves_no_entry_and_the_next_one_succeeds(tmp_path, step):
    disc = Refusing()
    scene = Frozen(tmp_path, disc=disc)
    file = scene.opened()
    disc.at = step
    with pytest.raises(OSError, match="no space"):
        scene.evidence.freeze(scene.doctor, file.id)
    assert bundles_of(scene.files.dossier(scene.doctor, file.id)) == []
    disc.at = ""
    entry = scene.evidence.freeze(scene.doctor, file.id)
    assert scene.evidence.compare(scene.doctor, file.id, entry.id) == entry
    assert len(sealed_files(tmp_path)) == 1


def test_a_crash_between_the_copy_and_its_entry_is_a_copy_of_nobody(scene, monkeypatch):
    file = scene.opened()
    with monkeypatch.context() as crash:
        crash.setattr(scene.files, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            scene.evidence.freeze(scene.doctor, file.id)
    dossier = scene.files.dossier(scene.doctor, file.id)
    assert bundles_of(dossier) == []
    assert frozen_since_detected(dossier) is None
    assert scene.evidence.freeze(scene.doctor, file.id).body["previous"] == ""


def test_a_source_that_fails_is_missing_and_the_bundle_says_so(scene):
    file = scene.opened()
    scene.twin.refuses = "devices"
    entry = scene.evidence.freeze(scene.doctor, file.id)
    manifest = read_bundle(reader(scene.taken(file.id, entry.id)), scene.key).manifest
    assert manifest["missing"] == [{"part": "system/devices", "why": "OSError"}]
    assert entry.body["missing"] == 1


def test_an_ill_chain_goes_in_as_it_is(scene):
    file = scene.opened()
    scene.twin.sign_heads()
    chain = next((scene.folder / "journal" / "access").rglob("*.chain"))
    whole = chain.read_bytes()
    chain.write_bytes(whole.replace(b'"instances":120', b'"instances":999'))
    scene.web.record(VIEWED)
    entry = scene.evidence.freeze(scene.doctor, file.id)
    data = scene.taken(file.id, entry.id)
    manifest = read_bundle(reader(data), scene.key).manifest
    assert manifest["journal"]["ill"] == [chain.relative_to(scene.folder / "journal").as_posix().removesuffix(".chain")]
    assert names(data)["journal/" + chain.relative_to(scene.folder / "journal").as_posix()] == chain.read_bytes()
    assert independent(data, scene.key).returncode == 0


def test_months_before_the_breach_are_left_out_and_named(scene):
    file = scene.opened()
    scene.clock.advance(timedelta(days=40))
    scene.web.record(VIEWED)  # the month of the beginning
    began = {"not_before": to_text(scene.clock.now()), "not_after": to_text(scene.clock.now())}
    body = {"key": "began", "value": began, "standing": "measured", "evidence": [Shown("run", "ab" * 32).as_json()]}
    scene.files.write_alone(file.id, EntryKind.FACT, body)
    data = scene.taken(file.id, scene.evidence.freeze(scene.doctor, file.id).id)
    manifest = read_bundle(reader(data), scene.key).manifest
    assert manifest["interval"]["known"] is True
    assert manifest["journal"]["left_out"] == ["access/2026-11/web-1"]
    assert "journal/access/2026-11/web-1.chain" not in names(data)
    assert "journal/account/2026/worker-1.chain" in names(data)


def test_a_declared_beginning_narrows_nothing_that_a_measure_left_open(scene):
    file = scene.opened()
    now = to_text(scene.clock.now())
    shown = [Shown("run", "ab" * 32).as_json()]
    body = {"key": "began", "value": {"not_before": None, "not_after": now}, "standing": "measured", "evidence": shown}
    scene.files.write_alone(file.id, EntryKind.FACT, body)
    scene.files.answer(scene.doctor, file.id, "began", {"not_before": now, "not_after": now})
    data = scene.taken(file.id, scene.evidence.freeze(scene.doctor, file.id).id)
    assert read_bundle(reader(data), scene.key).manifest["interval"]["known"] is False


def test_a_bundle_is_frozen_while_others_record(scene):
    file = scene.opened()
    stop = threading.Event()

    def go_on():
        while not stop.is_set():
            scene.web.record(VIEWED)

    writing = threading.Thread(target=go_on)
    writing.start()
    try:
        entries = [scene.evidence.freeze(scene.doctor, file.id) for _ in range(3)]
    finally:
        stop.set()
        writing.join()
    for one in entries:
        assert independent(scene.taken(file.id, one.id), scene.key).returncode == 0


def test_memory_does_not_grow_with_the_house(scene):
    file = scene.opened()
    one = scene.twin.listed[0]
    scene.twin.studies = lambda: (one for _ in range(200_000))  # 18 MiB of lines
    tracemalloc.start()
    try:
        entry = scene.evidence.freeze(scene.doctor, file.id)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert entry.body["bytes"] > 16 << 20
    assert peak < 10 << 20


def test_progress_is_told(scene):
    file = scene.opened()
    told = []
    entry = scene.evidence.freeze(scene.doctor, file.id, lambda done, part: told.append((done, part)))
    assert told[0] == (0, "README.txt")
    assert told[-1][1] == "manifest.note"
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] < entry.body["bytes"]


def test_a_part_that_shrinks_ends_the_freezing():
    writer = Writer(lambda _: None)
    with pytest.raises(EvidenceMoved):
        writer.add([Part("journal/x", 10, (b"short",))])


def test_who_may_freeze_and_who_may_take_out(tmp_path):
    scene = Frozen(tmp_path, OURS, NEIGHBOUR)
    file = scene.opened()
    own = actor(Role.PHYSICIAN, OURS)
    entry = scene.evidence.freeze(own, file.id)
    with pytest.raises(NotPermitted):  # the journal is of both
        b"".join(scene.evidence.bundle(own, file.id, entry.id))
    with pytest.raises(NotPermitted):
        scene.evidence.freeze(actor(Role.PHYSICIAN, NEIGHBOUR), file.id)
    with pytest.raises(NotPermitted):
        scene.evidence.freeze(actor(Role.SECRETARY), file.id)
    whole = actor(Role.PHYSICIAN)
    assert independent(b"".join(scene.evidence.bundle(whole, file.id, entry.id)), scene.key).returncode == 0


def test_taking_out_is_an_entry_before_the_first_byte(scene, tmp_path):
    file = scene.opened()
    entry = scene.evidence.freeze(scene.doctor, file.id)
    size = scene.evidence.take_out(scene.doctor, file.id, entry.id, tmp_path / "out.tar")
    assert size == entry.body["bytes"]
    assert (tmp_path / "out.tar").stat().st_mode & 0o077 == 0
    last = scene.files.dossier(scene.doctor, file.id).entries[-1]
    assert (last.body["what"], last.body["of"], last.by) == ("bundle-taken", entry.id, scene.doctor.person_id)
    with pytest.raises(FileExistsError):
        scene.evidence.take_out(scene.doctor, file.id, entry.id, tmp_path / "out.tar")


def test_a_closed_file_still_takes_evidence(scene):
    file = scene.opened()
    scene.files.write(scene.doctor, file.id, EntryKind.CLOSED, {"reason": "terminé"})
    assert scene.evidence.freeze(scene.doctor, file.id).kind is EntryKind.EVIDENCE


def test_a_bundle_frozen_before_the_detection_does_not_count(scene):
    file = scene.opened()
    scene.evidence.freeze(scene.doctor, file.id)
    dossier = scene.files.dossier(scene.doctor, file.id)
    assert frozen_since_detected(dossier) is not None
    assert frozen_since_detected(replace(dossier, detected_first=scene.clock.now() + timedelta(hours=1))) is None
