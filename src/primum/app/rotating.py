"""Another root key for a home that does not run: evidence first, everything prepared, decided, moved, written down.

The order, and what a crash leaves: docs/design/vault.md §13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from primum import vault
from primum.app.bundles import certificates
from primum.app.databases import open_index, open_records
from primum.app.joints import box
from primum.ground.clock import Clock, SystemClock
from primum.ground.db import reseal, snapshot
from primum.ground.disc import Disc, RealDisc
from primum.ground.errors import PrimumError
from primum.ground.home import Home
from primum.incidents.evidence.service import frozen_since_detected
from primum.incidents.service import Controller, Incidents
from primum.incidents.store import prepare_incidents
from primum.journal import Fact, Journal, Kind
from primum.vault import Label, RootKey, rotating
from primum.vault.carrying import STAGE


class EvidenceFirst(PrimumError):
    """The file {file} of a breach is open, and no evidence was frozen for it."""

    code: ClassVar[str] = "rotate.evidence-first"
    hint: ClassVar[str] = "start Primum and freeze it; --without-evidence where that cannot be done"


class DemoHome(PrimumError):
    """This is a demo home: its root key guards nothing."""

    code: ClassVar[str] = "rotate.demo"
    hint: ClassVar[str] = "choose a real home with --home"


@dataclass(frozen=True, slots=True)
class _Nobody:
    """A house of which nothing is asked."""

    processor: bool = False

    def controllers(self) -> Sequence[Controller]:
        return ()


def rotate(
    home: Home, old: RootKey, guard: vault.Guard, shown: Callable[[str], None], tell: rotating.Tell, *,
    without_evidence: bool = False,
) -> int:  # fmt: skip
    """Replace the root key; return how many study keys were wrapped anew. The caller holds the daemon's lock.

    `shown` is given the new recovery key, and returns once a person has it; it raises where they do not, and then
    nothing has changed. Raises EvidenceFirst, DemoHome, and what staging raises.
    """
    if home.demo:
        raise DemoHome
    disc, clock = RealDisc(), SystemClock()
    _look_at_files(home, old, clock, without_evidence=without_evidence)
    try:
        staged = rotating.stage(disc, home.folder, old, [guard], tell)
        _databases(home, old, staged.root, disc)
        shelf = certificates(home, old.derive(Label.CERTIFICATES), clock, disc)
        for name, sealed in shelf.sealed_under(box(staged.root.derive(Label.CERTIFICATES))).items():
            rotating.put_aside(disc, home.folder, f"certificates/{name}", sealed)
        shown(staged.recovery)
        rotating.commit(disc, home.folder)
    except BaseException:
        if not vault.is_committed(home.folder):
            rotating.drop(home.folder)
        raise
    settle(home, staged.count)
    return staged.count


def settle(home: Home, count: int = 0) -> bool:
    """Finish what was decided, and write it down; tell whether there was anything. The daemon's lock is held."""
    disc, clock = RealDisc(), SystemClock()
    if not rotating.finish(disc, home.folder):
        return False
    with Journal(home.folder / "journal", "cli", clock, disc, home.id) as pen:
        pen.record(Fact(Kind.ROOT_ROTATED, "system", home.id, {"count": count} if count else {}))
    rotating.done(disc, home.folder)
    return True


def _look_at_files(home: Home, old: RootKey, clock: Clock, *, without_evidence: bool) -> None:
    """Refuse where a breach is open and its evidence was not frozen."""
    records = open_records(home, old.derive(Label.RECORDS))
    try:
        prepare_incidents(records)  # a home that has not run since this version came
        files = Incidents(records, clock, lambda *_: None, _Nobody())
        waiting = [one for one in files.all_open() if frozen_since_detected(one) is None]
    finally:
        records.dispose()
    if waiting and not without_evidence:
        raise EvidenceFirst(file=waiting[0].file.id)


def _databases(home: Home, old: RootKey, new: RootKey, disc: Disc) -> None:
    """Prepare a copy of each database, sealed under its new key."""
    for name, label, opens in (("records.db", Label.RECORDS, open_records), ("index.db", Label.INDEX, open_index)):
        engine = opens(home, old.derive(label))
        copy = home.folder / STAGE / name
        try:
            snapshot(engine, copy)
        finally:
            engine.dispose()
        reseal(copy, old.derive(label), new.derive(label))
        handle = disc.open_for_writing(copy)
        try:
            disc.sync(handle)
        finally:
            disc.close(handle)
