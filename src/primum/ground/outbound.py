"""Everything that Primum dials, and nothing else does: hosts of the settings, devices with an address, an S3 service.

`DIALS` is the exact list. TLS from the first byte, certificate verified, bounded waits. In clear, and in a
demo home, this machine only. No mail holds a name of a patient, nor of the machine; a notice to staff does not name
the practice either, a letter to a person of a breach does, and goes to one address. Results hold what their taker
needs, and go to one host of the practice's own.
"""

from __future__ import annotations

import ipaddress
import os
import re
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from primum.ground.errors import PrimumError
from primum.ground.settings import Settings

DIALS: Final = {
    "smtp": "smtp_host:smtp_port (notices to staff; letters to people of a breach; TLS from the first byte)",
    "mllp": "hl7_results_host:hl7_results_port (results of validated reports, TLS except on this machine)",
    "dicom": "enrolled devices with an address (primum device destination; TLS, or in clear on this machine)",
    "vantage": "HOST of primum vantage ask, while it runs (TLS 1.3; the invitation proves whose listener it is)",
    "s3": "backup_s3_endpoint, or Amazon's in backup_s3_region (sealed backups, TLS; http on loopback alone)",
}
"""What is dialled, and what says where."""

WAIT_SECONDS: Final = 20
"""For each step of a conversation: a submission server answers within seconds (RFC 5321 4.5.3.2 allows minutes)."""

_OURSELVES: Final = "[127.0.0.1]"
"""What we call ourselves in EHLO: the machine's name is nobody's business."""


class MailRefused(PrimumError):
    """The submission server did not take the notice ({step})."""

    code: ClassVar[str] = "outbound.mail-refused"
    hint: ClassVar[str] = "check smtp_host, smtp_port, smtp_user and smtp_from, and the server's certificate"


class LineLost(PrimumError):
    """The submission server hung up before the letter's end was sent ({step})."""

    code: ClassVar[str] = "outbound.line-lost"
    hint: ClassVar[str] = "the letter was not handed over; it is tried again"


class BeyondLoopback(PrimumError):
    """The destination is another machine, which is called with TLS only, and never from a demo home."""

    code: ClassVar[str] = "outbound.beyond-loopback"
    hint: ClassVar[str] = (
        "give the destination's certificate with --their-certificate; a demo home calls this machine only"
    )


class Unreachable(PrimumError):
    """The destination does not answer at its address ({step})."""

    code: ClassVar[str] = "outbound.unreachable"
    hint: ClassVar[str] = "check that it runs and listens there: primum device list"


def dial_device(host: str, port: int, *, secured: bool, loopback_only: bool, seconds: float) -> socket.socket:
    """Connect to an enrolled device, trying each of its addresses within `seconds` in all.

    Where one refuses, all are tried again, three times within 0.6 s.
    Not `secured` (the caller will do no TLS), or `loopback_only`: addresses of this machine alone are tried.
    Raises BeyondLoopback, Unreachable.
    """
    deadline = time.monotonic() + seconds
    here_only = not secured or loopback_only
    if here_only and not _may_be_here(host):
        raise BeyondLoopback
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(step="name") from None
    if here_only:
        found = [one for one in found if _is_loopback(str(one[4][0]))]
        if not found:
            raise BeyondLoopback
    for pause in (*_PAUSES, None):
        connected, refused = _first_to_answer(found[:_ADDRESSES], deadline)
        if connected is not None:
            return connected
        if not refused or pause is None or time.monotonic() + pause >= deadline:
            break
        time.sleep(pause)
    raise Unreachable(step="connection")


