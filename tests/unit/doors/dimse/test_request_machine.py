import pytest
from pynetdicom.fsm import TRANSITION_TABLE

from primum.doors.dimse.request_machine import TRANSITIONS, RequestAction, RequestEvent, RequestMachine, RequestState

OURS = {int(state.name[3:]): state for state in RequestState}
NEXT = {
    "AE_1": 4, "AE_2": 5, "AE_3": 6, "AE_4": 1, "DT_1": 6, "DT_2": 6, "AR_1": 7, "AR_2": 8, "AR_3": 1, "AR_4": 13,
    "AR_5": 1, "AR_6": 7, "AR_7": 8, "AR_8": 9, "AR_9": 11, "AA_1": 13, "AA_2": 1, "AA_3": 1, "AA_4": 1, "AA_6": 13,
    "AA_7": 13, "AA_8": 13,
}  # fmt: skip


def test_the_table_is_that_of_the_standard_as_another_implementation_reads_it():
    events = {event.name.replace("EVT", "Evt") for event in RequestEvent}
    states = {state.name.replace("STA", "Sta") for state in RequestState}
    theirs = {
        (RequestEvent[event.upper()], RequestState[state.upper()]): (
            RequestAction[action.replace("-", "").replace("_", "")], OURS[NEXT[action.replace("-", "_")]],
        )
        for (event, state), action in TRANSITION_TABLE.items()
        if event in events and state in states
    }  # fmt: skip
    assert theirs == TRANSITIONS


@pytest.mark.parametrize("state", [one for one in RequestState if one.name not in {"STA1", "STA4"}])
@pytest.mark.parametrize("event", [RequestEvent[f"EVT{number}"] for number in (3, 4, 6, 10, 12, 13, 16, 17, 19)])
def test_whatever_a_peer_does_has_a_cell_in_every_state(event, state):
    assert (event, state) in TRANSITIONS


def test_an_association_goes_from_idle_to_idle():
    machine = RequestMachine()
    events = ["EVT1", "EVT2", "EVT3", "EVT9", "EVT10", "EVT11", "EVT13"]
    assert [machine.on(RequestEvent[one]).name for one in events] == ["AE1", "AE2", "AE3", "DT1", "DT2", "AR1", "AR3"]
    assert machine.state is RequestState.STA1


def test_both_may_ask_for_release_at_once():
    machine = RequestMachine()
    for one in ("EVT1", "EVT2", "EVT3", "EVT11"):
        machine.on(RequestEvent[one])
    assert [machine.on(RequestEvent[one]).name for one in ("EVT12", "EVT14", "EVT13")] == ["AR8", "AR9", "AR3"]
    assert machine.state is RequestState.STA1
