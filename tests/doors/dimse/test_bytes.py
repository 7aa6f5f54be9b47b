"""What the door does with bytes that no honest sender sends, and with honest ones cut in odd places."""

import itertools
import socket
import struct
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from tests.descriptors import no_descriptor_left
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import (
    ABORT,
    RELEASE_RQ,
    associate,
    echo_command,
    element,
    encoded,
    instance,
    message,
    p_data,
    pdu,
    pdv,
    store_command,
)  # fmt: skip
from tests.doors.dimse.transcripts import TRANSCRIPTS, play

from primum.doors.dimse import Limits

DATA = encoded(instance())
BAD = [
    "4-gb",
    "longer-than-announced",
    "empty",
    "pdv-of-4-gb",
    "pdv-of-1",
    "pdv-beyond-its-pdu",
    "rest-of-a-pdu",
    "unknown-context",
    "data-before-command",
    "two-commands-interleaved",
    "contexts-interleaved",
    "commands-interleaved",
    "endless-command",
    "unknown-pdu",
    "associate-twice",
    "release-never-asked-for",
    "garbage-command",
    "command-without-id",
]
BEGUN = p_data(pdv(1, 3, store_command())) + p_data(pdv(1, 0, DATA[:50]))
USER, PROVIDER = 0, 2
QUICK = Limits(artim_seconds=1, idle_seconds=2, grace_seconds=1, tick_seconds=0.1, lease_seconds=0.2)


def abort(source, reason):
    return 7, bytes((0, 0, source, reason))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript(house, transcript):
    """Each file in tests/vectors/dimse says what is sent and what must come back."""
    with house.open(limits=QUICK) as port:
        with Caller(port) as caller:
            play(transcript, caller)
        with Caller(port) as caller:  # the door is alive, and open to the next one
            caller.associated(associate())


def test_an_instance_is_stored_as_it_was_sent_and_a_query_after_the_release_would_see_it(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), DATA, size=100))
        assert caller.status() == 0
        assert house.stored() == [DATA]
        caller.say(RELEASE_RQ)
        assert caller.hear() == (6, bytes(4))
        assert house.index.barriers == 1
    [hint] = house.index.hints
    assert (hint.facts.calling_aet, hint.facts.transfer_syntax_uid) == ("SCANNER", "1.2.840.10008.1.2.1")
    assert DATA.startswith(hint.header)


def cut(cuts, groups):
    """The command and the data set as PDUs of some PDVs each."""
    edges = [0, *sorted(cuts), len(DATA)]
    parts = [DATA[a:b] for a, b in itertools.pairwise(edges)]
    pdvs = [pdv(1, 3, store_command())] + [pdv(1, 2 * (at == len(parts) - 1), part) for at, part in enumerate(parts)]
    sizes = iter(groups)
    raw = b""
    while pdvs:
        take = next(sizes, 1)
        raw += p_data(*pdvs[:take])
        pdvs = pdvs[take:]
    return raw


def test_however_an_instance_is_cut_into_fragments_pdus_and_segments_it_is_the_same(house):
    stored = []

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.integers(0, len(DATA)), max_size=12), st.lists(st.integers(1, 4), max_size=6), st.integers(1, 64)
    )
    def check(cuts, groups, segments):
        raw = cut(cuts, groups)
        size = -(-len(raw) // segments)
        caller.say(*(raw[at : at + size] for at in range(0, len(raw), size)))
        assert caller.status() == 0
        stored.append(DATA)

    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        check()
    assert house.stored() == stored


def test_a_command_may_share_its_pdu_with_the_data_set(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command()), pdv(1, 0, DATA[:7]), pdv(1, 2, DATA[7:])))
        assert caller.status() == 0
    assert house.stored() == [DATA]


