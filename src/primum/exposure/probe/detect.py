"""What is spoken on an open port: its greeting, then every family is asked, the usual one first.

What no family recognises is `unknown`: something listens. That is no hole, and no proof of a closed door.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from primum.exposure.probe.dialling import Unanswered, Wire
from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step
from primum.exposure.probe.speaking import Asking, Speaker
from primum.exposure.probe.tls import sight

CALLER_FIRST: Final = frozenset({Family.DICOM, Family.WEB, Family.HL7, Family.SMB, Family.NFS})
"""Families in which the caller speaks first: on their usual ports no greeting is waited for."""

_REQUIRED: Final = "certificate-required"

PRINTERS: Final = frozenset(range(9100, 9108))
"""Raw printing: whatever is sent there comes out on paper. It is told that somebody listens, and nothing is sent."""

_LEAST: Final = 3
"""Characters that make a greeting worth showing."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a port said by itself. `ended`: it hung up at once, or was not to be had (`how`, of Unanswered)."""

    data: bytes = b""
    ended: str = ""


def detect(asking: Asking, speakers: Sequence[Speaker]) -> tuple[Service, Speaker | None]:
    """Say what is spoken on a port, and who climbs its ladder; nobody where it is unknown.

    Raises ProbeRefused where not even a connection is allowed.
    """
    if asking.port in PRINTERS:
        service = Service(asking.address, asking.port, Family.UNKNOWN)
        service.steps.append(_connect(Mode.PLAIN, Outcome.UNDETERMINED, "prints"))
        return service, None
    usual = [one for one in speakers if asking.port in one.ports]
    others = [one for one in speakers if asking.port not in one.ports]
    notes: list[str] = []
    greeting = Greeting()
    if not usual or not {one.family for one in usual} <= CALLER_FIRST:
        greeting = greet(asking)
    found = _ask(asking, _in_order(usual, greeting), greeting, notes)
    if found is None and others:
        if usual and not greeting.data and not greeting.ended:
            greeting = greet(asking)
        found = _ask(asking, _in_order(others, greeting), greeting, notes)
    if found is not None:
        return found
    service = _unknown(asking, greeting, notes)
    if "budget" not in notes and _demands_a_certificate(asking):
        return _behind_a_certificate(asking, service, speakers)
    code = "budget" if "budget" in notes else (greeting.ended or "not-recognised")
    service.steps.append(_connect(Mode.PLAIN, Outcome.UNDETERMINED, code))
    return service, None


def greet(asking: Asking) -> Greeting:
    """Read what a port says by itself, within a second and `banner_bytes`. Raises ProbeRefused."""
    said = bytearray()
    try:
        with asking.connect(Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, "greeting") as wire:
            _listen(wire, asking, said)
    except Unanswered as unanswered:
        silent = unanswered.how == "silent" or bool(said)
        return Greeting(bytes(said), "" if silent else unanswered.how)
    return Greeting(bytes(said), "" if said else "ended")


def _listen(wire: Wire, asking: Asking, said: bytearray) -> None:
    until = time.monotonic() + asking.limits.greeting_seconds
    while len(said) < asking.limits.banner_bytes:
        wire.more_time(max(0.0, until - time.monotonic()))
        part = wire.receive(asking.limits.banner_bytes - len(said))
        if not part:
            return
        said += part
        if said.endswith(b"\n"):
            return  # a line is a greeting; MySQL's and VNC's are ended by the second


def _in_order(speakers: Iterable[Speaker], greeting: Greeting) -> list[Speaker]:
    """Put those first whose manner it is: who was greeted asks families that greet."""
    return sorted(speakers, key=lambda one: (one.family in CALLER_FIRST) is bool(greeting.data))


def _ask(
    asking: Asking, speakers: Iterable[Speaker], greeting: Greeting, notes: list[str]
) -> tuple[Service, Speaker] | None:
    for one in speakers:
        within = replace(asking, dialler=asking.dialler.within(asking.limits.service_seconds, _patience(asking, one)))
        if time.monotonic() >= within.dialler.deadline:
            notes.append("budget")
            return None
        try:
            service = one.recognise(within, greeting.data)
        except (Unanswered, ProbeRefused):
            continue  # not spoken; or its first word was not allowed, which the climb of nobody would say either
        except Exception:  # noqa: BLE001 (a stranger's bytes end nobody's run; it is said that one family could not tell)
            notes.append(f"fault-{one.family}")
            continue
        if service is not None:
            return service, one
    return None


