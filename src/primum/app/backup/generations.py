"""The generations at a store: whose they are, which there are, and the end of those whose time is over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from primum.app.backup.aside import read_manifest, spooled
from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.manifest import FORMAT, Manifest, Piece, is_generation, scan_manifest
from primum.app.backup.refusals import (
    DestinationAbsent,
    ManifestAltered,
    NoGeneration,
    NotOurs,
    OtherHome,
    PieceAltered,
    StoreRefused,
    UnknownFormat,
)
from primum.app.backup.sinks import piece_name
from primum.app.backup.stores.model import Absent, Store
from primum.ground.discmap import DiscMap

CLAIM = "primum-backup.json"
LAST = "last.json"
UNFINISHED = "unfinished"
_SUFFIX = ".manifest"
_CACHE_KIB = 8192
"""Of the names of pieces, which come in no order: those of fifty thousand packs."""


def name_of(generation: str) -> str:
    """Return the name of a generation's manifest."""
    return f"generations/{generation}{_SUFFIX}"


def generation_at(instant: datetime) -> str:
    """Name the generation that begins at this instant."""
    at = instant.astimezone(UTC)
    return f"{at:%Y%m%dt%H%M%S}{at.microsecond // 1000:03d}z"


def instant_of(generation: str) -> datetime:
    """Return when a generation began."""
    return datetime.strptime(generation[:-1] + "+0000", "%Y%m%dt%H%M%S%f%z")


def owner(store: Store) -> str | None:
    """Return the home whose backups these are; None where there are none. Raises UnknownFormat."""
    try:
        told = json.loads(store.get(CLAIM, LIMITS.small))
        version, home = told["format"], str(told["home"])
    except Absent:
        return None
    except (ValueError, KeyError, TypeError):
        raise NotOurs(place=store.place) from None
    if version != FORMAT:
        raise UnknownFormat(version=str(version)[:8])
    return home


def claim(store: Store, home: str, *, known: bool) -> None:
    """Make the destination this home's, or see that it is. `known`: backups were made to it before.

    Raises NotOurs, OtherHome, DestinationAbsent.
    """
    found = owner(store)
    if found is None and known:
        raise DestinationAbsent(place=store.place)
    if found is None:
        if next(iter(store.names("")), None) is not None:
            raise NotOurs(place=store.place)
        store.put(CLAIM, json.dumps({"format": FORMAT, "home": home}).encode() + b"\n")
    elif found != home:
        raise OtherHome(place=store.place, home=found)


def generations(store: Store) -> list[str]:
    """List the generations, oldest first."""
    names = (name.removeprefix("generations/").removesuffix(_SUFFIX) for name in store.names("generations/"))
    return sorted(name for name in names if is_generation(name))


def load(store: Store, generation: str, aside: Path | None = None) -> Manifest:
    """Read a manifest, unverified; its entries are put aside. Raises NoGeneration, ManifestAltered."""
    with _packed(store, generation, aside) as packed:
        return read_manifest(packed, generation, aside)


def _packed(store: Store, generation: str, aside: Path | None) -> BinaryIO:
    if not is_generation(generation):
        raise NoGeneration(place=store.place)
    try:
        return spooled(store.chunks(name_of(generation), LIMITS.manifest), aside)
    except Absent:
        raise NoGeneration(place=store.place) from None


def newest_sound(
    store: Store, key: bytes, aside: Path | None = None
) -> tuple[Manifest | None, list[ManifestAltered]]:  # fmt: skip
    """Return the newest generation that this home made, and what was wrong with younger ones."""
    wrong: list[ManifestAltered] = []
    for generation in reversed(generations(store)):
        try:
            manifest = load(store, generation, aside)
            manifest.verify(key)
        except ManifestAltered as altered:
            wrong.append(altered)
        else:
            return manifest, wrong
    return None, wrong


def get_piece(store: Store, generation: str, folder: str, piece: Piece) -> bytes:
    """Get a piece and compare it with its name. Raises PieceAltered."""
    try:
        data = store.get(piece_name(folder, piece), piece.length)
    except Absent:
        raise PieceAltered(generation=generation, piece=piece.sha256[:16]) from None
    if not piece_fits(piece, data):
        raise PieceAltered(generation=generation, piece=piece.sha256[:16])
    return data


def piece_fits(piece: Piece, data: bytes) -> bool:
    """Tell whether these are the bytes of a piece."""
    return len(data) == piece.length and hashlib.sha256(data).hexdigest() == piece.sha256


def get_bundle(store: Store, manifest: Manifest, limits: Limits = LIMITS) -> Iterator[bytes]:
    """Get the keyring bundle of a generation, piece by piece. Raises PieceAltered, ManifestAltered."""
    if sum(piece.length for piece in manifest.keyring) > limits.bundle:
        raise ManifestAltered(generation=manifest.generation)
    yield from (get_piece(store, manifest.generation, "keyring", piece) for piece in manifest.keyring)


@dataclass(frozen=True, slots=True)
class PrunedGenerations:
    """What went: generations, pieces, and the oldest generation that is left. `refused`: the store let nothing go."""

    generations: int
    pieces: int
    oldest: str
    refused: bool = False


def prune(store: Store, key: bytes, now: datetime, keep: timedelta, aside: Path) -> PrunedGenerations:
    """Remove the generations whose time is over, never the newest, then what no other one names.

    Nothing is removed of pieces while a generation that is kept cannot be read: it may need them.
    """
    there = generations(store)
    old = [one for one in there[:-1] if instant_of(one) < now - keep]
    kept = [one for one in there if one not in old]
    oldest = kept[0] if kept else ""
    if not old:
        return PrunedGenerations(0, 0, oldest)
    try:
        for one in old:
            store.remove(name_of(one))
        return PrunedGenerations(len(old), _collect(store, key, kept, aside), oldest)
    except StoreRefused:
        return PrunedGenerations(0, 0, there[0], refused=True)


def _collect(store: Store, key: bytes, kept: list[str], aside: Path) -> int:
    needed, doomed = DiscMap(aside, _CACHE_KIB), DiscMap(aside)

    def need(folder: str, pieces: tuple[Piece, ...]) -> None:
        for name in (piece_name(folder, piece) for piece in pieces):
            if name not in needed:  # most generations name what the one before did
                needed.add(name)

    for one in kept:
        try:
            with _packed(store, one, aside) as packed:
                manifest = scan_manifest(packed, one, lambda entry: need("pieces", entry.pieces))
            manifest.verify(key)
        except ManifestAltered:
            return 0
        need("keyring", manifest.keyring)
    for name in (name for folder in ("pieces/", "keyring/") for name in store.names(folder)):
        if name not in needed:
            doomed.add(name)
    for name in doomed:
        store.remove(name)
    store.tidy()
    return len(doomed)
