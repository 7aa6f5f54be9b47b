import pytest
from pynetdicom.fsm import TRANSITION_TABLE

from primum.doors.dimse.machine import TRANSITIONS, Action, Event, Machine, State

OURS = {int(state.name[3:]): state for state in State}
PYNETDICOM_NEXT = {
    "AA_1": 13, "AA_2": 1, "AA_3": 1, "AA_4": 1, "AA_5": 1, "AA_6": 13, "AA_7": 13, "AA_8": 13,
    "AE_5": 2, "AE_6": 3, "AE_7": 6, "AE_8": 13, "AR_2": 8, "AR_4": 13, "AR_5": 1, "DT_1": 6, "DT_2": 6, "AR_7": 8,
}  # fmt: skip
WE_ASK_FOR_RELEASE = {("Evt11", "Sta6"), ("Evt15", "Sta2")}


def others():
    """The cells of another implementation's table for the states and events that an acceptor has."""
    events = {event.name.replace("EVT", "Evt") for event in Event}
    states = {state.name.replace("STA", "Sta") for state in State}
    return {key: action for key, action in TRANSITION_TABLE.items() if key[0] in events and key[1] in states}


def test_the_table_is_that_of_the_standard_as_another_implementation_reads_it():
    theirs = {
        (Event[event.upper()], State[state.upper()]): (
            Action[action.replace("-", "")], OURS[PYNETDICOM_NEXT[action.replace("-", "_")]],
        )
        for (event, state), action in others().items()
        if (event, state) not in WE_ASK_FOR_RELEASE
    }  # fmt: skip
    # as a requestor they meet the transport in Sta1, and leave it to the application whether to abort in Sta2
    assert theirs == TRANSITIONS


@pytest.mark.parametrize("state", [state for state in State if state is not State.STA1])
@pytest.mark.parametrize("event", [Event[f"EVT{number}"] for number in (3, 4, 6, 10, 12, 13, 16, 17, 19)])
def test_whatever_a_peer_does_has_a_cell_in_every_state(event, state):
    assert (event, state) in TRANSITIONS


def test_an_association_goes_from_idle_to_idle():
    machine = Machine()
    events = [Event.EVT5, Event.EVT6, Event.EVT7, Event.EVT10, Event.EVT9, Event.EVT12, Event.EVT14, Event.EVT17]
    assert [machine.on(event).name for event in events] == ["AE5", "AE6", "AE7", "DT2", "DT1", "AR2", "AR4", "AR5"]
    assert machine.state is State.STA1


def test_an_event_of_ours_in_the_wrong_state_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        Machine().on(Event.EVT9)
