"""The rsync daemon: its greeting, how many modules it lists, whether one opens without a password. No file is read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from primum.exposure.probe.banners.talking import Lines, Refused, attempt, greeting_of, service_of
from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.model import Family, Identity, Rung, Service

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Wire
    from primum.exposure.probe.speaking import Asking

_HELLO: Final = b"@RSYNCD: 30.0\n"
_MODULES: Final = 200
"""Counted; of them the first few are opened."""
_OPENED: Final = 8
_LINES: Final = 2000


class RsyncSpeaker:
    """`rsync --daemon`."""

    family = Family.RSYNC
    ports = frozenset({873})

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Read the greeting."""
        said = greeting_of(asking, greeting, self.ports, "the greeting of rsync")
        if not said.startswith(b"@RSYNCD: "):
            return None
        return service_of(asking, Family.RSYNC, "rsync", said.split(b"\n", 1)[0])

    def climb(self, asking: Asking, service: Service) -> None:
        """List the modules, and try whether one opens."""
        modules: list[bytes] = []
        listed = attempt(
            asking, service, Rung.LIST, Identity.NOBODY, "how many modules it lists",
            lambda wire: modules.extend(_modules(wire)),
        )  # fmt: skip
        if listed:
            service.notes.append(f"rsync.modules={len(modules)}")
        sessions = Service(service.address, service.port, service.family)
        for module in modules[:_OPENED]:
            if attempt(
                asking, sessions, Rung.SESSION, Identity.NOBODY, "whether a module opens without a password",
                partial(_open, module=module),
            ):  # fmt: skip
                break
        # one step for all modules: that which opened, else the last that did not
        service.steps += sessions.steps[-1:]


def _greeted(wire: Wire) -> Lines:
    lines = Lines(wire)
    if not lines.next().startswith(b"@RSYNCD: "):
        raise Unanswered("protocol", "rsync")
    wire.send(_HELLO)
    return lines


def _modules(wire: Wire) -> list[bytes]:
    lines = _greeted(wire)
    wire.send(b"#list\n")
    modules: list[bytes] = []
    for _ in range(_LINES):
        line = lines.next()
        if line.startswith(b"@ERROR"):
            raise Refused("error")
        if line.startswith(b"@RSYNCD: EXIT") or lines.ended:
            break
        name, tab, _ = line.partition(b"\t")  # a message of the day has no tab
        if tab and name.strip():
            modules.append(name.strip())
        if len(modules) >= _MODULES:
            break
    if not modules:
        raise Refused("no-module")
    return modules


def _open(wire: Wire, module: bytes) -> None:
    lines = _greeted(wire)
    wire.send(module + b"\n")
    for _ in range(_LINES):
        line = lines.next()
        if line.startswith(b"@RSYNCD: OK"):
            return
        if line.startswith(b"@RSYNCD: AUTHREQD"):
            raise Refused("password")
        if line.startswith(b"@ERROR") or lines.ended:
            raise Refused("error")
