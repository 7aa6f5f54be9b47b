"""What may be drawn up when, what is frozen of it, and what a receipt belongs to."""

from datetime import timedelta

import pytest
from tests.unit.incidents.kit import DOCTOR, DPO, SECRETARY, TUESDAY, Scene, actor
from tests.unit.incidents.notices.notices_kit import answered, probed

from primum.identity import NotPermitted, Role, StepUpNeeded
from primum.incidents.model import BadEntry, BadInstant, EntryKind, IncidentOver
from primum.incidents.notices.content import digest_of
from primum.incidents.notices.drawing import Notices
from primum.incidents.notices.history import BadNotice, LateWithoutReason, NoSuchNotice
from primum.incidents.notices.model import Type


class Desk(Scene):
    """A home with the verbs of notifications."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        self.notices = Notices(self.files)

    def draw(self, file, type_, reason="", by=DOCTOR):
        return self.notices.draw_up(by, file.id, type_, reason)

    def filed(self, file, entry, number="2026-0001"):
        return self.notices.receipt(DOCTOR, file.id, entry.id, number=number, at=self.clock.now())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def part(entry, name, key):
    (field,) = [one for one in entry.body["content"]["fields"] if one["name"] == name]
    return next((one for one in field["parts"] if one["key"] == key), None)


def notices_of(desk, file):
    return desk.files.read(file.id).of_kind(EntryKind.NOTICE)


def test_a_notification_is_frozen_whole_with_its_digest(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    desk.files.answer(DOCTOR, file.id, "people", {"count": 3})
    (kept,) = desk.notices.drawn(DPO, file.id)
    assert kept.entry.body == made.body
    content = kept.entry.body["content"]
    assert kept.entry.body["digest"] == digest_of(content)
    assert (content["version"], content["type"], len(content["fields"])) == (1, "initial", 33)
    assert part(kept.entry, "people", "fact:people") is None


def test_a_preview_keeps_nothing_and_refuses_nothing(desk):
    file = probed(desk)
    desk.clock.advance(timedelta(days=30))
    before = desk.files.read(file.id).entries
    for type_ in Type:
        assert desk.notices.preview(DPO, file.id, type_)["type"] == type_.value
    assert desk.files.read(file.id).entries == before


def test_a_physician_who_signed_in_again_draws_up_and_nobody_else(desk):
    file = probed(desk)
    with pytest.raises(NotPermitted):
        desk.draw(file, Type.INITIAL, by=DPO)
    with pytest.raises(StepUpNeeded):
        desk.draw(file, Type.INITIAL, by=actor(Role.PHYSICIAN, fresh=False))
    with pytest.raises(NotPermitted):
        desk.notices.preview(SECRETARY, file.id, Type.INITIAL)
    assert notices_of(desk, file) == []


@pytest.mark.parametrize("type_", [Type.COMPLEMENTARY, Type.CORRECTION, Type.WITHDRAWAL])
def test_nothing_is_completed_corrected_or_withdrawn_before_it_was_drawn_up(desk, type_):
    file = probed(desk)
    with pytest.raises(BadNotice, match="nothing was drawn up"):
        desk.draw(file, type_, "il le faut")
    assert notices_of(desk, file) == []


def test_an_initial_one_is_drawn_up_again_until_it_was_filed(desk):
    file = probed(desk)
    desk.draw(file, Type.INITIAL)
    second = desk.draw(file, Type.INITIAL)
    assert (second.body["version"], second.body["previous"]) == (2, notices_of(desk, file)[0].id)
    desk.filed(file, second)
    with pytest.raises(BadNotice, match="filed already"):
        desk.draw(file, Type.INITIAL)


def test_a_complementary_one_names_the_receipt_of_the_first_or_says_that_it_is_missing(desk):
    file = probed(desk)
    first = desk.draw(file, Type.INITIAL)
    without = desk.draw(file, Type.COMPLEMENTARY)
    told = part(without, "type", "derived:initial-number")
    assert (told["value"], told["lines"][0]["text"]["fr"]) == (
        "",
        "à compléter : aucun récépissé n'est dans le dossier",
    )
    desk.filed(file, first, " 2026-0042 ")
    told = part(desk.draw(file, Type.COMPLEMENTARY), "type", "derived:initial-number")
    assert (told["value"], told["lines"][0]["text"]) == ("2026-0042", "2026-0042")


def test_a_complete_one_leaves_no_question_open(desk):
    file = probed(desk)
    with pytest.raises(BadNotice, match="15 questions"):
        desk.draw(file, Type.COMPLETE)
    answered(desk, DOCTOR, file.id)
    made = desk.draw(file, Type.COMPLETE)
    assert made.body["content"]["left"] == []
    desk.filed(file, made)
    with pytest.raises(BadNotice, match="correction"):
        desk.draw(file, Type.COMPLETE)


def test_a_correction_lists_what_changed_field_by_field_and_has_its_reason(desk):
    file = probed(desk)
    desk.draw(file, Type.INITIAL)
    with pytest.raises(BadNotice, match="nothing changed"):
        desk.draw(file, Type.CORRECTION, "relu")
    desk.files.answer(DOCTOR, file.id, "records", {"count": 900})
    desk.files.answer(DOCTOR, file.id, "cause", "internal-accidental")
    with pytest.raises(BadNotice, match="reason"):
        desk.draw(file, Type.CORRECTION, "  ")
    made = desk.draw(file, Type.CORRECTION, "compté de nouveau")
    changes = made.body["content"]["changes"]
    assert [one["name"] for one in changes] == ["cause", "records"]
    assert changes[0]["was"] == []
    assert changes[0]["now"] == [{"text": {"fr": "acte interne accidentel", "en": "accident from inside"}}]
    assert changes[1]["was"][0]["text"]["en"] == "at least 1200"
    assert changes[1]["now"][0]["text"] == "900"


def test_what_is_told_as_later_evidence_alone_is_no_change(desk):
    file = probed(desk)
    desk.draw(file, Type.INITIAL)
    body = {"key": "nature", "value": ["confidentiality"], "standing": "measured",
            "evidence": [{"kind": "finding", "ref": "fin_02"}]}  # fmt: skip
    desk.files.write_alone(file.id, EntryKind.FACT, body)
    assert desk.notices.preview(DOCTOR, file.id, Type.CORRECTION)["changes"] == []


def test_after_a_withdrawal_only_a_first_one_is_drawn_up(desk):
    file = probed(desk)
    desk.filed(file, desk.draw(file, Type.INITIAL))
    with pytest.raises(BadNotice, match="reason"):
        desk.draw(file, Type.WITHDRAWAL)
    withdrawn = desk.draw(file, Type.WITHDRAWAL, "aucune donnée personnelle : images d'essai")
    with pytest.raises(BadNotice, match="filed already"):
        desk.draw(file, Type.INITIAL)
    desk.filed(file, withdrawn)
    with pytest.raises(BadNotice):
        desk.draw(file, Type.COMPLEMENTARY)
    assert desk.draw(file, Type.INITIAL).body["version"] == 3


def test_past_the_deadline_the_file_says_why(desk):
    file = probed(desk)
    desk.clock.advance(timedelta(hours=72, minutes=1))
    with pytest.raises(LateWithoutReason) as refused:
        desk.draw(file, Type.INITIAL)
    assert "lateness" in refused.value.hint
    desk.files.answer(DOCTOR, file.id, "lateness", "Cabinet fermé, technicien absent.")
    made = desk.draw(file, Type.INITIAL)
    assert made.body["content"]["clock"]["late_minutes"] == 1
    assert part(made, "aware", "fact:lateness")["value"].startswith("Cabinet")


def test_to_say_that_the_reason_is_not_known_is_no_reason(desk):
    file = probed(desk)
    desk.clock.advance(timedelta(days=4))
    desk.files.answer(DOCTOR, file.id, "lateness", None)
    with pytest.raises(LateWithoutReason):
        desk.draw(file, Type.INITIAL)


def test_at_seventy_two_hours_to_the_minute_nothing_is_late(desk):
    file = probed(desk)
    desk.clock.advance(timedelta(hours=72))
    assert desk.draw(file, Type.INITIAL).body["content"]["clock"]["late_minutes"] == 0


def test_a_later_awareness_moves_the_deadline_and_hides_no_prudent_one(desk):
    file = probed(desk)
    answered(desk, DOCTOR, file.id)
    clock = desk.notices.preview(DPO, file.id, Type.INITIAL)["clock"]
    assert clock["prudent"] == "2026-11-27T22:40:00.000Z"
    assert clock["due"] == "2026-11-27T23:00:00.000Z"


def test_the_house_s_own_clock_is_the_one_that_counts(desk):
    file = probed(desk)
    strict = Notices(desk.files, due=lambda _: TUESDAY - timedelta(hours=1))
    with pytest.raises(LateWithoutReason):
        strict.draw_up(DOCTOR, file.id, Type.INITIAL)
    assert Notices(desk.files, due=lambda _: None).draw_up(DOCTOR, file.id, Type.INITIAL)


def test_what_was_filed_in_time_is_not_late_afterwards(desk):
    file = probed(desk)
    desk.filed(file, desk.draw(file, Type.INITIAL))
    desk.clock.advance(timedelta(hours=71))
    desk.draw(file, Type.COMPLEMENTARY)
    desk.clock.advance(timedelta(hours=2))
    with pytest.raises(LateWithoutReason, match="complementary"):
        desk.draw(file, Type.COMPLEMENTARY)
    made = desk.draw(file, Type.COMPLEMENTARY, "journaux de la box reçus ce matin")
    assert made.body["content"]["clock"]["late_minutes"] == 0


def test_a_processor_alerts_its_controller_and_notifies_nobody(desk):
    desk.house.processor = True
    file = probed(desk, role="processor")
    for type_ in set(Type) - {Type.ALERT}:
        with pytest.raises(BadNotice, match="processor"):
            desk.draw(file, type_, "…")
    desk.clock.advance(timedelta(days=10))
    content = desk.draw(file, Type.ALERT).body["content"]
    names = {one["name"] for one in content["fields"]}
    assert {"detected", "nature", "system"} <= names
    assert not names & {"aware", "gravity", "telling"}
    assert content["controller"] == "Cabinet du Dr Le Gall"
    assert content["clock"]["due"] is None


def test_a_controller_draws_up_no_alert(desk):
    with pytest.raises(BadNotice):
        desk.draw(probed(desk), Type.ALERT)


def test_a_closed_file_takes_a_receipt_and_no_notification(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    desk.files.write(DOCTOR, file.id, EntryKind.CLOSED, {"reason": "fini"})
    with pytest.raises(IncidentOver):
        desk.draw(file, Type.INITIAL)
    desk.filed(file, made)
    assert desk.notices.drawn(DOCTOR, file.id)[0].number == "2026-0001"


def test_a_receipt_is_kept_with_its_document(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    at = desk.clock.now()
    entry = desk.notices.receipt(
        DPO, file.id, made.id, number="2026-0042", at=at, document=("récépissé.pdf", b"%PDF-1.7 ...")
    )
    assert desk.files.document(DPO, file.id, entry.body["document"])[1] == b"%PDF-1.7 ..."
    (drawn,) = desk.notices.drawn(DPO, file.id)
    assert (drawn.number, drawn.filed_at) == ("2026-0042", at)
    assert "récépissé" not in str(desk.notices.preview(DPO, file.id, Type.COMPLEMENTARY)["fields"][-1])


def test_a_receipt_that_was_typed_wrong_is_corrected_and_both_are_kept(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    wrong = desk.filed(file, made, "2026-0024")
    at = desk.clock.now() - timedelta(minutes=1)
    desk.notices.receipt(DOCTOR, file.id, made.id, number="2026-0042", at=at, corrects=wrong.id)
    (drawn,) = desk.notices.drawn(DPO, file.id)
    assert (drawn.number, drawn.filed_at, len(drawn.receipts)) == ("2026-0042", at, 1)
    assert len(desk.files.read(file.id).of_kind(EntryKind.RECEIPT)) == 2
    with pytest.raises(BadEntry, match="corrects"):
        desk.notices.receipt(DOCTOR, file.id, made.id, number="1", at=at, corrects=wrong.id)


def test_a_receipt_of_nothing_or_out_of_time_is_refused_and_leaves_nothing(desk):
    file, other = probed(desk), desk.opened()
    made, now = desk.draw(file, Type.INITIAL), desk.clock.now()
    before = desk.files.read(file.id).entries
    document = ("x.pdf", b"%PDF")
    with pytest.raises(NoSuchNotice):
        desk.notices.receipt(DOCTOR, file.id, "ent_nothing", number="1", at=now, document=document)
    with pytest.raises(NoSuchNotice):
        desk.notices.receipt(DOCTOR, other.id, made.id, number="1", at=now)
    for at in (now + timedelta(minutes=3), now - timedelta(minutes=3)):
        with pytest.raises(BadInstant):
            desk.notices.receipt(DOCTOR, file.id, made.id, number="1", at=at, document=document)
    for number, body in ((" ", b"x"), ("9" * 301, b"x"), ("1", b"")):
        with pytest.raises(BadEntry):
            desk.notices.receipt(DOCTOR, file.id, made.id, number=number, at=now, document=("x", body))
    assert desk.files.read(file.id).entries == before
    assert desk.files.documents(DOCTOR, file.id) == []


def test_a_notification_that_was_changed_in_the_store_is_not_given(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    assert desk.notices.file(DPO, file.id, made.id, form="json", language="fr").body
    with desk.engine.begin() as tx:
        names = tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in names:
            tx.exec_driver_sql(f"DROP TRIGGER {name}")
        sql = "UPDATE incident_entries SET body = replace(body, 'Orthanc', 'Autre') WHERE id = ?"
        tx.exec_driver_sql(sql, (made.id,))
    with pytest.raises(BadEntry, match="not the one"):
        desk.notices.file(DPO, file.id, made.id, form="json", language="fr")


def test_each_notification_has_its_digest_in_the_journal(desk):
    file = probed(desk)
    made = desk.draw(file, Type.INITIAL)
    told = [facts for kind, _, _, facts in desk.told.facts if kind == "incident:entry"]
    assert told[-1]["entry"] == made.id
    assert told[-1]["what"] == "notice"
