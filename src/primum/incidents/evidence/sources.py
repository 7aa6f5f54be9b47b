"""What a freezing asks of the house, and the parts that it makes of it. The house is a protocol: app/ says it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from primum.ground.clock import from_text, to_text
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.incidents.dossier import evidence_of
from primum.incidents.evidence.model import PIECE, Json, Part, part_of
from primum.incidents.model import Dossier
from primum.journal import Filter, Ledger, entries

HISTORY: Final = (
    "certificate:", "configuration:", "controller:", "daemon:", "device:", "door:", "grant:", "guard:", "home:",
    "keyring:", "person:", "proposal:", "token:",
)  # fmt: skip
"""Kinds of the account that tell how the house was set up, and who could do what."""
_log = Log("evidence")


@dataclass(frozen=True, slots=True)
class SignedHeads:
    """What signing the heads gave: chains that do not follow from their last head, and were not signed."""

    ill: tuple[str, ...]


class HouseEvidence(Protocol):
    """What the house hands over. No answer holds anything about a patient but our own references of studies."""

    @property
    def home_id(self) -> str:
        """Return the id of the home."""
        ...

    @property
    def version(self) -> str:
        """Return the version of Primum."""
        ...

    @property
    def journal(self) -> Path:
        """Return the folder of the journal."""
        ...

    def sign_heads(self) -> SignedHeads:
        """Write out what waits, and sign all heads."""
        ...

    def sign_text(self, text: str) -> str:
        """Sign a text of whole lines as a note, with the journal's key."""
        ...

    def settings(self) -> tuple[bytes, Mapping[str, Any]]:
        """Give the settings file as it is, and the settings that hold."""
        ...

    def system(self) -> Mapping[str, Callable[[], Any]]:
        """Give what is asked of the system, each by its name: versions, doors, devices, people, sessions, tokens."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Count what the index holds."""
        ...

    def studies(self) -> Iterator[Mapping[str, Any]]:
        """Go through the studies: our reference, the controller, how many instances."""
        ...

    def findings(self, ids: Iterable[str]) -> Sequence[Mapping[str, Any]]:
        """Give findings as plain values."""
        ...

    def run(self, digest: str) -> bytes | None:
        """Give a run of the probe as it was kept."""
        ...

    def checks(self, since: datetime | None) -> Sequence[str]:
        """List the checks made since, and the last before; all, where no instant is given."""
        ...

    def check(self, check_id: str) -> str | None:
        """Give the signed note of a check."""
        ...


@dataclass(slots=True)
class Gathered:
    """What could not be read, each with a word of why: the manifest says so."""

    missing: list[Json] = field(default_factory=list)

    def miss(self, part: str, why: str) -> None:
        """Note one."""
        self.missing.append({"part": part, "why": why})


def parts_of(house: HouseEvidence, dossier: Dossier, since: datetime | None, gathered: Gathered) -> Iterator[Part]:
    """Give every part but the journal's. What cannot be read is missing, and does not stop the others."""
    yield from _safely("configuration", gathered, lambda: _configuration(house))
    history = Filter((Ledger.ACCOUNT,), HISTORY)
    facts = (
        {"actor": one.actor, "at": one.at, "chain": one.chain, "details": one.details, "kind": one.kind, "n": one.n,
         "subject": one.subject}
        for one in entries(house.journal, history)
    )  # fmt: skip
    yield from _safely("configuration/history", gathered, lambda: _lines("configuration/history", facts))
    yield from _safely("checks", gathered, lambda: _checks(house, since))
    yield from _safely("findings", gathered, lambda: _findings(house, dossier, gathered))
    for name, ask in house.system().items():
        yield from _safely(f"system/{name}", gathered, lambda name=name, ask=ask: [_json(f"system/{name}.json", ask())])  # type: ignore[misc]
    yield from _safely("index/counts", gathered, lambda: [_json("index/counts.json", house.counts())])
    yield from _safely("index/studies", gathered, lambda: _lines("index/studies", house.studies()))
    yield from _lines("incident/entries", (_entry(one) for one in dossier.entries))


def _safely(name: str, gathered: Gathered, make: Callable[[], Iterable[Part]]) -> Iterator[Part]:
    """Give the parts that can be made; say what is missing where a source refuses."""
    try:
        yield from make()
    except PrimumError as refusal:
        gathered.miss(name, refusal.code)
    except Exception as error:  # noqa: BLE001 (one source must not keep the rest from being frozen)
        _log.failure("evidence.source-failed", error, name=name)
        gathered.miss(name, type(error).__name__)


def _configuration(house: HouseEvidence) -> Iterator[Part]:
    file, holds = house.settings()
    yield part_of("configuration/primum.toml", file)
    yield _json("configuration/settings.json", holds)


def _checks(house: HouseEvidence, since: datetime | None) -> Iterator[Part]:
    for check_id in house.checks(since):
        note = house.check(check_id)
        if note is not None:  # removed at its term, in this very moment
            yield part_of(f"checks/{check_id}.note", note.encode())


def _findings(house: HouseEvidence, dossier: Dossier, gathered: Gathered) -> Iterator[Part]:
    shown = [one for entry in dossier.entries for one in evidence_of(entry.body)]
    ids = sorted({*dossier.findings, *(one.ref for one in shown if one.kind == "finding")})
    found = house.findings(ids)
    yield _json("findings.json", found)
    runs = {one.ref for one in shown if one.kind == "run"} | {str(one["run"]) for one in found if one.get("run")}
    for digest in sorted(runs):
        body = house.run(digest)
        if body is None:
            gathered.miss(f"runs/{digest}", "not kept any more")
        else:
            yield part_of(f"runs/{digest}.json", body)


def _entry(one: Any) -> Json:  # noqa: ANN401 (an Entry)
    return {
        "at": to_text(one.at), "body": one.body, "by": one.by, "id": one.id, "kind": one.kind.value, "of": one.of,
        "seq": one.seq,
    }  # fmt: skip


def _json(name: str, value: Any) -> Part:  # noqa: ANN401 (any JSON)
    return part_of(name, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True).encode() + b"\n")


def _lines(name: str, values: Iterable[Mapping[str, Any]]) -> Iterator[Part]:
    """Write one value a line, in pieces: `NAME-0001.jsonl` and so on. At least one piece, though it be empty."""
    number, waiting = 1, bytearray()
    for value in values:
        line = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        if waiting and len(waiting) + len(line) > PIECE:
            yield part_of(f"{name}-{number:04d}.jsonl", bytes(waiting))
            number, waiting = number + 1, bytearray()
        waiting += line
    yield part_of(f"{name}-{number:04d}.jsonl", bytes(waiting))


def interval_of(dossier: Dossier) -> datetime | None:
    """Say from when on the access ledger matters; None where no proof bounds it, and all of it does."""
    began = dossier.value("began")
    measured = dossier.measured.get("began")
    bounds = [one for one in (began, measured.value if measured is not None else None) if isinstance(one, Mapping)]
    proven = [one["not_before"] for one in bounds if one.get("not_before")]
    # what a person declares may be nearer than what was measured: the earlier of both, and all where one has no bound
    return min(map(from_text, proven)) if proven and len(proven) == len(bounds) else None
