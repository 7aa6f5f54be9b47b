from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.incidents.kit import DOCTOR, MINE, SECRETARY, THEIRS, TUESDAY, Scene, actor

from primum.ground.clock import to_text
from primum.identity import NotPermitted, Role
from primum.incidents.facts.catalogue import CATALOGUE, VOCABULARIES, Shape
from primum.incidents.limits import LIMITS
from primum.incidents.model import SYSTEM, BadEntry, EntryKind, Origin, Role as FileRole, Standing, Which
from primum.incidents.stories.book import LANGUAGES, MOST, STORIES, NoSuchStory, story, story_of
from primum.incidents.stories.telling import BadAnswer, Letter, NotAHost, tell, tell_each

NAMES = [one.name for one in STORIES]
PERSONS = [one.name for one in STORIES if one.origin is Origin.PERSON and not one.host]
HOUR_AGO = TUESDAY - timedelta(hours=1)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def host(folder, *controllers):
    scene = Scene(folder, *controllers)
    scene.house.processor = True
    return scene


def test_there_are_ten_usual_stories_and_those_that_others_tell():
    assert len(PERSONS) == 10
    assert set(NAMES) - set(PERSONS) == {"processor", "authority", "hosted"}


@pytest.mark.parametrize("name", NAMES)
def test_a_story_asks_at_most_seven_things_and_none_that_it_says_itself(name):
    told = story(name)
    about = [one.about for one in told.asks]
    assert 0 < len(about) == len(set(about)) <= MOST
    assert not set(about) & set(told.says)
    for one in told.asks:
        assert one.which is not None or one.about in CATALOGUE
        assert one.which not in {Which.DETECTED, Which.AWARE, Which.CONFIRMED}
        assert all(one.asks[language].endswith(("?", ".")) for language in LANGUAGES)
    assert all(told.title[language] and told.when[language].endswith("?") for language in LANGUAGES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_story_says_by_itself_is_shared_and_of_the_vocabularies(name):
    for key, value in story(name).says.items():
        assert set(value) <= set(VOCABULARIES[CATALOGUE[key].vocabulary])
        assert CATALOGUE[key].level == "record"


def test_a_lost_laptop_opens_a_file_that_says_what_was_said(scene):
    answers = {"device-power": "off", "people": {"count": 300, "approximate": True}, "sensitive": ["health"]}
    made = tell(scene.files, DOCTOR, MINE.id, "laptop", answers, HOUR_AGO)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.origin, read.detected_first) == (Origin.PERSON, HOUR_AGO)
    assert (read.value("nature"), read.value("origin")) == (["confidentiality"], ["lost-equipment"])
    assert read.value("people") == {"count": 300, "approximate": True}
    assert Which.AWARE not in read.instants
    assert story_of(read).name == "laptop"


def test_the_sentence_is_told_in_the_language_of_the_teller(scene):
    made = tell(scene.files, DOCTOR, MINE.id, "paper", {}, HOUR_AGO, "en")
    (opened,) = scene.files.dossier(DOCTOR, made.id).of_kind(EntryKind.OPENED)
    assert opened.body["sentence"] == "Paper files were lost, stolen or thrown away"
    with pytest.raises(BadEntry):
        tell(scene.files, DOCTOR, MINE.id, "paper", {}, HOUR_AGO, "de")


def test_whoever_reports_tells_a_story_and_still_reads_nothing(scene):
    made = tell(scene.files, SECRETARY, MINE.id, "wrong-recipient", {"people": {"count": 1}})
    assert scene.files.dossier(DOCTOR, made.id).facts["people"].by == SECRETARY.person_id
    with pytest.raises(NotPermitted):
        scene.files.dossier(SECRETARY, made.id)


