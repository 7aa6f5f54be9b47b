"""A vantage looks at who asks, and at nobody else; both sides are proven, and strangers get nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest

from primum.exposure.mandates.errors import MandateNotSigned
from primum.exposure.mandates.folder import MandateFolder
from primum.exposure.mandates.making import Wish
from primum.exposure.mandates.signing import read_note
from primum.exposure.probe.gate import NotHeld, NotMandated
from primum.exposure.probe.plan import ControlPlan, Plan
from primum.exposure.vantage import asking
from primum.exposure.vantage.asking import ask_for_a_look, ask_where
from primum.exposure.vantage.invitations import InvitationRefused, Invitations, Ticket
from primum.exposure.vantage.limits import LIMITS, Limits
from primum.exposure.vantage.serving import NotOutside, NotYou, TooMuch, Vantage, certified, listen_at, require_fit
from primum.exposure.vantage.wire import ConversationEnded, Line, VantageRefused
from primum.ground.clock import SystemClock
from primum.identity.strangers import stranger_pem
from primum.vault.guards import Argon2Cost

HOME = "93.184.216.34"
NOW = datetime.now(UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def note(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A mandate for one public address, ports 104 and 443, of which 104 is held."""
    folder = MandateFolder.create(
        tmp_path_factory.mktemp("mandates"), name="Dre Ève Essai", passphrase="une phrase assez longue pour cela",
        clock=SystemClock(), cost=Argon2Cost(1, 1024, 1),
    )  # fmt: skip
    wish = Wish(
        networks=(ip_network(HOME),), ports=((104, 104), (443, 443)), held=((104, 104, "mapping"),),
        given_by="Dre Ève Essai", quality="controller", reason="essai",
    )  # fmt: skip
    given = folder.unlocked("une phrase assez longue pour cela").give(wish)
    return read_note(folder.path / "mandates" / f"{given.id}.mandate")


def _nobody(_address: object) -> bool:
    """No address asked about here is this machine's own."""
    return False


def _plan(note: str, **other: Any) -> Plan:
    plan = Plan(
        id="prb_" + "a" * 26, nonce="abcdefghij234567", expires_at=(NOW + timedelta(hours=1)).isoformat(),
        program="0", language="en", targets=(HOME,), ports=((104, 104),), mandates=(note,),
    )  # fmt: skip
    return dataclasses.replace(plan, **other)


def test_a_plan_for_the_address_that_asks_on_mandated_ports_is_followed(note: str) -> None:
    require_fit(_plan(note), HOME, LATER, own=_nobody)


