"""Consoles: SSH by its greeting, Telnet by its prompt. Nobody signs in; nothing is typed."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Refused, attempt, greeting_of, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_PROMPT: Final = re.compile(rb"[#$>%]\s*$")
_SIGN_IN: Final = re.compile(
    rb"(login|user ?name|user|password|identifiant|passwort|benutzer)[^\r\n]{0,40}[:>]\s*$", re.IGNORECASE
)
_SAID: Final = 8192
_ROUNDS: Final = 12
_QUIET_SECONDS: Final = 2.0
"""After which a prompt is what it is: nobody will type more."""


class SSHSpeaker:
    """SSH."""

    family = Family.CONSOLE
    ports = frozenset({22, 2222})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the greeting (RFC 4253 4.2)."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of SSH")
        return service_of(asking, Family.CONSOLE, "SSH", said.split(b"\n", 1)[0]) if said.startswith(b"SSH-") else None

    def climb(self, asking: Asking, service: Service) -> None:
        """Nothing more is asked: SSH has no session without a name and its proof."""


class TelnetSpeaker:
    """Telnet."""

    family = Family.CONSOLE
    ports = frozenset({23, 2323})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the first options, or a prompt (RFC 854)."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of Telnet")
        options = len(said) > 2 and said[0] == _IAC and said[1] in {_DO, _DONT, _WILL, _WONT, _SB}  # noqa: PLR2004
        usual = asking.port in self.ports and bool(_SIGN_IN.search(said) or _PROMPT.search(said))
        return service_of(asking, Family.CONSOLE, "Telnet") if options or usual else None

    def climb(self, asking: Asking, service: Service) -> None:
        """Wait for what it shows at once: a prompt of a shell is a session."""
        quiet = min(_QUIET_SECONDS, asking.limits.step_seconds)
        attempt(
            asking, service, Rung.SESSION, Identity.NOBODY, "whether a prompt comes without signing in",
            partial(_prompt, quiet=quiet),
        )  # fmt: skip


def _prompt(wire: Wire, quiet: float) -> None:
    """Refuse every option until a prompt is there. Raises Refused, Unanswered."""
    said, held = b"", b""
    for _ in range(_ROUNDS):
        wire.more_time(quiet)
        try:
            part = wire.receive(1024)
        except Unanswered as over:
            if over.how == "silent":
                break
            raise
        if not part:
            break
        text, answers, held = _parted(held + part)
        said = (said + text)[-_SAID:]
        if answers:
            wire.send(answers)
        if _SIGN_IN.search(said):
            raise Refused("sign-in")
    if not _PROMPT.search(said):
        raise Refused("no-prompt")


def _parted(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Part text from options; return the text, our refusals, and what is not whole yet."""
    text, answers, at = bytearray(), bytearray(), 0
    while at < len(data):
        if data[at] != _IAC:
            text.append(data[at])
            at += 1
            continue
        if len(data) < at + 3:
            break
        command, option = data[at + 1], data[at + 2]
        if command == _SB:
            end = data.find(bytes([_IAC, _SE]), at)
            if end < 0:
                break
            at = end + 2
            continue
        if command in {_DO, _WILL}:
            answers += bytes([_IAC, _WONT if command == _DO else _DONT, option])
        at += 3 if command in {_DO, _DONT, _WILL, _WONT} else 2
    return bytes(text), bytes(answers), data[at:][:_SAID]
