"""What every process opens the same way."""

from __future__ import annotations

from dataclasses import dataclass

from primum import vault
from primum.app.payload import Payload
from primum.ground.clock import Clock, SystemClock
from primum.ground.disc import Disc, RealDisc
from primum.ground.home import Home, find_home
from primum.ground.settings import Settings, read_settings
from primum.journal import Journal
from primum.vault import Label


@dataclass(frozen=True, slots=True)
class Rooms:
    """The home, its settings, the vault, and this process's pen."""

    home: Home
    settings: Settings
    clock: Clock
    disc: Disc
    vault: vault.Vault
    journal: Journal


def open_rooms(payload: Payload) -> Rooms:
    """Open them for the process that was given `payload`."""
    home = find_home(payload.home)
    clock, disc = SystemClock(), RealDisc()
    keys = vault.VaultKeys(payload.keys[Label.KEYRING], payload.keys[Label.NAMES])
    return Rooms(
        home=home,
        settings=read_settings(home.folder / "primum.toml"),
        clock=clock,
        disc=disc,
        vault=vault.open_vault(home.folder / "vault", home.folder / "keyring", keys, disc, clock),
        journal=Journal(home.folder / "journal", payload.child, clock, disc, home.id),
    )
