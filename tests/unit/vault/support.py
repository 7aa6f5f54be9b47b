"""What the vault's tests share: a vault in a folder, facts of a fictional instance, files altered on purpose."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from primum import vault
from primum.ground.clock import FixedClock
from primum.ground.disc import Disc, RealDisc
from primum.ground.ids import token128_bytes
from primum.vault.places import study_ref

CLOCK = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
KEYS = vault.VaultKeys(keyring=b"k" * 32, names=b"n" * 32)
SMALL = vault.Limits(single_write=64 * 1024, pack=64 * 1024 * 1024)


def lay_out(home: Path) -> None:
    for name in ("vault", "keyring"):
        (home / name).mkdir(parents=True)
    vault.create_layout(RealDisc(), home / "vault", home / "keyring")


def lay_out_for(home: Path, *studies: str) -> None:
    """Only the fan-out folders that these studies need: a home that is quick to make, copy and remove."""
    for name in ("vault", "keyring"):
        for study in studies:
            (home / name / f"{token128_bytes(study)[0]:02x}").mkdir(parents=True, exist_ok=True)


def study_named(uid: str, controller: str = "ctl_a") -> str:
    return study_ref(KEYS.names, controller, uid)


def open_at(
    home: Path, disc: Disc | None = None, limits: vault.Limits = SMALL, entropy: Callable[[int], bytes] | None = None
) -> vault.Vault:
    more = {"entropy": entropy} if entropy else {}
    return vault.open_vault(home / "vault", home / "keyring", KEYS, disc or RealDisc(), CLOCK, limits, **more)


def new_vault(home: Path, disc: Disc | None = None, limits: vault.Limits = SMALL) -> vault.Vault:
    lay_out(home)
    return open_at(home, disc, limits)


def facts(number: int = 1, kind: vault.model.RecordKind = "instance") -> vault.RecordFacts:
    return vault.RecordFacts(
        kind=kind,
        controller_id="ctl_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        device_id="dev_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid=f"2.25.111.{number}",
        series_instance_uid="2.25.222",
        study_instance_uid="2.25.333",
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        received_at="2026-01-01T00:00:00.000Z",
        calling_aet="SCANNER",
        implementation_class_uid="2.25.444",
    )


def bytes_of(size: int, seed: int = 0) -> bytes:
    return random.Random(f"{size}/{seed}").randbytes(size)


def pack_path(home: Path, at: vault.Position | vault.Tail) -> Path:
    return next((home / "vault").glob(f"*/{at.study}/{at.pack}.pack"))


def flip(path: Path, offset: int, bit: int = 1) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        old = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([old ^ bit]))


def positions(one: vault.Vault, study: str) -> list[vault.Position]:
    found = []
    for pack in one.packs(study):
        found += [at for at in one.replay(study, pack.pack) if isinstance(at, vault.Position)]
    return found


def codes(one: vault.Vault, *expected: vault.Tail, deep: bool = True) -> list[str]:
    return [illness.code for illness in one.check({tail.pack: tail for tail in expected}, deep=deep)]
