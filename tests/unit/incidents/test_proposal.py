from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.kit import DOCTOR, TUESDAY, Scene
from tests.unit.incidents.severity_kit import CHECK, DOCUMENT, Written, lost_laptop, open_archive

from primum.ground.clock import to_text
from primum.incidents.at_hand import at_hand
from primum.incidents.dated import CONFIDENCE
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import BadEntry, EntryKind, Origin, Role, Standing, Which
from primum.incidents.severity import proposal as room
from primum.incidents.severity.deciding import check_decision, no_longer_holds
from primum.incidents.severity.grounds import _LACKING, CERTIFICATE, GROUNDS, LACKS, held
from primum.incidents.severity.proposal import CHOICES, Inputs, propose, propose_notify, propose_tell

REASON = "Portable éteint, disque chiffré, phrase de passe jamais notée, document joint."
LOW = {"simple": "1", "complete": "yes", "identification": "limited", "confidentiality": "known", "malice": "no"}


def misdirected(**more):
    """A list of prospects sent to one partner: nothing sensitive, a low score."""
    told = {
        "origin": ["wrong-recipient"], "nature": ["confidentiality"], "sensitive": ["none"], "data": ["contact"],
        "people": {"count": 12}, "minors": {"count": 0}, "recipients": "un confrère", "assessment": LOW,
    } | more  # fmt: skip
    return Written(Origin.PERSON).facts(**told)


def with_certificate(written):
    return written.add(EntryKind.EVIDENCE, {"what": CERTIFICATE, "digest": "ab", "bytes": 3, "document": "doc_1"})


def with_document(written):
    return written.add(EntryKind.EVIDENCE, {"what": "document", "digest": "cd", "bytes": 3, "document": "doc_1"})


def decision(about, choice, ground="", *, reason=REASON, evidence=(DOCUMENT,), **more):
    return {"about": about, "choice": choice, "ground": ground, "reason": reason, "evidence": list(evidence), **more}


def test_confidentiality_of_health_data_is_notified_and_strangers_make_it_told():
    made = propose(open_archive().dossier)
    assert (made.notify.choice, made.tell.choice) == ("notify", "tell")
    assert {one.name for one in made.notify.reasons} == {"health", "score", "flags"}
    assert "4,5" in made.notify.reasons[1].words["fr"]
    assert "4.5" in made.notify.reasons[1].words["en"]
    assert made.notify.missing == ("integrity", "availability", "malice")


def test_a_low_score_does_not_lower_what_health_data_ask_for():
    low = {"sensitive": "1 low-nature", "complete": "yes", "identification": "negligible", "confidentiality": "at-risk"}
    told = Written(Origin.PERSON).facts(nature=["confidentiality"], sensitive=["health"], assessment=low)
    made = propose(told.dossier)
    assert (made.assessed.severity.high, made.notify.choice) == (0.25 + 0.5, "notify")


def test_what_is_not_known_is_notified_in_doubt():
    assert propose(Written().dossier).notify.choice == "notify"
    assert propose(Written().dossier).tell.choice == "weigh"


def test_a_low_breach_of_plain_data_is_weighed_by_a_person_and_never_proposed_for_the_register_alone():
    made = propose(misdirected().dossier)
    assert (made.assessed.severity.score, made.notify.choice, made.tell.choice) == (0.75, "weigh", "weigh")
    assert [one.name for one in made.notify.reasons] == ["low"]
    crowd = propose(misdirected(people={"count": 101}).dossier)
    assert crowd.notify.choice == "notify"


def test_a_ground_with_all_of_its_evidence_is_proposed_unless_something_raises():
    trusted = with_certificate(misdirected(trusted_recipient="yes"))
    assert propose(trusted.dossier).notify.choice == "register-only"
    trusted.fact("minors", {"count": 1})
    assert propose(trusted.dossier).notify.choice == "weigh"


def test_a_sealed_laptop_with_health_data_is_a_person_s_to_weigh():
    made = propose(lost_laptop().dossier)
    assert (made.notify.choice, made.tell.choice) == ("weigh", "weigh")
    assert propose(lost_laptop(device_power="asleep").dossier).notify.choice == "notify"
    assert propose(lost_laptop(tested_copy="no").dossier).notify.choice == "notify"


def test_a_processor_alerts_and_proposes_nothing_in_its_own_name():
    written = open_archive()
    written.file = replace(written.file, role=Role.PROCESSOR)
    made = propose(written.dossier)
    assert (made.notify.choice, made.tell.choice) == ("alert-controllers", "controllers-decide")
    for about, choice in (("notify", "notify"), ("tell", "tell")):
        with pytest.raises(BadEntry, match="processor"):
            check_decision(decision(about, choice), written.dossier)
    check_decision(decision("notify", "alert-controllers"), written.dossier)


