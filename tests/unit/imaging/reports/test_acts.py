"""A draft becomes an instance when it is validated; what is validated is never altered (docs/design/reports.md)."""

from __future__ import annotations

import base64
import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.imaging.conftest import CONTROLLER, House, slice_of
from tests.unit.imaging.orders.kit import NOON, someone
from tests.unit.imaging.reports.conftest import DOCTOR, PDF, TEXT, TYPIST, Ward, refused_by_a_taker, sent, ward_of
from tests.unit.imaging.retention.kit import ANNE, BRUNO, Keeping

from primum.ground.outbound import Interface
from primum.imaging import EVERYTHING, prepare_sendings
from primum.imaging.attributes import Level
from primum.imaging.commitments.store import prepare_commitments
from primum.imaging.confirmations.store import prepare_confirmations
from primum.imaging.corrections import By
from primum.imaging.orders import Code, Identifier, OrderFacts, StepFacts
from primum.imaging.orders.hl7.acks import acknowledgement, head_of
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.mllp import framed
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import NoSuchResult
from primum.imaging.query import parse_qido
from primum.imaging.reports import store
from primum.imaging.reports.acts import Draft
from primum.imaging.reports.errors import (
    AlreadyValidated,
    BadReportText,
    NoSuchReport,
    NotADraft,
    NotAPdf,
    NotFinal,
    ReportEmpty,
    ReportTooLarge,
    TooManyDrafts,
)
from primum.imaging.reports.limits import Limits
from primum.imaging.reports.model import PDF as PDF_CLASS, Relation, State, Status, Text
from primum.imaging.reports.node import lines_of
from primum.imaging.retention.model import Reason
from primum.vault import DiscFull


def messages(ward: Ward):
    with ward.house.records.connect() as records:
        rows = records.exec_driver_sql("SELECT kind, body, state, reason, id FROM result_messages ORDER BY id").all()
    return {row[0]: row for row in rows}


def test_a_draft_is_no_instance_and_is_gone_when_it_is_withdrawn(ward: Ward):
    before = ward.house.archive.study(ward.study, EVERYTHING).instances
    draft = ward.written()
    assert draft.status is Status.DRAFT
    assert ward.listed(drafts=False) == []
    assert ward.house.archive.study(ward.study, EVERYTHING).instances == before
    ward.acts.withdraw(draft.row.id)
    assert ward.listed() == []
    with ward.house.records.connect() as records:
        assert records.exec_driver_sql("SELECT count(*) FROM report_contents").scalar() == 0


def test_a_validated_text_is_a_verified_sr_that_says_by_whom_and_when(ward: Ward):
    done = ward.validated()
    made = ward.data_set(done)
    assert (made.VerificationFlag, made.CompletionFlag, made.PreliminaryFlag) == ("VERIFIED", "COMPLETE", "FINAL")
    observer = made.VerifyingObserverSequence[0]
    assert str(observer.VerifyingObserverName) == "Dr Maël Kervella"
    assert observer.VerifyingOrganization == "Cabinet du Port"
    assert observer.VerificationDateTime.startswith("20260102")
    assert (str(made.PatientName), made.PatientID, made.StudyInstanceUID, made.AccessionNumber) == (
        "DUPONT^JEAN", "P1", "1.2.3", "A1",
    )  # fmt: skip
    assert done.status is Status.VALIDATED
    assert done.row.validated_by == DOCTOR.person_id
    assert [one.id for one in ward.told] == [done.row.id]
    assert lines_of(ward.reports.nodes(done)) == [
        "Findings", "  Finding: Opacité de 18 mm.", "  Pas d'épanchement.", "Impressions",
        "  Impression: ACR 2 : constatations bénignes.",
    ]  # fmt: skip


