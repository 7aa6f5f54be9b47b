"""The upper layer's state machine, requestor's half (PS3.8 section 9.2, table 9-10).

Sta2, Sta3, Sta10 and Sta12 belong to who accepts; machine.py has that half. Pure: `RequestMachine.on` says what to
do; the association that we asked for (requestor.py) does it.
"""

from __future__ import annotations

from enum import Enum

from primum.doors.dimse.machine import read_table


class RequestState(Enum):
    """States of a requestor (PS3.8 tables 9-1 to 9-5)."""

    __hash__ = object.__hash__

    STA1 = "idle"
    STA4 = "awaiting transport connection opening"
    STA5 = "awaiting A-ASSOCIATE-AC or -RJ"
    STA6 = "association established, ready for data transfer"
    STA7 = "awaiting A-RELEASE-RP"
    STA8 = "awaiting local A-RELEASE response"
    STA9 = "release collision, requestor: awaiting local A-RELEASE response"
    STA11 = "release collision, requestor: awaiting A-RELEASE-RP"
    STA13 = "awaiting transport connection close"


class RequestEvent(Enum):
    """Events of a requestor (PS3.8 table 9-10, first column)."""

    __hash__ = object.__hash__

    EVT1 = "A-ASSOCIATE request"
    EVT2 = "transport connection confirmation"
    EVT3 = "A-ASSOCIATE-AC PDU"
    EVT4 = "A-ASSOCIATE-RJ PDU"
    EVT6 = "A-ASSOCIATE-RQ PDU"
    EVT9 = "P-DATA request"
    EVT10 = "P-DATA-TF PDU"
    EVT11 = "A-RELEASE request"
    EVT12 = "A-RELEASE-RQ PDU"
    EVT13 = "A-RELEASE-RP PDU"
    EVT14 = "A-RELEASE response"
    EVT15 = "A-ABORT request"
    EVT16 = "A-ABORT PDU"
    EVT17 = "transport connection closed"
    EVT18 = "ARTIM timer expired"
    EVT19 = "unrecognized or invalid PDU"


class RequestAction(Enum):
    """Actions of a requestor (PS3.8 tables 9-6 to 9-9)."""

    AE1 = "open the transport connection"
    AE2 = "send A-ASSOCIATE-RQ"
    AE3 = "issue A-ASSOCIATE confirmation (accept)"
    AE4 = "issue A-ASSOCIATE confirmation (reject), close the connection"
    DT1 = "send P-DATA-TF"
    DT2 = "issue P-DATA indication"
    AR1 = "send A-RELEASE-RQ"
    AR2 = "issue A-RELEASE indication"
    AR3 = "issue A-RELEASE confirmation, close the connection"
    AR4 = "send A-RELEASE-RP, start ARTIM"
    AR5 = "stop ARTIM"
    AR6 = "issue P-DATA indication, although release was asked for"
    AR7 = "send P-DATA-TF, although release was asked for"
    AR8 = "issue A-RELEASE indication: both asked for it"
    AR9 = "send A-RELEASE-RP"
    AA1 = "send A-ABORT (service-user), start ARTIM"
    AA2 = "stop ARTIM, close the connection"
    AA3 = "issue an abort indication, close the connection"
    AA4 = "issue A-P-ABORT indication"
    AA6 = "ignore the PDU"
    AA7 = "send A-ABORT"
    AA8 = "send A-ABORT (service-provider), issue A-P-ABORT indication, start ARTIM"


# PS3.8 table 9-10: action and next state, by event and state
_TABLE = """
        STA1    STA4    STA5    STA6    STA7    STA8    STA9    STA11   STA13
EVT1    AE1/4   -       -       -       -       -       -       -       -
EVT2    -       AE2/5   -       -       -       -       -       -       -
EVT3    -       -       AE3/6   AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA6/13
EVT4    -       -       AE4/1   AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA6/13
EVT6    -       -       AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA7/13
EVT9    -       -       -       DT1/6   -       AR7/8   -       -       -
EVT10   -       -       AA8/13  DT2/6   AR6/7   AA8/13  AA8/13  AA8/13  AA6/13
EVT11   -       -       -       AR1/7   -       -       -       -       -
EVT12   -       -       AA8/13  AR2/8   AR8/9   AA8/13  AA8/13  AA8/13  AA6/13
EVT13   -       -       AA8/13  AA8/13  AR3/1   AA8/13  AA8/13  AR3/1   AA6/13
EVT14   -       -       -       -       -       AR4/13  AR9/11  -       -
EVT15   -       AA2/1   AA1/13  AA1/13  AA1/13  AA1/13  AA1/13  AA1/13  -
EVT16   -       -       AA3/1   AA3/1   AA3/1   AA3/1   AA3/1   AA3/1   AA2/1
EVT17   -       AA4/1   AA4/1   AA4/1   AA4/1   AA4/1   AA4/1   AA4/1   AR5/1
EVT18   -       -       -       -       -       -       -       -       AA2/1
EVT19   -       -       AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA8/13  AA7/13
"""


TRANSITIONS = read_table(_TABLE, RequestEvent, RequestState, RequestAction)
"""What to do, and the state afterwards, by event and state."""


class RequestMachine:
    """The state of one association that we ask for."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        """Start idle."""
        self.state = RequestState.STA1

    def on(self, event: RequestEvent) -> RequestAction:
        """Move, and return what must be done. KeyError: an event of ours that this state does not have."""
        action, self.state = TRANSITIONS[event, self.state]
        return action

    def knows(self, event: RequestEvent) -> bool:
        """Tell whether this state has this event."""
        return (event, self.state) in TRANSITIONS
