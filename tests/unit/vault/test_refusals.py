from __future__ import annotations

from pathlib import Path

from primum import vault
from primum.ground.errors import every_refusal

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "errors" / "vault.md").read_text("utf-8")
DESIGN = (Path(__file__).parents[3] / "docs" / "design" / "vault.md").read_text("utf-8")


def test_every_refusal_has_its_own_code_and_its_line_in_the_reference() -> None:
    mine = [one for one in every_refusal() if one.__module__.startswith("primum.vault")]
    assert len({one.code for one in mine}) == len(mine)
    for one in mine:
        assert f"| `{one.code}` |" in PAGE


def test_every_illness_is_in_the_table_of_the_design_page_with_its_severity() -> None:
    for one in every_refusal(vault.Illness):
        if one is not vault.Illness:
            assert f"| `{one.code}` | {one.severity} |" in DESIGN  # type: ignore[attr-defined]
