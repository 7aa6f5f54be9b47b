"""What messages say of patients of studies: a proposal about numbers, looked up when somebody asks."""

import pytest
from tests.unit.imaging.orders.hl7.corpus import PID_FR, a40, message
from tests.unit.imaging.orders.kit import DEVICE, OURS, PERSON, THEIRS

from primum.ground.ids import new_id
from primum.imaging import acts
from primum.imaging.acts import Act, ActKind
from primum.imaging.orders import Identifier, NoSuchOrder
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.messages import read
from primum.imaging.orders.proposals import Proposals
from primum.imaging.orders.receiving import Receiving


@pytest.fixture
def hear(kit):
    receiving = Receiving(kit.orders)
    return lambda raw: receiving.hear(DEVICE, OURS, read(parse(raw), raw))


@pytest.fixture
def waiting(kit):
    return lambda controllers=None: Proposals(kit.orders).waiting(controllers)


def pid(name="Lefèvre^Hélène", born="19610314", sex="F"):
    return f"PID|1||4711^^^HOP^PI||{name}||{born}|{sex}"


def studied(kit, number, name="Lefèvre^Hélène", *, born="19610314", sex="F", issuer="", controller_id=OURS):
    """Make a patient whom images brought."""
    patient_id = new_id("pat")
    with kit.engine.begin() as records:
        records.exec_driver_sql(
            "INSERT INTO patients (id, controller_id, name, name_key, birth_date, sex, collision, no_identifier,"
            " made_at) VALUES (?, ?, ?, '', ?, ?, 0, 0, '')",
            (patient_id, controller_id, name, born, sex),
        )
        records.exec_driver_sql(
            "INSERT INTO patient_identifiers VALUES (?, ?, ?, ?, '', 1)", (patient_id, controller_id, issuer, number)
        )
    return patient_id


def merged(kit, survivor, gone):
    with kit.engine.begin() as records:
        acts.keep(records, Act(0, new_id("act"), OURS, ActKind.MERGE, survivor, gone, {}, "", "2026", PERSON))


def test_a_merge_concerns_the_people_whose_images_have_the_numbers(kit, hear, waiting):
    kept, gone = studied(kit, "4711", issuer="HOP"), studied(kit, "4710")
    studied(kit, "4710", controller_id=THEIRS)
    studied(kit, "4711", issuer="CHU")
    hear(a40())
    (one,) = waiting()
    assert [(a.patient_id, b.patient_id) for a, b in one.pairs] == [(kept, gone)]
    assert one.open
    assert waiting([THEIRS]) == []


def test_images_that_come_after_the_message_are_found_too(kit, hear, waiting):
    hear(a40())
    (one,) = waiting()
    assert not one.open
    studied(kit, "4711")
    studied(kit, "4710")
    (one,) = waiting()
    assert len(one.pairs) == 1


def test_whoever_was_merged_is_replaced_and_one_person_leaves_nothing_to_decide(kit, hear, waiting):
    kept, gone, third = studied(kit, "4711"), studied(kit, "4710"), studied(kit, "9")
    hear(a40())
    merged(kit, third, gone)
    (one,) = waiting()
    assert [(a.patient_id, b.patient_id) for a, b in one.pairs] == [(kept, third)]
    merged(kit, kept, third)
    (one,) = waiting()
    assert (one.pairs, one.open) == ((), False)


def test_two_people_of_one_number_are_both_shown(kit, hear, waiting):
    studied(kit, "4711")
    both = {studied(kit, "4710"), studied(kit, "4710", "Muñoz^José", born="19800101")}
    hear(a40())
    (one,) = waiting()
    assert {gone.patient_id for _, gone in one.pairs} == both


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"born": "19610315"}, {"birth_date": "19610314"}),
        ({"sex": "M"}, {"sex": "F"}),
        ({"name": "Muñoz^José"}, {"name": "Lefèvre^Hélène"}),
    ],
)
def test_an_update_that_contradicts_the_images_is_a_proposal_of_a_correction(kit, hear, waiting, changes, told):
    patient_id = studied(kit, "4711", **changes)
    assert hear(message(segments=(pid(),))) == "patient"
    assert kit.orders.patient(OURS, Identifier("HOP", "4711")).birth_date == "19610314"
    (one,) = waiting()
    assert one.merge.kind == "correction"
    assert [(who.patient_id, one.told(who)) for who in one.kept] == [(patient_id, told)]


@pytest.mark.parametrize(
    "changes", [{}, {"name": "LEFEVRE^HELENE"}, {"born": ""}, {"sex": ""}, {"controller_id": THEIRS}]
)
def test_what_is_missing_or_written_otherwise_contradicts_nothing(kit, hear, waiting, changes):
    studied(kit, "4711", **changes)
    hear(message(segments=(PID_FR,)))
    assert waiting() == []


def test_where_one_of_two_people_agrees_nothing_is_proposed(kit, hear, waiting):
    studied(kit, "4711", "Muñoz^José", born="19800101")
    studied(kit, "4711")
    hear(message(segments=(pid(),)))
    assert waiting() == []


def test_one_correction_waits_for_a_number_and_a_newer_message_replaces_it(kit, hear, waiting):
    studied(kit, "4711", born="19610315")
    hear(message(segments=(pid(),), control_id="M1"))
    hear(message(segments=(pid(),), control_id="M2"))
    assert len(waiting()) == 1
    hear(message(segments=(pid(born="19610316"),), control_id="M3"))
    (one,) = waiting()
    assert one.merge.facts["birth_date"] == "19610316"
    hear(message(segments=(pid(born="19610315"),), control_id="M4"))
    assert waiting() == []
    assert [what["what"] for kind, _, _, what in kit.facts if kind == "merge:decided"] == ["superseded"] * 2


def test_what_was_refused_is_not_proposed_again_for_the_same_traits(kit, hear, waiting):
    studied(kit, "4711", born="19610315")
    hear(message(segments=(pid(),), control_id="M1"))
    proposals = Proposals(kit.orders)
    (one,) = waiting()
    proposals.settle(PERSON, one, decision="refused", reason="images-right")
    hear(message(segments=(pid(),), control_id="M2"))
    assert waiting() == []
    with pytest.raises(NoSuchOrder):
        proposals.settle(PERSON, one, decision="refused", reason="images-right")
    hear(message(segments=(pid(born="19610317"),), control_id="M3"))
    assert len(waiting()) == 1


def test_traits_that_a_person_believed_hold_for_orders_too(kit, hear, waiting):
    hear(message(segments=(pid(),), control_id="M1"))
    other = pid("Muñoz^José", "19800101", "M")
    assert hear(message(segments=(other,), control_id="M2")) == "contradiction-proposed"
    (one,) = waiting()
    assert not one.open
    Proposals(kit.orders).settle(PERSON, one, decision="done", reason="accepted")
    assert kit.orders.patient(OURS, Identifier("HOP", "4711")).name == "Muñoz^José"
    assert hear(message(segments=(other,), control_id="M3")) == "patient"
