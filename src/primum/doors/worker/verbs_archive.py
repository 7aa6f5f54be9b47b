"""Finding and importing studies, at the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.ids import new_id
from primum.identity import ANY_STUDY, Permission, Thing, reaches
from primum.imaging.importing import Refusal, import_folder
from primum.journal import Kind

_SHOWN = {
    "patient": "00100010",
    "identifier": "00100020",
    "born": "00100030",
    "date": "00080020",
    "modalities": "00080061",
    "description": "00081030",
    "series": "00201206",
    "images": "00201208",
    "study_instance_uid": "0020000D",
}
"""The columns of a study, by attribute."""


def find(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List studies within reach."""
    desk.require(asking, Permission.STUDY_LIST, ANY_STUDY)
    text = args.text("text", most=64)
    looked_for = [("PatientName", f"*{text}*")] if text and not text.isdigit() else []
    looked_for += [("PatientID", text)] if text.isdigit() else []
    looked_for += [("StudyDate", args.text("date"))] if args.text("date") else []
    looked_for += [("ModalitiesInStudy", args.text("modality"))] if args.text("modality") else []
    found = desk.worker.archive.search(
        "study",
        [*looked_for, ("includefield", "StudyDescription")],
        reaches(asking.actor, Permission.STUDY_LIST),
        limit=args.number("limit", low=1, high=1000, default=50),
        offset=0,
    )
    details: dict[str, str | int] = {
        "session": asking.session.id, "level": "study", "found": len(found), "door": "terminal",
    }  # fmt: skip
    desk.record(Kind.LIST_SEARCHED, asking.actor.person_id, "", details)
    return {"studies": [{name: _value(one.attributes, tag) for name, tag in _SHOWN.items()} for one in found]}


def import_(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Take in a folder, for one controller."""
    controller_id = desk.controller_id(args.text("controller"), asking)
    desk.require(asking, Permission.STUDY_IMPORT, Thing("study", controller_id))
    number = new_id("imp")
    told: dict[str, str | int] = {"controller": controller_id, "channel": "folder"}
    desk.record(Kind.IMPORT_STARTED, asking.actor.person_id, number, told)

    def refused(one: Refusal) -> None:
        progress({"file": one.file, "fact": one.fact, "code": one.code})

    rooms = desk.worker.rooms
    report = import_folder(
        rooms.vault,
        Path(args.text("folder")),
        controller_id=controller_id,
        by=asking.actor.person_id,
        clock=rooms.clock,
        progress=lambda one: progress({"done": one.done, "total": one.total}),
        refused=refused,
    )
    desk.intake.sweep(rooms.clock.now())
    details: dict[str, str | int] = {
        "controller": controller_id, "stored": report.stored, "refused": report.refused,
        "studies": report.studies, "bytes": report.bytes, "reason": "done",
    }  # fmt: skip
    desk.record(Kind.IMPORT_FINISHED, asking.actor.person_id, number, details)
    sentence = f"{report.stored} images of {report.studies} studies stored"
    sentence += f", {report.not_dicom} files are not DICOM" if report.not_dicom else ""
    sentence += f", {report.refused} refused" if report.refused else ""
    return {"refused": report.refused, "stored": report.stored, "sentence": sentence}


def _value(attributes: Mapping[str, Any], tag: str) -> str:
    values = attributes.get(tag, {}).get("Value", [])
    shown = [one.get("Alphabetic", "") if isinstance(one, dict) else str(one) for one in values]
    return ", ".join(shown)


VERBS: dict[str, Verb] = {"find": find, "import": import_}
