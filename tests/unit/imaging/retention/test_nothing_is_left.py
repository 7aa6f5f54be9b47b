"""A study that had everything is erased: no cell of any table of either database names it afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy.engine import Engine
from tests.twins import dose_reports as twin
from tests.unit.imaging.conftest import CONTROLLER, slice_of
from tests.unit.imaging.orders.kit import an_order, someone
from tests.unit.imaging.reports.conftest import PDF, TEXT, TYPIST, encoded, sent, ward_of
from tests.unit.imaging.retention.kit import ANNE, BRUNO, Keeping
from tests.unit.imaging.retention.test_erasing import AROUND, approved, corrections
from tests.unit.imaging.retention.test_followers import CT, asked, orders_of, performed, rows

from primum.ground.clock import to_text
from primum.imaging import EVERYTHING, Sendings
from primum.imaging.amendments import RejectionCode
from primum.imaging.commitments.model import Reference
from primum.imaging.confirmations import store as confirmations
from primum.imaging.confirmations.model import Confirmation, NoConfirmation, Report, Stage
from primum.imaging.confirmations.service import Confirmations
from primum.imaging.corrections import By
from primum.imaging.dose.service import Doses
from primum.imaging.orders.forgetting import Forgetting
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import NoSuchResult, Results
from primum.imaging.reports.acts import Draft, Signature
from primum.imaging.retention.certificate import certificate, lines
from primum.imaging.retention.model import HoldReason, Part, Reason
from primum.imaging.store import reading
from primum.imaging.toread.model import Facts
from primum.imaging.toread.service import ToRead, Wish

ACCESSION, NUMBER = "ACC-7731", "PAT-5519"
BY = By(ANNE.person_id, "other")
DOCTOR = Signature(ANNE.person_id, "Dre Anne", "Cabinet")
NAMED_ON_PURPOSE = {
    "tombstones": "what comes back is known by it",
    "erasures": "the record from which the certificate is made",
    "erasure_returns": "what came back is of an erased study",
}
"""The tables where a study's reference stays, a keyed hash of ours. Its UIDs and numbers stay in none."""


def cells(engine: Engine) -> dict[str, list[str]]:
    """All that a database holds, table by table: those of its full-text index too."""
    with reading(engine) as tx:
        tables = tx.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        return {
            table: [
                cell.decode("latin-1") if isinstance(cell, bytes) else str(cell)
                for row in tx.exec_driver_sql(f'SELECT * FROM "{table}"')
                for cell in row
            ]
            for table in tables
        }


def naming(keeping: Keeping, word: str) -> set[str]:
    """The tables in which a UID or a number stands: not as the beginning of a longer one."""
    alone = re.compile(rf"(?<![\w.]){re.escape(word)}(?!\w|\.\w)", re.IGNORECASE)
    return {
        table
        for engine in (keeping.house.records, keeping.house.index)
        for table, found in cells(engine).items()
        if any(alone.search(cell) for cell in found)
    }


def names_of(keeping: Keeping, ref: str) -> set[str]:
    """What there is to find of a study: the archive's own numbers of it, and what devices gave it."""
    with reading(keeping.house.index) as tx:
        words = {
            str(word)
            for table in ("instances", "rejected", "versions")
            for row in tx.exec_driver_sql(
                f"SELECT t.sop_uid, e.series_uid FROM {table} t JOIN series e ON e.id = t.series_id"
                " JOIN studies s ON s.id = t.study_id WHERE s.ref = ?",
                (ref,),
            )
            for word in row
        }
        patient = tx.exec_driver_sql("SELECT patient_id FROM studies WHERE ref = ?", (ref,)).scalar_one()
    return words | {"1.2.3", ACCESSION, NUMBER, str(patient), "1.9.1"}


def service(keeping: Keeping) -> Confirmations:
    def nobody(*_given: object) -> object:
        raise AssertionError("nobody is asked about what was erased")

    queue = Sendings(keeping.house.records)
    return Confirmations(keeping.house.records, queue, nobody, nobody, keeping.house.clock, nobody)  # type: ignore[arg-type]


def a_confirmation(keeping: Keeping, ref: str, number: str, stage: Stage, *sops: str) -> Confirmation:
    now = keeping.house.clock.now()
    sending = Sendings(keeping.house.records).add(ref, CONTROLLER, "dev_x", ANNE.person_id, "send", sops, now)
    due = now if stage is Stage.ASKED else None
    one = Confirmation(
        number, sending.id, ref, CONTROLLER, "dev_x", ANNE.person_id, "send", f"2.25.77{len(number)}", now, due, 1,
        stage, "", None if due else now, 0, 0,
    )  # fmt: skip
    with keeping.house.records.begin() as tx:
        confirmations.add(tx, one)
        confirmations.refer(tx, one, [Reference(CT, sop) for sop in sops])
        if not due:
            confirmations.change(tx, number, answered_at=to_text(now))
    return one


