"""Finding and importing studies, at the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.ids import new_id
from primum.identity import ANY_STUDY, Permission, Thing, reaches
from primum.imaging import Stored
from primum.imaging.importing import Origin, Progress as Imported, import_folder
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
    number, by = new_id("imp"), asking.actor.person_id
    told: dict[str, str | int] = {"controller": controller_id, "channel": "folder"}
    desk.record(Kind.IMPORT_STARTED, by, number, told)
    rooms = desk.worker.rooms
    studies: set[str] = set()

    def index(batch: list[Stored]) -> None:
        studies.update(one.position.study for one in batch)
        desk.intake.take(batch)

    report = import_folder(
        rooms.vault,
        Path(args.text("folder")),
        Origin(controller_id, by),
        clock=rooms.clock,
        intake=index,
        progress=lambda one: _tell(one, progress),
    )
    refused = sum(report.refused.values())
    details: dict[str, str | int] = {
        "controller": controller_id, "stored": report.stored, "refused": refused,
        "studies": len(studies), "bytes": report.bytes, "reason": "done",
    }  # fmt: skip
    desk.record(Kind.IMPORT_FINISHED, by, number, details)
    sentence = f"{report.stored} images of {len(studies)} studies stored"
    sentence += f", {report.not_dicom} files are not DICOM" if report.not_dicom else ""
    sentence += f", {refused} refused" if refused else ""
    return {"refused": refused, "stored": report.stored, "sentence": sentence}


def _tell(one: Imported, progress: Progress) -> None:
    """Tell the person who imports, and nobody else, which file was refused: its name may be a patient's."""
    if one.refusal is not None:
        progress({"file": str(one.file), "fact": str(one.refusal), "code": one.refusal.code})
    progress({"done": one.done, "total": one.total})


def _value(attributes: Mapping[str, Any], tag: str) -> str:
    values = attributes.get(tag, {}).get("Value", [])
    shown = [one.get("Alphabetic", "") if isinstance(one, dict) else str(one) for one in values]
    return ", ".join(shown)


VERBS: dict[str, Verb] = {"find": find, "import": import_}
