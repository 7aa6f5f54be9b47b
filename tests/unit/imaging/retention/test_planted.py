"""A canary of a probe is erased without a second person: that one study, and nothing like it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.imaging.conftest import CONTROLLER, slice_of
from tests.unit.imaging.retention.kit import ANNE, Keeping

from primum.app import canaries
from primum.exposure.canaries.store import prepare_canaries
from primum.imaging import NotHere
from primum.imaging.canary import NAME, canary_file, canary_uid
from primum.imaging.part10 import read_meta
from primum.imaging.retention.errors import Held
from primum.imaging.retention.model import HoldReason


def test_a_planted_study_is_gone_at_the_next_run(keeping: Keeping):
    ref = keeping.study(1)
    made = keeping.retention.erase_planted(ref, "1.2.1")
    assert keeping.retention.erase_planted(ref, "1.2.1").id == made.id, "asked twice, erased once"
    assert keeping.run() == 1
    assert not keeping.listed(ref)
    assert [kind for kind, *_ in keeping.journal.facts if kind.startswith("erasure:")][:2] == [
        "erasure:proposed",
        "erasure:approved",
    ]


def test_another_study_or_one_that_grew_is_not_erased_so(keeping: Keeping):
    ref, other = keeping.study(1), keeping.study(2)
    grown = keeping.add(
        slice_of(study="1.2.3", series="1.2.3.1", sop="1.2.3.1.1"),
        slice_of(study="1.2.3", series="1.2.3.1", sop="1.2.3.1.2"),
    )
    for one, uid in ((ref, "1.2.2"), (other, "1.2.1"), (grown, "1.2.3"), ("x" * 26, "1.2.1")):
        with pytest.raises(NotHere):
            keeping.retention.erase_planted(one, uid)
    assert keeping.run() == 0
    assert keeping.count() == 3


def test_a_hold_keeps_it_as_it_keeps_everything(keeping: Keeping):
    ref = keeping.study(1)
    keeping.retention.hold(ANNE, ref, HoldReason.LITIGATION, None, "")
    with pytest.raises(Held):
        keeping.retention.erase_planted(ref, "1.2.1")


class Home:
    """As much of the worker's rooms as canaries ask for."""

    def __init__(self, keeping: Keeping) -> None:
        prepare_canaries(keeping.house.records)
        self.keeping, self.facts = keeping, []
        self.worker = SimpleNamespace(
            records=keeping.house.records,
            retention=keeping.retention,
            rooms=SimpleNamespace(
                clock=keeping.house.clock,
                vault=SimpleNamespace(study_ref=lambda _controller, _uid: self.ref),
                journal=SimpleNamespace(record=self.facts.append),
            ),
        )
        self.ref = "x" * 26

    def plant(self, *, taken: bool = True) -> str:
        """Take in a study of the test's under the UID that was drawn; the vault of the tests knows few studies."""

        def take_in(file: Path, controller_id: str) -> None:
            assert controller_id == CONTROLLER
            assert file.read_bytes()[128:132] == b"DICM"
            if not taken:
                raise OSError("ended")

        self.ref = self.keeping.study(1) if taken else "x" * 26
        try:
            return canaries.plant(self.worker, ANNE.person_id, CONTROLLER, take_in)
        except OSError:
            return ""

    def kinds(self) -> list[str]:
        return [one.kind.value.name for one in self.facts]


@pytest.fixture
def home(keeping, monkeypatch):
    monkeypatch.setattr(canaries, "canary_uid", lambda: "1.2.1")
    return Home(keeping)


def test_a_canary_is_planted_removed_and_journaled(home):
    uid = home.plant()
    canaries.remove(home.worker, uid)
    assert home.kinds() == ["probe:canary:planted", "probe:canary:removed"]
    home.keeping.run()
    assert not home.keeping.listed(home.ref)
    with pytest.raises(canaries.NoSuchCanary):
        canaries.remove(home.worker, uid)


def test_a_study_that_no_probe_planted_is_not_removed(home):
    ref = home.keeping.study(2)
    with pytest.raises(canaries.NoSuchCanary):
        canaries.remove(home.worker, "1.2.2")
    home.keeping.run()
    assert home.keeping.listed(ref)


def test_what_a_run_that_was_ended_left_is_removed_by_a_job(home):
    home.plant()
    now = home.keeping.house.clock.now()
    assert canaries.remove_left(home.worker, now) == 0, "its run may still go on"
    assert canaries.remove_left(home.worker, now + timedelta(hours=1)) == 1
    assert canaries.remove_left(home.worker, now + timedelta(hours=2)) == 0
    home.keeping.run()
    assert not home.keeping.listed(home.ref)


def test_one_that_never_came_in_is_forgotten(home):
    assert home.plant(taken=False) == ""
    assert canaries.remove_left(home.worker, home.keeping.house.clock.now() + timedelta(hours=1)) == 1
    assert home.kinds() == ["probe:canary:removed"]
    assert home.facts[0].details == {"reason": "never-taken-in"}


def test_the_file_is_one_that_any_reader_takes_and_names_nobody(keeping):
    import io

    import pydicom

    uid = canary_uid()
    data = canary_file(uid, keeping.house.clock.now())
    assert read_meta(data)
    found = pydicom.dcmread(io.BytesIO(data))
    assert (found.StudyInstanceUID, str(found.PatientName), found.pixel_array.shape) == (uid, NAME, (16, 16))
    assert found.PatientBirthDate == ""
    assert uid != canary_uid()
