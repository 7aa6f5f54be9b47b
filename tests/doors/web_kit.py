"""A web door for tests: real people, archive, vault and journal, in this process, with a server on loopback."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from primum import identity, imaging, vault
from primum.app.databases import migrate_records
from primum.app.joints import Recorder
from primum.app.orders import arrived
from primum.app.shelf import Shelf
from primum.app.space import FreeSpace
from primum.doors import origin
from primum.doors.http.services import WebServices
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.ground.settings import read_settings
from primum.identity import DemoPerson, Role, Scope, Wish, totp
from primum.imaging.importing import Origin, import_folder
from primum.imaging.orders import Orders
from primum.imaging.reports.service import Reports
from primum.imaging.retention.service import Retention
from primum.journal import Journal
from tests.programs import free_port
from tests.twins.intake import DirectIntake
from tests.unit.identity.people_kit import Box

_LIGHT = identity.Hasher(time_cost=1, memory_kib=64, lanes=1)
"""Argon2id as light as it goes: these tests are about doors."""


class HurriedClock:
    """The machine's clock, moved on whenever a test would have to wait for the next code."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Somebody:
    """Somebody who can sign in; a code is never given twice."""

    made: DemoPerson
    clock: HurriedClock
    _used: int = field(default=0, repr=False)

    @property
    def login(self) -> str:
        return self.made.person.login

    def code(self) -> str:
        step = max(self._used + 1, totp.step_of(self.clock.now()))
        while totp.step_of(self.clock.now()) < step:
            self.clock.ahead += timedelta(seconds=30)
        self._used = step
        return totp.code_at(base64.b32decode(self.made.totp_secret), step)

    def form(self) -> dict[str, str]:
        return {"login": self.login, "password": self.made.password, "code": self.code()}


@dataclass
class Door:
    """A web door, and what a test needs to walk through it."""

    services: WebServices
    people: identity.DemoPeople
    journal: Journal
    indexer: imaging.Indexer
    vault: vault.Vault
    folder: Path
    controllers: list[str]
    clock: HurriedClock

    @property
    def url(self) -> str:
        return f"https://localhost:{self.services.settings.web_port}"

    def add(self, files: Iterable[bytes], controller: int = 0) -> None:
        """Import DICOM files for one of the controllers."""
        folder = self.folder / f"files-{new_id('imp')}"
        folder.mkdir()
        for number, data in enumerate(files):
            (folder / f"{number:05d}.dcm").write_bytes(data)
        import_folder(
            self.vault, folder, Origin(self.controllers[controller], "system"), clock=self.services.clock,
            intake=self.indexer.take,
        )  # fmt: skip
        for file in folder.iterdir():
            file.unlink()

    def somebody(self, name: str, *roles: Role, controller: int = 0, **wish: object) -> Somebody:
        wishes = [Wish(role, **wish) for role in roles]  # type: ignore[arg-type]
        login = name.rsplit(maxsplit=1)[-1].lower()
        owner = self.controllers[controller]
        made = self.people.make_person(full_name=name, login=login, controller_id=owner, wishes=wishes)
        return Somebody(made, self.clock)

    def doctor(self) -> Somebody:
        return self.somebody("Dr Maël Kervella", Role.PHYSICIAN, scope=Scope.SITE, confidential=True)

    def lines(self) -> list[str]:
        """Every line of the journal of this process."""
        self.journal.flush()
        found = sorted(self.journal.folder.rglob("*.chain"))
        return [line for file in found for line in file.read_text("ascii").splitlines()]


def build(folder: Path, *, demo: bool = True, language: str = "fr") -> Door:
    """Lay out a home in `folder`, with two controllers and nobody in it."""
    folder.mkdir(parents=True, exist_ok=True)
    clock, disc = HurriedClock(), RealDisc()
    records = open_database(folder / "records.db", bytes(32), durability="normal")
    index = imaging.open_index(folder / "index.db", bytes(32))
    migrate_records(records)
    for name in ("vault", "keyring", "journal"):
        (folder / name).mkdir()
    vault.create_layout(disc, folder / "vault", folder / "keyring")
    kept = vault.open_vault(folder / "vault", folder / "keyring", vault.VaultKeys(bytes(32), bytes(32)), disc, clock)
    journal = Journal(folder / "journal", "web", clock, disc, new_id("hom"))
    settings = replace(read_settings(folder / "none.toml"), web_port=free_port(), language=language)
    people = identity.DemoPeople(
        engine=records, clock=clock, record=Recorder(journal), box=Box(), settings=settings, demo=True, hasher=_LIGHT
    )
    indexer = imaging.Indexer(index, records, kept, clock)
    retention = Retention(records, index, clock, Recorder(journal), people.enrolled)
    services = WebServices(
        people=people, archive=Shelf(imaging.Archive(index, kept)), retention=retention, journal=journal, clock=clock,
        settings=settings, demo=demo, home_id=new_id("hom"), origins=origin.origins_of(settings), vault=kept,
        intake=DirectIntake(indexer), space=FreeSpace(folder, 0),
        orders=Orders(records, clock, Recorder(journal), arrived=lambda entries: arrived(index, entries)),
        reports=Reports(index, records, kept),
    )  # fmt: skip
    controllers = [people.make_controller(name).id for name in ("Cabinet du Port", "Cabinet des Halles")]
    return Door(services, people, journal, indexer, kept, folder, controllers, clock)


def tls_context(folder: Path) -> ssl.SSLContext:
    """A certificate for `localhost`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "web.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def serving(door: Door) -> Iterator[str]:
    """Serve the door in a thread; yields its address."""
    ready = threading.Event()
    context = tls_context(door.folder)
    server = origin.server(door.services, context, "127.0.0.1", door.services.settings.web_port, ready.set)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the server did not start")
    try:
        yield door.url
    finally:
        server.should_exit = True
        thread.join(20)
