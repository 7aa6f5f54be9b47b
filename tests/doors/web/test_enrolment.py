"""A one-time link becomes a person."""

import base64
import re

import pytest
from tests.doors.web.conftest import browser

from primum.identity import Role, totp

PASSWORD = "cinq tortues traversent lentement"


@pytest.fixture
def link(house, administrator):
    """A new link for somebody who is invited."""
    number = len(house.people.list())
    invited = house.people.invite(administrator.made.actor, full_name="Nora Neuve", login=f"nora{number}",
                                  wishes=[Role.ADMINISTRATOR], controller_id=house.controllers[0])  # fmt: skip
    return invited.token


def begin(client, link):
    return client.post("/enrol/begin", data={"link": link})


def code(house, page):
    key = re.search(r'class="key"[^>]*>([A-Z2-7 ]+)<', page).group(1).replace(" ", "")
    return totp.code_at(base64.b32decode(key), totp.step_of(house.clock.now()))


def test_the_page_takes_the_key_from_the_fragment_by_a_script_of_ours(stranger):
    page = stranger.get("/enrol")
    assert page.status_code == 200
    assert re.search(r'<script src="/static/[0-9a-f]+/enrol.js" defer>', page.text)


def test_a_link_leads_to_recovery_codes_and_works_once(house, stranger, link):
    asked = begin(stranger, link)
    assert asked.status_code == 200
    assert 'src="data:image/svg+xml' in asked.text
    form = {"link": link, "password": PASSWORD, "again": PASSWORD, "code": code(house, asked.text)}
    done = stranger.post("/enrol/finish", data=form)
    assert done.status_code == 200
    assert len(re.findall(r"<li><code>[^<]+</code></li>", done.text)) == 10
    assert begin(stranger, link).status_code == 403


def test_the_whole_address_may_be_pasted(stranger, link):
    assert begin(stranger, f"https://localhost:8443/enrol#{link}").status_code == 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"again": "another"}, "ne sont pas les mêmes"),
        ({"password": "short", "again": "short"}, "il en faut 14"),
        ({"password": "motdepassemotdepasse", "again": "motdepassemotdepasse"}, "premiers essayés"),
        ({"code": "000000"}, "ne correspond pas"),
    ],
)
def test_what_is_wrong_is_said_and_the_same_square_is_shown_again(house, stranger, link, change, said):
    asked = begin(stranger, link).text
    form = {"link": link, "password": PASSWORD, "again": PASSWORD, "code": code(house, asked)} | change
    answer = stranger.post("/enrol/finish", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert re.search(r'src="(data:[^"]+)"', answer.text).group(1) == re.search(r'src="(data:[^"]+)"', asked).group(1)


@pytest.mark.parametrize("link", ["", "nonsense", "x" * 128])
def test_a_link_that_never_was_is_refused(stranger, link):
    assert begin(stranger, link).status_code == 403


def test_a_link_is_not_followed_from_another_site(house, link):
    with browser(house, **{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}) as client:
        assert begin(client, link).status_code == 403
