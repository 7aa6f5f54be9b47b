"""Retention and erasure, at the terminal: propose, decide, hold, look, certify."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.clock import to_text
from primum.identity import NotPermitted, Permission, Way, reaches
from primum.imaging.retention.certificate import Around, certificate, lines, title
from primum.imaging.retention.errors import BadWords
from primum.imaging.retention.model import Decision, Erasure, Hold, HoldReason, Part, Reason, Return
from primum.imaging.retention.rules import DEFAULT, Kind

Word = TypeVar("Word", bound=StrEnum)


def erase(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Propose to erase a study, a series or an instance."""
    ref = _study(desk, asking, args)
    if args.text("series") and args.text("instance"):
        raise BadWords(what="part")
    uid = args.text("series", most=64) or args.text("instance", most=64)
    part = Part("series" if args.text("series") else "instance", uid) if uid else Part()
    retention, reason = desk.worker.retention, _word(Reason, args.text("reason"), "reason")
    one = retention.propose(asking.actor, ref, reason, part=part, note=args.text("note", most=1024))
    return {"id": one.id, "lines": [_proposed(one)]}


def erase_approve(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Approve an erasure."""
    one = desk.worker.retention.approve(asking.actor, args.text("id"))
    return {"lines": [f"approved; erased within a minute or two, once nobody stores into the study ({one.id})"]}


def erase_refuse(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Refuse an erasure, or take one's own proposal back."""
    desk.worker.retention.refuse(asking.actor, args.text("id"))
    return {"lines": ["refused"]}


def erase_certificate(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say what an erasure did."""
    worker, people = desk.worker, desk.worker.people
    one = worker.retention.erasure(asking.actor, args.text("id"))
    names = {person.id: person.full_name for person in people.list()}
    controllers = {owner.id: owner.name for owner in people.controllers()}
    settings = worker.rooms.settings
    around = Around(
        worker.rooms.home.id,
        controllers.get(one.controller_id, ""),
        names,
        settings.backup_keep_days + 1,
        settings.access_months,
    )
    made, language = certificate(one, around), args.text("language") or settings.language
    said = [title(language), *(f"{label}: {text}" for label, text in lines(made, language))]
    return {"certificate": made, "lines": said}


def retention_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List what waits, what is held, what came back, and what was done last."""
    retention, now = desk.worker.retention, desk.worker.rooms.clock.now()
    if not retention.may_list(asking.actor):
        raise NotPermitted(action=str(Permission.ERASURE_LIST), rule="silence")
    names = {one.id: one.login for one in desk.worker.people.list()} | {"system": "rules"}
    standing = retention.standing(asking.actor)
    notice = f"{standing.undecided} proposed for 90 days or more and not decided" if standing.undecided else ""
    return {
        "notice": notice,
        "erasures": [
            _erasure_row(one, names) | {"undecided": "90 days!" if one.undecided(now) else ""}
            for one in retention.live(asking.actor)
        ],
        "holds": [_hold_row(one, names) for one in retention.holds(asking.actor)],
        "returned": [_return_row(one) for one in retention.returns(asking.actor)],
        "done": [_erasure_row(one, names) for one in retention.done(asking.actor, 20)],
    }


def retention_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say how long a study is kept, and by which rule."""
    verdict = desk.worker.retention.judge(_study(desk, asking, args))
    floor, ceiling = verdict.floor_rule, verdict.ceiling_rule
    return {
        "lines": [
            f"period: {verdict.period}",
            f"kept at least through {verdict.floor}: {floor.name} ({floor.source}; {floor.confidence})",
            f"kept at most through {verdict.ceiling}: {ceiling.name} ({ceiling.source}; {ceiling.confidence})",
        ]
    }


def retention_hold(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Freeze a study, or all studies of its patient."""
    until = _day(args.text("until"), "day") if args.text("until") else None
    reason, note = _word(HoldReason, args.text("reason"), "reason"), args.text("note", most=1024)
    held = desk.worker.retention.hold(
        asking.actor, _study(desk, asking, args), reason, until, note, patient=args.flag("patient")
    )
    return {"lines": [f"held ({held.id}); what waited is refused"]}


def retention_release(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """End a hold."""
    desk.worker.retention.release(asking.actor, args.text("id"))
    return {"lines": ["released"]}


def retention_return(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Keep what came back after its erasure, or erase it again."""
    decision = _word(Decision, args.text("decision"), "decision")
    desk.worker.retention.decide_return(asking.actor, args.text("id"), decision)
    done = "it is listed again" if decision is Decision.KEEP else "it is erased again"
    return {"lines": [f"{done} within a minute or two"]}


def retention_kind(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say what a controller is, or what each is."""
    retention, people = desk.worker.retention, desk.worker.people
    if args.text("kind"):
        controller_id = desk.controller_id(args.text("controller"), asking)
        retention.set_kind(asking.actor, controller_id, _word(Kind, args.text("kind"), "kind"))
    else:
        desk.require(asking, Permission.HOME_STATUS, people.house())
    kinds = retention.kinds()
    return {"lines": [f"{one.name}: {kinds.get(one.id, DEFAULT)}" for one in people.controllers()]}


def retention_death(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Say when the patient of a study died."""
    ref = _study(desk, asking, args)
    desk.worker.retention.state_death(asking.actor, ref, _day(args.text("day"), "day"))
    return {"lines": ["noted"]}


def _study(desk: Desk, asking: Asking, args: Args) -> str:
    """Find a study within the person's reach by its UID or reference. Raises NotHere."""
    named, reach = args.text("study", most=64), reaches(asking.actor, Permission.STUDY_LIST)
    by_uid = "." in named
    return desk.worker.archive.study(reach, **({"uid": named} if by_uid else {"ref": named or "-"})).study_ref


def _word(kind: type[Word], text: str, what: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise BadWords(what=what) from None


def _day(text: str, what: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadWords(what=what) from None


def _proposed(one: Erasure) -> str:
    if one.way is Way.DELAY and one.effective_at is not None:
        return f"erased at {to_text(one.effective_at)}, unless somebody refuses it ({one.id})"
    return f"waits for a second person's approval ({one.id})"


def _erasure_row(one: Erasure, names: dict[str, str]) -> dict[str, Any]:
    when = one.done_at or one.effective_at
    return {
        "id": one.id,
        "study": one.study_ref,
        "level": one.part.level,
        "images": one.instances,
        "reason": one.reason.value,
        "floor": str(one.floor_on),
        "ceiling": str(one.ceiling_on),
        "rule": one.rule,
        "by": names.get(one.proposed_by, one.proposed_by),
        "since": str(one.proposed_at.date()),
        "state": one.state.value,
        "when": to_text(when) if when else "",
        "note": one.note,
    }


def _hold_row(one: Hold, names: dict[str, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "what": one.level,
        "of": one.study_ref or one.patient_id,
        "reason": one.reason.value,
        "until": str(one.until_on or ""),
        "by": names.get(one.opened_by, one.opened_by),
        "since": str(one.opened_at.date()),
        "note": one.note,
    }


def _return_row(one: Return) -> dict[str, Any]:
    return {"id": one.id, "study": one.study_ref, "images": one.instances, "since": str(one.seen_at.date())}


VERBS: dict[str, Verb] = {
    "erase": erase,
    "erase_approve": erase_approve,
    "erase_refuse": erase_refuse,
    "erase_certificate": erase_certificate,
    "retention_list": retention_list,
    "retention_show": retention_show,
    "retention_hold": retention_hold,
    "retention_release": retention_release,
    "retention_return": retention_return,
    "retention_kind": retention_kind,
    "retention_death": retention_death,
}
