"""Acts against a breach: evidence first, each an entry before and after, nothing done for who may not."""

from datetime import timedelta

import pytest
from tests.unit.incidents.evidence_kit import NEIGHBOUR, OURS, Frozen
from tests.unit.incidents.kit import actor

from primum.identity import NoSuchDevice, NotPermitted, Role, StepUpNeeded
from primum.incidents.containment.model import EvidenceNotFrozen, NothingToReopen, Outcome, Owned, What
from primum.incidents.containment.service import Containment, last_of, unfinished
from primum.incidents.evidence.service import bundles_of
from primum.incidents.model import BadEntry, EntryKind, IncidentOver

DEVICE, PERSON = Owned("dev_" + "d" * 26, OURS.id), Owned("per_" + "p" * 26, OURS.id)
THEIRS = Owned("dev_" + "e" * 26, NEIGHBOUR.id)


class Twin:
    """Means that remember what was done. A twin of app/containment.py."""

    def __init__(self) -> None:
        self.done: list[tuple[str, ...]] = []
        self.closed, self.rotated, self.fails = False, None, None

    def _do(self, *what):
        if self.fails is not None:
            raise self.fails
        self.done.append(what)

    def doors_closed(self):
        return self.closed

    def close_doors(self, by, file_id):
        self._do("close")
        self.closed = True
        return Outcome.DONE

    def reopen_doors(self, by, file_id):
        self._do("reopen")
        self.closed = False
        return Outcome.DONE

    def device(self, name):
        return {"ct-1": DEVICE, "their-ct": THEIRS}[name]

    def revoke_device(self, by, device_id):
        self._do("revoke", device_id)

    def person(self, who):
        return PERSON

    def end_sessions(self, by, person_id):
        self._do("sessions", person_id)
        return 3

    def end_tokens(self, by, person_id):
        self._do("tokens", person_id)
        return 2

    def rotated_at(self):
        return self.rotated


class Scene(Frozen):
    def __init__(self, folder, *controllers) -> None:
        super().__init__(folder, *controllers)
        self.means = Twin()
        self.contain = Containment(self.files, self.evidence, self.means)

    def dossier(self, file):
        return self.files.dossier(self.doctor, file.id)

    def actions(self, file):
        return [(one.body["what"], one.body["outcome"]) for one in self.dossier(file).of_kind(EntryKind.ACTION)]


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def break_evidence(scene):
    def refuse():
        raise OSError(28, "no space left")

    scene.twin.sign_heads = refuse


ACTS = {
    "close-doors": lambda scene, by, file, **how: scene.contain.close_doors(by, file.id, **how),
    "revoke-device": lambda scene, by, file, **how: scene.contain.revoke_device(by, file.id, "ct-1", **how),
    "end-sessions": lambda scene, by, file, **how: scene.contain.end_sessions(by, file.id, **how),
    "end-tokens": lambda scene, by, file, **how: scene.contain.end_tokens(by, file.id, "essai", **how),
}


@pytest.mark.parametrize("name", ACTS)
def test_evidence_is_frozen_before_anything_is_done(scene, name):
    file = scene.opened()
    entry = ACTS[name](scene, scene.doctor, file)
    kinds = [one.kind for one in scene.dossier(file).entries if one.kind in {EntryKind.EVIDENCE, EntryKind.ACTION}]
    assert kinds == [EntryKind.EVIDENCE, EntryKind.ACTION, EntryKind.ACTION]
    (bundle,) = bundles_of(scene.dossier(file))
    assert entry.body["bundle"] == bundle.body["digest"]
    assert scene.actions(file) == [(name, "begun"), (name, "done")]
    assert len(scene.means.done) == 1


@pytest.mark.parametrize("name", ACTS)
def test_nothing_is_done_where_evidence_cannot_be_frozen(scene, name):
    file = scene.opened()
    break_evidence(scene)
    with pytest.raises(EvidenceNotFrozen) as refused:
        ACTS[name](scene, scene.doctor, file)
    assert refused.value.facts["why"] == "OSError"
    assert scene.means.done == []
    assert scene.actions(file) == []


@pytest.mark.parametrize("name", ACTS)
def test_a_written_reason_lets_one_act_without_evidence_and_stays_in_the_file(scene, name):
    file = scene.opened()
    break_evidence(scene)
    with pytest.raises(EvidenceNotFrozen):
        ACTS[name](scene, scene.doctor, file, override="  ")
    entry = ACTS[name](scene, scene.doctor, file, override="disque plein, des données partent")
    assert (entry.body["override"], entry.body["why"]) == ("disque plein, des données partent", "OSError")
    assert entry.body["bundle"] == ""
    assert len(scene.means.done) == 1


def test_a_reason_is_not_used_where_evidence_can_be_frozen(scene):
    file = scene.opened()
    entry = scene.contain.close_doors(scene.doctor, file.id, override="vite")
    assert entry.body["bundle"]
    assert "override" not in entry.body