def everything(keeping: Keeping) -> str:
    """A study that had all that a study can have."""
    house, now = keeping.house, keeping.house.clock.now()
    ours = {"accession": ACCESSION, "number": NUMBER}
    dose = twin.report(twin.ct_content([twin.ct_event(1)], 240))
    said = sent("1.2.840.10008.5.1.4.1.1.88.11", sop="1.2.3.8.1")
    for one in (dose, said):
        one.PatientID, one.AccessionNumber = NUMBER, ACCESSION
    ref = keeping.add(
        slice_of(**ours), slice_of(sop="1.2.3.4.6", **ours), slice_of(series="1.2.3.5", sop="1.2.3.5.1", **ours),
        slice_of(pixels=b"another!", **ours), twin.encoded(dose), encoded(said),
    )  # fmt: skip
    Doses(house.index, house.vault).sweep(now)
    facts = an_order(study_uid="1.2.3", accession=ACCESSION)
    orders_of(keeping).place(ANNE.person_id, CONTROLLER, someone(NUMBER), facts, what="form")
    performed(keeping)
    ward = ward_of(house, (ResultKind.ORU, ResultKind.MDM))
    ward.acts.validate(ward.acts.write(ref, Draft(text=TEXT), TYPIST).row.id, DOCTOR)
    ward.acts.write(ref, Draft(text=TEXT), TYPIST)
    ward.acts.write(ref, Draft(document=PDF), TYPIST)
    assert len(ward.reports.of_study(ref, drafts=True)) == 4
    ToRead(house.records, house.clock, keeping.journal, Wish(30, frozenset())).completed(
        ref, Facts(CONTROLLER, "1.2.3", frozenset({"CT"}), frozenset({"CT"}), frozenset(), frozenset(), "", "")
    )
    with house.records.begin() as tx:
        tx.exec_driver_sql(
            "INSERT INTO completions VALUES (?, ?, 3, ?, ?, 'quiet', 1)", (ref, CONTROLLER, to_text(now), to_text(now))
        )
    a_confirmation(keeping, ref, "cfm_asked", Stage.ASKED, "1.2.3.4.5", "1.2.3.5.1")
    a_confirmation(keeping, ref, "cfm_failed", Stage.FAILED, "1.2.3.4.5")
    asked(keeping, "1.2.3.4.5", "1.2.3.5.1", told=True)
    made = corrections(keeping)
    made.correct_study(ref, {"description": "Abdomen"}, BY)
    with reading(house.index) as tx:
        patient = str(tx.exec_driver_sql("SELECT patient_id FROM studies WHERE ref = ?", (ref,)).scalar_one())
    made.correct_patient(patient, {"sex": "M"}, BY)
    made.reject(ref, RejectionCode.QUALITY, BY, sop_uids=["1.2.3.5.1"])
    for of_patient in (False, True):
        held = keeping.retention.hold(ANNE, ref, HoldReason.LITIGATION, note=NUMBER, patient=of_patient)
        keeping.retention.release(ANNE, held.id)
    keeping.retention.state_death(ANNE, ref, now.date())
    refused = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT, note=NUMBER)
    keeping.retention.refuse(BRUNO, refused.id)
    house.device.close()
    return ref


@pytest.fixture
def full(keeping: Keeping) -> str:
    keeping.study(2, number="P2", accession="A2")
    return everything(keeping)


def test_no_cell_of_either_database_names_a_study_that_had_everything(keeping: Keeping, full: str):
    words = names_of(keeping, full)
    for word in words | {full}:
        assert naming(keeping, word), "it is there to begin with, or its absence proves nothing"
    held = cells(keeping.house.records)
    for table in ("orders", "order_steps", "performed_steps", "reports", "report_contents", "report_results", "to_read",
                  "result_messages", "sending_instances", "confirmation_references", "commitment_references",
                  "completions", "patient_acts", "retention_holds", "retention_deaths"):  # fmt: skip
        assert held[table], table
    approved(keeping, full)
    assert keeping.run() == 1
    keeping.run()
    left = {word: naming(keeping, word) for word in words}
    assert {word: tables for word, tables in left.items() if tables} == {}
    assert naming(keeping, full) <= set(NAMED_ON_PURPOSE)
    assert keeping.count() == 1, "the other study is untouched"


