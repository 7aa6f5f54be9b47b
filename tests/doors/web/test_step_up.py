"""Password and code again, by a browser, before something is changed."""

import pytest
from tests.doors.web.conftest import form_token


def test_password_and_code_make_the_session_fresh_and_lead_back(house, sign_in, doctor):
    client = sign_in(doctor)
    assert not house.people.session(client.cookies["__Host-primum"]).fresh
    page = client.get("/step-up?then=/account")
    assert page.status_code == 200
    assert 'name="then" value="/account"' in page.text
    form = {"form_token": form_token(client), "then": "/account", "password": doctor.made.password}
    answer = client.post("/step-up", data=form | {"code": doctor.code()})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert house.people.session(client.cookies["__Host-primum"]).fresh
    # who is fresh is not asked again
    assert client.get("/step-up?then=/account").headers["location"] == "/account"


def test_a_wrong_code_leaves_the_session_as_it_was(house, sign_in, doctor):
    client = sign_in(doctor)
    form = {"form_token": form_token(client), "then": "/", "password": doctor.made.password, "code": "000000"}
    answer = client.post("/step-up", data=form)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert doctor.made.password not in answer.text
    assert not house.people.session(client.cookies["__Host-primum"]).fresh


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:x", "/a?b=c", "/" + "a" * 200],
)
def test_the_way_back_never_leaves_this_origin(client, elsewhere):
    page = client.get("/step-up", params={"then": elsewhere})
    assert 'name="then" value="/"' in page.text


def test_a_stranger_is_sent_to_the_sign_in_page(stranger):
    assert stranger.get("/step-up?then=/account").headers["location"] == "/sign-in"
