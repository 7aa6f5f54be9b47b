"""Which service answers on which abstract syntax: all that this door offers besides C-ECHO and C-STORE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from primum.doors.dimse.command import Operation
from primum.doors.dimse.committing import PUSH_MODEL, Committing
from primum.doors.dimse.finding import Finding
from primum.doors.dimse.getting import Getting
from primum.doors.dimse.moving import Moving
from primum.doors.dimse.mpps import PerformedSteps
from primum.doors.dimse.worklist import Worklist

if TYPE_CHECKING:
    from primum.doors.dimse.command import Command
    from primum.doors.dimse.contexts import Accepted
    from primum.doors.dimse.exchange import Exchange
    from primum.doors.dimse.statuses import Answer


class Service(Protocol):
    """A DIMSE service in the role of SCP. Keeps nothing between two messages: all associations share it."""

    @property
    def grants(self) -> Mapping[str, str]:
        """Its abstract syntaxes, and for each the grant that a device needs (`find`, `get`, …)."""
        ...

    def perform(self, exchange: Exchange) -> Answer:
        """Do what one request asks; the answer is its final response.

        Pending responses go through the exchange. A refusal (PrimumError) is answered with the status of its code
        (statuses.py), anything else with 0110H.
        """
        ...


SERVICES: tuple[Service, ...] = (Finding(), Committing(), PerformedSteps(), Worklist(), Getting(), Moving())
"""Every service of this door."""

GRANTS: Mapping[str, str] = {syntax: grant for one in SERVICES for syntax, grant in one.grants.items()}
"""The grant needed, by abstract syntax."""
BY_SYNTAX: Mapping[str, Service] = {syntax: one for one in SERVICES for syntax in one.grants}
"""The service that answers, by abstract syntax."""
REPORTED: Mapping[str, str] = {PUSH_MODEL: "receive"}
"""The grant of a caller who reports to us what we asked of it (N-EVENT-REPORT), by abstract syntax."""


def grant_for(context: Accepted, command: Command) -> str:
    """Say which grant a request needs."""
    if context.reports and command.field == Operation.N_EVENT_REPORT_RQ:
        return REPORTED[context.abstract_syntax]
    return GRANTS[context.abstract_syntax]
