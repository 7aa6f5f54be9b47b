"""What people decide about patients and studies, at the terminal and on the pages (docs/design/patients.md).

Each verb finds what is asked about within the person's reach, asks the permission, does it in the indexer's turn,
and writes it down. Pages come here too, through `decide`: with their person's session, never with a claim of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from primum.app.shelf import ShelfStudy
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import MOST_UIDS, Args, Asking, Desk, Verb, answer_page
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_proposals import VERBS as PROPOSALS, about, followed, settle
from primum.ground.ids import is_id
from primum.identity import Permission, Thing, reaches
from primum.imaging import NotHere, Reach
from primum.imaging.amendments import RejectionCode
from primum.imaging.corrections import REASONS, By
from primum.imaging.extract import Identifier
from primum.imaging.ins import Identity, Status, is_matricule, nature_of
from primum.imaging.near import words
from primum.imaging.overlays import OF_PATIENT, OF_STUDY, Shown
from primum.imaging.patient_view import Decision, PatientView
from primum.journal import Kind

CODES = {
    "quality": RejectionCode.QUALITY,
    "safety": RejectionCode.PATIENT_SAFETY,
    "worklist": RejectionCode.WRONG_WORKLIST_ENTRY,
    "expired": RejectionCode.RETENTION_EXPIRED,
}
"""The codes of a rejection by the words that a person gives."""

_TRAITS = (
    "birth_name", "given_names", "birth_date", "sex", "birth_place", "used_name", "used_given_name", "matricule", "oid",
)  # fmt: skip


def _reach(asking: Asking) -> list[Reach]:
    granted = reaches(asking.actor, Permission.STUDY_LIST)
    return [Reach(one.controllers, one.referrers, one.confidential, rejected=True) for one in granted]


def _by(asking: Asking, args: Args) -> By:
    reason = args.text("reason", most=32) or "other"
    if reason not in REASONS:
        raise BadRequest
    return By(asking.actor.person_id, reason)


def _patient(desk: Desk, asking: Asking, name: str, action: Permission) -> PatientView:
    """Find a patient within reach, by id or by a study of theirs; ask whether `action` is permitted."""
    patients = desk.worker.patients
    reach = _reach(asking)
    patient_id = name if is_id(name, "pat") else find_study(desk, asking, name)[1]
    view = patients.patient(patient_id, reach)
    desk.require(asking, action, Thing("patient", view.controller_id))
    return view


def find_study(desk: Desk, asking: Asking, name: str) -> tuple[ShelfStudy, str]:
    """Find a study within reach, by its UID or its reference; and whose it is."""
    archive = desk.worker.corrections.archive
    found = archive.locate_study(name, _reach(asking)) if "." in name else archive.study(name, _reach(asking))
    study = ShelfStudy(found.ref, found.study_uid, found.controller_id, found.referrer, found.confidential)
    return study, found.patient_id


def _study(desk: Desk, asking: Asking, args: Args, action: Permission) -> ShelfStudy:
    study, _ = find_study(desk, asking, args.text("study", most=64))
    desk.require(asking, action, Thing("study", study.controller_id, study.referrer, study.confidential))
    return study


def _write(desk: Desk, asking: Asking, kind: Kind, subject: str, **details: str | int) -> None:
    desk.record(kind, asking.actor.person_id, subject, {"session": asking.session.id, **details})


def _given(args: Args, names: Sequence[str]) -> dict[str, str]:
    given = {name: args.text(name, most=400) for name in names if args.has(name)}
    if not given:
        raise BadRequest
    return given


# looking


def patient_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show a patient: identifiers, traits, who looks alike and why, studies, what was decided."""
    view = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_IDENTIFY)
    _write(desk, asking, Kind.PATIENT_VIEWED, view.id, controller=view.controller_id)
    language = "fr" if args.text("language", most=2) == "fr" else "en"
    return {
        "id": view.id,
        "controller": view.controller_id,
        "shown": _shown(view.shown),
        "met": _shown(view.met),
        "survivor": view.survivor,
        "merged": list(view.merged),
        "identifiers": [_identifier(one) for one in view.identifiers],
        "identity": None if view.identity is None else asdict(view.identity) | {"status": str(view.identity.status)},
        "alike": [
            {"id": one.patient_id, **_shown(one.shown), "reasons": [words(why, language) for why in one.reasons]}
            for one in view.alike
        ],
        "studies": [
            {"ref": one.ref, "uid": one.study_uid, "date": _first(one.shown, "00080020"),
             "description": _first(one.shown, "00081030"), "modalities": " ".join(one.modalities),
             "images": one.instances, "corrected": one.amended}
            for one in view.studies
        ],
        "decisions": [_decision(one) for one in view.decisions],
        "proposals": about(desk, asking, view.id),
    }  # fmt: skip