def test_a_validated_pdf_is_found_as_any_instance_and_comes_back_byte_for_byte(ward: Ward):
    done = ward.validated(document=PDF, title="Compte rendu de scanner")
    made = ward.data_set(done)
    assert (made.SOPClassUID, made.Modality, made.BurnedInAnnotation) == (PDF_CLASS, "DOC", "YES")
    assert (made.MIMETypeOfEncapsulatedDocument, made.DocumentTitle) == ("application/pdf", "Compte rendu de scanner")
    assert made.ConceptNameCodeSequence[0].CodeValue == "18748-4"
    assert made.EncapsulatedDocumentLength == len(PDF)
    assert ward.reports.document(done) == PDF
    asked = parse_qido([("SOPInstanceUID", done.row.sop_uid)], Level.INSTANCE)
    assert len(ward.house.archive.instances(asked, EVERYTHING)) == 1
    assert set(ward.reports.validated([ward.study, "std_" + "x" * 26])) == {ward.study}


def test_what_is_validated_is_not_changed_withdrawn_nor_validated_again(ward: Ward):
    done = ward.validated()
    with pytest.raises(NotADraft):
        ward.acts.change(done.row.id, Draft(text=Text("other")))
    with pytest.raises(NotADraft):
        ward.acts.withdraw(done.row.id)
    with pytest.raises(AlreadyValidated):
        ward.acts.validate(done.row.id, DOCTOR)


def test_a_draft_is_changed_and_keeps_its_uids(ward: Ward):
    draft = ward.written()
    changed = ward.acts.change(draft.row.id, Draft(title="Scanner", text=Text("Rien.", "", "fr")))
    assert (changed.row.sop_uid, changed.row.sayings.title) == (draft.row.sop_uid, "Scanner")
    assert ward.reports.draft(ward.reports.report(draft.row.id))[0].findings == "Rien."
    with pytest.raises(NotADraft):
        ward.acts.change(draft.row.id, Draft(document=PDF))


def test_an_addendum_and_a_version_name_what_they_follow(ward: Ward):
    original = ward.validated()
    addendum = ward.acts.validate(ward.adding(original).row.id, DOCTOR)
    made = ward.data_set(addendum)
    followed = made.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert followed.ReferencedSOPInstanceUID == original.row.sop_uid
    assert made.ConceptNameCodeSequence[0].CodeValue == "55107-7"
    version = ward.acts.validate(ward.adding(original, Relation.VERSION, document=PDF).row.id, DOCTOR)
    by_id = {one.row.id: one for one in ward.listed()}
    assert by_id[original.row.id].superseded_by == version.row.id
    assert by_id[addendum.row.id].follows == by_id[version.row.id].follows == original.row.id
    assert by_id[original.row.id].status is Status.VALIDATED


def test_what_follows_is_listed_before_what_it_follows_even_of_the_same_instant(ward: Ward):
    chain = [ward.validated()]
    for _ in range(5):
        chain.append(ward.acts.validate(ward.adding(chain[-1]).row.id, DOCTOR))
    assert [one.row.id for one in ward.listed()] == [one.row.id for one in reversed(chain)]


def test_the_newest_is_listed_first_within_one_second(ward: Ward):
    made = []
    for _ in range(5):
        made.append(ward.validated().row.id)
        ward.house.clock.advance(timedelta(milliseconds=7))
    assert [one.row.id for one in ward.listed()] == made[::-1]


def test_a_draft_version_supersedes_nothing(ward: Ward):
    original = ward.validated()
    ward.adding(original, Relation.VERSION)
    assert ward.reports.report(original.row.id).superseded_by == ""


def test_nothing_follows_a_draft_or_the_report_of_another_study(ward: Ward):
    draft = ward.written()
    with pytest.raises(NotFinal):
        ward.adding(draft)
    with pytest.raises(NotFinal):
        ward.written(relation=Relation.ADDENDUM, about="rep_" + "x" * 26)


def test_a_validation_that_a_full_disc_interrupts_is_finished_with_the_same_bytes(ward: Ward, monkeypatch):
    draft = ward.written()
    corrections = ward.acts._around.corrections

    def full(*_given):
        raise DiscFull

    monkeypatch.setattr(corrections, "add_instance", full)
    with pytest.raises(DiscFull):
        ward.acts.validate(draft.row.id, DOCTOR)
    at = ward.house.clock.now()
    waits = ward.reports.report(draft.row.id)
    assert (waits.row.state, waits.status) == (State.VALIDATING, Status.DRAFT)
    assert ward.acts.finish(at) == 0
    with pytest.raises(NotADraft):
        ward.acts.withdraw(draft.row.id)
    monkeypatch.undo()
    ward.house.device.store(slice_of(sop="1.2.3.4.6"))  # the clock goes on
    assert ward.acts.finish(ward.house.clock.now()) == 1
    done = ward.reports.report(draft.row.id)
    assert done.status is Status.VALIDATED
    assert done.row.validated_at == at
    assert ward.data_set(done).VerifyingObserverSequence[0].VerificationDateTime == f"{at:%Y%m%d%H%M%S}+0000"
    assert len(ward.told) == 1


