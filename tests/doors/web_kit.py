"""A web door for tests: real people, a real journal, a server on loopback with a certificate of its own."""

from __future__ import annotations

import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from primum import identity
from primum.doors import origin
from primum.doors.http.services import WebServices
from primum.ground.clock import SystemClock
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.ground.settings import read_settings
from primum.identity import totp
from primum.journal import BY_NAME, Fact, Journal
from tests.unit.identity.people_kit import Box


@dataclass
class Door:
    """A web door, and what a test needs to walk through it."""

    services: WebServices
    people: identity.DemoPeople
    journal: Journal
    controller_id: str
    doctor: identity.DemoPerson
    administrator: identity.DemoPerson


def code_of(somebody: identity.DemoPerson, at: datetime | None = None) -> str:
    secret = base64.b32decode(somebody.totp_secret)
    return totp.code_at(secret, totp.step_of(at or datetime.now(UTC)))


def build(folder: Path, archive: Any, *, port: int = 8443, demo: bool = True) -> Door:
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_database(folder / "records.db", bytes(32), durability="normal")
    identity.migrate_people(engine)
    (folder / "journal").mkdir()
    clock = SystemClock()
    journal = Journal(folder / "journal", "web", clock, RealDisc(), new_id("hom"))
    settings = replace(read_settings(folder / "none.toml"), web_port=port)

    def record(kind: str, actor: str, subject: str, details: dict[str, str | int]) -> None:
        if str(kind) in BY_NAME:
            known = BY_NAME[str(kind)]
            kept = {key: value for key, value in details.items() if key in known.value.details}
            journal.record(Fact(known, actor, subject, kept))

    people = identity.DemoPeople(
        engine=engine, clock=clock, record=record, box=Box(), settings=settings, demo=demo,
        hasher=identity.Hasher(time_cost=1, memory_kib=64, lanes=1),
    )  # fmt: skip
    controller = people.make_controller("Cabinet du Port")
    doctor = people.make_person(
        full_name="Dr Maël Kervella", login="mael", controller_id=controller.id,
        wishes=[identity.Wish(identity.Role.PHYSICIAN, confidential=True)],
    )  # fmt: skip
    administrator = people.make_person(
        full_name="Iris Tanguy", login="iris", controller_id=controller.id,
        wishes=[identity.Wish(identity.Role.ADMINISTRATOR)],
    )  # fmt: skip
    services = WebServices(
        people=people, archive=archive, journal=journal, clock=clock, settings=settings, demo=demo,
        origins=origin.origins_of(settings),
    )  # fmt: skip
    return Door(services, people, journal, controller.id, doctor, administrator)


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
def serving(door: Door, folder: Path) -> Iterator[str]:
    """Serve on the port that the services say; yields the address."""
    port = door.services.settings.web_port
    ready = threading.Event()
    server = origin.server(door.services, tls_context(folder), "127.0.0.1", port, ready.set)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the server did not start")
    try:
        yield f"https://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
