"""The list of what is to be read: taken by a doctor, given back, said to be read. Urgent first, then the oldest.

Entries come from completion; who they are about comes from a search within the person's reach, so what they may not
see is not there. No address says anything of a patient: studies go by the session's aliases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.reading import Reading
from primum.doors.http.services import Found
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.language import say, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import Row, row
from primum.ground.errors import PrimumError
from primum.identity import NotPermitted, Permission, Thing, decide
from primum.imaging.toread.model import Entry
from primum.journal import Fact, Kind

HERE: Final = "/to-read"
_ROWS: Final = 50
"""Lines of a page: a morning's work."""
_SEARCHED: Final = 60
"""UIDs of one search: a parameter has 4096 characters (imaging/limits.py), a UID 64."""
_WORDED: Final = {"imaging.not-to-read": "gone", "imaging.taken-already": "taken"}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, in words."""

    alias: str
    shown: Row
    waiting: str
    since: str
    stations: str
    urgent: bool
    new_images: bool
    mine: bool
    taken_by: str


class ToReadPages:
    """The page and its acts."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Render with `pages`; studies are found through `reading`."""
        self._pages, self._reading = pages, reading

    def page(self, visit: Visit) -> Response:
        """Show what waits."""
        return self._page(visit)

    def act(self, visit: Visit) -> Response:
        """Take a study, give it back, or say that it was read. Raises NotHere, NotPermitted."""
        ref = visit.aliases.uncover(field(visit.form, "study", 80))
        study = self._reading.find(visit, ref)
        thing = Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)
        self._require(visit, study.study_ref, thing)
        to_read, by = visit.services.to_read, visit.person.person_id
        acts = {"claim": to_read.claim, "release": to_read.release, "read": to_read.read}
        act = acts.get(visit.form.get("action", ""))
        if act is None:
            raise FormUnreadable
        try:
            act(by, study.study_ref)
        except PrimumError as refusal:
            if refusal.code not in _WORDED:
                raise
            sentence = say(language_of(visit), f"to_read.{_WORDED[refusal.code]}")
            return self._page(visit, sentence, status_of(refusal))
        return RedirectResponse(HERE, 303)

    @staticmethod
    def _require(visit: Visit, ref: str, thing: Thing) -> None:
        decision = decide(visit.services.people.actor(visit.person), Permission.STUDY_READ, thing)
        if decision.allowed:
            return
        details: dict[str, str | int] = {
            "session": visit.person.id, "rule": decision.rule, "what": str(Permission.STUDY_READ),
        }  # fmt: skip
        visit.services.journal.record(Fact(Kind.ACTION_REFUSED, visit.person.person_id, ref, details))
        raise NotPermitted(action=str(Permission.STUDY_READ), rule=decision.rule)

    def _page(self, visit: Visit, sentence: str = "", status: int = 200) -> Response:
        try:
            controllers = self._controllers(visit)
        except NotPermitted:
            return self._pages.page(visit, "to_read.html", here="to_read", denied=True)
        given = visit.request.query_params
        modality, station = given.get("modality", "")[:16], given.get("station", "")[:16]
        number = int(given["page"]) if given.get("page", "").isdecimal() and len(given["page"]) < 4 else 1  # noqa: PLR2004
        every = visit.services.to_read.waiting(controllers)
        asked = visit.services.to_read.waiting(controllers, modality, station) if modality or station else every
        first = (max(number, 1) - 1) * _ROWS
        lines, more = self._lines(visit, asked, first)
        return self._pages.page(
            visit, "to_read.html", status=status, here="to_read", denied=False, sentence=sentence, lines=lines,
            modality=modality, station=station, page=max(number, 1), more=more, taken=sum(one.mine for one in lines),
            modalities=sorted({one for entry in every for one in entry.modalities}),
            stations=sorted({one for entry in every for one in entry.stations}), total=len(asked),
        )  # fmt: skip

    def _controllers(self, visit: Visit) -> frozenset[str] | None:
        """Return whose studies this person reads; None for everybody's. Raises NotPermitted."""
        reach = self._reading.reach(visit, Permission.STUDY_READ)
        if any(one.controllers is None for one in reach):
            return None
        return frozenset(one for each in reach for one in each.controllers or ())

    def _lines(self, visit: Visit, entries: Sequence[Entry], first: int) -> tuple[list[Line], bool]:
        """Write one page of those that the person may see, and tell whether there are more."""
        seen: list[tuple[Entry, Found]] = []
        at = 0
        while at < len(entries) and len(seen) <= first + _ROWS:
            batch = entries[at : at + _SEARCHED]
            found = self._search(visit, batch)
            seen += [(one, found[one.study_ref]) for one in batch if one.study_ref in found]
            at += len(batch)
        names: dict[str, str] = {}
        page = seen[first : first + _ROWS]
        return [self._line(visit, one, shown, names) for one, shown in page], len(seen) > first + _ROWS

    def _search(self, visit: Visit, entries: Sequence[Entry]) -> Mapping[str, Found]:
        uids = ",".join(dict.fromkeys(one.study_uid for one in entries))
        found = self._reading.search(visit, [("StudyInstanceUID", uids)], limit=_SEARCHED * 4, offset=0)
        actor = visit.services.people.actor(visit.person)
        return {
            one.study.study_ref: one
            for one in found
            if decide(
                actor,
                Permission.STUDY_READ,
                Thing("study", one.study.controller_id, one.study.referrer, one.study.confidential),
            ).allowed
        }

    @staticmethod
    def _line(visit: Visit, one: Entry, found: Found, names: dict[str, str]) -> Line:
        language, me = language_of(visit), visit.person.person_id
        alias = visit.aliases.cover(one.study_ref)
        if one.claimed_by and one.claimed_by not in names:
            names[one.claimed_by] = visit.services.people.person(one.claimed_by).full_name
        return Line(
            alias=alias,
            shown=row(found.attributes, language, address=f"/ohif/viewer?StudyInstanceUIDs={alias}",
                      identity=f"/studies/{alias}/decisions", controller="", flags=()),
            waiting=write_wait(language, visit.services.clock.now() - one.since),
            since=write_instant(language, one.since),
            stations=" ".join(one.stations),
            urgent=one.urgent,
            new_images=one.new_images,
            mine=one.claimed_by == me,
            taken_by=names.get(one.claimed_by, "") if one.claimed_by != me else "",
        )  # fmt: skip


def write_wait(language: str, length: timedelta) -> str:
    """Write how long something waits: minutes, then hours, then days."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:  # noqa: PLR2004
        return say(language, "to_read.minutes", count=minutes)
    if minutes < 48 * 60:
        return say(language, "to_read.hours", count=minutes // 60, minutes=minutes % 60)
    return say(language, "to_read.days", count=minutes // (24 * 60))