def study_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show what was decided about a study, its conflict versions and its rejected instances."""
    study = _study(desk, asking, args, Permission.PATIENT_IDENTIFY)
    archive, reach = desk.worker.corrections.archive, _reach(asking)
    entry = archive.study(study.study_ref, reach)
    _write(desk, asking, Kind.PATIENT_VIEWED, entry.patient_id, controller=study.controller_id)
    shown = archive.study_shown(study.study_ref)
    return {
        "ref": study.study_ref,
        "uid": study.study_uid,
        "patient": entry.patient_id,
        "name": _first(shown, "00100010"),
        "date": _first(shown, "00080020"),
        **{which: _first(shown, tag) for which, tag in OF_STUDY.items()},
        "decisions": [_decision(one) for one in desk.worker.patients.decisions(study.study_ref)],
        "series": desk.worker.patients.series(study.study_ref),
        "versions": desk.worker.corrections.versions(study.study_ref),
        "rejected": [
            {"series": one.entry.series_uid, "instance": one.entry.sop_uid, "code": one.code}
            for one in archive.rejected(study.study_ref, reach)
        ],
    }


def _first(shown: Any, tag: str) -> str:  # noqa: ANN401 (DICOM JSON)
    values = shown.get(tag, {}).get("Value") or [""]
    first = values[0]
    return str(first.get("Alphabetic", "") if isinstance(first, dict) else first)


def _shown(shown: Shown) -> dict[str, str]:
    return {which: shown.of(which) for which in OF_PATIENT}


def _identifier(one: Identifier) -> dict[str, str]:
    """Give an identifier; of one that says it is an INS, which one, and whether its control key is right."""
    nature = nature_of(one.issuer)
    key = "" if nature is None else "right" if is_matricule(one.value) else "wrong"
    return {**one._asdict(), "nature": nature.name if nature is not None else "", "key": key}


def _decision(one: Decision) -> dict[str, Any]:
    return {**asdict(one), "fields": dict(one.fields)}


# deciding about patients


def patient_correct(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Correct a patient's name, birth date, sex, PatientID or issuer."""
    view = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_CORRECT)
    proposal, follows = followed(desk, asking, args, view.id)
    by, fields = follows or _by(asking, args), _given(args, tuple(OF_PATIENT))
    done = _turn(desk, lambda: desk.worker.corrections.correct_patient(view.id, fields, by))
    _write(
        desk, asking, Kind.PATIENT_CORRECTED, view.id,
        decision=done, reason=by.reason, what=_words(fields), controller=view.controller_id,
    )  # fmt: skip
    settle(desk, asking, proposal)
    return {"decision": done, "before": {which: view.shown.of(which) for which in fields}, "after": fields}


