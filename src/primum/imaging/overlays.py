"""What is served of a study instead of what its records say: one small text, kept on the study's row.

Pure. docs/design/patients.md, Overlay.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

PATIENT_NAME, PATIENT_ID, ISSUER, BIRTH_DATE, SEX = "00100010", "00100020", "00100021", "00100030", "00100040"
ACCESSION, DESCRIPTION, REFERRER = "00080050", "00081030", "00080090"

OF_PATIENT = {
    "name": PATIENT_NAME, "number": PATIENT_ID, "issuer": ISSUER, "birth_date": BIRTH_DATE, "sex": SEX,
}  # fmt: skip
OF_STUDY = {"accession": ACCESSION, "description": DESCRIPTION, "referrer": REFERRER}
VRS = {
    PATIENT_NAME: "PN", PATIENT_ID: "LO", ISSUER: "LO", BIRTH_DATE: "DA", SEX: "CS",
    ACCESSION: "SH", DESCRIPTION: "LO", REFERRER: "PN",
}  # fmt: skip
"""What can be corrected, with its value representation (PS3.6)."""

OF_ANOTHER_PERSON = (
    "00081120", "00100022", "00100024", "00100026", "00100032", "00100033", "00100034", "00100035", "00100050",
    "00100101", "00100102", "00101000", "00101001", "00101002", "00101005", "00101010", "00101040", "00101060",
    "00101080", "00101081", "00101090", "00101100", "00102150", "00102152", "00102154", "00102155", "00102160",
    "00102180", "001021F0", "00102297", "00102298", "00102299", "00104000", "00380010", "00380014", "00380300",
)  # fmt: skip
"""What else names or describes a person (PS3.3 C.2.2, C.2.3, C.7.1.1): removed when the study was another one's.

Size and weight stay: they were taken at the examination, of whoever was examined.
"""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Attributes to set (tag: text as a data set has it) and to remove, in Unicode.

    `untold` are those whose previous values were another person's, and are not repeated.
    """

    at: str
    set: Mapping[str, str] = field(repr=False)
    drop: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    def text(self) -> str:
        """Write it as the index keeps it; the same overlay gives the same text."""
        said = {"at": self.at, "set": dict(self.set), "drop": list(self.drop), "untold": list(self.untold)}
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=256)
def read_overlay(text: str) -> Overlay:
    """Read what `Overlay.text` wrote."""
    said = json.loads(text)
    return Overlay(said["at"], said["set"], tuple(said["drop"]), tuple(said["untold"]))


@dataclass(frozen=True, slots=True)
class Shown:
    """How a patient is shown: the five attributes as texts, which of them a person corrected, and when last."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    issuer: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str = field(repr=False)
    corrected: frozenset[str] = frozenset()
    at: str = ""

    def of(self, which: str) -> str:
        """Give one of the five by its name."""
        return str(getattr(self, which))


def overlay_of(
    patient: Shown, changed_at: str, moved_at: str, corrections: Mapping[str, str], corrected_at: str
) -> Overlay | None:
    """Make a study's overlay; None when it is served as it was sent.

    `changed_at` is when its patient became another than the assigned one by a merge (empty: it did not), `moved_at`
    the same by a move. `corrections` are those of the study.
    """
    attributes: dict[str, str] = {}
    for which, tag in OF_PATIENT.items():
        if moved_at or which in patient.corrected or (changed_at and patient.of(which)):
            attributes[tag] = patient.of(which)
    attributes.update(corrections)
    if not attributes:
        return None
    drop = OF_ANOTHER_PERSON if moved_at else ()
    untold = (*OF_PATIENT.values(), *drop) if moved_at else ()
    at = max(patient.at if patient.corrected else "", changed_at, moved_at, corrected_at)
    return Overlay(at, attributes, drop, untold)
