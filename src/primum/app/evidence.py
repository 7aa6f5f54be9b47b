"""What a freezing asks of the house, answered by the worker's rooms (incidents/evidence/sources.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from primum import __version__
from primum.exposure.checks import store as checks
from primum.exposure.checks.gathering.parts import python_parts, system
from primum.exposure.findings import store as findings
from primum.exposure.ran import kept
from primum.ground.clock import to_text
from primum.identity import store as people, store_rights, store_tokens
from primum.identity.accounts import accounts
from primum.incidents.evidence.service import Evidence
from primum.incidents.evidence.sources import SignedHeads
from primum.journal import Journal, Signer

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine import Engine

    from primum.app.rooms import Rooms
    from primum.exposure.findings.model import Finding
    from primum.identity import Devices, SealedBox
    from primum.incidents.service import Incidents

_CHECKS: Final = 1000
"""More than are kept: 400 days and six years of months."""
_COUNTED: Final = ("studies", "series", "instances", "versions", "packs")


@dataclass(frozen=True, slots=True)
class HouseOfWorker:
    """The worker's rooms, read for a bundle. Every answer holds ids and names of this machine's own; no patient."""

    rooms: Rooms
    records: Engine
    index: Engine
    devices: Devices
    signer: Signer

    @property
    def home_id(self) -> str:
        """Return the id of the home."""
        return self.rooms.home.id

    @property
    def version(self) -> str:
        """Return the version of Primum."""
        return __version__

    @property
    def journal(self) -> Path:
        """Return the folder of the journal."""
        return self._pen.folder

    @property
    def _pen(self) -> Journal:
        return self.rooms.journal

    def sign_heads(self) -> SignedHeads:
        """Write out what waits in this process, and sign all heads; what is ill is told in the account too."""
        self._pen.flush()
        self.signer.sign_and_tell(self._pen)
        signed = self.signer.sign_heads()  # what was told just now is signed too
        return SignedHeads(tuple(one.chain for one in signed.ill))

    def sign_text(self, text: str) -> str:
        """Sign a text of whole lines."""
        return self.signer.sign_text(text)

    def settings(self) -> tuple[bytes, Mapping[str, Any]]:
        """Give primum.toml as it is on disc, and what this process read of it when it started."""
        file = self.rooms.home.folder / "primum.toml"
        return file.read_bytes() if file.exists() else b"", asdict(self.rooms.settings)

    def system(self) -> Mapping[str, Callable[[], Any]]:
        """Give what is asked of the system."""
        return {
            "versions": self._versions, "listeners": self._listeners, "devices": self._devices, "people": self._people,
            "grants": self._grants, "sessions": self._sessions, "tokens": self._tokens,
        }  # fmt: skip

    def counts(self) -> Mapping[str, int]:
        """Count what the index holds."""
        with self._reading(self.index) as tx:
            found = {one: tx.exec_driver_sql(f"SELECT count(*) FROM {one}").scalar_one() for one in _COUNTED}  # noqa: S608 (ours)
            sql = "SELECT count(DISTINCT patient_id) FROM studies"
            return {**found, "patients": int(tx.exec_driver_sql(sql).scalar_one())}

    def studies(self) -> Iterator[Mapping[str, Any]]:
        """Go through the studies by our own reference, some hundreds at a time."""
        sql = "SELECT id, ref, controller_id, series, instances FROM studies WHERE id > ? ORDER BY id LIMIT 500"
        last = -1
        while True:
            with self._reading(self.index) as tx:
                rows = tx.exec_driver_sql(sql, (last,)).fetchall()
            if not rows:
                return
            for last, ref, controller, series, instances in rows:  # noqa: B007 (the id goes on)
                yield {"controller": controller, "instances": instances, "series": series, "study": ref}

    def findings(self, ids: Iterable[str]) -> Sequence[Mapping[str, Any]]:
        """Give findings."""
        with self._reading(self.records) as tx:
            return [_finding(one) for one in (findings.one(tx, each) for each in ids) if one is not None]

    def run(self, digest: str) -> bytes | None:
        """Give a run as it was kept: its SHA-256 is its digest."""
        with self._reading(self.records) as tx:
            found = findings.run(tx, digest)
        return kept(found) if found is not None else None

    def checks(self, since: datetime | None) -> Sequence[str]:
        """List the checks made since, and the last before."""
        with self._reading(self.records) as tx:
            listed = checks.runs(tx, _CHECKS)  # the newest first
        before = [one.id for one in listed if since is not None and one.made_at < since]
        return [*reversed([one.id for one in listed if one.id not in before]), *before[:1]]

    def check(self, check_id: str) -> str | None:
        """Give the signed note of a check."""
        with self._reading(self.records) as tx:
            found = checks.run(tx, check_id)
        return found[1] if found is not None else None

    # -- the system as it is now --

    def _versions(self) -> dict[str, Any]:
        on = system()
        return {
            "primum": __version__, "system": _plain(asdict(on)),
            "parts": [_plain(asdict(one)) for one in python_parts()],
        }  # fmt: skip

    def _listeners(self) -> list[dict[str, Any]]:
        from primum.exposure.checks.gathering.sockets import listening  # noqa: PLC0415 (Linux alone)

        return [_plain(asdict(one)) for one in listening()]

    def _devices(self) -> list[dict[str, Any]]:
        return [
            {
                "id": one.id, "name": one.name, "title": one.aet, "may": sorted(each.value for each in one.may),
                "controller": one.controller_id, "plain_address": one.plain_address or "",
                "added_at": to_text(one.added_at), "added_by": one.added_by, "revoked_at": _instant(one.revoked_at),
                "called_at": one.address.host if one.address else "",
                "certificates": [_plain(asdict(each)) for each in one.certificates],
                "identity_required": one.identity_required,
            }
            for one in self.devices.list()
        ]  # fmt: skip

    def _people(self) -> list[dict[str, Any]]:
        return [_plain(asdict(one)) for one in accounts(self.records)]

    def _grants(self) -> list[dict[str, Any]]:
        with self._reading(self.records) as tx:
            held = store_rights.held(tx)
        return [
            {
                "id": one.id, "person": one.person_id, "role": one.grant.role.value, "scope": one.grant.scope.value,
                "controller": one.grant.controller_id, "confidential": one.grant.confidential,
                "effective_at": to_text(one.effective_at), "revoked_at": _instant(one.revoked_at),
            }
            for one in held
        ]  # fmt: skip

    def _sessions(self) -> list[dict[str, str]]:
        with self._reading(self.records) as tx:
            rows = people.open_sessions(tx)
        return [
            {
                "id": row.id, "person": row.person_id, "opened_at": row.opened_at, "used_at": row.used_at,
                "ends_at": row.ends_at, "locked_at": row.locked_at or "", "address": row.address, "agent": row.agent,
            }
            for row in rows
        ]  # fmt: skip

    def _tokens(self) -> list[dict[str, Any]]:
        with self._reading(self.records) as tx:
            listed = store_tokens.tokens(tx)
        return [
            {
                "id": one.id, "person": one.person_id, "may": sorted(one.may), "made_at": to_text(one.made_at),
                "ends_at": to_text(one.ends_at), "used_at": _instant(one.used_at),
                "revoked_at": _instant(one.revoked_at),
            }
            for one in listed
        ]  # fmt: skip

    @staticmethod
    def _reading(engine: Engine) -> Connection:
        return engine.connect().execution_options(reading=True)


def open_evidence(files: Incidents, house: HouseOfWorker, box: SealedBox) -> Evidence:
    """Open the room of evidence; `box` seals under the `secrets` sub-key."""
    return Evidence(files, house, house.rooms.home.folder, box, house.rooms.disc)


def _finding(one: Finding) -> dict[str, Any]:
    told: dict[str, Any] = _plain(asdict(one))
    return told


def _plain(value: Any) -> Any:  # noqa: ANN401 (of facts)
    """Write facts as JSON has them: instants as text, bytes in hexadecimal, sets in order."""
    found: Any = value
    if isinstance(value, dict):
        found = {str(key): _plain(one) for key, one in value.items()}
    elif isinstance(value, datetime):
        found = to_text(value)
    elif isinstance(value, bytes):
        found = value.hex()
    elif isinstance(value, set | frozenset):
        found = sorted(map(str, value))
    elif isinstance(value, list | tuple):
        found = [_plain(one) for one in value]
    elif not isinstance(value, str | int | float | None):
        found = str(value)
    return found


def _instant(at: datetime | None) -> str:
    return to_text(at) if at is not None else ""
