"""Questions in pieces: what was cut is put together, whoever else asks meanwhile; nothing grows beyond its bound."""

import pytest
from hypothesis import given, strategies as st

from primum.imaging import intake
from primum.imaging.intake import (
    MESSAGE_BYTES,
    QUESTION_BYTES,
    QUESTIONS,
    IntakeUnreadable,
    Piece,
    Pieces,
    decode,
    encode,
    pack_body,
    pieces,
    unpack_body,
)


@given(st.lists(st.integers(0, 3 * MESSAGE_BYTES), min_size=1, max_size=4), st.randoms())
def test_what_was_cut_is_put_together_in_any_interleaving(lengths, random):
    wholes = {number: bytes([number % 251]) * length for number, length in enumerate(lengths)}
    queues = [list(pieces(number, whole)) for number, whole in wholes.items()]
    gathered, found = Pieces(), {}
    while any(queues):
        piece = random.choice([one for one in queues if one]).pop(0)
        packet = encode(piece)
        assert len(packet) <= MESSAGE_BYTES
        whole = gathered.add(decode(packet))
        if whole is not None:
            found[piece.number] = whole
    assert found == wholes


def test_a_question_without_end_is_dropped_at_its_bound():
    gathered, part = Pieces(), bytes(MESSAGE_BYTES)
    for _ in range(QUESTION_BYTES // len(part)):
        assert gathered.add(Piece(1, more=True, part=part)) is None
    with pytest.raises(IntakeUnreadable):
        gathered.add(Piece(1, more=True, part=part))
    assert gathered.add(Piece(1, more=False, part=b"anew")) == b"anew"


def test_there_is_a_bound_on_how_many_begin():
    gathered = Pieces()
    for number in range(QUESTIONS):
        gathered.add(Piece(number, more=True, part=b""))
    with pytest.raises(IntakeUnreadable):
        gathered.add(Piece(QUESTIONS, more=True, part=b""))


def test_what_is_too_long_is_refused_before_it_is_sent(monkeypatch):
    monkeypatch.setattr(intake, "QUESTION_BYTES", 10)
    with pytest.raises(IntakeUnreadable):
        list(pieces(1, bytes(11)))


@given(st.dictionaries(st.text(), st.integers() | st.text()), st.binary())
def test_a_body_is_read_as_it_was_written(facts, data):
    assert unpack_body(pack_body(facts, data)) == (facts, data)


@pytest.mark.parametrize("body", [b"", b"\0\0\0\x01[", b"\0\0\0\x02[]", b"\xff\xff\xff\xff{}"])
def test_a_body_that_is_not_one_is_refused(body):
    with pytest.raises(IntakeUnreadable):
        unpack_body(body)


def test_no_piece_shows_what_it_holds():
    assert "canary" not in repr(Piece(1, more=False, part=b"canary"))
