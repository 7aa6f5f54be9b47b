"""Sources for tests: an installation where everything is as it should be, of which a test changes one thing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from primum.exposure.checks.advisories import Advisories
from primum.exposure.checks.catalogue import catalogue
from primum.exposure.checks.gathering.clear_text import Seen
from primum.exposure.checks.gathering.clocks import Synchronised
from primum.exposure.checks.gathering.discs import Kind, Medium
from primum.exposure.checks.gathering.parts import Part, System
from primum.exposure.checks.gathering.sockets import Listener
from primum.exposure.checks.gathering.usage import Usage
from primum.exposure.checks.making import Made, check_of
from primum.exposure.checks.model import Declaration, Finding
from primum.exposure.checks.sources import (
    Asked,
    Copies,
    Deletions,
    Door,
    Human,
    Interventions,
    Inventory,
    LastProbe,
    Machine,
    Media,
    Own,
    Scanned,
    Shown,
    Station,
    TlsGrade,
    Verified,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
HOME = "hom_" + "a" * 26
PERSON, OTHER = "per_" + "b" * 26, "per_" + "c" * 26
DEVICE = "dev_" + "d" * 26
PARTS = (Part("PyPI", "jinja2", "3.1.6"), Part("npm", "@ohif/app", "3.13.2"), Part("OSS-Fuzz", "openjpeg", "2.5.4"))
DATED = {"PyPI": "2026-11-20", "npm": "2026-11-21", "OSS-Fuzz": "2026-11-19"}


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@dataclass
class Told:
    """Facts by name; one that is an exception is raised."""

    facts: dict[str, object] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)

        def tell():
            self.asked[name] += 1
            fact = self.facts[name]
            if isinstance(fact, BaseException):
                raise fact
            return fact() if callable(fact) else fact

        return tell


def good() -> Told:
    """An installation of which every line that can be measured is good."""
    return Told({
        "listening": [Listener("127.0.0.1", 8443, 1000), Listener("127.0.0.1", 2762, 1000)],
        "doors": [Door("web", "127.0.0.1", 8443), Door("dicom", "127.0.0.1", 2762)],
        "contained": "",
        "own": Own((), (), 1000),
        "usage": Usage(since=ago(days=300), used={(DEVICE, "store")}),
        "tls": [TlsGrade("web", 8443, "B.13", ("1.3", "1.2")), TlsGrade("dicom", 2762, "B.12", ("1.3", "1.2"))],
        "certificates": [
            Shown("web", NOW + timedelta(days=200), NOW + timedelta(days=170)),
            Shown("web-root", NOW + timedelta(days=3000), None),
        ],
        "machines": [Machine(DEVICE, "ct-1", frozenset({"store"}), ago(days=200))],
        "humans": [Human(PERSON, True, True, ("physician",), ago(days=400), ago(days=1))],
        "inventory": Inventory(PARTS, 0, System("3.11.2", "3.0.17", "debian 12", True, ago(days=3), False)),
        "advisories": Advisories(ago(days=1), 1000, DATED, frozenset((one.ecosystem, one.name) for one in PARTS)),
        "media": Media(Medium(Kind.SEALED, "dm-0: luks2"), ()),
        "clear_text": Scanned({"home": Seen(looked=40), "/tmp": Seen(looked=3, others=2)}),
        "copies": Copies("/backup", ago(hours=5), 0, "", ago(days=20), 100, False),
        "guards": ["passphrase", "recovery"],
        "journal": Verified(ago(hours=3), 0, 120, ago(hours=1), ago(hours=5), "folder"),
        "clock": Synchronised(True, 12),
        "deletions": Deletions(0, 0, 0, None),
        "hosts": [],
        "interventions": Interventions(()),
        "last_probe": LastProbe(ago(days=2), "inside-only", 0),
        "last_outside": LastProbe(ago(days=10), "closed", 0),
        "stations": [Station("sta_" + "e" * 26, ago(days=10), 0)],
    })  # fmt: skip


def but(**facts: object) -> Told:
    """That installation, with these facts in the place of its own."""
    told = good()
    assert facts.keys() <= told.facts.keys()
    told.facts |= facts
    return told


def finding(name: str, told: Told, *declared: Declaration) -> Finding:
    """Ask one line."""
    said = {one.subject: one for one in declared}
    return check_of(name)(told, catalogue().rules[name], Asked(NOW, TODAY, said))  # type: ignore[arg-type]


def state(name: str, told: Told, *declared: Declaration) -> tuple[str, str]:
    """Tell how a line answers, and what that means."""
    found = finding(name, told, *declared)
    return found.code, catalogue().rules[name].meaning(found.code).state.value


def declaration(name: str, value: str, subject: str = "", until: date = date(2027, 1, 1)) -> Declaration:
    return Declaration("dcl_" + "f" * 26, name, subject, value, until, ago(days=5), PERSON)


def made(**facts: object) -> Made:
    return replace(Made("chk_" + "g" * 26, HOME, NOW, TODAY, PERSON, "0.1", ()), **facts)  # type: ignore[arg-type]
