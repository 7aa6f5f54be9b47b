"""Writes docs/reference/journal.md from the vocabulary: `python tools/journal_reference.py`."""

from __future__ import annotations

from pathlib import Path

from primum.journal import Kind, Ledger
from primum.journal.shapes import Shape
from primum.journal.vocabulary import CHAIN_SENTENCES, DETAILS

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "journal.md"

HEAD = """# The journal's vocabulary

Every kind of fact that Primum can record; there are no others (`src/primum/journal/vocabulary.py`, and a test
that this page is that list). The format is in [the design of the journal](../design/journal.md). A fact names
our own ids: `per_…` people, `dev_…` devices, `ses_…` sessions, `ctl_…` controllers, `grt_…` grants, a study by its
reference. Who may read names sees them in the place of ids; the ledger does not hold them.

*On disc at once* means before what the fact tells of goes on. The others are on disc within a second.
"""


def table(ledger: Ledger) -> str:
    """Write the kinds of one ledger."""
    rows = [
        f"| `{kind.value.name}` | {ledger} | {'yes' if kind.durable else 'within 1 s'} | "
        f"{', '.join(f'`{key}`' for key in sorted(kind.value.details))} | {kind.value.en} |"
        for kind in Kind
        if kind.ledger is ledger
    ]
    return "| kind | ledger | on disc at once | details | sentence |\n|---|---|---|---|---|\n" + "\n".join(rows)


def page() -> str:
    """Write the whole page."""
    chain = "\n".join(f"| `{name}` | {pair[1]} |" for name, pair in CHAIN_SENTENCES.items())
    shapes = "\n".join(
        f"* {shape.value}: {', '.join(f'`{key}`' for key, one in DETAILS.items() if one is shape)}" for shape in Shape
    )
    return (
        f"{HEAD}\n## Access: who saw what\n\n{table(Ledger.ACCESS)}\n\n## Account: who changed what\n\n"
        f"{table(Ledger.ACCOUNT)}\n\n## What chains say of themselves\n\nWritten by the journal itself "
        f"(`chain:illegible` is how a list shows\nwhat it cannot read).\n\n| kind | sentence |\n|---|---|\n{chain}\n\n"
        f"## Shapes of details\n\n{shapes}\n"
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), "utf-8")
