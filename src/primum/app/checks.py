"""The check, joined: what the worker knows, handed to exposure, which does not know imaging, backups or doors."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from primum import __version__
from primum.app.backup.destination import parse_destination
from primum.app.backup.refusals import BadDestination
from primum.app.backup.status import read_standing
from primum.app.joints import Recorder
from primum.exposure.checks import store
from primum.exposure.checks.catalogue import catalogue
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.gathering.clear_text import Seen, scan, temporary_folders
from primum.exposure.checks.gathering.clocks import Synchronised, clock_state
from primum.exposure.checks.gathering.discs import medium_of, swap_areas
from primum.exposure.checks.gathering.parts import Part, codec_parts, python_parts, system, viewer_parts
from primum.exposure.checks.gathering.sockets import Listener, listening, own_addresses
from primum.exposure.checks.gathering.tls import grade_of
from primum.exposure.checks.gathering.usage import Usage, usage
from primum.exposure.checks.limits import LIMITS
from primum.exposure.checks.model import State
from primum.exposure.checks.service import Checks, Home
from primum.exposure.checks.sources import (
    Copies,
    Deletions,
    Door,
    Host,
    Human,
    Interventions,
    Inventory,
    LastProbe,
    Machine,
    Media,
    Own,
    Scanned,
    Shown,
    Sources,
    Station,
    TlsGrade,
    Verified,
)
from primum.ground.clock import from_text
from primum.ground.closed import read_closed
from primum.identity.accounts import accounts
from primum.journal import Fact, Kind, Ledger, newest_of, verify_journal
from primum.vault.guards import list_guards

if TYPE_CHECKING:
    from primum.app.worker import WorkerRooms
    from primum.exposure.checks.advisories import Advisories
    from primum.exposure.findings.service import Findings

CODECS_SECONDS: Final = 20
"""Loading every codec to ask its version takes half a second on a quiet machine."""
SAMPLE: Final = 2000
"""Packs whose head is looked at: `primum vault check` opens each of them."""
_CODECS: Final = "import imagecodecs; print(imagecodecs.version())"
_STALE: Final = timedelta(days=2)


class Kept(Protocol):
    """What other parts of exposure keep: probes, interventions, stations."""

    def last_probe(self) -> LastProbe | None:
        """Return the last probe from inside."""
        ...

    def last_outside(self) -> LastProbe | None:
        """Return the last view from outside."""
        ...

    def stations(self) -> Sequence[Station]:
        """List the last check of each station."""
        ...

    def interventions(self) -> Interventions:
        """Tell of interventions."""
        ...


def checks_of(worker: WorkerRooms, notices: Callable[[], str], kept: Kept) -> Checks:
    """Build the check of a worker. `notices`: the licences of the viewer's parts, which name their versions."""
    rooms = worker.rooms

    def gather() -> Sources:
        return WorkerSources(worker, notices, kept)

    home = Home(rooms.home.id, __version__, worker.signer.sign_text)
    findings = worker.exposed.findings
    return Checks(
        worker.records, rooms.clock, Recorder(rooms.journal), home=home, gather=gather,
        found=lambda report, at: take_lines(findings, report, at),
    )  # fmt: skip


def take_lines(findings: Findings, report: Mapping[str, Any], at: datetime) -> None:
    """Hand on what a check says is bad, and what it says is not bad any more; what is not determined is neither."""
    for line in report["lines"]:
        if line["state"] in {State.BAD, State.ATTENTION, State.GOOD}:
            findings.take_line(str(line["name"]), bad=line["state"] == State.BAD, at=at)


