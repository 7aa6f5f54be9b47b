"""Results out: what is said of a report, sent until it is taken."""

import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.imaging.orders.kit import NOON, OURS, someone

from primum.ground.outbound import Interface, ResultNotTaken
from primum.imaging.orders import BadField, Code
from primum.imaging.orders.hl7.acks import acknowledgement, head_of
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.errors import FieldMissing, TooLarge
from primum.imaging.orders.hl7.mllp import framed
from primum.imaging.orders.hl7.reports import ReportFacts, ResultKind, ResultStatus, result_message
from primum.imaging.orders.results import Results

REPORT = ReportFacts(
    report_id="rep_1", controller_id=OURS,
    patient=someone(birth_name="Morin^Hélène", ins="161037511603256", ins_oid="1.2.250.1.213.1.4.8"),
    study_uid="1.2.3", accession="A1", procedure=Code("TDM", "LOC", "Scanner | thorax"), author="Kervella^Maël^^Dr",
    validated_at=NOON, placer_number="P100", filler_number="F1", referrer="Ocaña^Inès^^Dr",
    lines=("Pas d'anomalie.", "Conclusion : normal & stable."), document=b"%PDF-1.7",
)  # fmt: skip


def answered(body, refusal=None):
    return acknowledgement(head_of(body), "1", NOON, refusal)


def bare(message):
    return message.removeprefix(b"\x0b").removesuffix(b"\x1c\r")


def test_an_oru_says_who_what_and_the_report():
    said = parse(result_message(ResultKind.ORU, REPORT, "C1", NOON))
    pid, obr = said.first("PID"), said.first("OBR")
    assert [one.text() for one in pid.repetitions(3)] == ["P1", "161037511603256"]
    assert [(one.text(1), one.text(7)) for one in pid.repetitions(5)] == [("Lefèvre", "D"), ("Morin", "L")]
    assert (obr.text(2), obr.text(3), obr.text(18), obr.text(25)) == ("P100", "F1", "A1", "F")
    assert obr.text(4, 2) == "Scanner | thorax"
    assert obr.text(32, 1, 2) == "Kervella"
    values = [(one.text(2), one.text(5)) for one in said.all("OBX")]
    assert values == [
        ("HD", "1.2.3"), ("TX", "Pas d'anomalie."), ("TX", "Conclusion : normal & stable."), ("ED", "PRIMUM"),
    ]  # fmt: skip
    assert said.all("OBX")[-1].text(5, 5) == "JVBERi0xLjc="


def test_an_mdm_says_that_a_document_is_authenticated():
    corrected = replace(REPORT, status=ResultStatus.CORRECTED, replaces="rep_0")
    said = parse(result_message(ResultKind.MDM, corrected, "C1", NOON))
    assert said.kind == "MDM^T02"
    txa = said.first("TXA")
    assert (txa.text(12), txa.text(13), txa.text(17), txa.text(9, 2)) == ("rep_1", "rep_0", "LA", "Kervella")


@pytest.mark.parametrize("changes", [{"study_uid": "x"}, {"author": ""}, {"report_id": ""}])
def test_a_report_that_lacks_something_is_not_announced(kit, changes):
    with pytest.raises(BadField):
        Results(kit.orders).announce(replace(REPORT, **changes))
    assert Results(kit.orders).waiting() == 0


def test_a_document_beyond_the_bound_is_not_announced(kit):
    with pytest.raises(TooLarge):
        Results(kit.orders).announce(replace(REPORT, document=bytes(16 * 1024 * 1024 + 1)))


def test_it_is_queued_with_the_callers_transaction_or_not_at_all(kit):
    results = Results(kit.orders, (ResultKind.ORU, ResultKind.MDM))
    with kit.engine.connect() as connection:
        transaction = connection.begin()
        assert len(results.announce(REPORT, connection)) == 2
        transaction.rollback()
    assert results.waiting() == 0
    results.announce(REPORT)
    assert results.waiting() == 2


def test_what_is_taken_leaves_its_content_behind(kit):
    results = Results(kit.orders)
    results.announce(REPORT)
    assert results.send_due(kit.clock.now(), lambda message: answered(bare(message))) == 1
    assert results.waiting() == 0
    with kit.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT state, body FROM result_messages").one() == ("sent", b"")
    assert kit.facts[-1][0] == "result:sent"
    assert kit.facts[-1][3]["count"] == 1


def test_what_is_refused_is_not_sent_again_and_is_told(kit):
    results = Results(kit.orders)
    results.announce(REPORT)
    assert (
        results.send_due(kit.clock.now(), lambda message: answered(bare(message), FieldMissing(where="PID^1^3"))) == 0
    )
    assert results.waiting() == 0
    assert (kit.facts[-1][0], kit.facts[-1][3]["reason"]) == ("result:refused", "ae")


def silent(_message):
    raise ResultNotTaken(step="conversation")


def test_what_nobody_answers_is_tried_again_later_and_given_up_after_a_week(kit):
    results, now = Results(kit.orders), kit.clock.now()
    results.announce(REPORT)
    tried, waits = 0, []

    def never(message):
        nonlocal tried
        tried += 1
        silent(message)

    for minute in range(200):
        before = tried
        results.send_due(now + timedelta(minutes=minute), never)
        if tried > before:
            waits.append(minute)
    assert waits == [0, 1, 6, 21, 81, 141]
    results.send_due(now + timedelta(days=8), never)
    assert results.waiting() == 0
    assert kit.facts[-1][3]["reason"] == "outbound.result-not-taken"


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK", b"MSH|^~\\&|\rMSA|AA|another\r", b"MSH|^~\\&|\rMSA|ZZ|%b\r"]
)
def test_an_answer_to_something_else_is_no_answer(kit, answer):
    results = Results(kit.orders)
    (result_id,) = results.announce(REPORT)
    results.send_due(kit.clock.now(), lambda _message: answer.replace(b"%b", result_id[4:24].encode()))
    assert results.waiting() == 1


def test_a_real_line_carries_it(kit):
    results = Results(kit.orders)
    results.announce(REPORT)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            line, _ = server.accept()
            with line:
                got = b""
                while not got.endswith(b"\x1c\r"):
                    got += line.recv(4096)
                line.sendall(framed(answered(bare(got))))

        thread = threading.Thread(target=take)
        thread.start()
        interface = Interface("127.0.0.1", server.getsockname()[1])
        assert results.send_due(kit.clock.now(), interface.send) == 1
        thread.join()
    with pytest.raises(ResultNotTaken):
        interface.send(b"x")
