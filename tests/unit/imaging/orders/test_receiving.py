"""What messages do: once, wholly, and never a merge."""

import pytest
from tests.unit.imaging.orders.hl7.corpus import PID_FR, a40, message, omi, orm
from tests.unit.imaging.orders.kit import DEVICE, OURS, THEIRS, new_device, someone

from primum.imaging.orders import (
    HasBegun,
    Identifier,
    IdentityContradicts,
    NoSuchOrder,
    OrderState,
    StepState,
)
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.messages import read
from primum.imaging.orders.receiving import AGAIN, Receiving


@pytest.fixture
def hear(kit):
    receiving = Receiving(kit.orders)
    return lambda raw, device=DEVICE, controller=OURS: receiving.hear(device, controller, read(parse(raw), raw))


def only(kit):
    (entry,) = kit.orders.open_entries([OURS], "", "")
    return entry


def test_an_order_comes_in_with_the_numbers_of_its_sender(kit, hear):
    hear(orm())
    entry = only(kit)
    assert (entry.order.facts.accession, entry.order.facts.study_uid) == ("A77", "1.2.826.0.1.99")
    assert (entry.step.facts.number, entry.patient.name) == ("SPS9", "Lefèvre^Hélène^Anne Marie")


def test_the_same_message_is_applied_once(kit, hear):
    assert hear(orm()) == "place"
    count = len(kit.facts)
    assert hear(orm()) == AGAIN
    assert len(kit.facts) == count
    assert len(kit.orders.open_entries([OURS], "", "")) == 1


def test_the_same_control_id_of_another_sender_or_with_another_content_is_another_message(kit, hear):
    hear(orm())
    assert hear(orm(control="XO", start="202603041100")) == "change"
    other = new_device()
    assert hear(orm(accession="A78").replace(b"1.2.826.0.1.99", b"").replace(b"SPS9", b""), device=other) == "place"


def test_what_was_killed_before_its_answer_can_be_sent_again(kit, hear):
    """The commit is there and the answer was lost: the second one is answered like the first."""
    hear(orm())
    kit.orders.engine.dispose()
    assert hear(orm()) == AGAIN
    assert only(kit).order.facts.accession == "A77"


def test_what_fails_in_the_middle_leaves_nothing(kit, hear):
    """The second order has the first one's accession number: neither is kept, and the message is not known."""
    second = "ORC|NW|P101\rOBR|1|P101||X^Y^L||||||||||||||A77||||||CT|||^^^20260305\r"
    raw = orm().replace(b"ZDS|1.2.826.0.1.99^PRIMUM^Application^DICOM\r", second.encode())
    with pytest.raises(Exception, match="accession number"):
        hear(raw)
    assert kit.orders.open_entries([OURS], "", "") == []
    assert hear(orm()) == "place"


def test_an_order_is_changed_until_it_has_begun(kit, hear):
    hear(orm())
    hear(orm("XO", start="202603041100", control_id="M9"))
    assert only(kit).step.facts.start == "202603041100"
    with kit.engine.begin() as connection:
        kit.orders.set_step(connection, only(kit).step.id, StepState.STARTED, by=DEVICE, done_by="mpps")
    with pytest.raises(HasBegun):
        hear(orm("XO", start="202603051100", control_id="M10"))
    with pytest.raises(HasBegun):
        hear(orm("CA", control_id="M11"))


def test_an_order_is_cancelled_by_its_placer_number(kit, hear):
    hear(orm())
    hear(orm("CA", control_id="M9"))
    assert kit.orders.open_entries([OURS], "", "") == []


def test_a_status_completes_and_cancels(kit, hear):
    hear(orm())
    hear(orm("SC", status="CM", control_id="M9"))
    hear(omi())
    assert {one.order.facts.accession for one in kit.orders.open_entries([OURS], "", "")} == {"A88"}


def test_an_order_of_another_sender_or_controller_is_not_found(kit, hear):
    hear(orm())
    with pytest.raises(NoSuchOrder):
        hear(orm("CA", control_id="M9"), device=new_device())
    with pytest.raises(NoSuchOrder):
        hear(orm("CA", control_id="M9"), controller=THEIRS)
    assert only(kit).order.state is OrderState.SCHEDULED


def test_an_order_of_another_patient_is_not_touched(kit, hear):
    hear(orm())
    with pytest.raises(NoSuchOrder):
        hear(orm("CA", control_id="M9", pid=PID_FR.replace("4711", "4712")))


def test_new_traits_show_on_the_worklist(kit, hear):
    hear(orm())
    hear(message(segments=(PID_FR.replace("19610314", "19610315"),)))
    assert only(kit).patient.birth_date == "19610315"


def test_a_merge_is_proposed_to_a_person_and_changes_nothing(kit, hear):
    hear(orm(pid=PID_FR.replace("4711", "4710")))
    before = only(kit)
    assert hear(a40()) == "merge-proposed"
    assert only(kit) == before
    (waiting,) = kit.orders.merges([OURS])
    assert (waiting.survivor, waiting.prior) == (Identifier("HOP", "4711"), Identifier("HOP", "4710"))
    assert kit.orders.merges([THEIRS]) == []
    hear(a40("M5"))
    assert len(kit.orders.merges(None)) == 1


def test_a_person_deals_with_a_proposal_once(kit, hear):
    hear(a40())
    (waiting,) = kit.orders.merges(None)
    with pytest.raises(NoSuchOrder):
        kit.orders.settle_merge("per_x", waiting.id, [THEIRS], decision="done", reason="accepted")
    kit.orders.settle_merge("per_x", waiting.id, [OURS], decision="done", reason="accepted")
    assert kit.orders.merges(None) == []
    assert kit.kinds()[-1] == "merge:decided"


def test_traits_of_somebody_else_are_a_proposal_too(kit, hear):
    hear(orm())
    other = "PID|1||4711^^^HOP^PI||Muñoz^José||19800101|M"
    assert hear(message(segments=(other,), control_id="M9")) == "contradiction-proposed"
    assert only(kit).patient.name == "Lefèvre^Hélène^Anne Marie"
    with pytest.raises(IdentityContradicts):
        hear(orm(placer="P9", pid=other, accession="A9", control_id="M10"))


def test_messages_are_forgotten_after_a_month(kit, hear):
    from datetime import timedelta

    receiving = Receiving(kit.orders)
    hear(message())
    assert receiving.forget(kit.clock.now() + timedelta(days=29)) == 0
    assert receiving.forget(kit.clock.now() + timedelta(days=31)) == 1


def test_the_patient_of_a_form_and_of_a_message_are_one_by_number_only(kit, hear):
    kit.place(someone("4711", name="Lefèvre^Hélène"))
    hear(orm())
    assert {one.patient.identifier.value for one in kit.orders.open_entries([OURS], "", "")} == {"4711"}
