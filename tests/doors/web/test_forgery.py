"""A request that another site makes a browser send changes nothing and shows nothing."""

import pytest
from tests.doors.web.conftest import form_token

FOREIGN = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://localhost:1", "Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
)


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_post_from_elsewhere_is_refused_even_with_the_token(sign_in, doctor, headers):
    client = sign_in(doctor)
    token = form_token(client)
    del client.headers["Sec-Fetch-Site"], client.headers["Origin"]
    answer = client.post("/lock", data={"form_token": token}, headers=headers)
    assert answer.status_code == 403
    assert client.get("/").status_code == 200


def test_a_post_of_ours_without_the_token_is_refused(sign_in, doctor):
    client = sign_in(doctor)
    for form in ({}, {"form_token": ""}, {"form_token": "0" * 64}):
        assert client.post("/lock", data=form).status_code == 403
    assert client.get("/").status_code == 200


def test_another_session_s_token_is_refused(sign_in, doctor):
    one, other = sign_in(doctor), sign_in(doctor)
    assert one.post("/lock", data={"form_token": form_token(other)}).status_code == 403


def test_under_no_referrer_the_browser_s_word_is_enough(sign_in, doctor):
    client = sign_in(doctor)
    form = {"form_token": form_token(client)}
    answer = client.post("/search", data=form, headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", FOREIGN)
def test_signing_in_from_elsewhere_is_refused(house, doctor, stranger, headers):
    form = doctor.form()
    del stranger.headers["Sec-Fetch-Site"], stranger.headers["Origin"]
    answer = stranger.post("/sign-in", data=form, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
