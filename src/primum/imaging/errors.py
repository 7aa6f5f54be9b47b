"""What the archive refuses, each with its own class. Nothing here ever carries a value of a data set."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class ImagingRefusal(PrimumError):
    """The archive refused something."""

    code: ClassVar[str] = "imaging.refused"


class DamagedDataSet(ImagingRefusal):
    """The data set cannot be read: {what}."""

    code: ClassVar[str] = "imaging.damaged-data-set"
    hint: ClassVar[str] = "send it again; if it is refused again, ask the device's maker about its encoding"


class DataSetTooLarge(ImagingRefusal):
    """The data set passes a limit: more than {limit} {of}."""

    code: ClassVar[str] = "imaging.too-large"
    hint: ClassVar[str] = "docs/design/imaging.md gives the limits and their reasons"


class UnknownSyntax(ImagingRefusal):
    """The transfer syntax is not one that DICOM data sets are written in."""

    code: ClassVar[str] = "imaging.unknown-syntax"
    hint: ClassVar[str] = "configure the device to send one of the transfer syntaxes of PS3.5"


class NoSopUid(ImagingRefusal):
    """The data set has no SOP Instance UID."""

    code: ClassVar[str] = "imaging.no-sop-uid"
    hint: ClassVar[str] = "the device must give each instance its UID (0008,0018)"


class NoStudyUid(ImagingRefusal):
    """The data set has no Study Instance UID or no Series Instance UID."""

    code: ClassVar[str] = "imaging.no-study-uid"
    hint: ClassVar[str] = "the device must give each instance its study and series (0020,000D) (0020,000E)"


class BadUid(ImagingRefusal):
    """The data set has a UID that is not made of digits and dots, at most 64 of them: {which}."""

    code: ClassVar[str] = "imaging.bad-uid"
    hint: ClassVar[str] = "correct the UIDs at the device that made them (PS3.5 9.1)"


class OtherInstance(ImagingRefusal):
    """The data set is another instance than the one that was announced."""

    code: ClassVar[str] = "imaging.other-instance"
    hint: ClassVar[str] = "the SOP Instance UID of the command and of the data set must be the same"


class BadQuery(ImagingRefusal):
    """A parameter of the query cannot be understood: {why}."""

    code: ClassVar[str] = "imaging.bad-query"
    hint: ClassVar[str] = "docs/design/imaging.md, Matching, lists what can be asked"


class BadIdentifier(BadQuery):
    """An identifier asks for what its level does not have, or lacks what it needs: {why}."""

    code: ClassVar[str] = "imaging.bad-identifier"
    hint: ClassVar[str] = "the unique keys of the levels above must be given, with one value each (PS3.4 C.4.1)"


class QueryTooBroad(ImagingRefusal):
    """The query would read too much of the archive: it was stopped after {seconds} seconds."""

    code: ClassVar[str] = "imaging.query-too-broad"
    hint: ClassVar[str] = "ask for a name, a number or a range of dates besides"


class NotHere(ImagingRefusal):
    """There is no such {what} here, or it is not within reach."""

    code: ClassVar[str] = "imaging.not-here"


class NoFrame(ImagingRefusal):
    """The instance has no such frame."""

    code: ClassVar[str] = "imaging.no-frame"


class FramesUnknown(ImagingRefusal):
    """The frames of this instance cannot be told apart."""

    code: ClassVar[str] = "imaging.frames-unknown"
    hint: ClassVar[str] = "retrieve the whole instance instead"


class BadValue(ImagingRefusal):
    """A corrected value is not one that its attribute can have: {which}."""

    code: ClassVar[str] = "imaging.bad-value"
    hint: ClassVar[str] = (
        "a date is YYYYMMDD, a sex M, F or O, a name FAMILY^GIVEN; PS3.5 6.2 says how long each may be"
    )


class NothingToChange(ImagingRefusal):
    """It is so already."""

    code: ClassVar[str] = "imaging.nothing-to-change"


class NotInForce(ImagingRefusal):
    """This decision was undone already, or is itself the undoing of another one."""

    code: ClassVar[str] = "imaging.not-in-force"
    hint: ClassVar[str] = "take the decision anew"


class OtherController(ImagingRefusal):
    """They belong to different controllers, and are never joined."""

    code: ClassVar[str] = "imaging.other-controller"
    hint: ClassVar[str] = "each controller corrects and merges their own patients"


class PatientMerged(ImagingRefusal):
    """This patient was merged into {survivor}."""

    code: ClassVar[str] = "imaging.patient-merged"
    hint: ClassVar[str] = "use {survivor}, or undo that merge first"
