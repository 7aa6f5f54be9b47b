"""Writes the pages of docs/reference that are made from the code: `python tools/reference.py`."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from collections import defaultdict
from pathlib import Path

import primum
from primum.doors.cli.command import build_parser
from primum.ground.errors import PrimumError, every_refusal
from primum.ground.settings import SETTINGS

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def write_settings() -> None:
    """Write settings.md."""
    rows = "\n".join(f"| `{one.name}` | `{one.default!r}` | {one.sentence} |" for one in SETTINGS)
    (REFERENCE / "settings.md").write_text(
        "# Settings\n\n"
        "They live in `primum.toml` in the home, one `name = value` a line (TOML). A name that is not in this\n"
        "table is refused at start, and so is a value that cannot be meant. Nothing secret is a setting.\n"
        f"A change takes effect at the next start.\n\n| name | default | meaning |\n|---|---|---|\n{rows}\n",
        "utf-8",
    )


def write_commands() -> None:
    """Write commands.md: the real `--help` of each command."""
    os.environ["COLUMNS"] = "100"
    parser = build_parser()
    parts = ["# Commands\n\nEach page below is what `primum COMMAND --help` prints.\n"]
    choices = parser._subparsers._group_actions[0].choices  # type: ignore[union-attr]  # noqa: SLF001
    for name, own in dict(choices or {}).items():
        parts.append(f"## primum {name}\n\n```\n{own.format_help().strip()}\n```\n")
    (REFERENCE / "commands.md").write_text("\n".join(parts), "utf-8")


def write_errors() -> None:
    """Write errors/<room>.md: every refusal, by the room of its code."""
    for module in pkgutil.walk_packages(primum.__path__, "primum."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    rooms: dict[str, dict[str, str]] = defaultdict(dict)
    for kind in every_refusal():
        if kind is not PrimumError and kind.__module__.startswith("primum."):
            fact = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
            row = f"| `{kind.code}` | {fact} | {kind.hint.replace('|', chr(92) + '|')} |"
            rooms[kind.code.split(".")[0]].setdefault(kind.code, row)
    folder = REFERENCE / "errors"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for room, rows in rooms.items():
        lines = "\n".join(rows[code] for code in sorted(rows))
        head = f"# Refusals of {room}\n\nWords in braces stand for facts of the moment; none is about a patient.\n\n"
        (folder / f"{room}.md").write_text(f"{head}| code | fact | way out |\n|---|---|---|\n{lines}\n", "utf-8")


if __name__ == "__main__":
    write_settings()
    write_commands()
    write_errors()
