"""A run: no line ends another, what is declared fills what cannot be measured, what changed is told."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date

from tests.unit.exposure.checks.kit import PERSON, but, declaration, good, made

from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.gathering.discs import Kind, Medium
from primum.exposure.checks.limits import LIMITS
from primum.exposure.checks.making import make
from primum.exposure.checks.model import Exit, difference, exit_of, states
from primum.exposure.checks.sources import Deletions, Host, Media
from primum.identity import NoSession

VIRTUAL = {"media": Media(Medium(Kind.VIRTUAL, "vda"), ())}


def lines(report):
    return {one["name"]: one for one in report["lines"]}


def test_all_lines_are_there_and_all_is_good_but_what_only_people_know():
    report = make(made(), good())  # type: ignore[arg-type]
    unsettled = {one["name"] for one in report["lines"] if one["state"] != "good"}
    assert unsettled == {"recovery-key", "homologation"}
    assert exit_of(report["lines"]) is Exit.UNSETTLED
    declared = [declaration("recovery-key", "kept-elsewhere"), declaration("homologation", "homologated")]
    report = make(made(declared=declared), good())  # type: ignore[arg-type]
    assert exit_of(report["lines"]) is Exit.GOOD
    assert report["summary"] == {"bad": 0, "attention": 0, "not-determined": 0, "good": 29}


def test_each_line_has_its_evidence_date_and_mapping():
    for line in make(made(), good())["lines"]:  # type: ignore[arg-type]
        assert line["title"]["fr"]
        assert line["says"]["en"]
        assert line["at"].endswith("Z")
        assert line["answers_to"]["cnil"]
        assert line["evidence"] or line["code"] == "undeclared"
        assert "{" not in line["says"]["fr"] + line["says"]["en"]


def test_what_raises_is_not_determined_and_leaves_the_others_alone():
    told = but(clock=RuntimeError("secret"), deletions=NoSession(), certificates=NotTold(reason="no-shelf"))
    found = lines(make(made(), told))  # type: ignore[arg-type]
    assert (found["clock"]["code"], found["clock"]["facts"]) == ("fault", {"reason": "RuntimeError"})
    assert found["deletions"]["facts"] == {"reason": "identity.no-session"}
    assert (found["certificates"]["state"], found["certificates"]["facts"]) == (
        "not-determined",
        {"reason": "no-shelf"},
    )
    assert sum(one["state"] == "good" for one in found.values()) == 29 - 5


def test_what_does_not_answer_in_time_is_told_and_the_others_go_on():
    over = threading.Event()
    told = but(clock=lambda: over.wait(30))
    try:
        report = make(made(), told, limits=replace(LIMITS, check_seconds=0.2))  # type: ignore[arg-type]
    finally:
        over.set()
    assert lines(report)["clock"]["code"] == "too-slow"
    assert report["summary"]["good"] == 26


def test_a_declaration_fills_what_could_not_be_measured_and_nothing_else():
    says = declaration("disc-encryption", "encrypted")
    line = lines(make(made(declared=[says]), but(**VIRTUAL)))["disc-encryption"]  # type: ignore[arg-type]
    assert (line["state"], line["way"], line["until"]) == ("good", "declared", "2027-01-01")
    assert line["evidence"] == [f"declared by {PERSON}"]
    assert line["at"] == "2026-11-18T08:00:00.000Z"
    plain = but(media=Media(Medium(Kind.PLAIN, "sda1"), ()))
    measured = lines(make(made(declared=[says]), plain))["disc-encryption"]  # type: ignore[arg-type]
    assert (measured["state"], measured["way"]) == ("bad", "measured")


def test_a_declaration_of_something_bad_is_bad():
    says = declaration("disc-encryption", "not-encrypted")
    report = make(made(declared=[says]), but(**VIRTUAL))  # type: ignore[arg-type]
    assert exit_of(report["lines"]) is Exit.BAD


def test_a_declaration_counts_through_its_last_day_and_no_longer():
    for until, state in ((date(2026, 11, 23), "good"), (date(2026, 11, 22), "not-determined")):
        says = declaration("disc-encryption", "encrypted", until=until)
        assert lines(make(made(declared=[says]), but(**VIRTUAL)))["disc-encryption"]["state"] == state  # type: ignore[arg-type]


def test_a_value_that_the_rules_do_not_know_any_more_is_no_declaration():
    says = declaration("disc-encryption", "of-former-times")
    assert lines(make(made(declared=[says]), but(**VIRTUAL)))["disc-encryption"]["code"] == "virtual"  # type: ignore[arg-type]


def test_the_difference_names_what_changed_what_is_new_and_what_is_gone():
    before = make(made(), good())  # type: ignore[arg-type]
    after = make(made(id="chk_" + "h" * 26, before=before), but(deletions=Deletions(4, 2, 0, None)))  # type: ignore[arg-type]
    (change,) = after["changes"]
    assert change["name"] == "deletions"
    assert (change["from"]["state"], change["to"]["state"]) == ("good", "attention")
    assert after["previous"] == {"id": before["id"], "made_at": before["made_at"]}
    fewer = [one for one in before["lines"] if one["name"] != "clock"]
    (gone,), (new,) = difference(before["lines"], fewer), difference(fewer, before["lines"])
    assert (gone["to"], new["from"], new["name"]) == (None, None, "clock")
    assert make(made(before=before), good())["changes"] == []  # type: ignore[arg-type]


def test_another_thing_listed_is_a_change_too():
    before = make(made(), but(hosts=[Host("a.example.com", "x")]))  # type: ignore[arg-type]
    after = make(made(before=before), but(hosts=[Host("b.example.com", "x")]))  # type: ignore[arg-type]
    assert [one["name"] for one in after["changes"]] == ["third-parties"]


def test_exit_status_follows_the_worst():
    def of(*found: str) -> Exit:
        return exit_of([{"state": one} for one in found])

    assert of("good", "good") is Exit.GOOD
    assert of("good", "not-determined") is Exit.UNSETTLED
    assert of("attention", "good") is Exit.UNSETTLED
    assert of("attention", "bad", "not-determined") is Exit.BAD
    assert of() is Exit.UNSETTLED, "a report without a line says nothing good"
    assert states([{"state": "bad"}]) == {"bad": 1, "attention": 0, "not-determined": 0, "good": 0}


def test_what_a_line_lists_is_bounded_and_printable():
    hosts = [Host(f"h{number}.example.com", "x\n\x1b[31m" + "y" * 500) for number in range(150)]
    line = lines(make(made(), but(hosts=hosts)))["third-parties"]  # type: ignore[arg-type]
    assert (len(line["items"]), line["more"]) == (LIMITS.items, 50)
    assert all(one.isprintable() and len(one) <= LIMITS.text for one in line["items"])


def test_progress_is_told():
    seen = []
    make(made(), good(), lambda done, total: seen.append((done, total)))  # type: ignore[arg-type]
    assert seen == [(number, 29) for number in range(29)]