@pytest.mark.parametrize(
    ("change", "address", "refusal"),
    [
        ({"targets": ("93.184.216.35",)}, HOME, NotYou),
        ({"targets": (HOME, "93.184.216.35")}, HOME, NotYou),
        ({"targets": ("93.184.216.0/24",)}, HOME, NotYou),
        ({"targets": (f"{HOME}:104",)}, HOME, NotYou),
        ({"controls": (ControlPlan("92.0.0.1", "0" * 64),)}, HOME, NotYou),
        ({}, "93.184.216.35", NotYou),
        ({"targets": ("192.168.1.20",)}, "192.168.1.20", NotOutside),
        ({"targets": ("127.0.0.1",)}, "127.0.0.1", NotOutside),
        ({"ports": ((443, 443),)}, HOME, NotHeld),
        ({"ports": ((22, 22),)}, HOME, NotMandated),
        ({"mandates": ()}, HOME, NotMandated),
    ],
)
def test_a_plan_that_asks_anything_else_is_refused(
    note: str, change: dict[str, Any], address: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        require_fit(_plan(note, **change), address, LATER, own=_nobody)


def test_a_mandate_that_was_changed_after_it_was_signed_allows_nothing(note: str) -> None:
    for changed in (note.replace("[443,443]", "[443,444]"), note.replace(HOME, "93.184.216.35")):
        assert changed != note
        with pytest.raises(MandateNotSigned):
            require_fit(_plan(changed), HOME, LATER, own=_nobody)


def test_a_look_asks_so_many_ports_and_no_more(note: str) -> None:
    with pytest.raises(TooMuch):
        require_fit(_plan(note), HOME, LATER, Limits(ports=0), own=_nobody)


@contextlib.contextmanager
def _serving(folder: Path, limits: Limits = LIMITS) -> Iterator[tuple[int, Ticket, list[Plan]]]:
    looked: list[Plan] = []
    context, certificate = certified(stranger_pem("vantage.probe.invalid", NOW))
    invitations = Invitations(folder / "vantage", limits)
    ticket = invitations.give("Dr Ami", 1, 4, NOW)
    listener = listen_at("127.0.0.1", 0)
    port = listener.getsockname()[1]

    def look(plan: Plan, _progress: object) -> str:
        looked.append(plan)
        return "{}"

    vantage = Vantage(listener, context, certificate, invitations, look, limits=limits)
    thread = threading.Thread(target=vantage.run)
    thread.start()
    try:
        yield port, ticket, looked
    finally:
        vantage.stop()
        thread.join()


def test_who_is_invited_learns_as_whom_they_are_seen_and_a_private_address_is_not_looked_at(
    tmp_path: Path, note: str
) -> None:
    with _serving(tmp_path) as (port, ticket, looked):
        assert ask_where("127.0.0.1", port, ticket) == "127.0.0.1"
        plan = _plan(note, targets=("127.0.0.1",))
        with pytest.raises(VantageRefused, match="no public address"):
            ask_for_a_look("127.0.0.1", port, ticket, plan, progress=lambda *_: None)
    assert looked == []


def test_who_is_not_invited_gets_nothing(tmp_path: Path) -> None:
    with _serving(tmp_path) as (port, ticket, looked):
        with pytest.raises(VantageRefused):
            ask_where("127.0.0.1", port, Ticket("inv_" + "b" * 26, ticket.secret))
        # a vantage that cannot prove that it gave the invitation is not believed either
        with pytest.raises(InvitationRefused):
            ask_where("127.0.0.1", port, Ticket(ticket.id, bytes(32)))
    assert looked == []


def test_somebody_between_who_shows_another_certificate_is_found_out(tmp_path: Path) -> None:
    """What goes through is proven over the certificate that each side sees: a relay's is another."""
    context, _ = certified(stranger_pem("between.probe.invalid", NOW))
    with _serving(tmp_path) as (port, ticket, looked), socket.create_server(("127.0.0.1", 0)) as between:
        relay = threading.Thread(target=_relay, args=(between, context, port))
        relay.start()
        with pytest.raises((InvitationRefused, ConversationEnded)):
            ask_where("127.0.0.1", between.getsockname()[1], ticket)
        relay.join()
    assert looked == []


def _relay(between: socket.socket, context: ssl.SSLContext, port: int) -> None:
    caller, _ = between.accept()
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    with (
        context.wrap_socket(caller, server_side=True) as near,
        socket.create_connection(("127.0.0.1", port), 5) as plain,
        anything.wrap_socket(plain) as far,
    ):
        far.sendall(near.recv(4096))
        near.sendall(far.recv(4096))


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\0" * 50, b"x" * 100_000])
def test_what_is_no_conversation_ends_and_leaves_room(tmp_path: Path, said: bytes) -> None:
    quick = dataclasses.replace(LIMITS, hello_seconds=0.3, callers=2)
    with _serving(tmp_path, quick) as (port, ticket, _):
        for _ in range(4):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as stranger:
                stranger.sendall(said)
        assert ask_where("127.0.0.1", port, ticket) == "127.0.0.1"


_BAD: list[dict[str, Any]] = [
    {"progress": ["sweep", 5, 1]}, {"progress": ["x", 0, 1]}, {"progress": [1]}, {"report": 5}, {},
    {"report": "x" * 99},
]  # fmt: skip


@pytest.mark.parametrize("told", _BAD)
def test_what_a_vantage_should_not_say_ends_the_conversation(told: dict[str, Any]) -> None:
    """Somebody who was given an invitation and turned bad says what they like: it is bounded, and read strictly."""
    near, far = socket.socketpair()
    with near, far:
        far.sendall(json.dumps(told).encode() + b"\n")
        far.shutdown(socket.SHUT_WR)
        line = Line.over(cast("ssl.SSLSocket", near), 5)
        with pytest.raises(ConversationEnded):
            asking.look(line, lambda *_: None, dataclasses.replace(LIMITS, answer_bytes=64))


def test_where_nothing_listens_it_is_said(tmp_path: Path) -> None:
    with _serving(tmp_path) as (port, ticket, _):
        pass
    with pytest.raises(Exception, match="does not answer"):
        ask_where("127.0.0.1", port, ticket)
