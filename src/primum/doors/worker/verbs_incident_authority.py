"""Letters and orders of the authority, the control pack, the register: at the terminal and for pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from primum.app.pack_extra import ExtraOfHouse
from primum.doors.worker.verbs_incident_evidence import rooms_of
from primum.doors.worker.verbs_incidents import ID, day_or_instant, given, given_document
from primum.incidents.carried import entry_json
from primum.incidents.correspondence import ASKED, EUROS, Direction, OrderStep, Other, Procedure
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.model import EVIDENCE_KINDS, BadEntry, Entry, Evidence

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb

MORE_TIME: Final = "more-time"
"""Beside the two directions of a letter: what one asked for is due later."""
_SHORT: Final = 64


def incident_letter(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write that a letter was received or sent, or that there is more time for one."""
    rooms, by, file_id = rooms_of(desk), asking.actor, args.text("id", most=ID)
    what, at, document = args.text("what", most=_SHORT), _at(args), _document(args)
    about, reference = args.text("about", most=LIMITS.text), args.text("reference", most=LIMITS.line)
    made: Entry
    match what:
        case Direction.RECEIVED:
            made = rooms.authority.received(
                by, file_id, other=_other(args), at=at, about=about, reference=reference,
                asked=args.texts("asked", most=ASKED), due=_due(args), corrects=args.text("corrects", most=ID),
                document=document,
            )  # fmt: skip
        case Direction.SENT:
            made = rooms.authority.sent(
                by, file_id, other=_other(args), at=at, about=about, reference=reference,
                answers=args.text("answers", most=ID), parts=_numbers(args), corrects=args.text("corrects", most=ID),
                document=document,
            )  # fmt: skip
        case "more-time":
            letter = args.text("answers", most=ID)
            made = rooms.authority.more_time(
                by, file_id, letter, at=at, about=about, due=_owed(args), document=document
            )  # fmt: skip
        case _:
            raise BadEntry(what=f"a letter is one of {', '.join([*Direction, MORE_TIME])}")
    return entry_json(made)


def incident_order(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write an order under penalty, or a step of one."""
    rooms, by, file_id = rooms_of(desk), asking.actor, args.text("id", most=ID)
    what, at, document = args.text("what", most=_SHORT), _at(args), _document(args)
    about, order = args.text("about", most=LIMITS.text), args.text("order", most=ID)
    made: Entry
    match what:
        case OrderStep.ORDER:
            made = rooms.authority.order(
                by, file_id, reference=args.text("reference", most=LIMITS.line), asked=about, notified_at=at,
                due=_owed(args), daily=_euros(args, "daily") or 0, ceiling=_euros(args, "ceiling"),
                procedure=_procedure(args), corrects=args.text("corrects", most=ID), document=document,
            )  # fmt: skip
        case OrderStep.POSTPONED:
            made = rooms.authority.postponed(
                by, file_id, order, at=at, about=about, due=_owed(args), document=document
            )  # fmt: skip
        case OrderStep.COMPLIANCE:
            made = rooms.authority.comply(
                by, file_id, order, at=at, about=about, complete=args.flag("complete"), evidence=_evidence(args),
                document=document,
            )  # fmt: skip
        case OrderStep.CLOSED:
            made = rooms.authority.closed(
                by, file_id, order, other=_other(args), at=at, about=about, document=document
            )  # fmt: skip
        case _:
            raise BadEntry(what=f"a step of an order is one of {', '.join(OrderStep)}")
    return entry_json(made)


def incident_pack(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Make the control pack of a file."""
    rooms, file_id, language = rooms_of(desk), args.text("id", most=ID), _language(args)
    chosen = args.texts("documents", most=LIMITS.documents)
    if args.flag("all"):
        chosen = [one.id for one in rooms.files.documents(asking.actor, file_id)]
    extra = ExtraOfHouse(rooms.house, language)
    body = rooms.registers.control_pack(asking.actor, file_id, language, documents=chosen, extra=extra)
    return given(args, f"{file_id}.zip", body)


def incident_register(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Export the register of breaches."""
    kind, name = args.text("kind", most=_SHORT), args.text("controller", most=LIMITS.line)
    controller = desk.controller_id(name, asking) if name else ""
    body = rooms_of(desk).registers.export(asking.actor, kind, _language(args), controller_id=controller)
    return given(args, f"register.{kind}", body)


def _at(args: Args) -> datetime:
    return instant_of({"at": args.text("at", most=_SHORT)})


def _due(args: Args) -> datetime | date | None:
    return day_or_instant(args.text("due", most=_SHORT))


def _owed(args: Args) -> datetime | date:
    found = _due(args)
    if found is None:
        raise BadEntry(what="it has a due date")
    return found


def _other(args: Args) -> Other:
    named = args.text("other", most=_SHORT)
    if named not in set(Other):
        raise BadEntry(what=f"the other is one of {', '.join(Other)}")
    return Other(named)


def _procedure(args: Args) -> Procedure:
    named = args.text("procedure", most=_SHORT) or Procedure.ORDINARY.value
    if named not in set(Procedure):
        raise BadEntry(what=f"the procedure is one of {', '.join(Procedure)}")
    return Procedure(named)


def _language(args: Args) -> str:
    return args.text("language", most=_SHORT) or "fr"


def _numbers(args: Args) -> list[int]:
    found = args.texts("parts", most=ASKED)
    if not all(one.isascii() and one.isdigit() and len(one) < _SHORT for one in found):
        raise BadEntry(what="the parts are numbers of what was asked, from 0")
    return [int(one) for one in found]


def _euros(args: Args, name: str) -> int | None:
    told = args.text(name, most=_SHORT)
    if not told:
        return None
    if not (told.isascii() and told.isdigit() and int(told) <= EUROS):
        raise BadEntry(what="the daily amount and its ceiling are whole euros")
    return int(told)


def _evidence(args: Args) -> list[Evidence]:
    """Read `KIND:REF`."""
    found = [one.partition(":") for one in args.texts("evidence", most=LIMITS.evidence)]
    if not all(kind in EVIDENCE_KINDS and ref for kind, _, ref in found):
        raise BadEntry(what=f"evidence is KIND:REF, the kind one of {', '.join(sorted(EVIDENCE_KINDS))}")
    return [Evidence(kind, ref) for kind, _, ref in found]


def _document(args: Args) -> tuple[str, bytes] | None:
    name, body = given_document(args)
    return (name or "document", body) if body else None


VERBS: dict[str, Verb] = {
    "incident_letter": incident_letter,
    "incident_order": incident_order,
    "incident_pack": incident_pack,
    "incident_register": incident_register,
}