def dial_vantage(host: str, port: int, seconds: float) -> socket.socket:
    """Connect to the vantage that a person named in a command. TLS is the caller's. Raises Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unreachable(step="name") from None
    connected, _ = _first_to_answer(found[:_ADDRESSES], time.monotonic() + seconds)
    if connected is None:
        raise Unreachable(step="connection")
    return connected


def _first_to_answer(addresses: Sequence[_Found], deadline: float) -> tuple[socket.socket | None, bool]:
    """Return a connection to the first address that takes one, and whether one refused (nobody listens there)."""
    refused = False
    for family, kind, protocol, _, address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(left)
            connection.connect(address)
        except OSError as failed:
            connection.close()
            refused = refused or isinstance(failed, ConnectionRefusedError)
        else:
            return connection, refused
    return None, refused


_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""What `getaddrinfo` gives for an address."""

_PAUSES = (0.05, 0.15, 0.4)
"""Seconds before a refused connection is tried again: some programs ask for a C-MOVE to themselves, then listen."""

_ADDRESSES = 4
"""Addresses of one name that are tried."""


def _may_be_here(host: str) -> bool:
    """Tell whether a host may be this machine before a name is asked for: other machines' addresses may not."""
    try:
        return _is_loopback(str(ipaddress.ip_address(host)))
    except ValueError:
        return True


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _strict_context() -> ssl.SSLContext:
    """TLS 1.2 or 1.3, certificate verified by the platform's authorities, host name checked."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True, slots=True)
class Submission:
    """A way to hand mail in (RFC 8314: implicit TLS)."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    context: ssl.SSLContext = field(default_factory=_strict_context, repr=False)

    def send(self, addresses: Sequence[str], subject: str, text: str, at: datetime) -> None:
        """Hand one text in for some addressees, who do not see each other. Raises MailRefused.

        `text` must name no patient. Returns when the server has taken it for every addressee.
        """
        with self._connected() as server:
            try:
                refused = server.send_message(self._message(subject, text, at), self.sender, list(addresses))
            except (smtplib.SMTPException, OSError, ValueError):
                raise MailRefused(step="conversation") from None
        if refused:
            raise MailRefused(step="some addressees")

    @property
    def domain(self) -> str:
        """Return the domain of the sender's address, for the ids of messages."""
        return self.sender.rpartition("@")[2] or "localhost"

    def letter(self, address: str, name: str, subject: str, text: str, message_id: str, at: datetime) -> bytes:  # noqa: PLR0917 (a letter)
        """Write a letter to one address, from the practice of this name. Raises MailRefused.

        `message_id` is the caller's, so that a letter that is tried again is the same one.
        """
        message = EmailMessage(policy=SMTP)
        try:
            message["From"] = formataddr((name, self.sender))
            message["To"] = address
            message["Subject"] = subject
            message["Date"] = format_datetime(at)
            message["Message-ID"] = message_id
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(text, cte="quoted-printable")
        except (ValueError, IndexError):
            raise MailRefused(step="address") from None
        return message.as_bytes()

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """Sign in, for letters that are handed in one after the other. Raises MailRefused."""
        with self._connected() as server:
            yield Conversation(server, self.sender)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP_SSL]:
        try:
            server = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=_OURSELVES, timeout=WAIT_SECONDS, context=self.context
            )
        except ssl.SSLError:
            raise MailRefused(step="tls") from None
        except (smtplib.SMTPException, OSError, ValueError):
            raise MailRefused(step="conversation") from None
        try:
            self._sign_in(server)
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _sign_in(self, server: smtplib.SMTP_SSL) -> None:
        try:
            server.ehlo_or_helo_if_needed()
            if self.user:
                server.login(self.user, self.password)
        except smtplib.SMTPAuthenticationError:
            raise MailRefused(step="sign-in") from None
        except (smtplib.SMTPException, OSError, ValueError):
            raise MailRefused(step="conversation") from None

    def _message(self, subject: str, text: str, at: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = "undisclosed-recipients:;"
        message["Subject"] = subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = make_msgid(domain=self.domain)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5: no out-of-office answers to a machine
        message.set_content(text)
        return message


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: its code (RFC 5321 4.2) and the enhanced one (RFC 3463). Never its words: they quote."""

    code: int
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether it was taken."""
        return self.code // 100 == 2  # noqa: PLR2004 (RFC 5321 4.2.1)

    @property
    def transient(self) -> bool:
        """Whether the same may be taken later."""
        return self.code // 100 == 4  # noqa: PLR2004

    @property
    def known(self) -> bool:
        """Whether it says anything."""
        return self.code // 100 in {2, 4, 5}


NO_ANSWER: Final = Reply(0)
"""The end was sent, and what became of it is not known."""

_END_SECONDS: Final = 120
"""For the answer to a letter's end. RFC 5321 4.5.3.2.6 allows ten minutes; what comes later is uncertain."""
_CLOSING: Final = 421
"""The server hangs up, whatever was asked (RFC 5321 3.8)."""
_ENHANCED: Final = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)")
_STUFFED: Final = re.compile(rb"(?m)^\.")