def test_a_validation_that_stored_its_instance_stores_no_second_one(ward: Ward, monkeypatch):
    draft = ward.written()

    def dies(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(ward.acts, "_settle", dies)
    with pytest.raises(KeyboardInterrupt):
        ward.acts.validate(draft.row.id, DOCTOR)
    monkeypatch.undo()
    before = ward.house.archive.study(ward.study, EVERYTHING).instances
    assert ward.reports.report(draft.row.id).status is Status.DRAFT
    assert ward.acts.finish(ward.house.clock.now()) == 1
    assert ward.house.archive.study(ward.study, EVERYTHING).instances == before
    assert ward.house.archive.versions(ward.study, EVERYTHING) == []
    assert ward.reports.report(draft.row.id).status is Status.VALIDATED


def test_a_validation_that_the_job_finished_meanwhile_is_done_once(ward: Ward, monkeypatch):
    draft = ward.written()
    settle = ward.acts._settle

    def overtaken(row, was):
        monkeypatch.undo()
        assert ward.acts.finish(ward.house.clock.now()) == 1
        settle(row, was)

    monkeypatch.setattr(ward.acts, "_settle", overtaken)
    assert ward.acts.validate(draft.row.id, DOCTOR).status is Status.VALIDATED
    assert len(ward.told) == 1
    assert len(messages(ward)) == len(ward.results.kinds)


def test_a_report_is_written_for_the_patient_as_the_study_is_served_and_flags_no_mixture(ward: Ward):
    corrections = ward.acts._around.corrections
    patient = ward.house.archive.study(ward.study, EVERYTHING).patient_id
    corrections.correct_patient(patient, {"name": "DUPONT^JEANNE"}, By(DOCTOR.person_id, "typing-error"))
    done = ward.validated()
    assert str(ward.data_set(done).PatientName) == "DUPONT^JEANNE"
    row = ward.house.archive.rows(parse_qido([], Level.STUDY), EVERYTHING)[0]
    assert not row.mixed


def test_what_came_is_validated_beside_its_bytes_and_only_those_bytes(ward: Ward):
    ward.came(sent(PDF_CLASS, DocumentTitle="Lettre", EncapsulatedDocument=PDF, Modality="DOC"))
    (came,) = ward.listed()
    before = ward.bytes_of(came)
    assert came.status is Status.UNSAID
    done = ward.acts.validate(came.row.id, DOCTOR)
    assert done.status is Status.VALIDATED
    assert ward.bytes_of(done) == before
    other = sent(PDF_CLASS, DocumentTitle="Autre", EncapsulatedDocument=PDF, Modality="DOC")
    ward.came(other)
    version = ward.house.archive.versions(ward.study, EVERYTHING)[0]
    digest = ward.house.vault.open(version.position).digest_by("sha256").hex()
    ward.acts._around.corrections.choose_version(ward.study, other.SOPInstanceUID, digest, By(DOCTOR.person_id))
    (now,) = ward.listed()
    assert (now.status, now.row.sayings.title) == (Status.UNSAID, "Autre")
    assert ward.reports.validated([ward.study]) == {}


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (Draft(), ReportEmpty),
        (Draft(text=Text(" \n", "")), ReportEmpty),
        (Draft(text=Text("a" * 101)), ReportTooLarge),
        (Draft(text=Text("bell \x07")), BadReportText),
        (Draft(text=TEXT, title="a\\b"), BadReportText),
        (Draft(text=TEXT, title="t" * 65), ReportTooLarge),
        (Draft(document=b"MZ not a PDF %%EOF"), NotAPdf),
        (Draft(document=b"%PDF-1.4 cut short"), NotAPdf),
        (Draft(document=PDF + b" " * 1000), ReportTooLarge),
    ],
)
def test_what_cannot_be_a_report_is_refused_and_nothing_is_kept(house: House, draft, refusal):
    house.indexed(slice_of())
    ward = ward_of(house, (), Limits(document_bytes=1000, text_characters=100))
    with pytest.raises(refusal):
        ward.acts.write(ward.study, draft, TYPIST)
    assert ward.listed() == []


