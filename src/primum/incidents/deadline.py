"""What is due in a file, and until when: the clock of a breach. Pure: instants in, duties out.

Hours are elapsed hours, counted in UTC; nights, weekends, holidays and the change of the clocks run (GDPR 33(1)). At
exactly the due instant a duty is in time. The prudent line counts from the first detection and is always there beside
the one from awareness. Rules and their sources: rules/*.toml. What remains, in words: countdown.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from primum.ground.zones import practice_zone
from primum.incidents.applying import APPLIES, SHOWN
from primum.incidents.duty import OPEN, Duty, DutyState
from primum.incidents.known import Asked, Known, Start, known_of
from primum.incidents.model import Dossier, Role
from primum.incidents.rules.dated import Done, From, Rule, Versions, When, in_force_at, rules, words


def duties(
    dossier: Dossier, now: datetime, *, zone: tzinfo | None = None, by: Sequence[Versions] | None = None
) -> list[Duty]:
    """List what is due in a file at `now`. `zone`: in which a bare day ends (the practice's); `by`: other rules."""
    return duties_of(known_of(dossier, zone or practice_zone()), now, by=by)


def duties_of(known: Known, now: datetime, *, by: Sequence[Versions] | None = None) -> list[Duty]:
    """List what is due at `now`, from plain instants and facts."""
    found: list[Duty] = []
    for versions in rules() if by is None else by:
        found += _of_rule(versions, known, now.astimezone(UTC), _missed(found))
    return found


def working(found: Iterable[Duty]) -> Duty | None:
    """Return the open firm duty whose due instant comes first: what a page counts down to."""
    dated = [one for one in found if one.open and one.rule.firm and one.due_at is not None]
    return min(dated, key=lambda one: (one.due_at, one.rule.name), default=None)


def prudent_due(detected_first: datetime) -> datetime:
    """Return the prudent due instant of a notification, from the first detection."""
    known = Known(starts={From.DETECTED: Start(detected_first, detected_first)})
    (line,) = [one for one in duties_of(known, detected_first) if one.rule.name == "notify"]
    return line.due_at or detected_first.astimezone(UTC)


def notification_dues(dossier: Dossier, *, by: Sequence[Versions] | None = None) -> dict[From, datetime]:
    """Return until when the authority is notified: the prudent instant, and the one from awareness where that is said.

    33(1) asks for reasons after the one from awareness. Empty for a processor.
    """
    found = duties(dossier, dossier.file.opened_at, by=by)
    return {one.counts_from: one.due_at for one in found if one.rule.name == "notify" and one.due_at is not None}


def _of_rule(versions: Versions, known: Known, now: datetime, missed: list[Duty]) -> list[Duty]:
    head = versions[0]
    if not any(one.in_force for one in versions):
        return [_not(head, "not-dated")]
    if head.role is not None and head.role is not known.role:
        return [_not(head, "processor" if known.role is Role.PROCESSOR else "controller")]
    if head.counts_from == (From.ENTRY,):
        return [_asked(head, one, now) for one in known.asked if one.rule == head.name]
    starts = {**known.starts, **_further(known, missed)}
    lines = [(one, starts[one]) for one in head.counts_from if one in starts]
    if not lines:
        return [_not(head, "not-late" if head.counts_from == (From.DEADLINE_PASSED,) else "no-instant")]
    if not head.each_line:
        lines = lines[:1]
    made = [_line(versions, counts_from, start, known, now) for counts_from, start in lines]
    prudent_alone = head.counts_from == (From.DEADLINE_PASSED,) and all(one.prudent for one in missed)
    if prudent_alone:
        made = [replace(one, reason=words("reason")["prudent-alone"]) if one.open else one for one in made]
    return made


def _further(known: Known, missed: list[Duty]) -> dict[From, Start]:
    """Return the instants that follow from others."""
    found = {}
    if missed:
        late = min(one.due_at for one in missed if one.due_at is not None)
        found[From.DEADLINE_PASSED] = Start(late, late)
    if known.sent:
        found[From.INITIAL_SENT] = Start(known.sent[0].at, known.sent[0].known_at)
    return found


def _missed(found: Iterable[Duty]) -> list[Duty]:
    """List the lines of the notification that were missed, or are."""
    return [one for one in found if one.rule.done is Done.NOTIFIED and one.over_by is not None]


def _line(versions: Versions, counts_from: From, start: Start, known: Known, now: datetime) -> Duty:
    rule = in_force_at(versions, start.at)
    if rule is None:
        return _not(versions[0], "not-in-force", counts_from)
    began = start.at.astimezone(UTC)
    made = Duty(
        rule, counts_from, DutyState.DUE, began, _due(rule, began), known_at=start.known_at,
        corrected=tuple(due for at in start.corrected if (due := _due(rule, at.astimezone(UTC))) is not None),
    )  # fmt: skip
    finished, done_at = SHOWN[rule.done](known)
    if finished:
        return _settled(made, done_at)
    state, reason = APPLIES[rule.when](known, made)
    if reason:
        made = replace(made, reason=words("reason")[reason])
    if state is DutyState.NOT_APPLICABLE and rule.when is not When.NOTIFYING:
        return replace(made, state=state, due_at=None, corrected=())
    if state not in OPEN:
        return replace(made, state=state)  # of a decision not to notify, the dates stay shown
    return _running(_known_later(made, known), now)


def _due(rule: Rule, at: datetime) -> datetime | None:
    return None if rule.hours is None else at + timedelta(hours=rule.hours)


def _running(one: Duty, now: datetime) -> Duty:
    if one.due_at is None or now <= one.due_at:
        return one
    return replace(one, state=DutyState.OVERDUE, over_by=now - one.due_at)


def _settled(one: Duty, done_at: datetime | None) -> Duty:
    made = replace(one, state=DutyState.DONE)
    if done_at is None:
        return made
    at = done_at.astimezone(UTC)
    over_by = at - one.due_at if one.due_at is not None and at > one.due_at else None
    return replace(made, done_at=at, over_by=over_by)


def _known_later(one: Duty, known: Known) -> Duty:
    """Have a duty that a decision made known count as known from then."""
    if one.rule.when is not When.TELLING or one.known_at is None:
        return one
    return replace(one, known_at=max(one.known_at, known.decided["tell"][1]))


def _asked(rule: Rule, one: Asked, now: datetime) -> Duty:
    due_at = None if one.due_at is None else one.due_at.astimezone(UTC)
    made = Duty(rule, From.ENTRY, DutyState.DUE, one.at.astimezone(UTC), due_at, ref=one.ref, known_at=one.known_at)
    if one.done_at is not None:
        return _settled(made, one.done_at)
    if one.due_at is None:
        return replace(made, state=DutyState.TO_DECIDE, reason=words("reason")["due-unread"])
    return _running(made, now)


def _not(rule: Rule, reason: str, counts_from: From | None = None) -> Duty:
    line = counts_from or rule.counts_from[0]
    return Duty(rule, line, DutyState.NOT_APPLICABLE, reason=words("reason")[reason])
