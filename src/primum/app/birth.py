"""The birth of a home: folders, root key and guards, certificates, the two databases, the first fact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from primum import __version__, vault
from primum.app.bundles import certificates
from primum.app.databases import migrate_records, open_records
from primum.app.joints import Recorder, box
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.home import Home, Kind, create_home
from primum.ground.settings import read_settings
from primum.identity import People
from primum.journal import Journal, create_signer


@dataclass(frozen=True, slots=True)
class Birth:
    """A new home, and the one thing that is shown and not kept."""

    home: Home
    root: vault.RootKey
    recovery_key: str

    def __repr__(self) -> str:
        """Never show a key."""
        return f"Birth({self.home.id})"


@dataclass(frozen=True, slots=True)
class First:
    """The first person of a real home: physician, administrator, and of a controller of their own."""

    full_name: str
    login: str
    controller_name: str


def birth(folder: Path, kind: Kind, guard: vault.Guard, first: First | None = None) -> Birth:
    """Make a home in an empty or absent folder. Raises HomeExists, and what the guard refuses."""
    disc, clock = RealDisc(), SystemClock()
    home = create_home(disc, folder, kind, clock)
    root, recovery_key = vault.create_root(disc, folder / "keyring", [guard])
    vault.seal_home(disc, folder / "keyring", root, home.identity_bytes())
    vault.create_layout(disc, folder / "vault", folder / "keyring")
    settings = read_settings(folder / "primum.toml")
    shelf = certificates(home, root.derive(vault.Label.CERTIFICATES), clock, disc)
    shelf.create(settings.web_name, [settings.web_address], [settings.dicom_address])
    create_signer(disc, folder / "journal", root.derive(vault.Label.SIGNER), home.id)
    with Journal(folder / "journal", "cli", clock, disc, home.id) as pen:
        record = Recorder(pen)
        record("home:created", "system", home.id, {"home_kind": kind, "version": __version__})
        records = open_records(home, root.derive(vault.Label.RECORDS))
        migrate_records(records)
        if first is not None:
            secrets = box(root.derive(vault.Label.SECRETS))
            people = People(
                engine=records, clock=clock, record=record, box=secrets, settings=settings, demo=kind == "demo"
            )
            # the link of this invitation is not shown: `up` makes a fresh one, which lasts 15 minutes from then
            people.invite_first(full_name=first.full_name, login=first.login, controller_name=first.controller_name)
        records.dispose()
    return Birth(home, root, recovery_key)
