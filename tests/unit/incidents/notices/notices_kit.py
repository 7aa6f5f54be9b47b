"""What tests of notifications share: the file of an open archive that a probe found, and files of any facts."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from tests.unit.incidents.kit import TUESDAY

from primum.ground.clock import to_text
from primum.incidents.facts.catalogue import CATALOGUE, MOST, VOCABULARIES, Kind, Shape
from primum.incidents.model import (
    SYSTEM,
    Dossier,
    EntryKind,
    Evidence,
    Fact,
    File,
    Instant,
    Origin,
    Role,
    Standing,
    State,
    Which,
)
from primum.incidents.notices.form import FORM

RUN = "5f" * 32
FOUND = [
    {"kind": "finding", "ref": "fin_01"},
    {"kind": "run", "ref": RUN, "note": "2026-11-24T22:40:00Z"},
]
PROBED = {
    "system": {"product": "Orthanc 1.12.4", "address": "203.0.113.7", "port": "4242", "mode": "plain"},
    "reached": ["associate", "find", "move"],
    "first-refused": {"rung": "store", "code": "0xA700"},
    "readable": ["PatientName", "PatientBirthDate", "StudyDescription"],
    "vantage": ["outside"],
    "found-by": "own-probe",
    "protections-before": ["no-encryption-in-transit", "no-authentication"],
    "began": {
        "not_before": "2026-10-03T06:00:00.000Z", "not_after": to_text(TUESDAY), "proof_before": "port-closed",
        "proof_after": "given",
    },
    "ended": {"state": "ongoing", "at": to_text(TUESDAY), "proof": "given"},
    "nature": ["confidentiality"],
    "records": {"count": 1200, "at_least": True},
    "studies": {"count": 310, "at_least": True},
    "data": ["civil-status"],
    "sensitive": ["health"],
    "people-categories": ["patients"],
    "intelligible": "yes",
    "organisation": {"name": "Cabinet du Dr Le Gall"},
    "role": "controller",
}  # fmt: skip
"""What the house measured of an open foreign archive."""
ANSWERS = {
    "organisation-details": {"siret": "12345678900011", "address": "1 quai de l'Odet, Quimper", "sector": "Q"},
    "declarant": {"name": "Dr Le Gall", "function": "gérant", "email": "dr@example.org", "phone": "+33200000000"},
    "contact": {"name": "DPO mutualisé", "email": "dpo@example.org", "phone": "+33200000001"},
    "others-involved": "Le prestataire informatique",
    "origin": ["publication"],
    "cause": "internal-accidental",
    "people": {"count": 290, "approximate": True},
    "minors": {"count": 12, "approximate": True},
    "recipients": None,
    "harms": ["loss-of-control", "professional-secrecy"],
    "gravity": "significant",
    "measures-after": "Port fermé sur la box, appareil mis derrière un VPN.",
    "telling": "will-be-told",
    "authorities": ["none"],
}
"""What a person answers, awareness aside."""
FILLED = {
    "type", "organisation", "role", "detected", "found-by", "vantage", "began-not-before", "began-not-after", "ended",
    "nature", "system", "reached", "data", "sensitive", "records", "people-categories", "protections", "attachments",
}  # fmt: skip
"""The eighteen of docs/design/incidents.md."""


def probed(scene, **other):
    """Open a file as a finding does, with what the probe measured."""
    with scene.files.transaction() as tx:
        (made,) = scene.files.open_files(
            tx, Origin.FINDING, "archive ouverte", [scene.house.controllers()[0].id], SYSTEM, findings=["fin_01"]
        )
        at = {"which": "detected", "at": to_text(TUESDAY), "reason": "vu par le sondage", "evidence": FOUND}
        scene.files.write_within(tx, made, EntryKind.INSTANT, at)
    for key, value in {**PROBED, **other}.items():
        body = {"key": key, "value": value, "standing": "measured", "evidence": FOUND}
        scene.files.write_alone(made.id, EntryKind.FACT, body)
    return made


def answered(scene, by, file_id):
    """Answer every question that a probe leaves."""
    scene.clock.advance(timedelta(minutes=30))
    for key, value in ANSWERS.items():
        scene.files.answer(by, file_id, key, value)
    scene.files.instant(by, file_id, Which.AWARE, TUESDAY + timedelta(minutes=20), "lu le rapport avec le technicien")


# -- any file --

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip)
TYPED = TEXT | st.sampled_from(
    ["<script>alert(1)</script>", "\" onload='x' &amp; <b>", "a\nb\tc", "Łódź 光 👁", "W" * 400]
)
"""What somebody may type."""
AT = st.datetimes(datetime(2007, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)


def value_of(kind: Kind):
    """Draw a value that the catalogue admits."""
    return _VALUES[kind.shape](kind)


def _words(kind):
    return list(VOCABULARIES[kind.vocabulary])


def _began(first, second):
    early, late = sorted([first, second])
    return {"not_before": to_text(early), "not_after": to_text(late), "proof_before": "run"}


_COUNT = st.integers(0, MOST)
_VALUES = {
    Shape.TEXT: lambda _: TYPED,
    Shape.NUMBER: lambda _: _COUNT,
    Shape.COUNT: lambda _: st.fixed_dictionaries(
        {"count": _COUNT}, optional={"at_least": st.booleans(), "approximate": st.booleans()}
    ),
    Shape.CHOICE: lambda kind: st.sampled_from(_words(kind)),
    Shape.CHOICES: lambda kind: st.lists(st.sampled_from(_words(kind)), min_size=1, unique=True),
    Shape.WORDS: lambda _: st.lists(
        st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1), max_size=5
    ),
    Shape.BEGAN: lambda _: (
        st.builds(_began, AT, AT) | AT.map(lambda at: {"not_before": None, "not_after": to_text(at)})
    ),
    Shape.ENDED: lambda _: st.builds(
        lambda state, at: {"state": state, "at": to_text(at)}, st.sampled_from(["ongoing", "ended"]), AT
    ),
    Shape.FIELDS: lambda kind: st.dictionaries(st.sampled_from(kind.fields), TYPED, min_size=1),
}


@st.composite
def facts(draw):
    """Draw facts: measured, declared, or said not to be known."""
    made, measured = {}, {}
    for kind in CATALOGUE.values():
        standing = draw(st.sampled_from([None, *Standing]))
        if standing is None:
            continue
        value = None if standing is Standing.UNKNOWN else draw(value_of(kind))
        own = standing is Standing.MEASURED
        shown = tuple(draw(st.lists(st.builds(Evidence, st.sampled_from(["run", "finding"]), TEXT, TEXT), max_size=2)))
        made[kind.key] = Fact(kind.key, value, standing, shown, TUESDAY, SYSTEM if own else "per_1", "ent_1")
        if own or draw(st.booleans()):
            measured[kind.key] = Fact(
                kind.key, draw(value_of(kind)), Standing.MEASURED, shown, TUESDAY, SYSTEM, "ent_2"
            )
        if own:
            made[kind.key] = measured[kind.key]
    return made, measured


@st.composite
def dossiers(draw):
    """Draw a file, open, with any facts and instants."""
    made, measured = draw(facts())
    role, exercise = draw(st.sampled_from(Role)), draw(st.booleans())
    instants = {
        which: Instant(which, draw(AT), draw(TYPED), TUESDAY, draw(st.sampled_from([SYSTEM, "per_1"])), "ent_3",
                       corrected=tuple(draw(st.lists(AT, max_size=2))))
        for which in draw(st.sets(st.sampled_from(Which)))
    }  # fmt: skip
    return Dossier(
        File("inc_1", "cas_1", "ctl_1", role, TUESDAY, exercise), State.OPEN, Origin.PERSON, made, measured, instants,
        draw(st.none() | AT),
    )  # fmt: skip


NUMBERS = [one.number for one in FORM.fields]
