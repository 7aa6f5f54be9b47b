"""What the web doors need from the rooms below, as narrow as they need it.

`primum.app` builds a `WebServices` from the real rooms; each Protocol names the part of a room that a
browser can reach, and so says what a hole in these doors could touch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

from primum.app.intake import Intake
from primum.app.shelf import StudyInReach
from primum.doors.http.limits import LIMITS, Limits
from primum.exposure.outside.announced import Announced
from primum.ground.clock import Clock
from primum.ground.closed import Closed
from primum.ground.settings import Settings
from primum.identity import Actor, Controller, Enrolment, Notice, Person, Reach, Session
from primum.imaging import PictureWish
from primum.imaging.dose.service import Doses
from primum.imaging.orders import Orders
from primum.imaging.presenting.state import State
from primum.imaging.report_texts import ReportText
from primum.imaging.reports.service import Reports
from primum.imaging.retention.judging import Verdict
from primum.imaging.retention.model import Decision, Erasure, Hold, HoldReason, Part, Reason, Return, Tally
from primum.imaging.toread.service import ToRead
from primum.journal import Fact, Journal, Kind, Refusals
from primum.vault import Vault

Level = Literal["study", "series", "instance"]


class Recorder(Protocol):
    """Writes facts (journal.Journal)."""

    def record(self, fact: Fact) -> None:
        """Record a fact; on disc at return where its kind is durable. Raises where it cannot."""
        ...


class People(Protocol):
    """Who is asking (identity.People)."""

    def sign_in(self, login: str, password: str, code: str, address: str, agent: str) -> Session:
        """Open a session; raises SignInRefused or Throttled."""
        ...

    def program(self, secret: str, address: str) -> Session:
        """Find what a program's token opens; raises NoSession."""
        ...

    def session(self, token: str) -> Session:
        """Find a session and note that it is used; raises NoSession or SessionLocked."""
        ...

    def glance(self, token: str) -> Session:
        """Find a session without using it; raises NoSession or SessionLocked."""
        ...

    def lock(self, token: str) -> None:
        """Lock a session."""
        ...

    def unlock(self, token: str, password: str, address: str) -> Session:
        """Open a locked session again; raises SignInRefused or Throttled."""
        ...

    def step_up(self, token: str, password: str, code: str, address: str) -> Session:
        """Make a session fresh for five minutes; raises SignInRefused or Throttled."""
        ...

    def sign_out(self, token: str) -> None:
        """End a session, locked or not."""
        ...

    def actor(self, session: Session) -> Actor:
        """Read what the session's person may do now."""
        ...

    def person(self, person_id: str) -> Person:
        """Read who somebody is."""
        ...

    def controllers(self) -> Sequence[Controller]:
        """List the controllers."""
        ...

    def notices(self) -> Sequence[Notice]:
        """Read what everybody is told of proposals."""
        ...

    def set_language(self, person_id: str, language: str) -> None:
        """Choose the language of somebody's pages."""
        ...

    def change_password(self, token: str, old: str, new: str, address: str) -> None:
        """Change the password of the session's person."""
        ...

    def enrol_begin(self, token: str, address: str) -> Enrolment:
        """Show what an enrolment link is for."""
        ...

    def enrol_finish(self, token: str, password: str, code: str, address: str) -> tuple[str, ...]:
        """Set password and factor; return the recovery codes, once."""
        ...


class Found(Protocol):
    """A study, series or instance as a search finds it."""

    @property
    def study(self) -> StudyInReach:
        """Its study."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """What was asked for, as DICOM JSON."""
        ...

    @property
    def flags(self) -> frozenset[str]:
        """Of a study: `homonym`, `conflict`, `collision`, `mixed_patients`, `no_identifier`, `name_damaged`."""
        ...


class Kept(Protocol):
    """An instance as it is kept."""

    @property
    def rejected(self) -> bool:
        """Whether it is hidden from ordinary use, and shown to who sees what was rejected for quality."""
        ...

    @property
    def sop_class_uid(self) -> str:
        """Its SOP class."""
        ...

    @property
    def sop_instance_uid(self) -> str:
        """Its UID."""
        ...

    @property
    def transfer_syntax_uid(self) -> str:
        """The transfer syntax that it came in, and is given in as a whole."""
        ...

    @property
    def length(self) -> int:
        """About how many bytes it has."""
        ...

    @property
    def frame_syntax_uid(self) -> str:
        """The transfer syntax in which single frames are given: native ones always in explicit little endian."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The data set, piece by piece."""
        ...

    def frame(self, number: int) -> bytes:
        """One frame, counted from 1; raises NoFrame or FramesUnknown."""
        ...

    @property
    def frame_count(self) -> int:
        """How many frames there are; raises FramesUnknown or Undecodable."""
        ...

    @property
    def has_rows(self) -> bool:
        """Whether it is a picture at all."""
        ...

    def chunks_in(self, transfer_syntax_uid: str) -> Iterator[bytes]:
        """The data set in another transfer syntax; raises NotTranscoded, Undecodable, CodecsBusy."""
        ...

    def frame_in(self, number: int, transfer_syntax_uid: str) -> bytes:
        """One frame in another transfer syntax; raises as `frame` and `chunks_in`."""
        ...

    def picture(self, number: int, wish: PictureWish) -> bytes:
        """A picture of a frame, of the one that represents it for 0; raises NotAPicture, NoFrame, Undecodable."""
        ...

    def animation(self, numbers: Sequence[int], wish: PictureWish) -> Iterator[bytes]:
        """An animated GIF of frames, of all where none is named; raises as `picture`."""
        ...

    def state(self) -> State:
        """A presentation state; raises BadState, NotAPicture."""
        ...

    def presented(self, state: State, number: int, wish: PictureWish, *, begun: bool) -> bytes:
        """A picture of a frame as a presentation state says; raises as `picture`, and BadState."""
        ...

    def film(self) -> Iterator[bytes]:
        """The stream of a film as it is kept; raises NotAPicture, FramesUnknown."""
        ...

    def report(self) -> ReportText:
        """A report to be read; raises ReportUnreadable, ReportTooLarge."""
        ...

    def document(self) -> bytes:
        """An encapsulated PDF; raises NotAPicture."""
        ...

    def bulk(self, path: str) -> bytes:
        """One value, by the path that metadata gave; raises NotHere."""
        ...


