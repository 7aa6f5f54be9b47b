"""ER7 within bounds; characters right or refused."""

import contextlib

import pytest
from hypothesis import example, given, strategies as st
from tests.unit.imaging.orders.hl7.corpus import message, orm
from tests.unit.imaging.orders.kit import NOON

from primum.ground.errors import PrimumError
from primum.imaging.orders.hl7.acks import acknowledgement, head_of
from primum.imaging.orders.hl7.er7 import Delimiters, escape, parse, unescape
from primum.imaging.orders.hl7.errors import Hl7Refusal, NotHl7, TooLarge, UnknownCharset, WrongCharset
from primum.imaging.orders.hl7.limits import Limits
from primum.imaging.orders.hl7.messages import read


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "8859/1", "8859/15"])
def test_each_character_set_is_read_as_what_it_is(charset):
    parsed = parse(message(charset=charset))
    assert parsed.first("PID").text(5) == "Lefèvre"


def test_the_ligature_and_the_euro_are_in_latin_9_only():
    parsed = parse(message(segments=("PID|1||1||Lœuillet^Anaïs",), charset="8859/15"))
    assert parsed.first("PID").text(5) == "Lœuillet"


@pytest.mark.parametrize(
    ("declared", "sent"),
    [("UNICODE UTF-8", "latin-1"), ("", "utf-8"), ("ASCII", "latin-1"), ("8859/1", "cp1252")],
)
def test_bytes_of_another_character_set_are_refused(declared, sent):
    segments = ("PID|1||1||Lœuillet\u2019Hélène" if sent == "cp1252" else "PID|1||1||Hélène",)
    with pytest.raises(WrongCharset):
        parse(message(segments=segments, charset=declared, codec=sent))


@pytest.mark.parametrize("declared", ["8859/2", "UNICODE UTF-16", "UNICODE", "8859/1~8859/15", "ISO IR87", "latin1"])
def test_a_character_set_that_we_do_not_read_is_refused(declared):
    with pytest.raises(UnknownCharset):
        parse(message(charset=declared, codec="latin-1"))


def test_other_delimiters_are_read():
    raw = b"MSH#*+!%#A#B#C#D#20260302##ADT*A08#7#P#2.5\rPID#1##4711***HOP%1.2%ISO*PI+9##Dur!S!and*Zo\r"
    pid = parse(raw).first("PID")
    assert [one.text() for one in pid.repetitions(3)] == ["4711", "9"]
    assert pid.text(3, 4, 2) == "1.2"
    assert pid.text(5) == "Dur*and"


@pytest.mark.parametrize(
    "raw", [b"", b"\r", b"PID|1", b"MSH", b"MSH|^~\\", b"MSH|^^^^|", b"MSH|^~\\&|\rpid|1", b"MSHAAAAA|"]
)
def test_what_is_not_er7_is_refused(raw):
    with pytest.raises(NotHl7):
        parse(raw)


@pytest.mark.parametrize(
    ("limits", "segments"),
    [
        (Limits(segments=3), ("NTE|1",) * 5), (Limits(fields=5), ("NTE" + "|1" * 9,)),
        (Limits(field_bytes=9), ("NTE|" + "x" * 10,)), (Limits(message_bytes=50), ("NTE|1",)),
    ],
)  # fmt: skip
def test_bounds_hold(limits, segments):
    with pytest.raises(TooLarge):
        parse(message(segments=segments), limits)


def test_bounds_hold_inside_a_field():
    many = parse(message(segments=("NTE|" + "~" * 200, "ZZZ|" + "^" * 200)))
    with pytest.raises(TooLarge):
        many.first("NTE").repetitions(1)
    with pytest.raises(TooLarge):
        many.first("ZZZ").text(1)


@given(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=40))
def test_what_is_escaped_is_read_back(text):
    assert unescape(escape(text), Delimiters()) == text


@pytest.mark.parametrize("text", ["a\\b", "\\Z9\\", "\\X0\\", "\\XFF\\", "\\C2842\\", "\\"])
def test_an_escape_that_we_do_not_read_is_refused(text):
    with pytest.raises(NotHl7):
        unescape(text, Delimiters())


@given(st.binary(max_size=400))
@example(b"MSH|^~\\&|a\rPID|\xff")
@example(b"MSH|^~\\&" + b"|" * 600)
def test_no_bytes_do_more_than_be_refused_and_answered(raw):
    refusal = None
    try:
        read(parse(raw), raw)
    except Hl7Refusal as found:
        refusal = found
    assert acknowledgement(head_of(raw), "1", NOON, refusal).startswith(b"MSH|^~\\&|PRIMUM|")


@given(st.data())
def test_a_message_that_is_damaged_anywhere_is_understood_or_refused(data):
    raw = bytearray(orm())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PrimumError):
        read(parse(bytes(raw)), bytes(raw))