class WorkerSources:
    """What the worker knows, each asked once."""

    def __init__(self, worker: WorkerRooms, notices: Callable[[], str], kept: Kept) -> None:
        """Ask `worker`."""
        self._worker, self._notices, self._kept = worker, notices, kept
        self._rooms = worker.rooms

    # -- the network --

    def listening(self) -> Sequence[Listener]:
        """List what listens on this machine."""
        return self._listening

    @cached_property
    def _listening(self) -> list[Listener]:
        return listening()

    def doors(self) -> Sequence[Door]:
        """List the doors of the settings."""
        settings = self._rooms.settings
        web, dicom = _plainly(settings.web_address), _plainly(settings.dicom_address)
        here = "::1" if ":" in dicom else "127.0.0.1"
        found = [
            Door("web", web, settings.web_port),
            Door("dicom", dicom, settings.dicom_port),
            Door("dicom-plain", here, settings.dicom_plain_port, plain=True),
            Door("hl7", dicom, settings.hl7_port),
            Door("hl7-plain", here, settings.hl7_plain_port, plain=True),
        ]
        return [one for one in found if one.port]

    def contained(self) -> str:
        """Say since when the doors are closed because of a breach."""
        closed = read_closed(self._rooms.home.folder)
        return "" if closed is None else closed.at or "?"

    def own(self) -> Own:
        """List this machine's addresses; say who we are."""
        return Own(*own_addresses(), user=os.geteuid() if hasattr(os, "geteuid") else None)

    def tls(self) -> Sequence[TlsGrade]:
        """Grade the doors' TLS, each where this machine reaches it."""
        found = []
        for one in self.doors():
            if not one.plain:
                told = grade_of(_reached(one.address), one.port)
                found.append(TlsGrade(one.name, one.port, told.profile, told.versions, told.weak, told.advised_against))
        return found

    def certificates(self) -> Sequence[Shown]:
        """List the house's certificates."""
        return [Shown(one.name, one.not_after, one.renew_from) for one in self._worker.certificates.facts()]

    # -- who may what --

    def usage(self) -> Usage:
        """Tell what the journal says that was used."""
        return self._usage

    @cached_property
    def _usage(self) -> Usage:
        self._rooms.journal.flush()
        found = usage(
            self._rooms.journal.folder, self._rooms.clock.now(), own=frozenset(self.own().addresses),
            months=self._rooms.settings.access_months,
        )  # fmt: skip
        with self._worker.records.begin() as tx:
            rows = tx.exec_driver_sql("SELECT DISTINCT device_id FROM commitments").fetchall()
        found.used.update((row[0], "commitment") for row in rows)
        return found

    def machines(self) -> Sequence[Machine]:
        """List active devices."""
        return [
            Machine(
                one.id, one.name, frozenset(service.value for service in one.may), one.added_at,
                plain=one.plain_address is not None, host=one.address.host if one.address else "",
                host_plain=one.address is not None and not one.address.certificate,
            )
            for one in self._worker.devices.list() if one.revoked_at is None
        ]  # fmt: skip

    def humans(self) -> Sequence[Human]:
        """List open accounts."""
        return [
            Human(
                one.person_id, one.enrolled, one.second_factor, one.roles, one.since, one.last_session_at,
                one.invitation_until,
            )
            for one in accounts(self._worker.records)
        ]  # fmt: skip

    # -- the system --

    def inventory(self) -> Inventory:
        """List what Primum is made of."""
        return self._inventory

    @cached_property
    def _inventory(self) -> Inventory:
        named, unnamed = viewer_parts(self._notices())
        parts: list[Part] = [*python_parts(), *named, *codec_parts(codec_versions())]
        return Inventory(parts[: LIMITS.parts], unnamed, system())

    def advisories(self) -> Advisories | None:
        """Return what was kept of the database of vulnerabilities."""
        with self._worker.records.begin() as tx:
            return store.advisories(tx)

    def media(self) -> Media:
        """Tell on what the home and swap lie."""
        return Media(medium_of(self._rooms.home.folder), swap_areas())

    def clear_text(self) -> Scanned:
        """Look for images and exports in clear, within one time for all: the home first, of the vault a sample."""
        home, until = self._rooms.home.folder.resolve(), time.monotonic() + LIMITS.scan_seconds
        vault, backup = home / "vault", self._backup_folder()
        roots: dict[str, Seen] = {"home": scan(home, leave_out=[vault], database=True, until=until)}
        roots["vault"] = scan(vault, limits=replace(LIMITS, scan_files=SAMPLE), until=until)
        roots["vault"].sample = True
        if backup is not None and backup.is_dir():
            roots["backup"] = scan(backup, leave_out=[home], until=until)
        for folder in temporary_folders():
            if not folder.is_relative_to(home):
                roots[str(folder)] = scan(folder, leave_out=[home], until=until)
        return Scanned(roots)

    def clock(self) -> Synchronised:
        """Tell how the clock is kept."""
        return clock_state()

    # -- the house --

    def copies(self) -> Copies:
        """Tell of backups."""
        standing = read_standing(self._rooms.home.folder)
        return Copies(
            self._rooms.settings.backup_to, _instant(standing.made_at), standing.illnesses, standing.refused,
            _instant(standing.tested_at), standing.tested_part, self._same_disc(),
        )  # fmt: skip

    def guards(self) -> Sequence[str]:
        """List the kinds of guard of the root key."""
        return list_guards(self._rooms.home.folder / "keyring")

    def journal(self) -> Verified:
        """Tell how the journal is; one that nobody has verified lately is verified now, where it is small."""
        return self._journal

    @cached_property
    def _journal(self) -> Verified:
        journal, folder = self._rooms.journal, self._rooms.journal.folder
        journal.flush()
        told = newest_of(folder, Ledger.ACCOUNT, "journal:verified")
        at, illnesses, lines = (
            (from_text(told.at), told.count("illnesses"), told.count("lines")) if told else (None, 0, 0)
        )
        now = self._rooms.clock.now()
        if (at is None or at < now - _STALE) and _size(folder) <= LIMITS.verify_bytes:
            report = verify_journal(folder, self._worker.signer.verifier_key)
            at, illnesses, lines = now, len(report.illnesses), report.lines
            details: dict[str, str | int] = {"illnesses": illnesses, "lines": lines}
            journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", details))
        signed = newest_of(folder, Ledger.ACCOUNT, "heads:signed")
        left = None if self._same_disc() else newest_of(folder, Ledger.ACCOUNT, "backup:made")
        return Verified(
            at, illnesses, lines, from_text(signed.at) if signed else None, from_text(left.at) if left else None,
            str(left.details.get("what", "")) if left else "",
        )  # fmt: skip

    def deletions(self) -> Deletions:
        """Tell what waits to be erased."""
        tally = self._worker.retention.standing()
        with self._worker.records.begin() as tx:
            sql = "SELECT min(proposed_at) FROM erasures WHERE state = 'waiting'"
            oldest = tx.exec_driver_sql(sql).scalar()
        return Deletions(tally.waiting, tally.undecided, tally.returned, _instant(oldest or ""))

    def hosts(self) -> Sequence[Host]:
        """List who outside is given patients' data."""
        settings = self._rooms.settings
        found = []
        if settings.backup_to.startswith("s3:"):
            named = urlsplit(settings.backup_s3_endpoint).hostname
            found.append(Host(named or f"s3.{settings.backup_s3_region}.amazonaws.com", "backup"))
        if settings.hl7_results_host:
            found.append(Host(settings.hl7_results_host, "results"))
        return [*found, *(Host(one.host, one.name) for one in self.machines() if one.host)]

    # -- kept by others --

    def interventions(self) -> Interventions:
        """Tell of interventions."""
        return self._kept.interventions()

    def last_probe(self) -> LastProbe | None:
        """Return the last probe from inside."""
        return self._kept.last_probe()

    def last_outside(self) -> LastProbe | None:
        """Return the last view from outside."""
        return self._kept.last_outside()

    def stations(self) -> Sequence[Station]:
        """List the last check of each station."""
        return self._kept.stations()

    def _backup_folder(self) -> Path | None:
        to = self._rooms.settings.backup_to or read_standing(self._rooms.home.folder).to
        try:
            destination = parse_destination(to) if to else None
        except BadDestination:
            return None
        return destination.folder if destination is not None and destination.kind != "s3" else None

    def _same_disc(self) -> bool:
        folder = self._backup_folder()
        try:
            return folder is not None and folder.stat().st_dev == self._rooms.home.folder.stat().st_dev
        except OSError:
            return False


