from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from tests.programs import free_port
from tests.unit.exposure.probe.probe_kit import (
    NOW,
    QUICK,
    Judged,
    Parrot,
    echoes,
    floods,
    gate,
    hangs,
    hangs_up,
    resets,
    server,
)

from primum.exposure.probe.model import Exit, Hole, Identity, Mode, Place, Rung, Verdict
from primum.exposure.probe.run import Order, run
from primum.exposure.probe.saying import first_line
from primum.exposure.probe.targets import read_targets


def order(*ports, limits=QUICK, sound=True, **how):
    the_gate = gate()
    targets = read_targets(["127.0.0.1"], gate=the_gate, limits=limits, ports=tuple((one, one) for one in ports))
    given = {"judge": lambda *_: Judged(sound), "speakers": (Parrot(),), "program": "test", "now": lambda: NOW}
    return Order(targets=targets, gate=the_gate, limits=limits, **(given | how))


def test_a_short_budget_leaves_the_fixtures_their_own_time():
    def judge(make_dialler, *_):
        assert make_dialler().deadline - time.monotonic() > 30
        return Judged()

    report = run(order(free_port(), judge=judge, limits=replace(QUICK, budget_seconds=0.5))).report
    assert report.sound


def test_a_hole_is_found_and_the_first_refusal_is_named():
    with server(echoes) as port:
        done = run(order(port, free_port()))
    report = done.report
    assert report.holes() == [Hole("127.0.0.1", port, Mode.PLAIN, Identity.NOBODY, Rung.ASSOCIATE)]
    assert (report.verdict(), report.exit_status(), report.place) == (Verdict.OPEN, Exit.OPEN, Place.HERE)
    refused = report.services[0].first_refused()
    assert (refused.rung, refused.code) == (Rung.ECHO, "0x0122")
    assert report.purposes.count == len(done.purposes) > 0


def test_nothing_open_is_closed_from_inside_only():
    report = run(order(free_port(), free_port())).report
    assert (report.verdict(), report.exit_status()) == (Verdict.INSIDE_ONLY, Exit.UNSETTLED)
    assert "not verified from outside" in first_line(report, "en")
    assert "non vérifié depuis l'extérieur" in first_line(report, "fr")


def test_a_run_whose_fixtures_were_misjudged_asks_nothing_and_says_nothing_else():
    log = []
    with server(log.append) as port:
        report = run(order(port, sound=False)).report
    assert (report.verdict(), report.exit_status()) == (Verdict.VOID, Exit.VOID)
    assert (log, report.services, report.addresses, report.targets) == ([], (), (), ())


def test_fixtures_are_judged_by_the_runs_own_way_of_looking():
    seen = {}

    def judge(make_dialler, speakers, certificate, look):
        with server(echoes) as port:
            from primum.exposure.probe.speaking import Asking

            (service,) = look(Asking(make_dialler(), "127.0.0.1", port, QUICK), speakers)
            seen["holes"] = len(service.holes())
        return Judged()

    run(order(free_port(), judge=judge))
    assert seen == {"holes": 1}


@pytest.mark.parametrize("behaviour", [hangs, hangs_up, resets, floods])
def test_a_hostile_host_is_not_determined_in_bounded_time(behaviour):
    began = time.monotonic()
    with server(behaviour) as port:
        report = run(order(port)).report
    assert (report.verdict(), report.exit_status()) == (Verdict.NOT_DETERMINED, Exit.UNSETTLED)
    assert [(one.port, one.count) for one in report.gaps()] == [(port, 1)]
    assert time.monotonic() - began < 6


@pytest.mark.parametrize("trouble", [ValueError, RecursionError, MemoryError, KeyError])
def test_a_ladder_that_breaks_keeps_what_it_had_found(trouble):
    def breaks():
        raise trouble

    with server(echoes) as port, server(echoes) as other:
        report = run(order(port, other, speakers=(Parrot(trouble=breaks),))).report
    assert len(report.holes()) == 2
    assert {(one.port, one.code) for one in report.gaps()} == {(port, "fault"), (other, "fault")}


def test_a_ladder_that_does_not_come_back_is_left_behind_with_what_it_had_found():
    never = threading.Event()
    began = time.monotonic()
    with server(echoes) as port:
        hung = order(port, limits=replace(QUICK, budget_seconds=1), speakers=(Parrot(trouble=lambda: never.wait(60)),))
        report = run(hung).report
    never.set()
    assert (report.verdict(), [one.code for one in report.gaps()]) == (Verdict.OPEN, ["hung"])
    assert time.monotonic() - began < 4


def test_what_the_budget_leaves_is_not_determined():
    slow = replace(QUICK, budget_seconds=0.5, rate_own=20)
    report = run(order(*range(20_000, 20_100), limits=slow)).report
    assert report.verdict() is Verdict.NOT_DETERMINED
    assert {one.code for one in report.gaps()} == {"ports-not-tried"}


def test_no_more_ladders_at_once_than_allowed_on_one_address():
    at_once, most, lock = 0, 0, threading.Lock()

    def climb():
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1

    with server(echoes) as one, server(echoes) as two, server(echoes) as three, server(echoes) as four:
        run(order(one, two, three, four, limits=replace(QUICK, to_one_address=2), speakers=(Parrot(trouble=climb),)))
    assert most == 2


def test_a_full_log_is_not_determined():
    report = run(order(*(free_port() for _ in range(30)), limits=replace(QUICK, purposes=30))).report
    assert report.verdict() is Verdict.INSIDE_ONLY
    with server(echoes) as port:
        report = run(order(port, limits=replace(QUICK, purposes=1))).report
    assert report.verdict() is Verdict.NOT_DETERMINED
    assert report.purposes.count == 1


def test_progress_tells_each_stage():
    told = []
    with server(echoes) as port:
        run(order(port, progress=lambda *one: told.append(one)))
    assert {stage for stage, _, _ in told} == {"fixtures", "sweep", "ladders"}
    assert ("sweep", 1, 1) in told
