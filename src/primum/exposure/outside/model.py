"""A one-file probe that was made, what came back, and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from primum.exposure.probe.model import Hole, Verdict, verdict
from primum.exposure.probe.outside.control import Reached


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeProbe:
    """A one-file probe: its nonce by hash, its plan and the plan's hash, and the key of the control that it asks."""

    id: str
    digest: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    plan_digest: str
    control_key: bytes = field(repr=False)
    plan: dict[str, Any]
    spent_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """Tell whether its nonce is announced."""
        return self.spent_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a door of ours wrote down of a probe."""

    at: datetime
    door: str
    port: int
    address: str
    channel: str


class Standing(StrEnum):
    """Whether a report counts as a view from outside, and if not why not. In the order in which it is asked."""

    UNKNOWN = "unknown"
    SPENT = "spent"
    EXPIRED = "expired"
    CHANGED = "changed"
    WRONG_TIME = "wrong-time"
    VOID = "void"
    NO_CONTROL = "no-control"
    CONTROL_UNREACHED = "control-unreached"
    NOT_OUTSIDE = "not-outside"
    NOT_THIS_TARGET = "not-this-target"
    PORTS_BLOCKED = "ports-blocked"
    ACCEPTED = "accepted"


COUNTS: Final = frozenset({Standing.ACCEPTED, Standing.PORTS_BLOCKED})
"""As views from outside; with ports that were blocked, what is behind those is not determined."""

SENTENCES: Final[dict[Standing, tuple[str, str]]] = {
    Standing.UNKNOWN: (
        "Ce relevé ne vient d'aucune sonde préparée ici.",
        "This report is of no probe that was prepared here.",
    ),
    Standing.SPENT: (
        "Ce relevé a déjà été relu : il ne compte qu'une fois.",
        "This report was read before: it counts once.",
    ),
    Standing.EXPIRED: (
        "La sonde était périmée quand elle a été lancée : préparez-en une autre.",
        "The probe had expired when it was run: prepare another.",
    ),
    Standing.CHANGED: (
        "La sonde qui a fait ce relevé n'est pas celle qui a été préparée ici : elle a été modifiée.",
        "The probe that made this report is not the one that was prepared here: it was changed.",
    ),
    Standing.WRONG_TIME: (
        "L'heure de ce relevé ne se peut pas : l'horloge de l'appareil qui l'a fait est fausse.",
        "The instant of this report cannot be: the clock of the device that made it is wrong.",
    ),
    Standing.VOID: (
        "Ce relevé est nul : la sonde n'a pas jugé juste ce qu'elle devait reconnaître.",
        "This report is void: the probe did not judge rightly what it had to recognise.",
    ),
    Standing.NO_CONTROL: (
        "Aucun témoin n'a été demandé : rien ne dit si l'endroit d'où l'on a sondé laisse passer ces ports.",
        "No control was asked: nothing tells whether the place it was run from lets these ports out.",
    ),
    Standing.CONTROL_UNREACHED: (
        "Le témoin n'a été joint sur aucun port : là où vous étiez, ces ports sont bloqués. Rien n'est déterminé.",
        "The control was reached on no port: where you stood, these ports are blocked. Nothing is determined.",
    ),
    Standing.NOT_OUTSIDE: (
        "La sonde n'était pas dehors : le témoin l'a vue sous l'adresse sondée, ou l'une des deux n'est pas publique.",
        "The probe was not outside: the control saw it under the address it probed, or one of the two is not public.",
    ),
    Standing.NOT_THIS_TARGET: (
        "Rien ne nous est parvenu, et rien ne dit que l'adresse sondée était la nôtre.",
        "Nothing reached us, and nothing tells that the address that was probed was ours.",
    ),
    Standing.PORTS_BLOCKED: (
        "Vu de dehors ; {ports} ports étaient bloqués là où vous étiez : pour eux, rien n'est déterminé.",
        "Seen from outside; {ports} ports were blocked where you stood: for those nothing is determined.",
    ),
    Standing.ACCEPTED: (
        "Vu de dehors : depuis {seen_as}, le témoin joint sur les mêmes ports.",
        "Seen from outside: from {seen_as}, the control reached on the same ports.",
    ),
}  # fmt: skip
"""What each standing says, in French and English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a one-file probe brought back, read strictly. `asked`: (address, port) that it asked or was to ask."""

    nonce: str
    plan_digest: str
    started_at: datetime
    ended_at: datetime
    void: bool
    undetermined: bool
    holes: tuple[Hole, ...]
    asked: frozenset[tuple[str, int]]
    controls: tuple[Reached, ...]
    vouched: bool = False
    """A vantage that proved itself says that its own control gave these answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a report is worth."""

    standing: Standing
    seen_as: tuple[str, ...] = ()
    blocked: tuple[tuple[int, int], ...] = ()
    """(IP version, port) that the control was not reached on."""
    reached_us: bool = False
    rewritten: bool = False
    """Our doors saw another address than the control did: the router hides who calls."""
    sightings: tuple[Sighting, ...] = ()

    def says(self, language: str) -> str:
        """Say it, in `fr` or `en`."""
        fr, en = SENTENCES[self.standing]
        facts = {"ports": len(self.blocked), "seen_as": ", ".join(self.seen_as)}
        return (fr if language == "fr" else en).format(**facts)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "standing": self.standing.value, "seen_as": list(self.seen_as),
            "blocked": [list(one) for one in self.blocked], "reached_us": self.reached_us, "rewritten": self.rewritten,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report that was read back. `judged`: what it was worth, and what it found."""

    id: str
    probe_id: str
    read_by: str
    read_at: datetime
    run_at: datetime
    standing: str
    judged: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The view from outside that counts now: of when, of what, what it found. `asked`: (address, port)."""

    report_id: str
    run_at: datetime
    holes: tuple[Hole, ...]
    asked: frozenset[tuple[str, int]]
    undetermined: bool
    judged: dict[str, Any]

    def verdict(self) -> Verdict:
        """Say what was seen, in the word of a report."""
        return verdict(void=False, holes=self.holes, undetermined=self.undetermined, outside=True)
