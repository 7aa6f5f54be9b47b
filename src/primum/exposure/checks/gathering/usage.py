"""What the journal says that was used and refused: which device used which grant, who was turned away.

Read once for all lines that need it, the newest months first, in bounded time. Reading proves nothing (verify.py does).
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from primum.exposure.checks.limits import LIMITS, Limits
from primum.ground.clock import to_text
from primum.journal import Ledger
from primum.journal.limits import LIMITS as LINES
from primum.journal.names import chains, segments

RECENT: Final = timedelta(days=30)
"""How far back refusals and callers from elsewhere are counted."""

_USES: Final = {
    "device:study:stored": "store",
    "device:list:searched": "find",
    "device:worklist:searched": "worklist",
    "device:step:performed": "mpps",
    "device:message:received": "orders",
}
"""What a device did, and the grant that it takes."""
_ASKED: Final = frozenset({"move", "get"})
"""The channels of `study:sent` that a device asks for by itself, each by the grant of its name."""
_REFUSED: Final = frozenset({"person:session:refused", "person:factor:refused"})
_OF_INTEREST: Final = tuple(
    b'"kind":"%b"' % one.encode()
    for one in (*_USES, *_REFUSED, "study:sent", "study:rejected:shown", "stranger:request:refused",
                "stranger:association:refused", "person:session:opened")
)  # fmt: skip


@dataclass(slots=True)
class Usage:
    """What was found. `since`: how far back all of it was read; None where not even the newest month was."""

    since: datetime | None = None
    whole: bool = True
    used: set[tuple[str, str]] = field(default_factory=set)
    """(device id, service)."""
    refused: Counter[str] = field(default_factory=Counter)
    """Sign-ins and factors refused in the last days, by whom: a person's id, or `stranger`."""
    strangers: int = 0
    """Associations and requests of strangers refused in the last days."""
    routable: set[str] = field(default_factory=set)
    """Addresses of the Internet from which the doors were called in the last days."""


def usage(
    journal: Path,
    now: datetime,
    *,
    own: frozenset[str] = frozenset(),
    months: int = 12,
    limits: Limits = LIMITS,
    tick: Callable[[], float] = time.monotonic,
) -> Usage:
    """Read the access ledger back. `own`: this machine's addresses; who calls from there is a probe, no stranger."""
    found, end = Usage(), tick() + limits.journal_seconds
    recent = to_text(now - RECENT)
    for segment in list(reversed(segments(journal, Ledger.ACCESS)))[: months + 1]:
        for name in chains(journal, Ledger.ACCESS, segment):
            with suppress(FileNotFoundError):  # pruned in this very moment
                for said in _said(name.path(journal), lambda: tick() > end):
                    _note(said, recent, own, found)
            if tick() > end:
                found.whole = False
                return found
        found.since = datetime.fromisoformat(f"{segment}-01T00:00:00+00:00")
    return found


def _said(file: Path, over: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    with file.open("rb") as opened:
        for number, line in enumerate(iter(lambda: opened.readline(LINES.unfinished), b"")):
            if number % 4096 == 0 and over():
                return
            if any(one in line for one in _OF_INTEREST):
                with suppress(ValueError):
                    said = json.loads(line[65:])
                    if isinstance(said, dict) and isinstance(said.get("details"), dict):
                        yield said


def _note(said: dict[str, Any], recent: str, own: frozenset[str], found: Usage) -> None:
    kind, actor, details = str(said.get("kind")), str(said.get("actor")), said["details"]
    if kind in _USES:
        found.used.add((actor, _USES[kind]))
    elif kind in {"study:sent", "study:rejected:shown"}:
        _sent(kind, actor, details, found)
    if str(said.get("at")) < recent:
        return
    if kind in _REFUSED:
        found.refused[actor] += 1
    with suppress(ValueError):
        address = ipaddress.ip_address(str(details.get("address", "")).partition("%")[0])
        if address.is_loopback or str(address) in own:
            return
        if address.is_global:
            found.routable.add(str(address))
    if kind.startswith("stranger:"):
        count = details.get("count", 1)
        found.strangers += count if isinstance(count, int) else 1


def _sent(kind: str, actor: str, details: dict[str, Any], found: Usage) -> None:
    found.used.add((str(details.get("destination", "")), "receive"))
    if kind == "study:rejected:shown":
        found.used.add((actor, "rejected"))
    if details.get("channel") in _ASKED:
        found.used.add((actor, str(details["channel"])))
