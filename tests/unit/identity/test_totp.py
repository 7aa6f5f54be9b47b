from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from primum.identity import totp

RFC_SECRET = b"12345678901234567890"
AT = datetime(2026, 11, 23, 8, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    step = totp.step_of(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
    assert totp.code_at(RFC_SECRET, step, digits=8) == code


@given(st.binary(min_size=20, max_size=20), st.integers(-1, 1))
def test_the_code_of_one_step_either_side_is_accepted(secret: bytes, away: int) -> None:
    step = totp.step_of(AT) + away
    accepted = totp.accepted_step(secret, totp.code_at(secret, step), AT, 0)
    assert accepted is not None
    assert totp.code_at(secret, accepted) == totp.code_at(secret, step)


def test_the_code_of_two_steps_away_is_refused() -> None:
    for away in (-2, 2):
        assert totp.accepted_step(RFC_SECRET, totp.code_at(RFC_SECRET, totp.step_of(AT) + away), AT, 0) is None


def test_a_step_is_accepted_once_and_none_before_it() -> None:
    step = totp.step_of(AT)
    assert totp.accepted_step(RFC_SECRET, totp.code_at(RFC_SECRET, step), AT, step) is None
    assert totp.accepted_step(RFC_SECRET, totp.code_at(RFC_SECRET, step - 1), AT, step) is None
    assert totp.accepted_step(RFC_SECRET, totp.code_at(RFC_SECRET, step + 1), AT, step) == step + 1


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_answer_and_never_an_error(code: str) -> None:
    totp.accepted_step(RFC_SECRET, code, AT, 0)


def test_a_code_may_be_typed_with_the_space_that_telephones_show() -> None:
    code = totp.code_at(RFC_SECRET, totp.step_of(AT))
    assert totp.accepted_step(RFC_SECRET, f"{code[:3]} {code[3:]}", AT, 0) is not None


def test_the_address_names_the_product_and_the_login_and_no_practice() -> None:
    assert totp.uri(RFC_SECRET, "jeanne@x") == (
        "otpauth://totp/Primum:jeanne%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Primum"
        "&algorithm=SHA1&digits=6&period=30"
    )
