"""The upper layer's state machine, acceptor's half (PS3.8 section 9.2, table 9-10).

Sta4, Sta5 (we never ask for an association), Sta7 and Sta9 to Sta12 (we never ask for its release) do not
exist here, nor the events that only happen in them. Pure: `Machine.on` says what to do; the association does it.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar


class State(Enum):
    """States (PS3.8 tables 9-1 to 9-5)."""

    __hash__ = object.__hash__

    STA1 = "idle"
    STA2 = "transport connection open, awaiting A-ASSOCIATE-RQ"
    STA3 = "awaiting local A-ASSOCIATE response"
    STA6 = "association established, ready for data transfer"
    STA8 = "awaiting local A-RELEASE response"
    STA13 = "awaiting transport connection close"


class Event(Enum):
    """Events (PS3.8 table 9-10, first column)."""

    __hash__ = object.__hash__  # there is one object of each; Enum would hash its name, twice for each message

    EVT3 = "A-ASSOCIATE-AC PDU"
    EVT4 = "A-ASSOCIATE-RJ PDU"
    EVT5 = "transport connection indication"
    EVT6 = "A-ASSOCIATE-RQ PDU"
    EVT7 = "A-ASSOCIATE response (accept)"
    EVT8 = "A-ASSOCIATE response (reject)"
    EVT9 = "P-DATA request"
    EVT10 = "P-DATA-TF PDU"
    EVT12 = "A-RELEASE-RQ PDU"
    EVT13 = "A-RELEASE-RP PDU"
    EVT14 = "A-RELEASE response"
    EVT15 = "A-ABORT request"
    EVT16 = "A-ABORT PDU"
    EVT17 = "transport connection closed"
    EVT18 = "ARTIM timer expired"
    EVT19 = "unrecognized or invalid PDU"


class Action(Enum):
    """Actions (PS3.8 tables 9-6 to 9-9)."""

    AE5 = "issue transport response, start ARTIM"
    AE6 = "stop ARTIM; acceptable to the service-provider? issue A-ASSOCIATE indication"
    AE7 = "send A-ASSOCIATE-AC"
    AE8 = "send A-ASSOCIATE-RJ, start ARTIM"
    DT1 = "send P-DATA-TF"
    DT2 = "issue P-DATA indication"
    AR2 = "issue A-RELEASE indication"
    AR4 = "send A-RELEASE-RP, start ARTIM"
    AR5 = "stop ARTIM"
    AR7 = "send P-DATA-TF, although release was asked for"
    AA1 = "send A-ABORT (service-user), start ARTIM"
    AA2 = "stop ARTIM, close the connection"
    AA3 = "issue an abort indication, close the connection"
    AA4 = "issue A-P-ABORT indication"
    AA5 = "stop ARTIM, the peer has gone"
    AA6 = "ignore the PDU"
    AA7 = "send A-ABORT"
    AA8 = "send A-ABORT (service-provider), issue A-P-ABORT indication, start ARTIM"


# PS3.8 table 9-10: action and next state, by event and state. AE-6 goes to Sta3 only: what the standard lets the
# service-provider reject there, we reject from Sta3 by Evt8; the bytes on the wire are the same.
_TABLE = """
        STA1    STA2    STA3    STA6    STA8    STA13
EVT3    -       AA1/13  AA8/13  AA8/13  AA8/13  AA6/13
EVT4    -       AA1/13  AA8/13  AA8/13  AA8/13  AA6/13
EVT5    AE5/2   -       -       -       -       -
EVT6    -       AE6/3   AA8/13  AA8/13  AA8/13  AA7/13
EVT7    -       -       AE7/6   -       -       -
EVT8    -       -       AE8/13  -       -       -
EVT9    -       -       -       DT1/6   AR7/8   -
EVT10   -       AA1/13  AA8/13  DT2/6   AA8/13  AA6/13
EVT12   -       AA1/13  AA8/13  AR2/8   AA8/13  AA6/13
EVT13   -       AA1/13  AA8/13  AA8/13  AA8/13  AA6/13
EVT14   -       -       -       -       AR4/13  -
EVT15   -       -       AA1/13  AA1/13  AA1/13  -
EVT16   -       AA2/1   AA3/1   AA3/1   AA3/1   AA2/1
EVT17   -       AA5/1   AA4/1   AA4/1   AA4/1   AR5/1
EVT18   -       AA2/1   -       -       -       AA2/1
EVT19   -       AA1/13  AA8/13  AA8/13  AA8/13  AA7/13
"""


EventType = TypeVar("EventType", bound=Enum)
StateType = TypeVar("StateType", bound=Enum)
ActionType = TypeVar("ActionType", bound=Enum)


def read_table(
    table: str, events: type[EventType], states: type[StateType], actions: type[ActionType]
) -> dict[tuple[EventType, StateType], tuple[ActionType, StateType]]:
    """Read a table of `action/next state` by event and state; `-` is a cell that does not exist."""
    head, *rows = (line.split() for line in table.strip().splitlines())
    cells = ((row[0], column, cell) for row in rows for column, cell in zip(head, row[1:], strict=True))
    return {
        (events[event], states[column]): (actions[cell.partition("/")[0]], states["STA" + cell.partition("/")[2]])
        for event, column, cell in cells
        if cell != "-"
    }


TRANSITIONS = read_table(_TABLE, Event, State, Action)
"""What to do, and the state afterwards, by event and state."""


class Machine:
    """The state of one association."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        """Start idle."""
        self.state = State.STA1

    def on(self, event: Event) -> Action:
        """Move, and return what must be done. KeyError: an event of ours that this state does not have."""
        action, self.state = TRANSITIONS[event, self.state]
        return action
