"""The upper layer's state machine, acceptor's half (PS3.8 section 9.2, table 9-10).

Sta4, Sta5 (we never ask for an association), Sta7 and Sta9 to Sta12 (we never ask for its release) do not
exist here, nor the events that only happen in them. Pure: `Machine.on` says what to do; the association does it.
"""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """States (PS3.8 tables 9-1 to 9-5)."""

    STA1 = "idle"
    STA2 = "transport connection open, awaiting A-ASSOCIATE-RQ"
    STA3 = "awaiting local A-ASSOCIATE response"
    STA6 = "association established, ready for data transfer"
    STA8 = "awaiting local A-RELEASE response"
    STA13 = "awaiting transport connection close"


class Event(Enum):
    """Events (PS3.8 table 9-10, first column)."""

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
    AR7 = "send P-DATA-TF"
    AA1 = "send A-ABORT (service-user), start ARTIM"
    AA2 = "stop ARTIM, close the connection"
    AA3 = "issue an abort indication, close the connection"
    AA4 = "issue A-P-ABORT indication"
    AA5 = "stop ARTIM"
    AA6 = "ignore the PDU"
    AA7 = "send A-ABORT"
    AA8 = "send A-ABORT (service-provider), issue A-P-ABORT indication, start ARTIM"


_COLUMNS = (State.STA1, State.STA2, State.STA3, State.STA6, State.STA8, State.STA13)
_NONE: tuple[()] = ()

# PS3.8 table 9-10, one line per event: (action, next state) by state. AE-6 goes to Sta3 only: what the standard
# lets the service-provider reject there, we reject from Sta3 by Evt8; the bytes on the wire are the same.
# fmt: off
_ROWS: dict[str, tuple[tuple[str, str] | tuple[()], ...]] = {
    #         Sta1             Sta2              Sta3              Sta6              Sta8              Sta13
    "EVT3":  (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA6", "STA13")),
    "EVT4":  (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA6", "STA13")),
    "EVT5":  (("AE5", "STA2"), _NONE,            _NONE,            _NONE,            _NONE,            _NONE),
    "EVT6":  (_NONE,           ("AE6", "STA3"),  ("AA8", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA7", "STA13")),
    "EVT7":  (_NONE,           _NONE,            ("AE7", "STA6"),  _NONE,            _NONE,            _NONE),
    "EVT8":  (_NONE,           _NONE,            ("AE8", "STA13"), _NONE,            _NONE,            _NONE),
    "EVT9":  (_NONE,           _NONE,            _NONE,            ("DT1", "STA6"),  ("AR7", "STA8"),  _NONE),
    "EVT10": (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("DT2", "STA6"),  ("AA8", "STA13"), ("AA6", "STA13")),
    "EVT12": (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("AR2", "STA8"),  ("AA8", "STA13"), ("AA6", "STA13")),
    "EVT13": (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA6", "STA13")),
    "EVT14": (_NONE,           _NONE,            _NONE,            _NONE,            ("AR4", "STA13"), _NONE),
    "EVT15": (_NONE,           _NONE,            ("AA1", "STA13"), ("AA1", "STA13"), ("AA1", "STA13"), _NONE),
    "EVT16": (_NONE,           ("AA2", "STA1"),  ("AA3", "STA1"),  ("AA3", "STA1"),  ("AA3", "STA1"),  ("AA2", "STA1")),
    "EVT17": (_NONE,           ("AA5", "STA1"),  ("AA4", "STA1"),  ("AA4", "STA1"),  ("AA4", "STA1"),  ("AR5", "STA1")),
    "EVT18": (_NONE,           ("AA2", "STA1"),  _NONE,            _NONE,            _NONE,            ("AA2", "STA1")),
    "EVT19": (_NONE,           ("AA1", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA8", "STA13"), ("AA7", "STA13")),
}
# fmt: on

TRANSITIONS: dict[tuple[Event, State], tuple[Action, State]] = {
    (Event[event], state): (Action[cell[0]], State[cell[1]])
    for event, row in _ROWS.items()
    for state, cell in zip(_COLUMNS, row, strict=True)
    if cell
}
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
