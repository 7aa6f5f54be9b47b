import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.unit.incidents.kit import DOCTOR, DPO, MINE
from tests.unit.incidents.register.kit import Kept

from primum.incidents.facts.catalogue import VOCABULARIES
from primum.incidents.register.jsonld import terms, used_terms
from primum.incidents.severity.grounds import GROUNDS

DESIGN = Path(__file__).parents[4] / "docs" / "design" / "incidents.md"
KEYWORDS = {"@id", "@type", "@value", "@language", "@list", "@context", "@json"}


def exported(scene, language="fr"):
    return json.loads(scene.register.export(DOCTOR, "jsonld", language))


def words(node):
    """Give every key and every type and id of a document, as a reader of JSON-LD takes them; never a value."""
    if isinstance(node, list):
        return {one for each in node for one in words(each)}
    if not isinstance(node, dict):
        return set()
    if "@value" in node:
        return {node["@type"]} if "@type" in node else set()
    found = set()
    for key, value in node.items():
        found |= {key} if key not in KEYWORDS else set()
        if key == "@type":
            found |= set(value) if isinstance(value, list) else {value}
        elif key == "@id":
            found |= {value}
        elif key != "@context":
            found |= words(value)
    return found


def of_others(document):
    return {one for one in words(document) if not one.startswith(("primum:", "urn:x-primum:", "xsd:", "@"))}


def test_each_term_is_in_the_table_of_the_design_with_its_source(tmp_path):
    scene = Kept(tmp_path)
    scene.lived()
    design = DESIGN.read_text("utf-8")
    listed = set(re.findall(r"`((?:dpv|eu-gdpr|risk|pd|dct):[A-Za-z0-9]+)`", design))
    assert of_others(exported(scene)) <= used_terms()
    assert used_terms() == listed
    for source in (*terms()["read"], *terms()["to-be-confirmed"]):
        assert source in design


def test_each_word_of_a_vocabulary_that_has_a_term_has_a_listed_one():
    groups = {"nature": "nature", "people": "people", "data": "data", "sensitive": "sensitive", "harms": "harms"}
    for group, vocabulary in groups.items():
        assert set(terms()[group]) <= set(VOCABULARIES[vocabulary])
        assert set(terms()[group].values()) <= used_terms()
    for group in ("ended", "notice", "ground"):
        assert set(terms()[group].values()) <= used_terms()
    assert set(terms()["ground"]) <= set(GROUNDS)


def test_the_context_is_in_the_file_and_names_every_prefix(tmp_path):
    scene = Kept(tmp_path)
    scene.lived()
    made = exported(scene)
    assert made["@context"] == terms()["prefix"]
    assert {one.partition(":")[0] for one in words(made) if not one.startswith("@")} <= {*made["@context"], "urn"}


def test_a_breach_is_one_with_its_kind_people_numbers_and_reasons(tmp_path):
    scene = Kept(tmp_path)
    one = scene.lived()
    made = exported(scene)
    (breach,) = made["dct:hasPart"]
    assert breach["@id"] == f"urn:x-primum:{one}"
    assert breach["@type"] == ["eu-gdpr:DataBreach", "eu-gdpr:ConfidentialityBreach"]
    assert breach["dpv:hasDataSubjectScale"] == {"@value": "800", "@type": "xsd:integer"}
    assert breach["dpv:hasPersonalData"] == [{"@id": "pd:Health"}]
    assert {"@id": "risk:Discrimination"} in breach["dpv:hasImpact"]
    assert {"@id": "primum:harms/loss-of-control"} in breach["dpv:hasImpact"]
    assert breach["dpv:hasStatus"] == {"@id": "risk:IncidentStatusUnknown"}
    assert {each["@type"] for each in breach["dpv:hasJustification"]} == {
        "eu-gdpr:JustificationA33RiskMitigated", "eu-gdpr:JustificationA33NotificationDelay",
    }  # fmt: skip
    assert made["dpv:hasDataController"][0]["dpv:hasName"] == MINE.name


def test_what_is_not_known_is_not_written_as_a_number(tmp_path):
    scene = Kept(tmp_path)
    one = scene.opened().id
    scene.files.answer(DPO, one, "people", None)
    (breach,) = exported(scene)["dct:hasPart"]
    assert "dpv:hasDataSubjectScale" not in breach
    assert breach["primum:facts"][0]["primum:standing"] == "unknown"


TYPED = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" \u00a0\u202f"), min_size=1, max_size=80
) | st.sampled_from(
    ['{"@id": "x"}', "@context", "dpv:hasName", "</script><script>", "https://example.org/x", '"\\', "_:b0"]
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=25
)
@given(TYPED.filter(str.strip))
def test_what_a_person_typed_is_always_a_value(tmp_path_factory, text):
    scene = Kept(tmp_path_factory.mktemp("ld"))
    one = scene.opened().id
    for key in ("story", "consequences", "measures-after", "lateness"):
        scene.files.answer(DPO, one, key, text)
    made = exported(scene)
    assert of_others(made) <= used_terms()
    (breach,) = made["dct:hasPart"]
    assert breach["dpv:hasConsequence"] == text
    assert {"@value": text, "@type": "@json"} in [each.get("primum:value") for each in breach["primum:facts"]]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_title_says_its_language(tmp_path, language):
    assert exported(Kept(tmp_path), language)["dct:title"]["@language"] == language
