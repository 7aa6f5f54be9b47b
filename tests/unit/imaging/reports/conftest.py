"""A house with reports, a queue of results, and a physician who signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset
from tests.unit.imaging.conftest import CONTROLLER, House, slice_of

from primum.imaging.corrections import Corrections
from primum.imaging.model import EVERYTHING
from primum.imaging.orders import Orders, prepare_orders
from primum.imaging.orders.hl7.er7 import parse
from primum.imaging.orders.hl7.reports import ResultKind
from primum.imaging.orders.results import Results
from primum.imaging.reports.acts import Acts, Around, Draft, Signature
from primum.imaging.reports.limits import LIMITS, Limits
from primum.imaging.reports.model import Relation, Report, Row, Text
from primum.imaging.reports.service import Reports

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
DOCTOR = Signature("per_" + "d" * 26, "Dr Maël Kervella", "Cabinet du Port")
TYPIST = Signature("per_" + "t" * 26, "Nora Lefèvre", "Cabinet du Port")
TEXT = Text("Opacité de 18 mm.\nPas d'épanchement.", "ACR 2 : constatations bénignes.", "fr")


@dataclass
class Ward:
    """What the tests of reports need."""

    house: House
    reports: Reports
    acts: Acts
    results: Results
    orders: Orders
    told: list[Row] = field(default_factory=list)

    @property
    def study(self) -> str:
        return self.house.vault.study_ref(CONTROLLER, "1.2.3")

    def listed(self, *, drafts: bool = True) -> list[Report]:
        return self.reports.of_study(self.study, drafts=drafts)

    def written(self, **more: object) -> Report:
        given = {"text": TEXT} | more
        return self.acts.write(self.study, Draft(**given), TYPIST)  # type: ignore[arg-type]

    def validated(self, **more: object) -> Report:
        return self.acts.validate(self.written(**more).row.id, DOCTOR)

    def adding(self, about: Report, relation: Relation = Relation.ADDENDUM, **more: object) -> Report:
        return self.written(relation=relation, about=about.row.id, **more)

    def bytes_of(self, report: Report) -> bytes:
        entry = self.house.archive.instance_of(self.study, None, report.row.sop_uid, EVERYTHING)
        return b"".join(self.house.archive.data_set(entry))

    def data_set(self, report: Report) -> Dataset:
        return pydicom.dcmread(BytesIO(self.bytes_of(report)), force=True)

    def came(self, data_set: Dataset) -> None:
        """Take in a data set as a device sends it."""
        self.house.indexed(encoded(data_set))


def ward_of(house: House, kinds: tuple[ResultKind, ...], limits: Limits = LIMITS) -> Ward:
    prepare_orders(house.records)
    orders = Orders(house.records, house.clock, lambda *_given: None)
    results = Results(orders, kinds)
    corrections = Corrections(house.index, house.records, house.vault, house.clock, house.indexer)
    reports = Reports(house.index, house.records, house.vault, limits)
    told: list[Row] = []
    around = Around(corrections, lambda step: step(), results, told.append)
    return Ward(house, reports, Acts(reports, house.records, house.clock, around, limits), results, orders, told)


def encoded(data_set: Dataset) -> bytes:
    """Write a data set, explicit little endian, without a file's wrapping."""
    written = BytesIO()
    pydicom.dcmwrite(written, data_set, implicit_vr=False, little_endian=True)
    return written.getvalue()


def sent(sop_class: str, sop: str = "1.2.3.9.1", **attributes: object) -> Dataset:
    """A document of the study as another system sends it."""
    made = Dataset()
    values = {
        "SOPClassUID": sop_class, "SOPInstanceUID": sop, "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.9",
        "PatientName": "DUPONT^JEAN", "PatientID": "P1", "PatientBirthDate": "19700102", "PatientSex": "F",
        "SpecificCharacterSet": "ISO_IR 192", "Modality": "SR", "ContentDate": "20260102", "ContentTime": "120000",
    } | attributes  # fmt: skip
    for name, value in values.items():
        setattr(made, name, value)
    return made


def refused_by_a_taker(framed: bytes) -> bytes:
    """Answer a message as a host that does not accept it."""
    head = parse(framed.strip(b"\x0b\x1c\r") + b"\r").first("MSH")
    assert head is not None
    return f"MSH|^~\\&|RIS||||20260102||ACK|1|P|2.5.1\rMSA|AE|{head.text(10)}\r".encode()


@pytest.fixture
def ward(house: House) -> Ward:
    house.indexed(slice_of())
    return ward_of(house, (ResultKind.ORU, ResultKind.MDM))