Parameters = Sequence[tuple[str, str]]
"""The query of a QIDO-RS request, in order, as (name, value)."""


class Space(Protocol):
    """Whether there is room."""

    def low(self) -> bool:
        """Tell whether the free space is below the low mark."""
        ...


class Archive(Protocol):
    """What is kept. Whatever is out of reach does not exist: NotHere."""

    def search(
        self,
        level: Level,
        parameters: Parameters,
        reaches: Sequence[Reach],
        *,
        within: StudyInReach | None = None,
        series_uid: str = "",
        limit: int,
        offset: int,
        flagged: bool = True,
    ) -> Sequence[Found]:
        """Search a level, in everything within reach or inside a study or series; raises BadQuery."""
        ...

    def study(self, reaches: Sequence[Reach], *, uid: str = "", ref: str = "") -> StudyInReach:
        """Find a study by its UID or its reference; raises NotHere."""
        ...

    def series_uids(self, study: StudyInReach) -> Sequence[str]:
        """List the series of a study."""
        ...

    def metadata(self, study: StudyInReach, series_uid: str) -> bytes:
        """Return the DICOM JSON of every instance of a series, as one array; raises NotHere."""
        ...

    def instances(self, study: StudyInReach, series_uid: str = "", sop_uid: str = "") -> Sequence[Kept]:
        """Find the instances of a study, a series, or one alone; raises NotHere where there is none."""
        ...


class Retention(Protocol):
    """What is to be erased, held, or came back (imaging.retention); it decides itself who may."""

    def may_list(self, by: Actor) -> bool:
        """Tell whether any of it concerns this person."""
        ...

    def standing(self, by: Actor | None = None) -> Tally:
        """Count what waits for this person."""
        ...

    def live(self, by: Actor) -> Sequence[Erasure]:
        """List what is under way."""
        ...

    def announced(self) -> Sequence[Erasure]:
        """List what is erased at its hour unless somebody refuses it."""
        ...

    def done(self, by: Actor, limit: int = 100) -> Sequence[Erasure]:
        """List what was erased, the latest first."""
        ...

    def holds(self, by: Actor) -> Sequence[Hold]:
        """List what is held."""
        ...

    def returns(self, by: Actor) -> Sequence[Return]:
        """List what came back."""
        ...

    def erasure(self, by: Actor, erasure_id: str) -> Erasure:
        """Find one erasure; raises NoSuchErasure."""
        ...

    def judge(self, ref: str) -> Verdict:
        """Tell how long a study is kept; raises NotHere."""
        ...

    def propose(self, by: Actor, ref: str, reason: Reason, *, part: Part | None = None, note: str = "") -> Erasure:
        """Propose an erasure; raises what refuses it."""
        ...

    def approve(self, by: Actor, erasure_id: str) -> Erasure:
        """Approve one."""
        ...

    def refuse(self, by: Actor, erasure_id: str) -> None:
        """Refuse one."""
        ...

    def hold(
        self,
        by: Actor,
        ref: str,
        reason: HoldReason,
        until_on: date | None = None,
        note: str = "",
        *,
        patient: bool = False,
    ) -> Hold:
        """Freeze a study or a patient's studies."""
        ...

    def release(self, by: Actor, hold_id: str) -> None:
        """End a hold."""
        ...

    def decide_return(self, by: Actor, return_id: str, decision: Decision) -> Return:
        """Keep what came back, or erase it again."""
        ...


@dataclass(frozen=True, slots=True)
class WebServices:
    """Everything that the web doors may reach."""

    people: People
    archive: Archive
    vault: Vault
    intake: Intake
    """The way to the worker: what was stored, and what only it may do."""
    space: Space
    retention: Retention
    journal: Journal
    clock: Clock
    settings: Settings
    demo: bool
    home_id: str
    origins: frozenset[str]
    """Under which addresses we are reached: `https://name:port`, the port left out where it is 443."""
    orders: Orders
    doses: Doses
    to_read: ToRead
    reports: Reports
    routes_file: Path | None = None
    """Where the table of routes is written for a probe of this machine."""
    announced: Announced | None = None
    """Notes probes whose nonce was announced."""
    closed: Callable[[], Closed | None] = lambda: None
    """Whether the doors are closed because of a breach, as it is now."""
    limits: Limits = LIMITS
    strangers: Refusals = field(init=False)
    """Who knocked and was not let in, counted per source, reason and minute."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "strangers", Refusals(self.journal, Kind.STRANGER_REQUEST))
