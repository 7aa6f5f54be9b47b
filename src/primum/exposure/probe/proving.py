"""Proof of control, from the target: a page that it serves, or a helper on it that answers challenges.

Both hold the mandate's token, which never travels: only MACs under it do. A proof counts for the address that answered
and for that instant (docs/design/exposure.md, Mandates and proofs). Here is who asks; answering.py is the helper.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, ClassVar, Final

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.gate import Address, ProbeRefused, Proof
from primum.exposure.probe.model import Identity, Mode, Rung

if TYPE_CHECKING:
    from pathlib import Path

    from primum.exposure.probe.dialling import Dialler, Wire

PATH: Final = "/.well-known/primum-probe/"
"""Under it the mandate's id: which page is asked for says nothing that helps a stranger."""

TOKEN_BYTES: Final = 32
_TOKEN: Final = re.compile(r"primum-probe-token/1 (mdt_[a-z2-7]{26}) ([0-9a-f]{64})\n?")
_CHALLENGE: Final = "primum-prove/1"
_ANSWER: Final = re.compile(rb"primum-proof/1 ([0-9a-f]{64})\n")
_SERVED: Final = re.compile(rb"primum-probe-page/1 ([0-9a-f]{64})\r?\n?")
_PAGE_BYTES: Final = 8192
"""Head and body of an answer that is one line."""
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class ProofRefused(ProbeRefused):
    """{address} has not proven that you control it: {why}."""

    code: ClassVar[str] = "probe.proof-refused"
    hint: ClassVar[str] = "serve the page that primum mandate token --page writes, or run there: probe.pyz prove"


class BadToken(ProbeRefused):
    """The token cannot be used: {why}."""

    code: ClassVar[str] = "probe.bad-token"
    hint: ClassVar[str] = "primum mandate token ID --out FILE writes one that only you may read"


@dataclass(frozen=True, slots=True)
class Token:
    """The secret of one mandate."""

    mandate: str
    secret: bytes = field(repr=False)

    def mac(self, *parts: object) -> str:
        """Return the MAC of words without spaces."""
        return hmac.digest(self.secret, " ".join(str(one) for one in parts).encode(), "sha256").hex()

    def text(self) -> str:
        """Write it as its file has it."""
        return f"primum-probe-token/1 {self.mandate} {self.secret.hex()}\n"


def read_token(path: Path) -> Token:
    """Read a token's file. Raises BadToken where others may read it or it is none, OSError."""
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & _OTHERS:
            raise BadToken(why="others may read its file")
        data = file.read(256)
    found = _TOKEN.fullmatch(data.decode("ascii", "replace"))
    if found is None:
        raise BadToken(why="it is not a token of this version")
    return Token(found[1], bytes.fromhex(found[2]))


def page(token: Token, address: Address) -> str:
    """Return what `address` is to serve: good for that address alone, and of no use to who reads it."""
    return f"primum-probe-page/1 {token.mac('primum-probe-page/1', token.mandate, address)}\n"


def page_path(mandate: str) -> str:
    """Return under which path."""
    return PATH + mandate


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the helper is asked: only who holds the token can ask it, and only about now."""

    mandate: str
    nonce: str
    address: str
    port: int
    at: str

    def line(self, token: Token) -> bytes:
        """Write it, with its MAC."""
        parts = (_CHALLENGE, self.mandate, self.nonce, self.address, self.port, self.at)
        return f"{' '.join(map(str, parts))} {token.mac(*parts)}\n".encode()

    def answer(self, token: Token) -> str:
        """Return the MAC that answers it."""
        return token.mac("primum-proof/1", self.mandate, self.nonce, self.address, self.port, self.at)


def prove_by_page(dialler: Dialler, token: Token, address: Address, port: int, mode: Mode = Mode.PLAIN) -> Proof:
    """Fetch the page from the address itself, in clear or TLS. Raises ProbeRefused, ProofRefused."""
    host = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    asked = (
        f"GET {page_path(token.mandate)} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: {dialler.user_agent()}\r\n"
        "Accept: text/plain\r\nConnection: close\r\n\r\n"
    ).encode()
    body = _body(_asked(dialler, address, port, mode, asked))
    found = _SERVED.fullmatch(body) if body is not None else None
    if found is None:
        raise ProofRefused(address=str(address), why="it serves no such page")
    wanted = token.mac("primum-probe-page/1", token.mandate, address)
    return _proven(dialler, token, address, same=hmac.compare_digest(found[1].decode(), wanted))


def prove_by_helper(dialler: Dialler, token: Token, address: Address, port: int) -> Proof:
    """Challenge the helper that runs on the target. Raises ProbeRefused, ProofRefused."""
    at = dialler.gate.now().astimezone(UTC)
    challenge = Challenge(token.mandate, secrets.token_hex(16), str(address), port, instant(at))
    found = _ANSWER.fullmatch(_asked(dialler, address, port, Mode.PLAIN, challenge.line(token)))
    if found is None:
        raise ProofRefused(address=str(address), why="nothing there answers for this mandate")
    same = hmac.compare_digest(found[1].decode(), challenge.answer(token))
    return _proven(dialler, token, address, same=same)


def instant(at: datetime) -> str:
    """Write an instant as challenges do."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[: -len("+00:00")] + "Z"


def _proven(dialler: Dialler, token: Token, address: Address, *, same: bool) -> Proof:
    if not same:
        raise ProofRefused(address=str(address), why="what it answers was not made with this token for this address")
    return Proof(token.mandate, address, dialler.gate.now())


def _asked(dialler: Dialler, address: Address, port: int, mode: Mode, question: bytes) -> bytes:
    """Ask once, and take what comes until the other side ends."""
    try:
        with dialler.connect(
            str(address), port, mode=mode, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose="proof of control"
        ) as wire:
            wire.send(question)
            return _until_end(wire)
    except Unanswered as end:
        raise ProofRefused(address=str(address), why=f"no answer ({end.how})") from None


def _until_end(wire: Wire) -> bytes:
    whole = bytearray()
    while len(whole) <= _PAGE_BYTES and (part := wire.receive(_PAGE_BYTES)):
        whole += part
    return bytes(whole)


def _body(answer: bytes) -> bytes | None:
    """Return the body of an answer 200, None for every other: nothing is followed."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n", 1)[0].split(b" ")
    good = bool(separator) and status[0].startswith(b"HTTP/1.") and status[1:2] == [b"200"]
    return body if good and len(answer) <= _PAGE_BYTES else None
