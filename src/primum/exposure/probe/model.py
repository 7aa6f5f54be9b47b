"""What a probe says: modes, identities, rungs, outcomes, holes, and the verdict with its exit status.

Pure, and of the standard library alone: this folder is also the one-file probe (docs/design/exposure.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple


class Mode(StrEnum):
    """How a connection is made."""

    PLAIN = "plain"
    TLS = "tls"
    TLS_FOREIGN = "tls-foreign"


class Identity(StrEnum):
    """Who the caller says to be, from the least to the most: the least that is granted is what is told."""

    NOBODY = "nobody"
    GUEST = "guest"
    KNOWN = "known"
    DEVICE = "device"
    EXPIRED = "expired"
    FOREIGN = "foreign"
    DEFAULT = "default"


class Family(StrEnum):
    """What is spoken on a port."""

    DICOM = "dicom"
    WEB = "web"
    HL7 = "hl7"
    SMB = "smb"
    FTP = "ftp"
    RSYNC = "rsync"
    NFS = "nfs"
    DATABASE = "database"
    DESKTOP = "desktop"
    CONSOLE = "console"
    UNKNOWN = "unknown"


class Rung(StrEnum):
    """A step of a ladder. `CONNECT` is below all of them and no hole by itself."""

    CONNECT = "connect"
    # DICOM
    ASSOCIATE = "associate"
    ECHO = "echo"
    FIND = "find"
    GET = "get"
    MOVE = "move"
    STORE = "store"
    ACTION = "action"
    MPPS = "mpps"
    # web (and STORE)
    PAGE = "page"
    SEARCH = "search"
    RETRIEVE = "retrieve"
    RUN = "run"
    # files, databases, desktops, consoles
    BANNER = "banner"
    SESSION = "session"
    LIST = "list"
    # HL7 (and BANNER)
    ANSWER = "answer"


_FILES: Final = (Rung.BANNER, Rung.SESSION, Rung.LIST)

LADDERS: Final[dict[Family, tuple[Rung, ...]]] = {
    Family.DICOM: (Rung.ASSOCIATE, Rung.ECHO, Rung.FIND, Rung.GET, Rung.MOVE, Rung.STORE, Rung.ACTION, Rung.MPPS),
    Family.WEB: (Rung.PAGE, Rung.SEARCH, Rung.RETRIEVE, Rung.STORE, Rung.RUN),
    Family.HL7: (Rung.BANNER, Rung.ANSWER),
    Family.SMB: _FILES,
    Family.FTP: _FILES,
    Family.RSYNC: _FILES,
    Family.NFS: _FILES,
    Family.DATABASE: (Rung.BANNER, Rung.SESSION),
    Family.DESKTOP: (Rung.BANNER, Rung.SESSION),
    Family.CONSOLE: (Rung.BANNER, Rung.SESSION),
    Family.UNKNOWN: (),
}
"""The rungs of each family, from low to high."""

WRITES: Final = frozenset({Rung.STORE, Rung.ACTION, Rung.MPPS})
"""What would write: negotiated, never sent, but to the canary of a Primum of this machine's own."""

NEEDS_CONTROL: Final = frozenset({Rung.GET, Rung.MOVE, Rung.RETRIEVE, Rung.RUN})
"""What is asked of a target only where it has proven that the caller controls it."""


class Outcome(StrEnum):
    """How a rung ended."""

    OPEN = "open"
    NEGOTIATED = "negotiated"
    REFUSED = "refused"
    SILENT = "silent"
    UNDETERMINED = "undetermined"
    NOT_TRIED = "not-tried"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung tried in one mode as one identity. `code`: what refused, never a text of theirs."""

    mode: Mode
    identity: Identity
    rung: Rung
    outcome: Outcome
    code: str = ""


class Hole(NamedTuple):
    """Something that a stranger may do."""

    address: str
    port: int
    mode: Mode
    identity: Identity
    rung: Rung


@dataclass(slots=True)
class Service:
    """What answers on a port. `product` and `banner` are bounded and printable; `readable` are names of attributes."""

    address: str
    port: int
    family: Family
    product: str = ""
    banner: str = ""
    steps: list[Step] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)
    studies: int | None = None
    studies_at_least: bool = False
    notes: list[str] = field(default_factory=list)
    tls: dict[str, Any] = field(default_factory=dict)
    """What TLS looks like there (`tls.sight.TlsSight.as_json`); empty where it is not spoken."""

    def holes(self) -> list[Hole]:
        """List what is open, each mode and rung once, as the least identity that it was granted to."""
        least: dict[tuple[Mode, Rung], Identity] = {}
        for step in self.steps:
            if step.outcome in {Outcome.OPEN, Outcome.NEGOTIATED} and step.rung is not Rung.CONNECT:
                key = (step.mode, step.rung)
                least[key] = min(least.get(key, step.identity), step.identity, key=_IDENTITIES.index)
        return [Hole(self.address, self.port, mode, who, rung) for (mode, rung), who in least.items()]

    def first_refused(self) -> Step | None:
        """Return the lowest rung that was refused to every identity in some mode, with its code."""
        granted = {(one.mode, one.rung) for one in self.steps if one.outcome in {Outcome.OPEN, Outcome.NEGOTIATED}}
        refused = [one for one in self.steps if one.outcome is Outcome.REFUSED and (one.mode, one.rung) not in granted]
        ladder = (Rung.CONNECT, *LADDERS[self.family])
        return min(refused, key=lambda one: ladder.index(one.rung) if one.rung in ladder else 0, default=None)

    def undetermined(self) -> bool:
        """Tell whether some rung could not be told."""
        return any(one.outcome in {Outcome.SILENT, Outcome.UNDETERMINED} for one in self.steps)


_IDENTITIES: Final = tuple(Identity)


class Place(StrEnum):
    """From where a run looked."""

    HERE = "here"
    INSIDE = "inside"
    OUTSIDE = "outside"


class Verdict(StrEnum):
    """What a run says in one word."""

    CLOSED = "closed"
    OPEN = "open"
    VOID = "void"
    INSIDE_ONLY = "inside-only"
    NOT_DETERMINED = "not-determined"


class Exit(IntEnum):
    """The exit status of a probe."""

    CLOSED = 0
    OPEN = 1
    VOID = 2
    UNSETTLED = 3


EXITS: Final = {
    Verdict.CLOSED: Exit.CLOSED,
    Verdict.OPEN: Exit.OPEN,
    Verdict.VOID: Exit.VOID,
    Verdict.INSIDE_ONLY: Exit.UNSETTLED,
    Verdict.NOT_DETERMINED: Exit.UNSETTLED,
}
"""Which status says which verdict."""


def verdict(*, void: bool, holes: Iterable[Hole], undetermined: bool, outside: bool) -> Verdict:
    """Judge: void before all, then a hole from anywhere, then what is not known, then from where one looked."""
    if void:
        return Verdict.VOID
    if any(True for _ in holes):
        return Verdict.OPEN
    if undetermined:
        return Verdict.NOT_DETERMINED
    return Verdict.CLOSED if outside else Verdict.INSIDE_ONLY
