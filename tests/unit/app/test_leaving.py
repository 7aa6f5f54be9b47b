"""Whoever leaves the archive leaves the lists of people to be told of a breach."""

import pytest
from tests.unit.imaging.conftest import CONTROLLER, open_house
from tests.unit.imaging.retention.kit import ANNE, BRUNO, Keeping, migrate_in
from tests.unit.incidents.kit import DOCTOR, House
from tests.unit.incidents.telling.kit import SOURCE, a_list, quick

from primum.app.telling import forget_leaving
from primum.imaging.retention.erasing import Eraser
from primum.imaging.retention.model import Part, Reason
from primum.incidents.model import Origin
from primum.incidents.service import Controller, Incidents
from primum.incidents.store import prepare_incidents
from primum.incidents.telling.service import Telling
from primum.incidents.telling.store import prepare_telling

OTHER = "ctl_" + "y" * 26
LIST = a_list("P1;Ann;ann@example.org;;;;fr", "P2;Bob;bob@example.org;;;;fr")


class Scene(Keeping):
    """The archive, and a file of a breach for each of two practices; both lists have the numbers P1 and P2."""

    def __post_init__(self) -> None:
        super().__post_init__()
        house = self.house
        prepare_incidents(house.records)
        prepare_telling(house.records)
        practices = (Controller(CONTROLLER, "Cabinet"), Controller(OTHER, "Voisin"))
        files = Incidents(house.records, house.clock, self.journal, House(*practices))
        self.telling = Telling(files, house.records, house.clock, None, quick())
        self.files = [files.open(DOCTOR, Origin.PERSON, "portable perdu", one.id) for one in practices]
        for one in self.files:
            self.telling.take_list(DOCTOR, one.id, LIST, SOURCE)
        self.eraser = Eraser(
            house.records, house.index, house.vault, house.clock, self.journal,
            lambda step: step(house.indexer) and None, forget_leaving,
        )  # fmt: skip

    def erase(self, ref: str, *, tried: int = 1) -> None:
        made = self.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, part=Part())
        self.retention.approve(BRUNO, made.id)
        assert self.run() == tried

    def erased(self) -> list[int]:
        return [self.telling.standing(DOCTOR, one.id).erased for one in self.files]

    def in_records(self, text: str) -> int:
        with self.house.records.begin() as tx:
            found = "SELECT count(*) FROM telling_people WHERE reference = ? OR name = ? OR mail = ?"
            return tx.exec_driver_sql(found, (text, text, text)).scalar_one()


@pytest.fixture
def scene(tmp_path):
    with open_house(tmp_path) as house:
        migrate_in(tmp_path)
        yield Scene(house)


def test_the_patient_whose_last_study_is_erased_goes_from_the_lists_of_that_practice_alone(scene):
    first, second = scene.study(1), scene.study(2)
    scene.study(3, number="P2", name="AUTRE^BOB")
    scene.erase(first)
    assert scene.erased() == [0, 0], "another study of the same patient stays"
    scene.erase(second)
    assert scene.erased() == [1, 0], "a number is somebody else's in another practice"
    assert scene.in_records("ann@example.org") == 1
    assert scene.in_records("bob@example.org") == 2


def test_who_is_listed_by_our_id_goes_too(scene):
    ref = scene.study(1)
    with scene.house.records.begin() as tx:
        (ours,) = tx.exec_driver_sql("SELECT patient_id FROM study_patients").scalars()
    scene.telling.take_list(DOCTOR, scene.files[0].id, a_list(f"{ours};Ann;a@example.org;;;;"), SOURCE)
    scene.erase(ref)
    assert scene.in_records(ours) == 0


def test_two_studies_that_go_together_are_the_last_ones_together(scene):
    for ref in (scene.study(1), scene.study(2)):
        made = scene.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, part=Part())
        scene.retention.approve(BRUNO, made.id)
    assert scene.run() == 2
    assert scene.erased() == [1, 0]


def test_a_number_that_two_patients_have_stays_while_one_of_them_is_here(scene):
    first = scene.study(1, name="DUPONT^JEAN", birth="19700102")
    scene.study(2, name="LEGRAND^ZOE", birth="19991231", sex="M")
    with scene.house.records.begin() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM patients").scalar_one() == 2
    scene.erase(first)
    assert scene.erased() == [0, 0]
