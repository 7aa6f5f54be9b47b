"""What the worker's process is made of: it alone writes the index, signs the journal, and makes certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from primum.app.bundles import certificates, ensure_certificates
from primum.app.configuration import record_changes
from primum.app.databases import migrate_records, open_index, open_records
from primum.app.joints import Recorder, box
from primum.app.payload import Payload
from primum.app.rooms import Rooms, open_rooms
from primum.exposure.outside.service import Outside
from primum.ground.clock import to_text
from primum.ground.jobs import Job
from primum.ground.settings import EVERYWHERE, Settings
from primum.identity import Certificates, Devices, Door
from primum.journal import Fact, Kind
from primum.vault import Label

if TYPE_CHECKING:
    from primum.app.backup.service import Backups
    from primum.app.exposed import Exposed
    from primum.app.incidents import Breaches
    from primum.app.shelf import Shelf
    from primum.identity import SealedBox
    from primum.identity.people import People
    from primum.imaging import Indexer
    from primum.imaging.amending import Noted
    from primum.imaging.corrections import Corrections
    from primum.imaging.dose.service import Doses
    from primum.imaging.media.holding import Holding
    from primum.imaging.orders import Orders
    from primum.imaging.patient_view import Patients
    from primum.imaging.retention.erasing import Indexing
    from primum.imaging.retention.service import Retention
    from primum.imaging.toread.service import ToRead
    from primum.journal import Signer


@dataclass(frozen=True, slots=True)
class WorkerRooms:
    """Everything that the command line may ask for."""

    rooms: Rooms
    records: Engine
    people: People
    devices: Devices
    certificates: Certificates
    archive: Shelf
    holding: Holding
    indexer: Indexer
    corrections: Corrections
    patients: Patients
    index: Engine
    retention: Retention
    signer: Signer
    secrets: SealedBox
    orders: Orders
    backups: Backups
    doses: Doses
    to_read: ToRead
    exposed: Exposed
    outside: Outside
    incidents: Breaches


def open_worker(payload: Payload, prepared: Callable[[], None]) -> WorkerRooms:
    """Bring the tables to their newest shape, publish the list of devices, call `prepared`, and open everything.

    The other processes wait for `prepared` with their start: what is not needed before is not loaded before.
    """
    rooms = open_rooms(payload)
    home, settings = rooms.home, rooms.settings
    records = open_records(home, payload.keys[Label.RECORDS])
    index = open_index(home, payload.keys[Label.INDEX])
    migrate_records(records)
    record = Recorder(rooms.journal)
    record_changes(rooms.disc, home, settings, record)
    shelf = certificates(home, payload.keys[Label.CERTIFICATES], rooms.clock, rooms.disc)
    devices = Devices(
        records,
        shelf,
        rooms.clock,
        record,
        snapshot_path=home.folder / "run" / "devices",
        snapshot_box=box(payload.keys[Label.DEVICES]),
        disc=rooms.disc,
        door=_door(settings),
        loopback_only=home.demo,
    )
    devices.publish()
    outside = Outside(
        records,
        rooms.clock,
        rooms.journal.record,
        disc=rooms.disc,
        run=home.folder / "run",
        journal=home.folder / "journal",
    )
    outside.publish()
    prepared()
    from primum.app.backup.making import Source  # noqa: PLC0415
    from primum.app.backup.service import Backups, Means  # noqa: PLC0415
    from primum.app.exposed import open_exposed  # noqa: PLC0415
    from primum.app.incidents import open_incidents  # noqa: PLC0415
    from primum.app.orders import open_orders  # noqa: PLC0415
    from primum.app.shelf import Shelf  # noqa: PLC0415
    from primum.app.toread import open_to_read  # noqa: PLC0415
    from primum.identity.people import People  # noqa: PLC0415
    from primum.imaging import Archive, Indexer  # noqa: PLC0415
    from primum.imaging.corrections import Corrections  # noqa: PLC0415
    from primum.imaging.dose.service import Doses  # noqa: PLC0415
    from primum.imaging.media.holding import Holding  # noqa: PLC0415
    from primum.imaging.patient_view import Patients  # noqa: PLC0415
    from primum.imaging.reports.service import Reports  # noqa: PLC0415
    from primum.imaging.retention.service import Retention  # noqa: PLC0415
    from primum.journal import Signer  # noqa: PLC0415

    archive = Archive(index, rooms.vault)
    indexer = Indexer(index, records, rooms.vault, rooms.clock, rejected=_rejections(rooms))
    people = People(
        engine=records,
        clock=rooms.clock,
        record=record,
        box=box(payload.keys[Label.SECRETS]),
        settings=settings,
        demo=home.demo,
    )
    signer = Signer(home.folder / "journal", payload.keys[Label.SIGNER], home.id, rooms.clock, rooms.disc)
    exposed = open_exposed(
        rooms,
        records,
        signer,
        payload.keys[Label.SECRETS],
        lambda: [rooms.settings.dicom_aet, *(one.aet for one in devices.list())],
    )
    return WorkerRooms(
        rooms=rooms,
        records=records,
        people=people,
        index=index,
        retention=Retention(records, index, rooms.clock, record, people.enrolled),
        devices=devices,
        certificates=shelf,
        archive=Shelf(archive),
        holding=Holding(archive, rooms.vault),
        indexer=indexer,
        corrections=Corrections(index, records, rooms.vault, rooms.clock, indexer),
        patients=Patients(index, records),
        secrets=box(payload.keys[Label.SECRETS]),
        orders=open_orders(rooms, records, index),
        backups=Backups(
            Source(home, rooms.vault, records, rooms.journal, rooms.clock),
            Means(payload.keys, rooms.disc, box(payload.keys[Label.SECRETS]), settings),
        ),
        doses=Doses(index, rooms.vault),
        to_read=open_to_read(rooms, records, Reports(index, records, rooms.vault).validated),
        exposed=exposed,
        outside=outside,
        incidents=open_incidents(
            rooms, records=records, index=index, people=people, devices=devices, findings=exposed.findings
        ),
        signer=signer,
    )


def _rejections(rooms: Rooms) -> Callable[[Noted], None]:
    """Write down what devices reject; what people reject is written down where they ask for it."""

    def told(noted: Noted) -> None:
        amendment = noted.amendment
        if amendment.by.startswith("dev_"):
            details: dict[str, str | int] = {
                "decision": amendment.id, "instances": len(amendment.sops), "what": amendment.code,
            }  # fmt: skip
            rooms.journal.record(Fact(Kind.INSTANCES_REJECTED, amendment.by, noted.study, details))

    return told


def worker_jobs(
    worker: WorkerRooms, sweep_index: Callable[..., int], indexing: Indexing, send_due: Callable[[datetime], int]
) -> list[Job]:
    """List what the worker does by itself (docs/reference/jobs.md)."""
    from primum.app.incidents import pruning_after  # noqa: PLC0415
    from primum.app.mail import mailer  # noqa: PLC0415
    from primum.app.telling import forget_leaving, telling_jobs_of  # noqa: PLC0415
    from primum.identity import people_jobs  # noqa: PLC0415
    from primum.imaging.orders.forgetting import Forgetting  # noqa: PLC0415
    from primum.imaging.orders.receiving import Receiving  # noqa: PLC0415
    from primum.imaging.orders.subscribers import Subscribers  # noqa: PLC0415
    from primum.imaging.retention.erasing import Eraser  # noqa: PLC0415
    from primum.imaging.retention.jobs import retention_jobs  # noqa: PLC0415
    from primum.journal import journal_jobs  # noqa: PLC0415

    rooms = worker.rooms
    send = mailer(rooms.home, rooms.settings, worker.secrets)
    eraser = Eraser(
        worker.records, worker.index, rooms.vault, rooms.clock, Recorder(rooms.journal), indexing, forget_leaving
    )
    return [
        *pruning_after(
            journal_jobs(rooms.journal, worker.signer, rooms.settings.access_months), worker.incidents.holding.sweep
        ),
        *worker.incidents.jobs(send),
        *telling_jobs_of(worker),
        *people_jobs(worker.people, send),
        *worker.backups.jobs(),
        *worker.outside.jobs(),
        Job("imaging.catch-up", timedelta(minutes=10), sweep_index),
        Job("imaging.send-due", timedelta(minutes=1), send_due),
        *retention_jobs(worker.retention, eraser),
        Job("orders.note-arrivals", timedelta(minutes=1), _note_arrivals(worker.orders)),
        Job("orders.send-results", timedelta(minutes=1), _send_results(worker)),
        Job("orders.forget-messages", timedelta(days=1), Receiving(worker.orders).forget),
        Job("orders.forget", timedelta(days=1), Forgetting(worker.orders, worker.index).sweep),
        Job("orders.forget-subscribers", timedelta(days=1), Subscribers(worker.orders).sweep),
        Job("identity.renew-certificates", timedelta(days=1), _renew(worker)),
    ]


def _renew(worker: WorkerRooms) -> Callable[[datetime], int]:
    """Renew the doors' certificates that are due; a door takes a renewed one at its next start."""

    def sweep(_: datetime) -> int:
        made = ensure_certificates(worker.certificates, worker.rooms.settings)
        facts = {one.name: one for one in worker.certificates.facts()}
        for name in made:
            details: dict[str, str | int] = {
                "what": name,
                "fingerprint": facts[name].fingerprint.hex(),
                "expires_at": to_text(facts[name].not_after),
            }
            worker.rooms.journal.record(Fact(Kind.CERTIFICATE_RENEWED, "system", "", details))
        return len(made)

    return sweep


