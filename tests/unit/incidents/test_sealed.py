import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.severity_kit import CHECK, Written, lost_laptop, open_archive

from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.model import Origin
from primum.incidents.severity import sealed as room
from primum.incidents.severity.sealed import ROWS, Worth, judge, sealed
from primum.vault.guards import KeyFileGuard, PassphraseGuard, RecoveryGuard

DESIGN = Path(__file__).parents[3] / "docs" / "design" / "incidents.md"
BEST = {
    "way": "at-rest", "power": "off", "lock": "passphrase", "key": "elsewhere", "sheet": "elsewhere",
    "cover": "whole", "shown": "measured", "copy": "yes", "availability": "no", "integrity": "no",
}  # fmt: skip
ALLOWED = {
    "way": {"at-rest"}, "power": {"off"}, "lock": {"passphrase", "tpm-pin", "key-file"}, "key": {"elsewhere"},
    "sheet": {"elsewhere", "none"}, "cover": {"whole"}, "shown": {"measured", "document"},
}  # fmt: skip
VALUES = {
    "way": ["at-rest", "served", "unsaid"],
    "power": ["off", "asleep", "running-locked", "running-open", "unsaid"],
    "lock": ["none", "pseudonyms", "tpm", "recovery", "key-file", "tpm-pin", "passphrase", "unsaid"],
    "key": ["elsewhere", "with-device", "lost", "none", "unsaid"],
    "sheet": ["elsewhere", "with-device", "lost", "none", "unsaid"],
    "cover": ["whole", "leaks", "unsaid"],
    "shown": ["measured", "document", "no"],
}


def home_lost(*words, **other):
    """A server of this house, stolen: its guard was measured before."""
    told = {"origin": ["lost-equipment"], "nature": ["confidentiality"], "device-power": "off"} | other
    made = Written(Origin.PERSON).measured("guard", list(words), CHECK)
    for key, value in told.items():
        made.fact(key.replace("_", "-"), value)
    return made.dossier


def test_a_file_of_which_nothing_is_known_is_not_exempt():
    found = sealed(Written().dossier)
    assert found.worth is Worth.UNDETERMINED
    assert set(found.missing) == {"origin", "device-power", "seal", "key-place", "recovery-sheet-place", "guard"}
    assert all(one in CATALOGUE for one in found.missing)


@pytest.mark.parametrize(
    ("changed", "row"),
    [
        ({"device_power": "running-open"}, "running-open"), ({"device_power": "running-locked"}, "running-locked"),
        ({"device_power": "asleep"}, "asleep"), ({"seal": "disc-tpm"}, "tpm-alone"), ({"seal": "none"}, "not-sealed"),
        ({"seal": "pseudonyms"}, "pseudonyms"), ({"key_place": "with-device"}, "key-beside"),
        ({"key_place": "lost"}, "key-lost"), ({"recovery_sheet_place": "with-device"}, "sheet-beside"),
        ({"recovery_sheet_place": "lost"}, "sheet-lost"), ({"reached": ["find"]}, "served"),
    ],
)  # fmt: skip
def test_a_state_that_leaves_the_key_within_reach_is_not_exempt(changed, row):
    assert sealed(lost_laptop().dossier).worth is Worth.MAY
    found = sealed(lost_laptop(**changed).dossier)
    assert found.worth is Worth.NOT
    assert row in {one.name for one in found.rows}


@pytest.mark.parametrize("key", ["device_power", "seal", "key_place", "recovery_sheet_place", "origin"])
def test_whatever_is_not_known_leaves_it_not_exempt(key):
    assert sealed(lost_laptop(**{key: None}).dossier).worth is Worth.UNDETERMINED


def test_a_seal_that_somebody_only_tells_of_is_not_enough():
    told = lost_laptop()
    told.fact("seal", "disc-passphrase")
    found = sealed(told.dossier)
    assert (found.worth, found.missing) == (Worth.UNDETERMINED, ("guard",))


def test_what_guards_the_vault_of_the_house_shows_nothing_of_the_disc_of_a_laptop():
    told = lost_laptop().measured("guard", ["passphrase", "recovery"], CHECK)
    told.fact("seal", "disc-passphrase")
    assert sealed(told.dossier).worth is Worth.UNDETERMINED


def test_a_disc_that_was_measured_in_clear_is_not_sealed_whatever_is_said_of_it():
    told = lost_laptop().measured("guard", ["disc-encryption:plain"], CHECK)
    assert sealed(told.dossier).worth is Worth.NOT


