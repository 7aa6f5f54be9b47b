"""Finding and importing studies, at the terminal."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from primum.app.shelf import ShelfRow
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.identity import ANY_STUDY, Permission, Thing, reaches
from primum.imaging import Stored
from primum.imaging.importing import ImportReport, Origin, Progress as Imported, SpaceLow, import_folder
from primum.imaging.media.limits import LIMITS as MEDIA_LIMITS
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
    narrowed = [("StudyDate", args.text("date"))] if args.text("date") else []
    narrowed += [("ModalitiesInStudy", args.text("modality"))] if args.text("modality") else []
    found: list[ShelfRow] = []
    for looked_for in _readings(text):
        found = desk.worker.archive.search(
            "study",
            [*looked_for, *narrowed, ("includefield", "StudyDescription")],
            reaches(asking.actor, Permission.STUDY_LIST),
            limit=args.number("limit", low=1, high=1000, default=50),
            offset=0,
        )
        if found:
            break
    details: dict[str, str | int] = {
        "session": asking.session.id, "level": "study", "found": len(found), "door": "terminal",
    }  # fmt: skip
    desk.record(Kind.LIST_SEARCHED, asking.actor.person_id, "", details)
    return {"studies": [{name: _value(one.attributes, tag) for name, tag in _SHOWN.items()} for one in found]}


def _readings(text: str) -> list[list[tuple[str, str]]]:
    """Say what a text may mean, the likelier first: with a digit in it a whole identifier, else part of a name."""
    if not text:
        return [[]]
    name = [("PatientName", f"*{text}*")]
    return [[("PatientID", text)], name] if any(one.isdigit() for one in text) else [name]


def import_(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Take in a folder, file, archive or disc image. However it ends, the journal has its beginning and its end."""
    controller_id = desk.controller_id(args.text("controller"), asking)
    desk.require(asking, Permission.STUDY_IMPORT, Thing("study", controller_id))
    place, passphrase = Path(args.text("folder")), args.text("passphrase", most=MEDIA_LIMITS.passphrase)

    def run(taking: Taking) -> ImportReport:
        return import_folder(desk.worker.rooms.vault, place, taking.origin, passphrase=passphrase, **taking.hooks())

    taking = Taking(desk, Origin(controller_id, asking.actor.person_id), progress)
    report = taking.journaled("folder" if place.is_dir() else "file", run)
    sentence = report_sentence(report, len(taking.studies))
    refused = sum(report.refused.values())
    return {"refused": refused, "stored": report.stored, "missing": report.missing, "sentence": sentence}


def report_sentence(report: ImportReport, studies: int) -> str:
    """Say what an import did, in counts."""
    sentence = f"{report.stored} images of {studies} studies stored"
    sentence += f", {report.known} were here already" if report.known else ""
    sentence += f", {report.conflicts} beside others of the same UID" if report.conflicts else ""
    if report.not_dicom:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.kinds.items()))
        sentence += f", {report.not_dicom} files are not DICOM ({kinds})"
    refused = sum(report.refused.values())
    sentence += f", {refused} refused" if refused else ""
    if report.listed:
        sentence += f"; the disc's directory lists {report.listed} files"
        sentence += f", {report.missing} of them missing" if report.missing else ""
        sentence += f", {report.outside} outside of it, not looked for" if report.outside else ""
    return sentence


@dataclass(slots=True)
class Taking:
    """An import under way: on whose behalf, what it has done so far, and what it is told besides its source."""

    desk: Desk
    origin: Origin
    progress: Progress
    number: str = field(default_factory=lambda: new_id("imp"))
    stored: int = 0
    refused: int = 0
    studies: set[str] = field(default_factory=set)

    def journaled(self, channel: str, run: Callable[[Taking], ImportReport]) -> ImportReport:
        """Run an import. However it ends, the journal has its beginning and its end."""
        about: dict[str, str | int] = {"controller": self.origin.controller_id}
        self.desk.record(Kind.IMPORT_STARTED, self.origin.by, self.number, about | {"channel": channel})
        done: dict[str, str | int] = {"reason": "interrupted"}
        try:
            report = run(self)
            done = {
                "reason": "done", "bytes": report.bytes, "duplicate": report.known, "conflict": report.conflicts,
            }  # fmt: skip
        except PrimumError as refusal:
            done = {"reason": refusal.code}
            raise
        finally:
            about |= {"stored": self.stored, "refused": self.refused, "studies": len(self.studies)}
            self.desk.record(Kind.IMPORT_FINISHED, self.origin.by, self.number, about | done)
        return report

    def hooks(self) -> dict[str, Any]:
        """Give what every import is told: clock, index, progress, free space, what is here already."""
        return {
            "clock": self.desk.worker.rooms.clock,
            "intake": self._index,
            "progress": self._tell,
            "before_each": self.refuse_without_room,
            "known": self.desk.worker.holding.versions,
        }

    def refuse_without_room(self) -> None:
        """Raise SpaceLow below the low mark."""
        rooms = self.desk.worker.rooms
        if shutil.disk_usage(rooms.home.folder / "vault").free < rooms.settings.low_space_mib << 20:
            raise SpaceLow

    def _index(self, batch: list[Stored]) -> None:
        self.stored += len(batch)
        self.studies.update(one.position.study for one in batch)
        self.desk.intake.take(batch)

    def _tell(self, one: Imported) -> None:
        self.refused += one.refusal is not None
        _tell(one, self.progress)


def _tell(one: Imported, progress: Progress) -> None:
    """Tell the person who imports, and nobody else, which file was refused or left: its name may be a patient's."""
    if one.refusal is not None:
        progress({"file": str(one.file), "fact": str(one.refusal), "code": one.refusal.code})
    if one.left:
        progress({"file": str(one.file), "left": one.left})
    progress({"done": one.done, "total": one.total})


def _value(attributes: Mapping[str, Any], tag: str) -> str:
    values = attributes.get(tag, {}).get("Value", [])
    shown = [one.get("Alphabetic", "") if isinstance(one, dict) else str(one) for one in values]
    return ", ".join(shown)


VERBS: dict[str, Verb] = {"find": find, "import": import_}
