"""The vantage itself: who is invited asks for a look at the address that they ask from, and nowhere else.

Its certificate is made at each start and kept nowhere: the invitation proves both sides. It connects to the address
that asked alone, on ports of a mandate that it was shown and whose signature it verified, one look at a time, under a
quota.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from hmac import compare_digest
from ipaddress import ip_address
from typing import Any, ClassVar

from primum.exposure.mandates.signing import verified
from primum.exposure.probe.gate import Address, Gate, Mandate
from primum.exposure.probe.limits import LIMITS as PROBE_LIMITS
from primum.exposure.probe.own import is_own
from primum.exposure.probe.plan import Plan, read_plan
from primum.exposure.probe.targets import read_targets
from primum.exposure.vantage.invitations import Invitation, InvitationRefused, Invitations
from primum.exposure.vantage.limits import LIMITS, Limits
from primum.exposure.vantage.wire import ConversationEnded, Greeting, Line, fingerprint, text_of
from primum.ground.errors import PrimumError
from primum.ground.lobby import Lobby, Seat, hang_up
from primum.ground.log import Log
from primum.identity.tls import in_memory

_log = Log("vantage")
Look = Callable[[Plan, Callable[[str, int, int], None]], str]
"""Follows a plan, tells its progress, returns the report's text."""
Tell = Callable[[str], None]
"""Told in one line who was looked at."""


class NotYou(PrimumError):
    """A vantage looks at the address that asks it, {seen_as}, and at no other."""

    code: ClassVar[str] = "vantage.not-you"
    hint: ClassVar[str] = "ask from behind the very connection that is to be looked at"


class NotOutside(PrimumError):
    """{seen_as} is no public address: from here you are not seen from outside."""

    code: ClassVar[str] = "vantage.not-outside"


class TooMuch(PrimumError):
    """{count} ports are more than one look asks ({most})."""

    code: ClassVar[str] = "vantage.too-many-ports"


class Busy(PrimumError):
    """The vantage is looking at somebody else."""

    code: ClassVar[str] = "vantage.busy"
    hint: ClassVar[str] = "ask again in a quarter of an hour"


def listen_at(address: str, port: int) -> socket.socket:
    """Listen, on every address where none is named. Raises OSError."""
    if address:
        return socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def certified(pem: bytes) -> tuple[ssl.SSLContext, bytes]:
    """Return a context that shows this key's certificate, which is of this start alone, and the certificate (DER)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    with in_memory(pem) as path:
        context.load_cert_chain(path)
    begin = pem.index(b"-----BEGIN CERTIFICATE-----")
    return context, ssl.PEM_cert_to_DER_cert(pem[begin:].decode("ascii"))


class Vantage:
    """Serves one listener, in the thread that calls `run`."""

    def __init__(
        self,
        listener: socket.socket,
        context: ssl.SSLContext,
        certificate: bytes,
        invitations: Invitations,
        look: Look,
        *,
        limits: Limits = LIMITS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Tell = lambda _line: None,
    ) -> None:
        """`certificate`: DER of what `context` shows."""
        self._listener, self._context, self._fingerprint = listener, context, fingerprint(certificate)
        self._invitations, self._look, self._limits, self._now = invitations, look, limits, now
        self._tell = tell
        self._lobby = Lobby(limits.callers, limits.callers_of_one)
        self._looking = threading.BoundedSemaphore(limits.runs_at_once)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve until `stop`."""
        self._listener.settimeout(0.2)
        with self._listener:
            while not self._stopped.is_set():
                try:
                    connection, name = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    self._stopped.wait(1)
                    continue
                self._welcome(connection, str(name[0]))

    def stop(self) -> None:
        """End `run`."""
        self._stopped.set()

    def _welcome(self, connection: socket.socket, name: str) -> None:
        address = plain_address(name)
        seat, gone = self._lobby.enter(address, lambda: hang_up(connection))
        if gone is not None:
            gone.clear()
        threading.Thread(target=self._attend, args=(connection, address, seat), daemon=True).start()

    def _attend(self, connection: socket.socket, address: str, seat: Seat) -> None:
        try:
            connection.settimeout(self._limits.hello_seconds)
            with self._context.wrap_socket(connection, server_side=True) as secured:
                self._converse(Line.over(secured, self._limits.hello_seconds), address, seat)
        except (OSError, ConversationEnded):
            pass  # whoever it was has gone
        except Exception as error:  # noqa: BLE001 (a fault of ours ends one conversation)
            _log.failure("conversation.failed", error)
        finally:
            seat.leave()
            with contextlib.suppress(OSError):
                connection.close()

    def _converse(self, line: Line, address: str, seat: Seat) -> None:
        try:
            invitation, plan = self._greeted(line, address)
            seat.leave()
            report = self._looked(line, invitation, plan, address)
        except ConversationEnded:
            raise
        except PrimumError as refused:
            line.send(error=str(refused), hint=refused.way_out(), code=refused.code)
            return
        line.send(report=report)

    def _greeted(self, line: Line, address: str) -> tuple[Invitation, Plan]:
        told = line.receive(4096)
        invitation = self._invitations.find(text_of(told, "invitation"), self._now())
        greeting = Greeting(self._fingerprint, text_of(told, "nonce", 64), secrets.token_hex(16), address)
        ticket = invitation.ticket()
        line.send(nonce=greeting.ours, seen_as=address, mac=greeting.mac(ticket, "vantage"))
        asked = line.receive(self._limits.line_bytes)
        if not compare_digest(greeting.mac(ticket, "caller").encode(), text_of(asked, "mac").encode()):
            raise InvitationRefused
        return invitation, read_plan(text_of(asked, "plan", self._limits.line_bytes).encode("ascii", "replace"))

    def _looked(self, line: Line, invitation: Invitation, plan: Plan, address: str) -> str:
        require_fit(plan, address, self._now(), self._limits)
        if not self._looking.acquire(blocking=False):
            raise Busy
        try:
            self._invitations.take(invitation.id, self._now())
            line.deadline += self._limits.run_seconds
            self._tell(f"{invitation.id}: looks at {address}, mandates {', '.join(_ids(plan))}")

            def progress(stage: str, done: int, whole: int) -> None:
                line.send(progress=[stage, done, whole])

            return self._look(plan, progress)
        finally:
            self._looking.release()


def _ids(plan: Plan) -> list[str]:
    return [verified(one).id for one in plan.mandates]


def require_fit(
    plan: Plan, address: str, now: datetime, limits: Limits = LIMITS, *, own: Callable[[Address], bool] = is_own
) -> None:
    """Refuse a plan that asks anything but the address that shows it, on ports of mandates that are truly signed.

    Raises NotYou, NotOutside, TooMuch, and what mandates and targets are refused with; nothing has been sent by then.
    """
    parsed = ip_address(address)
    if plan.targets != (str(parsed),) or plan.controls:
        raise NotYou(seen_as=address)
    if not parsed.is_global or own(parsed):
        raise NotOutside(seen_as=address)
    mandates: Iterable[Mandate] = [verified(one) for one in plan.mandates]
    gate = Gate(is_own=lambda _: False, mandates=mandates, now=lambda: now)
    targets = read_targets(plan.targets, gate=gate, limits=PROBE_LIMITS, ports=plan.ports)
    count = sum(len(ports) for ports in targets.pairs.values())
    if count > limits.ports:
        raise TooMuch(count=count, most=limits.ports)


def plain_address(name: str) -> str:
    """Write an address of a socket: IPv4 that came mapped into IPv6 as IPv4, no zone."""
    parsed: Any = ip_address(name.partition("%")[0])
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
