"""The rule file and the files of its lines are one list; nothing that is said lacks sentence, source or confidence."""

from __future__ import annotations

import ast
import re
import runpy
from datetime import date
from pathlib import Path

import pytest

from primum.exposure.checks import lines
from primum.exposure.checks.catalogue import CONFIDENCES, LETTERS, catalogue
from primum.exposure.checks.model import State

FOLDER = Path(lines.__file__).parent
RULES = catalogue().rules
BY_KIND = {"disc-encryption": {"sealed", "memory", "plain", "virtual", "unknown"},
           "swap": {"sealed", "memory", "plain", "virtual", "unknown"}}  # fmt: skip
"""Lines whose answer is the kind of medium."""


def codes(file: Path) -> set[str]:
    """Read every text that a check could give as its code: what it hands to Finding, or chooses between for it."""
    tree = ast.parse(file.read_text("utf-8"))
    first = [node.args[0] for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args
             and getattr(node.func, "id", "") == "Finding"]  # fmt: skip
    named = [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)
             and getattr(node.targets[0], "id", "") in {"code", "_INSIDE"}]  # fmt: skip
    found = set()
    for node in [*first, *named]:
        tests = {id(one) for test in ast.walk(node) if isinstance(test, ast.IfExp) for one in ast.walk(test.test)}
        keys = {id(one) for call in ast.walk(node) if isinstance(call, ast.Dict) for one in call.keys}
        sets = {id(one) for call in ast.walk(node) if isinstance(call, ast.Set) for one in call.elts}
        found |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
                  and id(one) not in tests | keys}  # fmt: skip
        found |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and id(one) in sets}
    return found


def test_each_line_has_a_file_and_each_file_a_line():
    files = {one.stem.replace("_", "-") for one in FOLDER.glob("*.py")} - {"--init--"}
    assert files == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_each_answer_of_a_check_has_its_meaning_and_no_meaning_is_left_over(name):
    said = codes(FOLDER / f"{name.replace('-', '_')}.py") | BY_KIND.get(name, set())
    if name == "outside":
        said |= {"closed", "open"}
    assert said == set(RULES[name].meanings)


@pytest.mark.parametrize("name", RULES)
def test_each_sentence_is_in_both_languages_with_the_same_facts(name):
    rule = RULES[name]
    for one in (*rule.meanings.values(), *rule.declared.values()):
        for pair in (one.says, one.does):
            assert set(re.findall(r"{(\w+)}", pair["fr"])) == set(re.findall(r"{(\w+)}", pair["en"]))
            assert bool(pair["fr"]) == bool(pair["en"])
        assert one.says["fr"]
    assert rule.title["fr"]
    assert rule.title["en"]


@pytest.mark.parametrize("name", RULES)
def test_what_is_bad_or_wants_attention_says_what_to_do(name):
    grave = [one for one in RULES[name].meanings.values() if one.state in {State.BAD, State.ATTENTION}]
    assert all(one.does["en"] for one in grave)


@pytest.mark.parametrize("name", RULES)
def test_each_line_answers_to_a_text_with_a_confidence(name):
    mapping = RULES[name].mapping
    assert mapping["cnil"]
    assert mapping["article_32"]
    assert {one["letter"] for one in mapping["article_32"]} <= set(LETTERS)
    for one in (*mapping["cnil"], *mapping["article_32"], *mapping["decisions"]):
        assert one["confidence"] in CONFIDENCES
    for one in mapping["cnil"]:
        assert 1 <= one["sheet"] <= 25
    for one in mapping["decisions"]:
        # a paragraph that nobody has read is not named
        assert all(1 <= number <= 61 for number in one["paragraphs"])
        assert bool(one["paragraphs"]) == (one["confidence"] == "verified")


def test_what_may_be_declared_has_an_end():
    for rule in RULES.values():
        assert bool(rule.declared) == (0 < rule.declared_days <= 1100)


def test_the_file_is_dated_and_each_of_its_sources_says_how_it_was_read():
    assert catalogue().in_force >= date(2026, 11, 22)
    for one in catalogue().sources.values():
        assert date.fromisoformat(one["date"])
        assert one["title"]
        assert one["read"]


def test_the_reference_page_is_made_from_the_file():
    root = Path(__file__).parents[4]
    made = runpy.run_path(str(root / "tools" / "check_reference.py"))["page"]()
    assert (root / "docs" / "reference" / "check.md").read_text("utf-8") == made