def test_a_house_by_passphrase_on_a_sealed_disc_may_be_considered():
    measured = ("passphrase", "recovery", "disc-encryption:sealed", "recovery-key:kept-elsewhere", "restore-test:whole")
    found = sealed(home_lost(*measured, key_place="elsewhere"))
    assert (found.worth, found.says_nothing_of, found.missing) == (Worth.MAY, (), ())
    assert found.evidence[0].kind == "check"


def test_a_house_on_a_disc_in_clear_counts_where_nothing_lay_beside_the_vault():
    kept = ("passphrase", "recovery", "recovery-key:kept-elsewhere", "restore-test:whole", "disc-encryption:plain")
    clean = sealed(home_lost(*kept, "clear-text:none", "swap:none", key_place="elsewhere"))
    swapped = sealed(home_lost(*kept, "clear-text:none", "swap:plain", key_place="elsewhere"))
    unknown = sealed(home_lost(*kept, "clear-text:not-all-seen", "swap:none", key_place="elsewhere"))
    assert [one.worth for one in (clean, swapped, unknown)] == [Worth.MAY, Worth.NOT, Worth.UNDETERMINED]


def test_of_two_guards_the_weaker_counts():
    kept = ("passphrase", "key-file", "recovery", "disc-encryption:sealed", "recovery-key:kept-elsewhere")
    assert sealed(home_lost(*kept)).state["lock"] == "key-file"
    assert sealed(home_lost(*kept)).worth is Worth.UNDETERMINED
    assert sealed(home_lost(*kept, "key-guard:same-disc")).worth is Worth.NOT
    assert sealed(home_lost(*kept, "key-guard:elsewhere")).worth is Worth.MAY
    assert sealed(home_lost("recovery", "disc-encryption:sealed")).worth is Worth.NOT


def test_a_person_who_says_that_the_sheet_was_in_the_drawer_is_believed_over_the_check():
    kept = ("passphrase", "recovery", "disc-encryption:sealed", "recovery-key:kept-elsewhere")
    found = sealed(home_lost(*kept, key_place="elsewhere", recovery_sheet_place="with-device"))
    assert found.worth is Worth.NOT


def test_without_a_tested_copy_the_loss_of_the_data_is_judged_apart():
    for copy in ("no", None):
        found = sealed(lost_laptop(tested_copy=copy).dossier)
        assert (found.worth, found.says_nothing_of) == (Worth.MAY, ("availability",))


def test_of_availability_and_integrity_a_seal_says_nothing():
    found = sealed(lost_laptop(nature=["confidentiality", "integrity", "availability"]).dossier)
    assert set(found.says_nothing_of) == {"availability", "integrity"}


def test_an_open_archive_is_not_exempt_however_its_disc_is_sealed():
    told = open_archive().measured("guard", ["passphrase", "disc-encryption:sealed"], CHECK)
    assert sealed(told.dossier).worth is Worth.NOT


@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}))
def test_it_may_be_considered_in_the_states_of_the_table_and_in_no_other(state):
    unnoted = state["key"] == "none" and state["lock"] != "key-file"  # a passphrase that is on no paper
    allowed = ALLOWED | ({"key": {"none"}} if unnoted else {})
    expected = all(state[name] in values for name, values in allowed.items())
    assert (judge(state).worth is Worth.MAY) == expected
    assert judge(BEST).worth is Worth.MAY


def test_the_words_for_guards_are_those_of_the_vault_and_of_the_check():
    lines = tomllib.loads(files("primum.exposure.checks").joinpath("lines.toml").read_text("utf-8"))["line"]
    guards = {PassphraseGuard.kind, KeyFileGuard.kind, RecoveryGuard.kind}
    tables = [one for one in room._GUARD.values() if isinstance(one, dict)]
    lists = [one for one in room._GUARD.values() if isinstance(one, list)]
    for word in {each for one in (*tables, *lists) for each in one}:
        line, _, answer = word.partition(":")
        known = lines.get(line, {})
        assert word in guards or answer in known["says"] or answer in known["declare"]["values"], word


def test_the_page_of_the_design_has_the_table_as_the_data_have_it():
    section = DESIGN.read_text("utf-8").partition("### What sealed is worth")[2].partition("\n#")[0]
    shown = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    says = {"not": "not exempt", "undetermined": "not exempt until told", "may": "may be considered"}
    expected = [(one.name, one.situation["en"], says.get(one.gives, f"says nothing of {one.nature}")) for one in ROWS]
    assert shown == expected
