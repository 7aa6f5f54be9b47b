import json
from datetime import timedelta

import pytest
from tests.unit.exposure.runs_kit import report, service
from tests.unit.incidents.kit import DOCTOR, MINE, THEIRS, TUESDAY, actor
from tests.unit.incidents.opening_kit import ECHO, HELD, HOST, OPEN, SHUT, Practice

from primum.exposure.findings.model import NoSuchFinding, Source
from primum.ground.clock import to_text
from primum.identity import NotPermitted, Role as InHouse
from primum.incidents.model import BadEntry, EntryKind, Origin, Role, Standing, State, Which
from primum.incidents.opening.refilling import Refilling

HOUR = timedelta(hours=1)


@pytest.fixture
def practice(tmp_path):
    return Practice(tmp_path)


def test_an_open_archive_opens_a_file_with_when_it_was_detected_and_nobodys_awareness(practice):
    practice.probed(*OPEN)
    assert practice.sweep() == 2  # a file, and its record filled
    read = practice.only()
    assert (read.origin, read.detected_first, set(read.instants)) == (Origin.FINDING, TUESDAY, {Which.DETECTED})
    assert [one.kind for one in read.instants[Which.DETECTED].evidence] == ["finding"]
    assert len(read.findings) == 3
    assert read.entries[0].body["sentence"] == f"Un inconnu pouvait interroger le registre des examens ({HOST}, 104)"


def test_it_holds_the_facts_that_were_measured_each_with_its_finding_and_run_and_no_others(practice):
    practice.probed(*OPEN)
    practice.sweep()
    read = practice.only()
    assert set(read.facts) == HELD
    assert {one.standing for one in read.facts.values()} == {Standing.MEASURED}
    ours = {"organisation", "role"}
    assert all(
        {each.kind for each in one.evidence} == {"finding", "run"} for one in read.facts.values() if one.key not in ours
    )
    assert read.value("organisation") == {"name": MINE.name}


def test_swept_twice_or_after_a_restart_nothing_is_written(practice):
    practice.probed(*OPEN)
    practice.sweep()
    before = practice.only().entries
    assert practice.sweep() == 0
    practice.restart()
    assert practice.sweep() == 0
    assert practice.only().entries == before


def test_seen_again_only_what_changed_is_written(practice):
    practice.probed(*OPEN)
    practice.sweep()
    before = len(practice.only().entries)
    practice.clock.advance(HOUR)
    practice.probed(*OPEN)
    practice.sweep()
    read = practice.only()
    assert [one.body["key"] for one in read.entries[before:]] == ["ended"]
    assert read.value("ended") == {"state": "ongoing", "at": to_text(TUESDAY + HOUR), "proof": "given"}
    assert read.detected_first == TUESDAY


def test_a_proof_that_it_is_closed_ends_it_and_closes_no_file(practice):
    practice.probed(*OPEN)
    practice.sweep()
    practice.clock.advance(HOUR)
    practice.probed(*SHUT)
    practice.sweep()
    assert practice.only().value("ended") == {"state": "ended", "at": to_text(TUESDAY + HOUR), "proof": "refused"}


def test_a_port_that_answers_opens_nothing_and_joins_what_is_open_there(practice):
    practice.probed(*ECHO)
    assert practice.sweep() == 0
    assert practice.open() == []
    practice.clock.advance(HOUR)
    practice.probed(*OPEN, *ECHO)
    practice.sweep()
    read = practice.only()
    assert (len(read.findings), read.detected_first) == (4, TUESDAY + HOUR), "the echo alone was no breach"
    assert read.value("reached") == ["associate", "echo", "find", "store"]


def test_what_is_found_later_at_the_same_address_joins_the_open_record(practice):
    practice.probed(*OPEN)
    practice.sweep()
    practice.clock.advance(HOUR)
    practice.probed(*OPEN, port=105)
    practice.sweep()
    read = practice.only()
    assert len(read.findings) == 6
    assert read.value("system")["port"] == "104, 105"
    assert read.detected_first == TUESDAY


