"""A process that falls again and again waits longer and longer; one that ran a while starts afresh."""

from primum.doors.cli.backoff import SECONDS, STEADY, Backoff


def test_each_fall_in_a_row_waits_longer_up_to_the_last_step():
    backoff = Backoff()
    falls = [backoff.fell("dimse", 0.1) for _ in range(6)]
    assert [one.pause for one in falls] == [*SECONDS, SECONDS[-1], SECONDS[-1]]
    assert [one.times for one in falls] == [1, 2, 3, 4, 5, 6]


def test_who_ran_a_while_starts_afresh_and_others_have_their_own_count():
    backoff = Backoff()
    for _ in range(3):
        backoff.fell("dimse", 0.1)
    assert backoff.fell("web", 0.1).times == 1
    assert backoff.fell("dimse", STEADY + 1) == (1, SECONDS[0])
