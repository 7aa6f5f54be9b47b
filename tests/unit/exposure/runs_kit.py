"""Reports of runs as probe/writing.py writes them, made by hand: one host with DICOM and web."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOST = "192.168.1.7"
OPEN_DICOM = (("plain", "nobody", "associate", "open"), ("plain", "known", "find", "open"))
CLOSED_DICOM = (("plain", "nobody", "associate", "refused"), ("plain", "known", "find", "refused"))


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def service(
    *steps: tuple[str, str, str, str], port: int = 104, family: str = "dicom", readable: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "address": HOST, "port": port, "family": family, "product": "Horos", "banner": "",
        "steps": [
            {"mode": mode, "identity": who, "rung": rung, "outcome": outcome,
             "code": "title-refused" if outcome == "refused" else ""}
            for mode, who, rung, outcome in steps
        ],
        "first_refused": None, "refusals": [], "readable": list(readable), "studies": 12 if readable else None,
        "studies_at_least": False, "notes": [],
    }  # fmt: skip


def report(
    *services: dict[str, Any], after: int = 0, place: str = "inside", gaps: tuple[tuple[str, int], ...] = (),
    verdict: str | None = None, asked: tuple[tuple[int, int], ...] = ((1, 1024),), absent: bool = False,
    views: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:  # fmt: skip
    """A run that ends `after` hours after BEGIN, a minute long."""
    found = any(step["outcome"] in {"open", "negotiated"} for one in services for step in one["steps"])
    ended = BEGIN + timedelta(hours=after)
    return {
        "kind": "primum-probe-report", "version": 1, "verdict": verdict or ("open" if found else "inside-only"),
        "began_at": text(ended - timedelta(minutes=1)), "ended_at": text(ended),
        "vantage": {"place": place}, "sound": verdict != "void", "services": list(services),
        "addresses": [{"address": HOST, "absent": absent, "asked": [list(one) for one in asked]}],
        "not_determined": [{"address": one, "port": port, "code": "silent", "count": 1} for one, port in gaps],
        "views": list(views),
    }  # fmt: skip


def opened(after: int = 0, **more: Any) -> dict[str, Any]:
    return report(service(*OPEN_DICOM, readable=("PatientName",)), after=after, **more)


def closed(after: int = 0, **more: Any) -> dict[str, Any]:
    return report(service(*CLOSED_DICOM), after=after, **more)
