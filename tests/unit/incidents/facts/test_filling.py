"""What findings fill: the bounds of an interval, the kind of proof, words of the form; for any finding nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.exposure.runs_kit import HOST, report, service
from tests.unit.incidents.kit import MINE, Scene

from primum.exposure.findings.model import Finding, Source, read_hole
from primum.exposure.probe.model import LADDERS, Family, Identity, Mode, Place
from primum.exposure.probe.web.attributes import KEYWORDS
from primum.exposure.ran import read_report
from primum.ground.clock import to_text
from primum.incidents.facts.catalogue import CATALOGUE, check_value
from primum.incidents.facts.filling import FILLED, OF_THE_HOUSE, Seen, fill, of_the_house
from primum.incidents.facts.own import FILLED as OWN, Accesses, Reach, Trace, own_facts
from primum.incidents.model import EVIDENCE_KINDS, SYSTEM, Origin, Role
from primum.incidents.opening.refilling import write_changed

AT = datetime(2026, 11, 24, 22, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEVER = {
    "people", "minors", "accesses", "recipients", "origin", "cause", "consequences", "harms", "gravity",
    "measures-before", "measures-after", "telling", "declarant", "contact", "story", "lateness", "authorities",
}  # fmt: skip


def finding(rung="find", *, number=1, who="nobody", mode="plain", place=Place.INSIDE, port=104, **more) -> Finding:
    told = {"last_closed_at": None, "first_open_at": AT, "last_open_at": AT, "readable": ("PatientName", "StudyDate")}
    return Finding(
        id=f"fnd_{number}", source=Source.PROBE, place=place, hole=read_hole(HOST, port, mode, who, rung),
        detected_at=AT, **(told | more),
    )  # fmt: skip


def seen(one: Finding, *nature: str, family=Family.DICOM, **runs) -> Seen:
    return Seen(one, nature or ("confidentiality",), family, **runs)


def filled(*every: Seen):
    return {one.key: one.value for one in fill(every)}


def run(*steps):
    return read_report(report(*([service(*steps)] if steps else [])))[0]


def test_it_began_between_two_proofs_of_which_each_says_how():
    one = finding(last_closed_at=AT - HOUR)
    told = filled(
        seen(one, before=run(("plain", "nobody", "find", "refused")), first=run(("plain", "nobody", "find", "open")))
    )
    assert told["began"] == {
        "not_before": to_text(AT - HOUR), "not_after": to_text(AT), "proof_before": "refused", "proof_after": "given",
    }  # fmt: skip
    assert filled(seen(one, before=run()))["began"]["proof_before"] == "port-closed"


def test_where_no_run_ever_proved_it_closed_there_is_no_lower_bound():
    assert filled(seen(finding()))["began"] == {
        "not_before": None,
        "not_after": to_text(AT),
        "proof_after": "run-not-kept",
    }


def test_of_several_the_first_to_begin_counts_and_one_without_a_proof_takes_the_bound_away():
    early = finding(number=1, last_closed_at=AT - 9 * HOUR, first_open_at=AT - 3 * HOUR)
    late = finding("get", number=2, last_closed_at=AT - 3 * HOUR, first_open_at=AT)
    began = filled(seen(early), seen(late))["began"]
    assert (began["not_before"], began["not_after"]) == (to_text(AT - 9 * HOUR), to_text(AT - 3 * HOUR))
    assert filled(seen(early), seen(replace(late, last_closed_at=None)))["began"]["not_before"] is None


def test_it_goes_on_until_all_of_it_is_proven_closed():
    shut, open_ = finding(closed_at=AT + HOUR), finding("get", number=2, last_open_at=AT + 2 * HOUR)
    assert filled(seen(shut), seen(open_))["ended"]["state"] == "ongoing"
    told = filled(seen(shut), seen(replace(open_, closed_at=AT + 3 * HOUR), end=run()))["ended"]
    assert told == {"state": "ended", "at": to_text(AT + 3 * HOUR), "proof": "port-closed"}


def test_what_opens_nothing_says_what_was_reached_and_no_more():
    echo = Seen(finding("echo", number=2, port=105, first_open_at=AT - 99 * HOUR), ())
    told = filled(seen(finding()), echo)
    assert (told["reached"], told["system"]["port"], told["began"]["not_after"]) == (
        ["echo", "find"],
        "104",
        to_text(AT),
    )
    assert fill([echo]) == []


def test_writing_that_was_negotiated_is_a_loss_of_integrity_beside_the_other():
    both = filled(seen(finding()), seen(finding("store", number=2), "integrity"))
    assert both["nature"] == ["confidentiality", "integrity"]
    assert filled(seen(finding("store"), "integrity"))["nature"] == ["integrity"]


@pytest.mark.parametrize(
    ("mode", "who", "family", "words"),
    [
        ("plain", "nobody", Family.DICOM, {"no-encryption-in-transit", "no-authentication"}),
        ("plain", "known", Family.DICOM, {"no-encryption-in-transit", "known-title-enough"}),
        ("plain", "device", Family.DICOM, {"no-encryption-in-transit", "known-title-enough"}),
        ("tls", "nobody", Family.WEB, {"tls-any-caller", "no-authentication"}),
        ("tls-foreign", "nobody", Family.DICOM, {"tls-foreign-certificate-taken", "no-authentication"}),
        ("tls", "default", Family.WEB, {"guessable-credentials"}),
        ("tls", "expired", Family.WEB, {"expired-credentials-taken"}),
        ("tls", "foreign", Family.WEB, set()),
        ("tls", "known", Family.WEB, set()),
    ],
)
def test_how_the_caller_came_in_says_what_protected_and_what_no_word_fits_is_left_out(mode, who, family, words):
    told = filled(seen(finding(mode=mode, who=who, place=Place.HERE), family=family))
    assert set(told.get("protections-before", ())) == words
    outside = filled(seen(finding(mode=mode, who=who, place=Place.OUTSIDE), family=family))
    assert set(outside["protections-before"]) == words | {"listener-open"}


@pytest.mark.parametrize(
    ("readable", "data", "sensitive", "people"),
    [
        ((), None, None, None),
        (("PatientID",), None, None, ["patients"]),
        (("InstitutionName", "AccessionNumber"), None, None, None),
        (("PatientName", "StudyDate"), ["civil-status"], ["health"], ["patients"]),
        (("PatientAddress", "EthnicGroup"), ["contact"], ["ethnic"], ["patients"]),
        (("PatientComments",), None, None, ["patients"]),
    ],
)
def test_attributes_become_the_forms_words_by_a_table_and_what_is_not_in_it_stays_a_question(
    readable, data, sensitive, people
):
    told = filled(seen(finding(readable=readable)))
    assert (told.get("data"), told.get("sensitive"), told.get("people-categories")) == (data, sensitive, people)
    assert told.get("intelligible") == ("yes" if readable else None)


def test_counts_say_at_least_where_they_were_bounded_or_two_listeners_differ():
    bounded = finding(studies=1000, studies_at_least=True)
    assert filled(seen(bounded))["records"] == {"count": 1000, "at_least": True}
    same = [seen(finding(studies=12)), seen(finding("search", number=2, port=8042, studies=12))]
    assert filled(*same)["studies"] == {"count": 12, "at_least": False}
    differ = [seen(finding(studies=12)), seen(finding("search", number=2, port=8042, studies=40))]
    assert filled(*differ)["studies"] == {"count": 40, "at_least": True}
    assert "studies" not in filled(seen(finding()))


def test_an_empty_archive_is_open_and_its_count_is_nought():
    assert filled(seen(finding(studies=0, readable=())))["records"] == {"count": 0, "at_least": False}


# -- for any finding --

instants = st.integers(0, 10_000).map(lambda minutes: AT + timedelta(minutes=minutes))
holes = st.builds(
    read_hole, st.sampled_from(["192.168.1.7", "127.0.0.1", "2001:db8::7"]), st.integers(1, 65_535),
    st.sampled_from([one.value for one in Mode]), st.sampled_from([one.value for one in Identity]),
    st.sampled_from(sorted({one.value for rungs in LADDERS.values() for one in rungs})),
)  # fmt: skip


@st.composite
def any_seen(draw) -> Seen:
    closed, first, last, over = sorted(draw(st.lists(instants, min_size=4, max_size=4)))
    hole = draw(st.one_of(st.none(), holes))
    one = Finding(
        id=f"fnd_{draw(st.integers(0, 10**6))}", source=draw(st.sampled_from(Source)) if hole else Source.CHECK,
        place=draw(st.sampled_from(Place)), hole=hole, line="" if hole else "plain-grants", detected_at=last,
        last_closed_at=draw(st.sampled_from([None, closed])), first_open_at=first, last_open_at=last,
        closed_at=draw(st.sampled_from([None, over])), product=draw(st.text("abc é'", max_size=400)),
        refused_rung=draw(st.sampled_from(["", "get"])), refused_code=draw(st.sampled_from(["", "rj-1-1-7"])),
        readable=tuple(draw(st.lists(st.sampled_from([*KEYWORDS.values(), "x" * 300]), unique=True))),
        studies=draw(st.one_of(st.none(), st.integers(0, 10**6))), studies_at_least=draw(st.booleans()),
        run=draw(st.sampled_from(["", "ab" * 32])),
    )  # fmt: skip
    nature = draw(st.sampled_from([(), ("confidentiality",), ("integrity",), ("confidentiality", "integrity")]))
    return Seen(one, nature, draw(st.one_of(st.none(), st.sampled_from(Family))))


@given(st.lists(any_seen(), max_size=12))
def test_for_any_findings_only_what_they_may_fill_is_filled_and_as_the_catalogue_has_it(every):
    for one in fill(every):
        assert one.key in FILLED
        check_value(one.key, one.value)
        assert one.evidence
        assert len(one.evidence) <= 50
        assert {each.kind for each in one.evidence} <= {"finding", "run"}


@given(every=st.lists(any_seen(), max_size=6))
@settings(max_examples=25)
def test_for_any_findings_filling_twice_writes_nothing_the_second_time(scene, every):
    with scene.files.transaction() as tx:
        (file,) = scene.files.open_files(tx, Origin.FINDING, "…", [MINE.id], SYSTEM)
        before = set(scene.files.dossier_within(tx, file).facts)
        assert write_changed(scene.files, tx, file, fill(every)) == len(fill(every))
        assert write_changed(scene.files, tx, file, fill(every)) == 0
        assert set(scene.files.dossier_within(tx, file).facts) - before <= set(FILLED)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("scene"))


def test_what_is_filled_is_in_the_catalogue_and_never_what_only_people_know():
    every = {*FILLED, *OF_THE_HOUSE, *OWN}
    assert every <= set(CATALOGUE)
    assert not (set(FILLED) | set(OF_THE_HOUSE)) & NEVER
    assert set(OWN) & NEVER == {"people", "minors", "accesses"}
    for one in of_the_house("Cabinet", "ctl_a", Role.PROCESSOR):
        check_value(one.key, one.value)


# -- our own --


def own(reach: Reach, *traces: Trace, pruned=(), alone=True):
    told = own_facts(reach, Accesses(AT - HOUR, AT, traces, pruned), alone=alone)
    for one in told:
        check_value(one.key, one.value)
        assert {each.kind for each in one.evidence} <= EVIDENCE_KINDS
    return {one.key: one for one in told}


def test_people_studies_and_minors_are_counted_and_an_unknown_birth_date_makes_minors_at_least():
    told = own(Reach(people=40, minors=3, undated=2, studies=61))
    assert told["people"].value == {"count": 40, "at_least": False}
    assert told["minors"].value == {"count": 3, "at_least": True}
    assert told["studies"].value == told["records"].value == {"count": 61, "at_least": False}
    assert "unknown=2" in {one.note for one in told["minors"].evidence}


def test_who_was_erased_since_is_counted_as_erased_by_the_erasure():
    told = own(Reach(people=40, minors=0, undated=0, studies=61, erasures=("era_a", "era_b")))
    assert told["studies"].value == {"count": 63, "at_least": False}
    assert told["people"].value == {"count": 40, "at_least": True}
    assert [one.ref for one in told["people"].evidence if one.note == "erased"] == ["era_a", "era_b"]


def test_beside_another_product_our_counts_are_the_least():
    assert own(Reach(1, 0, 0, 1), alone=False)["people"].value["at_least"] is True


def test_accesses_are_counts_and_ids_and_a_pruned_month_is_no_zero():
    trace = Trace("dev_a", associations=2, searches=0, sent=("ref1", "ref2"), instances=9, while_probed=4)
    told = own(Reach(1, 0, 0, 2), trace)["accesses"]
    assert told.value == [
        "dev_a associations=2 searches=0 studies-sent=2 instances=9 by-the-probe=4", "dev_a study=ref1",
        "dev_a study=ref2",
    ]  # fmt: skip
    lost = own(Reach(1, 0, 0, 2), replace(trace, sent=()), pruned=("2026-01", "2026-02"))["accesses"]
    assert lost.value[:2] == ["not-kept=2026-01", "not-kept=2026-02"]
    assert "studies-sent=0+" in lost.value[2]
    assert any("pruned" in one.note for one in lost.evidence)


def test_more_studies_than_are_listed_are_counted():
    trace = Trace("dev_a", 1, 1, tuple(f"ref{number}" for number in range(900)), 900, 0)
    assert own(Reach(1, 0, 0, 900), trace)["accesses"].value[-1] == "studies-not-listed=700"
