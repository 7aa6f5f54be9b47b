"""Another archive taken over, at the terminal: all of it, as slowly as asked, compared at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.verbs_archive import Taking, report_sentence
from primum.identity import Permission, Thing
from primum.imaging.importing import ImportReport, Origin, import_items
from primum.imaging.media.comparing import Comparison
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


VERBS: dict[str, Verb] = {"migrate_orthanc": migrate_orthanc}
