"""The worklist: the studies that somebody may see, the most recent first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.responses import Response

from primum.doors.http.reading import Reading
from primum.doors.http.services import Found
from primum.doors.http.visit import Visit
from primum.doors.web.language import say
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import Row, birth_date, folded_name, row
from primum.doors.web.searching import MODALITIES, Search, SearchUnclear, read_search
from primum.ground.errors import PrimumError
from primum.identity import NotPermitted, Permission, Thing, decide, reaches

_FLAGS: Final = (
    ("conflict", "conflict"),
    ("homonym", "homonym"),
    ("collision", "flagged"),
    ("mixed_patients", "flagged"),
    ("no_identifier", "flagged"),
    ("name_damaged", "flagged"),
    ("confidential", "confidential"),
)
"""What the archive says of a study, and the badge that stands for it, in order."""


@dataclass(frozen=True, slots=True)
class _Results:
    search: Search = field(default_factory=Search)
    rows: Sequence[Found] = ()
    more: bool = False
    sentence: str = ""


class Worklist:
    """The page and its search."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Read through `reading`, which decides and records."""
        self._pages = pages
        self._reading = reading

    def page(self, visit: Visit) -> Response:
        """Show the newest studies."""
        return self._answer(visit, Search())

    def search(self, visit: Visit) -> Response:
        """Show what was searched for; only the results where a script asks for them."""
        today = visit.services.clock.now().astimezone().date()
        try:
            search = read_search(visit.form, today, visit.services.limits)
        except SearchUnclear:
            return self._unclear(visit, Search())
        return self._answer(visit, search)

    def _answer(self, visit: Visit, search: Search) -> Response:
        try:
            return self._show(visit, self._find(visit, search))
        except NotPermitted:
            return self._pages.page(visit, "studies.html", here="studies", denied=True, proposed=0)
        except SearchUnclear:
            return self._unclear(visit, search)
        except PrimumError as refusal:
            if refusal.code != "imaging.bad-query":
                raise
            return self._unclear(visit, search)

    def _find(self, visit: Visit, search: Search) -> _Results:
        size = visit.services.limits.page_rows
        offset = (search.page - 1) * size
        rows = self._reading.search(visit, search.parameters(), limit=size + 1, offset=offset)
        return _Results(search, rows[:size], more=len(rows) > size)

    def _unclear(self, visit: Visit, search: Search) -> Response:
        found = _Results(replace(search, since="", until=""), sentence=say(language_of(visit), "studies.bad_query"))
        # a script swaps in nothing but a success
        return self._show(visit, found, status=200 if visit.partial else 400)

    def _show(self, visit: Visit, found: _Results, *, status: int = 200) -> Response:
        search, rows = found.search, self._rows(visit, found.rows)
        return self._pages.page(
            visit,
            "results.html" if visit.partial else "studies.html",
            status=status,
            here="studies",
            denied=False,
            search=search,
            searched=search.narrows or search.page > 1,
            sentence=found.sentence,
            rows=rows,
            page=search.page,
            more=found.more,
            tally=_tally(visit, search, len(rows), more=found.more),
            controllers=any(one.controller for one in rows),
            modalities=MODALITIES,
            brings=self._brings(visit),
            proposed=self._proposed(visit),
        )

    @staticmethod
    def _proposed(visit: Visit) -> int:
        """Count what other systems say of patients and this person may decide (docs/design/patients.md)."""
        actor = replace(visit.services.people.actor(visit.person), fresh=True)
        if not reaches(actor, Permission.PATIENT_CORRECT):
            return 0
        reach = reaches(actor, Permission.PATIENT_IDENTIFY)
        whole = any(one.controllers is None for one in reach)
        own = sorted({controller for one in reach for controller in one.controllers or ()})
        return len(visit.services.orders.merges(None if whole else own))

    @staticmethod
    def _brings(visit: Visit) -> bool:
        """Tell whether this person may bring studies in."""
        people = visit.services.people
        thing = Thing("study", people.person(visit.person.person_id).controller_id)
        return decide(replace(people.actor(visit.person), fresh=True), Permission.STUDY_IMPORT, thing).allowed

    def _rows(self, visit: Visit, found: Sequence[Found]) -> list[Row]:
        actor, language = visit.services.people.actor(visit.person), language_of(visit)
        alike = _homonyms(found)
        several = len({one.study.controller_id for one in found}) > 1
        names = {one.id: one.name for one in visit.services.people.controllers()} if several else {}
        rows = []
        for one in found:
            study = one.study
            thing = Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)
            opens = decide(actor, Permission.STUDY_OPEN, thing).allowed
            address = f"/ohif/viewer?StudyInstanceUIDs={visit.aliases.cover(study.study_ref)}" if opens else ""
            identity = f"/studies/{visit.aliases.cover(study.study_ref)}/patient"
            controller = names.get(study.controller_id, "")
            leaves = decide(replace(actor, fresh=True), Permission.STUDY_EXPORT, thing).allowed
            export = f"/export/{visit.aliases.cover(study.study_ref)}" if leaves else ""
            holds = decide(actor, Permission.ERASURE_LIST, thing).allowed
            keeping = f"/retention/{visit.aliases.cover(study.study_ref)}" if holds else ""
            flags = _badges(one, alike)
            shown = row(
                one.attributes,
                language,
                address=address,
                identity=identity,
                controller=controller,
                flags=flags,
                keeping=keeping,
            )
            reads = decide(actor, Permission.REPORT_READ, thing).allowed
            reports = f"/studies/{visit.aliases.cover(study.study_ref)}/reports" if reads else ""
            rows.append(replace(shown, export=export, reports=reports))
        return rows


def _badges(one: Found, alike: frozenset[str]) -> tuple[str, ...]:
    told = one.flags | ({"confidential"} if one.study.confidential else set())
    told |= {"homonym"} if folded_name(one.attributes) in alike else set()
    return tuple(dict.fromkeys(badge for flag, badge in _FLAGS if flag in told))


def _homonyms(found: Sequence[Found]) -> frozenset[str]:
    """Names that several people on this page share: the archive knows those of one controller only."""
    people: dict[str, set[str]] = {}
    for one in found:
        people.setdefault(folded_name(one.attributes), set()).add(birth_date(one.attributes))
    return frozenset(name for name, born in people.items() if name and len(born) > 1)


def _tally(visit: Visit, search: Search, count: int, *, more: bool) -> str:
    language, first = language_of(visit), (search.page - 1) * visit.services.limits.page_rows + 1
    if more or search.page > 1:
        return say(language, "studies.more", first=first, last=first + count - 1)
    return say(language, "studies.one") if count == 1 else say(language, "studies.many", count=count)
