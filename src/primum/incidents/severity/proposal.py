"""What is proposed on article 33 and, apart, on article 34. A person decides and signs (deciding.py). Pure.

For the confidentiality of health data the proposal is to notify. A score, a flag or a likelihood raises a proposal and
never lowers one; *register only* is proposed where a ground has all of its evidence, and never otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import Dossier, Origin, Role
from primum.incidents.severity.assess import FLAGS, Assessed, assess
from primum.incidents.severity.enisa import BAND_WORDS, band_of
from primum.incidents.severity.grounds import REGISTER_ONLY, Held, held, nature_of, sensitive

_READ: Final[Mapping[str, Any]] = read_dated("primum.incidents.severity", "proposal.toml")
SOURCE: Final = {one: str(_READ[one]) for one in ("in_force", "source", "confidence")}
ABOUT_WORDS: Final[Mapping[str, Words]] = _READ["about"]
CHOICES: Final[Mapping[str, Mapping[str, Words]]] = _READ["choice"]
REMAINS: Final = tuple((one["name"], words_of(one), one["confidence"]) for one in _READ["remains"])
NOTIFY_FROM: Final[float] = _READ["notify_from"]
TELL_FROM: Final[float] = _READ["tell_from"]
LEAST_REASON: Final[int] = _READ["least_reason"]
"""Characters of the reason of a decision that departs from the default."""
_LIKELY: Final = frozenset({"likely", "occurred"})
_RAISING_FLAGS: Final = ("over-100", "minors", "unknown-recipients")


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a proposal rests on. `nature`, `sensitive`: None while nobody knows."""

    nature: frozenset[str] | None
    sensitive: bool | None
    low: float
    high: float
    flags: frozenset[str] = frozenset()
    likelihood: str = ""
    grounds: frozenset[str] = frozenset()
    """Complete grounds for register only."""
    unintelligible: bool = False
    """34(3)(a) may be considered, and nothing but confidentiality is concerned."""
    processor: bool = False
    authority: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is proposed. `facts`: keys of the facts on which it rests."""

    name: str
    words: Words
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal about `notify` or `tell`. `missing`: what has to be chosen for a figure."""

    about: str
    choice: str
    words: Words
    reasons: tuple[Reason, ...]
    grounds: tuple[Held, ...]
    missing: tuple[str, ...]
    remains: tuple[Words, ...] = ()
    """What stays due although the authority knows."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """Both proposals, each for itself, with the severity beside them."""

    notify: Proposal
    tell: Proposal
    assessed: Assessed


def propose(dossier: Dossier) -> Proposals:
    """Propose by the facts of a file."""
    assessed, grounds = assess(dossier), held(dossier)
    told = inputs_of(dossier, assessed, grounds)
    about = {
        "notify": (*propose_notify(told), *_of_the_authority(dossier, told, grounds)),
        "tell": propose_tell(told),
    }
    made = {
        name: Proposal(
            name, choice, CHOICES[name][choice], tuple(_reason(one, told) for one in reasons),
            tuple(one for one in grounds if one.ground.about == name), assessed.severity.missing,
            tuple(words for _, words, _ in REMAINS) if told.authority and name == "notify" else (),
        )
        for name, (choice, *reasons) in about.items()
    }  # fmt: skip
    return Proposals(made["notify"], made["tell"], assessed)


def inputs_of(dossier: Dossier, assessed: Assessed, grounds: list[Held]) -> Inputs:
    """Read what a proposal rests on."""
    complete = {one.ground.name for one in grounds if one.complete}
    register = {one.ground.name for one in grounds if one.complete and one.ground.choice == REGISTER_ONLY}
    severity = assessed.severity
    return Inputs(
        nature_of(dossier), sensitive(dossier), severity.low, severity.high,
        frozenset(one for one in _RAISING_FLAGS if assessed.flag(one) == "yes"),
        severity.likelihood.choice if severity.likelihood is not None else "",
        frozenset(register - {"risk-unlikely"}), "unintelligible" in complete,
        dossier.file.role is Role.PROCESSOR, dossier.origin is Origin.AUTHORITY,
    )  # fmt: skip


def propose_notify(told: Inputs) -> tuple[str, ...]:
    """Return the choice about article 33, then the names of its reasons."""
    if told.processor:
        return "alert-controllers", "processor"
    raising = tuple(_raising(told, NOTIFY_FROM))
    if told.grounds and not told.authority:
        raised = tuple(_raising(told, TELL_FROM))
        return ("weigh", "ground-raised", *raised) if raised else (REGISTER_ONLY, "ground")
    if told.nature is None or told.sensitive is None:
        return "notify", "in-doubt", *raising
    if "confidentiality" in told.nature and told.sensitive:
        return "notify", "health", *raising
    if raising or told.authority:
        return "notify", *raising
    return "weigh", "low"


def propose_tell(told: Inputs) -> tuple[str, ...]:
    """Return the choice about article 34, then the names of its reasons."""
    if told.processor:
        return "controllers-decide", "processor"
    if told.unintelligible:
        return "weigh", "sealed"
    raising = tuple(_raising_to_tell(told))
    if told.grounds:
        return "weigh", "ground", *raising
    return ("tell", *raising) if raising else ("weigh", "tell-low")


def _raising(told: Inputs, start: float) -> Iterator[str]:
    """Name what raises: a score that is reached or may be, a flag, a likelihood."""
    if told.low >= start:
        yield "score"
    elif told.high >= start:
        yield "score-open"
    if told.flags:
        yield "flags"
    if told.likelihood in _LIKELY:
        yield "likelihood"


def _raising_to_tell(told: Inputs) -> Iterator[str]:
    """Name what makes a high risk likely; that a score may still become high does not."""
    if told.low >= TELL_FROM:
        yield "score"
    if told.flags and told.sensitive and "confidentiality" in (told.nature or ()):
        yield "flags"
    if told.likelihood == "occurred" or (told.likelihood in _LIKELY and told.high >= NOTIFY_FROM):
        yield "likelihood"


def _of_the_authority(dossier: Dossier, told: Inputs, grounds: list[Held]) -> Iterator[str]:
    """Say where the two conditions of CE 449694 stand; the proposal stays what it is."""
    if told.authority and not told.processor:
        exception = next(one for one in grounds if one.ground.name == "authority-conditions")
        keys = ("authority-told-this-breach", "authority-control-from-elsewhere")
        refused = "aware-before" in exception.lacks or any(dossier.value(key) == "no" for key in keys)
        yield "authority-refused" if refused else "authority-both" if exception.complete else "authority-open"


def _reason(name: str, told: Inputs) -> Reason:
    table = _READ["reason"][name]
    made = {
        one: table[one].format(
            low=_figure(told.low, one), high=_figure(told.high, one), band=BAND_WORDS[band_of(told.low)][one],
            flags=", ".join(FLAGS[flag][one] for flag in _RAISING_FLAGS if flag in told.flags),
        )
        for one in ("fr", "en")
    }  # fmt: skip
    return Reason(name, made, tuple(table["facts"]))


def _figure(value: float, language: str) -> str:
    text = f"{value:g}"
    return text.replace(".", ",") if language == "fr" else text