def _send_results(worker: WorkerRooms) -> Callable[[datetime], int]:
    """Send the results that wait, where somebody takes them."""
    from primum.ground.outbound import results_interface  # noqa: PLC0415
    from primum.imaging.orders.results import Results  # noqa: PLC0415

    interface = results_interface(worker.rooms.settings, demo=worker.rooms.home.demo)
    results = Results(worker.orders)
    return lambda now: results.send_due(now, interface.send) if interface is not None else 0


def _note_arrivals(orders: Orders) -> Callable[[datetime], int]:
    """Take the entries whose images have come off the worklist."""

    def sweep(_: datetime) -> int:
        back, ahead = timedelta(days=orders.limits.back_days), timedelta(days=1)
        return orders.note_arrivals(None, f"{orders.today() - back:%Y%m%d}", f"{orders.today() + ahead:%Y%m%d}")

    return sweep


def _door(settings: Settings) -> Door:
    return Door(
        host=settings.web_name if settings.dicom_address in EVERYWHERE else settings.dicom_address,
        port=settings.dicom_port,
        aet=settings.dicom_aet,
        profile=settings.dicom_tls_profile,
        plain_port=settings.dicom_plain_port,
        hl7_port=settings.hl7_port,
        hl7_plain_port=settings.hl7_plain_port,
    )
