"""Reports as processes of ours have them: to be read, and (in the worker) to be written, validated, announced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from primum.ground.jobs import Job
from primum.ground.settings import Settings
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import Results
from primum.imaging.reports.acts import Acts, Around
from primum.imaging.reports.model import Row
from primum.imaging.reports.service import Reports
from primum.journal import Fact, Journal, Kind

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms

_MESSAGES: Final = {
    "oru": (ResultKind.ORU,),
    "mdm": (ResultKind.MDM,),
    "both": (ResultKind.ORU, ResultKind.MDM),
}


def reports_of(worker: WorkerRooms, in_turn: Callable[[Callable[[], None]], None]) -> Acts:
    """Build them for the worker; what they store is stored in the indexer's turn."""
    rooms = worker.rooms
    results = Results(worker.orders, kinds_of(rooms.settings, demo=rooms.home.demo))
    around = Around(worker.corrections, in_turn, results, lambda row: told(rooms.journal, row))
    return Acts(Reports(worker.index, worker.records, rooms.vault), worker.records, rooms.clock, around)


def kinds_of(settings: Settings, *, demo: bool) -> tuple[ResultKind, ...]:
    """Tell which messages are written for each report: none where nobody takes them."""
    return () if demo or not settings.hl7_results_host else _MESSAGES[settings.hl7_results_messages]


def told(journal: Journal, row: Row) -> None:
    """Write down that a report was validated."""
    details: dict[str, str | int] = {
        "controller": row.controller_id, "report": row.id, "what": str(row.sayings.relation or row.format),
    }  # fmt: skip
    journal.record(Fact(Kind.REPORT_VALIDATED, row.validated_by, row.study_ref, details))


def report_jobs(acts: Acts) -> list[Job]:
    """List what becomes of reports by itself."""
    return [Job("reports.finish", timedelta(minutes=1), acts.finish)]
