"""What the worker does once the tables are ready: the intake, the socket, the clockwork; ended in the other order."""

from __future__ import annotations

import socket

from primum import __version__
from primum.app.canaries import canary_jobs
from primum.app.checks import checks_of
from primum.app.commitments import commitment_jobs, commitments_of
from primum.app.completions import completion_jobs, completions_of, reading_jobs
from primum.app.exposed import KeptHere, probing_jobs
from primum.app.incident_rooms import IncidentRooms
from primum.app.payload import Payload
from primum.app.reports import report_jobs, reports_of
from primum.app.worker import WorkerRooms, worker_jobs
from primum.doors.cli.child import Status
from primum.doors.cli.shipping import Shipping
from primum.doors.web.viewer_files import find_viewer
from primum.doors.worker import (
    protocol,
    verbs_archive,
    verbs_backup,
    verbs_check,
    verbs_commitments,
    verbs_devices,
    verbs_dose,
    verbs_forward,
    verbs_identity,
    verbs_incident_authority,
    verbs_incident_decisions,
    verbs_incident_evidence,
    verbs_incident_notices,
    verbs_incident_stories,
    verbs_incident_telling,
    verbs_incidents,
    verbs_interventions,
    verbs_journal,
    verbs_mandates,
    verbs_media,
    verbs_migrate,
    verbs_outside,
    verbs_oversight,
    verbs_patients,
    verbs_people,
    verbs_probe,
    verbs_reports,
    verbs_retention,
    verbs_send,
    verbs_sendings,
    verbs_stations,
    verbs_tokens,
    verbs_vault,
)
from primum.doors.worker.control import Control, Handler
from primum.doors.worker.desk import Desk, handler
from primum.doors.worker.door_verbs import door_verbs
from primum.doors.worker.intake import IntakeLoop
from primum.doors.worker.jobs import Clockwork
from primum.doors.worker.questions import Questions
from primum.doors.worker.verbs_session import first_link, open_verbs
from primum.ground import process
from primum.journal import Fact, Kind

_VERBS = {
    **verbs_archive.VERBS,
    **verbs_backup.VERBS,
    **verbs_check.VERBS,
    **verbs_commitments.VERBS,
    **verbs_devices.VERBS,
    **verbs_dose.VERBS,
    **verbs_identity.VERBS,
    **verbs_forward.VERBS,
    **verbs_journal.VERBS,
    **verbs_mandates.VERBS,
    **verbs_incidents.VERBS,
    **verbs_incident_authority.VERBS,
    **verbs_incident_evidence.VERBS,
    **verbs_incident_stories.VERBS,
    **verbs_incident_decisions.VERBS,
    **verbs_incident_notices.VERBS,
    **verbs_incident_telling.VERBS,
    **verbs_interventions.VERBS,
    **verbs_stations.VERBS,
    **verbs_media.VERBS,
    **verbs_migrate.VERBS,
    **verbs_outside.VERBS,
    **verbs_oversight.VERBS,
    **verbs_patients.VERBS,
    **verbs_people.VERBS,
    **verbs_probe.VERBS,
    **verbs_reports.VERBS,
    **verbs_send.VERBS,
    **verbs_sendings.VERBS,
    **verbs_tokens.VERBS,
    **verbs_retention.VERBS,
    **verbs_vault.VERBS,
}


def serve(payload: Payload, worker: WorkerRooms, status: Status, stop: process.Order) -> None:
    """Serve until `stop`."""
    _tell(worker, Kind.DAEMON_STARTED, {"version": __version__, "process": "worker"})
    pairs = [socket.socket(fileno=one) for one in payload.intakes]
    intake = IntakeLoop(pairs, worker.indexer, worker.rooms.vault.studies)
    commitments = commitments_of(worker, lambda: intake.sweep(worker.rooms.clock.now()))
    shipping = Shipping(worker)
    completions = completions_of(worker, shipping.queue)
    reports = reports_of(worker, intake.in_turn)
    checks = checks_of(worker, _notices, KeptHere(worker.exposed, worker.rooms.clock))
    desk = Desk(
        worker, intake, commitments, shipping.queue, completions, shipping.confirmations, shipping.archive_of, reports,
        checks, IncidentRooms(worker, lambda: status.say("doors")),
    )  # fmt: skip
    questions = Questions(door_verbs(desk))
    intake.hear = questions.hear
    control = Control(worker.rooms.home.folder / "run" / protocol.SOCKET, all_verbs(desk))
    jobs = [
        *worker_jobs(worker, intake.sweep, intake.alone, shipping.queue.sweep),
        *commitment_jobs(commitments, shipping.report),
        *completion_jobs(completions),
        *reading_jobs(worker),
        *report_jobs(reports),
        *canary_jobs(worker),
        *checks.jobs(),
    ]
    clockwork = Clockwork(jobs, worker.rooms.clock)
    probing = Clockwork(probing_jobs(worker.exposed), worker.rooms.clock)  # minutes: nothing else waits for it
    worker.exposed.interventions.woken_by(probing.hurry)
    for part in (intake, control, clockwork, probing):
        part.start()
    process.settle()
    status.say("ready", invitation=_invitation(desk))
    stop.wait()
    stops = (
        probing.let_go, worker.backups.stop, clockwork.stop, checks.stop, shipping.stop, control.stop, intake.stop,
        questions.stop,
    )  # fmt: skip
    for end in stops:
        end()
    _tell(worker, Kind.DAEMON_STOPPED, {"process": "worker", "reason": "told"})
    worker.signer.sign_and_tell(worker.rooms.journal)
    worker.rooms.journal.close()


def all_verbs(desk: Desk) -> dict[str, Handler]:
    """List every verb of the socket, by name."""
    return {**open_verbs(desk), **{name: handler(desk, verb) for name, verb in _VERBS.items()}}


def _notices() -> str:
    """Read the licences of the viewer's parts; none where no viewer was prepared."""
    viewer = find_viewer()
    return viewer.notices() if viewer is not None else ""


def _invitation(desk: Desk) -> str:
    if desk.worker.people.anybody_enrolled():
        return ""
    return first_link(desk)


def _tell(worker: WorkerRooms, kind: Kind, details: dict[str, str | int]) -> None:
    worker.rooms.journal.record(Fact(kind, "system", "", details))
