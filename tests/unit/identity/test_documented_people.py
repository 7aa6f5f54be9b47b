"""The reference pages say what the code says."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from primum.ground.errors import every_refusal
from primum.identity import RULES, Permission, Role, Scope
from primum.identity.facts import DETAILS, Fact
from primum.identity.permissions import BY_REFERRER, CHANGES, GUARDED, MAY, SCOPED, SCOPES, guarded

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "permissions.md").read_text("utf-8")


def rows(page: str) -> dict[str, list[str]]:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_page_lists_every_permission_of_every_role_and_no_other() -> None:
    listed = rows(PAGE)
    for permission in Permission:
        purpose, *yes, marks = listed[permission]
        assert purpose
        assert {role for role, cell in zip(Role, yes, strict=True) if cell == "yes"} == {
            role for role in Role if permission in MAY[role]
        }
        said = {
            name
            for name, these in (("scoped", SCOPED), ("guarded", GUARDED), ("fresh", CHANGES))
            if permission in these
        }
        assert set(filter(None, marks.split(", "))) == said
    assert {one for one in listed if re.fullmatch(r"[a-z]+:[a-z-]+", one)} == set(Permission)


def test_the_page_lists_every_role_scope_and_rule() -> None:
    listed = rows(PAGE)
    for role in Role:
        assert listed[role] == [
            ", ".join(scope for scope in Scope if scope in SCOPES[role]),
            "by two people, or after 24 hours" if guarded(role) else "at once",
        ]
    assert set(RULES) <= listed.keys()
    (sentence,) = [line for line in PAGE.splitlines() if line.startswith("A grant of scope `referrer`")]
    assert set(re.findall(r"`([a-z]+:[a-z-]+)`", sentence)) == BY_REFERRER


def test_every_refusal_is_in_its_table() -> None:
    for name, prefix in (("identity", "identity."), ("outbound", "outbound.")):
        listed = rows((DOCS / "reference" / "errors" / f"{name}.md").read_text("utf-8"))
        for refusal in every_refusal():
            if refusal.code.startswith(prefix) and refusal.__module__ in {
                "primum.identity.refusals",
                "primum.ground.outbound",
            }:
                fact = inspect.cleandoc(refusal.__doc__ or "").split("\n\n")[0]
                assert listed[refusal.code] == [fact, refusal.hint]


def test_the_design_page_names_every_role_and_every_rule_that_says_no() -> None:
    page = (DOCS / "design" / "access.md").read_text("utf-8")
    for word in (*Role, *RULES):
        assert str(word) in page


def test_every_kind_of_fact_has_its_details() -> None:
    assert DETAILS.keys() == set(Fact)