@pytest.mark.parametrize("ground", ["", "low-score", "unintelligible", "disproportionate"])
def test_register_only_without_a_ground_of_the_list_is_refused(ground):
    with pytest.raises(BadEntry, match="needs a ground"):
        check_decision(decision("notify", "register-only", ground), lost_laptop().dossier)


def test_register_only_needs_a_written_reason_and_evidence_that_is_more_than_a_word():
    ground = "unintelligible-with-key-evidence"
    check_decision(decision("notify", "register-only", ground), lost_laptop().dossier)
    for bad in ({"reason": "chiffré"}, {"evidence": ()}, {"evidence": [{"kind": "person", "ref": "per_1"}]}):
        with pytest.raises(BadEntry, match="needs"):
            check_decision(decision("notify", "register-only", ground, **bad), lost_laptop().dossier)


def test_evidence_is_something_that_the_file_holds():
    ground = "unintelligible-with-key-evidence"
    for elsewhere in ({"kind": "document", "ref": "doc_2"}, {"kind": "check", "ref": "chk_made_up"}):
        with pytest.raises(BadEntry, match="not in the file"):
            check_decision(
                decision("notify", "register-only", ground, evidence=[DOCUMENT, elsewhere]), lost_laptop().dossier
            )
    known = at_hand(with_document(open_archive()).dossier)
    assert [(one.kind, one.ref) for one in known] == [("document", "doc_1"), ("run", "run_1")]


def test_a_refusal_says_what_the_ground_still_needs():
    told = misdirected(sensitive=["health"])
    with pytest.raises(BadEntry, match="certificate of deletion"):
        check_decision(decision("notify", "register-only", "trusted-recipient-certified-deletion"), told.dossier)
    with pytest.raises(BadEntry, match="health or sensitive"):
        check_decision(decision("notify", "register-only", "risk-unlikely"), told.dossier)
    with pytest.raises(BadEntry, match="zero people"):
        check_decision(decision("notify", "register-only", "no-personal-data"), told.dossier)


def test_an_outage_may_be_kept_in_the_register_as_a_risk_that_is_unlikely():
    chosen = {"sensitive": "4", "complete": "yes", "identification": "maximum", "availability": "recovered"}
    told = Written(Origin.PERSON).facts(
        nature=["availability"], sensitive=["health"], cause="internal-accidental", assessment=chosen
    )
    with_document(told)
    check_decision(decision("notify", "register-only", "risk-unlikely"), told.dossier)
    assert propose(told.dossier).notify.choice == "notify"
    unknown = Written(Origin.PERSON).facts(nature=["availability"], sensitive=["health"])
    with pytest.raises(BadEntry, match="severity"):
        check_decision(decision("notify", "register-only", "risk-unlikely"), unknown.dossier)


def test_no_personal_data_is_not_said_of_a_file_that_shows_some():
    empty = Written(Origin.PERSON).facts(people={"count": 0}, nature=["confidentiality"], sensitive=["none"])
    with_document(empty)
    check_decision(decision("notify", "register-only", "no-personal-data"), empty.dossier)
    empty.measured("readable", ["PatientName"])
    with pytest.raises(BadEntry, match="personal data"):
        check_decision(decision("notify", "register-only", "no-personal-data"), empty.dossier)


def test_what_only_can_be_proposed_cannot_be_decided():
    for about, choice in (("notify", "weigh"), ("tell", "weigh"), ("tell", "controllers-decide"), ("notify", "later")):
        with pytest.raises(BadEntry, match="one decides"):
            check_decision(decision(about, choice), lost_laptop().dossier)
    with pytest.raises(BadEntry, match="controller"):
        check_decision(decision("notify", "alert-controllers"), lost_laptop().dossier)
    check_decision(decision("close", "done"), lost_laptop().dossier)


def test_what_was_proposed_is_kept_as_it_was_and_not_as_one_would_like_it():
    check_decision(decision("notify", "notify", proposed="notify"), open_archive().dossier)
    with pytest.raises(BadEntry, match="look again"):
        check_decision(decision("notify", "notify", proposed="register-only"), open_archive().dossier)


def test_not_telling_has_a_ground_of_article_34():
    sealed_one, open_one = lost_laptop().dossier, open_archive().dossier
    check_decision(decision("tell", "not-tell", "unintelligible"), sealed_one)
    for ground in ("", "unintelligible", "risk-removed"):
        with pytest.raises(BadEntry):
            check_decision(decision("tell", "not-tell", ground), open_one)
    with pytest.raises(BadEntry, match="number of people"):
        check_decision(decision("tell", "public", "disproportionate"), open_one)
    check_decision(decision("tell", "tell"), open_one)
    many = with_document(open_archive().fact("people", {"count": 1200, "approximate": True})).dossier
    check_decision(decision("tell", "public", "disproportionate"), many)


