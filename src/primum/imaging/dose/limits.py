"""How much of a dose report is read, and how much of a practice is looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    report_bytes: int = 16 << 20
    """One report: of a long intervention with 2000 irradiation events it is some 6 MiB."""

    depth: int = 24
    """Content items inside content items: TID 10001 and 10011 nest six deep."""

    items: int = 200_000
    """Content items of one report: an event has some fifty."""

    events: int = 3_000
    """Irradiation events kept of one report: long interventions have hundreds."""

    text: int = 128
    """Characters kept of a protocol, a region, a plane: a code meaning (LO) has 64."""

    reports: int = 50
    """Reports put together for one study: one, or one of each device, nearly always."""

    at_once: int = 100
    """Reports read in one run of the job: each takes some milliseconds, a long one half a second."""

    made_at_once: int = 2_000
    """Reports of an earlier version of which values are made in one run of the job: each a third of a millisecond."""

    studies: int = 20_000
    """Studies of one page of the practice: a year of a large practice; beyond, the page says so."""

    groups: int = 500
    """Lines of the practice's table: there are some tens of protocols."""


LIMITS = Limits()
