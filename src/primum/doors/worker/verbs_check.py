"""The check, at the terminal and on its page: make one, look at the last, declare, bring a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from primum.app.checks import declarable
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb, answer_page
from primum.doors.worker.protocol import BadRequest
from primum.exposure.checks.service import Checks, Kept
from primum.ground.clock import to_text
from primum.identity import Permission, Thing

_HOUSE = Thing("house")


def check_make(desk: Desk, asking: Asking, _args: Args, progress: Progress) -> dict[str, Any]:
    """Make a check now."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    kept = _checks(desk).make(asking.actor.person_id, lambda done, total: progress({"done": done, "total": total}))
    return _told(kept)


def check_start(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Begin a check: a page does not wait for it."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    _checks(desk).start(asking.actor.person_id)
    return {}


def check_progress(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Tell how far the check under way is."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    found = _checks(desk).progress()
    return {"under_way": found is not None, "done": found[0] if found else 0, "total": found[1] if found else 0}


def check_last(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the newest check, or one by its id."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    run = args.text("run", most=40)
    return _told(_checks(desk).of(run) if run else _checks(desk).last())


def check_runs(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List checks, the newest first; and who is who in them, for who may know."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    checks, people = _checks(desk), desk.worker.people
    return {
        "runs": [
            {
                "id": one.id, "made_at": to_text(one.made_at), "by": one.asked_by, "good": one.good,
                "attention": one.attention, "bad": one.bad, "undetermined": one.undetermined,
            }
            for one in checks.runs()
        ],
        "under_way": checks.progress() is not None,
        "names": {one.id: one.login for one in people.list()},
        "key": desk.worker.signer.verifier_key,
    }  # fmt: skip


def check_declare(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Declare what no program can observe; or withdraw it."""
    desk.require(asking, Permission.CHECK_DECLARE, _HOUSE)
    named, by = args.text("name", most=300), asking.actor.person_id
    if args.flag("withdraw"):
        _checks(desk).withdraw(by, named)
        return {"lines": ["withdrawn"]}
    one = _checks(desk).declare(by, named, args.text("value", most=60), _day(args.text("until", most=10)))
    return {"lines": [f"declared until {one.until}; it counts where the line cannot be measured"]}


def check_declarable(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List what may be declared, and what is."""
    desk.require(asking, Permission.CHECK_READ, _HOUSE)
    return {"lines": declarable(_checks(desk), {one.id: one.login for one in desk.worker.people.list()})}


def check_advisories(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Keep what a database of vulnerabilities says of our parts."""
    desk.require(asking, Permission.CHECK_DECLARE, _HOUSE)
    found = _checks(desk).bring(asking.actor.person_id, Path(args.text("source")))
    dated = ", ".join(f"{ecosystem} of {day}" for ecosystem, day in sorted(found.dated.items()))
    return {"lines": [f"{found.records} records read ({dated}), {len(found.advisories)} about parts of ours kept"]}


VERBS: dict[str, Verb] = {
    "check_make": check_make,
    "check_last": check_last,
    "check_runs": check_runs,
    "check_declare": check_declare,
    "check_declarable": check_declarable,
    "check_advisories": check_advisories,
}
PAGE: dict[str, Verb] = {
    "check_start": check_start,
    "check_progress": check_progress,
    "check_last": check_last,
    "check_runs": check_runs,
    "check_declare": check_declare,
}


def page(desk: Desk, args: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer the page, for the person whose session is given."""
    return answer_page(desk, PAGE, args)


def _checks(desk: Desk) -> Checks:
    if desk.checks is None:
        raise BadRequest
    return desk.checks


def _told(kept: Kept) -> dict[str, Any]:
    return {"report": kept.report, "note": kept.note}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadRequest from None