def patient_merge(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Merge a patient into another."""
    kept = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_MERGE)
    gone = _patient(desk, asking, args.text("gone", most=64), Permission.PATIENT_MERGE)
    proposal, follows = followed(desk, asking, args, kept.id, gone.id)
    by = follows or _by(asking, args)
    done = _turn(desk, lambda: desk.worker.corrections.merge(kept.id, gone.id, by))
    _write(
        desk, asking, Kind.PATIENT_MERGED, kept.id,
        decision=done, other=gone.id, reason=by.reason, controller=kept.controller_id,
    )  # fmt: skip
    settle(desk, asking, proposal)
    return {"decision": done, "before": _shown(gone.shown), "after": _shown(kept.shown)}


def patient_unmerge(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Undo the merge that took a patient away."""
    gone = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_MERGE)
    merges = [one for one in gone.decisions if one.kind == "merge" and one.holds and one.about == gone.id]
    if not merges:
        raise NotHere(what="merge")
    return _undo_act(desk, asking, merges[0].id, gone, _by(asking, args))


def patient_identify(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """State a patient's identity: INS, strict traits, and what was seen."""
    view = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_CORRECT)
    by = _by(asking, args)
    traits = {name: args.text(name, most=100).strip() for name in _TRAITS}
    identity = Identity(**traits, retrieved=args.flag("retrieved"), document=args.flag("document"))
    real = not desk.worker.rooms.home.demo
    done = _turn(desk, lambda: desk.worker.corrections.identify(view.id, identity, by, real=real))
    _write(
        desk, asking, Kind.PATIENT_IDENTIFIED, view.id,
        decision=done, what=str(identity.status), controller=view.controller_id,
    )  # fmt: skip
    return {"decision": done, "status": str(identity.status), "statuses": [str(one) for one in Status]}


