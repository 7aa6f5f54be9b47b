"""An event as a data set (PS3.4 table CC.2.4-1, PS3.18 11.13). Pure: UIDs, states, and what a performer said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, NamedTuple

from primum.imaging.orders.model import StepFacts
from primum.imaging.orders.values import Json, element, items, sequence, text
from primum.imaging.orders.watching.limits import LIMITS
from primum.imaging.orders.workitems import STATE, UPS_PUSH, WorkitemState

GLOBAL: Final = "1.2.840.10008.5.1.4.34.5"
FILTERED: Final = "1.2.840.10008.5.1.4.34.5.1"
WORKLISTS: Final = frozenset({GLOBAL, FILTERED})
"""The well-known UIDs that stand for a subscription to workitems that are yet to come."""
READINESS: Final = "00404041"
PROGRESS: Final = "00741002"
REASON: Final = "00741238"
REQUESTER: Final = "00741236"
_MESSAGE_IDS = 1 << 16
_OF_PROGRESS: Final = ("00741004", "00741006", "00741008", "0074100E", "00404052", REASON)
"""Of the progress information: percentage, description, addresses, why and when it was discontinued."""
_OF_CANCEL: Final = {REASON: "LT", "0074100A": "UR", "0074100C": "LO"}
"""Of a request to cancel: the reason, and whom to ask about it."""


class EventType(IntEnum):
    """Event Type ID (0000,1002)."""

    STATE_REPORT = 1
    CANCEL_REQUESTED = 2
    PROGRESS_REPORT = 3
    SCP_STATUS_CHANGE = 4
    ASSIGNED = 5


class Workitem(NamedTuple):
    """A workitem, and whose it is."""

    uid: str
    controller_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a workitem, as its watchers are told."""

    number: int
    workitem: Workitem
    kind: EventType
    told: Json

    def message(self) -> str:
        """Write it as one message of a channel."""
        written = {
            "00000002": element("UI", UPS_PUSH),
            "00000110": element("US", self.number % _MESSAGE_IDS),
            "00001000": element("UI", self.workitem.uid),
            "00001002": element("US", int(self.kind)),
            **self.told,
        }
        return json.dumps(written, separators=(",", ":"))


def state_report(state: WorkitemState) -> dict[str, Any]:
    """Tell the state of a workitem."""
    return {READINESS: element("CS", "READY"), STATE: element("CS", state.value)}


def assigned(facts: StepFacts) -> dict[str, Any]:
    """Tell whose a workitem is now."""
    station = {"00080100": facts.station_aet, "00080102": "99PRIMUM", "00080104": facts.station_aet}
    coded = {tag: element("LO" if tag == "00080104" else "SH", value) for tag, value in station.items()}
    return {"00404025": sequence(coded) if facts.station_aet else {"vr": "SQ"}}


def progress(given: Json) -> dict[str, Any]:
    """Tell how far a performer is: of a long report the percentage alone."""
    found = next(iter(items(given, PROGRESS)), {})
    whole = {tag: found[tag] for tag in _OF_PROGRESS if tag in found}
    if len(json.dumps(whole)) > LIMITS.progress_bytes:
        whole = {"00741004": element("DS", text(found, "00741004")[:16])}
    return {PROGRESS: sequence(whole)}


def cancel_requested(requester: str, given: Json) -> dict[str, Any]:
    """Ask a performer to cancel, in the words of who asks."""
    said = {tag: element(vr, text(given, tag)[: LIMITS.words]) for tag, vr in _OF_CANCEL.items() if text(given, tag)}
    return {REQUESTER: element("AE", requester), **said}


def dropped(number: int = 0) -> str:
    """Say that events are missing: the subscriptions stand, the worklist is to be searched again."""
    told: Mapping[str, Any] = {
        "00741242": element("CS", "RESTARTED"),
        "00741244": element("CS", "WARM START"),
        "00741246": element("CS", "WARM START"),
    }
    return Event(number, Workitem(GLOBAL, ""), EventType.SCP_STATUS_CHANGE, told).message()