def declarable(checks: Checks, names: Mapping[str, str]) -> list[dict[str, str]]:
    """List the lines that may be declared, with their values and for how long; and what is declared of each now."""
    now: dict[str, list[str]] = {}
    for one in checks.declarations():
        what = f"{one.subject} " if one.subject else ""
        now.setdefault(one.name, []).append(
            f"{what}{one.value} until {one.until}, by {names.get(one.declared_by, one.declared_by)}"
        )
    return [
        {
            "line": f"{rule.name}/HOST" if rule.per_subject else rule.name, "values": " ".join(rule.declared),
            "days": str(rule.declared_days), "now": "; ".join(now.get(rule.name, [])),
        }
        for rule in catalogue().rules.values() if rule.declared
    ]  # fmt: skip


def codec_versions() -> list[str]:
    """Ask the codecs' package, in a process of its own, which libraries are in it. Raises NotTold."""
    command = [sys.executable, "-I", "-c", _CODECS]
    try:
        told = subprocess.run(command, capture_output=True, timeout=CODECS_SECONDS, check=True)  # noqa: S603 (our own)
    except (OSError, subprocess.SubprocessError):
        raise NotTold(reason="codecs-silent") from None
    return told.stdout[:65_536].decode("ascii", "replace").split(",")


def _plainly(address: str) -> str:
    """Write an address as the kernel lists it."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return "127.0.0.1" if address == "localhost" else address


def _reached(address: str) -> str:
    """Return where a door that listens on an address is called from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 (called, not bound)


def _instant(text: str) -> datetime | None:
    return from_text(text) if text else None


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
