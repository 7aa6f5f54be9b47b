"""A study taken out by a browser: asked for, sealed, fetched once."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pyrage
import pytest
from tests.doors.web.conftest import FIRST, form_token
from tests.doors.web_kit import Door, Somebody

from primum.doors.http.aliases import Aliases
from primum.identity import Reach

PASSPHRASE = re.compile(r'id="passphrase">([a-z2-9-]{29})<')
FETCH = re.compile(r'href="(/export/2\.25\.\d+/[\w-]{32})"')
SignIn = Callable[[Somebody], httpx.Client]


def address(client: httpx.Client) -> str:
    """The way out of the study of FIRST, as the worklist shows it."""
    rows = client.get("/").text.split("<tr>")
    found = next(one for one in rows if FIRST.patient_id in one)
    return re.search(r'href="(/export/2\.25\.\d+)"', found).group(1)  # type: ignore[union-attr]


def fresh(client: httpx.Client, who: Somebody) -> httpx.Client:
    form = {"form_token": form_token(client), "then": "/", "password": who.made.password, "code": who.code()}
    assert client.post("/step-up", data=form).status_code == 303
    return client


def asked(client: httpx.Client, **other: str) -> httpx.Response:
    form = {"form_token": form_token(client), "seal": "aes-zip", "reason": "patient", "back": address(client)} | other
    return client.post(address(client), data=form)


@pytest.mark.programs("7z")
def test_it_is_sealed_and_its_passphrase_is_shown_once(
    house: Door, sign_in: SignIn, doctor: Somebody, tmp_path: Path
) -> None:
    client = fresh(sign_in(doctor), doctor)
    assert 'name="reason"' in client.get(address(client)).text
    page = asked(client)
    passphrase, fetch = PASSPHRASE.search(page.text).group(1), FETCH.search(page.text).group(1)  # type: ignore[union-attr]
    assert page.headers["cache-control"] == "no-store"
    answer = client.get(fetch)
    assert answer.headers["content-disposition"] == 'attachment; filename="export.zip"'
    file = tmp_path / "x.zip"
    file.write_bytes(answer.content)
    tested = subprocess.run(["7z", "t", f"-p{passphrase}", str(file)], capture_output=True, text=True, check=False)
    assert "Everything is Ok" in tested.stdout
    assert client.get(fetch).status_code == 404
    assert '"reason":"patient"' in [line for line in house.lines() if '"person:study:exported"' in line][-1]
    ended = [line for line in house.lines() if '"export:finished"' in line][-1]
    assert f'"bytes":{len(answer.content)}' in ended
    assert '"reason":"done"' in ended


def test_an_age_file_opens_with_the_passphrase(sign_in: SignIn, doctor: Somebody) -> None:
    client = fresh(sign_in(doctor), doctor)
    page = asked(client, seal="age")
    content = client.get(FETCH.search(page.text).group(1)).content  # type: ignore[union-attr]
    opened = pyrage.passphrase.decrypt(content, PASSPHRASE.search(page.text).group(1))  # type: ignore[union-attr]
    assert opened[:4] == b"PK\x03\x04"


def test_password_and_code_are_asked_again(sign_in: SignIn, doctor: Somebody) -> None:
    client = sign_in(doctor)
    assert "/step-up?then=%2Fexport" in client.get(address(client)).text
    answer = asked(client)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/step-up")


def test_a_ticket_is_of_its_session_and_does_not_last(house: Door, sign_in: SignIn, doctor: Somebody) -> None:
    client = fresh(sign_in(doctor), doctor)
    fetch = FETCH.search(asked(client).text).group(1)  # type: ignore[union-attr]
    assert sign_in(doctor).get(fetch).status_code == 404
    house.clock.ahead += timedelta(minutes=6)
    assert client.get(fetch).status_code == 404


def test_who_may_not_take_it_out_is_not_offered_it_and_is_refused(
    house: Door, sign_in: SignIn, secretary: Somebody, client: httpx.Client
) -> None:
    assert "/export/" in client.get("/").text
    hers = fresh(sign_in(secretary), secretary)
    page = hers.get("/").text
    assert FIRST.patient_id in page
    assert "/export/" not in page
    study = house.services.archive.study([Reach(None, (), confidential=True)], uid=FIRST.uid)
    alias = Aliases(hers.cookies["__Host-primum"]).cover(study.study_ref)
    form = {"form_token": form_token(hers), "seal": "age", "reason": "care"}
    answer = hers.post(f"/export/{alias}", data=form)
    assert (answer.status_code, PASSPHRASE.search(answer.text)) == (403, None)
    assert '"what":"study:export"' in [line for line in house.lines() if '"person:action:refused"' in line][-1]


@pytest.mark.parametrize("odd", [{"seal": "clear"}, {"seal": ""}, {"reason": "DUPONT"}])
def test_nothing_leaves_a_browser_in_clear_or_without_a_reason(
    sign_in: SignIn, doctor: Somebody, odd: dict[str, str]
) -> None:
    answer = asked(fresh(sign_in(doctor), doctor), **odd)
    assert (answer.status_code, PASSPHRASE.search(answer.text)) == (400, None)


def test_the_page_is_there_in_both_languages(sign_in: SignIn, doctor: Somebody) -> None:
    client = sign_in(doctor)
    assert "Sortir un examen" in client.get(address(client)).text


def test_a_study_that_is_not_there_cannot_be_asked_for(sign_in: SignIn, doctor: Somebody) -> None:
    client = fresh(sign_in(doctor), doctor)
    for path in ("/export/2.25.1", "/export/1.2.3", f"{address(client)}/x"):
        assert client.get(path).status_code == 404


def test_who_may_import_finds_the_page_to_bring_studies_in(
    sign_in: SignIn, secretary: Somebody, administrator: Somebody
) -> None:
    hers = sign_in(secretary)
    assert 'href="/bring"' in hers.get("/").text
    assert "/step-up?then=%2Fbring" in hers.get("/bring").text
    assert 'id="folder"' in fresh(hers, secretary).get("/bring").text
    assert sign_in(administrator).get("/bring").status_code == 403