class Conversation:
    """Hands letters in one at a time, and knows for each how far it came (RFC 5321 3.3).

    A server that hangs up before the end of a letter has not taken it (4.1.1.10); after the end, without an answer,
    nobody knows.
    """

    def __init__(self, server: smtplib.SMTP_SSL, sender: str) -> None:
        """Talk over a connection that is signed in."""
        self._server, self._sender = server, sender
        self._socket: Any = server.sock

    def offer(self, address: str) -> Reply:
        """Name the addressee; return what the server says of them. Raises MailRefused (of the sender), LineLost."""
        if not self._said("MAIL", f"FROM:{smtplib.quoteaddr(self._sender)}").good:
            raise MailRefused(step="sender")
        said = self._said("RCPT", f"TO:{smtplib.quoteaddr(address)}")
        if not said.good:
            with suppress(LineLost):  # what was said of the addressee stands; the next MAIL finds the line cut
                self._said("RSET", "")
        return said

    def hand_over(self, message: bytes, before_end: Callable[[], bool]) -> Reply:
        """Hand over the letter for who was offered.

        `before_end` is called when all but the end was sent, and keeps for good that the end goes now; where it says
        False, the letter is not ended. NO_ANSWER where the end was sent and no answer came. Raises LineLost where it
        was not.
        """
        said = self._said("DATA", "")
        if said.code != 354:  # noqa: PLR2004 (RFC 5321 4.3.2)
            return said
        body = _STUFFED.sub(b"..", message if message.endswith(b"\r\n") else message + b"\r\n")
        try:
            self._server.send(body)
        except (smtplib.SMTPException, OSError):
            raise LineLost(step="text") from None
        if self._spoke():
            self._server.close()
            raise LineLost(step="text")
        if not before_end():
            self._server.close()
            raise LineLost(step="ours")
        if self._spoke():
            self._server.close()
            raise LineLost(step="text")
        return self._end()

    def _end(self) -> Reply:
        try:
            self._socket.settimeout(_END_SECONDS)
            self._server.send(b".\r\n")
            said = _reply(*self._server.getreply())
            self._socket.settimeout(WAIT_SECONDS)
        except (smtplib.SMTPException, OSError, ValueError):
            self._server.close()
            return NO_ANSWER
        return said if said.known else NO_ANSWER

    def _spoke(self) -> bool:
        """Tell whether the server said something, or hung up, while it was to listen."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN | select.POLLHUP | select.POLLERR)
        return bool(waiting.poll(0)) or self._socket.pending() > 0

    def _said(self, verb: str, words: str) -> Reply:
        try:
            said = _reply(*self._server.docmd(verb, words))
        except (smtplib.SMTPException, OSError, ValueError):
            said = Reply(_CLOSING)
        if said.code == _CLOSING:
            self._server.close()
            raise LineLost(step=verb)
        return said


def _reply(code: int, text: bytes) -> Reply:
    found = _ENHANCED.match(text)
    return Reply(code, found[0].decode("ascii") if found else "")


def submission(settings: Settings, password: str, *, demo: bool) -> Submission | None:
    """Return the way to hand mail in; None in a demo home, or where no server is named."""
    if demo or not settings.smtp_host or not settings.smtp_from:
        return None
    return Submission(settings.smtp_host, settings.smtp_port, settings.smtp_user, password, settings.smtp_from)


class ResultNotTaken(PrimumError):
    """The host that takes results could not be reached, or did not answer ({step})."""

    code: ClassVar[str] = "outbound.result-not-taken"
    hint: ClassVar[str] = "check hl7_results_host and hl7_results_port, and that host's certificate"


_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_ANSWER_BYTES: Final = 64 * 1024
"""An acknowledgement has some hundred bytes."""
_END: Final = b"\x1c\r"


@dataclass(frozen=True, slots=True)
class Interface:
    """A host that takes HL7 messages by MLLP; TLS, except on this machine itself, where a relay may stand."""

    host: str
    port: int
    context: ssl.SSLContext = field(default_factory=_strict_context, repr=False)

    def send(self, message: bytes) -> bytes:
        """Send one framed message, and return the answer without its frame. Raises ResultNotTaken."""
        try:
            with socket.create_connection((self.host, self.port), WAIT_SECONDS) as plain, self._secured(plain) as line:
                line.sendall(message)
                return self._answer(line)
        except ssl.SSLError:
            raise ResultNotTaken(step="tls") from None
        except (OSError, ValueError):
            raise ResultNotTaken(step="conversation") from None

    def _secured(self, plain: socket.socket) -> socket.socket:
        return plain if self.host in _LOOPBACK else self.context.wrap_socket(plain, server_hostname=self.host)

    @staticmethod
    def _answer(line: socket.socket) -> bytes:
        got, deadline = b"", time.monotonic() + WAIT_SECONDS
        while not got.endswith(_END):
            part = line.recv(4096)
            if not part or len(got) > _ANSWER_BYTES or time.monotonic() > deadline:
                raise ResultNotTaken(step="answer")
            got += part
        return got.removesuffix(_END).lstrip(b"\x0b")


def results_interface(settings: Settings, *, demo: bool) -> Interface | None:
    """Return the way for results; None in a demo home, or where no host is named."""
    if demo or not settings.hl7_results_host:
        return None
    return Interface(settings.hl7_results_host, settings.hl7_results_port)


class EndpointUnfit(PrimumError):
    """The address of the S3-compatible service is not one that may be dialled."""

    code: ClassVar[str] = "outbound.endpoint-unfit"
    hint: ClassVar[str] = "backup_s3_endpoint = 'https://HOST[:PORT]', without name or password in it"


def s3_client(endpoint: str, region: str, key_id: str, secret: str) -> Any:  # noqa: ANN401 (the library is not typed)
    """Return a client of an S3-compatible service. Raises EndpointUnfit.

    Credentials are those given and no others: not the environment's, not another program's, not a cloud's
    metadata service's. No proxy of the environment either.
    """
    _require_fit(endpoint)
    import botocore.session  # noqa: PLC0415 (half a second, for who has a bucket)
    from botocore.config import Config  # noqa: PLC0415

    session = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    config = Config(
        connect_timeout=WAIT_SECONDS,
        read_timeout=3 * WAIT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 4},
        proxies={},
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint else "auto", "payload_signing_enabled": True},
        ignore_configured_endpoint_urls=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent="primum",
    )
    authorities = ssl.get_default_verify_paths().cafile
    return session.create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint or None,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        config=config,
        verify=authorities or True,
    )


def s3_failures() -> tuple[Any, Any]:
    """Return what a client raises: when the service refuses (its code is in `response`), and for all else."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return ClientError, BotoCoreError


def _require_fit(endpoint: str) -> None:
    if not endpoint:
        return
    try:
        parts = urlsplit(endpoint)
        local = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        unfit = parts.scheme != "https" and not (parts.scheme == "http" and local)
        unfit = unfit or not parts.hostname or parts.username is not None or bool(parts.query or parts.fragment)
        unfit = unfit or parts.path not in {"", "/"} or (parts.port is not None and parts.port < 1)
    except ValueError:
        unfit = True
    if unfit:
        raise EndpointUnfit
