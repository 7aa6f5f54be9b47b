"""The demo's schedule: what is asked for today and tomorrow, of the invented people whose images are there already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

from primum.imaging.demo.patients import STUDIES, Patient, birth_date
from primum.imaging.orders import Code, Identifier, OrderFacts, PatientFacts, StepFacts


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An order, and for which practitioner of the house it is."""

    practitioner: int
    patient: PatientFacts
    facts: OrderFacts


@dataclass(frozen=True, slots=True)
class _Asked:
    study: int
    """Whose: the patient of this one of STUDIES."""
    days: int
    at: time
    modality: str
    station: str
    description: str
    reason: str
    priority: str = "ROUTINE"
    alerts: str = ""


_SCHEDULE = (
    _Asked(0, 0, time(18, 15), "CT", "SCANNER1", "Scanner thoracique de contrôle", "Contrôle à trois mois"),
    _Asked(10, 1, time(8, 0), "CT", "SCANNER1", "Scanner thoracique injecté", "Dyspnée", "HIGH", "Allergie : iode"),
    _Asked(1, 1, time(8, 30), "MR", "IRM1", "IRM encéphalique", "Contrôle"),
    _Asked(2, 1, time(9, 0), "DX", "", "Radiographie thoracique de face", "Toux persistante"),
    _Asked(5, 1, time(9, 20), "DX", "", "Radiographie thoracique de face", "Bilan avant opération"),
    _Asked(6, 1, time(10, 0), "US", "", "Échographie abdominale", "Douleurs"),
    _Asked(7, 1, time(11, 45), "CT", "SCANNER1", "Scanner thoracique sans injection", "Suivi de nodule"),
    _Asked(13, 1, time(14, 0), "MR", "IRM1", "IRM encéphalique", "Vertiges"),
    _Asked(9, 2, time(9, 0), "MR", "IRM1", "IRM encéphalique, contrôle", "Céphalées"),
)


def demo_orders(today: date) -> Iterator[DemoOrder]:
    """Give the schedule as it stands on a day."""
    for asked in _SCHEDULE:
        study = STUDIES[asked.study]
        on = today + timedelta(days=asked.days)
        start = f"{on:%Y%m%d}{asked.at:%H%M}"
        step = StepFacts(asked.modality, start, station_aet=asked.station)
        facts = OrderFacts(
            (step,),
            Code(text=asked.description),
            reason=asked.reason,
            referrer=study.referrer,
            priority=asked.priority,
            alerts=asked.alerts,
        )
        yield DemoOrder(study.practitioner, _patient(study.patient, today), facts)


def _patient(patient: Patient, today: date) -> PatientFacts:
    born = birth_date(patient, today)
    return PatientFacts(Identifier("", patient.identifier), patient.name, f"{born:%Y%m%d}", patient.sex)