def test_a_study_has_so_many_drafts_and_no_more(house: House):
    house.indexed(slice_of())
    ward = ward_of(house, (), Limits(drafts=2))
    for _ in range(2):
        ward.written()
    with pytest.raises(TooManyDrafts):
        ward.written()


def test_an_encrypted_pdf_is_kept_as_it_is(ward: Ward):
    sealed = PDF.replace(b"/Catalog", b"/Catalog/Encrypt 9 0 R")
    assert ward.reports.document(ward.validated(document=sealed)) == sealed


# results


def test_validating_announces_with_the_numbers_of_the_order(ward: Ward):
    facts = OrderFacts(
        (StepFacts("CT", "20260102"),), Code("TDM", "LOC", "Scanner du thorax"), accession="A1", placer_number="P100",
        filler_number="F7",
    )  # fmt: skip
    patient = replace(someone(), identifier=Identifier("", "P1"), ins="161037511603256", ins_oid="1.2.3")
    ward.orders.place("per_x", CONTROLLER, patient, facts, what="form")
    done = ward.validated()
    said = messages(ward)
    oru, mdm = parse(said["oru.r01"][1]), parse(said["mdm.t02"][1])
    assert (oru.first("OBR").text(2), oru.first("OBR").text(3), oru.first("OBR").text(18)) == ("P100", "F7", "A1")
    assert oru.first("OBR").text(4, 2) == "Scanner du thorax"
    assert [one.text() for one in oru.first("PID").repetitions(3)] == ["P1", "161037511603256"]
    assert "Opacité de 18 mm." in "".join(one.text(5) for one in oru.all("OBX"))
    assert (mdm.kind, mdm.first("TXA").text(12)) == ("MDM^T02", done.row.id)
    assert ward.data_set(done).ReferencedRequestSequence[0].PlacerOrderNumberImagingServiceRequest == "P100"


@pytest.mark.parametrize(("relation", "event"), [(Relation.ADDENDUM, "T06"), (Relation.VERSION, "T10")])
def test_what_follows_is_announced_by_its_own_event(ward: Ward, relation, event):
    original = ward.validated()
    with ward.house.records.begin() as records:
        records.exec_driver_sql("DELETE FROM result_messages")
    ward.acts.validate(ward.adding(original, relation, document=PDF).row.id, DOCTOR)
    said = messages(ward)
    mdm = parse(said["mdm.t02"][1])
    assert (mdm.kind, mdm.first("EVN").text(1)) == (f"MDM^{event}", event)
    assert mdm.first("TXA").text(13) == original.row.id
    assert parse(said["oru.r01"][1]).first("OBR").text(25) == "C"


def test_a_study_whose_result_cannot_be_written_is_validated_all_the_same_and_told_of(house: House):
    house.indexed(slice_of(number=""))
    ward = ward_of(house, (ResultKind.ORU,))
    assert ward.validated().status is Status.VALIDATED
    (trouble,) = ward.results.troubles([CONTROLLER])
    assert (trouble.state, trouble.reason) == ("refused", "order.bad-field")
    assert ward.results.troubles(["ctl_" + "z" * 26]) == []


