"""Storage commitment, push model (PS3.4 annex J): asked of us, and reported to us. docs/design/commitment.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from primum.doors.dimse.command import Command, Operation, encode_event_report
from primum.doors.dimse.exchange import Exchange, Line, refuse_operation
from primum.doors.dimse.statuses import Answer, Status
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.imaging import encode_data_set
from primum.imaging.confirmations.model import Report
from primum.imaging.dicomjson import read_attributes

if TYPE_CHECKING:
    from primum.doors.dimse.services import DimseServices
    from primum.imaging.commitments.model import Reference

PUSH_MODEL = "1.2.840.10008.1.20.1"
WELL_KNOWN = "1.2.840.10008.1.20.1.1"
_REQUEST, _COMMITTED, _FAILURES_EXIST = 1, 1, 2
_TRANSACTION, _REFERENCED, _FAILED = "00081195", "00081199", "00081198"
_CLASS, _INSTANCE, _REASON = "00081150", "00081155", "00081197"
_MESSAGE_ID = 1
_EVENT_TYPE = 0x1002
_MOST = 0xFFFF

_log = Log("dimse.commitment")


class Committing:
    """The service of storage commitment."""

    grants: Mapping[str, str] = MappingProxyType({PUSH_MODEL: "commitment"})

    def perform(self, exchange: Exchange) -> Answer:
        """Keep one request, of which it is told later what comes; or take a report of what we asked."""
        command = exchange.command
        if exchange.context.reports and command.field == Operation.N_EVENT_REPORT_RQ:
            return _take_report(exchange)
        refuse_operation(command, frozenset({Operation.N_ACTION_RQ}))
        if command.text(0x0003) != PUSH_MODEL:
            return Answer(Status.NO_SUCH_SOP_CLASS)
        if command.text(0x1001) != WELL_KNOWN:
            return Answer(Status.NO_SUCH_SOP_INSTANCE)
        if command.short(0x1008) != _REQUEST:
            return Answer(Status.NO_SUCH_ACTION)
        asked = read_attributes(exchange.identifier(), exchange.context.transfer_syntax)
        transaction, references = _uid(asked, _TRANSACTION), _references(asked)
        if not transaction or not references or not all(all(one) for one in references):
            return Answer(Status.INVALID_ARGUMENT_VALUE)
        args = {"device": exchange.device.id, "transaction": transaction, "references": references}
        answer, _ = exchange.services.intake.ask("commitment.ask", args)
        exchange.later.append(_Report(exchange.services, str(answer["id"]), exchange.context.id,
                                      exchange.context.transfer_syntax))  # fmt: skip
        return Answer(Status.SUCCESS, others={0x1008: _REQUEST})


def _take_report(exchange: Exchange) -> Answer:
    """Hand the worker what a destination says of a request of ours; it knows whether there was one."""
    exchange.permit()
    command = exchange.command
    found = judge_report(command)
    said = read_attributes(exchange.identifier(), exchange.context.transfer_syntax)
    if found is not None:
        return Answer(found)
    report = report_of(said)
    args = {
        "device": exchange.device.id,
        "transaction": report.transaction_uid,
        "committed": [list(one) for one in report.committed],
        "failed": [list(one) for one in report.failed],
    }
    exchange.services.intake.ask("confirmation.report", args)
    return Answer(Status.SUCCESS, others=event_type_of(command))


def judge_report(command: Command) -> Status | None:
    """Say what is wrong with the command of a report; None where nothing is (PS3.7 10.1.1, PS3.4 J.3.3)."""
    if command.sop_class_uid != PUSH_MODEL:
        return Status.NO_SUCH_SOP_CLASS
    if command.text(0x1000) != WELL_KNOWN:
        return Status.NO_SUCH_SOP_INSTANCE
    if command.short(_EVENT_TYPE) not in {_COMMITTED, _FAILURES_EXIST}:
        return Status.NO_SUCH_EVENT_TYPE
    return None


def event_type_of(command: Command) -> dict[int, int]:
    """Give the event type for the response, which repeats it."""
    return {_EVENT_TYPE: command.short(_EVENT_TYPE) or 0}


def report_of(said: Mapping[str, Any]) -> Report:
    """Read what a destination says (PS3.4 table J.3-2)."""
    failed = [(*_pair(one), _failure(one)) for one in _items(said, _FAILED)]
    committed = [_pair(one) for one in _items(said, _REFERENCED)]
    return Report(_uid(said, _TRANSACTION), tuple(committed), tuple(failed))


def action_information(transaction_uid: str, references: Iterable[Reference]) -> dict[str, Any]:
    """Write what we ask of a destination (PS3.4 table J.3-1)."""
    items = [_item(one.sop_class_uid, one.sop_instance_uid) for one in references]
    return {_TRANSACTION: {"vr": "UI", "Value": [transaction_uid]}, _REFERENCED: {"vr": "SQ", "Value": items}}


@dataclass(slots=True)
class _Report:
    """The result that a device waits for on its association."""

    services: DimseServices
    commitment: str
    context: int
    transfer_syntax: str
    _sent: bool = field(default=False, init=False)
    _over: bool = field(default=False, init=False)

    def turn(self, line: Line) -> bool:
        """Send the result once there is one."""
        if self._sent or self._over:
            return self._over
        try:
            found, _ = self.services.intake.ask("commitment.result", {"id": self.commitment})
        except PrimumError as refusal:
            _log.warning("commitment.unasked", association=line.association, code=refusal.code)
            return True
        if found.get("checked"):
            event_type, said = result_of(found)
            request = encode_event_report(PUSH_MODEL, WELL_KNOWN, _MESSAGE_ID, event_type)
            line.send(self.context, request, encode_data_set(said, self.transfer_syntax))
            self._sent = True
        return False

    def heard(self, command: Command) -> None:
        """Take the device's answer: what it did not take is delivered again later."""
        if not self._sent or command.field != Operation.N_EVENT_REPORT_RQ | 0x8000:
            return
        self._over = True
        if command.short(0x0900) == Status.SUCCESS:
            self.services.intake.ask("commitment.delivered", {"id": self.commitment})


