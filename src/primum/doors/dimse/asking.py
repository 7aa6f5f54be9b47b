"""Another archive, asked by C-FIND and C-MOVE as a user of its services (PS3.4 C.4.1, C.4.2): for a migration.

Studies are asked for by spans of StudyDate, halved where many come: archives bound their answers, and not all say so.
What a C-MOVE sends comes to our own door, on associations of the other archive's. Implicit little endian is spoken,
which every archive must (PS3.5 10.1).
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from primum.doors.dimse.call_refusals import CallFailed
from primum.doors.dimse.command import Operation
from primum.doors.dimse.pdu import Proposed
from primum.doors.dimse.reception import OtherPdu
from primum.doors.dimse.refusals import (
    ConnectionEnded,
    DoorClosing,
    IdentifierTooLong,
    InvalidCommand,
    InvalidPdu,
    TooSlow,
)
from primum.doors.dimse.requests import request
from primum.ground.outbound import BeyondLoopback, Unreachable
from primum.imaging.errors import ImagingRefusal
from primum.imaging.media.migrating import SourceFailed
from primum.imaging.media.picking import Picked

if TYPE_CHECKING:
    from primum.doors.dimse.dialling import Dialler
    from primum.doors.dimse.requestor import Answered, Requested
    from primum.identity.device_model import Destination

FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
IMPLICIT: Final = "1.2.840.10008.1.2"
_LEVEL, _DATE, _STUDY, _SERIES, _SOP = 0x00080052, 0x00080020, 0x0020000D, 0x0020000E, 0x00080018
MANY: Final = 200
"""Answers to one span of days from which on it is halved: the smallest bound that is usual."""
MOST: Final = 200_000
"""Answers to one question at all: instances of a study, and then some."""
ANSWER: Final = 300.0
"""Seconds that an archive may take for its next answer: a study that it fetches from tape first."""
FIRST_YEAR: Final = 1970
_PENDING: Final = frozenset({0xFF00, 0xFF01})
_LOST: Final = (
    CallFailed, Unreachable, BeyondLoopback, ConnectionEnded, TooSlow, InvalidPdu, InvalidCommand, OtherPdu,
    IdentifierTooLong, DoorClosing,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OtherArchive:
    """An enrolled device that is an archive; `today` bounds the dates that are asked for."""

    dialler: Dialler
    destination: Destination
    today: date

    def studies(self) -> Iterator[str]:
        """Give the Study Instance UIDs of all that it has. Raises SourceFailed."""
        # what has no date, or one outside of every span, is in no span: asked for last, as far as it is answered
        yield from self._dated(date(FIRST_YEAR, 1, 1), self.today + timedelta(days=1))
        yield from filter(None, self._find({_LEVEL: b"STUDY", _DATE: b"", _STUDY: b""}, _STUDY))

    def instances(self, study_uid: str) -> frozenset[str]:
        """List the SOP Instance UIDs of a study. Raises SourceFailed."""
        asked = {_LEVEL: b"IMAGE", _STUDY: study_uid.encode("ascii"), _SERIES: b"", _SOP: b""}
        found = frozenset(filter(None, self._find(asked, _SOP)))
        if found:
            return found
        # relational queries are not everybody's: series by series then
        series = self._find({_LEVEL: b"SERIES", _STUDY: study_uid.encode("ascii"), _SERIES: b""}, _SERIES)
        listed = [
            self._find(asked | {_SERIES: one.encode("ascii")}, _SOP) for one in dict.fromkeys(filter(None, series))
        ]
        return frozenset(one for some in listed for one in some if one)

    def fetch(self, study_uid: str) -> None:
        """Have a study sent to our AE title. Raises SourceFailed."""
        asked = {_LEVEL: b"STUDY", _STUDY: study_uid.encode("ascii")}
        title = self.dialler.aet.encode("ascii")
        more = {0x0600: title + b" " * (len(title) % 2)}
        answer = None
        for answer in self._ask(MOVE, Operation.C_MOVE_RQ, asked, more):
            if answer.status not in _PENDING:
                break
        failed = answer.command.short(0x1022) if answer is not None else None
        if answer is None or answer.status or failed:
            raise SourceFailed(reason=f"status {answer.status:04x}h, {failed or 0} failed" if answer else "no answer")

    def _dated(self, first: date, last: date) -> Iterator[str]:
        span = f"{first:%Y%m%d}-{last:%Y%m%d}".encode("ascii")
        found = self._find({_LEVEL: b"STUDY", _DATE: span, _STUDY: b""}, _STUDY)
        if len(found) < MANY or first == last:
            yield from filter(None, found)
            return
        middle = first + (last - first) // 2
        yield from self._dated(first, middle)
        yield from self._dated(middle + timedelta(days=1), last)

    def _find(self, asked: Mapping[int, bytes], wanted: int) -> list[str]:
        found: list[str] = []
        for answer in self._ask(FIND, Operation.C_FIND_RQ, asked):
            if answer.status not in _PENDING:
                # out of resources (A7xx) is how a bound is told: what was answered counts, and the span is halved
                if answer.status and answer.status >> 8 != 0xA7:  # noqa: PLR2004 (PS3.4 C.4.1.1.4)
                    raise SourceFailed(reason=f"status {answer.status:04x}h")
                return found + [""] * (MANY if answer.status else 0)
            try:
                uid = Picked(answer.data_set, IMPLICIT, (wanted,)).raw(wanted).decode("ascii", "replace")
            except ImagingRefusal:
                raise SourceFailed(reason="an answer cannot be read") from None
            if uid and not set(uid) - set("0123456789."):
                found.append(uid)
        raise SourceFailed(reason="no end of its answers")

    def _ask(
        self, sop_class: str, operation: Operation, asked: Mapping[int, bytes], more: Mapping[int, bytes] | None = None
    ) -> Iterator[Answered]:
        """Ask on an association of its own; give the answers, the last one too."""
        try:
            association: Requested = self.dialler.open(self.destination, (Proposed(1, sop_class, (IMPLICIT,)),))
            with association:
                if 1 not in association.contexts:
                    raise SourceFailed(reason="it does not offer to be asked")
                number = association.next_message_id()
                command = request(operation, number, sop_class, more or {}, has_data_set=True)
                association.send(1, command, [_identifier(asked)])
                for _ in range(MOST):
                    answer = association.response_to(number, time.monotonic() + ANSWER)
                    yield answer
                    if answer.status not in _PENDING:
                        return
        except _LOST as lost:
            raise SourceFailed(reason=getattr(lost, "code", "dimse.lost")) from None


def _identifier(asked: Mapping[int, bytes]) -> bytes:
    """Write the keys of a question in implicit little endian."""
    parts = []
    for tag, value in sorted(asked.items()):
        pad = b"\0" if tag in {_STUDY, _SOP, _SERIES} else b" "
        raw = value + pad * (len(value) % 2)
        parts.append(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(raw)) + raw)
    return b"".join(parts)
