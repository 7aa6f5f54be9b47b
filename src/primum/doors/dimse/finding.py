"""C-FIND (PS3.4 annex C): what a device may find out about the studies of its controller.

Every query has an end: so many answers, so much time. What is found is written into the journal before the first
answer leaves. See docs/design/dimse.md, Finding, and decisions 0054 and 0055.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from primum.doors.dimse.command import Operation
from primum.doors.dimse.reaching import reach_of
from primum.doors.dimse.refusals import OperationUnknown
from primum.doors.dimse.statuses import Answer, Status
from primum.imaging import BadIdentifier, Model, answer, encode_data_set, parse_identifier
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.doors.dimse.exchange import Exchange
    from primum.imaging import Findings, Identifier

MODELS = {
    "1.2.840.10008.5.1.4.1.2.1.1": Model.PATIENT_ROOT,
    "1.2.840.10008.5.1.4.1.2.2.1": Model.STUDY_ROOT,
    "1.2.840.10008.5.1.4.1.2.3.1": Model.PATIENT_STUDY_ONLY,
}
"""The information models by abstract syntax (PS3.4 C.6)."""
_LATIN_1 = "ISO_IR 100"


class Finding:
    """The service of C-FIND."""

    grants: Mapping[str, str] = MappingProxyType(dict.fromkeys(MODELS, "find"))

    def perform(self, exchange: Exchange) -> Answer:
        """Answer one query: a pending response for each match, then how it ended."""
        exchange.permit()
        if exchange.command.field != Operation.C_FIND_RQ:
            raise OperationUnknown
        context = exchange.context
        try:
            asked = parse_identifier(exchange.identifier(), context.transfer_syntax, MODELS[context.abstract_syntax])
        except BadIdentifier as refused:
            tags = refused.facts.get("tags", ())
            return Answer(Status.DATA_SET_MISMATCH, refused.code, tags if isinstance(tags, tuple) else ())
        found = _find(exchange, asked)
        _record(exchange, asked, found)
        if not _respond(exchange, asked, found):
            return Answer(Status.CANCEL)
        return Answer(Status.OUT_OF_RESOURCES, "dimse.more-matches") if found.more else Answer(Status.SUCCESS)


def _find(exchange: Exchange, asked: Identifier) -> Findings:
    limits = exchange.services.limits
    most = limits.query_answers if asked.criteria.keys else limits.blank_query_answers
    # a device sees what its controller has; a study marked confidential is for people with that grant
    reach = reach_of(exchange.device)
    return exchange.services.archive().find(asked.level, replace(asked.criteria, limit=most), reach)


def _record(exchange: Exchange, asked: Identifier, found: Findings) -> None:
    """Write down who asked; raises what the journal raises when it cannot be written: then nothing is answered."""
    details: dict[str, str | int] = {
        "association": exchange.association,
        "controller": exchange.device.controller_id,
        "level": str(asked.level),
        "found": len(found),
    }
    exchange.services.journal.record(Fact(Kind.DEVICE_LIST_SEARCHED, exchange.device.id, "", details))


def _respond(exchange: Exchange, asked: Identifier, found: Findings) -> bool:
    """Send what was found, page by page; tell whether it went through to the end."""
    status = Status.PENDING_WARNING if asked.unsupported else Status.PENDING
    title, syntax = exchange.services.aet, exchange.context.transfer_syntax
    for page in found.pages(exchange.services.limits.query_page):
        exchange.permit()
        for one in page:
            if exchange.cancelled():
                return False
            said = answer(asked, one.shown, title)
            exchange.respond(status, encode_data_set(said, syntax, asked.charset or _LATIN_1))
    return not exchange.cancelled()
