import re
import string
from pathlib import Path

import pytest

from primum.journal import BY_NAME, Kind, Ledger, sentence
from primum.journal.shapes import Shape
from primum.journal.vocabulary import CHAIN_SENTENCES, DETAILS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "journal.md"


def test_names_are_unique_and_say_source_subject_action():
    assert len(BY_NAME) == len(Kind)
    assert all(re.fullmatch(r"[a-z]+(:[a-z-]+){1,2}", name) for name in BY_NAME)
    assert not BY_NAME.keys() & CHAIN_SENTENCES.keys()


def test_disclosures_and_sign_ins_are_on_disc_before_anything_goes_on():
    passing = {kind.name for kind in Kind if not kind.durable}
    assert passing == {
        "SESSION_LOCKED", "SESSION_CLOSED", "LIST_SEARCHED", "STUDY_CLOSED", "STUDY_REFUSED", "ACTION_REFUSED",
        "ASSOCIATION_OPENED", "ASSOCIATION_REFUSED", "ASSOCIATION_CLOSED", "STUDY_STORED", "INSTANCE_REFUSED",
        "STRANGER_ASSOCIATION", "STRANGER_REQUEST", "STUDY_BROUGHT", "DEVICE_LIST_SEARCHED",
        "DOSE_LISTED",
        "ORDERS_LISTED", "PATIENTS_SEARCHED", "WORKLIST_SEARCHED", "STEP_PERFORMED", "MESSAGE_RECEIVED",
        "MESSAGE_REFUSED", "STUDY_DELIVERED",
        "PROBE_SEEN",
    }  # fmt: skip


def test_everything_in_the_account_is_durable():
    assert all(kind.durable for kind in Kind if kind.ledger is Ledger.ACCOUNT)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_sentence_speaks_only_of_what_its_kind_records(kind, language):
    text = kind.value.fr if language == "fr" else kind.value.en
    named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    assert named <= kind.value.details | {"actor", "subject"}
    assert "–" in sentence(kind.value.name, language, {}) or not named  # noqa: RUF001


def test_every_detail_that_exists_is_used():
    assert {key for kind in Kind for key in kind.value.details} == set(DETAILS)


def test_a_kind_of_a_later_version_is_given_by_its_name():
    assert sentence("moon:landed", "fr", {}) == "moon:landed"


def test_every_kind_is_in_the_reference():
    """docs/reference/journal.md is the list that a DPO reads: it must be the exact one."""
    rows = [line.split("|") for line in REFERENCE.read_text("utf-8").splitlines() if line.startswith("| `")]
    written = {row[1].strip(" `"): (row[2].strip(), row[3].strip(), row[4].strip()) for row in rows if len(row) > 5}
    expected = {
        kind.value.name: (
            str(kind.ledger),
            "yes" if kind.durable else "within 1 s",
            ", ".join(f"`{key}`" for key in sorted(kind.value.details)),
        )
        for kind in Kind
    }
    assert written == expected


def test_every_detail_and_chain_line_is_in_the_reference():
    text = REFERENCE.read_text("utf-8")
    assert all(f"`{key}`" in text for key in DETAILS)
    assert all(f"`{kind}`" in text for kind in CHAIN_SENTENCES)
    assert all(shape.value in text for shape in Shape)
