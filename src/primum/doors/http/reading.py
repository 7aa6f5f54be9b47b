"""What every door asks before it shows anything of the archive: may they, and is it written down.

Searching needs `study:list`; whatever lies inside a study needs `study:open`, decided for that study. Which
studies exist at all for somebody is their reach, and it is part of every query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from primum.app.shelf import StudyInReach
from primum.doors.http.disclosures import DOOR, Disclosures, Viewing
from primum.doors.http.nowhere import NotFound
from primum.doors.http.services import Archive, Found, Kept, Level, Parameters, Recorder
from primum.doors.http.visit import Visit
from primum.identity import (
    ANY_STUDY,
    Actor,
    NotPermitted,
    Permission,
    Reach,
    Thing,
    decide,
    reaches,
    require,
    seeing_rejected,
)
from primum.journal import Fact, Kind


@dataclass(frozen=True, slots=True)
class OpenStudy:
    """A study that may be shown to this session; the journal says so already."""

    entry: StudyInReach
    viewing: Viewing

    @property
    def reach(self) -> tuple[Reach, ...]:
        """What a search inside it may see: its controller's, for another controller may have the same UID."""
        return (Reach(frozenset({self.entry.controller_id}), (), confidential=True, quality=self.entry.quality),)


class Reading:
    """The way from a person to what they may see."""

    def __init__(self, archive: Archive, journal: Recorder, disclosures: Disclosures) -> None:
        """Read from `archive`, write what is shown to `journal`."""
        self._archive = archive
        self._journal = journal
        self._disclosures = disclosures

    def search(
        self,
        visit: Visit,
        parameters: Parameters,
        *,
        level: Level = "study",
        limit: int,
        offset: int,
        flagged: bool = True,
    ) -> Sequence[Found]:
        """Search everything within reach, and record that somebody searched.

        `flagged`: with what a person should look at twice, which takes a look at other studies for each that is found.

        Raises NotPermitted, and BadQuery as the archive does.
        """
        # series and instances of studies that one may only list are inside those studies: opening, not listing
        action = Permission.STUDY_LIST if level == "study" else Permission.STUDY_OPEN
        reach = self.reach(visit, action)
        rows = self._archive.search(level, parameters, reach, limit=limit, offset=offset, flagged=flagged)
        details: dict[str, str | int] = {"session": visit.person.id, "level": level, "found": len(rows), "door": DOOR}
        self._journal.record(Fact(Kind.LIST_SEARCHED, visit.person.person_id, "", details))
        return rows

    def reach(self, visit: Visit, action: Permission) -> tuple[Reach, ...]:
        """Return how far this person sees. Raises NotPermitted where it is nowhere."""
        actor = self._actor(visit)
        found = reaches(actor, action)
        if not found:
            rule = decide(actor, action, ANY_STUDY).rule
            details: dict[str, str | int] = {"session": visit.person.id, "rule": rule, "what": str(action)}
            self._journal.record(Fact(Kind.ACTION_REFUSED, visit.person.person_id, "", details))
            raise NotPermitted(action=str(action), rule=rule)
        return seeing_rejected(actor, found)

    def open(self, visit: Visit, *, uid: str = "", ref: str = "") -> OpenStudy:
        """Find a study that this person may open, and record that it is shown. Raises NotFound."""
        actor = self._actor(visit)
        listed = reaches(actor, Permission.STUDY_LIST)
        if not listed:
            raise NotFound
        entry = self._archive.study(seeing_rejected(actor, listed), uid=uid, ref=ref)
        self._decide(visit, actor, entry)
        viewing = self._disclosures.open(
            session_id=visit.person.id,
            person_id=visit.person.person_id,
            study_ref=entry.study_ref,
            controller_id=entry.controller_id,
        )
        return OpenStudy(entry, viewing)

    def instances(self, visit: Visit, study: OpenStudy, series_uid: str = "", sop_uid: str = "") -> Sequence[Kept]:
        """Find what is retrieved of an open study; where any of it was rejected, that is on disc first.

        Raises NotHere, and what the journal raises: then nothing leaves.
        """
        kept = self._archive.instances(study.entry, series_uid, sop_uid)
        rejected = sum(one.rejected for one in kept)
        if rejected:
            details: dict[str, str | int] = {
                "session": visit.person.id, "controller": study.entry.controller_id, "instances": rejected,
                "channel": DOOR,
            }  # fmt: skip
            fact = Fact(Kind.REJECTED_SHOWN, visit.person.person_id, study.entry.study_ref, details)
            self._journal.record(fact)
        return kept

    def find(self, visit: Visit, ref: str) -> StudyInReach:
        """Find a study that this person may list, without showing anything of it. Raises NotHere."""
        return self._archive.study(self.reach(visit, Permission.STUDY_LIST), ref=ref)

    def leaving(
        self, visit: Visit, ref: str, *, fresh: bool = True, action: Permission = Permission.STUDY_EXPORT
    ) -> StudyInReach:
        """Find a study that this person may take out, sealed unless `action` says otherwise; a refusal is recorded.

        `fresh` False where password and code were asked for moments ago, by the page that led here.
        Raises NotHere, NotPermitted, StepUpNeeded.
        """
        entry = self.find(visit, ref)
        actor = self._actor(visit)
        if not fresh:
            actor = replace(actor, fresh=True)
        thing = Thing("study", entry.controller_id, referrer=entry.referrer, confidential=entry.confidential)
        try:
            require(actor, action, thing)
        except NotPermitted as refusal:
            details: dict[str, str | int] = {
                "session": visit.person.id, "rule": str(refusal.facts["rule"]), "what": str(action),
            }  # fmt: skip
            self._journal.record(Fact(Kind.ACTION_REFUSED, visit.person.person_id, entry.study_ref, details))
            raise
        return entry

    def _decide(self, visit: Visit, actor: Actor, entry: StudyInReach) -> None:
        thing = Thing("study", entry.controller_id, referrer=entry.referrer, confidential=entry.confidential)
        decision = decide(actor, Permission.STUDY_OPEN, thing)
        if decision.allowed:
            return
        details: dict[str, str | int] = {"session": visit.person.id, "rule": decision.rule, "door": DOOR}
        self._journal.record(Fact(Kind.STUDY_REFUSED, visit.person.person_id, entry.study_ref, details))
        raise NotFound

    def _actor(self, visit: Visit) -> Actor:
        return visit.services.people.actor(visit.person)
