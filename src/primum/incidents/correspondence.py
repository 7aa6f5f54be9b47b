"""What a letter and an order must hold, against what the file says already. Pure.

A letter received may ask several things by one due date. A letter sent that `answers` it ends the whole; one that
answers `in_part_of` it names `parts`, counted from 0. A later letter or step of an order that `corrects` another stands
in its place, also where the authority gives more time. What is open, and how late, is in register/authority.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum
from typing import Any, Final

from primum.ground.clock import from_text
from primum.incidents.limits import LIMITS, SPACES
from primum.incidents.model import BadEntry, BadInstant, Dossier, Entry, EntryKind

Body = Mapping[str, Any]

ASKED: Final = 60
"""Things that one letter asks for: questionnaires of a control have some forty."""
EUROS: Final = 20_000_000
"""The most that an amount in an order may be, in euros: article 83(5). More is a slip of the keyboard."""


class Direction(StrEnum):
    """Which way a letter went."""

    RECEIVED = "received"
    SENT = "sent"


class Other(StrEnum):
    """With whom one corresponds."""

    CNIL = "cnil"
    OTHER_DPA = "other-dpa"
    PROSECUTOR = "prosecutor"
    ANSSI = "anssi"
    CERT_SANTE = "cert-sante"
    POLICE = "police"
    INSURER = "insurer"
    CONTROLLER = "controller"
    """The one for whom the house is a processor: the alert of article 33(2) goes there."""
    PROCESSOR = "processor"
    PERSON = "person"
    OTHER = "other"


PUBLIC: Final = frozenset({
    Other.CNIL, Other.OTHER_DPA, Other.PROSECUTOR, Other.ANSSI, Other.CERT_SANTE, Other.POLICE,
})  # fmt: skip
"""Authorities: what passes between them and the house is about the house, not about one patient."""


class OrderStep(StrEnum):
    """What an entry says of an injunction."""

    ORDER = "order"
    POSTPONED = "postponed"
    COMPLIANCE = "compliance"
    """Evidence that what it asks was done, in part or whole."""
    CLOSED = "closed"
    """Whoever made it says that it is over."""


class Procedure(StrEnum):
    """Under which procedure an injunction was made (LIL art. 20 and 22-1): the highest daily amount differs."""

    ORDINARY = "ordinary"
    SIMPLIFIED = "simplified"


def due_instant(text: str, zone: tzinfo) -> datetime:
    """Read a due date: an instant with its offset, or a day, which ends at 23:59 in `zone`. ValueError for others."""
    try:
        return from_text(text)
    except ValueError:
        return datetime.combine(date.fromisoformat(text), time(23, 59), zone).astimezone(UTC)


def check_letter(body: Body, dossier: Dossier) -> None:
    """Return where a letter can be written into the file. Raises BadEntry, BadInstant."""
    if body["direction"] not in set(Direction) or body["other"] not in set(Other):
        raise BadEntry(what=f"a letter is received or sent, and the other is one of {', '.join(Other)}")
    _about(body)
    _corrects(body, dossier, EntryKind.CORRESPONDENCE)
    if body["direction"] == Direction.SENT:
        _absent(body, "asked", "due")
        _answers(body, dossier)
        return
    _absent(body, "answers", "in_part_of", "parts")
    asked, due = _texts(body), _due(body)
    if due is not None and not asked:
        raise BadEntry(what="a due date is that of something asked")
    if due is not None and due < from_text(body["at"]):
        raise BadInstant(what="it is due before it was asked")


def check_order(body: Body, dossier: Dossier) -> None:
    """Return where a step of an injunction can be written into the file. Raises BadEntry, BadInstant."""
    _about(body)
    due = _due(body)
    if body["what"] not in set(OrderStep):
        raise BadEntry(what=f"a step of an order is one of {', '.join(OrderStep)}")
    if not body["reference"].strip() or due is None:
        raise BadEntry(what="an order has its reference and a due date")
    if body["what"] == OrderStep.ORDER:
        _corrects(body, dossier, EntryKind.ORDER)
        _first_step(body, due)
        return
    order = order_of(dossier, str(body.get("order", "")))
    if order is None or order.body["reference"] != body["reference"]:
        raise BadEntry(what="there is no such order in the file")
    if from_text(body["at"]) < from_text(order.body["at"]):
        raise BadInstant(what="it lies before the order was notified")
    if body["what"] == OrderStep.COMPLIANCE and not isinstance(body.get("complete"), bool):
        raise BadEntry(what="evidence of compliance says whether the whole is done")
    if body["what"] == OrderStep.CLOSED and body.get("other") not in set(Other):
        raise BadEntry(what=f"an order is closed by one of {', '.join(Other)}")


def letters(dossier: Dossier) -> list[Entry]:
    """List the letters that stand: none that a later one corrects."""
    return standing(dossier.of_kind(EntryKind.CORRESPONDENCE))


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Leave out what a later entry says that it corrects."""
    gone = {one.body["corrects"] for one in entries if one.body.get("corrects")}
    return [one for one in entries if one.id not in gone]


