"""Those who wait: never more than the bound, and nobody honest is shut out."""

from hypothesis import given, strategies as st

from primum.ground.lobby import Lobby


def enter(lobby, key, **others):
    seat, gone = lobby.enter(key, lambda: None, **others)
    return seat, gone


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=80), st.integers(1, 8), st.integers(1, 8))
def test_there_are_never_more_than_the_bounds_and_the_newcomer_always_gets_in(comings, most, most_of_one):
    lobby, inside = Lobby(most, most_of_one), []
    for key, leaves in comings:
        seat, gone = enter(lobby, key)
        assert gone is not seat
        inside = [one for one in inside if one is not gone] + [seat]
        if leaves:
            inside.pop(0).leave()
        assert len(lobby) == len(inside) <= most
        for name in "abcdef":
            assert lobby.count(name) == sum(one.key == name for one in inside) <= most_of_one


def test_who_has_something_under_way_is_sent_away_last():
    lobby = Lobby(3, 3)
    busy, idle = enter(lobby, "a")[0], enter(lobby, "a")[0]
    busy.busy = True
    enter(lobby, "a")
    assert enter(lobby, "b")[1] is idle


def test_leaving_twice_counts_once():
    lobby = Lobby(2, 2)
    seat, _ = enter(lobby, "a")
    enter(lobby, "a")
    seat.leave()
    seat.leave()
    assert len(lobby) == 1


def test_what_waits_elsewhere_counts_and_shuts_nobody_out():
    lobby = Lobby(4, 4)
    first, gone = enter(lobby, "a", others=4)
    assert gone is None
    assert enter(lobby, "b", others=4)[1] is first
