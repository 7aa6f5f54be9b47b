"""The files of breaches, at the terminal and for pages: read, answered, dated, merged, closed.

What they are: docs/design/incidents.md.
A file is handed over as its entries: whoever shows it folds it with the same pure functions. Pages come through
`incidents`, with their person's session.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primum.ground.clock import from_text, to_text
from primum.incidents.at_hand import named
from primum.incidents.carried import as_json, entry_json
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.model import SYSTEM, BadEntry, BadInstant, EntryKind, IncidentRefused, Which
from primum.incidents.severity.grounds import CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.incidents.model import Document, Dossier, Evidence

ID: Final = 64
BYTES: Final = "bytes"
"""Of an answer: what goes beside it to a page."""
_SHORT: Final = 64
_ATTACHED: Final = frozenset({"document", CERTIFICATE})
PAGE_BYTES: Final = 15 << 20
"""Bytes that go to a page: an answer over the pair has at most 16 MiB."""


class TooLargeForAPage(IncidentRefused):
    """This has {size} bytes, and a page gives at most {most}."""

    code: ClassVar[str] = "incident.too-large-for-a-page"
    hint: ClassVar[str] = "take it at the terminal, with --out; the page says the command"


def incident_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List the files that this person may see, the last opened first."""
    files = desk.worker.incidents.files
    found = files.every(asking.actor)
    named = {one.file.controller_id: files.controller_name(one.file.controller_id) for one in found}
    return {"files": [as_json(one) for one in found], "controllers": named, "now": to_text(files.now())}


def incident_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give one file, with the names of those who wrote in it."""
    return shown(desk, asking, args.text("id", most=ID))


def shown(desk: Desk, asking: Asking, file_id: str) -> dict[str, Any]:
    """Give a file as pages and the terminal read it. Raises NotPermitted, NoSuchIncident."""
    files = desk.worker.incidents.files
    dossier = files.dossier(asking.actor, file_id)
    return {
        "file": as_json(dossier),
        "controller": files.controller_name(dossier.file.controller_id),
        "names": names(desk, dossier),
        "documents": [document_json(one) for one in files.documents(asking.actor, file_id)],
        "now": to_text(files.now()),
    }


def incident_open(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Open a file for a finding that opened none by itself; give the one that stands where there is one."""
    made = desk.worker.incidents.considering.open_for(asking.actor, args.text("finding", most=ID))
    return {"id": made.id}


