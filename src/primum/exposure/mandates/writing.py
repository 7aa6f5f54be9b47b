"""What the journal and people are told of a mandate."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from primum.exposure.mandates.rules import mandate_rules
from primum.exposure.mandates.signing import key_id
from primum.ground.clock import to_text

if TYPE_CHECKING:
    from datetime import datetime

    from primum.exposure.probe.gate import Mandate, Ports


def given_details(mandate: Mandate, note: str) -> dict[str, str | int]:
    """Return the details of `mandate:given`: no name, no address; the document by its hash."""
    return {
        "what": mandate.quality,
        "count": len(mandate.networks),
        "expires_at": to_text(mandate.ends_at),
        "fingerprint": hashlib.sha256(note.encode()).hexdigest(),
    }


def written_ports(ports: Ports) -> str:
    """Write ranges as people type them."""
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ports)


def facts(mandate: Mandate, *, now: datetime, withdrawn: bool = False, language: str = "en") -> dict[str, Any]:
    """Say a mandate as plain values, for the terminal and pages."""
    quality = mandate_rules().qualities.get(mandate.quality)
    return {
        "id": mandate.id,
        "state": state(mandate, now=now, withdrawn=withdrawn),
        "given_by": mandate.given_by,
        "quality": quality.said(language) if quality else mandate.quality,
        "for_whom": mandate.for_whom,
        "recorded_by": mandate.recorded_by,
        "networks": [str(one) for one in mandate.networks],
        "names": {name: [str(one) for one in found] for name, found in mandate.names.items()},
        "ports": written_ports(mandate.ports),
        "held": ",".join(
            f"{by}:{written_ports((one,))}" for one, by in zip(mandate.held, mandate.held_by, strict=True)
        ),
        "starts_at": to_text(mandate.starts_at),
        "ends_at": to_text(mandate.ends_at),
        "words": mandate.words,
        "key_id": key_id(mandate.key),
        "key": mandate.key,
    }


def state(mandate: Mandate, *, now: datetime, withdrawn: bool) -> str:
    """Say in one word where it stands."""
    if withdrawn:
        return "withdrawn"
    if now >= mandate.ends_at:
        return "expired"
    return "in-force" if now >= mandate.starts_at else "to-come"


def said(one: dict[str, Any]) -> list[str]:
    """Say `facts` in lines."""
    places = [*one["networks"], *(f"{name} ({', '.join(found)})" for name, found in one["names"].items())]
    lines = [
        f"mandate {one['id']}: {one['state']}, from {one['starts_at']} until {one['ends_at']}",
        f"allowed by {one['given_by']} ({one['quality']})",
        *([f"for {one['for_whom']}"] if one["for_whom"] else []),
        *([f"written down by {one['recorded_by']}"] if one["recorded_by"] else []),
        f"addresses: {', '.join(places)}",
        f"ports: {one['ports']}",
        *([f"held: {one['held']}"] if one["held"] else []),
        f"signed with key {one['key_id']}",
        one["words"],
    ]
    return lines  # noqa: RET504 (the list is read as the lines are)
