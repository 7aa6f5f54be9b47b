"""What leaves for one answer: the bytes that h11 makes, the head with the first piece of the body."""

import h11
import pytest
from hypothesis import given, strategies as st

from primum.doors.http.writes import _LONG, _Uncopied

REQUEST = b"%s / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def written(connection, method, headers, pieces):
    """Answer one request; give what is written each time."""
    connection.receive_data(REQUEST % method)
    while connection.next_event() is not h11.PAUSED and connection.their_state is not h11.DONE:
        pass
    events = [h11.Response(status_code=200, headers=headers), *(h11.Data(data=one) for one in pieces)]
    said = [connection.send(one) for one in [*events, h11.EndOfMessage()]]
    return [b"".join(one) if isinstance(one, list) else one for one in said]


def length(pieces):
    return [("content-length", str(sum(map(len, pieces))))]


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=4), st.booleans())
def test_the_bytes_are_those_of_h11(pieces, chunked):
    headers = [] if chunked else length(pieces)
    ours = written(_Uncopied(h11.SERVER), b"GET", headers, pieces)
    assert b"".join(ours) == b"".join(written(h11.Connection(h11.SERVER), b"GET", headers, pieces))


@pytest.mark.parametrize("piece", [b"short", b"l" * _LONG])
def test_the_head_leaves_with_the_first_piece(piece):
    head, first, end = written(_Uncopied(h11.SERVER), b"GET", length([piece]), [piece])
    assert (head, end) == (b"", b"")
    assert first.startswith(b"HTTP/1.1 200")
    assert first.endswith(piece)


def test_an_answer_without_a_body_leaves_too():
    assert b"".join(written(_Uncopied(h11.SERVER), b"HEAD", [("content-length", "5")], [b""])).endswith(b"\r\n\r\n")
    assert b"".join(written(_Uncopied(h11.SERVER), b"GET", [("content-length", "0")], [])).endswith(b"\r\n\r\n")


def test_the_second_answer_has_its_own_head():
    connection = _Uncopied(h11.SERVER)
    for body in (b"one", b"two"):
        assert b"".join(written(connection, b"GET", length([body]), [body])).count(b"HTTP/1.1 200") == 1
        connection.start_next_cycle()
