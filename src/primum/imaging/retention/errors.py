"""What retention refuses. Facts are our own ids, days and words: never anything of a patient."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class Held(PrimumError):
    """This study is frozen ({reason}): it is not erased while the hold lasts."""

    code: ClassVar[str] = "retention.held"
    hint: ClassVar[str] = "primum retention list shows the hold {hold}; who may hold studies can release it"


class BelowFloor(PrimumError):
    """This study must be kept through {floor} ({rule}): {reason} is no reason to erase it before."""

    code: ClassVar[str] = "retention.below-floor"
    hint: ClassVar[str] = "before that day: data-subject-right, wrong-patient, stored-by-error or court-order"


class NotDue(PrimumError):
    """This study may be kept through {ceiling} ({rule}): its time has not passed."""

    code: ClassVar[str] = "retention.not-due"
    hint: ClassVar[str] = "give the reason for which it is to be erased before"


class AlreadyProposed(PrimumError):
    """An erasure of this study, or of part of it, is under way already."""

    code: ClassVar[str] = "retention.already-proposed"
    hint: ClassVar[str] = "approve or refuse {erasure} first"


class NoSuchErasure(PrimumError):
    """There is no such erasure, or it does not wait for this."""

    code: ClassVar[str] = "retention.no-such-erasure"
    hint: ClassVar[str] = "primum retention list"


class NoSuchHold(PrimumError):
    """There is no such hold, or it was released."""

    code: ClassVar[str] = "retention.no-such-hold"
    hint: ClassVar[str] = "primum retention list"


class NoSuchReturn(PrimumError):
    """There is nothing there that came back and waits for a decision."""

    code: ClassVar[str] = "retention.no-such-return"
    hint: ClassVar[str] = "primum retention list"


class TooLate(PrimumError):
    """This study is being erased at this moment: a hold comes too late."""

    code: ClassVar[str] = "retention.too-late"


class NoSuchPart(PrimumError):
    """The study has no such {level}."""

    code: ClassVar[str] = "retention.no-such-part"


class BadWords(PrimumError):
    """A {what} is one of the words listed, or a short line that can be printed."""

    code: ClassVar[str] = "retention.bad-words"
    hint: ClassVar[str] = "docs/design/retention.md lists the words; a note has at most 200 characters"


class NotDone(PrimumError):
    """This erasure has not been done: there is nothing to certify."""

    code: ClassVar[str] = "retention.not-done"
    hint: ClassVar[str] = "the worker erases within a minute or two of the approval, once nobody stores into the study"