def test_nobody_tells_a_story_for_a_controller_that_is_not_theirs(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    with pytest.raises(NotPermitted):
        tell(scene.files, actor(Role.PHYSICIAN, THEIRS), MINE.id, "laptop", {})
    assert scene.told.facts == []


@pytest.mark.parametrize(
    ("question", "name", "answers"),
    [
        ("people", "laptop", {"device-power": "off", "people": 12}),
        ("device-power", "laptop", {"device-power": "exploded"}),
        ("began", "laptop", {"began": {"not_after": "yesterday"}}),
        ("recipients", "laptop", {"recipients": "un inconnu"}),
        ("nature", "laptop", {"nature": ["integrity"]}),
        ("recipients", "wrong-recipient", {"recipients": "x" * (LIMITS.text + 1)}),
        ("aware", "laptop", {"aware": TUESDAY}),
        ("answers", "laptop", {"Mme X, 1962": "yes"}),
        ("attack-known", "ransomware", {"attack-known": "hier"}),
        ("attack-known", "ransomware", {"attack-known": datetime(2026, 11, 24)}),  # noqa: DTZ001 (that is the case)
        ("attack-known", "ransomware", {"attack-known": TUESDAY + timedelta(hours=1)}),
        ("processor-aware", "processor", {"processor-aware": TUESDAY}),
    ],
)
def test_a_bad_answer_is_refused_by_its_question_and_nothing_is_opened(scene, question, name, answers):
    with pytest.raises(BadAnswer) as refused:
        tell(scene.files, DOCTOR, MINE.id, name, answers, HOUR_AGO)
    assert refused.value.question == question
    assert scene.files.every(DOCTOR) == []
    assert scene.told.facts == []


def test_a_detection_in_the_future_is_refused_and_not_journaled(scene):
    with pytest.raises(BadAnswer, match="future"):
        tell(scene.files, DOCTOR, MINE.id, "laptop", {}, TUESDAY + timedelta(minutes=3))
    assert scene.told.facts == []


def test_a_story_that_nobody_wrote_is_refused(scene):
    with pytest.raises(NoSuchStory):
        tell(scene.files, DOCTOR, MINE.id, "meteorite", {})


# -- those that others tell --


def test_the_alert_of_a_processor_says_when_the_processor_knew_if_it_wrote_so(scene):
    knew = HOUR_AGO - timedelta(days=2)
    letter = Letter("incident sur la plateforme", name="alerte.eml", document=b"From: ...")
    made = tell(scene.files, DOCTOR, MINE.id, "processor", {"processor-aware": knew}, HOUR_AGO, letter=letter)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.origin, read.file.role) == (Origin.PROCESSOR, FileRole.CONTROLLER)
    assert (read.instants[Which.PROCESSOR_AWARE].at, read.detected_first) == (knew, HOUR_AGO)
    (kept,) = scene.files.documents(DOCTOR, made.id)
    (received,) = read.of_kind(EntryKind.CORRESPONDENCE)
    assert (received.body["other"], received.body["document"]) == ("processor", kept.id)
    silent = tell(scene.files, DOCTOR, MINE.id, "processor", {}, HOUR_AGO)
    assert Which.PROCESSOR_AWARE not in scene.files.dossier(DOCTOR, silent.id).instants


def test_a_letter_of_the_authority_records_both_conditions_with_their_evidence(scene):
    dated, due = HOUR_AGO - timedelta(days=3), TUESDAY + timedelta(days=8)
    answers = {
        "authority-told-this-breach": "yes", "authority-control-from-elsewhere": "yes", "authority-wrote": dated,
    }  # fmt: skip
    letter = Letter(
        "contrôle en ligne", ("la volumétrie", "le registre"), due, "2026-123", "../courrier.pdf", b"%PDF-1.7"
    )
    made = tell(scene.files, DOCTOR, MINE.id, "authority", answers, HOUR_AGO, letter=letter)
    read = scene.files.dossier(DOCTOR, made.id)
    (kept,) = scene.files.documents(DOCTOR, made.id)
    for key in ("authority-told-this-breach", "authority-control-from-elsewhere"):
        assert [(one.kind, one.ref) for one in read.facts[key].evidence][-1] == ("document", kept.id)
    assert read.instants[Which.AUTHORITY_WROTE].at == dated
    (received,) = read.of_kind(EntryKind.CORRESPONDENCE)
    assert (received.body["asked"], received.body["due"]) == (["la volumétrie", "le registre"], to_text(due))
    assert received.body["at"] == to_text(HOUR_AGO)


def test_with_both_conditions_met_the_file_is_open_its_deadline_stands_and_nothing_is_decided(scene):
    answers = {"authority-told-this-breach": "yes", "authority-control-from-elsewhere": "yes"}
    made = tell(scene.files, DOCTOR, MINE.id, "authority", answers, HOUR_AGO)
    read = scene.files.dossier(DOCTOR, made.id)
    assert (read.state, read.detected_first, read.decisions) == ("open", HOUR_AGO, {})


def test_without_the_date_of_the_letter_the_authority_wrote_at_the_latest_when_it_was_received(scene):
    made = tell(scene.files, DOCTOR, MINE.id, "authority", {}, HOUR_AGO)
    assert scene.files.dossier(DOCTOR, made.id).instants[Which.AUTHORITY_WROTE].at == HOUR_AGO


def test_a_story_of_ones_own_has_no_letter(scene):
    with pytest.raises(BadAnswer, match="no letter"):
        tell(scene.files, DOCTOR, MINE.id, "laptop", {}, letter=Letter("bonjour"))
    with pytest.raises(BadAnswer, match="about"):
        tell(scene.files, DOCTOR, MINE.id, "authority", {}, letter=Letter("  "))
    with pytest.raises(BadAnswer, match="MiB"):
        tell(
            scene.files, DOCTOR, MINE.id, "authority", {},
            letter=Letter("x", document=bytes(LIMITS.document_bytes + 1)),
        )  # fmt: skip
    assert scene.told.facts == []


