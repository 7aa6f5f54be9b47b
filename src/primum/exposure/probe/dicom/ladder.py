"""The ladder of DICOM in one mode: every rung as nobody, then with titles that products have, then with a device's.

What would write is told from the answers to presentation contexts; nothing of it is ever sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from primum.exposure.probe.dialling import TITLE, Unanswered
from primum.exposure.probe.dicom import classes, finding, messages, retrieving
from primum.exposure.probe.dicom.association import Association
from primum.exposure.probe.dicom.classes import ALL
from primum.exposure.probe.dicom.finding import Instance
from primum.exposure.probe.dicom.pdu import (
    ACCEPTED,
    CALLED_UNKNOWN,
    CALLING_UNKNOWN,
    SERVICE_USER,
    Aborted,
    NotDicom,
    Proposal,
    Rejected,
)
from primum.exposure.probe.dicom.retrieving import Told, status_code
from primum.exposure.probe.dicom.titles import GRANTED, OTHERWISE, Known, Titles, TitleSearch, listed, usable
from primum.exposure.probe.gate import ProbeRefused
from primum.exposure.probe.model import LADDERS, Family, Identity, Mode, Outcome, Rung, Service, Step
from primum.exposure.probe.speaking import Asking

LADDER: Final = LADDERS[Family.DICOM]
GRANTS: Final = frozenset({Outcome.OPEN, Outcome.NEGOTIATED})

SETTLE_SECONDS: Final = 0.2
"""An alert about a certificate comes after the handshake in TLS 1.3 (RFC 8446 4.4.2.4)."""
LONG_SETTLE_SECONDS: Final = 1.5
_TROUBLES: Final = (Unanswered, Rejected, Aborted, NotDicom)
_REFUSALS_BY_STATUS: Final = frozenset({0x0122, 0x0124, 0x0211})
"""SOP class not supported, not authorised, unrecognised operation (PS3.7 annex C): another query changes nothing."""
_WEIGHT: Final = (
    Outcome.OPEN,
    Outcome.NEGOTIATED,
    Outcome.UNDETERMINED,
    Outcome.SILENT,
    Outcome.REFUSED,
    Outcome.NOT_TRIED,
)
"""Of several tries under one identity the first of these is told."""


class Caller(NamedTuple):
    """Who asks."""

    identity: Identity
    titles: Titles


class _Over(Exception):
    """The mode is not climbed on: no time is left, or the other side answers no more."""


def told_of(error: Exception, mode: Mode) -> tuple[Rung | None, Told]:
    """Say what an error means, and of which rung where not of the one that was asked."""
    if isinstance(error, Unanswered):
        return _told_of_silence(error, mode)
    if isinstance(error, Rejected):
        return Rung.ASSOCIATE, Told(Outcome.UNDETERMINED if error.transient else Outcome.REFUSED, error.code)
    if isinstance(error, Aborted):
        return None, Told(Outcome.REFUSED, error.code)
    if isinstance(error, NotDicom):
        return None, Told(Outcome.UNDETERMINED, "not-dicom")
    raise error


def _told_of_silence(error: Unanswered, mode: Mode) -> tuple[Rung | None, Told]:
    if error.how == "tls" and mode is not Mode.PLAIN:
        return Rung.CONNECT, Told(Outcome.REFUSED, f"tls-{alert_name(error.code)}")
    if error.how == "reset":
        return None, Told(Outcome.REFUSED, "reset")
    if error.how == "silent":
        return None, Told(Outcome.SILENT, "silent")
    return None, Told(Outcome.UNDETERMINED, error.how)


def alert_name(code: str) -> str:
    """Take what OpenSSL puts before the name of an alert away."""
    return code.partition("-alert-")[2] or code


@dataclass(slots=True)
class Findings:
    """What was learnt of a service in any mode."""

    instance: Instance | None = None
    identified: bool = False


@dataclass(slots=True)
class ModeLadder:
    """The rungs of one service in one mode."""

    asking: Asking
    service: Service
    mode: Mode
    findings: Findings
    ends: float
    _granted: set[Rung] = field(default_factory=set)
    _steps: dict[Rung, Step] = field(default_factory=dict)
    _deaf: set[Rung] = field(default_factory=set)
    _strangers_code: str = ""
    """What a caller of no known title got for C-MOVE."""
    _search: TitleSearch = field(default_factory=TitleSearch)
    _settled: bool = False
    _says_farewell: bool = True

    def climb(self) -> None:
        """Add a step for each rung and identity that was tried."""
        try:
            for identity, titles in self._identities():
                if identity is not Identity.NOBODY:
                    self._search.go_on_with(titles)
                self._as(identity)
                self._write_down()
                if self._granted >= set(LADDER):
                    return
        except _Over:
            self._write_down()

    def _identities(self) -> Iterable[tuple[Identity, Known]]:
        yield Identity.NOBODY, Known((), ())
        yield Identity.KNOWN, listed()
        devices = usable(self.asking.known.titles)
        if devices:
            products = listed()
            yield Identity.DEVICE, Known(devices, devices + products.called)

    def _as(self, identity: Identity) -> None:
        for _ in range(self.asking.limits.titles):
            pair = self._search.next()
            if pair is None:
                return
            caller = Caller(identity, pair)
            granted = self._associate(caller)
            if granted is None:
                continue
            self._rungs(caller, granted)
            if identity is Identity.NOBODY or self._granted >= set(LADDER):
                return

    def _associate(self, caller: Caller) -> dict[str, int] | None:
        """Ask for an association with all contexts; return the result of each, None where it was not granted."""
        self._in_time(caller.identity)
        try:
            with self._association(caller, Rung.ASSOCIATE, "which services it grants", ALL) as association:
                results = {one.abstract_syntax: association.context(one.abstract_syntax)[1] for one in ALL}
                self.service.product = self.service.product or product_of(association, self.asking)
                self._release(association)
        except _TROUBLES as error:
            self._not_granted(caller, error)
            return None
        self._search.learn(caller.titles, GRANTED)
        self._note(caller.identity, Rung.ASSOCIATE, Told(Outcome.OPEN))
        return results

    def _not_granted(self, caller: Caller, error: Exception) -> None:
        rung, told = told_of(error, self.mode)
        self._note(caller.identity, rung or Rung.ASSOCIATE, told)
        named = isinstance(error, Rejected) and error.source == SERVICE_USER and not error.transient
        reason = error.reason if isinstance(error, Rejected) else OTHERWISE
        telling = named and reason in {CALLING_UNKNOWN, CALLED_UNKNOWN}
        self._search.learn(caller.titles, reason if telling else OTHERWISE)
        if rung is Rung.CONNECT or told.outcome in {Outcome.SILENT, Outcome.UNDETERMINED}:
            raise _Over

    def _rungs(self, caller: Caller, results: dict[str, int]) -> None:
        ask: dict[Rung, Callable[[Caller, list[str]], Told]] = {
            Rung.ECHO: self._echo,
            Rung.FIND: self._find,
            Rung.GET: self._get,
            Rung.MOVE: self._move,
        }
        for rung in LADDER[1:]:
            if rung in self._granted or rung in self._deaf:
                continue
            self._in_time(caller.identity, rung)
            accepted = [one for one in CLASSES[rung] if results[one] == ACCEPTED]
            if not accepted:
                told = Told(Outcome.REFUSED, f"context-{results[CLASSES[rung][0]]}")
            elif rung in ask:
                told = self._asked(ask[rung], caller, accepted)
            else:
                told = Told(Outcome.NEGOTIATED)
            self._note(caller.identity, rung, told)
            if told.outcome in {Outcome.SILENT, Outcome.NOT_TRIED}:
                self._deaf.add(rung)

    def _asked(self, ask: Callable[[Caller, list[str]], Told], caller: Caller, accepted: list[str]) -> Told:
        try:
            return ask(caller, accepted)
        except ProbeRefused as refused:
            return Told(Outcome.NOT_TRIED, refused.code)
        except _TROUBLES as error:
            return told_of(error, self.mode)[1]

    def _echo(self, caller: Caller, accepted: list[str]) -> Told:
        with self._association(caller, Rung.ECHO, "C-ECHO", _propose(accepted)) as association:
            number, _ = association.context(accepted[0])
            association.send(number, messages.request(messages.C_ECHO_RQ, accepted[0], data_set=False))
            status = association.receive().status
            self._release(association)
        return Told(Outcome.OPEN) if status == messages.SUCCESS else Told(Outcome.REFUSED, status_code(status))

    def _find(self, caller: Caller, accepted: list[str]) -> Told:
        models = [one for one in accepted if one in classes.FINDS]
        told = Told(Outcome.REFUSED, "context-3")
        for model in models:
            told = self._count(caller, model)
            if told.outcome is Outcome.OPEN:
                self._remark("dicom.patient-root" if classes.PATIENT_FIND in models else "")
                self._identify(caller, model)
                break
        if classes.WORKLIST_FIND in accepted:
            worklist = self._worklist(caller)
            told = (
                told
                if told.outcome is Outcome.OPEN or not (worklist.outcome is Outcome.OPEN or not models)
                else worklist
            )
        return told

    def _count(self, caller: Caller, model: str) -> Told:
        most = self.asking.limits.find_answers if self.service.studies is None else 1
        asked, first = self._counted(caller, model, most, dated=False)
        if not asked.answers and asked.status not in _REFUSALS_BY_STATUS:
            narrower, found = self._counted(caller, model, most, dated=True)
            if narrower.granted:
                asked, first = narrower, found
        if not asked.granted:
            return Told(Outcome.REFUSED, status_code(asked.status))
        if self.service.studies is None:
            self.service.studies, self.service.studies_at_least = asked.answers, asked.more
        if first and self.findings.instance is None:
            self.findings.instance = Instance(self.asking.known.canary or first)
        return Told(Outcome.OPEN)

    def _counted(self, caller: Caller, model: str, most: int, *, dated: bool) -> tuple[finding.Asked, str]:
        purpose = "C-FIND of StudyInstanceUID alone, to count"
        with self._association(caller, Rung.FIND, purpose, _propose([model])) as association:
            counted = finding.count(association, model, most=most, dated=dated)
            if not counted[0].more:
                self._release(association)
        return counted

    def _identify(self, caller: Caller, model: str) -> None:
        """Name what could be read, once in a run; then find one instance by its UIDs."""
        instance = self.findings.instance
        if instance is None or self.findings.identified:
            return
        self.findings.identified = True
        try:
            purpose = "C-FIND of identifying keys, cancelled after one answer, values discarded"
            with self._association(caller, Rung.FIND, purpose, _propose([model])) as association:
                self.service.readable = sorted(finding.readable(association, model, instance.study))
            purpose = "C-FIND of the UIDs of one instance"
            with self._association(caller, Rung.FIND, purpose, _propose([model])) as association:
                self.findings.instance = finding.an_instance(association, model, instance.study)
                self._release(association)
        except _TROUBLES:
            self._remark("dicom.readable-undetermined")

    def _worklist(self, caller: Caller) -> Told:
        purpose = "C-FIND of a worklist's step ids, cancelled after one answer"
        try:
            with self._association(caller, Rung.FIND, purpose, _propose([classes.WORKLIST_FIND])) as association:
                asked = finding.steps(association, classes.WORKLIST_FIND)
        except _TROUBLES as error:
            return told_of(error, self.mode)[1]
        if not asked.granted:
            return Told(Outcome.REFUSED, status_code(asked.status))
        self._remark("dicom.worklist")
        return Told(Outcome.OPEN)

    def _get(self, caller: Caller, accepted: list[str]) -> Told:
        instance = self._findable()
        stored = (instance.sop_class,) if instance is not None and instance.sop_class else classes.STORES
        proposals = [*_propose(accepted[:1]), *(Proposal(one, classes.STORED, scp=True) for one in stored)]
        with self._association(caller, Rung.GET, "C-GET, ended at the first byte", proposals) as association:
            return retrieving.get(association, accepted[0], instance)

    def _move(self, caller: Caller, accepted: list[str]) -> Told:
        title, instance = caller.titles.calling, self._findable()
        with self._association(
            caller, Rung.MOVE, "C-MOVE to the title that calls", _propose(accepted[:1])
        ) as association:
            if title == TITLE or (instance is not None and instance.study == self.asking.known.canary):
                return retrieving.move_to_us(association, accepted[0], instance, title)
            enrolled = caller.identity is Identity.DEVICE or self._told_apart()
            return retrieving.move_to_a_device(association, accepted[0], instance, title, enrolled=enrolled)

    def _told_apart(self) -> bool:
        """Tell whether the title that calls is treated otherwise than one that nobody has: it is written down there."""
        return self._search.calling_matters or self._strangers_code.startswith(("abort", "context", "reset"))

    def _findable(self) -> Instance | None:
        """Return what may be asked for: where a canary was planted, that alone."""
        canary = self.asking.known.canary
        if canary and (self.findings.instance is None or self.findings.instance.study != canary):
            return Instance(canary)
        return self.findings.instance

    def _association(self, caller: Caller, rung: Rung, purpose: str, proposals: Iterable[Proposal]) -> Association:
        """Ask for an association; once more after a pause, where it was rejected for now."""
        proposals = tuple(proposals)
        try:
            return self._one_association(caller, rung, purpose, proposals)
        except Rejected as rejected:
            if not rejected.transient:
                raise
            time.sleep(max(0.0, min(self.asking.limits.retry_seconds, self.ends - time.monotonic())))
            return self._one_association(caller, rung, purpose, proposals)

    def _one_association(
        self, caller: Caller, rung: Rung, purpose: str, proposals: tuple[Proposal, ...]
    ) -> Association:
        if self.mode is Mode.PLAIN or self._settled:
            return self._asked_for(caller, rung, purpose, proposals, 0)
        self._settled = True
        try:
            return self._asked_for(caller, rung, purpose, proposals, SETTLE_SECONDS)
        except Unanswered as unanswered:
            if unanswered.how != "reset":
                raise
            # an alert may have been lost behind what we sent: it is listened for once more, and longer
            return self._asked_for(caller, rung, purpose, proposals, LONG_SETTLE_SECONDS)

    def _asked_for(
        self, caller: Caller, rung: Rung, purpose: str, proposals: tuple[Proposal, ...], settle: float
    ) -> Association:
        wire = self.asking.connect(self.mode, rung, caller.identity, purpose)
        association = Association(wire, self.asking.limits)
        try:
            if settle:
                wire.overhear(settle)
            association.request(*caller.titles, proposals, self.asking.dialler.version_name())
        except BaseException:
            association.close()
            raise
        return association

    def _release(self, association: Association) -> None:
        """Say farewell; who once did not answer that is not waited for again."""
        self._says_farewell = association.release(wait=self._says_farewell)

    def _in_time(self, identity: Identity, rung: Rung = Rung.ASSOCIATE) -> None:
        if time.monotonic() >= self.ends:
            self._note(identity, rung, Told(Outcome.UNDETERMINED, "budget"))
            raise _Over

    def _note(self, identity: Identity, rung: Rung, told: Told) -> None:
        """Keep what says most of a rung under this identity."""
        if told.outcome in GRANTS:
            self._granted.add(rung)
        if identity is Identity.NOBODY and rung is Rung.MOVE:
            self._strangers_code = told.code
        before = self._steps.get(rung)
        new = Step(self.mode, identity, rung, *told)
        if before is None or _WEIGHT.index(told.outcome) <= _WEIGHT.index(before.outcome):
            self._steps[rung] = new

    def _write_down(self) -> None:
        told = {(one.mode, one.rung) for one in self.service.steps if one.outcome in GRANTS}
        order = (Rung.CONNECT, *LADDER)
        for rung in sorted(self._steps, key=order.index):
            if (self.mode, rung) not in told:
                self.service.steps.append(self._steps[rung])
        self._steps.clear()

    def _remark(self, note: str) -> None:
        if note and note not in self.service.notes:
            self.service.notes.append(note)


CLASSES: Final[dict[Rung, tuple[str, ...]]] = {
    Rung.ECHO: (classes.VERIFICATION,),
    Rung.FIND: (*classes.FINDS, classes.WORKLIST_FIND),
    Rung.GET: classes.GETS,
    Rung.MOVE: classes.MOVES,
    Rung.STORE: classes.STORES,
    Rung.ACTION: (classes.COMMITMENT,),
    Rung.MPPS: (classes.MPPS_CLASS,),
}
"""The SOP classes of each rung above the association: one accepted is enough."""


def product_of(association: Association, asking: Asking) -> str:
    """Return the implementation version name that the other side gave, or its class UID."""
    accepted = association.accepted
    return (accepted.version_name or accepted.implementation)[: asking.limits.shown_characters]


def _propose(sop_classes: Iterable[str]) -> list[Proposal]:
    return [Proposal(one, (classes.IMPLICIT,)) for one in sop_classes]
