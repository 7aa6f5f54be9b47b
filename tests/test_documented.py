"""Everything that a person may set, read, run or be refused is in docs/reference."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import primum
from primum.doors.cli.command import COMMANDS, build_parser
from primum.ground.errors import PrimumError, every_refusal
from primum.ground.settings import SETTINGS

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def everything_is_imported():
    for module in pkgutil.walk_packages(primum.__path__, "primum."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def refusals():
    everything_is_imported()
    return [one for one in every_refusal() if one.__module__.startswith("primum.") and one is not PrimumError]


def documented_codes():
    text = "\n".join(file.read_text("utf-8") for file in (REFERENCE / "errors").glob("*.md"))
    return set(re.findall(r"^\| `([a-z0-9.-]+)`", text, re.MULTILINE))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_each_setting_is_in_the_reference_with_its_default(setting):
    page = (REFERENCE / "settings.md").read_text("utf-8")
    assert re.search(rf"^\| `{setting.name}` \| `{re.escape(repr(setting.default))}` \|", page, re.MULTILINE)


def test_each_refusal_has_a_code_of_its_own_room_and_is_in_the_reference():
    missing = {one.code for one in refusals()} - documented_codes()
    assert sorted(missing) == []


def test_no_page_documents_a_refusal_that_is_gone():
    assert sorted(documented_codes() - {one.code for one in refusals()}) == []


def test_codes_are_unique():
    codes = {}
    for one in refusals():
        codes.setdefault(one.code, set()).add(one)
    own = {code: kinds for code, kinds in codes.items() if len({kind.__qualname__ for kind in kinds}) > 1}
    shared = {code: kinds for code, kinds in own.items() if not _one_is_the_base(kinds)}
    assert shared == {}


def _one_is_the_base(kinds):
    return any(all(issubclass(kind, base) for kind in kinds) for base in kinds)


def test_each_refusal_is_a_sentence():
    for one in refusals():
        first = (one.__doc__ or "").strip().split("\n\n")[0]
        assert first.endswith((".", "}")), one


def test_each_command_is_in_the_reference():
    page = (REFERENCE / "commands.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"## primum {name}" not in page] == []


def test_the_help_in_the_reference_is_the_real_one(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    page = (REFERENCE / "commands.md").read_text("utf-8")
    parser = build_parser()
    choices = parser._subparsers._group_actions[0].choices
    assert [name for name, one in choices.items() if one.format_help().strip() not in page] == []


def test_each_job_is_in_the_reference_with_its_period():
    """The names are read from the source, so that a job that only some homes have is found too."""
    source = Path(primum.__file__).parent
    pattern = re.compile(r'Job\("([a-z]+\.[a-z-]+)", (?:timedelta\((\w+)=(\d+)\)|minute)')
    found = {}
    for file in source.rglob("*.py"):
        for name, unit, count in pattern.findall(file.read_text("utf-8")):
            period = {"1": f"every {unit[:-1]}", "5": f"every five {unit}", "10": f"every ten {unit}"}
            found[name] = period[count] if unit else "every minute"
    page = (REFERENCE / "jobs.md").read_text("utf-8")
    documented = dict(re.findall(r"^\| `([a-z.-]+)` \| ([a-z ]+) \|", page, re.MULTILINE))
    assert documented == found
