"""What a report is rendered as (PS3.18 table 8.7.4-1): its patient, and its content as a tree to be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from primum.imaging.codecs.annotating import PATIENT, texts_of
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.reports import cda, tree
from primum.imaging.reports.node import Node
from primum.imaging.reports.sayings import attributes_of, document_of
from primum.imaging.reports.values import code

_CONCEPT: Final = 0x0040A043
STRUCTURED: Final = "1.2.840.10008.5.1.4.1.1.88."
ENCAPSULATED_CDA: Final = "1.2.840.10008.5.1.4.1.1.104.2"


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report to be read. Its title is that of a CDA, or the concept of an SR's root."""

    patient: tuple[str, ...] = field(repr=False)
    title: str = field(repr=False)
    nodes: list[Node] = field(repr=False)


def is_report(sop_class_uid: str) -> bool:
    """Tell whether instances of this class are rendered as text: structured reports, and CDA."""
    return sop_class_uid.startswith(STRUCTURED) or sop_class_uid == ENCAPSULATED_CDA


def report_text(instance: Instance, sop_class_uid: str) -> ReportText:
    """Read a report as it is served. Raises ReportUnreadable, ReportTooLarge, DamagedDataSet, DataSetTooLarge."""
    patient = tuple(texts_of(instance, PATIENT))
    if sop_class_uid == ENCAPSULATED_CDA:
        read = cda.read(document_of(instance.header, instance.inner))
        return ReportText(patient, read.title, read.body)
    nodes = tree.read(instance.header, instance.inner)
    # an SR's title is the concept of its root, which stands at the top level of the data set (PS3.3 C.17.3)
    root = attributes_of(instance.header, instance.inner, frozenset({_CONCEPT}))
    return ReportText(patient, tree.named(code(root, f"{_CONCEPT:08X}")), nodes)
