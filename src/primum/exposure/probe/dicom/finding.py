"""C-FIND without a second breach: UIDs are counted, then one answer says which attributes have a value (design, 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.dicom import messages
from primum.exposure.probe.dicom.association import Association
from primum.exposure.probe.dicom.messages import (
    C_FIND_RQ,
    IDENTIFYING,
    LEVEL,
    PENDING,
    SERIES_UID,
    SOP_CLASS,
    SOP_INSTANCE,
    STEP_SEQUENCE,
    STUDY_DATE,
    STUDY_UID,
    SUCCESS,
)
from primum.exposure.probe.dicom.pdu import NotDicom
from primum.exposure.probe.dicom.sets import having_a_value, uid_in

Tag = tuple[int, int]
Keys = Mapping[Tag, str]

EVERY_STUDY: Final[Keys] = {LEVEL: "STUDY", STUDY_UID: ""}
EVERY_DATED_STUDY: Final[Keys] = {LEVEL: "STUDY", STUDY_UID: "", STUDY_DATE: "19000101-"}
"""For archives that answer no query without a condition: a condition that all studies meet."""
EVERY_STEP: Final[Keys] = {STEP_SEQUENCE: "", STUDY_UID: ""}

_DRAINED = 256
"""Answers that may still be under way when C-CANCEL arrives; whoever goes on is hung up on."""


class Asked(NamedTuple):
    """What became of one C-FIND: its last status, how many answers came, whether there may be more."""

    status: int
    answers: int
    more: bool

    @property
    def granted(self) -> bool:
        """Tell whether it was answered as it should be."""
        return self.answers > 0 or self.status == SUCCESS


@dataclass(slots=True)
class Instance:
    """An instance that may be asked for; without a class where no query told."""

    study: str
    series: str = ""
    sop: str = ""
    sop_class: str = ""


def ask(association: Association, model: str, keys: Keys, *, most: int, first: Callable[[memoryview], None]) -> Asked:
    """Send one C-FIND, hand its first answer to `first`, cancel at `most` answers.

    Raises Aborted, NotDicom, Unanswered where nothing was answered before.
    """
    number, _ = association.context(model)
    association.send(number, messages.request(C_FIND_RQ, model), messages.identifier(keys))
    answers = 0
    try:
        while answers < most + _DRAINED:
            message = association.receive_answer_to(C_FIND_RQ)
            if message.status not in PENDING:
                return Asked(message.status, min(answers, most), answers >= most)
            answers += 1
            if answers == 1 and message.data_set is not None:
                first(message.data_set)
            if answers == most:
                association.send(number, messages.cancel())
    except (Unanswered, NotDicom):
        if not answers:
            raise
    return Asked(SUCCESS, min(answers, most), more=True)


def count(association: Association, model: str, *, most: int, dated: bool) -> tuple[Asked, str]:
    """Count studies by their UIDs; return the first one too."""
    found: list[str] = []
    keys = EVERY_DATED_STUDY if dated else EVERY_STUDY
    asked = ask(association, model, keys, most=most, first=lambda data: found.append(uid_in(data, STUDY_UID)))
    return asked, found[0] if found else ""


def readable(association: Association, model: str, study: str) -> set[str]:
    """Return the names of identifying attributes that one answer has a value of. The values are overwritten."""
    found: set[str] = set()
    keys = {LEVEL: "STUDY", STUDY_UID: study, **dict.fromkeys(IDENTIFYING, "")}
    ask(association, model, keys, most=1, first=lambda data: found.update(having_a_value(data, IDENTIFYING)))
    return found


def an_instance(association: Association, model: str, study: str) -> Instance:
    """Find one instance of a study, by UIDs alone; what cannot be found out stays empty."""
    found = Instance(study)
    found.series = _first(association, model, {LEVEL: "SERIES", STUDY_UID: study, SERIES_UID: ""}, SERIES_UID)
    if not found.series:
        return found

    def keep(data: memoryview) -> None:
        found.sop, found.sop_class = uid_in(data, SOP_INSTANCE), uid_in(data, SOP_CLASS)

    keys = {LEVEL: "IMAGE", STUDY_UID: study, SERIES_UID: found.series, SOP_INSTANCE: "", SOP_CLASS: ""}
    ask(association, model, keys, most=1, first=keep)
    return found


def steps(association: Association, model: str) -> Asked:
    """Ask a worklist for the ids of its steps, of which one answer is enough."""
    return ask(association, model, EVERY_STEP, most=1, first=lambda _: None)


def _first(association: Association, model: str, keys: Keys, tag: Tag) -> str:
    found: list[str] = []
    ask(association, model, keys, most=1, first=lambda data: found.append(uid_in(data, tag)))
    return found[0] if found else ""
