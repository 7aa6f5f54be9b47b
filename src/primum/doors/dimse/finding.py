"""C-FIND (PS3.4 annex C): what a device may find out about the studies of its controller.

Every query has an end: so many answers, so much time. What is found is written into the journal before the first
answer leaves. See docs/design/dimse.md, Finding, and decisions 0054 and 0055.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from primum.doors.dimse.command import Operation
from primum.doors.dimse.extended import QueryOptions
from primum.doors.dimse.reaching import reach_of
from primum.doors.dimse.refusals import OperationUnknown
from primum.doors.dimse.statuses import Answer, Status
from primum.imaging import BadIdentifier, Level, Model, answers_to, parse_identifier
from primum.imaging.keys import Way
from primum.journal import Fact, Kind

if TYPE_CHECKING:
    from primum.doors.dimse.exchange import Exchange
    from primum.imaging import Answers, Findings, Identifier

MODELS = {
    "1.2.840.10008.5.1.4.1.2.1.1": Model.PATIENT_ROOT,
    "1.2.840.10008.5.1.4.1.2.2.1": Model.STUDY_ROOT,
    "1.2.840.10008.5.1.4.1.2.3.1": Model.PATIENT_STUDY_ONLY,
}
"""The information models by abstract syntax (PS3.4 C.6)."""


class Finding:
    """The service of C-FIND."""

    grants: Mapping[str, str] = MappingProxyType(dict.fromkeys(MODELS, "find"))

    def perform(self, exchange: Exchange) -> Answer:
        """Answer one query: a pending response for each match, then how it ended."""
        exchange.permit()
        if exchange.command.field != Operation.C_FIND_RQ:
            raise OperationUnknown
        context, options = exchange.context, QueryOptions.of(exchange.context.options)
        try:
            asked = parse_identifier(
                exchange.identifier(),
                context.transfer_syntax,
                MODELS[context.abstract_syntax],
                relational=options.relational,
                combined=options.combined,
                way=Way(fuzzy=options.fuzzy, empty=options.empty),
            )
        except BadIdentifier as refused:
            tags = refused.facts.get("tags", ())
            return Answer(Status.DATA_SET_MISMATCH, refused.code, tags if isinstance(tags, tuple) else ())
        more, answers = False, answers_to(asked, context.transfer_syntax, exchange.services.aet)
        for found in _find(exchange, asked):
            _record(exchange, asked, found)
            if not _respond(exchange, asked, found, answers):
                return Answer(Status.CANCEL)
            more = found.more
        if exchange.cancelled():
            return Answer(Status.CANCEL)
        return Answer(Status.OUT_OF_RESOURCES, "dimse.more-matches") if more else Answer(Status.SUCCESS)


def _find(exchange: Exchange, asked: Identifier) -> Iterator[Findings]:
    """Find a first part, which most queries end with, and all the rest once that has been sent."""
    limits, archive = exchange.services.limits, exchange.services.archive()
    most = limits.query_answers if asked.criteria.keys else limits.blank_query_answers
    # a patient's row is that of the study received last, which may be another one by the second look
    few = most if asked.level is Level.PATIENT else min(most, limits.query_first)
    # a device sees what its controller has; a study marked confidential is for people with that grant
    reach = reach_of(exchange.device)
    first = archive.find(asked.level, replace(asked.criteria, limit=few), reach)
    yield first
    if first.more and few < most and exchange.wants_more(limits.query_pause_seconds):
        # looked for from the beginning: a study that came meanwhile shifts the others
        yield archive.find(asked.level, replace(asked.criteria, limit=most), reach).without(first)


def _record(exchange: Exchange, asked: Identifier, found: Findings) -> None:
    """Write down who asked, and how much is about to be said.

    Raises what the journal raises when it cannot be written: then nothing is answered.
    """
    details: dict[str, str | int] = {
        "association": exchange.association,
        "controller": exchange.device.controller_id,
        "level": str(asked.level),
        "found": len(found),
    }
    exchange.services.journal.record(Fact(Kind.DEVICE_LIST_SEARCHED, exchange.device.id, "", details))


def _respond(exchange: Exchange, asked: Identifier, found: Findings, answers: Answers) -> bool:
    """Send what was found, page by page; tell whether it went through to the end."""
    status = Status.PENDING_WARNING if asked.unsupported else Status.PENDING
    for page in found.pages(exchange.services.limits.query_page):
        exchange.permit()
        if exchange.cancelled():
            return False
        exchange.respond_all(status, (answers.encode(one.shown) for one in page))
    return True
