"""Known vulnerabilities: what is kept of an OSV database (ossf.github.io/osv-schema), and what it says of us.

Somebody brings it, as a folder or ZIP; it is read with bounds, and nothing is fetched. Of a record are kept its id and
what concerns parts of ours: names of packages, ranges of versions. Its texts are not.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from primum.exposure.checks.errors import AdvisoriesUnfit
from primum.exposure.checks.gathering.parts import FUZZ, NPM, PYPI, Part
from primum.exposure.checks.limits import LIMITS, Limits
from primum.exposure.checks.versions import ORDERS, Order
from primum.ground.clock import to_text

ECOSYSTEMS: Final = (PYPI, NPM, FUZZ)
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,63}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_EVENTS: Final = ("introduced", "fixed", "last_affected")
_MOST_VERSIONS: Final = 5000


@dataclass(frozen=True, slots=True)
class Advisory:
    """What is kept of one record for one package: the versions it names, and ranges of events in order."""

    id: str
    ecosystem: str
    name: str
    versions: Sequence[str]
    ranges: Sequence[Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Advisories:
    """What is kept of a database. `dated`: its newest change, by ecosystem; `covered`: parts that were looked up."""

    brought_at: datetime
    records: int
    dated: Mapping[str, str]
    covered: frozenset[tuple[str, str]]
    advisories: Sequence[Advisory] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """Write it for keeping."""
        return {
            "brought_at": to_text(self.brought_at), "records": self.records, "dated": dict(self.dated),
            "covered": sorted([list(one) for one in self.covered]),
            "advisories": [asdict(one) for one in self.advisories],
        }  # fmt: skip


def from_json(kept: Mapping[str, Any]) -> Advisories:
    """Read what was kept."""
    return Advisories(
        datetime.fromisoformat(kept["brought_at"]).astimezone(UTC), kept["records"], kept["dated"],
        frozenset((one[0], one[1]) for one in kept["covered"]),
        tuple(
            Advisory(
                one["id"], one["ecosystem"], one["name"], tuple(one["versions"]),
                tuple(tuple((event[0], event[1]) for event in events) for events in one["ranges"]),
            )
            for one in kept["advisories"]
        ),
    )  # fmt: skip


def bring(source: Path, parts: Iterable[Part], now: datetime, limits: Limits = LIMITS) -> Advisories:
    """Read a database for what concerns these parts. Raises AdvisoriesUnfit, OSError."""
    wanted = {(one.ecosystem, one.name) for one in parts}
    dated: dict[str, str] = {}
    kept: list[Advisory] = []
    records = 0
    for raw in _records(source, limits):
        records += 1
        if records > limits.advisories:
            raise AdvisoriesUnfit(reason="too many records")
        record = _record(raw)
        kept += [one for one in _concerned(record, dated, f"{now:%Y-%m-%d}") if (one.ecosystem, one.name) in wanted]
        if len(kept) > limits.advisories_kept:
            raise AdvisoriesUnfit(reason="too many records about parts of ours")
    if not dated:
        raise AdvisoriesUnfit(reason="no record of an ecosystem that we use")
    covered = frozenset(one for one in wanted if one[0] in dated)
    return Advisories(now, records, dated, covered, tuple(kept))


def affects(advisory: Advisory, version: str) -> bool | None:
    """Tell whether a version is affected; None where its place in the order is not known."""
    if version in advisory.versions:
        return True
    order = ORDERS[advisory.ecosystem]
    here, unsure = order(version), False
    for events in advisory.ranges:
        # each event in its place, whatever the order in which they were written down
        placed = [(order(at) if at != "0" else (), kind) for kind, at in events]
        if here is None or any(there is None for there, _ in placed):
            unsure = True
        elif _inside(here, sorted((there or (), _EVENTS.index(kind)) for there, kind in placed)):
            return True
    return None if unsure else False


def _inside(here: Order, events: Sequence[tuple[Order, int]]) -> bool:
    inside = False
    for there, kind in events:
        if here < there or (here == there and _EVENTS[kind] == "last_affected"):
            break
        inside = _EVENTS[kind] == "introduced"
    return inside


def _records(source: Path, limits: Limits) -> Iterator[bytes]:
    if source.is_dir():
        yield from _of_folder(source, limits)
    elif source.is_file():
        if source.stat().st_size > limits.advisories_packed:
            raise AdvisoriesUnfit(reason="the file is too large")
        yield from _of_zip(source, limits)
    else:
        raise AdvisoriesUnfit(reason="it is neither a folder nor a file")


def _of_folder(folder: Path, limits: Limits) -> Iterator[bytes]:
    left = limits.advisories_bytes
    for file in sorted(folder.rglob("*.json")):
        if file.is_symlink() or not file.is_file():
            continue
        with file.open("rb") as opened:
            raw = _bounded(opened, min(limits.advisory_bytes, left))
        left -= len(raw)
        yield raw


def _of_zip(file: Path, limits: Limits) -> Iterator[bytes]:
    left = limits.advisories_bytes
    try:
        with zipfile.ZipFile(file) as packed:
            for one in packed.infolist():
                if one.is_dir() or not one.filename.endswith(".json"):
                    continue
                with packed.open(one) as opened:
                    raw = _bounded(opened, min(limits.advisory_bytes, left))
                left -= len(raw)
                yield raw
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise AdvisoriesUnfit(reason="the ZIP cannot be read") from error


def _bounded(opened: IO[bytes] | io.BufferedReader, most: int) -> bytes:
    raw = opened.read(most + 1)
    if len(raw) > most:
        raise AdvisoriesUnfit(reason="a record, or all together, is too large")
    return raw


def _record(raw: bytes) -> dict[str, Any]:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        raise AdvisoriesUnfit(reason="a record is not JSON") from None
    if not isinstance(record, dict) or not isinstance(record.get("id"), str) or not _ID.fullmatch(record["id"]):
        raise AdvisoriesUnfit(reason="a record has no id")
    if not _DAY.match(str(record.get("modified"))) or not isinstance(record.get("affected", []), list):
        raise AdvisoriesUnfit(reason="a record is not of the OSV format")
    return record


def _concerned(record: dict[str, Any], dated: dict[str, str], today: str) -> Iterator[Advisory]:
    """Give what a record says of each package of our ecosystems; note how new it is. A withdrawn one says nothing."""
    for one in record.get("affected", []):
        package = one.get("package") if isinstance(one, dict) else None
        ecosystem = str(package.get("ecosystem", "")).partition(":")[0] if isinstance(package, dict) else ""
        if not isinstance(package, dict) or ecosystem not in ECOSYSTEMS:
            continue
        # a day to come would make the whole look fresh for as long
        dated[ecosystem] = max(dated.get(ecosystem, ""), min(record["modified"][:10], today))
        if "withdrawn" in record:
            continue
        name = str(package.get("name", ""))[:200]
        if ecosystem == PYPI:
            name = re.sub(r"[-_.]+", "-", name).lower()
        versions = [at for at in _list(one, "versions") if isinstance(at, str)][:_MOST_VERSIONS]
        yield Advisory(record["id"], ecosystem, name, _bare(versions, ecosystem), tuple(_ranges(one)))


def _bare(versions: Sequence[str], ecosystem: str) -> tuple[str, ...]:
    """Take what is around a version away: projects of OSS-Fuzz tag theirs as they like, `v2.5.0` or `libfoo-2.5`."""
    if ecosystem != FUZZ:
        return tuple(versions)
    found = (re.search(r"(\d+(?:\.\d+)+)$", one) for one in versions)
    return tuple(one[1] for one in found if one)


def _ranges(affected: dict[str, Any]) -> Iterator[tuple[tuple[str, str], ...]]:
    for one in _list(affected, "ranges"):
        if isinstance(one, dict) and one.get("type") in {"ECOSYSTEM", "SEMVER"}:
            events = [event for event in _list(one, "events") if isinstance(event, dict)]
            yield tuple(
                (kind, str(event[kind])[:100]) for event in events for kind in _EVENTS if kind in event
            )[:_MOST_VERSIONS]  # fmt: skip


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    return value if isinstance(value, list) else []