def result_of(found: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Write the event type and information of a result (PS3.4 table J.3-2)."""
    references = [tuple(one) for one in found["references"]]
    good = [_item(*one[:2]) for one in references if one[2] is None]
    failed = [_item(*one[:2]) | {_REASON: {"vr": "US", "Value": [one[2]]}} for one in references if one[2] is not None]
    said: dict[str, Any] = {_TRANSACTION: {"vr": "UI", "Value": [found["transaction"]]}}
    if good:
        said[_REFERENCED] = {"vr": "SQ", "Value": good}
    if failed:
        said[_FAILED] = {"vr": "SQ", "Value": failed}
    return (_FAILURES_EXIST if failed else _COMMITTED), said


def _item(sop_class: str, sop_instance: str) -> dict[str, Any]:
    return {_CLASS: {"vr": "UI", "Value": [sop_class]}, _INSTANCE: {"vr": "UI", "Value": [sop_instance]}}


def _references(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [_pair(one) for one in _items(asked, _REFERENCED)]


def _items(said: Mapping[str, Any], tag: str) -> list[Mapping[str, Any]]:
    return said.get(tag, {}).get("Value") or []


def _pair(one: Mapping[str, Any]) -> tuple[str, str]:
    return _uid(one, _CLASS), _uid(one, _INSTANCE)


def _failure(one: Mapping[str, Any]) -> int:
    """Read a Failure Reason; what is none is a processing failure."""
    values = one.get(_REASON, {}).get("Value") or [0]
    value = values[0]
    return value if isinstance(value, int) and 0 < value <= _MOST else Status.PROCESSING_FAILURE


def _uid(said: Mapping[str, Any], tag: str) -> str:
    values = said.get(tag, {}).get("Value") or [""]
    return str(values[0] or "")[:64]
