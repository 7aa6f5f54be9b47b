"""A report as one JSON object, and the hash of it that is signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from primum.exposure.probe.model import EXITS, Service, Step
from primum.exposure.probe.report import Report, refusals
from primum.exposure.probe.saying import first_line
from primum.exposure.probe.words import LANGUAGES

KIND: Final = "primum-probe-report"
VERSION: Final = 1


def as_json(report: Report) -> dict[str, Any]:
    """Give the report as one object of plain values. A void run says nothing but that."""
    told = report.verdict()
    return {
        "kind": KIND,
        "version": VERSION,
        "first_line": {language: first_line(report, language) for language in LANGUAGES},
        "verdict": told.value,
        "exit_status": int(EXITS[told]),
        "program": report.program,
        "began_at": report.began_at,
        "ended_at": report.ended_at,
        "vantage": {
            "place": report.place.value,
            "outside": report.outside,
            "nonce": report.nonce,
            "facts": dict(report.facts),
        },
        "limits": dict(report.limits),
        "sound": report.sound,
        "fixtures": dict(report.fixtures),
        "targets": [asdict(one) for one in report.targets],
        "mandates": [asdict(one) for one in report.mandates],
        "addresses": [asdict(one) for one in report.addresses],
        "services": [_service(one) for one in report.services],
        "holes": [list(one) for one in report.holes()],
        "not_determined": [asdict(one) for one in report.gaps()],
        "since": [asdict(one) | {"hole": list(one.hole)} for one in report.since],
        "views": [as_json(one) for one in report.views],
        "purposes": asdict(report.purposes),
        "signature": report.signature,
    }


def as_text_of_json(report: Report) -> str:
    """Write the object as it is kept in a file: ASCII, so that no stranger's character drives a terminal."""
    return json.dumps(as_json(report), ensure_ascii=True, indent=1)


def digest(report: Report) -> str:
    """Return the SHA-256 of everything but the signature, in hexadecimal: keys sorted, ASCII, no spaces."""
    return digest_of(as_json(report))


def digest_of(told: Mapping[str, Any]) -> str:
    """Return the same of a report's object."""
    bare = {name: value for name, value in told.items() if name != "signature"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _service(one: Service) -> dict[str, Any]:
    first = one.first_refused()
    return {
        "address": one.address,
        "port": one.port,
        "family": one.family.value,
        "product": one.product,
        "banner": one.banner,
        "steps": [_step(step) for step in one.steps],
        "first_refused": _step(first) if first is not None else None,
        "refusals": [_step(step) for step in refusals(one)],
        "readable": list(one.readable),
        "studies": one.studies,
        "studies_at_least": one.studies_at_least,
        "notes": list(one.notes),
        "tls": dict(one.tls),
    }


def _step(one: Step) -> dict[str, str]:
    return {
        "mode": one.mode.value,
        "identity": one.identity.value,
        "rung": one.rung.value,
        "outcome": one.outcome.value,
        "code": one.code,
    }
