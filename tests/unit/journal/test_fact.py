import json

import pytest
from hypothesis import given, strategies as st
from tests.unit.journal.scene import DEVICE, HOME, PERSON, SESSION, STUDY, VIEWED

from primum.journal import Fact, FactRefused, Kind
from primum.journal.fact import encode

CANARY = "ZZCANARY^Éloïse"


def read(fact: Fact) -> dict:
    return json.loads("{" + encode(fact))


def test_a_fact_is_written_with_its_details_sorted():
    fact = Fact(Kind.STUDY_STORED, DEVICE, STUDY, {"instances": 2, "bytes": 9})
    assert encode(fact) == (
        f'"kind":"device:study:stored","actor":"{DEVICE}","subject":"{STUDY}","details":{{"bytes":9,"instances":2}}}}'
    )


@pytest.mark.parametrize(
    "fact",
    [
        Fact(Kind.STUDY_VIEWED, PERSON, STUDY, {"patient": CANARY}),
        Fact(Kind.STUDY_VIEWED, PERSON, STUDY, {CANARY: 1}),
        Fact(Kind.STUDY_VIEWED, PERSON, STUDY, {"session": CANARY}),
        Fact(Kind.STUDY_VIEWED, PERSON, CANARY),
        Fact(Kind.STUDY_VIEWED, PERSON, "1.2.826.0.1.3680043.8.498.1"),
        Fact(Kind.STUDY_VIEWED, CANARY, STUDY),
        Fact(Kind.STUDY_VIEWED, "", STUDY),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"found": CANARY}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"found": -1}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"found": True}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"found": 2**60}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"level": CANARY}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"level": "a b"}),
        Fact(Kind.LIST_SEARCHED, PERSON, "", {"level": "a" * 65}),
        Fact(Kind.DEVICE_ADDED, PERSON, DEVICE, {"fingerprint": "abc"}),
        Fact(Kind.DEVICE_ADDED, PERSON, DEVICE, {"services": "store, find"}),
        Fact(Kind.GRANT_PROPOSED, PERSON, PERSON, {"due_at": "tomorrow"}),
    ],
)
def test_what_the_vocabulary_does_not_allow_is_refused_and_never_repeated(fact):
    with pytest.raises(FactRefused) as refused:
        encode(fact)
    assert "CANARY" not in f"{refused.value} {refused.value.facts} {refused.value.way_out()}"
    assert "1.2.826" not in str(refused.value)


def test_a_hostile_title_is_recorded_escaped_and_cut():
    fact = Fact(Kind.ASSOCIATION_REFUSED, "stranger", "", {"calling_aet": 'A"\n\x00é\\' + "x" * 200})
    title = read(fact)["details"]["calling_aet"]
    assert title.startswith('A"\\n\\x00\\xe9\\\\xxx')
    assert len(title) == 64


@given(st.text(min_size=1, max_size=300))
def test_whatever_a_caller_says_of_itself_is_one_line_of_printable_ascii(said):
    text = encode(Fact(Kind.ASSOCIATION_OPENED, "stranger", "", {"address": said, "calling_aet": said}))
    assert text.isascii()
    assert text.isprintable()
    value = json.loads("{" + text)["details"]["address"]
    assert len(value) <= 64
    assert value.isascii()
    assert value.isprintable()


def test_an_empty_detail_is_left_out():
    assert read(Fact(Kind.PERSON_ADDED, PERSON, PERSON, {"roles": "", "controller": ""}))["details"] == {}


@given(st.text(max_size=40), st.one_of(st.text(max_size=100), st.integers(), st.booleans()))
def test_every_detail_is_either_in_its_shape_or_refused(key, value):
    for kind in (Kind.GRANT_PROPOSED, Kind.ASSOCIATION_CLOSED):
        try:
            text = encode(Fact(kind, PERSON, HOME, {key: value}))
        except FactRefused:
            continue
        assert key in kind.value.details
        assert text.isascii()


def test_the_longest_fact_of_each_kind_fits_a_line():
    from primum.journal.limits import LIMITS
    from primum.journal.shapes import Shape
    from primum.journal.vocabulary import DETAILS

    longest = {
        Shape.ID: SESSION, Shape.COUNT: 2**53 - 1, Shape.WORD: "w" * 64, Shape.WORDS: ",".join(["w" * 64] * 16),
        Shape.HASH: "0" * 64, Shape.INSTANT: "2026-10-02T08:15:00.000Z", Shape.ADDRESS: "é" * 64,
        Shape.TITLE: "\x00" * 64, Shape.VALUE: "\\" * 80,
    }  # fmt: skip
    for kind in Kind:
        fact = Fact(kind, PERSON, STUDY, {key: longest[DETAILS[key]] for key in kind.value.details})
        assert len(encode(fact)) < LIMITS.body - 64


def test_a_view_names_ids_only():
    assert read(VIEWED) == {
        "kind": "person:study:viewed", "actor": PERSON, "subject": STUDY, "details": {"session": SESSION},
    }  # fmt: skip
