"""People to be told, letters, and what becomes of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told. Never printed by `repr`: it goes into logs."""

    reference: str = field(repr=False)
    """The practice's number of the patient, or ours."""
    name: str = field(repr=False)
    guardian: str = field(default="", repr=False)
    """Who is written to for a minor or a protected adult; empty: the person."""
    mail: str = field(default="", repr=False)
    address: tuple[str, ...] = field(default=(), repr=False)
    """Lines below the name; empty where no letter could be delivered."""
    language: str = ""
    """fr or en; empty: not said."""

    @property
    def reach(self) -> Reach:
        """How the person can be reached."""
        if self.mail:
            return Reach.MAIL
        return Reach.POST if self.address else Reach.NEITHER


class Reach(StrEnum):
    """How somebody of a list can be reached."""

    MAIL = "mail"
    """By mail, and perhaps by post."""
    POST = "post"
    """By post alone."""
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Taken:
    """A list as it was taken."""

    id: str
    file_id: str
    source: str
    at: datetime
    digest: str
    """SHA-256 of the file that was read."""
    count: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A person of a list as it is kept. `gone`: why the content is gone (`erased`, `closed`), or empty."""

    id: str
    list_id: str
    reach: Reach
    who: Recipient
    gone: str = ""


class Channel(StrEnum):
    """How the letters of a batch leave."""

    MAIL = "mail"
    POST = "post"


class Fate(StrEnum):
    """What became of a letter."""

    WAITING = "waiting"
    """Not tried yet; by post: printed, or to be, and nobody said that it was posted."""
    DEFERRED = "deferred"
    """The server said later (4xx), or hung up before the letter's end: it is tried again."""
    SENDING = "sending"
    """Its end is being sent: written before, so that a crash never sends it twice."""
    ACCEPTED = "accepted"
    """The server took it (2xx). That somebody read it is another matter."""
    REFUSED = "refused"
    """The server said never (5xx)."""
    GIVEN_UP = "given-up"
    """Put off until the rules' last attempt."""
    UNCERTAIN = "uncertain"
    """Its end was sent, and no outcome came or was written. A person decides; it is never sent again by itself."""
    RETURNED = "returned"
    """Accepted, and came back: a person said so."""
    POSTED = "posted"
    STOPPED = "stopped"
    """A person stopped the batch before it left."""
    ERASED = "erased"
    """Whoever it was for was erased before it left."""


DUE: Final = frozenset({Fate.WAITING, Fate.DEFERRED})
"""What is tried by itself."""
UNDER_WAY: Final = DUE | {Fate.SENDING}
HELD: Final = UNDER_WAY | {Fate.ACCEPTED, Fate.UNCERTAIN, Fate.POSTED}
"""Whoever has a letter in one of these gets no other one of the same text."""
BACK: Final = frozenset({Fate.REFUSED, Fate.GIVEN_UP, Fate.RETURNED})
"""No letter arrives there: the address is not mailed again, and the person is written to by post."""
TOLD: Final = frozenset({Fate.ACCEPTED, Fate.POSTED})
RANK: Final[Mapping[Fate, int]] = {
    one: at for at, one in enumerate((
        Fate.ERASED, Fate.STOPPED, Fate.RETURNED, Fate.REFUSED, Fate.GIVEN_UP, Fate.UNCERTAIN, Fate.DEFERRED,
        Fate.WAITING, Fate.SENDING, Fate.POSTED, Fate.ACCEPTED,
    ))
}  # fmt: skip
"""Of several letters to one person, the one that says most."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Letters that leave together: one text, one list, one channel."""

    id: str
    file_id: str
    list_id: str
    channel: Channel
    letter: str
    """SHA-256 of the approved text."""
    at: datetime
    by: str
    domain: str = ""
    """Of the Message-IDs, as it was when the batch began; empty by post."""
    over: bool = False
    trouble: str = ""
    """Why the server took nothing from us when it was last called, as a step of ours; empty where it did."""
    trouble_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter: to one mail address, or to one person by post."""

    id: str
    batch_id: str
    number: int
    """Its place in the batch, from 1: what a printed letter shows of itself."""
    fate: Fate
    attempts: int = 0
    tried_at: datetime | None = None
    next_at: datetime | None = None
    code: int = 0
    """The server's answer (RFC 5321 4.2); 0: none."""
    detail: str = ""
    """Its enhanced code (RFC 3463)."""

    def message_id(self, domain: str) -> str:
        """Return the Message-ID: of this letter, however often it is tried."""
        return f"<{self.id}@{domain}>"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: letters by fate."""

    batch: Batch
    letters: Mapping[Fate, int]

    @property
    def total(self) -> int:
        """How many letters it has."""
        return sum(self.letters.values())

    @property
    def left(self) -> int:
        """How many still leave by themselves, or by a person's hand."""
        return sum(self.letters.get(one, 0) for one in UNDER_WAY)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom the file has told, in numbers. People, not letters: several people may share a mail address."""

    people: int = 0
    """On the list that stands."""
    erased: int = 0
    """Of them, erased since: content gone, count kept."""
    forgotten: int = 0
    """Of them, content gone because the file has been closed for so long."""
    reach: Mapping[Reach, int] = field(default_factory=dict)
    """When the list was taken."""
    fates: Mapping[Fate, int] = field(default_factory=dict)
    """Of those for whom there is a letter."""
    out_of_reach: int = 0
    """Neither a letter that may arrive, nor an address left to write to: for a public notice (34(3)(c))."""
    by_post_yet: int = 0
    """Not told, and could be written to by post."""
    by_mail_yet: int = 0
    """No letter yet, and could be mailed."""
    published: int = 0
    expected: int | None = None
    """What the file says of how many people are concerned."""
    decision: str = ""
    """The choice that stands about telling people."""
    approved: str = ""
    """SHA-256 of the approved letter; empty where there is none."""
    batches: tuple[Progress, ...] = ()

    @property
    def told(self) -> int:
        """How many people a server took a letter for, or were posted one."""
        return sum(self.fates.get(one, 0) for one in TOLD)

    @property
    def uncertain(self) -> int:
        """For how many a person has to decide."""
        return self.fates.get(Fate.UNCERTAIN, 0)
