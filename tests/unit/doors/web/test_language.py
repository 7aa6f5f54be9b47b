import re
from datetime import date

import pytest

from primum.doors.web.language import (
    LANGUAGES,
    catalogue,
    preferred,
    say,
    write_da,
    write_date,
    write_tm,
    years_between,
)


def test_every_language_has_the_same_sentences_with_the_same_facts():
    def facts(language):
        return {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in catalogue(language).items()}

    assert facts("fr") == facts("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language):
    assert all(text.strip() for text in catalogue(language).values())


def test_a_sentence_that_does_not_exist_is_a_fault():
    with pytest.raises(KeyError):
        say("fr", "no.such")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en;q=0.3, fr;q=0.2", "en"),
        ("de,nl", "fr"),
        ("", "fr"),
        ("en;q=0", "fr"),
        ("x;q=y,en", "en"),
        ("*", "fr"),
    ],
)
def test_the_browser_s_wish_is_followed_as_far_as_we_can(header, language):
    assert preferred(header, "fr") == language


def test_dates_are_written_for_their_reader():
    assert write_date("fr", date(1962, 3, 4)) == "04/03/1962"
    assert write_date("en", date(1962, 3, 4)) == "4 Mar 1962"
    assert write_da("fr", "19620304") == "04/03/1962"
    assert write_da("fr", "1962.03.04") == "04/03/1962"
    assert write_da("fr", "19621399") == "19621399"
    assert write_tm("091502.25") == "09:15"
    assert write_tm("09") == ""


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("20000229", "20260228", 25),
        ("20000229", "20260301", 26),
        ("20260102", "20260101", None),
        ("", "20260101", None),
    ],
)
def test_the_age_is_that_of_the_day_of_the_study(born, on, age):
    assert years_between(born, on) == age
