"""The plan of a one-file probe: whom it asks, under which mandates, until when, and what it shows of itself.

It lies in the file as `plan.json` and is secret: it has the nonce and the control's key. Read strictly.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, ClassVar, Final

from primum.ground.errors import PrimumError

FORMAT: Final = 1
NAME: Final = "plan.json"
PLAN_BYTES: Final = 1 << 20
"""Of a plan: two certificates, some mandates, and a Primum's route table are below 100 KiB."""
_TEXT: Final = 16_384
_ITEMS: Final = 4096
_KEY_HEX: Final = 64


class BadPlan(PrimumError):
    """This file has no plan that can be followed ({what})."""

    code: ClassVar[str] = "probe.bad-plan"
    hint: ClassVar[str] = "write it anew: primum probe --one-file FILE TARGET"


class PlanExpired(PrimumError):
    """This probe was good until {until}."""

    code: ClassVar[str] = "probe.plan-expired"
    hint: ClassVar[str] = "write another: primum probe --one-file FILE TARGET"


@dataclass(frozen=True, slots=True)
class ControlPlan:
    """A control: where it listens (the ports are those that are asked), and its key in hexadecimal."""

    address: str
    key: str = field(repr=False)

    def secret(self) -> bytes:
        """Return the key."""
        return bytes.fromhex(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one file is to do. `mandates`: signed texts; `foreign`, `fixture`: PEM, key and certificate."""

    id: str
    nonce: str
    expires_at: str
    program: str
    language: str
    targets: tuple[str, ...]
    ports: tuple[tuple[int, int], ...] = ()
    mandates: tuple[str, ...] = ()
    controls: tuple[ControlPlan, ...] = ()
    foreign: str = field(default="", repr=False)
    fixture: str = field(default="", repr=False)
    titles: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()
    expired: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    stranger: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def until(self) -> datetime:
        """Return until when it is good."""
        return datetime.fromisoformat(self.expires_at).astimezone(UTC)

    def digest(self) -> str:
        """Return the SHA-256 of the plan as it is written."""
        return hashlib.sha256(write_plan(self)).hexdigest()


def write_plan(plan: Plan) -> bytes:
    """Write a plan: one spelling, ASCII."""
    told = {"format": FORMAT, **asdict(plan)}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def read_plan(data: bytes) -> Plan:
    """Read a plan. Raises BadPlan."""
    if len(data) > PLAN_BYTES:
        raise BadPlan(what="too long")
    try:
        told = json.loads(data.decode("ascii"))
        plan = _plan(told)
        plan.until()
    except BadPlan:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise BadPlan(what="not in its shape") from None
    if write_plan(plan) != data:
        raise BadPlan(what="not in its one spelling")
    return plan


def _plan(told: Mapping[str, Any]) -> Plan:
    if told["format"] != FORMAT:
        raise BadPlan(what="another version")
    texts = {
        name: _text(told[name])
        for name in ("id", "nonce", "expires_at", "program", "language", "foreign", "fixture")
    }  # fmt: skip
    if texts["language"] not in {"fr", "en"}:
        raise BadPlan(what="a language")
    return Plan(
        targets=tuple(_text(one) for one in _list(told["targets"])),
        ports=tuple((int(low), int(high)) for low, high in _list(told["ports"])),
        mandates=tuple(_text(one) for one in _list(told["mandates"])),
        controls=tuple(_control(one) for one in _list(told["controls"])),
        titles=tuple(_text(one) for one in _list(told["titles"])),
        routes=_pairs(told["routes"]),
        expired=_pairs(told["expired"]),
        stranger=_pairs(told["stranger"]),
        **texts,
    )


def _control(told: Mapping[str, Any]) -> ControlPlan:
    address, key = str(ip_address(told["address"])), _text(told["key"])
    if len(key) != _KEY_HEX or bytes.fromhex(key).hex() != key:
        raise BadPlan(what="a control's key")
    return ControlPlan(address, key)


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((_text(first), _text(second)) for first, second in _list(value))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _TEXT:
        raise BadPlan(what="a text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > _ITEMS:
        raise BadPlan(what="a list")
    return value