def incident_answer(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Answer a question: a value as JSON, or that it is not known; with what shows it, where something does."""
    value = None if args.flag("unknown") else value_of(args.text("value", most=LIMITS.text * 2))
    file_id, files = args.text("id", most=ID), desk.worker.incidents.files
    shown = evidence_given(args, files.dossier(asking.actor, file_id))
    return entry_json(files.answer(asking.actor, file_id, args.text("key", most=_SHORT), value, evidence=shown))


def incident_instant(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say when the controller was aware, or another instant, and why then."""
    which, known = args.text("which", most=_SHORT), set(Which)
    if which not in known:
        raise BadEntry(what=f"an instant is one of {', '.join(sorted(known))}")
    at = instant_of({"at": args.text("at", most=_SHORT)})
    reason = args.text("reason", most=LIMITS.text)
    files = desk.worker.incidents.files
    return entry_json(files.instant(asking.actor, args.text("id", most=ID), Which(which), at, reason))


def incident_note(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write a note."""
    body = {"text": args.text("text", most=LIMITS.text)}
    files = desk.worker.incidents.files
    return entry_json(files.write(asking.actor, args.text("id", most=ID), EntryKind.NOTE, body))


def incident_merge(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Merge a file into another one."""
    into, reason = args.text("into", most=ID), args.text("reason", most=LIMITS.text)
    desk.worker.incidents.files.merge(asking.actor, args.text("id", most=ID), into, reason)
    return {"id": into}


def incident_close(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Close a file, or open it again."""
    kind = EntryKind.REOPENED if args.flag("reopen") else EntryKind.CLOSED
    body = {"reason": args.text("reason", most=LIMITS.text)}
    return entry_json(desk.worker.incidents.files.write(asking.actor, args.text("id", most=ID), kind, body))


def incident_attach(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Attach a document, which a door sends beside its question and a terminal names; `what`: what it certifies."""
    name, body = given_document(args)
    what = args.text("what", most=_SHORT) or "document"
    if what not in _ATTACHED:
        raise BadEntry(what=f"a document is one of {', '.join(sorted(_ATTACHED))}")
    made = desk.worker.incidents.files.attach(asking.actor, args.text("id", most=ID), name, body, what)
    return document_json(made)


def given_document(args: Args) -> tuple[str, bytes]:
    """Take a document: bytes that a door sent (none: empty), or a file that a terminal named. Raises BadEntry."""
    if not args.text("file"):
        return args.text("name", most=LIMITS.line), args.data("document")
    path = Path(args.text("file"))
    with path.open("rb") as file:
        body = file.read(LIMITS.document_bytes + 1)
    if len(body) > LIMITS.document_bytes:
        raise BadEntry(what=f"a document has at most {LIMITS.document_bytes >> 20} MiB")
    return path.name, body


def evidence_given(args: Args, dossier: Dossier) -> list[Evidence]:
    """Take the evidence that was named, each as `kind:ref` of something that the file holds. Raises BadEntry."""
    return named(dossier, args.texts("evidence", most=LIMITS.evidence))


def value_of(text: str) -> Any:  # noqa: ANN401 (checked against the catalogue by who takes it)
    """Read a value as JSON. Raises BadEntry."""
    try:
        return json.loads(text)
    except ValueError:
        raise BadEntry(what="the value is not JSON") from None


def when(args: Args, name: str) -> str:
    """Take an instant with its offset; give it as it is kept. Raises BadInstant."""
    return to_text(instant_of({"at": args.text(name, most=_SHORT)}))


def day_or_instant(text: str) -> datetime | date | None:
    """Read a due date: a day, or an instant with its offset; None for nothing. Raises BadInstant."""
    try:
        if len(text) == len("2026-11-24"):
            return date.fromisoformat(text)
        return from_text(text) if text else None
    except ValueError:
        raise BadInstant(what="a due date is a day, or an instant with its offset") from None


def names(desk: Desk, dossier: Dossier) -> dict[str, str]:
    """Name those who wrote in a file."""
    return _named(desk, (one.by for one in dossier.entries))


def _named(desk: Desk, ids: Iterable[str]) -> dict[str, str]:
    people = desk.worker.people
    return {one: people.person(one).full_name for one in set(ids) if one != SYSTEM}


def document_json(one: Document) -> dict[str, Any]:
    """Give what is known of a document."""
    return {
        "id": one.id, "name": one.name, "size": one.size, "sha256": one.sha256, "at": to_text(one.at), "by": one.by,
    }  # fmt: skip


def incident_document(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write a document into a new file of whoever asks at the terminal."""
    one, body = desk.worker.incidents.files.document(
        asking.actor, args.text("id", most=ID), args.text("number", most=ID)
    )
    return given(args, one.name, body)


def given(args: Args, name: str, body: bytes) -> dict[str, Any]:
    """Give bytes: to a page as they are, to a terminal as a new file that it named."""
    if args.text("out"):
        with Path(args.text("out")).open("xb") as file:
            file.write(body)
        return {"name": name, "size": len(body)}
    if len(body) > PAGE_BYTES:
        raise TooLargeForAPage(size=len(body), most=PAGE_BYTES)
    return {"name": name, "size": len(body), BYTES: body}


VERBS: dict[str, Verb] = {
    "incident_list": incident_list,
    "incident_show": incident_show,
    "incident_open": incident_open,
    "incident_answer": incident_answer,
    "incident_instant": incident_instant,
    "incident_note": incident_note,
    "incident_merge": incident_merge,
    "incident_close": incident_close,
    "incident_attach": incident_attach,
    "incident_document": incident_document,
}
"""Those of this file; each further part has a file of its own."""
