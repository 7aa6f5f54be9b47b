"""What remains, or how late it is, and an instant in local time, in French and English. Pure.

Both are rounded towards the stricter side, to the minute: what remains is rounded down, lateness up. Nobody is shown a
minute that they do not have, and one second late is never shown as in time. At exactly the due instant nothing remains
and nothing is late. Days are of 24 elapsed hours, not of the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from primum.incidents.duty import Duty, DutyState

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Remaining:
    """Elapsed days, hours and minutes until an instant, or (`late`) since it."""

    late: bool
    days: int
    hours: int
    minutes: int

    def words(self, language: str) -> str:
        """Say it, as "il reste 2 j 3 h 10 min" or "5 h 12 min late"."""
        said = _WORDS[language]
        if self.late:
            return said["late"].format(span=self.span(language))
        if not (self.days or self.hours or self.minutes):
            return said["under"]
        return said["left"].format(span=self.span(language))

    def span(self, language: str) -> str:
        """Say how long, from the largest unit that is not nought, as "2 j 0 h 10 min"."""
        parts = [(self.days, _WORDS[language]["d"]), (self.hours, "h"), (self.minutes, "min")]
        while len(parts) > 1 and not parts[0][0]:
            parts.pop(0)
        return " ".join(f"{count} {unit}" for count, unit in parts)


def remaining(due_at: datetime, now: datetime) -> Remaining:
    """Compute what remains until `due_at`, or how late it is. Both aware."""
    left = due_at.astimezone(UTC) - now.astimezone(UTC)
    return _split(left // _MINUTE, late=False) if left >= timedelta(0) else late_by(-left)


def late_by(span: timedelta) -> Remaining:
    """Give a lateness, rounded up to the minute."""
    return _split(-(-span // _MINUTE), late=True)


def _split(minutes: int, *, late: bool) -> Remaining:
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return Remaining(late, days, hours, minutes)


def local(at: datetime, zone: tzinfo, language: str) -> str:
    """Show an instant in local time with its offset, seconds dropped: "mercredi 1er avril 2026 à 00:40 (UTC+02:00)"."""
    here = at.astimezone(zone)
    said = _WORDS[language]
    day = "1er" if language == "fr" and here.day == 1 else str(here.day)
    weekday, month = _WEEKDAYS[language][here.weekday()], _MONTHS[language][here.month - 1]
    offset = here.strftime("%z")
    return f"{weekday} {day} {month} {here.year} {said['at']} {here:%H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def says(duty: Duty, now: datetime, language: str) -> str:
    """Say where a duty stands at `now`, in one line; its reason, where there is one, comes after."""
    said = _WORDS[language]
    why = duty.reason.get(language, "")
    if duty.state is DutyState.DONE:
        line = (
            said["done"]
            if duty.over_by is None
            else said["done-late"].format(span=late_by(duty.over_by).span(language))
        )
    elif duty.state is DutyState.NOT_APPLICABLE:
        line = said["not-applicable"]
    elif duty.state is DutyState.TO_DECIDE:
        line = said["to-decide"]
    elif duty.due_at is not None:
        line = remaining(duty.due_at, now).words(language)
    else:
        line = at_once(duty.starts_at or now, now, language)
    return f"{line}. {why}" if why else line


def at_once(since: datetime, now: datetime, language: str) -> str:
    """Say that something without hours is due, and since when: rounded up, as lateness is."""
    span = max(timedelta(0), now.astimezone(UTC) - since.astimezone(UTC))
    return _WORDS[language]["at-once"].format(span=late_by(span).span(language))


_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "d": "j", "left": "il reste {span}", "late": "en retard de {span}", "under": "il reste moins d'une minute",
        "done": "fait", "done-late": "fait, en retard de {span}", "not-applicable": "ne s'applique pas",
        "to-decide": "à décider", "at-once": "tout de suite, attendu depuis {span}", "at": "à",
    },
    "en": {
        "d": "d", "left": "{span} left", "late": "{span} late", "under": "less than a minute left",
        "done": "done", "done-late": "done, {span} late", "not-applicable": "does not apply",
        "to-decide": "to be decided", "at-once": "at once, waiting for {span}", "at": "at",
    },
}  # fmt: skip
_WEEKDAYS: Final = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ),
}  # fmt: skip
