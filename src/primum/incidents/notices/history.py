"""What was drawn up before, what was filed of it, and what may be drawn up next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from primum.ground.clock import from_text
from primum.incidents.model import Dossier, Entry, EntryKind, IncidentRefused, Role
from primum.incidents.notices.model import Type


class BadNotice(IncidentRefused):
    """This cannot be drawn up now: {what}."""

    code: ClassVar[str] = "incident.bad-notice"
    hint: ClassVar[str] = "primum incident notice list tells what was drawn up and filed, preview what is left to ask"


class NoSuchNotice(IncidentRefused):
    """There is no such notification in this file."""

    code: ClassVar[str] = "incident.no-such-notice"
    hint: ClassVar[str] = "primum incident notice list names those that were drawn up"


class LateWithoutReason(IncidentRefused):
    """The deadline has passed, and the file does not say why (article 33(1)): {what}."""

    code: ClassVar[str] = "incident.late-without-reason"
    hint: ClassVar[str] = (
        "answer the fact lateness, give a complementary one its reason, or write the receipt of what was filed in time;"
        " then notify all the same"
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A notification that was drawn up, and the receipts that were written for it, oldest first."""

    entry: Entry
    receipts: tuple[Entry, ...]

    @property
    def type(self) -> Type:
        """What it is."""
        return Type(self.entry.body["type"])

    @property
    def version(self) -> int:
        """Which one of the file, from 1."""
        return int(self.entry.body["version"])

    @property
    def number(self) -> str:
        """The number of its last receipt; empty where none was written."""
        return str(self.receipts[-1].body["number"]) if self.receipts else ""

    @property
    def filed_at(self) -> datetime | None:
        """When it was first received, by its receipts; None where there is none."""
        return min((from_text(one.body["at"]) for one in self.receipts), default=None)


_FIRST: Final = frozenset({Type.INITIAL, Type.COMPLETE})
NEEDS_REASON: Final = frozenset({Type.CORRECTION, Type.WITHDRAWAL})
BARS: Final = {
    "role": "a processor alerts the controller, and a controller alone notifies (article 33)",
    "reason": "it has its reason",
    "filed": "one was filed already; what comes after is complementary, or a correction",
    "complete-filed": "a complete one was filed already; what comes after is a correction",
    "left": "{left} questions have no answer; say what is not known, or draw up an initial one",
    "nothing-before": "nothing was drawn up before it",
    "unchanged": "nothing changed since the version before",
}
"""What stands against drawing one up."""


def drawn(dossier: Dossier) -> list[Drawn]:
    """List what was drawn up, in the order in which it was."""
    receipts = dossier.of_kind(EntryKind.RECEIPT)
    corrected = {one.body.get("corrects") for one in receipts}
    receipts = [one for one in receipts if one.id not in corrected]
    return [
        Drawn(one, tuple(each for each in receipts if each.body.get("notice") == one.id))
        for one in dossier.of_kind(EntryKind.NOTICE)
    ]


def standing(every: Sequence[Drawn]) -> list[Drawn]:
    """List what was drawn up since the last withdrawal that was filed: one that was not filed withdraws nothing."""
    last = max((at for at, one in enumerate(every) if one.type is Type.WITHDRAWAL and one.receipts), default=-1)
    return list(every[last + 1 :])


def first_filed(stands: Sequence[Drawn]) -> Drawn | None:
    """Find the first that was filed of what stands; where nothing was, the first that was drawn up."""
    filed = [one for one in stands if one.receipts]
    return next(iter(filed or stands), None)


def may_draw(type_: Type, role: Role, stands: Sequence[Drawn], reason: str, *, left: int, changed: int) -> None:
    """Return where this may be drawn up. `left`: questions without an answer; `changed`: fields. Raises BadNotice."""
    bar = barred(type_, role, stands, left=left, changed=changed)
    if type_ in NEEDS_REASON and not bar and not reason.strip():
        bar = "reason"
    if bar:
        raise BadNotice(what=BARS[bar].format(left=left))


def barred(type_: Type, role: Role, stands: Sequence[Drawn], *, left: int, changed: int) -> str:
    """Name what stands against drawing this up (of `BARS`), but for its reason; empty where nothing does."""
    filed = {one.type for one in stands if one.receipts}
    if (role is Role.PROCESSOR) != (type_ is Type.ALERT):
        return "role"
    if type_ is Type.INITIAL and filed:
        return "filed"
    if type_ is Type.COMPLETE and Type.COMPLETE in filed:
        return "complete-filed"
    if type_ is Type.COMPLETE and left:
        return "left"
    if type_ not in _FIRST and type_ is not Type.ALERT and not stands:
        return "nothing-before"
    return "unchanged" if type_ is Type.CORRECTION and not changed else ""