def test_a_refused_result_is_sent_again_as_the_study_is_served_now(ward: Ward):
    ward.validated()
    ward.results.send_due(ward.house.clock.now(), refused_by_a_taker)
    troubles = {one.kind: one for one in ward.results.troubles(None)}
    assert {(one.state, one.reason) for one in troubles.values()} == {("refused", "ae")}
    patient = ward.house.archive.study(ward.study, EVERYTHING).patient_id
    ward.acts._around.corrections.correct_patient(patient, {"name": "DUPONT^JEANNE"}, By(DOCTOR.person_id))
    fresh = ward.acts.send_again(troubles["oru.r01"])
    assert fresh != troubles["oru.r01"].id
    with ward.house.records.connect() as records:
        body, state = records.exec_driver_sql("SELECT body, state FROM result_messages WHERE id = ?", (fresh,)).one()
    assert (state, parse(body).first("PID").repetitions(5)[0].text(2)) == ("waiting", "JEANNE")
    assert [one.kind for one in ward.results.troubles(None)] == ["mdm.t02"]
    with pytest.raises(NoSuchResult):
        ward.results.trouble(troubles["oru.r01"].id, None)
    with pytest.raises(NoSuchReport):
        ward.acts.send_again(troubles["oru.r01"])


# erasing


def test_erasing_forgets_reports_drafts_and_what_results_held(ward: Ward):
    done, draft = ward.validated(), ward.written()
    with ward.house.records.begin() as records:
        store.forget_reports(records, ward.study, [done.row.sop_uid], whole=False)
    left = {one.row.id for one in ward.listed()}
    assert draft.row.id in left
    assert done.row.id not in left
    assert {(row[1], row[2]) for row in messages(ward).values()} == {(b"", "erased")}
    with ward.house.records.begin() as records:
        store.forget_reports(records, ward.study, [], whole=True)
        for table in ("reports", "report_contents", "report_results"):
            assert records.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0


def test_what_was_noted_while_it_was_erased_is_forgotten_with_it(ward: Ward):
    done, draft = ward.validated(), ward.written()
    with ward.house.records.begin() as records:
        store.forget_lost(records, ward.study, [done.row.sop_uid])
    assert {one.row.id for one in ward.listed()} == {done.row.id, draft.row.id}
    with ward.house.records.begin() as records:
        store.forget_lost(records, ward.study, [])
        kept = records.exec_driver_sql("SELECT id FROM reports").scalars().all()
    assert kept == [draft.row.id]


def test_a_host_that_takes_results_gets_the_report_over_a_line(ward: Ward):
    ward.validated(document=PDF)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        taking = threading.Thread(target=take, args=(server, heard, 2))
        taking.start()
        interface = Interface("127.0.0.1", server.getsockname()[1])
        assert ward.results.send_due(ward.house.clock.now(), interface.send) == 2
        taking.join()
    said = {parse(one).kind: parse(one) for one in heard}
    assert set(said) == {"ORU^R01", "MDM^T02"}
    carried = [one.text(5, 5) for one in said["ORU^R01"].all("OBX") if one.text(2) == "ED"]
    assert base64.b64decode(carried[0]) == PDF
    assert ward.results.troubles(None) == []


def take(server: socket.socket, heard: list[bytes], count: int) -> None:
    """Take messages as a host does, and acknowledge each."""
    for _ in range(count):
        line, _ = server.accept()
        with line:
            got = b""
            while not got.endswith(b"\x1c\r"):
                got += line.recv(65536)
            body = got.removeprefix(b"\x0b").removesuffix(b"\x1c\r")
            heard.append(body)
            line.sendall(framed(acknowledgement(head_of(body), "1", NOON)))


def test_erasing_a_study_leaves_nothing_of_its_reports(house: House):
    keeping = Keeping(house)
    ref = keeping.add(slice_of())
    ward = ward_of(house, (ResultKind.ORU,))
    prepare_commitments(house.records)
    prepare_confirmations(house.records)
    prepare_sendings(house.records)
    done = ward.validated()
    draft = ward.written()
    assert {one.row.id for one in ward.listed()} == {done.row.id, draft.row.id}
    proposed = keeping.retention.propose(ANNE, ref, Reason.WRONG_PATIENT)
    keeping.retention.approve(BRUNO, proposed.id)
    keeping.run()
    assert not keeping.listed(ref)
    assert ward.listed() == []
    with house.records.connect() as records:
        for table in ("reports", "report_contents", "report_results"):
            assert records.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
    assert {(row[1], row[2]) for row in messages(ward).values()} == {(b"", "erased")}
