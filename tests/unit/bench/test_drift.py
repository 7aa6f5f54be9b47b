"""The rules that judge an hour: what leaks or slows down is found, what only varies is not."""

import random

import pytest
from bench.soak import drift
from bench.soak.pace import Action, Diary
from bench.soak.samples import OfProcess, Sample
from bench.soak.told import Hour, as_drawing, as_object, as_table, findings, from_object, restarts, verdict

TIMES = [10.0 * n for n in range(361)]


def series(at_start, per_hour=0.0, noise=1.0, seed=1):
    chance = random.Random(seed)
    return [at_start + per_hour * at / 3600 + chance.gauss(0, noise) for at in TIMES]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0])
def test_memory_that_only_varies_is_flat_and_a_leak_of_twelve_mib_an_hour_is_not(seed, noise):
    assert drift.memory("web", TIMES, series(100, 0, noise, seed)).flat
    assert not drift.memory("web", TIMES, series(100, 12, noise, seed)).flat


def test_what_fills_up_in_the_first_quarter_is_no_leak():
    filling = [100 + 40 * min(1, at / 900) for at in TIMES]
    assert drift.memory("web", TIMES, filling).flat


def test_peaks_that_pass_are_no_leak_and_steps_that_stay_are():
    peaks = [100 + 60 * (n % 20 == 0) for n in range(len(TIMES))]
    steps = [100 + 5 * (n // 60) for n in range(len(TIMES))]
    assert drift.memory("worker", TIMES, peaks).flat
    assert not drift.memory("worker", TIMES, steps).flat


def test_the_slope_is_that_of_the_line_whatever_a_tenth_of_the_points_say():
    values = [5 + 0.002 * at for at in TIMES]
    values[::10] = [1000.0] * len(values[::10])
    found, _ = drift.slope(TIMES, values)
    assert found == pytest.approx(0.002, rel=0.1)


def test_a_descriptor_lost_every_five_minutes_is_found_and_a_client_more_is_not():
    leaking = [20 + at // 300 for at in TIMES]
    visited = [20 + (n % 3) for n in range(len(TIMES))]
    assert not drift.descriptors("dimse", TIMES, leaking).flat
    assert drift.descriptors("dimse", TIMES, visited).flat


def test_answers_that_take_twice_as_long_at_the_end_are_found():
    quiet = [0.0] * len(TIMES)
    slower = [0.01 * (1 + at / 1800) for at in TIMES]
    assert not drift.latency("QIDO", TIMES, slower, quiet).flat
    assert drift.latency("QIDO", TIMES, [0.01] * len(TIMES), quiet).flat


def test_other_work_on_the_machine_is_not_taken_for_drift_nor_hides_it():
    """In the last quarter others work more: like is compared with like."""
    loads = [6.0 if n % 2 == 0 or (at > 2700 and n % 4 == 1) else 0.5 for n, at in enumerate(TIMES)]
    honest = [0.01 + 0.02 * one for one in loads]
    assert drift.latency("QIDO", TIMES, honest, loads).flat
    drifting = [value * (2 if at > 2700 else 1) for value, at in zip(honest, TIMES, strict=True)]
    assert not drift.latency("QIDO", TIMES, drifting, loads).flat


def test_what_was_seen_too_little_is_not_judged_and_so_not_flat():
    found = drift.latency("export", [1000.0, 3000.0], [1.0, 1.0], [0.0, 0.0])
    assert not found.judged
    assert not found.flat
    assert not drift.memory("web", [0.0], [1.0]).judged


def hour(per_hour=0.0, **wrong):
    memory = series(80, per_hour)
    samples = [
        Sample(at, {"web": OfProcess(7, pss, pss - 5, 30, 12, 9)}, {"index.db": 1}, 0.5, 0.3, 0.1)
        for at, pss in zip(TIMES, memory, strict=True)
    ]
    actions = [Action(at, "QIDO-RS", 0.01) for at in TIMES]
    return Hour(Diary(actions=actions, **wrong), samples, [], 5)


def test_the_verdict_says_what_happened():
    flat = hour()
    assert said(flat) == "flat"
    assert said(hour(60)) == "drifted"
    assert said(hour(wrong=["a study does not come out"])) == "wrong"
    assert said(Hour(Diary(actions=flat.diary.actions[:9]), flat.samples, [], 5)) == "unjudged"


def said(one):
    return verdict(one, findings(one))


def test_an_hour_that_was_written_is_read_again_as_it_was():
    before = hour(60)
    again = from_object(as_object(before, findings(before)))
    assert findings(again) == findings(before)
    assert as_table(again, findings(again)) == as_table(before, findings(before))
    assert "**drifted**" in as_table(again, findings(again))


def test_a_process_that_was_started_anew_is_told_of():
    seen = hour().samples
    later = [
        Sample(one.at, {"web": OfProcess(8, 1, 1, 1, 1, 1)}, {}, 0, 0, 0) if one.at > 1800 else one for one in seen
    ]
    assert restarts(seen) == []
    assert restarts(later) == ["web was not one process for the whole run"]


def test_the_drawing_has_a_line_for_each_process_and_kind_of_action():
    drawn = as_drawing(hour())
    assert drawn.startswith("<svg ")
    assert drawn.count("<polyline") == 2 + 1 + 3
    assert ">web<" in drawn
    assert ">QIDO-RS<" in drawn
