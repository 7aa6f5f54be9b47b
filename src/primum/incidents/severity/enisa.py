"""ENISA 2013: SE = DPC x EI + CB, with the tables as data (enisa.toml). Pure.

What is not chosen is not guessed: it widens the result into a range, and is named in `missing`.
Likelihood stands beside the score and is never multiplied in: the method has no such term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import BadEntry, Evidence

_READ: Final = read_dated("primum.incidents.severity", "enisa.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source", "confidence")}
MOST_PEOPLE: Final[int] = _READ["most_people"]
PROPOSES: Final = _READ["proposes"]

KINDS: Final[Mapping[str, int]] = {one["name"]: one["base"] for one in _READ["kind"]}
"""Kinds of data, with the base of each."""
KIND_WORDS: Final = {one["name"]: words_of(one) for one in _READ["kind"]}
CELLS: Final[Mapping[str, Mapping[int, Words]]] = {
    one["name"]: {cell["score"]: words_of(cell) for cell in one["cells"]} for one in _READ["kind"]
}
RAISING: Final = frozenset(one["name"] for one in _READ["adjuster"] if one["direction"] == "up")
LOWERING: Final = frozenset(one["name"] for one in _READ["adjuster"] if one["direction"] == "down")
ADJUSTERS: Final = {one["name"]: words_of(one) for one in _READ["adjuster"]}
IDENTIFICATION: Final[Mapping[str, float]] = {one["name"]: one["value"] for one in _READ["identification"]}
PARTS: Final[Mapping[str, Mapping[str, float]]] = {
    one["part"]: {choice["name"]: choice["value"] for choice in one["choices"]} for one in _READ["circumstance"]
}
"""The circumstances (CB), each with its choices and what each adds."""
PART_WORDS: Final = {one["part"]: words_of(one) for one in _READ["circumstance"]}
CHOICE_WORDS: Final[Mapping[str, Mapping[str, Words]]] = {
    "identification": {one["name"]: words_of(one) for one in _READ["identification"]},
    "likelihood": {one["name"]: words_of(one) for one in _READ["likelihood"]},
    **{one["part"]: {each["name"]: words_of(each) for each in one["choices"]} for one in _READ["circumstance"]},
}
"""Every list that a person chooses from, with its words."""
BANDS: Final[tuple[tuple[float, str], ...]] = tuple((one["from"], one["name"]) for one in _READ["band"])
BAND_WORDS: Final = {one["name"]: words_of(one) for one in _READ["band"]}
_LEAST, _MOST = 1, 4


@dataclass(frozen=True, slots=True)
class Cell:
    """One kind of data with its cell (1 to 4). Raises BadEntry where the cell is off its base without an adjuster."""

    kind: str
    score: int
    adjusters: tuple[str, ...] = ()
    why: Words | str = ""
    evidence: tuple[Evidence, ...] = ()
    proposed: bool = False

    def __post_init__(self) -> None:
        """Hold the cell against the table."""
        if self.kind not in KINDS or self.score not in CELLS[self.kind]:
            raise BadEntry(what=f"data are one of {', '.join(KINDS)}, with a cell from {_LEAST} to {_MOST}")
        if not set(self.adjusters) <= RAISING | LOWERING:
            raise BadEntry(what=f"what adjusts a cell is one of {', '.join(sorted(RAISING | LOWERING))}")
        base = KINDS[self.kind]
        needed = RAISING if self.score > base else LOWERING if self.score < base else None
        if needed is not None and not needed & set(self.adjusters):
            raise BadEntry(what=f"{self.kind} has the base {base}: another cell names what adjusts it")


@dataclass(frozen=True, slots=True)
class Picked:
    """A choice from one of the lists, with its reason."""

    choice: str
    why: Words | str = ""
    evidence: tuple[Evidence, ...] = ()
    proposed: bool = False
    """The file shows it; no person has said it yet."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was chosen. `complete`: no further kind of data is concerned. Raises BadEntry for a choice that is none."""

    cells: tuple[Cell, ...] = ()
    complete: bool = False
    picked: Mapping[str, Picked] = field(default_factory=dict)
    """`identification`, the four circumstances, `likelihood`; what is absent was not chosen."""

    def __post_init__(self) -> None:
        """Hold the choices against the lists."""
        for name, one in self.picked.items():
            if one.choice not in CHOICE_WORDS.get(name, {}):
                raise BadEntry(what=f"{name} is one of {', '.join(CHOICE_WORDS.get(name, {})) or 'no list of ours'}")


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the sum, worked: between which figures it lies, which cell, why, adjusted by what."""

    part: str
    """`data:KIND`, `dpc`, `identification`, or a circumstance."""
    low: float
    high: float
    choice: str = ""
    """Empty where nothing is chosen."""
    words: Words = field(default_factory=dict)
    why: Words | str = ""
    adjusters: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Severity:
    """The result: a figure where everything was chosen, else a range and what is missing."""

    low: float
    high: float
    steps: tuple[Step, ...]
    missing: tuple[str, ...]
    likelihood: Picked | None = None

    @property
    def score(self) -> float | None:
        """Give the figure; None while it is not determined."""
        return self.low if self.low == self.high and not self.missing else None

    @property
    def band(self) -> str | None:
        """Give the band; None where the range lies in more than one."""
        return band_of(self.low) if band_of(self.low) == band_of(self.high) else None


def band_of(score: float) -> str:
    """Name the band of a figure."""
    return next(name for start, name in reversed(BANDS) if score >= start)


def score(told: Assessment) -> Severity:
    """Work the sum out, each part with its reason."""
    dpc = _dpc(told)
    ei = _one("identification", IDENTIFICATION, told)
    circumstances = [_one(part, choices, told) for part, choices in PARTS.items()]
    low = dpc.low * ei.low + sum(one.low for one in circumstances)
    high = dpc.high * ei.high + sum(one.high for one in circumstances)
    cells = [_cell(one) for one in told.cells]
    steps = (*cells, dpc, ei, *circumstances)
    return Severity(low, high, steps, tuple(_missing(told)), told.picked.get("likelihood"))


def _dpc(told: Assessment) -> Step:
    """Take the highest cell; a kind that was not named yet could be higher."""
    highest = max((one.score for one in told.cells), default=_LEAST)
    return Step("dpc", highest, highest if told.cells and told.complete else _MOST)


def _cell(one: Cell) -> Step:
    words = CELLS[one.kind][one.score]
    return Step(
        f"data:{one.kind}", one.score, one.score, str(one.score), words, one.why, one.adjusters, one.evidence,
        one.proposed,
    )  # fmt: skip


def _one(part: str, choices: Mapping[str, float], told: Assessment) -> Step:
    picked = told.picked.get(part)
    if picked is None:
        return Step(part, min(choices.values()), max(choices.values()))
    value = choices[picked.choice]
    words = CHOICE_WORDS[part][picked.choice]
    return Step(part, value, value, picked.choice, words, picked.why, (), picked.evidence, picked.proposed)


def _missing(told: Assessment) -> Iterator[str]:
    highest = max((one.score for one in told.cells), default=0)
    if not told.cells or (not told.complete and highest < _MOST):
        yield "data"
    yield from (part for part in ("identification", *PARTS) if part not in told.picked)