def order_of(dossier: Dossier, entry_id: str) -> Entry | None:
    """Find an injunction of a file that stands."""
    found = standing(dossier.of_kind(EntryKind.ORDER))
    return next((one for one in found if one.id == entry_id and one.body["what"] == OrderStep.ORDER), None)


def asking(dossier: Dossier, entry_id: str) -> Entry | None:
    """Find a letter received that stands and asks for something."""
    return next((one for one in letters(dossier) if one.id == entry_id and one.body.get("asked")), None)


def parts_of(sent: Body, asked: Entry, names: Collection[str]) -> set[int]:
    """Say which of the things asked a letter sent answers, by their numbers. `names`: as `names_of` gives them."""
    if not {sent.get("answers"), sent.get("in_part_of")} & set(names):
        return set()
    every = set(range(len(asked.body["asked"])))
    return every & set(sent["parts"]) if sent.get("parts") else every


def names_of(dossier: Dossier, asked: Entry) -> set[str]:
    """Give the entry and those that it stands in the place of, as long as they asked the same."""
    by_id = {one.id: one for one in dossier.of_kind(EntryKind.CORRESPONDENCE)}
    names, here = {asked.id}, asked
    while (before := by_id.get(here.body.get("corrects", ""))) is not None and before.id not in names:
        if before.body.get("asked") != asked.body.get("asked"):
            break
        names.add(before.id)
        here = before
    return names


def left_of(dossier: Dossier, asked: Entry) -> set[int]:
    """Say which of the things asked no letter answers yet."""
    names = names_of(dossier, asked)
    done = [parts_of(one.body, asked, names) for one in letters(dossier) if one.body["direction"] == Direction.SENT]
    return set(range(len(asked.body["asked"]))).difference(*done)


def _answers(body: Body, dossier: Dossier) -> None:
    refs = [str(body[name]) for name in ("answers", "in_part_of") if body.get(name)]
    parts = body.get("parts") or []
    if not refs:
        _absent(body, "parts")
        return
    asked = asking(dossier, refs[0])
    if len(refs) > 1 or asked is None:
        raise BadEntry(what="what is answered is one letter of this file that asked for something")
    if not isinstance(parts, list) or not all(_number(one, len(asked.body["asked"])) for one in parts):
        raise BadEntry(what="the parts are numbers of what was asked, from 0")
    if from_text(body["at"]) < from_text(asked.body["at"]):
        raise BadInstant(what="the answer lies before what it answers")
    if body.get("answers") and left_of(dossier, asked) - parts_of(body, asked, {asked.id}):
        raise BadEntry(what="that answers a part: the whole is not answered yet")
    if body.get("in_part_of") and not parts:
        raise BadEntry(what="an answer in part says which parts")


def _first_step(body: Body, due: datetime) -> None:
    if due < from_text(body["at"]):
        raise BadInstant(what="it is due before it was notified")
    if body.get("procedure") not in set(Procedure):
        raise BadEntry(what=f"the procedure is one of {', '.join(Procedure)}")
    if not _euros(body.get("daily")) or not (body.get("ceiling") is None or _euros(body["ceiling"])):
        raise BadEntry(what="the daily amount and its ceiling are whole euros")


def _corrects(body: Body, dossier: Dossier, kind: EntryKind) -> None:
    if not body.get("corrects"):
        return
    known = next((one for one in standing(dossier.of_kind(kind)) if one.id == body["corrects"]), None)
    same = known is not None and all(known.body.get(name) == body.get(name) for name in ("direction", "what"))
    if not same:
        raise BadEntry(what="what is corrected is an entry of the same kind that stands")


def _about(body: Body) -> None:
    if not body["about"].strip():
        raise BadEntry(what="a few words say what it is about")


def _absent(body: Body, *names: str) -> None:
    for name in names:
        if body.get(name):
            raise BadEntry(what=f"{name} does not belong there")


def _texts(body: Body) -> list[str]:
    given = body.get("asked") or []
    if not isinstance(given, list) or len(given) > ASKED or not all(_text(one) for one in given):
        raise BadEntry(what=f"what is asked is a list of at most {ASKED} texts of {LIMITS.line} characters")
    return given


def _text(one: object) -> bool:
    if not isinstance(one, str) or not one.strip() or len(one) > LIMITS.line:
        return False
    return all(each.isprintable() or each in SPACES for each in one)


def _due(body: Body) -> datetime | None:
    if not body.get("due"):
        return None
    try:
        return due_instant(body["due"], UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadInstant(what="a due date is a day, or an instant with its offset") from None


def _number(one: object, below: int) -> bool:
    return isinstance(one, int) and not isinstance(one, bool) and 0 <= one < below


def _euros(amount: object) -> bool:
    return _number(amount, EUROS + 1)
