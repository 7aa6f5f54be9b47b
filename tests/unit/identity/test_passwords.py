from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, strategies as st
from tests.unit.identity.people_kit import weak_hasher

from primum.identity import PasswordGuessable, PasswordTooLong, PasswordTooShort
from primum.identity.passwords import Hasher, check_password, readable
from primum.identity.rules import rules_in_force

RULE = rules_in_force().password
ABOUT = ("jmorvan", "Jeanne Morvan", "jeanne.morvan@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "motdepasse2026!",
        "MotDePasse2026!",
        "azertyuiopqsdf",
        "12345678901234",
        "passwordpassword",
        "P@ssw0rdP@ssw0rd",
        "abcdefghijklmnop",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "jeanne.morvan1975",
        "Morvan-Jeanne-2026",
        "correcthorsebatterystaple",
        "1qaz2wsx3edc4rfv",
        "radiologie-2026-scanner",
        "primumnonnocere",
        "Marseille13Marseille13",
        "kfj39fkfj39fkfj39f",
        "liberteegalitefraternite",
        "LibertéÉgalitéFraternité",
        "aaaaaaaaaaaaaabbbb",
        "12/07/1975 01021980",
        "".join(chr(ord(one) + 0xFEE0) for one in "motdepassesecret"),  # full-width letters
        "99999999999999",
        "lundimardimercredi",
    ],
)
def test_what_a_guesser_tries_first_is_refused(password: str) -> None:
    with pytest.raises(PasswordGuessable):
        check_password(password, ABOUT, RULE)


@pytest.mark.parametrize(
    "password",
    [
        "le chat mange du foin bleu",
        "tirelire cornichon volubile",
        "xK9$mqLz2!vRtw",
        "83920174658392",
        "ωδιναρελτμσκφη",
        "青い自転車は静かに眠る森の中で走る",
        "🦊🐢🦉🐝🦄🐙🦀🐳🌵🍄🌙⭐🔥🎲",
        "nullement quatorze",
    ],
)
def test_any_composition_will_do(password: str) -> None:
    check_password(password, ABOUT, RULE)


def test_thirteen_characters_are_too_few_and_the_refusal_counts_them() -> None:
    with pytest.raises(PasswordTooShort) as refusal:
        check_password("xK9$mqLz2!vRt", ABOUT, RULE)
    assert refusal.value.facts == {"characters": 13, "needed": 14}


@pytest.mark.parametrize("password", ["x" * 1025, "\ufdfa" * 1024, "ok ok ok \ud800 ok ok ok"])
def test_what_is_too_long_or_cannot_be_written_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooLong):
        check_password(password, ABOUT, RULE)


@given(st.text(max_size=60))
@example("\ud800" * 20)
def test_a_password_typed_composed_or_decomposed_is_the_same(password: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    assert readable(composed, RULE) == readable(decomposed, RULE)


@given(st.text(min_size=14, max_size=300))
def test_judging_a_password_ends_and_never_repeats_it(password: str) -> None:
    try:
        check_password(password, ABOUT, RULE)
    except (PasswordGuessable, PasswordTooLong, PasswordTooShort) as refusal:
        assert set(refusal.facts) <= {"why", "allowed", "characters", "needed"}  # noqa: PT017
        assert password not in str(refusal)  # noqa: PT017


def test_the_longest_password_is_judged_quickly() -> None:
    check_password("".join(chr(0x4E00 + one) for one in range(1024)), ABOUT, RULE)


def test_the_default_cost_is_the_second_recommendation_of_rfc_9106() -> None:
    hashed = Hasher().hash("tirelire cornichon volubile")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_hash_fits_its_password_and_no_other() -> None:
    hasher = weak_hasher()
    kept = hasher.hash("tirelire cornichon volubile")
    assert hasher.fits(kept, "tirelire cornichon volubile")
    assert not hasher.fits(kept, "tirelire cornichon volubilé")
    assert not hasher.fits(kept, None)
    assert not hasher.fits("not a hash", "tirelire cornichon volubile")


def test_nobody_s_password_fits_nothing_after_the_same_work() -> None:
    hasher = weak_hasher()
    assert not hasher.fits(None, "tirelire cornichon volubile")
    assert not hasher.fits(None, None)
    assert not hasher.fits(None, "")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    assert weak_hasher().outdated(Hasher(time_cost=2, memory_kib=16, lanes=1).hash("x"))
    assert not weak_hasher().outdated(weak_hasher().hash("x"))
