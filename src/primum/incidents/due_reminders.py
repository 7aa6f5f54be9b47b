"""Which reminders of a file are due at an instant, and in which words they are said. Pure.

Of the reminders of one duty the last that is due counts: after a stopped night one goes, not four. Each is known by its
duty, its due instant and its step, so that a due instant that moved is reminded anew and another is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple

from primum.ground.clock import to_text
from primum.incidents.countdown import late_by, local, remaining
from primum.incidents.deadline import duties
from primum.incidents.duty import Duty
from primum.incidents.model import Dossier, Entry, EntryKind, State
from primum.incidents.rules.dated import From
from primum.incidents.rules.reminding import ReminderRules

SENDING: Final = "sending"
"""It goes now. Nothing after it: the machine stopped, nobody knows whether it went, and it is not sent again."""
SENT: Final = "sent"
REFUSED: Final = "refused"
"""The server did not take it for some; for those it is tried again."""
NO_MAIL: Final = "no-mail"
"""No server is set: nothing could be mailed."""
NOBODY: Final = "nobody"
"""Nobody who may decide has an address."""


class Key(NamedTuple):
    """What tells one reminder from another."""

    rule: str
    counts_from: str
    ref: str
    due_at: str
    step: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """One that is due. `late`: how long after `step_at`; zero where that is no more than the rules allow."""

    key: Key
    duty: Duty
    anchor: datetime
    """The due instant; for what is due at once, since when."""
    step_at: datetime
    """When it was to go: at its step, or once it could be known, where that came later."""
    late: timedelta
    only: frozenset[str] | None = None
    """Fingerprints of those that the server refused before; None: everybody."""

    def body(self, outcome: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (as JSON)
        """Give the body of its entry."""
        return {
            **self.key._asdict(), "step_at": to_text(self.step_at), "late_minutes": -(-self.late // _MINUTE),
            "outcome": outcome, **more,
        }  # fmt: skip


_MINUTE: Final = timedelta(minutes=1)


def due_reminders(dossier: Dossier, now: datetime, rules: ReminderRules, zone: tzinfo) -> list[Reminder]:
    """List the reminders of a file that are due at `now` and not written in it. Of a closed file: of papers alone."""
    if dossier.state is State.MERGED:
        return []
    written = _written(dossier)
    found = []
    for one in duties(dossier, now, zone=zone):
        papers = one.counts_from is From.ENTRY
        if one.open and one.rule.remind and (papers or dossier.state is State.OPEN):
            made = _reminder(one, now, rules)
            if made is not None and (made := _again(made, written.get(made.key, []), now, rules)) is not None:
                found.append(made)
    return found


def _reminder(one: Duty, now: datetime, rules: ReminderRules) -> Reminder | None:
    anchor = one.due_at or one.starts_at
    if anchor is None:
        return None
    step, step_at = _last_step(anchor, now, rules, before=one.due_at is not None)
    if not step:
        return None
    key = Key(one.rule.name, one.counts_from.value, one.ref, to_text(anchor), step)
    step_at = max(step_at, one.known_at or step_at)
    late = now - step_at
    return Reminder(key, one, anchor, step_at, late if late > rules.late_after else timedelta(0))


def _last_step(anchor: datetime, now: datetime, rules: ReminderRules, *, before: bool) -> tuple[str, datetime]:
    """Return the last step that is due, and its instant; no step where none is."""
    if now >= anchor:
        count = (now - anchor) // rules.after_every
        return f"after-{count}" if count else "at", anchor + count * rules.after_every
    due = [span for span in rules.before if anchor - span <= now] if before else []
    if not due:
        return "", anchor
    return f"before-{due[-1] // timedelta(hours=1)}h", anchor - due[-1]


def _written(dossier: Dossier) -> Mapping[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = {}
    for one in dossier.of_kind(EntryKind.REMINDER):
        found.setdefault(Key(*(str(one.body.get(name, "")) for name in Key._fields)), []).append(one)
    return found


def _again(one: Reminder, before: Sequence[Entry], now: datetime, rules: ReminderRules) -> Reminder | None:
    """Return a reminder where it was not written, or for those alone to whom it was refused a while ago."""
    if not before:
        return one
    last, tries = before[-1], sum(each.body.get("outcome") == REFUSED for each in before)
    if last.body.get("outcome") != REFUSED or tries >= rules.tries or now < last.at + rules.again_after:
        return None
    return replace(one, only=frozenset(last.body["refused"]))


def fingerprint(address: str) -> str:
    """Name an address in an entry without writing it there."""
    return hashlib.sha256(address.strip().lower().encode()).hexdigest()[:16]


def mail_of(
    dossier: Dossier, reminders: Iterable[Reminder], now: datetime, *, language: str, rules: ReminderRules, zone: tzinfo
) -> tuple[str, str]:  # fmt: skip
    """Write subject and text of one mail for the reminders of a file: its id and instants, and nothing else."""
    words = rules.words[language]
    lines: list[str] = []
    for one in sorted(reminders, key=lambda each: each.anchor):
        at = local(one.anchor, zone, language)
        if one.duty.due_at is None:
            said = words["at_once"].format(at=at)
        else:
            said = words["due"].format(at=at, remaining=remaining(one.anchor, now).words(language))
        if one.late:
            said += " " + words["late"].format(
                at=local(one.step_at, zone, language), span=late_by(one.late).span(language)
            )
        if said not in lines:
            lines.append(said)
    exercise = words["exercise"] if dossier.file.exercise else ""
    begin = exercise + words["begin"].format(file=dossier.file.id)
    return exercise + words["subject"], "\n".join([begin, *lines, "", words["end"], ""])