def test_after_a_merge_it_joins_the_file_that_stays(practice):
    practice.probed(*OPEN)
    practice.sweep()
    gone, stays = practice.only().file, practice.opened()
    practice.files.merge(DOCTOR, gone.id, stays.id, "le même serveur")
    practice.clock.advance(HOUR)
    practice.probed(*OPEN, port=105)
    practice.sweep()
    read = practice.only()
    assert (read.file.id, len(read.findings), read.value("system")["port"]) == (stays.id, 6, "104, 105")


def test_after_a_merge_the_facts_are_filled_from_the_findings_of_both_without_another_probe(practice):
    practice.probed(*OPEN)
    practice.sweep()
    (gone,) = practice.open()
    elsewhere = json.loads(json.dumps(report(service(*OPEN, port=11112))).replace(HOST, "192.0.2.77"))
    practice.clock.advance(HOUR)
    practice.findings.take(elsewhere, Source.PROBE)
    practice.sweep()
    stays = practice.open()[1]
    practice.files.merge(DOCTOR, gone.file.id, stays.file.id, "le même serveur")
    assert practice.sweep() > 0
    read = practice.only()
    assert read.file.id == stays.file.id
    assert read.value("system")["address"] == f"192.0.2.77, {HOST}"
    assert read.value("system")["port"] == "11112, 104"  # in the order of the addresses
    assert practice.sweep() == 0


def test_after_a_file_is_closed_a_new_hole_opens_another(practice):
    practice.probed(*OPEN)
    practice.sweep()
    first = practice.only().file
    practice.files.write(DOCTOR, first.id, EntryKind.CLOSED, {"reason": "fermé, notifié"})
    practice.clock.advance(HOUR)
    practice.probed(*SHUT)
    practice.sweep()
    assert practice.open() == []
    practice.clock.advance(HOUR)
    practice.probed(*OPEN)
    practice.sweep()
    assert practice.only().file.id != first.id


def test_a_file_that_is_reopened_is_filled_with_what_changed_meanwhile(practice):
    practice.probed(*OPEN)
    practice.sweep()
    file = practice.only().file
    practice.files.write(DOCTOR, file.id, EntryKind.CLOSED, {"reason": "…"})
    practice.clock.advance(HOUR)
    practice.probed(*SHUT)
    practice.sweep()
    practice.files.write(DOCTOR, file.id, EntryKind.REOPENED, {"reason": "la CNIL écrit"})
    practice.sweep()
    assert practice.only().value("ended")["state"] == "ended"


def test_one_file_for_each_controller_on_one_record(tmp_path):
    practice = Practice(tmp_path, MINE, THEIRS)
    practice.probed(*OPEN)
    practice.sweep()
    mine, theirs = practice.open()
    assert mine.file.case_id == theirs.file.case_id
    assert {mine.file.controller_id, theirs.file.controller_id} == {MINE.id, THEIRS.id}
    assert mine.value("began") == theirs.value("began")
    assert {one.value("organisation")["name"] for one in (mine, theirs)} == {MINE.name, THEIRS.name}
    shared = [one for one in mine.entries if one.of == mine.file.case_id and one.body.get("key") == "began"]
    assert len(shared) == 1


def test_two_machines_are_two_records(practice):
    practice.probed(*OPEN)
    practice.findings.take_line("swap", bad=True, at=TUESDAY)
    practice.findings.take_line("plain-grants", bad=True, at=TUESDAY)
    practice.sweep()
    assert len(practice.open()) == 1
    line = next(one.id for one in practice.findings.everything() if one.line == "plain-grants")
    opened = practice.considering.open_for(DOCTOR, line)
    assert opened == practice.considering.open_for(DOCTOR, line)
    first, second = practice.open()
    assert {first.value("found-by"), second.value("found-by")} == {"own-probe", "own-check"}
    check = first if first.value("found-by") == "own-check" else second
    assert (check.file, check.findings) == (opened, (line,))
    assert check.detected_first == practice.findings.everything()[-1].detected_at
    assert set(check.facts) == {
        "system", "reached", "vantage", "found-by", "began", "ended", "nature", "organisation", "role",
    }  # fmt: skip


