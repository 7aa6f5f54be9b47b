"""The people of the demo, all invented, and what was examined of each.

Accents, a hyphen, an apostrophe, a ligature, letters outside Latin-1, two homonyms and a child: what a
worklist must cope with in France on any day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import Enum

LATIN_1, UTF_8 = "ISO_IR 100", "ISO_IR 192"


class Kind(Enum):
    """The sorts of examinations that the demo can make."""

    CHEST_CT = "chest-ct"
    SMALL_CT = "small-ct"
    BRAIN_MR = "brain-mr"
    SMALL_MR = "small-mr"
    CHEST_DX = "chest-dx"
    SMALL_DX = "small-dx"
    ABDOMEN_US = "abdomen-us"
    MAMMOGRAPHY = "mammography"


@dataclass(frozen=True, slots=True)
class Patient:
    """An invented person; `born` is None for the child, who is always six years old."""

    number: int
    name: str
    born: date | None
    sex: str
    charset: str = LATIN_1

    @property
    def identifier(self) -> str:
        """Return the PatientID, in the demo's own numbering."""
        return f"DEMO-{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Study:
    """An examination: of whom, what, how many days ago, asked by whom, for which practitioner of the house."""

    patient: Patient
    kind: Kind
    days_ago: int
    at: time
    referrer: str
    practitioner: int
    description: str


_PEOPLE = (
    Patient(1, "Lœuillet^Anaïs", date(1972, 5, 17), "F", UTF_8),
    Patient(2, "Lefèvre^Hélène", date(1961, 3, 14), "F"),
    Patient(3, "Lefèvre^Hélène", date(1984, 11, 2), "F"),
    Patient(4, "D'Alméida^François", date(1955, 8, 30), "M"),
    Patient(5, "Muñoz Peña^José-María", date(1968, 1, 9), "M"),
    Patient(6, "Nguyễn^Thị Hạnh", date(1990, 12, 24), "F", UTF_8),
    Patient(7, "Garçonnet^Chloé", None, "F"),
    Patient(8, "Çelik^Gülçin", date(1979, 6, 21), "F"),
    Patient(9, "Benaïssa^Noé", date(1947, 2, 28), "M"),
    Patient(10, "Le Goïc^Maëlle-Anne", date(1993, 9, 5), "F"),
    Patient(11, "Straßmann^Jürgen", date(1938, 10, 11), "M"),
    Patient(12, "Cœuret^Zoé", date(2001, 4, 1), "F", UTF_8),
    Patient(13, "Łukasiewicz^Paweł", date(1965, 7, 7), "M", UTF_8),
    Patient(14, "Guéhenneuc^Élodie", date(1970, 8, 19), "F"),
)

_BRISSAC, _HUTIN, _OCANA = "Brissac^Édith^^Dr", "Hutin^Côme^^Dr", "Ocaña^Inès^^Dr"

STUDIES = (
    Study(_PEOPLE[0], Kind.CHEST_CT, 0, time(9, 12, 40), _BRISSAC, 0, "Scanner thoracique injecté"),
    Study(_PEOPLE[1], Kind.BRAIN_MR, 0, time(10, 47, 5), _HUTIN, 0, "IRM encéphalique"),
    Study(_PEOPLE[2], Kind.CHEST_DX, 0, time(11, 20, 33), _BRISSAC, 0, "Radiographie thoracique de face"),
    Study(_PEOPLE[0], Kind.SMALL_DX, 23, time(16, 2, 11), _BRISSAC, 1, "Radiographie thoracique de face"),
    Study(_PEOPLE[3], Kind.SMALL_CT, 1, time(8, 31, 0), _OCANA, 0, "Scanner thoracique sans injection"),
    Study(_PEOPLE[4], Kind.SMALL_MR, 1, time(14, 5, 52), _HUTIN, 0, "IRM encéphalique, contrôle"),
    Study(_PEOPLE[5], Kind.SMALL_DX, 2, time(9, 55, 27), _OCANA, 1, "Radiographie thoracique de face"),
    Study(_PEOPLE[6], Kind.SMALL_DX, 3, time(17, 40, 9), _BRISSAC, 1, "Radiographie thoracique, enfant"),
    Study(_PEOPLE[7], Kind.SMALL_CT, 6, time(11, 11, 45), _HUTIN, 0, "Scanner thoracique de contrôle"),
    Study(_PEOPLE[8], Kind.SMALL_DX, 9, time(10, 3, 18), _OCANA, 1, "Radiographie thoracique de face"),
    Study(_PEOPLE[9], Kind.SMALL_MR, 13, time(15, 26, 30), _BRISSAC, 0, "IRM encéphalique, céphalées"),
    Study(_PEOPLE[10], Kind.SMALL_CT, 34, time(9, 0, 14), _HUTIN, 0, "Scanner thoracique sans injection"),
    Study(_PEOPLE[11], Kind.SMALL_DX, 61, time(12, 18, 56), _OCANA, 1, "Radiographie d'embauche"),
    Study(_PEOPLE[12], Kind.SMALL_MR, 118, time(16, 44, 2), _BRISSAC, 0, "IRM encéphalique"),
    Study(_PEOPLE[8], Kind.ABDOMEN_US, 1, time(11, 34, 20), _OCANA, 0, "Échographie du foie, doppler"),
    Study(_PEOPLE[13], Kind.MAMMOGRAPHY, 2, time(10, 22, 48), _BRISSAC, 0, "Mammographie de dépistage"),
)
"""Every study of the demo; the first is the one that a visitor opens first."""


def birth_date(patient: Patient, today: date) -> date:
    """Return when the person was born; the child turned six some months ago."""
    if patient.born:
        return patient.born
    return date(today.year - (6 if today.month > 2 else 7), 2, 12)
