"""What is written of letters and orders: received, sent, ordered, complied with. Each is one entry."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from primum.ground.clock import to_text
from primum.incidents.correspondence import Direction, OrderStep, Other, Procedure, asking, left_of
from primum.incidents.model import BadEntry, Entry, EntryKind, Evidence
from primum.incidents.register.authority import Dealings, dealings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from primum.identity import Actor
    from primum.incidents.service import Incidents

    Attached = tuple[str, bytes]

_LETTER: Final = EntryKind.CORRESPONDENCE
_ORDER: Final = EntryKind.ORDER


class Authority:
    """The letters and orders of files. Every verb raises as `Incidents.write` does; `document`: its name and bytes."""

    def __init__(self, files: Incidents) -> None:
        """Write through `files`."""
        self._files = files

    def received(
        self, by: Actor, file_id: str, *, other: Other, at: datetime, about: str, reference: str = "",
        asked: Sequence[str] = (), due: datetime | date | None = None, corrects: str = "",
        document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write that a letter was received at `at`: what it asks for, each thing by itself, and until when.

        `corrects`: the entry of a letter in whose place this one stands, for a slip or for more time.
        """
        body = {
            "direction": Direction.RECEIVED.value, "other": other.value, "at": to_text(at), "about": about,
            "reference": reference, "asked": list(asked), "due": _day(due), "corrects": corrects,
        }  # fmt: skip
        return self._files.write(by, file_id, _LETTER, _said(body), document=document)

    def more_time(
        self, by: Actor, file_id: str, letter: str, *, at: datetime, about: str, due: datetime | date,
        document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write that what a letter asked for is due later: the same letter, with a new due date, in its place."""
        known = self._asking(by, file_id, letter)
        return self.received(
            by, file_id, other=Other(known.body["other"]), at=at, about=about,
            reference=known.body.get("reference", ""), asked=known.body["asked"], due=due, corrects=letter,
            document=document,
        )  # fmt: skip

    def sent(
        self, by: Actor, file_id: str, *, other: Other, at: datetime, about: str, reference: str = "",
        answers: str = "", parts: Sequence[int] = (), corrects: str = "", document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write that a letter was sent at `at`. `answers`: the entry of the letter that it answers.

        `parts`: which of the things asked, from 0; all of them where none is named.
        """
        body: dict[str, Any] = {
            "direction": Direction.SENT.value, "other": other.value, "at": to_text(at), "about": about,
            "reference": reference, "parts": sorted(set(parts)), "corrects": corrects,
        }  # fmt: skip
        if answers:
            whole = not parts or not self._left(by, file_id, answers) - set(parts)
            body["answers" if whole else "in_part_of"] = answers
        return self._files.write(by, file_id, _LETTER, _said(body), document=document)

    def order(
        self, by: Actor, file_id: str, *, reference: str, asked: str, notified_at: datetime, due: datetime | date,
        daily: int = 0, ceiling: int | None = None, procedure: Procedure = Procedure.ORDINARY,
        corrects: str = "", document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write an injunction. `daily` and `ceiling`: whole euros; 0 where there is no penalty."""
        body: dict[str, Any] = {
            "what": OrderStep.ORDER.value, "reference": reference, "about": asked, "at": to_text(notified_at),
            "due": _day(due), "daily": daily, "procedure": procedure.value,
        } | _said({"corrects": corrects})  # fmt: skip
        if ceiling is not None:
            body["ceiling"] = ceiling
        return self._files.write(by, file_id, _ORDER, body, document=document)

    def postponed(
        self, by: Actor, file_id: str, order: str, *, at: datetime, about: str, due: datetime | date,
        document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write that an injunction is due later."""
        body = self._step(by, file_id, order, OrderStep.POSTPONED, at, about) | {"due": _day(due)}
        return self._files.write(by, file_id, _ORDER, body, document=document)

    def comply(
        self, by: Actor, file_id: str, order: str, *, at: datetime, about: str, complete: bool,
        evidence: Iterable[Evidence] = (), document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write what shows that an injunction was complied with at `at`; `complete`: the whole of it is done.

        The last word stands: evidence that says later that the whole is not done takes back what was said.
        """
        body = self._step(by, file_id, order, OrderStep.COMPLIANCE, at, about)
        body |= {"complete": complete, "evidence": [one.as_json() for one in evidence]}
        if complete:
            body["done_at"] = to_text(at)
        return self._files.write(by, file_id, _ORDER, body, document=document)

    def closed(
        self, by: Actor, file_id: str, order: str, *, other: Other, at: datetime, about: str,
        document: Attached | None = None,
    ) -> Entry:  # fmt: skip
        """Write that whoever made an injunction said that it is over."""
        body = self._step(by, file_id, order, OrderStep.CLOSED, at, about)
        body |= {"other": other.value, "done_at": to_text(at)}
        return self._files.write(by, file_id, _ORDER, body, document=document)

    def stand(self, by: Actor, file_id: str) -> Dealings:
        """Say what is asked and not answered now, and what is ordered. Raises NotPermitted, NoSuchIncident."""
        return dealings(self._files.dossier(by, file_id), self._files.now())

    def _asking(self, by: Actor, file_id: str, letter: str) -> Entry:
        found = asking(self._files.dossier(by, file_id), letter)
        if found is None:
            raise BadEntry(what="what is answered is one letter of this file that asked for something")
        return found

    def _left(self, by: Actor, file_id: str, letter: str) -> set[int]:
        return left_of(self._files.dossier(by, file_id), self._asking(by, file_id, letter))

    def _step(  # noqa: PLR0917 (the parts of a body)
        self, by: Actor, file_id: str, order: str, what: OrderStep, at: datetime, about: str
    ) -> dict[str, Any]:
        """Begin a step of an order: it repeats the reference and the due date, so that each entry says which it is."""
        known = next((one for one in self.stand(by, file_id).orders if one.entry == order), None)
        if known is None:
            raise BadEntry(what="there is no such order in the file")
        return {
            "what": what.value, "order": order, "reference": known.reference, "about": about, "at": to_text(at),
            "due": to_text(known.due),
        }  # fmt: skip


def _day(due: datetime | date | None) -> str:
    if due is None:
        return ""
    return to_text(due) if isinstance(due, datetime) else due.isoformat()


def _said(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not said."""
    return {name: value for name, value in body.items() if value not in ("", [])}