def test_a_person_opens_a_file_for_a_finding_only_where_they_may_report(practice):
    practice.findings.take_line("swap", bad=True, at=TUESDAY)
    (found,) = practice.findings.everything()
    elsewhere = actor(InHouse.PHYSICIAN, THEIRS)
    with pytest.raises(NotPermitted):
        practice.considering.open_for(elsewhere, found.id)
    with pytest.raises(NoSuchFinding):
        practice.considering.open_for(DOCTOR, "fnd_nothing")
    assert practice.open() == []


def test_an_operator_that_hosts_for_others_is_a_processor(tmp_path):
    practice = Practice(tmp_path)
    practice.house.processor = True
    practice.probed(*OPEN)
    practice.sweep()
    assert (practice.only().file.role, practice.only().value("role")) == (Role.PROCESSOR, "processor")


def test_a_crash_between_the_finding_and_its_file_is_repaired_by_the_next_sweep(practice):
    practice.probed(*OPEN)  # and the process dies
    practice.clock.advance(HOUR)
    practice.restart()
    practice.sweep()
    assert practice.only().detected_first == TUESDAY


def test_a_crash_between_the_file_and_its_facts_is_repaired_too(practice, monkeypatch):
    practice.probed(*OPEN)
    with monkeypatch.context() as patched:
        patched.setattr(Refilling, "refill", _dies)
        with pytest.raises(KeyboardInterrupt):
            practice.sweep()
    assert set(practice.only().facts) == set()
    practice.restart()
    practice.sweep()
    assert set(practice.only().facts) == HELD


def _dies(*_):
    raise KeyboardInterrupt


def test_a_refusal_to_open_loses_nothing_and_breaks_no_probe(practice, monkeypatch):
    practice.findings.handed_to(practice.considering.on_findings)
    with monkeypatch.context() as patched:
        patched.setattr(practice.files, "open_files", _full)
        practice.probed(*OPEN)
        assert practice.open() == []
        assert len(practice.findings.everything()) == 3
    practice.sweep()
    assert set(practice.only().facts) == HELD


def _full(*_args, **_more):
    raise BadEntry(what="there are 2000 files")


def test_a_clock_that_was_set_back_keeps_no_file_from_being_opened(practice):
    practice.probed(*OPEN)
    practice.clock.advance(-3 * HOUR)
    practice.sweep()
    assert practice.only().detected_first == TUESDAY - 3 * HOUR, "the earlier of the two: nothing is gained by a clock"


def test_what_a_person_said_stays_beside_what_is_measured(practice):
    practice.probed(*OPEN)
    practice.sweep()
    practice.files.answer(DOCTOR, practice.only().file.id, "studies", {"count": 1200, "approximate": True})
    practice.clock.advance(HOUR)
    practice.probed(*OPEN)
    practice.sweep()
    read = practice.only()
    assert (read.value("studies")["count"], read.measured["studies"].value["count"]) == (1200, 12)


def test_an_address_that_a_person_gave_is_where_findings_join(practice):
    made = practice.opened()
    practice.files.answer(DOCTOR, made.id, "system", {"product": "le serveur", "address": HOST})
    practice.probed(*OPEN)
    practice.sweep()
    read = practice.only()
    assert (read.file.id, len(read.findings), read.state) == (made.id, 3, State.OPEN)
    assert read.value("system")["product"] == "le serveur"
    assert read.measured["system"].value["product"] == "Horos"


def test_what_is_read_back_late_as_over_is_a_breach_all_the_same(practice):
    practice.probed(*SHUT, at=TUESDAY)
    before = TUESDAY - 5 * HOUR
    practice.probed(*OPEN, at=before)
    practice.sweep()
    read = practice.only()
    assert read.value("ended") == {"state": "ended", "at": to_text(TUESDAY), "proof": "refused"}
    assert read.value("began")["not_after"] == to_text(before)