def test_the_exemption_is_relied_on_only_where_the_seal_is_shown():
    check_decision(decision("sealed", "may-be-considered"), lost_laptop().dossier)
    check_decision(decision("sealed", "not-exempt"), open_archive().dossier)
    with pytest.raises(BadEntry, match="seal"):
        check_decision(decision("sealed", "may-be-considered"), open_archive().dossier)


def test_a_decision_whose_ground_is_gone_is_named():
    told = lost_laptop().add(
        EntryKind.DECISION, decision("notify", "register-only", "unintelligible-with-key-evidence")
    )
    assert no_longer_holds(told.dossier) == {}
    told.fact("recovery-sheet-place", "with-device")
    assert no_longer_holds(told.dossier) == {"notify": ("seal",)}


# -- the authority wrote --


def authority(first=None, second=None, *evidence):
    made = Written(Origin.AUTHORITY).facts(nature=["confidentiality"], sensitive=["health"])
    made.instant("authority-wrote", TUESDAY)
    for key, value in (("authority-told-this-breach", first), ("authority-control-from-elsewhere", second)):
        if value:
            made.fact(key, value, *evidence)
    return made


@pytest.mark.parametrize(
    ("first", "second", "evidence", "reason"),
    [
        (None, None, (), "authority-open"), ("yes", None, (DOCUMENT,), "authority-open"),
        ("yes", "yes", (), "authority-open"), ("yes", "no", (DOCUMENT,), "authority-refused"),
        ("yes", "yes", (DOCUMENT,), "authority-both"),
    ],
)  # fmt: skip
def test_a_file_of_the_authority_stays_to_be_notified_and_says_what_remains_due(first, second, evidence, reason):
    """CE 449694, 22 July 2022: both conditions, and nothing else is dispensed with."""
    made = propose(authority(first, second, *evidence).dossier)
    assert made.notify.choice == "notify"
    assert made.notify.reasons[-1].name == reason
    assert "33(5)" in made.notify.remains[0]["fr"]
    assert len(made.notify.remains) == 4


def test_a_file_of_the_authority_never_concludes_that_there_is_nothing_to_notify():
    told = with_certificate(authority("yes", "yes", DOCUMENT)).facts(
        recipients="un confrère", trusted_recipient="yes", origin=["wrong-recipient"]
    )
    for ground in GROUNDS:
        with pytest.raises(BadEntry, match="nothing to notify"):
            check_decision(decision("notify", "register-only", ground), told.dossier)


def test_the_exception_needs_both_conditions_each_shown():
    wanted = decision("notify", "authority-knows", "authority-conditions")
    check_decision(wanted, authority("yes", "yes", DOCUMENT).dossier)
    for told in (authority("yes", "no", DOCUMENT), authority("yes", None, DOCUMENT), authority("yes", "yes")):
        with pytest.raises(BadEntry, match="still needs"):
            check_decision(wanted, told.dossier)
    with pytest.raises(BadEntry, match="because the authority wrote"):
        check_decision(wanted, open_archive().dossier)


def test_who_was_aware_before_the_letter_has_no_exception():
    told = authority("yes", "yes", DOCUMENT).instant("aware", TUESDAY - timedelta(days=3))
    assert propose(told.dossier).notify.reasons[-1].name == "authority-refused"
    with pytest.raises(BadEntry, match="aware"):
        check_decision(decision("notify", "authority-knows", "authority-conditions"), told.dossier)
    told.add(EntryKind.INSTANT, {"which": "aware", "at": to_text(TUESDAY), "reason": "relu", "corrects": True})
    with pytest.raises(BadEntry, match="aware"):
        check_decision(decision("notify", "authority-knows", "authority-conditions"), told.dossier)


def test_the_two_conditions_are_asked_in_files_of_the_authority_alone():
    asked = [one for one in CATALOGUE.values() if one.when]
    assert {one.key for one in asked} == {"authority-told-this-breach", "authority-control-from-elsewhere"}
    assert {one.when for one in asked} == {Origin.AUTHORITY}
    assert all(one.asks["fr"] and one.asks["en"] for one in asked)


# -- through the service --


def test_the_service_refuses_a_decision_that_could_not_be_shown(tmp_path):
    scene = Scene(tmp_path)
    made = scene.opened()
    with pytest.raises(BadEntry, match="needs a ground"):
        scene.files.write(DOCTOR, made.id, EntryKind.DECISION, decision("notify", "register-only"))
    with pytest.raises(BadEntry):
        scene.files.answer(DOCTOR, made.id, "assessment", {"sensitive": "moon"})
    scene.files.answer(DOCTOR, made.id, "assessment", {"sensitive": "4"})
    read = scene.files.dossier(DOCTOR, made.id)
    assert read.facts["assessment"].standing is Standing.DECLARED
    assert read.decisions == {}
    assert Which.AWARE not in read.instants