# -- several controllers --


def test_a_host_opens_the_file_of_a_processor_for_each_controller(tmp_path):
    scene = host(tmp_path, MINE, THEIRS)
    answers = {"system": {"product": "Orthanc"}, "nature": ["confidentiality"], "processor-aware": HOUR_AGO}
    made = tell_each(scene.files, DOCTOR, [MINE.id, THEIRS.id], "hosted", answers, HOUR_AGO)
    read = [scene.files.dossier(DOCTOR, one.id) for one in made]
    assert [one.file.role for one in read] == [FileRole.PROCESSOR] * 2
    assert read[0].file.case_id == read[1].file.case_id
    assert [one.value("nature") for one in read] == [["confidentiality"]] * 2
    assert [one.instants[Which.PROCESSOR_AWARE].at for one in read] == [HOUR_AGO] * 2
    assert len({one.facts["system"].entry for one in read}) == 1
    assert len([one for one in read[0].of_kind(EntryKind.INSTANT) if one.body["which"] == "detected"]) == 1


def test_what_is_each_controllers_own_is_not_told_for_several(tmp_path):
    scene = Scene(tmp_path, MINE, THEIRS)
    with pytest.raises(BadAnswer, match="own"):
        tell_each(scene.files, DOCTOR, [MINE.id, THEIRS.id], "open-share", {"people": {"count": 12}})
    with pytest.raises(BadEntry):
        tell_each(scene.files, DOCTOR, [MINE.id, MINE.id], "open-share", {})
    with pytest.raises(BadEntry):
        tell_each(scene.files, DOCTOR, [], "open-share", {})
    assert scene.told.facts == []


def test_a_house_that_hosts_for_nobody_has_no_such_story(scene):
    with pytest.raises(NotAHost):
        tell(scene.files, DOCTOR, MINE.id, "hosted", {})
    assert scene.files.every(DOCTOR) == []


# -- any story, any answers --

_TEXT = st.text("abcdéèà ?.", min_size=1, max_size=40).filter(str.strip)
_AT = st.integers(0, 23 * 24 * 60).map(lambda minutes: TUESDAY - timedelta(minutes=minutes))


def _value(key):
    kind = CATALOGUE[key]
    if kind.shape is Shape.CHOICE:
        return st.sampled_from(sorted(VOCABULARIES[kind.vocabulary]))
    if kind.shape is Shape.CHOICES:
        return st.lists(st.sampled_from(sorted(VOCABULARIES[kind.vocabulary])), min_size=1, max_size=4, unique=True)
    return {
        Shape.TEXT: _TEXT,
        Shape.COUNT: st.fixed_dictionaries({"count": st.integers(0, 10**6)}, optional={"approximate": st.booleans()}),
        Shape.FIELDS: st.dictionaries(st.sampled_from(kind.fields or ("",)), _TEXT, min_size=1),
        Shape.BEGAN: _AT.map(lambda at: {"not_before": None, "not_after": to_text(at)}),
        Shape.ENDED: _AT.map(lambda at: {"state": "ended", "at": to_text(at)}),
    }[kind.shape]


@st.composite
def _told(draw):
    one = story(draw(st.sampled_from(NAMES)))
    chosen = draw(st.lists(st.sampled_from(one.asks), unique_by=lambda each: each.about))
    answers = {each.about: draw(st.none() | (_AT if each.which else _value(each.about))) for each in chosen}
    return one, answers


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    return host(tmp_path_factory.mktemp("told"))


@given(told=_told())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_says_the_answers_and_what_the_story_says_and_nothing_else(hosted, told):
    one, answers = told
    made = tell(hosted.files, SECRETARY, MINE.id, one.name, answers, TUESDAY)
    read = hosted.files.read(made.id)
    facts = {key: value for key, value in answers.items() if key in CATALOGUE}
    assert {key: fact.value for key, fact in read.facts.items()} == {**one.says, **facts}
    for key, fact in read.facts.items():
        unknown = key in facts and facts[key] is None
        assert fact.standing is (Standing.UNKNOWN if unknown else Standing.DECLARED)
        assert (fact.by, fact.evidence[0].kind) == (SECRETARY.person_id, "person")
        assert fact.earlier == ()
    said = {Which(key): at for key, at in answers.items() if key not in CATALOGUE and at is not None}
    itself = {Which.DETECTED: TUESDAY} | ({one.instant: TUESDAY} if one.instant else {})
    assert {which: instant.at for which, instant in read.instants.items()} == {**itself, **said}
    assert all(entry.by != SYSTEM for entry in read.entries)
    kinds = {EntryKind.OPENED, EntryKind.INSTANT, EntryKind.FACT}
    assert {entry.kind for entry in read.entries} <= kinds