def test_two_instances_sent_without_waiting_are_answered_in_order(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        second = encoded(instance(2))
        caller.say(message(1, store_command(), DATA) + message(1, store_command("2.25.1000.2", message=2), second))
        assert [caller.response()[0x0120] for _ in range(2)] == [b"\1\0", b"\2\0"]
    assert house.stored() == [DATA, second]


def test_an_abort_amid_an_instance_keeps_what_was_acknowledged_and_nothing_of_the_rest(house):
    with house.open() as port:
        with Caller(port) as caller:
            caller.associated(associate())
            caller.say(message(1, store_command(), DATA))
            assert caller.status() == 0
            caller.say(p_data(pdv(1, 3, store_command("2.25.1000.2"))), p_data(pdv(1, 0, DATA[:100])), ABORT)
            assert caller.hear() is None
        assert house.stored() == [DATA]
    assert house.reasons("device:association:closed") == ["aborted"]


def test_an_abort_amid_a_fragment_is_part_of_the_fragment_until_it_is_full(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command())), p_data(pdv(1, 2, DATA))[:-50])
        caller.socket.shutdown(socket.SHUT_WR)
        assert caller.hear() is None
        assert house.stored() == []


@pytest.mark.parametrize(
    ("sent", "source", "reason"),
    [
        (struct.pack(">BxL", 4, 0xFFFFFFFF), PROVIDER, 6),
        (struct.pack(">BxL", 4, Limits().pdu_bytes + 7), PROVIDER, 6),
        (struct.pack(">BxL", 4, 0), PROVIDER, 6),
        (p_data(struct.pack(">LBB", 0xFFFFFFFF, 1, 3)), PROVIDER, 6),
        (p_data(struct.pack(">LBB", 1, 1, 3)), PROVIDER, 6),
        (p_data(struct.pack(">LBB", 100, 1, 3) + b"x" * 20), PROVIDER, 6),
        (p_data(pdv(1, 3, store_command())[:-1] + b"\0\0\0\0"), PROVIDER, 6),
        (p_data(pdv(9, 3, store_command())), PROVIDER, 5),
        (p_data(pdv(1, 2, DATA)), PROVIDER, 5),
        (BEGUN + p_data(pdv(1, 3, store_command())), PROVIDER, 5),
        (BEGUN + p_data(pdv(3, 2, DATA[50:])), PROVIDER, 5),
        (p_data(pdv(1, 1, store_command()[:20])) + p_data(pdv(3, 3, echo_command())), PROVIDER, 5),
        (p_data(pdv(1, 1, bytes(9000))) + p_data(pdv(1, 1, bytes(9000))), PROVIDER, 6),
        (pdu(9, b"what"), PROVIDER, 1),
        (associate(), PROVIDER, 2),
        (pdu(6, bytes(4)), PROVIDER, 2),
        (p_data(pdv(1, 3, b"not a command set")), USER, 0),
        (p_data(pdv(1, 3, element(0x0100, b"\1\0"))), USER, 0),
    ],
    ids=BAD,
)  # fmt: skip
def test_what_is_not_dicom_is_aborted_with_its_reason(house, sent, source, reason):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(sent)
        assert caller.hear() == abort(source, reason)
        caller.say(b"more" * 1000)
    assert house.stored() == []


@pytest.mark.parametrize(
    "first",
    [
        p_data(pdv(1, 3, echo_command())),
        struct.pack(">BxL", 1, 0xFFFFFFFF),
        pdu(1, b"short"),
        b"GET / HTTP/1.1\r\n\r\n",
        RELEASE_RQ,
    ],
    ids=["data", "4 GB", "short", "http", "release"],
)  # fmt: skip
def test_what_is_not_a_request_for_an_association_is_aborted(house, first):
    with house.open() as port, Caller(port) as caller:
        caller.say(first)
        assert caller.hear() == abort(USER, 0)


def test_a_caller_who_says_nothing_is_let_go_of_after_artim(house):
    with house.open(limits=QUICK) as port, Caller(port) as caller:
        assert caller.hear() is None


