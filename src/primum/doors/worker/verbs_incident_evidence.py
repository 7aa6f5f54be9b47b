"""Evidence and containment, at the terminal and for pages: freeze, take a bundle out, act, reopen.

A terminal waits and is told how far it is. A page begins, and asks again (app/incident_work.py): freezing a large home
takes minutes, and closing the doors starts the pages anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_incidents import BYTES, ID, PAGE_BYTES, TooLargeForAPage
from primum.ground.clock import to_text
from primum.identity import Permission, State, Thing, decide
from primum.incidents.carried import entry_json
from primum.incidents.containment.model import What
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, IncidentRefused

if TYPE_CHECKING:
    from primum.app.incident_rooms import IncidentRooms
    from primum.app.incident_work import Work
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.incidents.evidence.writing import Tell
    from primum.incidents.model import Entry

Act = Callable[["Tell | None"], "Entry"]
_PAUSE: Final = 0.2
"""Seconds between two words of progress."""
FREEZE: Final = "freeze"
"""What a page is told is under way, besides the names of `What`."""


class NothingFrozen(IncidentRefused):
    """No such bundle was frozen for this file."""

    code: ClassVar[str] = "incident.nothing-frozen"
    hint: ClassVar[str] = "primum incident freeze; primum incident bundle lists what was frozen"


def rooms_of(desk: Desk) -> IncidentRooms:
    """Return the further rooms of the files of breaches."""
    if desk.breaches is None:
        raise BadRequest
    return desk.breaches


def incident_freeze(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Freeze evidence, and wait."""
    return entry_json(rooms_of(desk).evidence.freeze(asking.actor, args.text("id", most=ID), _telling(progress)))


def incident_freeze_begin(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Begin to freeze evidence."""
    rooms, by, file_id = rooms_of(desk), asking.actor, args.text("id", most=ID)
    return {"over": rooms.work.begin(file_id, FREEZE, lambda tell: rooms.evidence.freeze(by, file_id, tell))}


def incident_contain(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Act against a breach, and wait."""
    return entry_json(_act(desk, asking, args)(_telling(progress)))


def incident_contain_begin(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Begin to act against a breach."""
    act = _act(desk, asking, args)
    return {"over": rooms_of(desk).work.begin(args.text("id", most=ID), args.text("what", most=ID), act)}


def incident_containment(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give what stands beside a file: what is under way, what may be acted on, the key that verifies a bundle."""
    rooms, file_id = rooms_of(desk), args.text("id", most=ID)
    rooms.files.dossier(asking.actor, file_id)
    house = {one.id for one in rooms.files.controllers()}
    mine = {one for one in house if _may(asking, one)}
    worker, work = desk.worker, rooms.work.standing(file_id)
    return {
        "work": _work(work) if work is not None else None,
        "everywhere": bool(house) and mine == house,
        "devices": [
            {"id": one.id, "name": one.name}
            for one in worker.devices.list() if one.revoked_at is None and one.controller_id in mine
        ],
        "people": [
            {"id": one.id, "name": one.full_name}
            for one in worker.people.list() if one.state is not State.CLOSED and one.controller_id in mine
        ],
        "key": worker.signer.verifier_key,
        "most": PAGE_BYTES,
    }  # fmt: skip


def incident_bundle(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Take a bundle out, the last one where none is named: into a new file at the terminal, to a page where it fits."""
    rooms, file_id = rooms_of(desk), args.text("id", most=ID)
    found = _bundle(rooms, asking, file_id, args.text("number", most=ID))
    told = {"id": found.id, "digest": found.body["digest"], "size": found.body["bytes"]}
    if args.text("out"):
        rooms.evidence.take_out(asking.actor, file_id, found.id, Path(args.text("out")))
        return told
    if told["size"] > PAGE_BYTES:
        raise TooLargeForAPage(size=told["size"], most=PAGE_BYTES)
    return {**told, BYTES: b"".join(rooms.evidence.bundle(asking.actor, file_id, found.id))}


def incident_compare(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Compare a bundle as it is kept with the digest in the file."""
    rooms, file_id = rooms_of(desk), args.text("id", most=ID)
    found = _bundle(rooms, asking, file_id, args.text("number", most=ID))
    return entry_json(rooms.evidence.compare(asking.actor, file_id, found.id))


def _bundle(rooms: IncidentRooms, asking: Asking, file_id: str, number: str) -> Entry:
    listed = rooms.evidence.bundles(asking.actor, file_id)
    found = next((one for one in reversed(listed) if number in {"", one.id, one.body.get("bundle")}), None)
    if found is None:
        raise NothingFrozen
    return found


def _act(desk: Desk, asking: Asking, args: Args) -> Act:
    """Read what is asked for. Everybody is named as such: an empty field acts on nobody. Raises BadEntry."""
    contain, by, file_id = rooms_of(desk).containment, asking.actor, args.text("id", most=ID)
    what, subject = args.text("what", most=ID), args.text("subject", most=LIMITS.line)
    override, reason = args.text("override", most=LIMITS.text), args.text("reason", most=LIMITS.text)
    if what in {What.END_SESSIONS, What.END_TOKENS} and bool(subject) == args.flag("everybody"):
        raise BadEntry(what="say whose: one person, or everybody")
    if what == What.REVOKE_DEVICE and not subject:
        raise BadEntry(what="say which device")
    acts: dict[str, Act] = {
        What.CLOSE_DOORS: lambda tell: contain.close_doors(by, file_id, override=override, tell=tell),
        What.REOPEN_DOORS: lambda _tell: contain.reopen_doors(by, file_id, reason),
        What.REVOKE_DEVICE: lambda tell: contain.revoke_device(by, file_id, subject, override=override, tell=tell),
        What.END_SESSIONS: lambda tell: contain.end_sessions(by, file_id, subject, override=override, tell=tell),
        What.END_TOKENS: lambda tell: contain.end_tokens(by, file_id, subject, override=override, tell=tell),
        What.ROTATE_ROOT: lambda tell: contain.rotate_root(by, file_id, override=override, tell=tell),
    }
    if what not in acts:
        raise BadEntry(what=f"an action is one of {', '.join(What)}")
    return acts[what]


def _may(asking: Asking, controller_id: str) -> bool:
    fresh = replace(asking.actor, fresh=True)
    return decide(fresh, Permission.INCIDENT_CONTAIN, Thing("incident", controller_id)).allowed


def _telling(progress: Progress) -> Tell:
    """Tell a terminal how far it is, some times a second; one that went away does not end the freezing."""
    last, gone = 0.0, False

    def tell(size: int, part: str) -> None:
        nonlocal last, gone
        if gone or time.monotonic() < last + _PAUSE:
            return
        last = time.monotonic()
        try:
            progress({"bytes": size, "part": part})
        except OSError:
            gone = True

    return tell


def _work(one: Work) -> dict[str, Any]:
    return {
        "what": one.what, "begun_at": to_text(one.begun_at), "size": one.size, "part": one.part, "over": one.over,
        "refused": one.refused,
    }  # fmt: skip


VERBS: dict[str, Verb] = {
    "incident_freeze": incident_freeze,
    "incident_contain": incident_contain,
    "incident_bundle": incident_bundle,
    "incident_compare": incident_compare,
}
"""Of the terminal."""
PAGE: dict[str, Verb] = {
    "incident_freeze_begin": incident_freeze_begin,
    "incident_contain_begin": incident_contain_begin,
    "incident_containment": incident_containment,
    "incident_bundle": incident_bundle,
}
"""Of pages: none of them waits."""
