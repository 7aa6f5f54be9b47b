"""C-GET and C-MOVE, so far that one knows: C-GET ends at the first byte of an image, C-MOVE sends no image anywhere.

A C-MOVE to the title of somebody's device would write to that device. So a caller under such a title asks for a study
that does not exist, and for comparison with a destination that does not exist. Only a canary is moved in fact.
"""

from __future__ import annotations

import secrets
from typing import Final, NamedTuple

from primum.exposure.probe.dicom import messages
from primum.exposure.probe.dicom.association import Association
from primum.exposure.probe.dicom.finding import Instance
from primum.exposure.probe.dicom.messages import (
    C_GET_RQ,
    C_MOVE_RQ,
    C_STORE_RQ,
    LEVEL,
    NO_DATA_SET,
    PENDING,
    RESPONSE,
    SERIES_UID,
    SOP_INSTANCE,
    STUDY_UID,
    SUBOPERATIONS,
    SUCCESS,
    UNKNOWN_DESTINATION,
    WARNING,
)
from primum.exposure.probe.dicom.pdu import NotDicom
from primum.exposure.probe.dicom.titles import NOWHERE
from primum.exposure.probe.model import Outcome

_RESPONSES: Final = 64
"""Of one retrieval of one instance."""


class Told(NamedTuple):
    """How a rung ended."""

    outcome: Outcome
    code: str = ""


def status_code(status: int) -> str:
    """Name a status as reports do (PS3.7 annex C)."""
    return f"{status & 0xFFFF:04x}"


def made_up() -> Instance:
    """Make a study's UID that nobody has (PS3.5 B.2)."""
    return Instance(f"2.25.{secrets.randbits(120)}")


def get(association: Association, model: str, instance: Instance | None) -> Told:
    """Ask for one instance; the first byte of it is enough. Raises Aborted, NotDicom, Unanswered."""
    number, _ = association.context(model)
    wanted = instance or made_up()
    association.send(number, messages.request(C_GET_RQ, model), messages.identifier(_keys(wanted)))
    for _ in range(_RESPONSES):
        command = association.receive_command()
        if command[messages.FIELD] == C_STORE_RQ and command[messages.DATA_SET_TYPE] != NO_DATA_SET:
            return Told(Outcome.OPEN) if association.data_begins() else Told(Outcome.UNDETERMINED, "not-dicom")
        if command[messages.FIELD] != C_GET_RQ | RESPONSE:
            raise NotDicom
        status = command.get(messages.STATUS, -1)
        if status in PENDING:
            continue
        tried = command.get(messages.COMPLETED, 0) or command.get(messages.FAILED, 0)
        if status == WARNING or (status == SUBOPERATIONS and tried) or (status == SUCCESS and (tried or not instance)):
            return Told(Outcome.OPEN)
        return Told(Outcome.UNDETERMINED if status == SUCCESS else Outcome.REFUSED, status_code(status))
    return Told(Outcome.UNDETERMINED, "cut")


def move_to_us(association: Association, model: str, instance: Instance | None, title: str) -> Told:
    """Ask for one instance to be sent to a title that is nobody's but ours. Raises Aborted, NotDicom, Unanswered."""
    status = _move(association, model, instance or made_up(), title)
    if status == SUCCESS and instance is None:
        # some look for what is asked before they look at the destination
        return Told(Outcome.UNDETERMINED, "nothing-to-ask")
    return _told_of_move(status)


def move_to_a_device(
    association: Association, model: str, instance: Instance | None, title: str, *, enrolled: bool
) -> Told:
    """Find out whether one would be sent to a title that may be somebody's, nothing being sent.

    `enrolled`: the title is of the target's own devices. Raises Aborted, NotDicom, Unanswered.
    """
    ours = _move(association, model, made_up(), title)
    if ours == UNKNOWN_DESTINATION or not (_would(ours) or _unprocessed(ours)):
        return Told(Outcome.REFUSED, status_code(ours))
    nowhere = _move(association, model, made_up(), NOWHERE)
    if nowhere != ours and not _would(nowhere):
        return Told(Outcome.OPEN)
    # it looks for the study first: only what exists shows whether it looks at the destination at all
    if instance is None:
        return Told(Outcome.UNDETERMINED, "nothing-to-ask")
    nowhere = _move(association, model, instance, NOWHERE)
    if enrolled and not _would(nowhere):
        # of those that have one code for all that goes wrong, only an image that is sent would tell more (Orthanc)
        known = _would(ours) and nowhere == UNKNOWN_DESTINATION
        return Told(Outcome.NEGOTIATED if known else Outcome.UNDETERMINED, "not-sent")
    return _told_of_move(nowhere)


def _told_of_move(status: int) -> Told:
    return Told(Outcome.OPEN) if _would(status) else Told(Outcome.REFUSED, status_code(status))


def _would(status: int) -> bool:
    return status in {SUCCESS, WARNING, SUBOPERATIONS}


def _unprocessed(status: int) -> bool:
    """Tell whether it says that it could not (PS3.4 table C.4-2): of a study that is none it says no more."""
    return status & 0xF000 == 0xC000  # noqa: PLR2004 the table's


def _move(association: Association, model: str, instance: Instance, destination: str) -> int:
    number, _ = association.context(model)
    association.send(
        number,
        messages.request(C_MOVE_RQ, model, destination=destination),
        messages.identifier(_keys(instance)),
    )
    for _ in range(_RESPONSES):
        message = association.receive_answer_to(C_MOVE_RQ)
        if message.status not in PENDING:
            return message.status
    return UNKNOWN_DESTINATION


def _keys(instance: Instance) -> dict[tuple[int, int], str]:
    if not instance.sop:
        return {LEVEL: "STUDY", STUDY_UID: instance.study}
    return {
        LEVEL: "IMAGE",
        STUDY_UID: instance.study,
        SERIES_UID: instance.series,
        SOP_INSTANCE: instance.sop,
    }
