"""What may be asked of containment. In this order: may they, evidence, an entry *begun*, the act, an entry after it.

Every act may be repeated: one that a crash interrupted stands as *begun* in the file, and is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import NotPermitted, Permission, StepUpNeeded, Thing, require
from primum.incidents.containment.model import EvidenceNotFrozen, Means, NothingToReopen, Outcome, What
from primum.incidents.evidence.service import frozen_since_detected
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, Dossier, Entry, EntryKind, IncidentOver, NoSuchIncident, State

if TYPE_CHECKING:
    from primum.identity import Actor
    from primum.incidents.evidence.service import Evidence
    from primum.incidents.evidence.writing import Tell
    from primum.incidents.service import Incidents

Act = Callable[[], Mapping[str, Any]]
"""Does it; returns what is to be said of it besides: an outcome other than done, a count."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Who does what, for which file, to whom."""

    by: Actor
    file_id: str
    what: What
    subject: str = ""


class Containment:
    """The acts. Safe to use from several threads.

    `override`, of each: the written reason for acting though freezing fails; used where it does, and not otherwise.
    """

    def __init__(self, files: Incidents, evidence: Evidence, means: Means) -> None:
        """Act by `means`, after `evidence`."""
        self._files, self._evidence, self._means = files, evidence, means

    def close_doors(self, by: Actor, file_id: str, *, override: str = "", tell: Tell | None = None) -> Entry:
        """Close every door: DICOM and HL7 end, the pages are for this machine alone, until a person reopens.

        Raises NotPermitted, StepUpNeeded, NoSuchIncident, IncidentOver, EvidenceNotFrozen, and what the act raises.
        """
        self._may(by, file_id)

        def act() -> Mapping[str, Any]:
            return {"outcome": self._means.close_doors(by, file_id).value}

        return self._do(_Step(by, file_id, What.CLOSE_DOORS, ""), act, override, tell)

    def reopen_doors(self, by: Actor, file_id: str, reason: str) -> Entry:
        """Open them again, with a reason. Raises as `close_doors`, BadEntry, NothingToReopen."""
        self._may(by, file_id)
        if not reason.strip():
            raise BadEntry(what="it has its reason")
        if not self._means.doors_closed():
            raise NothingToReopen
        step = _Step(by, file_id, What.REOPEN_DOORS)
        self._note(step, Outcome.BEGUN, {"reason": reason})
        return self._note(step, self._means.reopen_doors(by, file_id), {"reason": reason})

    def revoke_device(
        self, by: Actor, file_id: str, name: str, *, override: str = "", tell: Tell | None = None
    ) -> Entry:
        """Refuse a device from now on. Raises as `close_doors`, NoSuchDevice."""
        self._may(by, file_id)
        found = self._means.device(name)
        require(by, Permission.INCIDENT_CONTAIN, Thing("incident", found.controller_id))

        def act() -> Mapping[str, Any]:
            self._means.revoke_device(by, found.id)
            return {}

        return self._do(_Step(by, file_id, What.REVOKE_DEVICE, found.id), act, override, tell)

    def end_sessions(
        self, by: Actor, file_id: str, who: str = "", *, override: str = "", tell: Tell | None = None
    ) -> Entry:
        """End a person's sessions, or everybody's but one's own. Raises as `close_doors`, NoSuchPerson."""
        person_id = self._whose(by, file_id, who)

        def act() -> Mapping[str, Any]:
            return {"count": self._means.end_sessions(by, person_id)}

        return self._do(_Step(by, file_id, What.END_SESSIONS, person_id), act, override, tell)

    def end_tokens(
        self, by: Actor, file_id: str, who: str = "", *, override: str = "", tell: Tell | None = None
    ) -> Entry:
        """End the tokens with which programs ask in a person's name, or in anybody's. Raises as `end_sessions`."""
        person_id = self._whose(by, file_id, who)

        def act() -> Mapping[str, Any]:
            return {"count": self._means.end_tokens(by, person_id)}

        return self._do(_Step(by, file_id, What.END_TOKENS, person_id), act, override, tell)

    def rotate_root(self, by: Actor, file_id: str, *, override: str = "", tell: Tell | None = None) -> Entry:
        """Freeze, and write down that the root key is to be replaced: `primum keyring rotate` does it, Primum stopped.

        `settle` writes down that it was done. What is not replaced: docs/design/vault.md §13. Raises as `close_doors`.
        """
        self._may(by, file_id, everywhere=True)
        bundle = self._frozen(by, self._files.dossier(by, file_id), override, tell)
        return self._note(_Step(by, file_id, What.ROTATE_ROOT), Outcome.BEGUN, bundle)

    def settle(self) -> int:
        """Write down, where a rotation was begun and the root was replaced since, that it is done; return how many."""
        at = self._means.rotated_at()
        done = 0
        for dossier in self._files.all_open() if at is not None else []:
            last = last_of(dossier, What.ROTATE_ROOT)
            if last is not None and last.body["outcome"] == Outcome.BEGUN and at is not None and at >= last.at:
                body = {"what": What.ROTATE_ROOT.value, "outcome": Outcome.DONE.value, "at": to_text(at)}
                self._files.write_alone(dossier.file.id, EntryKind.ACTION, body)
                done += 1
        return done

    # -- the order of it --

    def _do(self, step: _Step, act: Act, override: str, tell: Tell | None) -> Entry:
        dossier = self._files.dossier(step.by, step.file_id)
        bundle = self._frozen(step.by, dossier, override, tell)
        unwritten: Exception | None = None
        try:
            self._note(step, Outcome.BEGUN, bundle)
        except _FAILING as failure:
            if bundle["bundle"]:
                raise
            unwritten = failure  # the reason to act without evidence is a reason to act without an entry
        with self._told(step, bundle):
            told = act()
        if unwritten is not None:
            raise unwritten
        return self._note(step, Outcome.DONE, {**bundle, **told})

    @contextmanager
    def _told(self, step: _Step, bundle: Mapping[str, str]) -> Iterator[None]:
        """Write down that an act was refused, and why, before the refusal goes on."""
        try:
            yield
        except PrimumError as refusal:
            self._note(step, Outcome.REFUSED, {**bundle, "reason": refusal.code})
            raise

    def _frozen(self, by: Actor, dossier: Dossier, override: str, tell: Tell | None) -> dict[str, str]:
        """Freeze unless that was done since the breach was detected; say by which bundle, or why by none."""
        found = frozen_since_detected(dossier)
        if found is not None:
            return {"bundle": str(found.body["digest"])}
        try:
            return {"bundle": str(self._evidence.freeze(by, dossier.file.id, tell).body["digest"])}
        except (NotPermitted, StepUpNeeded, NoSuchIncident, IncidentOver):
            raise
        except _FAILING as failure:
            why = failure.code if isinstance(failure, PrimumError) else type(failure).__name__
            if not override.strip():
                raise EvidenceNotFrozen(why=why) from None
            return {"bundle": "", "override": override[: LIMITS.line], "why": why}

    def _note(self, step: _Step, outcome: Outcome, more: Mapping[str, Any]) -> Entry:
        body = {"what": step.what.value, "subject": step.subject, "outcome": outcome.value, **more}
        return self._files.write(step.by, step.file_id, EntryKind.ACTION, body)

    def _may(self, by: Actor, file_id: str, *, everywhere: bool = False) -> None:
        dossier = self._files.dossier(by, file_id)
        if dossier.state is State.MERGED:
            raise IncidentOver
        houses = [one.id for one in self._files.controllers()] if everywhere else []
        for one in (dossier.file.controller_id, *houses):
            require(by, Permission.INCIDENT_CONTAIN, Thing("incident", one))

    def _whose(self, by: Actor, file_id: str, who: str) -> str:
        """Find whose sessions or tokens are meant; everybody's ask for the right at every controller."""
        self._may(by, file_id, everywhere=not who)
        if not who:
            return ""
        found = self._means.person(who)
        require(by, Permission.INCIDENT_CONTAIN, Thing("incident", found.controller_id))
        return found.id


_FAILING = (PrimumError, OSError)


def last_of(dossier: Dossier, what: What) -> Entry | None:
    """Return the last entry of an action. Pure."""
    found = [one for one in dossier.of_kind(EntryKind.ACTION) if one.body["what"] == what]
    return found[-1] if found else None


def unfinished(dossier: Dossier) -> list[Entry]:
    """List the actions that were begun and of which nothing was heard after, oldest first. Pure."""
    last = {(one.body["what"], one.body.get("subject", "")): one for one in dossier.of_kind(EntryKind.ACTION)}
    return [one for one in last.values() if one.body["outcome"] == Outcome.BEGUN]