def test_a_bundle_that_is_there_is_enough_for_further_acts(scene):
    file = scene.opened()
    for act in ACTS.values():
        act(scene, scene.doctor, file)
    assert len(bundles_of(scene.dossier(file))) == 1


def test_a_crash_between_freezing_and_acting_is_repeated_on_the_same_bundle(scene):
    file = scene.opened()
    scene.means.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        scene.contain.close_doors(scene.doctor, file.id)
    assert [one.body["what"] for one in unfinished(scene.dossier(file))] == ["close-doors"]
    scene.means.fails = None
    scene.contain.close_doors(scene.doctor, file.id)
    assert scene.actions(file) == [("close-doors", "begun"), ("close-doors", "begun"), ("close-doors", "done")]
    assert unfinished(scene.dossier(file)) == []
    assert len(bundles_of(scene.dossier(file))) == 1


def test_an_act_that_is_refused_is_written_as_refused(scene):
    file = scene.opened()
    scene.means.fails = NoSuchDevice()
    with pytest.raises(NoSuchDevice):
        scene.contain.revoke_device(scene.doctor, file.id, "ct-1")
    last = last_of(scene.dossier(file), What.REVOKE_DEVICE)
    assert last is not None
    assert (last.body["outcome"], last.body["reason"]) == ("refused", NoSuchDevice.code)


def test_doors_are_reopened_by_a_person_with_a_reason(scene):
    file = scene.opened()
    with pytest.raises(NothingToReopen):
        scene.contain.reopen_doors(scene.doctor, file.id, "corrigé")
    scene.contain.close_doors(scene.doctor, file.id)
    with pytest.raises(BadEntry):
        scene.contain.reopen_doors(scene.doctor, file.id, " ")
    entry = scene.contain.reopen_doors(scene.doctor, file.id, "pare-feu corrigé")
    assert entry.body["reason"] == "pare-feu corrigé"
    assert not scene.means.closed


def test_doors_are_reopened_from_a_closed_file_and_not_from_a_merged_one(scene):
    file, other = scene.opened(), scene.opened()
    scene.contain.close_doors(scene.doctor, file.id)
    scene.files.merge(scene.doctor, other.id, file.id, "la même")
    with pytest.raises(IncidentOver):
        scene.contain.reopen_doors(scene.doctor, other.id, "corrigé")
    scene.files.write(scene.doctor, file.id, EntryKind.CLOSED, {"reason": "terminé"})
    assert scene.contain.reopen_doors(scene.doctor, file.id, "corrigé").body["outcome"] == "done"


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("by", "refusal"),
    [
        (actor(Role.SECRETARY), NotPermitted),
        (actor(Role.DPO), NotPermitted),
        (actor(Role.PHYSICIAN, fresh=False), StepUpNeeded),
        (actor(Role.PHYSICIAN, NEIGHBOUR), NotPermitted),
    ],
    ids=["secretary", "dpo", "not-fresh", "neighbour"],
)
def test_who_may_not_contain_freezes_nothing_and_does_nothing(tmp_path, name, by, refusal):
    scene = Scene(tmp_path, OURS, NEIGHBOUR)
    file = scene.opened()
    with pytest.raises(refusal):
        ACTS[name](scene, by, file)
    assert scene.means.done == []
    assert bundles_of(scene.dossier(file)) == []


def test_a_neighbours_device_and_everybodys_sessions_are_not_one_controllers(tmp_path):
    scene = Scene(tmp_path, OURS, NEIGHBOUR)
    file, own = scene.opened(), actor(Role.PHYSICIAN, OURS)
    with pytest.raises(NotPermitted):
        scene.contain.revoke_device(own, file.id, "their-ct")
    with pytest.raises(NotPermitted):
        scene.contain.end_sessions(own, file.id)
    assert scene.contain.end_sessions(own, file.id, "essai").body["count"] == 3
    assert scene.contain.close_doors(own, file.id).body["outcome"] == "done"


def test_a_rotation_is_settled_once_it_was_done(scene):
    file = scene.opened()
    scene.contain.rotate_root(scene.doctor, file.id)
    assert scene.contain.settle() == 0
    scene.means.rotated = scene.clock.now() - timedelta(days=1)
    assert scene.contain.settle() == 0  # an earlier one
    scene.means.rotated = scene.clock.now() + timedelta(minutes=5)
    assert scene.contain.settle() == 1
    assert scene.contain.settle() == 0
    assert scene.actions(file) == [("rotate-root", "begun"), ("rotate-root", "done")]


def test_every_act_is_in_the_account(scene):
    file = scene.opened()
    entry = scene.contain.close_doors(scene.doctor, file.id)
    scene.worker.flush()
    account = b"".join(one.read_bytes() for one in (scene.folder / "journal" / "account").rglob("*.chain"))
    assert entry.id.encode() in account