def test_a_caller_who_dribbles_its_request_is_let_go_of_after_artim(house):
    with house.open(limits=QUICK) as port, Caller(port) as caller:
        caller.say(associate()[:20])
        caller.say_until_hung_up(b"x", 5, pause=0.05)


@pytest.mark.parametrize(
    "drip", [p_data(pdv(1, 0, b"")), p_data(pdv(1, 0, b"x"))], ids=["empty fragments", "a byte each"]
)
def test_a_sender_below_the_floor_rate_is_cut(house, drip):
    """One byte a second must not hold a thread for ever, whatever it is wrapped in."""
    with house.open(limits=QUICK) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command())))
        begun = time.monotonic()
        caller.socket.settimeout(0.05)
        heard = None
        while heard is None and time.monotonic() - begun < 10:
            caller.say(drip)
            try:
                heard = caller.hear()
            except TimeoutError:
                continue
        assert heard == abort(USER, 0)
    assert house.reasons("device:association:closed") == ["too-slow"]


@pytest.mark.parametrize("length", [0, 1])
def test_an_item_shorter_than_its_own_headers_is_refused_whatever_the_floor_rate(house, length):
    """Its length counts the context and the control header (PS3.8 table 9-23)."""
    with house.open(limits=replace(QUICK, floor_rate=1)) as port, Caller(port) as caller:
        caller.associated(associate())
        short = struct.pack(">LBB", length, 1, 0)
        caller.say(p_data(pdv(1, 3, store_command())) + pdu(4, short) + p_data(pdv(1, 2, DATA)))
        assert caller.hear() == abort(PROVIDER, 6)  # invalid PDU parameter value


def test_silence_amid_a_pdu_is_cut(house):
    with house.open(limits=QUICK) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command())), p_data(pdv(1, 2, DATA))[:40])
        assert caller.hear() == abort(USER, 0)


def test_an_idle_association_is_aborted_and_had_given_its_packs_back(house):
    with house.open(limits=QUICK) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0
        assert caller.hear() == abort(USER, 0)


def test_empty_fragments_among_the_others_change_nothing(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        empty = p_data(pdv(1, 0, b""))
        caller.say(p_data(pdv(1, 1, b"")), p_data(pdv(1, 3, store_command())), empty, empty)
        caller.say(p_data(pdv(1, 0, DATA)), empty, p_data(pdv(1, 2, b"")))
        assert caller.status() == 0
    assert house.stored() == [DATA]


def test_an_operation_that_is_not_offered_is_answered_and_the_association_goes_on(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(field=0x0020), DATA))
        assert caller.status() == 0x0211
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0


def test_the_oldest_connection_that_has_said_nothing_makes_room_for_the_next(house):
    """Were the next one refused, a few silent connections would keep every modality out."""
    limits = Limits(half_open_per_address=2)
    with house.open(limits=limits) as port, Caller(port) as first, Caller(port) as second, Caller(port) as third:
        third.say(associate())
        assert third.hear()[0] == 2
        assert first.hear() is None
        second.say(associate())
        assert second.hear()[0] == 2
    assert house.reasons("stranger:association:refused") == ["dimse.crowded"]


def test_more_associations_than_the_limit_are_rejected_as_transient(house):
    with house.open(limits=Limits(associations_per_device=1)) as port, Caller(port) as first, Caller(port) as second:
        first.associated(associate())
        second.say(associate())
        assert second.hear() == (3, bytes((0, 2, 3, 1)))
    assert house.reasons("device:association:refused") == ["dimse.crowded"]


def test_a_caller_who_came_when_no_descriptor_was_left_is_served_once_there_is_one(house):
    """And the door does not spin meanwhile: the listener stays readable all the time."""
    with house.open() as port, socket.socket() as line:
        line.settimeout(20)
        with no_descriptor_left():
            line.connect(("127.0.0.1", port))
        line.sendall(associate())
        assert line.recv(1) == b"\x02"