def patient_add(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Make a patient whom no study has brought yet."""
    controller_id = desk.controller_id(args.text("controller"), asking)
    desk.require(asking, Permission.PATIENT_CORRECT, Thing("patient", controller_id))
    made = _turn(desk, lambda: desk.worker.corrections.add_patient(controller_id, _given(args, tuple(OF_PATIENT))))
    _write(desk, asking, Kind.PATIENT_ADDED, made, controller=controller_id)
    return {"id": made}


def patient_undo(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Undo a decision about a patient."""
    view = _patient(desk, asking, args.text("patient", most=64), Permission.PATIENT_IDENTIFY)
    wanted = args.text("decision", most=64)
    found = next((one for one in view.decisions if one.id == wanted), None)
    if found is None:
        raise NotHere(what="decision")
    action = Permission.PATIENT_MERGE if found.kind == "merge" else Permission.PATIENT_CORRECT
    desk.require(asking, action, Thing("patient", view.controller_id))
    return _undo_act(desk, asking, wanted, view, _by(asking, args))


def _undo_act(desk: Desk, asking: Asking, act_id: str, view: PatientView, by: By) -> dict[str, Any]:
    done = _turn(desk, lambda: desk.worker.corrections.undo_act(act_id, by))
    _write(
        desk, asking, Kind.DECISION_UNDONE, view.id,
        decision=done, other=act_id, reason=by.reason, controller=view.controller_id,
    )  # fmt: skip
    return {"decision": done}


# deciding about studies


def study_correct(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Correct a study's accession number, description or referring physician."""
    study = _study(desk, asking, args, Permission.PATIENT_CORRECT)
    by, fields = _by(asking, args), _given(args, tuple(OF_STUDY))
    before = desk.worker.corrections.archive.study_shown(study.study_ref)
    done = _turn(desk, lambda: desk.worker.corrections.correct_study(study.study_ref, fields, by))
    _write(
        desk, asking, Kind.STUDY_CORRECTED, study.study_ref,
        decision=done, reason=by.reason, what=_words(fields), controller=study.controller_id,
    )  # fmt: skip
    return {
        "decision": done, "before": {which: _first(before, OF_STUDY[which]) for which in fields}, "after": fields,
    }  # fmt: skip


def study_move(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Move a study to another patient."""
    study = _study(desk, asking, args, Permission.STUDY_MOVE)
    target = _patient(desk, asking, args.text("patient", most=64), Permission.STUDY_MOVE)
    by = _by(asking, args)
    before = desk.worker.corrections.archive.study_shown(study.study_ref)
    done = _turn(desk, lambda: desk.worker.corrections.move_study(study.study_ref, target.id, by))
    _write(
        desk, asking, Kind.STUDY_MOVED, study.study_ref,
        decision=done, other=target.id, reason=by.reason, controller=study.controller_id,
    )  # fmt: skip
    return {
        "decision": done,
        "before": {which: _first(before, tag) for which, tag in OF_PATIENT.items()},
        "after": _shown(target.shown),
    }


def study_reject(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Reject a study, a series or instances."""
    study = _study(desk, asking, args, Permission.INSTANCE_REJECT)
    code = CODES.get(args.text("code", most=16))
    if code is None:
        raise BadRequest
    by = _by(asking, args)
    done = _turn(
        desk,
        lambda: desk.worker.corrections.reject(
            study.study_ref, code, by, args.text("series", most=64), args.texts("instances", most=MOST_UIDS)
        ),
    )
    _write(
        desk, asking, Kind.INSTANCES_REJECTED, study.study_ref,
        decision=done.id, instances=done.instances, what=str(code), reason=by.reason, controller=study.controller_id,
    )  # fmt: skip
    return {"decision": done.id, "instances": done.instances}


def study_choose_version(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Choose which of the versions of an instance is served."""
    study = _study(desk, asking, args, Permission.INSTANCE_CHOOSE)
    by, sop, sha256 = _by(asking, args), args.text("instance", most=64), args.text("sha256", most=64).lower()
    done = _turn(desk, lambda: desk.worker.corrections.choose_version(study.study_ref, sop, sha256, by))
    _write(
        desk, asking, Kind.VERSION_CHOSEN, study.study_ref,
        decision=done, reason=by.reason, controller=study.controller_id,
    )  # fmt: skip
    return {"decision": done}


_UNDOING = {
    "move": Permission.STUDY_MOVE,
    "correct": Permission.PATIENT_CORRECT,
    "reject": Permission.INSTANCE_REJECT,
    "choose": Permission.INSTANCE_CHOOSE,
    "undo": Permission.PATIENT_CORRECT,
}
"""Who may decide may undo."""


def study_undo(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Undo a decision about a study."""
    study, _ = find_study(desk, asking, args.text("study", most=64))
    wanted = args.text("decision", most=64)
    found = next((one for one in desk.worker.patients.decisions(study.study_ref) if one.id == wanted), None)
    thing = Thing("study", study.controller_id, study.referrer, study.confidential)
    desk.require(asking, _UNDOING[found.kind] if found else Permission.PATIENT_CORRECT, thing)
    by = _by(asking, args)
    done = _turn(desk, lambda: desk.worker.corrections.undo(study.study_ref, wanted, by))
    _write(
        desk, asking, Kind.DECISION_UNDONE, study.study_ref,
        decision=done, other=wanted, reason=by.reason, controller=study.controller_id,
    )  # fmt: skip
    return {"decision": done}


def _turn(desk: Desk, step: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever the step gives)
    """Take a step in the indexer's turn."""
    return desk.intake.in_turn(step)


def _words(fields: dict[str, str]) -> str:
    return "+".join(sorted(one.replace("_", "-") for one in fields))


VERBS: dict[str, Verb] = {
    "patient_show": patient_show,
    "patient_correct": patient_correct,
    "patient_merge": patient_merge,
    "patient_unmerge": patient_unmerge,
    "patient_identify": patient_identify,
    "patient_add": patient_add,
    "patient_undo": patient_undo,
    "study_show": study_show,
    "study_correct": study_correct,
    "study_move": study_move,
    "study_reject": study_reject,
    "study_choose_version": study_choose_version,
    "study_undo": study_undo,
    **PROPOSALS,
}


def decide(desk: Desk, args: dict[str, Any], _data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of the verbs above, for the person whose session is given."""
    return answer_page(desk, VERBS, args)
