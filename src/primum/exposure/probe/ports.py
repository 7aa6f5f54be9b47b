"""Which ports are asked: the dated list beside, or what the person names."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, ClassVar, Final

from primum.exposure.probe.gate import Ports, ProbeRefused
from primum.exposure.probe.model import Family

LAST: Final = 65_535
_MOST_RANGES: Final = 256
"""Ranges in one `--ports`: nobody types more."""


class BadPorts(ProbeRefused):
    """{given} does not name ports."""

    code: ClassVar[str] = "probe.bad-ports"
    hint: ClassVar[str] = "numbers and ranges from 1 to 65535: 104,4242,11112-11120"


@dataclass(frozen=True, slots=True)
class PortList:
    """The list: as of when, by what, and the families by port."""

    as_of: date
    source: str
    families: dict[int, Family]

    def ports(self) -> tuple[int, ...]:
        """List the ports, those of imaging first: they are told while the others are asked."""
        return tuple(self.families)


@cache
def usual_ports() -> PortList:
    """Read the list that came with the program."""
    text = resources.files("primum.exposure.probe.lists").joinpath("ports.toml").read_text("utf-8")
    return _parsed(tomllib.loads(text))


def _parsed(table: dict[str, Any]) -> PortList:
    families: dict[int, Family] = {}
    for group in table["ports"]:
        for number in group["numbers"]:
            families.setdefault(number, Family(group["family"]))
    return PortList(table["as_of"], table["source"], families)


def ports_of(text: str) -> Ports:
    """Read `104,4242,11112-11120`. Raises BadPorts."""
    parts = [one.strip() for one in text.split(",") if one.strip()]
    if not parts or len(parts) > _MOST_RANGES:
        raise BadPorts(given=shown(text))
    return tuple(_range(one, text) for one in parts)


def _range(part: str, text: str) -> tuple[int, int]:
    low, dash, high = part.partition("-")
    first, last = port_of(low), port_of(high if dash else low)
    if first is None or last is None or first > last:
        raise BadPorts(given=shown(text))
    return first, last


def port_of(text: str) -> int | None:
    """Read one port, None where it is none."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LAST))):
        return None
    number = int(text)
    return number if 1 <= number <= LAST else None


def shown(text: str) -> str:
    """Write what a person typed into a refusal: short, and printable."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text[:80])
