"""What the check is told: facts, by those who know them. `app` hands in an implementation; each may raise NotTold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from primum.exposure.checks.advisories import Advisories
from primum.exposure.checks.gathering.clear_text import Seen
from primum.exposure.checks.gathering.clocks import Synchronised
from primum.exposure.checks.gathering.discs import Medium, SwapArea
from primum.exposure.checks.gathering.parts import Part, System
from primum.exposure.checks.gathering.sockets import Listener
from primum.exposure.checks.gathering.usage import Usage
from primum.exposure.checks.model import Declaration


@dataclass(frozen=True, slots=True)
class Door:
    """A door that the settings open. `plain`: without TLS."""

    name: str
    address: str
    port: int
    plain: bool = False


@dataclass(frozen=True, slots=True)
class TlsGrade:
    """What a door answered to hellos. `profile`: the strictest of PS3.15's that it keeps, empty for none."""

    door: str
    port: int
    profile: str
    versions: Sequence[str]
    weak: Sequence[str] = ()
    """Codes of what is weaker than any profile allows."""
    advised_against: Sequence[str] = ()
    """Codes of what a profile still lets in, and RFC 9325 advises against."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate of the house. `renew_from`: when it is renewed by itself; None for a root."""

    name: str
    not_after: datetime
    renew_from: datetime | None


@dataclass(frozen=True, slots=True)
class Machine:
    """An enrolled device that is active. `plain`: it calls without TLS; `host`: where we call it."""

    id: str
    name: str
    services: frozenset[str]
    added_at: datetime
    plain: bool = False
    host: str = ""
    host_plain: bool = False


@dataclass(frozen=True, slots=True)
class Human:
    """Somebody with an account that is open."""

    id: str
    enrolled: bool
    second_factor: bool
    roles: Sequence[str]
    since: datetime
    """When the account was made or enrolled."""
    last_session_at: datetime | None
    invitation_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Copies:
    """What is known of backups. `to` is where the setting sends them, empty where nowhere."""

    to: str
    made_at: datetime | None
    illnesses: int
    refused: str
    tested_at: datetime | None
    tested_part: int
    same_disc: bool | None
    """Whether the destination is on the home's own disc; None: not told."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The journal's last verification, and its roots."""

    at: datetime | None
    illnesses: int
    lines: int
    signed_at: datetime | None
    witnessed_at: datetime | None
    """When a signed root last left this machine."""
    witness: str = ""
    """Where to: `folder`, `s3`, `restic`."""


@dataclass(frozen=True, slots=True)
class Deletions:
    """What waits to be erased."""

    waiting: int
    undecided: int
    returned: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody outside who is given patients' data. `what`: backup, results, or a device's name."""

    host: str
    what: str


@dataclass(frozen=True, slots=True)
class LastProbe:
    """The last probe kept: its verdict (`closed`, `open`, `void`, `inside-only`, `not-determined`), and its holes."""

    at: datetime
    verdict: str
    holes: int
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Station:
    """The last check of somebody's own computer that was read back."""

    id: str
    at: datetime
    bad: int


@dataclass(frozen=True, slots=True)
class Intervention:
    """Somebody at work on the box, the server or the network."""

    id: str
    opened_at: datetime
    findings: int = 0
    """What its closing probe found that was not open before."""


@dataclass(frozen=True, slots=True)
class Interventions:
    """Those that are open, and those whose end left something open."""

    open: Sequence[Intervention]
    worse: Sequence[Intervention] = ()


@dataclass(frozen=True, slots=True)
class Own:
    """Addresses of this machine, those that the Internet can route to, and the user that our processes run as."""

    addresses: Sequence[str]
    routable: Sequence[str]
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """On what the home and swap lie."""

    home: Medium
    swap: Sequence[SwapArea]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What Primum is made of here. `unnamed`: parts inside the viewer whose version nobody states."""

    parts: Sequence[Part]
    unnamed: int
    system: System


@dataclass(frozen=True, slots=True)
class Scanned:
    """What the scan for clear text saw, by the root it began at."""

    roots: Mapping[str, Seen] = field(default_factory=dict)


class Sources(Protocol):
    """Where facts come from. Each method may raise NotTold; none may tell of a patient."""

    def listening(self) -> Sequence[Listener]:
        """List what listens on this machine (TCP)."""
        ...

    def doors(self) -> Sequence[Door]:
        """List the doors of the settings."""
        ...

    def contained(self) -> str:
        """Say since when the doors are closed because of a breach; empty where they are not."""
        ...

    def own(self) -> Own:
        """List this machine's addresses."""
        ...

    def usage(self) -> Usage:
        """Tell what the journal says that was used."""
        ...

    def tls(self) -> Sequence[TlsGrade]:
        """Grade the doors' TLS."""
        ...

    def certificates(self) -> Sequence[Shown]:
        """List the house's certificates."""
        ...

    def machines(self) -> Sequence[Machine]:
        """List active devices."""
        ...

    def humans(self) -> Sequence[Human]:
        """List open accounts."""
        ...

    def inventory(self) -> Inventory:
        """List what Primum is made of."""
        ...

    def advisories(self) -> Advisories | None:
        """Return what was kept of the database of vulnerabilities; None where nobody has brought one."""
        ...

    def media(self) -> Media:
        """Tell on what the home and swap lie."""
        ...

    def clear_text(self) -> Scanned:
        """Look for images and exports in clear."""
        ...

    def copies(self) -> Copies:
        """Tell of backups."""
        ...

    def guards(self) -> Sequence[str]:
        """List the kinds of guard of the root key."""
        ...

    def journal(self) -> Verified:
        """Tell how the journal is."""
        ...

    def clock(self) -> Synchronised:
        """Tell how the clock is kept."""
        ...

    def deletions(self) -> Deletions:
        """Tell what waits to be erased."""
        ...

    def hosts(self) -> Sequence[Host]:
        """List who outside is given patients' data."""
        ...

    def interventions(self) -> Interventions:
        """Tell of interventions."""
        ...

    def last_probe(self) -> LastProbe | None:
        """Return the last probe from inside; None where there was none."""
        ...

    def last_outside(self) -> LastProbe | None:
        """Return the last view from outside; None where there was none."""
        ...

    def stations(self) -> Sequence[Station]:
        """List the last check of each station."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is given besides sources: the instant, its day here, and what is declared of its line now."""

    now: datetime
    today: date
    declared: Mapping[str, Declaration] = field(default_factory=dict)
    """By subject; "" is the line itself."""
    home: Path | None = None