# -- nothing lowers --

NATURES = st.one_of(
    st.none(), st.frozensets(st.sampled_from(["confidentiality", "integrity", "availability"]), min_size=1)
)
QUARTERS = st.integers(0, 24).map(lambda one: one / 4)
INPUTS = st.builds(
    lambda nature, sensitive, low, more, flags, likelihood, grounds, unintelligible, authority: Inputs(
        nature, sensitive, low, low + more, flags, likelihood, grounds, unintelligible, False, authority
    ),
    NATURES, st.sampled_from([None, True, False]), QUARTERS, QUARTERS,
    st.frozensets(st.sampled_from(["over-100", "minors", "unknown-recipients"])),
    st.sampled_from(["", "unlikely", "possible", "likely", "occurred"]),
    st.frozensets(st.sampled_from(["unintelligible-with-key-evidence", "no-personal-data"])),
    st.booleans(), st.booleans(),
)  # fmt: skip
ORDER = {"register-only": 0, "weigh": 1, "notify": 2, "tell": 2}
LIKELIER = ["", "unlikely", "possible", "likely", "occurred"]


@st.composite
def raised(draw):
    """Draw inputs, and the same with one thing graver."""
    told = draw(INPUTS)
    what = draw(st.sampled_from(["low", "high", "flags", "likelihood", "nature", "sensitive", "authority"]))
    more = draw(QUARTERS)
    changed = {
        "low": {"low": told.low + more, "high": max(told.high, told.low + more)},
        "high": {"high": told.high + more},
        "flags": {"flags": told.flags | {draw(st.sampled_from(["over-100", "minors", "unknown-recipients"]))}},
        "likelihood": {"likelihood": draw(st.sampled_from(LIKELIER[LIKELIER.index(told.likelihood) :]))},
        "nature": {"nature": (told.nature or frozenset()) | {"confidentiality"} if told.nature is not None else None},
        "sensitive": {"sensitive": True if told.sensitive is False else told.sensitive},
        "authority": {"authority": True},
    }
    return told, replace(told, **changed[what])


@given(raised())
def test_raising_any_input_never_lowers_a_proposal(pair):
    before, after = pair
    for rule in (propose_notify, propose_tell):
        assert ORDER[rule(after)[0]] >= ORDER[rule(before)[0]]


@given(INPUTS)
def test_no_combination_of_scores_gives_register_only_without_a_ground(told):
    assert propose_notify(replace(told, grounds=frozenset()))[0] in {"notify", "weigh"}
    assert propose_notify(replace(told, authority=True))[0] == "notify"


@given(INPUTS)
def test_health_data_seen_are_notified_whatever_the_score_where_there_is_no_ground(told):
    seen = replace(told, nature=frozenset({"confidentiality"}), sensitive=True, grounds=frozenset())
    assert propose_notify(seen)[0] == "notify"


@given(st.dictionaries(st.sampled_from(["confidentiality", "integrity", "availability", "malice"]), st.integers(0, 1)))
def test_a_file_s_own_score_never_makes_it_register_only(picked):
    lists = {"confidentiality": ["at-risk", "unknown"], "integrity": ["altered", "misused"]}
    lists |= {"availability": ["recovered", "lost"], "malice": ["no", "yes"]}
    chosen = {"sensitive": "1 low-nature", "complete": "yes"} | {name: lists[name][one] for name, one in picked.items()}
    told = Written(Origin.PERSON).facts(nature=["confidentiality"], sensitive=["health"], assessment=chosen)
    assert propose(told.dossier).notify.choice == "notify"


# -- data --


def test_every_ground_reason_and_lack_is_said_in_both_languages_and_used():
    assert set(GROUNDS) == set(_LACKING)
    for one in GROUNDS.values():
        assert one.choice in CHOICES[one.about]
        assert one.confidence in CONFIDENCE
    for table in (LACKS, room._READ["reason"], *CHOICES.values(), room.ABOUT_WORDS):
        assert all(words["fr"] and words["en"] for words in table.values())
    for one in room._READ["reason"].values():
        assert all(key in CATALOGUE for key in one["facts"])
    assert {lack for one in held(Written().dossier) for lack in one.lacks} <= set(LACKS)


def test_evidence_of_a_check_is_evidence_of_a_seal():
    told = lost_laptop()
    told.fact("seal", "disc-passphrase", CHECK)
    check_decision(decision("notify", "register-only", "unintelligible-with-key-evidence"), told.dossier)
