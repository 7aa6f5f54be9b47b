"""What the messages mean; the French profile."""

import pytest
from tests.unit.imaging.orders.hl7.corpus import PID_FR, PID_PROV, a40, message, omi, orm
from tests.unit.imaging.orders.kit import NOON

from primum.imaging.orders import Code, Identifier, NoSuchOrder
from primum.imaging.orders.hl7.acks import acknowledgement, head_of
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.errors import (
    FieldBad,
    FieldMissing,
    NotHl7,
    UnknownControl,
    UnknownType,
    UnknownVersion,
    WrongCharset,
)
from primum.imaging.orders.hl7.messages import read
from primum.imaging.orders.told import Act, told_from


def understood(raw):
    return read(parse(raw), raw)


def test_a_french_patient():
    patient = understood(message()).patient
    assert patient.identifier == Identifier("HOP", "4711")
    assert (patient.name, patient.birth_name) == ("Lefèvre^Hélène^Anne Marie", "Morin^Hélène^Hélène Anne")
    assert (patient.birth_date, patient.sex) == ("19610314", "F")
    assert (patient.ins, patient.ins_oid) == ("161037511603256", "1.2.250.1.213.1.4.8")
    assert patient.others == (Identifier("CHU", "77"),)


def test_an_ins_without_a_qualified_identity_is_set_aside():
    told = understood(message(segments=(PID_PROV,)))
    assert (told.patient.ins, told.unqualified) == ("", True)


def test_an_ins_alone_is_not_a_number_of_the_practice():
    with pytest.raises(FieldMissing, match="PID"):
        understood(message(segments=("PID|1||1^^^INS&1.2.250.1.213.1.4.8&ISO^INS||A^B||19610314|F",)))


def test_an_order_as_an_ihe_order_filler_sends_it():
    (act,) = understood(orm()).acts
    facts, (step,) = act.facts, act.facts.steps
    assert (act.act, act.placer_number, act.filler_number) == (Act.PLACE, "P100", "F1")
    assert (facts.accession, facts.procedure_id, facts.study_uid) == ("A77", "RP1", "1.2.826.0.1.99")
    assert facts.procedure == Code("TDMTX", "LOC", "Scanner thoracique")
    assert (facts.referrer, facts.asker) == ("Ocaña^Inès^^Dr", "Hutin^Côme")
    assert (facts.priority, facts.reason, facts.visit) == ("STAT", "Toux fièvre", "V55")
    assert (step.modality, step.start, step.number) == ("CT", "202603031030", "SPS9")
    assert step.protocol == Code("PROT1", "99P", "Thorax fin")


def test_an_imaging_order_has_a_step_for_each_ipc():
    (act,) = understood(omi()).acts
    assert [one.number for one in act.facts.steps] == ["SPS88", "SPS89"]
    step = act.facts.steps[0]
    assert (step.modality, step.station_aet, step.location) == ("MR", "MR1", "SALLE1")
    assert (act.facts.accession, act.facts.study_uid) == ("A88", "1.2.826.0.1.88")


def test_an_hour_with_an_offset_is_brought_to_ours():
    from datetime import datetime

    (act,) = understood(omi()).acts
    ours = datetime.fromisoformat("2026-03-04T08:15:00+01:00").astimezone()
    assert act.facts.steps[0].start == f"{ours:%Y%m%d%H%M}"


def test_a_merge_names_both_numbers():
    told = understood(a40())
    assert (told.patient.identifier, told.prior) == (Identifier("HOP", "4711"), Identifier("HOP", "4710"))


@pytest.mark.parametrize(
    ("control", "status", "act"),
    [
        ("XO", "", Act.CHANGE), ("RP", "", Act.CHANGE), ("XX", "", Act.CHANGE), ("CA", "", Act.CANCEL),
        ("DC", "", Act.CANCEL),
        ("SC", "CA", Act.CANCEL), ("SC", "CM", Act.COMPLETE), ("SC", "IP", Act.NOTHING),
    ],
)  # fmt: skip
def test_order_controls(control, status, act):
    assert understood(orm(control, status=status)).acts[0].act is act


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (message("ADT^A03"), UnknownType), (message("ORU^R01"), UnknownType), (message(""), UnknownType),
        (message(version="3.0"), UnknownVersion), (message(control_id=""), FieldMissing),
        (message(segments=()), FieldMissing), (message(segments=(PID_FR, PID_FR)), NotHl7),
        (message(segments=(PID_FR.replace("19610314", ""),)), FieldMissing),
        (message(segments=(PID_FR.replace("19610314", "1961"),)), FieldBad),
        (message(segments=(PID_FR.replace("19610314", "19610231"),)), FieldBad),
        (message(segments=(PID_FR.replace("|F|", "|X|"),)), FieldBad),
        (message(segments=(PID_FR.replace("Lefèvre", "Le\\S\\fèvre"),)), FieldBad),
        (orm(control="OK"), UnknownControl), (orm(start=""), FieldMissing), (orm(start="demain"), FieldBad),
        (orm(accession="A" * 17), FieldBad), (message("ORM^O01"), FieldMissing),
        (message("ADT^A40", (PID_FR,)), FieldMissing), (orm(placer="").replace(b"|F1|", b"||"), FieldMissing),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_its_place(raw, refusal):
    with pytest.raises(refusal) as found:
        understood(raw)
    assert refusal is NotHl7 or found.value.where


def test_a_refusal_holds_nothing_of_the_patient():
    with pytest.raises(FieldBad) as found:
        understood(message(segments=(PID_FR.replace("19610314", "19610231"),)))
    told = acknowledgement(head_of(message()), "9", NOON, found.value).decode()
    assert not any(word in told for word in ("Lef", "4711", "1961"))
    assert "MSA|AE|M1" in told
    assert "PID^1^7|102^Data type error^HL70357|E|hl7.field-bad" in told


def test_an_acknowledgement_goes_back_to_its_sender_in_its_character_set():
    segments = acknowledgement(head_of(message(charset="8859/15")), "9", NOON).decode("iso8859-15").split("\r")
    head = segments[0].split("|")
    assert (head[2], head[4], head[5], head[8], head[11], head[17]) == (
        "PRIMUM",
        "RIS",
        "HOP",
        "ACK^A08",
        "2.5",
        "8859/15",
    )
    assert segments[1] == "MSA|AA|M1"


@pytest.mark.parametrize(("refusal", "code"), [(WrongCharset(where="MSH^1^18"), "AR"), (NoSuchOrder(), "AE")])
def test_what_may_not_help_to_send_again_is_told_apart(refusal, code):
    assert f"MSA|{code}|M1" in acknowledgement(head_of(message()), "9", NOON, refusal).decode()


@pytest.mark.parametrize("raw", [message(), orm(), omi(), a40()])
def test_what_was_understood_survives_the_way_to_the_worker(raw):
    import json

    told = understood(raw)
    assert told_from(json.loads(json.dumps(told.to_json()))) == told
