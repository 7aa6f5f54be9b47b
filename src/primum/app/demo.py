"""A demo home: fictional people with random factors, printed once; phantoms, drawn and stored like anything else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Engine

from primum import vault
from primum.app.birth import birth
from primum.app.databases import open_records
from primum.app.joints import Recorder, box
from primum.app.payload import Payload
from primum.app.rooms import Rooms, open_rooms
from primum.ground.clock import SystemClock, to_text
from primum.ground.disc import RealDisc, write_durably
from primum.ground.settings import read_settings
from primum.identity import DemoPeople, DemoPerson, Role, Scope, Wish, store
from primum.imaging import frames_of, peek
from primum.imaging.orders import Orders
from primum.journal import Journal
from primum.vault import Label

if TYPE_CHECKING:
    from primum.imaging.demo import DemoInstance

KEY_FILE = "demo.key"
FILLED = "demo.filled"
_CONTROLLERS = ("Dre Hélène Marchand (fictive)", "Dr Olivier Nguyên (fictif)")
"""Two doctors who share a server: two controllers. Studies are dealt to them by `DemoInstance.practitioner`."""
_SEES_ALL = Wish(Role.PHYSICIAN, Scope.SITE, confidential=True)
_STAFF = (
    ("Dre Hélène Marchand", "marchand", 0, (_SEES_ALL, Wish(Role.ADMINISTRATOR))),
    ("Dr Olivier Nguyên", "nguyen", 1, (Wish(Role.PHYSICIAN, Scope.OWN),)),
    ("Karim Haddad", "haddad", 0, (Wish(Role.TECHNOLOGIST, Scope.SITE),)),
    ("Zoé Lefèvre", "lefevre", 0, (Wish(Role.SECRETARY, Scope.SITE),)),
    ("Anaïs Roche", "roche", 0, (Wish(Role.DPO),)),
)


def make_demo_home(folder: Path) -> Iterator[str]:
    """Make a demo home; yield the lines to print, credentials included, which are not kept."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # beside the home while it is made, because a home is born in an empty folder
    key = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.key")
    fd = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_bytes(vault.ROOT_BYTES))
        os.fsync(file.fileno())
    born = birth(folder, "demo", vault.KeyFileGuard(key))
    key.rename(folder / KEY_FILE)
    with Journal(folder / "journal", "cli", SystemClock(), RealDisc(), born.home.id) as pen:
        records = open_records(born.home, born.root.derive(Label.RECORDS))
        people = DemoPeople(
            engine=records,
            clock=SystemClock(),
            record=Recorder(pen),
            box=box(born.root.derive(Label.SECRETS)),
            settings=read_settings(folder / "primum.toml"),
            demo=True,
        )
        controllers = [people.make_controller(name) for name in _CONTROLLERS]
        yield "Demo people, shown this once (the home keeps no password):"
        for full_name, login, controller, wishes in _STAFF:
            owner = controllers[controller].id
            yield from _shown(people.make_person(full_name=full_name, login=login, controller_id=owner, wishes=wishes))
        records.dispose()
    yield f"Recovery key of the demo: {born.recovery_key}"


def _shown(one: DemoPerson) -> Iterator[str]:
    yield ""
    yield f"  {one.person.full_name}"
    yield f"    login       {one.person.login}"
    yield f"    password    {one.password}"
    yield f"    TOTP secret {one.totp_secret}"
    yield f"    {one.totp_uri}"


def fill(payload: Payload, progress: Callable[[int, int], None]) -> int:
    """Draw the phantoms and store them in the vault; return how many. May be interrupted and repeated."""
    from primum.imaging.demo import COUNT, generate  # noqa: PLC0415 (NumPy: only here)

    rooms = open_rooms(payload)
    records = open_records(rooms.home, payload.keys[Label.RECORDS])
    with records.connect() as connection:
        controllers = [one.id for one in store.controllers(connection)]
    _place_orders(rooms, records, controllers)
    records.dispose()
    done = 0
    with rooms.vault.writer() as writer:
        for done, instance in enumerate(generate(date.today()), start=1):  # noqa: DTZ011 (the days of whoever looks)
            controller_id = controllers[instance.practitioner % len(controllers)]
            _store(rooms, writer, instance, controller_id)
            progress(done, COUNT)
    write_durably(rooms.disc, rooms.home.folder / FILLED, b"")
    rooms.journal.close()
    return done


def _place_orders(rooms: Rooms, records: Engine, controllers: Sequence[str]) -> None:
    """Place what is asked for today and tomorrow, once."""
    from primum.imaging.demo.orders import demo_orders  # noqa: PLC0415

    orders = Orders(records, rooms.clock, Recorder(rooms.journal))
    today = orders.today()
    if orders.days(None, today, today + timedelta(days=2)):
        return
    for one in demo_orders(today):
        controller_id = controllers[one.practitioner % len(controllers)]
        orders.place("system", controller_id, one.patient, one.facts, what="demo")


def _store(rooms: Rooms, writer: vault.Writer, instance: DemoInstance, controller_id: str) -> None:
    found = peek(instance.data_set, instance.transfer_syntax_uid)
    facts = vault.RecordFacts(
        kind="instance",
        controller_id=controller_id,
        device_id="",
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=found.sop_uid,
        series_instance_uid=found.series_uid,
        study_instance_uid=found.study_uid,
        transfer_syntax_uid=instance.transfer_syntax_uid,
        received_at=to_text(rooms.clock.now()),
        calling_aet="DEMO",
    )
    study = rooms.vault.study_ref(controller_id, found.study_uid)
    frames = frames_of(found, instance.data_set, instance.transfer_syntax_uid)
    writer.store(study, facts, instance.data_set, found.pixels_at, frames)