def test_the_certificate_counts_what_went(keeping: Keeping, full: str):
    erasure_id = approved(keeping, full)
    keeping.run()
    made = certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND)
    counted = {name: made["with_it"][name] for name in ("reports", "drafts", "results", "doses", "to_read")}
    assert counted == {"reports": 2, "drafts": 2, "results": 2, "doses": 1, "to_read": 1}
    assert (made["with_it"]["confirmations"], made["with_it"]["sendings"]) == (3, 2)
    for language, said in (("en", "reports (2), drafts (2)"), ("fr", "comptes rendus (2), brouillons (2)")):
        text = repr(lines(made, language))
        assert said in text
        assert "{" not in text


def test_a_certificate_of_an_earlier_version_says_what_was_counted_then(keeping: Keeping, full: str):
    erasure_id = approved(keeping, full)
    keeping.run()
    with keeping.house.records.begin() as tx:
        tx.exec_driver_sql(
            'UPDATE erasures SET followed = \'{"orders": 1, "performed": 1, "sendings": 0, "promises": 0, "notes": 0}\''
        )
    text = repr(lines(certificate(keeping.retention.erasure(ANNE, erasure_id), AROUND), "en"))
    assert "orders (1)" in text
    assert "reports (" not in text


def test_a_result_that_waits_is_withdrawn_and_shown_so_for_a_month(keeping: Keeping, full: str):
    approved(keeping, full)
    keeping.run()
    results = Results(orders_of(keeping))
    shown = results.troubles(None)
    assert [(one.state, one.withdrawn) for one in shown] == [("erased", True)] * 2
    assert results.waiting() == 0
    assert results.send_due(keeping.house.clock.now(), lambda _: pytest.fail("nothing is sent")) == 0
    with pytest.raises(NoSuchResult):
        results.trouble(shown[0].id, None)
    keeping.later(days=31)
    assert results.troubles(None) == []


def test_a_result_withdrawn_while_others_of_its_turn_are_sent_is_not_sent(keeping: Keeping, full: str):
    results, taken = Results(orders_of(keeping)), []

    def send(message: bytes) -> bytes:
        taken.append(message)
        approved(keeping, full)
        keeping.run()
        return b"no acknowledgement"

    results.send_due(keeping.house.clock.now(), send)
    assert len(taken) == 1
    assert [one.state for one in results.troubles(None)] == ["erased"] * 2, "nor does what was answered bring it back"
    assert not any(row[3] for row in rows(keeping, "result_messages"))


def test_an_answer_about_what_was_erased_is_taken_and_says_nothing(keeping: Keeping, full: str):
    approved(keeping, full)
    keeping.run()
    heard = service(keeping)
    heard.hear("dev_x", Report("2.25.779", (), ((CT, "1.2.3.4.5", 0x0112),)))
    with pytest.raises(NoConfirmation):
        heard.hear("dev_x", Report("2.25.1", (), ()))
    assert heard.destinations_due(keeping.house.clock.now() + timedelta(days=2)) == []
    assert naming(keeping, "1.2.3.4.5") == set()


def test_part_of_a_study_leaves_the_question_about_the_rest(keeping: Keeping, full: str):
    approved(keeping, full, Part("series", "1.2.3.4"))
    keeping.run()
    heard = service(keeping)
    assert [one.sop_instance_uid for one in heard.references("cfm_asked")] == ["1.2.3.5.1"]
    assert heard.references("cfm_failed") == []
    assert naming(keeping, "1.2.3.4.5") == set()
    assert "confirmations" in naming(keeping, full)


def test_what_is_acknowledged_after_it_was_erased_is_not_asked_about(keeping: Keeping, full: str):
    queue = Sendings(keeping.house.records)
    sending = queue.add(
        full, CONTROLLER, "dev_x", ANNE.person_id, "send", ["1.2.3.4.5", "1.2.3.4.6"], keeping.house.clock.now()
    )
    approved(keeping, full, Part("instance", "1.2.3.4.5"))
    keeping.run()
    service(keeping).sent(sending, {"1.2.3.4.5": CT, "1.2.3.4.6": CT})
    (part,) = service(keeping).of_sending(sending.id)
    assert [one.sop_instance_uid for one in service(keeping).references(part.id)] == ["1.2.3.4.6"]


def test_which_report_a_result_told_is_forgotten_with_its_content(keeping: Keeping, full: str):
    with keeping.house.records.begin() as tx:
        tx.exec_driver_sql("UPDATE result_messages SET state = 'sent' WHERE kind LIKE 'oru%'")
        tx.exec_driver_sql("UPDATE result_messages SET state = 'given-up' WHERE kind LIKE 'mdm%'")
    sweep = Forgetting(orders_of(keeping), keeping.house.index).sweep
    sweep(keeping.house.clock.now() + timedelta(days=29))
    assert len(rows(keeping, "report_results")) == 2
    sweep(keeping.house.clock.now() + timedelta(days=31))
    assert len(rows(keeping, "report_results")) == 1, "what was given up can still be sent again"
    assert keeping.house.archive.study(full, EVERYTHING)
