"""Interventions and findings, at the terminal and for pages (docs/design/exposure.md, Interventions, Findings).

Pages come through `interventions`: with their person's session, never with a claim of their own.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.doors.worker.desk import Args, answer_page, handler
from primum.doors.worker.protocol import BadRequest
from primum.exposure.interventions.model import MOST_BYTES, BadIntervention, State, Told
from primum.exposure.interventions.rules import intervention_rules
from primum.ground.clock import to_text

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Asking, Desk, Verb
    from primum.exposure.findings.model import Finding
    from primum.exposure.interventions.model import Difference, Intervention, Probed
    from primum.exposure.probe.model import Hole

_POLL: Final = 0.25
"""Seconds between two looks at a probe that somebody waits for."""
_WAIT: Final = 1800
"""Seconds that somebody is kept waiting: others may be probed before."""
_SHORT: Final = 512


def intervention_open(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Write one down, and wait for the probe before where that is asked for."""
    fields = [args.text(name, most=_SHORT) for name in ("kind", "author", "company", "contract", "purpose")]
    controller = desk.worker.people.person(asking.actor.person_id).controller_id
    made = desk.worker.exposed.interventions.open(asking.actor, Told(*fields), controller)
    return _waited(desk, asking, args, made, progress)


def intervention_close(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Close one, and wait for the probe after where that is asked for."""
    closing = desk.worker.exposed.interventions.close(asking.actor, args.text("id", most=64))
    return _waited(desk, asking, args, closing, progress)


def intervention_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List them."""
    listed = desk.worker.exposed.interventions.every(asking.actor)
    return {"interventions": [_facts(desk, one) for one in listed]}


def intervention_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show one."""
    return _facts(desk, desk.worker.exposed.interventions.one(asking.actor, args.text("id", most=64)))


def intervention_attach(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Attach a report, which a door sends beside its question and a terminal names."""
    name, body = args.text("name", most=_SHORT), args.data("document")
    if args.text("file"):
        path = Path(args.text("file"))
        name, body = path.name, _read(path)
    one = desk.worker.exposed.interventions.attach(asking.actor, args.text("id", most=64), name, body)
    return {"id": one.id, "name": one.name, "size": one.size, "sha256": one.sha256}


def intervention_report(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write an attached report into a new file of whoever asks at the terminal."""
    interventions = desk.worker.exposed.interventions
    attached, body = interventions.attachment(asking.actor, args.text("id", most=64), args.text("report", most=64))
    with Path(args.text("out")).open("xb") as file:
        file.write(body)
    return {"name": attached.name, "size": attached.size, "sha256": attached.sha256}


def finding_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List findings, those that are open first."""
    return {"findings": [finding_facts(one) for one in desk.worker.exposed.findings.every(asking.actor)]}


def finding_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show one."""
    return finding_facts(desk.worker.exposed.findings.one(asking.actor, args.text("id", most=64)))


def finding_facts(one: Finding) -> dict[str, Any]:
    """Say a finding as plain values."""
    return {
        "id": one.id,
        "source": one.source.value,
        "place": one.place.value,
        "line": one.line,
        **(_hole(one.hole) if one.hole is not None else dict.fromkeys(("address", "mode", "identity", "rung"), "")),
        "port": one.hole.port if one.hole is not None else 0,
        "detected_at": to_text(one.detected_at),
        "last_closed_at": to_text(one.last_closed_at) if one.last_closed_at else "",
        "first_open_at": to_text(one.first_open_at),
        "last_open_at": to_text(one.last_open_at),
        "closed_at": to_text(one.closed_at) if one.closed_at else "",
        "product": one.product,
        "refused_rung": one.refused_rung,
        "refused_code": one.refused_code,
        "readable": list(one.readable),
        "studies": one.studies,
        "studies_at_least": one.studies_at_least,
        "run": one.run,
    }


def _waited(desk: Desk, asking: Asking, args: Args, begun: Intervention, progress: Progress) -> dict[str, Any]:
    interventions, until = desk.worker.exposed.interventions, time.monotonic() + _WAIT
    found = begun
    while args.flag("wait") and found.state in {State.OPENING, State.CLOSING} and time.monotonic() < until:
        stage, done, total = interventions.progress.get(begun.id, ("", 0, 1))
        progress({"stage": stage, "done": done, "total": total})
        time.sleep(_POLL)
        found = interventions.one(asking.actor, begun.id)
    return _facts(desk, found)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        body = file.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise BadIntervention(what=f"a report has at most {MOST_BYTES >> 20} MiB")
    return body


def _facts(desk: Desk, one: Intervention) -> dict[str, Any]:
    now, stage = desk.worker.rooms.clock.now(), desk.worker.exposed.interventions.progress.get(one.id)
    return {
        "id": one.id,
        "kind": one.told.kind,
        "author": one.told.author,
        "company": one.told.company,
        "contract": one.told.contract,
        "purpose": one.told.purpose,
        "state": one.state.value,
        "overdue": one.overdue(now, intervention_rules().open_for),
        "opened_at": to_text(one.opened_at),
        "opened_by": _name(desk, one.opened_by),
        "closed_at": to_text(one.closed_at) if one.closed_at else "",
        "closed_by": _name(desk, one.closed_by),
        "outcome": one.outcome.value if one.outcome else "",
        "progress": list(stage) if stage else [],
        "before": _probed(one.before),
        "after": _probed(one.after),
        "difference": _difference(one.difference),
        "attached": [
            {"id": each.id, "name": each.name, "size": each.size, "sha256": each.sha256, "at": to_text(each.at),
             "by": _name(desk, each.by)}
            for each in one.attached
        ],
    }  # fmt: skip


def _name(desk: Desk, person_id: str) -> str:
    return desk.worker.people.person(person_id).full_name if person_id else ""


def _probed(one: Probed | None) -> dict[str, str] | None:
    if one is None:
        return None
    return {"at": to_text(one.at), "verdict": one.verdict, "reason": one.reason, "run": one.run}


def _difference(one: Difference | None) -> dict[str, Any] | None:
    if one is None:
        return None
    lists = ("opened", "closed", "stayed", "unsettled", "unsure")
    return {**{name: [_hole(hole) for hole in getattr(one, name)] for name in lists}, "blind": one.blind}


def _hole(hole: Hole) -> dict[str, Any]:
    return {
        "address": hole.address, "port": hole.port, "mode": hole.mode.value, "identity": hole.identity.value,
        "rung": hole.rung.value,
    }  # fmt: skip


VERBS: dict[str, Verb] = {
    "intervention_open": intervention_open,
    "intervention_close": intervention_close,
    "intervention_list": intervention_list,
    "intervention_show": intervention_show,
    "intervention_attach": intervention_attach,
    "intervention_report": intervention_report,
    "finding_list": finding_list,
    "finding_show": finding_show,
}

_OF_PAGES: dict[str, Verb] = {name: verb for name, verb in VERBS.items() if name != "intervention_report"}


def interventions(desk: Desk, args: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of the verbs above, or an attached report with its bytes."""
    match args:
        case {"token": str(token), "verb": "intervention_report", "args": dict(given)}:
            body = bytearray()

            def fetch(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
                rooms = desk.worker.exposed.interventions
                one, found = rooms.attachment(asking.actor, args.text("id", most=64), args.text("report", most=64))
                body.extend(found)
                return {"name": one.name}

            return handler(desk, fetch)(token, given, lambda _facts: None), bytes(body)
        case {"token": str(), "verb": str()}:
            # a page names no file of this machine, and waits for no probe
            return answer_page(desk, _OF_PAGES, args, file="", wait=False, document=data)
        case _:
            raise BadRequest
