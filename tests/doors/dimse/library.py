"""A house with an index, studies in it, and destinations that listen: what C-GET and C-MOVE need."""

from __future__ import annotations

import functools
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pynetdicom import AE, AllStoragePresentationContexts, evt
from tests.doors.dimse.instances import encoded
from tests.doors.dimse.running import CONTROLLER, House, device

from primum.doors.dimse import Dialler, Limits
from primum.ground.clock import to_text
from primum.ground.db import open_database
from primum.identity.device_model import Address, Device, Service
from primum.imaging import Archive, Indexer, Stored, frames_of, open_index, peek, prepare_records
from primum.vault import RecordFacts

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
READS = frozenset({Service.GET, Service.MOVE, Service.STORE})
RECEIVES = frozenset({Service.RECEIVE})
OTHER_CONTROLLER = "ctl_" + "z" * 26
KEY = b"i" * 32


@functools.cache
def empty_databases() -> Path:
    """Made once for all tests: migrations take long."""
    folder = Path(tempfile.mkdtemp(prefix="primum-test-"))
    records = open_database(folder / "records.db", KEY, durability="normal")
    prepare_records(records)
    records.dispose()
    open_index(folder / "index.db", KEY).dispose()
    return folder


class Library(House):
    """A house whose instances can be retrieved; the device SCANNER may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("records.db", "index.db"):
            shutil.copy(empty_databases() / name, folder / name)
        self.records = open_database(folder / "records.db", KEY, durability="normal")
        self.engine = open_index(folder / "index.db", KEY)
        self.indexer = Indexer(self.engine, self.records, self.vault, self.clock)
        self.archive = Archive(self.engine, self.vault)
        self.reader = device("SCANNER", READS)
        self.enrol(self.reader, device("NOTHING", frozenset()))

    def services(self, **changes: object):
        limits = changes.get("limits") or Limits()
        dialler = Dialler("PRIMUM", b"", "bcp195", limits)
        given = {"archive": lambda: self.archive, "destinations": self.directory, "dialler": dialler}
        return super().services(**(given | changes))

    def keep(self, *instances, controller: str = CONTROLLER) -> list[Stored]:
        """Store data sets as if a device had sent them, and index them."""
        return self.keep_raw(*((encoded(one), EXPLICIT) for one in instances), controller=controller)

    def keep_raw(self, *data_sets: tuple[bytes, str], controller: str = CONTROLLER) -> list[Stored]:
        kept = []
        with self.vault.writer() as writer:
            for raw, syntax in data_sets:
                found = peek(raw, syntax)
                facts = RecordFacts(
                    kind="instance", controller_id=controller, device_id=self.reader.id,
                    sop_class_uid=found.sop_class_uid, sop_instance_uid=found.sop_uid,
                    series_instance_uid=found.series_uid, study_instance_uid=found.study_uid,
                    transfer_syntax_uid=syntax, received_at=to_text(self.clock.now()), calling_aet="SCANNER",
                )  # fmt: skip
                study = self.vault.study_ref(controller, found.study_uid)
                at = writer.store(study, facts, raw, found.pixels_at, frames_of(found, raw, syntax))
                kept.append(Stored(at, facts, raw[: found.pixels_at]))
        self.indexer.take(kept)
        return kept

    def destination(self, aet: str, port: int, may=RECEIVES, controller: str = CONTROLLER, **address) -> Device:
        """Make a device that is called at a port of loopback (in clear unless `address` brings a certificate)."""
        import dataclasses

        made = device(aet, may)
        return dataclasses.replace(
            made, controller_id=controller, address=Address(address.pop("host", "127.0.0.1"), port, **address)
        )

    def close(self) -> None:
        super().close()
        self.engine.dispose()
        self.records.dispose()


@dataclass
class Shelf:
    """A storage SCP of pynetdicom: what it was sent."""

    port: int = 0
    received: dict[str, bytes] = field(default_factory=dict)
    originators: set = field(default_factory=set)
    associations: int = 0
    statuses: dict[str, int] = field(default_factory=dict)


@contextmanager
def shelf(title: str = "SHELF", contexts=None, syntaxes=None, on_store=None, **started):
    """Listen as a storage SCP."""
    kept = Shelf()

    def store(event):
        request = event.request
        kept.received[str(request.AffectedSOPInstanceUID)] = event.request.DataSet.getvalue()
        kept.originators.add((request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID))
        if on_store is not None:
            on_store(event, kept)
        return kept.statuses.get(str(request.AffectedSOPInstanceUID), 0)

    def accepted(_):
        kept.associations += 1

    ae = AE(title)
    ae.require_called_aet = True
    for one in contexts or [one.abstract_syntax for one in AllStoragePresentationContexts]:
        ae.add_supported_context(one, syntaxes or [EXPLICIT])
    server = ae.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store), (evt.EVT_ACCEPTED, accepted)], **started
    )
    kept.port = server.socket.getsockname()[1]
    try:
        yield kept
    finally:
        server.shutdown()
