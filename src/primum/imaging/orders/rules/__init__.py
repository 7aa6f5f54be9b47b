"""How long orders are kept that no study keeps: dated files, each rule with its source and how sure of it we are."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

CLASSES = ("order", "patient", "proposal", "result", "performed")


@dataclass(frozen=True, slots=True)
class OrderRule:
    """One rule: what, for how many days after its last change, and whether the machine removes it then."""

    name: str
    of: str
    days: int
    removes: bool
    source: str
    confidence: str


@cache
def _every_set() -> tuple[tuple[date, tuple[OrderRule, ...]], ...]:
    folder = resources.files(__package__)
    found = []
    for name in sorted(one.name for one in folder.iterdir() if one.name.endswith(".toml")):
        table = tomllib.loads((folder / name).read_text("utf-8"))
        rules = tuple(
            OrderRule(one["name"], one["class"], one["days"], one["removes"], one["source"], one["confidence"])
            for one in table["rule"]
        )
        found.append((table["in_force"], rules))
    return tuple(sorted(found))


def order_rules(day: date) -> dict[str, OrderRule]:
    """Give the rules in force on a day by class: the newest set that had begun, else the oldest."""
    begun = [rules for since, rules in _every_set() if since <= day]
    return {one.of: one for one in (begun or [_every_set()[0][1]])[-1]}
