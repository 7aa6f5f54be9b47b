"""A destination as a run uses it, whatever it is: claim it, know what it has, put, commit, prune."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from primum.app.backup import generations as at
from primum.app.backup.aside import nameless, read_manifest, spooled
from primum.app.backup.limits import LIMITS
from primum.app.backup.making import Before
from primum.app.backup.manifest import Manifest, write_manifest
from primum.app.backup.origins import Origin, StoreOrigin, before_of
from primum.app.backup.refusals import ManifestAltered, StoreRefused
from primum.app.backup.sinks import Moved, Pace, PieceSink, Sink
from primum.app.backup.stores.model import Absent, Store
from primum.ground.clock import to_text

if TYPE_CHECKING:
    from io import BufferedReader

Tell = Callable[[ManifestAltered], None]


class Keeper(Protocol):
    """What a run asks of a destination."""

    origin: Origin

    def claim(self, home: str, *, known: bool) -> None:
        """Make it this home's, or see that it is. Raises NotOurs, OtherHome, DestinationAbsent."""
        ...

    def before(self, key: bytes, tell: Tell) -> Before:
        """Say what it has already; `tell` hears of generations that are not sound."""
        ...

    def sink(self, pace: Pace, moved: Moved) -> Sink:
        """Give the sink of a run."""
        ...

    def checkpoint(self, manifest: Manifest, key: bytes) -> None:
        """Note what an interrupted run need not do again."""
        ...

    def commit(self, manifest: Manifest, key: bytes) -> str:
        """Make the generation exist; return the SHA-256 of its manifest as it was written."""
        ...

    def prune(self, key: bytes, now: datetime, keep: timedelta) -> at.PrunedGenerations:
        """Remove the generations whose time is over."""
        ...

    def note(self, facts: dict[str, str]) -> None:
        """Write down in clear when it was last made and tested."""
        ...

    def sent(self) -> int:
        """Return how many bytes had to be put."""
        ...


class StoreKeeper:
    """A folder or a bucket."""

    def __init__(self, store: Store, aside: Path) -> None:
        """Keep generations at `store`; `aside` is a folder for what a run puts aside."""
        self._store, self._aside = store, aside
        self._sink: PieceSink | None = None
        self.origin: Origin = StoreOrigin(store, aside)

    def claim(self, home: str, *, known: bool) -> None:
        """See the claim file."""
        at.claim(self._store, home, known=known)

    def before(self, key: bytes, tell: Tell) -> Before:
        """Take the newest sound generation, and on top of it what an interrupted run had done."""
        newest, wrong = at.newest_sound(self._store, key, self._aside)
        for one in wrong:
            tell(one)
        known = Before()
        if newest is not None:
            known = before_of(self.origin, newest, to_text(at.instant_of(newest.generation)), self._aside)
        half = self._unfinished(key)
        if half is None or half.previous != known.generation:
            return known
        if newest is None:
            return replace(known, entries=half.entries)
        for entry in half.entries.values():
            known.entries[entry.path] = entry
        return known

    def sink(self, pace: Pace, moved: Moved) -> Sink:
        """Put pieces."""
        self._sink = PieceSink(self._store, pace, moved)
        return self._sink

    def checkpoint(self, manifest: Manifest, key: bytes) -> None:
        """Write `unfinished`."""
        with nameless(self._aside) as written:
            write_manifest(manifest, key, written)
            self._store.put_file(at.UNFINISHED, written)

    def commit(self, manifest: Manifest, key: bytes) -> str:
        """Write the manifest."""
        with nameless(self._aside) as written:
            write_manifest(manifest, key, written)
            root = sha256_of(written)
            self._store.put_file(at.name_of(manifest.generation), written)
        with contextlib.suppress(StoreRefused):  # a key pair that may not delete
            self._store.remove(at.UNFINISHED)
        return root

    def prune(self, key: bytes, now: datetime, keep: timedelta) -> at.PrunedGenerations:
        """Remove manifests, then pieces that nobody names."""
        return at.prune(self._store, key, now, keep, self._aside)

    def note(self, facts: dict[str, str]) -> None:
        """Write last.json."""
        self._store.put(at.LAST, json.dumps(facts, indent=1).encode() + b"\n")

    def sent(self) -> int:
        """Return what the sink put."""
        return self._sink.sent if self._sink else 0

    def _unfinished(self, key: bytes) -> Manifest | None:
        try:
            with spooled(self._store.chunks(at.UNFINISHED, LIMITS.manifest), self._aside) as packed:
                half = read_manifest(packed, "", self._aside)
            half.verify(key)
        except (Absent, ManifestAltered):
            return None
        return half


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a whole file."""
    file.seek(0)
    return hashlib.file_digest(cast("BufferedReader", file), "sha256").hexdigest()
