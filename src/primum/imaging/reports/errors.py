"""Refusals about reports: one class each, its docstring the sentence, its code stable."""

from __future__ import annotations

from typing import ClassVar

from primum.imaging.errors import ImagingRefusal


class ReportRefusal(ImagingRefusal):
    """It cannot be done with this report."""

    code: ClassVar[str] = "report.refused"


class NoSuchReport(ReportRefusal):
    """There is no such report, or it is not within reach."""

    code: ClassVar[str] = "report.not-here"
    hint: ClassVar[str] = "primum report list STUDY"


class NotAPdf(ReportRefusal):
    """The file is not a whole PDF."""

    code: ClassVar[str] = "report.not-a-pdf"
    hint: ClassVar[str] = "it begins with %PDF- and ends with %%EOF; export it anew as PDF"


class ReportTooLarge(ReportRefusal):
    """The report has more than {limit} {of}."""

    code: ClassVar[str] = "report.too-large"
    hint: ClassVar[str] = "docs/design/reports.md gives the limits; scan at 200 dpi, in grey"


class ReportEmpty(ReportRefusal):
    """The report says nothing: neither findings nor impression nor document."""

    code: ClassVar[str] = "report.empty"


class BadReportText(ReportRefusal):
    """A text holds a character that DICOM does not carry: {field}."""

    code: ClassVar[str] = "report.bad-text"
    hint: ClassVar[str] = "remove control characters and, from the title, backslashes"


class NotADraft(ReportRefusal):
    """The report is no draft any more."""

    code: ClassVar[str] = "report.not-a-draft"
    hint: ClassVar[str] = "a validated report is not altered: add an addendum, or a new version"


class AlreadyValidated(ReportRefusal):
    """The report is validated already, here or by its sender."""

    code: ClassVar[str] = "report.already-validated"


class NotFinal(ReportRefusal):
    """What an addendum or a new version follows must be final, and of this study."""

    code: ClassVar[str] = "report.not-final"
    hint: ClassVar[str] = "validate it first, or change the draft itself"


class TooManyDrafts(ReportRefusal):
    """The study has {limit} drafts already."""

    code: ClassVar[str] = "report.too-many-drafts"
    hint: ClassVar[str] = "validate or withdraw some"


class ReportUnreadable(ReportRefusal):
    """The document cannot be shown as text: {why}."""

    code: ClassVar[str] = "report.unreadable"
    hint: ClassVar[str] = "fetch the object and open it with another program; it is kept as it came"
