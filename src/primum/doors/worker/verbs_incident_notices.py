"""The notifications of a file: seen before, drawn up, given as files, their receipts kept. Nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_incidents import ID, given, given_document
from primum.incidents.carried import entry_json
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.notices.model import Type
from primum.incidents.notices.rendering import FORMS, Layout
from primum.incidents.notices.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.incidents.notices.drawing import Notices

_SHORT = 64
_Word = TypeVar("_Word", bound=str)


def incident_notice_preview(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give what would be drawn up, as a file that says it is a preview."""
    made = _room(desk).preview_file(
        asking.actor, args.text("id", most=ID), _one_of(args, "type", Type), form=_one_of(args, "form", FORMS),
        language=_one_of(args, "language", LANGUAGES), layout=_layout(args),
    )  # fmt: skip
    return given(args, made.name, made.body)


def incident_notice_draw(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Draw one up: its content is frozen into the file."""
    reason = args.text("reason", most=LIMITS.text)
    made = entry_json(_room(desk).draw_up(asking.actor, args.text("id", most=ID), _one_of(args, "type", Type), reason))
    told = ("type", "version", "digest")
    return {"id": made["id"], "at": made["at"], **{name: made["body"][name] for name in told}}


def incident_notice_file(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give one that was drawn up, as a file."""
    made = _room(desk).file(
        asking.actor, args.text("id", most=ID), args.text("notice", most=ID), form=_one_of(args, "form", FORMS),
        language=_one_of(args, "language", LANGUAGES), layout=_layout(args),
    )  # fmt: skip
    return given(args, made.name, made.body)


def incident_notice_receipt(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Keep the receipt of what a person filed, with the authority's own document where there is one."""
    attached = args.text("file") or args.data("document")
    made = _room(desk).receipt(
        asking.actor, args.text("id", most=ID), args.text("notice", most=ID),
        number=args.text("number", most=LIMITS.line), at=instant_of({"at": args.text("at", most=_SHORT)}),
        document=given_document(args) if attached else None, corrects=args.text("corrects", most=ID),
    )  # fmt: skip
    return entry_json(made)


def _room(desk: Desk) -> Notices:
    assert desk.breaches is not None  # noqa: S101 (a worker that serves has them)
    return desk.breaches.notices


def _layout(args: Args) -> Layout:
    return _one_of(args, "layout", Layout) if args.text("layout") else Layout.CNIL


def _one_of(args: Args, name: str, known: Iterable[_Word]) -> _Word:
    """Take a word of a list. Raises BadRequest."""
    told = args.text(name, most=_SHORT)
    found = next((one for one in known if one == told), None)
    if found is None:
        raise BadRequest
    return found


VERBS: dict[str, Verb] = {
    "incident_notice_preview": incident_notice_preview,
    "incident_notice_draw": incident_notice_draw,
    "incident_notice_file": incident_notice_file,
    "incident_notice_receipt": incident_notice_receipt,
}
