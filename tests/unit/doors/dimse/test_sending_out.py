"""What leaves: nothing opened beyond the window, every byte in order, no PDU longer than the peer takes."""

import socket
import struct
import threading

import pytest
from hypothesis import given, settings, strategies as st

from primum.doors.dimse.ahead import Ahead
from primum.doors.dimse.contexts import Accepted
from primum.doors.dimse.limits import Limits
from primum.doors.dimse.outflow import Outflow
from primum.doors.dimse.proposing import MOST, batches, choices
from primum.doors.dimse.stopping import Stop
from primum.doors.dimse.wire import Wire
from primum.imaging import InstanceEntry
from primum.vault import Position

CT, MR, EXPLICIT, IMPLICIT, JPEG = (
    "1.2.3",
    "1.2.4",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.4.70",
)


def entry(sop_class=CT, syntax=EXPLICIT, number=1):
    return InstanceEntry(Position("a" * 26, "b" * 26, 0, 1), "1", "1", f"1.{number}", sop_class, syntax, 0, 0)


def sent(pieces, peer_length):
    """What arrives when these pieces are sent to a peer that takes PDUs of this length."""
    here, there = socket.socketpair()
    came = bytearray()

    def read():
        while part := there.recv(65536):
            came.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    Outflow(Wire(here, Limits(), Stop()), peer_length, Limits()).message(5, b"command", pieces)
    here.close()
    reader.join()
    there.close()
    return bytes(came)


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=700), max_size=6), st.sampled_from([128, 200, 1000, 0]))
def test_fragments_make_up_the_data_set_and_fit_the_peer(pieces, peer_length):
    raw, at, data, lasts, commands = sent(iter(pieces), peer_length), 0, b"", [], b""
    while at < len(raw):
        kind, length, item, context, control = struct.unpack_from(">BxLLBB", raw, at)
        assert (kind, context, item + 4) == (4, 5, length)
        assert not peer_length or length <= peer_length
        body = raw[at + 12 : at + 6 + length]
        if control & 1:
            commands += body
        else:
            data += body
            lasts.append(control)
        at += 6 + length
    assert (commands, data) == (b"command", b"".join(pieces))
    assert lasts[-1] == 2
    assert not any(lasts[:-1])


def test_no_more_is_opened_than_the_window_holds():
    opened = 0

    def pieces():
        nonlocal opened
        for _ in range(100):
            opened += 1
            yield bytes(10)

    with Ahead([pieces, pieces], 50) as ahead:
        for at, _ in enumerate(ahead.next(), 1):
            assert opened <= at + 6
        assert sum(map(len, ahead.next())) == 1000


def test_an_instance_that_cannot_be_opened_is_raised_where_it_is_due_and_the_next_one_comes():
    def broken():
        yield b"a"
        raise OSError("gone")

    with Ahead([broken, lambda: [b"b"]], 100) as ahead:
        first = ahead.next()
        assert next(first) == b"a"
        with pytest.raises(OSError, match="gone"):
            next(first)
        assert list(ahead.next()) == [b"b"]


def test_who_stops_reading_leaves_no_thread_behind():
    before = set(threading.enumerate())
    with Ahead([lambda: (bytes(10) for _ in range(1000))], 20) as ahead:
        next(ahead.next())
    assert not set(threading.enumerate()) - before


def test_each_stored_syntax_is_proposed_alone_and_an_uncompressed_one_besides():
    [batch] = batches([entry(), entry(syntax=JPEG), entry(MR)])
    assert [(one.id, one.abstract_syntax, one.transfer_syntaxes) for one in batch.contexts] == [
        (1, CT, (EXPLICIT,)), (3, CT, (JPEG,)), (5, CT, (EXPLICIT, IMPLICIT)),
        (7, MR, (EXPLICIT,)), (9, MR, (EXPLICIT, IMPLICIT)),
    ]  # fmt: skip
    assert batch.places == (0, 1, 2)


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 3)), min_size=1, max_size=400))
def test_no_association_has_more_contexts_than_there_are_and_every_instance_goes_once(kinds):
    entries = [entry(f"1.2.{one}", f"{EXPLICIT}.{two}", n) for n, (one, two) in enumerate(kinds)]
    found = batches(entries)
    assert sorted(place for one in found for place in one.places) == list(range(len(entries)))
    for batch in found:
        assert len(batch.contexts) <= MOST
        assert [one.id for one in batch.contexts] == list(range(1, 2 * len(batch.contexts), 2))
        offered = {(one.abstract_syntax, syntax) for one in batch.contexts for syntax in one.transfer_syntaxes}
        assert {(entries[at].sop_class_uid, entries[at].transfer_syntax) for at in batch.places} <= offered


def test_an_instance_goes_as_it_is_stored_if_it_may_else_converted_else_not():
    contexts = {one.id: one for one in (Accepted(1, CT, JPEG, True), Accepted(3, CT, IMPLICIT, True))}
    can = {(EXPLICIT, IMPLICIT)}
    found = choices(
        [entry(syntax=JPEG), entry(), entry(syntax="1.2.840.10008.1.2.4.90"), entry(MR)],
        contexts,
        lambda one, syntax: (one.transfer_syntax, syntax) in can,
    )
    assert [one.id if one else None for one in found] == [1, 3, None, None]
