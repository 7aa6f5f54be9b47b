"""The grounds on which a person may decide otherwise than proposed, and what each still lacks in this file. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from primum.incidents.dated import Words, read_dated, words_of
from primum.incidents.model import Dossier, EntryKind, Evidence, Origin, Standing, Which
from primum.incidents.severity.assess import Assessed, assess
from primum.incidents.severity.sealed import Worth, sealed

_READ: Final = read_dated("primum.incidents.severity", "proposal.toml")
LACKS: Final[Mapping[str, Words]] = _READ["lack"]
CERTIFICATE: Final = "deletion-certificate"
"""What the evidence entry of a recipient's certificate says that it is."""
REGISTER_ONLY: Final = "register-only"
_ALONE: Final = frozenset({"confidentiality"})


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground of the closed list: for which choice about what."""

    name: str
    about: str
    choice: str
    words: Words
    confidence: str


@dataclass(frozen=True, slots=True)
class Held:
    """A ground as this file has it: what it lacks, as names of `LACKS`; nothing where it has all."""

    ground: Ground
    lacks: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the file has all that the ground needs, but for the reason and evidence of the decision itself."""
        return not self.lacks


GROUNDS: Final[Mapping[str, Ground]] = {
    one["name"]: Ground(one["name"], one["about"], one["choice"], words_of(one), one["confidence"])
    for one in _READ["ground"]
}


def held(dossier: Dossier, about: str = "") -> list[Held]:
    """List the grounds, of one subject where it is said, with what each lacks in this file."""
    assessed = assess(dossier)
    wanted = [one for one in GROUNDS.values() if about in {"", one.about}]
    return [Held(one, tuple(dict.fromkeys(_LACKING[one.name](dossier, assessed)))) for one in wanted]


def shows_something(evidence: tuple[Evidence, ...]) -> bool:
    """Whether there is more than that a person says so."""
    return any(one.kind != "person" for one in evidence)


def sensitive(dossier: Dossier) -> bool | None:
    """Whether health or other sensitive data are concerned; None while nobody knows."""
    told = dossier.value("sensitive")
    if told is None and "sensitive" not in dossier.measured:
        return None
    measured = dossier.measured.get("sensitive")
    return bool((set(told or ()) | set(measured.value or () if measured is not None else ())) - {"none"})


def nature_of(dossier: Dossier) -> frozenset[str] | None:
    """Give the natures that were measured or told; None while nobody knows."""
    measured = dossier.measured.get("nature")
    found = frozenset(dossier.value("nature", [])) | frozenset(measured.value or () if measured is not None else ())
    return found or None


def _unintelligible(dossier: Dossier, _assessed: Assessed) -> Iterator[str]:
    worth = sealed(dossier)
    if worth.worth is not Worth.MAY:
        yield "seal"
    if nature_of(dossier) != _ALONE:
        yield "only-confidentiality"
    if "availability" in worth.says_nothing_of:
        yield "copy"


def _trusted(dossier: Dossier, assessed: Assessed) -> Iterator[str]:
    if not dossier.value("recipients"):
        yield "recipients"
    if dossier.value("trusted-recipient") != "yes":
        yield "trusted"
    if not any(one.body.get("what") == CERTIFICATE for one in dossier.of_kind(EntryKind.EVIDENCE)):
        yield "certificate"
    if nature_of(dossier) != _ALONE:
        yield "only-confidentiality"
    if dossier.value("reached") or assessed.flag("unknown-recipients") == "yes":
        yield "strangers"


def _no_personal_data(dossier: Dossier, _assessed: Assessed) -> Iterator[str]:
    people = dossier.value("people")
    if people is None or people["count"] or people.get("at_least") or people.get("approximate"):
        yield "nobody"
    about_people = {one for one in dossier.value("readable", []) if "Patient" in one or "Person" in one}
    counted = [one.value for key, one in dossier.measured.items() if key in {"people", "studies"}]
    if about_people or sensitive(dossier) or dossier.value("data") or any(one["count"] for one in counted if one):
        yield "personal"


def _risk_unlikely(dossier: Dossier, assessed: Assessed) -> Iterator[str]:
    nature = nature_of(dossier)
    if nature is None:
        yield "nature"
    if nature is None or ("confidentiality" in nature and sensitive(dossier) is not False):
        yield "not-sensitive"
    if assessed.severity.band is None:
        yield "severity"


def _authority(dossier: Dossier, _assessed: Assessed) -> Iterator[str]:
    if dossier.origin is not Origin.AUTHORITY:
        yield "authority-origin"
    for key, lack in _CONDITIONS.items():
        known = dossier.facts.get(key)
        if known is None or known.value != "yes" or not shows_something(known.evidence):
            yield lack
    aware, wrote = dossier.instants.get(Which.AWARE), dossier.instants.get(Which.AUTHORITY_WROTE)
    if aware is not None and wrote is not None and min((aware.at, *aware.corrected)) < wrote.at:
        yield "aware-before"


def _risk_removed(dossier: Dossier, _assessed: Assessed) -> Iterator[str]:
    if not dossier.value("measures-after"):
        yield "measures"


def _no_high_risk(dossier: Dossier, assessed: Assessed) -> Iterator[str]:
    if nature_of(dossier) is None:
        yield "nature"
    if assessed.severity.band is None:
        yield "severity"


def _disproportionate(dossier: Dossier, _assessed: Assessed) -> Iterator[str]:
    if "people" not in dossier.facts or dossier.facts["people"].standing is Standing.UNKNOWN:
        yield "people"


_CONDITIONS: Final = {
    "authority-told-this-breach": "authority-told",
    "authority-control-from-elsewhere": "authority-elsewhere",
}
"""Both conditions of CE 449694, as facts, with what is lacking where one is not shown."""

_LACKING: Final[Mapping[str, Callable[[Dossier, Assessed], Iterator[str]]]] = {
    "unintelligible-with-key-evidence": _unintelligible,
    "trusted-recipient-certified-deletion": _trusted,
    "no-personal-data": _no_personal_data,
    "risk-unlikely": _risk_unlikely,
    "authority-conditions": _authority,
    "unintelligible": _unintelligible,
    "risk-removed": _risk_removed,
    "no-high-risk": _no_high_risk,
    "disproportionate": _disproportionate,
}