def _patience(asking: Asking, speaker: Speaker) -> float:
    """Say how long one connection may take that asks whether this is spoken: longest where it is to be expected."""
    limits = asking.limits
    if asking.port in speaker.ports:
        return limits.step_seconds
    return limits.recognise_seconds if speaker.family in {Family.DICOM, Family.WEB} else limits.others_seconds


def _unknown(asking: Asking, greeting: Greeting, notes: list[str]) -> Service:
    shown = printable(greeting.data, asking.limits.shown_characters)
    service = Service(asking.address, asking.port, Family.UNKNOWN, banner=shown if len(shown) >= _LEAST else "")
    service.notes += notes
    return service


def _behind_a_certificate(
    asking: Asking, service: Service, speakers: Sequence[Speaker]
) -> tuple[Service, Speaker | None]:
    """Tell who stands behind a door that sends away whoever shows no certificate: does it take anybody's?"""
    # whoever has none that it knows is told nothing: the door is there, and closed to a stranger
    service.steps.append(_connect(Mode.TLS, Outcome.REFUSED, _REQUIRED))
    refusal = _refusal(asking, Mode.TLS_FOREIGN)
    if refusal:
        service.steps.append(_connect(Mode.TLS_FOREIGN, *refusal))
        return service, None
    shown = WithForeign(asking.dialler, asking.address, asking.port, asking.limits, asking.known)
    found = _ask(shown, speakers, Greeting(), service.notes)
    if found is not None:
        return found
    service.steps.append(_connect(Mode.TLS_FOREIGN, Outcome.UNDETERMINED, "not-recognised"))
    return service, None


class WithForeign(Asking):
    """Shows a stranger's certificate wherever TLS is spoken: to be recognised by who takes anybody's."""

    def connect(self, mode: Mode, rung: Rung, identity: Identity, purpose: str) -> Wire:
        """Open a connection to this port. Raises ProbeRefused, Unanswered."""
        shown = Mode.TLS_FOREIGN if mode is Mode.TLS else mode
        return self.dialler.connect(self.address, self.port, mode=shown, rung=rung, identity=identity, purpose=purpose)


def _connect(mode: Mode, outcome: Outcome, code: str) -> Step:
    return Step(mode, Identity.NOBODY, Rung.CONNECT, outcome, code)


def _demands_a_certificate(asking: Asking) -> bool:
    """Tell whether TLS is spoken, and ended because no certificate was shown (RFC 8446 6.2, certificate_required).

    Before TLS 1.3 it ends with handshake_failure, which says less (RFC 5246 7.4.6): whether one was asked for is seen
    in the server's own flight.
    """
    refusal = _refusal(asking, Mode.TLS)
    if refusal is None or refusal[1] == _REQUIRED:
        return refusal is not None
    if "handshake-failure" not in refusal[1]:
        return False
    seen = sight.look(asking)
    return seen is not None and bool(seen.asks_for_certificate)


def _refusal(asking: Asking, mode: Mode) -> tuple[Outcome, str] | None:
    """Tell how TLS was refused, in the handshake or (as TLS 1.3 does) just after; None where it was not."""
    within = asking.dialler.within(asking.limits.service_seconds, asking.limits.recognise_seconds)
    try:
        wire = within.connect(
            asking.address, asking.port, mode=mode, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose="tls"
        )
    except ProbeRefused as refused:
        return Outcome.NOT_TRIED, refused.code
    except Unanswered as unanswered:
        return _how(unanswered)
    with wire:
        wire.more_time(asking.limits.greeting_seconds)
        try:
            return None if wire.receive(1) else (Outcome.UNDETERMINED, "ended")
        except Unanswered as unanswered:
            return None if unanswered.how == "silent" else _how(unanswered)


def _how(unanswered: Unanswered) -> tuple[Outcome, str]:
    if unanswered.code == "no-foreign-certificate":
        return Outcome.NOT_TRIED, unanswered.code
    if _REQUIRED in unanswered.code:
        return Outcome.REFUSED, _REQUIRED
    outcome = Outcome.REFUSED if unanswered.how in {"tls", "reset"} else Outcome.UNDETERMINED
    return outcome, unanswered.code or unanswered.how


def printable(data: bytes, most: int) -> str:
    """Write what a stranger said: ASCII that prints, at most so many characters, spaces for all else."""
    text = "".join(chr(one) if 0x20 <= one < 0x7F else " " for one in data[: most * 4])  # noqa: PLR2004 (ASCII)
    return " ".join(text.split())[:most]
