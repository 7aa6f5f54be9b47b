"""Another archive taken over, at the terminal: all of it, as slowly as asked, compared at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.verbs_archive import Taking, report_sentence
from primum.ground.errors import PrimumError
from primum.identity import Permission, Service, Thing
from primum.imaging import EVERYTHING
from primum.imaging.importing import ImportReport, Origin, import_items
from primum.imaging.media.comparing import Comparison
from primum.imaging.media.migrating import migrate
from primum.imaging.media.orthanc import OrthancFolder
from primum.imaging.media.pacing import Pace
from primum.journal import Kind

MOST_A_SECOND = 10_000


def migrate_orthanc(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Take in the storage folder of an Orthanc, then compare study by study."""
    controller_id = desk.controller_id(args.text("controller"), asking)
    desk.require(asking, Permission.STUDY_IMPORT, Thing("study", controller_id))
    source = OrthancFolder(Path(args.text("folder")))
    pace = Pace(args.number("rate", low=0, high=MOST_A_SECOND, default=0))
    comparison = Comparison()

    def run(taking: Taking) -> ImportReport:
        def before_each() -> None:
            pace.turn()
            taking.refuse_without_room()

        told = taking.hooks() | {"before_each": before_each, "seen": comparison.seen}
        return import_items(
            desk.worker.rooms.vault, source, taking.origin, leave_headers=source.attached is None, **told
        )

    taking = Taking(desk, Origin(controller_id, asking.actor.person_id), progress)
    report = taking.journaled(source.kind, run)
    instances = missing = 0
    for line in comparison.lines(desk.worker.holding.study):
        instances += line.theirs
        missing += line.missing
        facts = {"theirs": line.theirs, "ours": line.ours, "missing": line.missing, "checksum": line.checksum}
        progress({"study": line.study, "well": line.well, **facts})
    counts: dict[str, str | int] = {
        "studies": comparison.studies, "instances": instances, "missing": missing, "conflict": report.conflicts,
    }  # fmt: skip
    desk.record(Kind.MIGRATION_COMPARED, asking.actor.person_id, taking.number, counts)
    sentence = f"{report_sentence(report, len(taking.studies))}; compared: {instances} images of {comparison.studies}"
    sentence += f" studies in the source, {missing} missing here" if missing else " studies are here, byte for byte"
    return {"refused": sum(report.refused.values()), "missing": missing, "sentence": sentence}


class MayNotStore(PrimumError):
    """The device may not send to this archive, so it cannot be taken over."""

    code: ClassVar[str] = "migrate.may-not-store"
    hint: ClassVar[str] = "enrol it with --may store, then say where it is called: primum device destination"


@dataclass(frozen=True, slots=True)
class _Held:
    """What the archive has of one controller's studies, by their UIDs."""

    desk: Desk
    controller_id: str

    def held(self, study_uid: str) -> frozenset[str]:
        return frozenset(sop_uid for sop_uid, _ in self.desk.worker.holding.study(self._ref(study_uid)))

    def conflicts(self, study_uid: str) -> int:
        return len(self.desk.worker.archive.archive.versions(self._ref(study_uid), EVERYTHING))

    def arrived(self, study_uid: str) -> None:
        self.desk.intake.alone(lambda indexer: indexer.catch_up([self._ref(study_uid)]))

    def _ref(self, study_uid: str) -> str:
        return self.desk.worker.rooms.vault.study_ref(self.controller_id, study_uid)


def migrate_device(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Have another archive send all that it has, study by study, then say what is missing.

    What it sends is stored by the DICOM door, under the device's grant, and journaled there.
    """
    destination = desk.worker.devices.destination(args.text("device", most=64))
    desk.require(asking, Permission.STUDY_IMPORT, Thing("study", destination.controller_id))
    if Service.STORE not in destination.may:
        raise MayNotStore
    if desk.archive_of is None:
        raise RuntimeError("this worker was given no way to ask")
    pace = Pace(args.number("rate", low=0, high=MOST_A_SECOND, default=0) / 60)
    held = _Held(desk, destination.controller_id)
    taking = Taking(desk, Origin(destination.controller_id, asking.actor.person_id), progress)
    about: dict[str, str | int] = {"controller": destination.controller_id}
    desk.record(Kind.IMPORT_STARTED, taking.origin.by, taking.number, about | {"channel": "device"})
    studies = instances = missing = conflicts = unfetched = stored = 0
    reason = "interrupted"
    try:
        for one in migrate(
            desk.archive_of(destination), held, pace=pace, before_each=taking.refuse_without_room,
            progress=lambda done, total: progress({"done": done, "total": total}),
        ):  # fmt: skip
            studies, instances, missing = studies + 1, instances + one.theirs, missing + one.missing
            conflicts, unfetched = conflicts + one.conflicts, unfetched + bool(one.reason)
            stored += 0 if one.known else one.theirs - one.missing
            well = not one.missing and not one.reason
            facts = {"theirs": one.theirs, "ours": one.ours, "missing": one.missing, "reason": one.reason}
            progress({"study": held._ref(one.study_uid), "well": well, **facts})  # noqa: SLF001
        reason = "done"
    except PrimumError as refusal:
        reason = refusal.code
        raise
    finally:
        ended: dict[str, str | int] = {"stored": stored, "studies": studies, "conflict": conflicts, "reason": reason}
        desk.record(Kind.IMPORT_FINISHED, taking.origin.by, taking.number, about | ended)
    counts: dict[str, str | int] = {
        "studies": studies, "instances": instances, "missing": missing, "conflict": conflicts,
    }  # fmt: skip
    desk.record(Kind.MIGRATION_COMPARED, taking.origin.by, taking.number, counts)
    sentence = f"{instances} images of {studies} studies in the source"
    sentence += f", {missing} missing here" if missing else ", all are here"
    sentence += f", {conflicts} beside others of the same UID" if conflicts else ""
    sentence += f"; {unfetched} studies could not be fetched wholly" if unfetched else ""
    return {"refused": unfetched, "missing": missing, "sentence": sentence}


VERBS: dict[str, Verb] = {"migrate_orthanc": migrate_orthanc, "migrate_device": migrate_device}
