"""What may be asked of evidence: freeze it, list what was frozen, take a bundle out. Each is an entry of the file.

A bundle is kept sealed under `evidence/` of the home. The order of signing, copying and writing down:
docs/design/evidence-bundle.md.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import is_id, new_id
from primum.identity import Permission, Thing, require
from primum.incidents.evidence import ledgers
from primum.incidents.evidence.model import BUNDLE, TAKEN, EvidenceGone, Json, Part, part_of
from primum.incidents.evidence.sealing import Sealer, opened
from primum.incidents.evidence.sources import Gathered, interval_of, parts_of
from primum.incidents.evidence.writing import Tell, Writer
from primum.incidents.model import BadEntry, Dossier, Entry, EntryKind, IncidentRefused, NoSuchIncident, State

if TYPE_CHECKING:
    from datetime import datetime

    from primum.ground.disc import Disc, Handle
    from primum.identity import Actor
    from primum.identity.boxes import Box
    from primum.incidents.evidence.sources import HouseEvidence
    from primum.incidents.service import Incidents

FOLDER: Final = "evidence"
_TOOLS: Final = {
    "README.txt": ("primum.incidents.evidence", "readme.txt"),
    "verify.py": ("primum.incidents.evidence", "verify.txt"),
    "tools/verify-journal.py": ("primum.journal", "verify.py"),
}


class Evidence:
    """The bundles of a home. One freezing at a time; safe to use from several threads."""

    def __init__(self, files: Incidents, house: HouseEvidence, home: Path, box: Box, disc: Disc) -> None:
        """Keep bundles below `home`, sealed by `box`; ask `house` what there is."""
        self._files, self._house, self._box, self._disc = files, house, box, disc
        self._folder = home / FOLDER
        self._turn = threading.Lock()

    def freeze(self, by: Actor, file_id: str, tell: Tell | None = None) -> Entry:
        """Freeze everything now; return the entry that names the bundle. `tell`: bytes so far, and the part.

        The sealed copy is on disc before the entry is written. Raises NotPermitted, NoSuchIncident, IncidentOver,
        EvidenceMoved, EvidenceTooLarge, OSError, and what the journal raises.
        """
        with self._turn:
            dossier = self._files.dossier(by, file_id)
            require(by, Permission.INCIDENT_WRITE, Thing("incident", dossier.file.controller_id))
            if dossier.state is State.MERGED:
                raise BadEntry(what="the file was merged: freeze in the one that stays")
            bundle_id = new_id("bun")
            written = self._write(by, dossier, bundle_id, tell)
            return self._files.write(by, file_id, EntryKind.EVIDENCE, written)

    def bundles(self, by: Actor, file_id: str) -> list[Entry]:
        """List the entries of bundles, oldest first. Raises NotPermitted, NoSuchIncident."""
        return bundles_of(self._files.dossier(by, file_id))

    def bundle(self, by: Actor, file_id: str, entry_id: str) -> Iterator[bytes]:
        """Take a bundle out: give its bytes in order, once its whole copy was compared with its digest.

        Raises NotPermitted, StepUpNeeded, NoSuchIncident, EvidenceGone.
        """
        dossier = self._files.dossier(by, file_id)
        house = self._files.controllers()
        require(by, Permission.INCIDENT_WRITE, Thing("incident", dossier.file.controller_id))
        # it holds the journal of the whole house
        require(by, Permission.JOURNAL_LIST, Thing("house", house[0].id if len(house) == 1 else ""))
        found = next((one for one in bundles_of(dossier) if one.id == entry_id), None)
        if found is None:
            raise NoSuchIncident
        self._compare(dossier, found)
        body = {"what": TAKEN, "digest": found.body["digest"], "bytes": found.body["bytes"], "of": found.id}
        self._files.write(by, file_id, EntryKind.EVIDENCE, body)
        return self._open(found)

    def take_out(self, by: Actor, file_id: str, entry_id: str, out: Path) -> int:
        """Write a bundle into a new file, mode 0600; return its bytes. Raises as `bundle`, and FileExistsError."""
        fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                count = sum(file.write(piece) for piece in self.bundle(by, file_id, entry_id))
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            out.unlink(missing_ok=True)
            raise
        return count

    def compare(self, by: Actor, file_id: str, entry_id: str) -> Entry:
        """Compare a sealed copy with the digest of its entry. Raises NotPermitted, NoSuchIncident, EvidenceGone."""
        dossier = self._files.dossier(by, file_id)
        found = next((one for one in bundles_of(dossier) if one.id == entry_id), None)
        if found is None:
            raise NoSuchIncident
        self._compare(dossier, found)
        return found

    # -- freezing --

    def _write(self, by: Actor, dossier: Dossier, bundle_id: str, tell: Tell | None) -> Json:
        """Write the sealed copy under its name; return the body of its entry."""
        folder = self._ready(dossier.file.id)
        waiting = folder / f".{bundle_id}.part"
        copy = _Copy(self._disc, waiting)
        try:
            sealer = Sealer(self._box, bundle_id, copy.write)
            writer = Writer(sealer.put, tell)
            before = bundles_of(dossier)
            previous = str(before[-1].body["digest"]) if before else ""
            manifest = self._fill(writer, by, dossier, bundle_id, previous)
            sealer.end()
            copy.close(sync=True)
        except BaseException:
            copy.drop()
            raise
        self._disc.rename(waiting, folder / f"{bundle_id}.sealed")
        self._disc.sync_folder(folder)
        return {
            "what": BUNDLE, "digest": writer.digest, "bytes": writer.size, "bundle": bundle_id, "previous": previous,
            "parts": len(manifest["parts"]), "missing": len(manifest["missing"]),
            "checkpoint": manifest["journal"]["checkpoint"],
        }  # fmt: skip

    def _fill(self, writer: Writer, by: Actor, dossier: Dossier, bundle_id: str, previous: str) -> Json:
        created, since, house = self._files.now(), interval_of(dossier), self._house
        heads = house.sign_heads()
        cut = ledgers.cut(house.journal, heads.ill, since)
        gathered = Gathered()
        writer.add(_tools())
        writer.add(cut.parts())
        writer.add(parts_of(house, dossier, since, gathered))
        told = {
            "bundle": bundle_id, "by": by.person_id, "case": dossier.file.case_id, "created_at": to_text(created),
            "controller": dossier.file.controller_id, "file": dossier.file.id, "home": house.home_id,
            "interval": _interval(since, created), "journal": cut.told(), "missing": gathered.missing,
            "previous": previous, "version": house.version,
        }  # fmt: skip
        return writer.end(told, house.sign_text)

    def _ready(self, file_id: str) -> Path:
        """Make the folder of a file, and put away what an unfinished freezing left of itself: it never was a bundle."""
        folder = self._folder / file_id
        for one in (self._folder, folder):
            if not one.is_dir():
                self._disc.make_folder(one)
                self._disc.sync_folder(one.parent)
        for left in folder.glob(".bun_*.part"):
            self._disc.unlink(left)
        return folder

    # -- reading --

    def _compare(self, dossier: Dossier, entry: Entry) -> None:
        digest, size = hashlib.sha256(), 0
        for piece in self._open(entry, dossier.file.id):
            digest.update(piece)
            size += len(piece)
        if (digest.hexdigest(), size) != (entry.body["digest"], entry.body["bytes"]):
            raise EvidenceGone(what="it has another digest")

    def _open(self, entry: Entry, file_id: str = "") -> Iterator[bytes]:
        bundle_id = str(entry.body.get("bundle", ""))
        folder = self._folder / (file_id or entry.of)
        if not is_id(bundle_id, "bun"):
            raise EvidenceGone(what="its entry names no bundle")
        found = [folder / f"{bundle_id}.sealed", *self._folder.glob(f"inc_*/{bundle_id}.sealed")]
        path = next((one for one in found if one.is_file()), None)
        if path is None:
            raise EvidenceGone(what="it is not there")
        return _pieces(path, self._box, bundle_id)


class _Copy:
    """The file that a sealed copy is written into, piece after piece; synced once, at its end."""

    def __init__(self, disc: Disc, path: Path) -> None:
        self._disc, self._path = disc, path
        self._handle: Handle | None = disc.create(path)
        self._at = 0

    def write(self, data: bytes) -> None:
        if self._handle is None:
            raise ValueError("a closed copy")
        self._disc.write_at(self._handle, data, self._at)
        self._at += len(data)

    def close(self, *, sync: bool) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            try:
                if sync:
                    self._disc.sync(handle)
            finally:
                self._disc.close(handle)

    def drop(self) -> None:
        self.close(sync=False)
        self._path.unlink(missing_ok=True)


def bundles_of(dossier: Dossier) -> list[Entry]:
    """List the entries of a file that say that a bundle was frozen, oldest first. Pure."""
    return [one for one in dossier.of_kind(EntryKind.EVIDENCE) if one.body.get("what") == BUNDLE]


def frozen_since_detected(dossier: Dossier) -> Entry | None:
    """Return the last bundle that was frozen after the breach was first detected; None where there is none. Pure."""
    first = dossier.detected_first
    found = [one for one in bundles_of(dossier) if first is None or one.at >= first]
    return found[-1] if found else None


def _pieces(path: Path, box: Box, bundle_id: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        try:
            yield from opened(box, bundle_id, file)
        except IncidentRefused:
            raise
        except PrimumError:
            raise EvidenceGone(what="it does not open") from None


def _interval(since: datetime | None, until: datetime) -> Json:
    return {"from": to_text(since) if since else "", "known": since is not None, "until": to_text(until)}


def _tools() -> Iterator[Part]:
    for name, (package, file) in _TOOLS.items():
        yield part_of(name, resources(package).joinpath(file).read_bytes())
