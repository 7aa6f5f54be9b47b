"""The worklist: who sees what, and how it is searched."""

import re

import pytest
from tests.doors.web.conftest import FIRST, OTHERS, SECOND, form_token


def names(page: str) -> list[str]:
    return re.findall(r'class="family">([^<]+)</span>', page)


def search(client, *, partial=True, **fields):
    headers = {"HX-Request": "true"} if partial else {}
    return client.post("/search", data={"form_token": form_token(client), **fields}, headers=headers)


def test_a_physician_of_the_site_sees_every_study_newest_first(sign_in, doctor):
    page = sign_in(doctor).get("/").text
    assert names(page) == ["Zéphyrin", "Zéphyrin", "Łukasz"]
    assert "14/03/1962" in page
    assert "Scanner cérébral" in page
    assert "Dr Jeanne Morvan" in page
    assert "Cabinet des Halles" in page


def test_a_physician_of_one_controller_sees_that_one_only(sign_in, narrow):
    page = sign_in(narrow).get("/").text
    assert names(page) == ["Zéphyrin", "Zéphyrin"]
    assert "Cabinet" not in page


def test_a_secretary_sees_the_list_and_opens_nothing(sign_in, secretary):
    page = sign_in(secretary).get("/").text
    assert len(names(page)) == 3
    assert "/ohif/viewer" not in page


def test_an_administrator_is_told_that_there_is_nothing_here_for_the_role(sign_in, administrator):
    page = sign_in(administrator).get("/")
    assert page.status_code == 200
    assert names(page.text) == []
    assert "Votre rôle ne donne pas accès" in page.text


def test_homonyms_are_marked(sign_in, doctor):
    page = sign_in(doctor).get("/").text
    assert page.count("Homonyme</span>") == 2


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"name": "zephyrin"}, 2),
        ({"name": "aurore ZÉPH"}, 2),
        ({"name": "luka"}, 1),
        ({"name": "*"}, 3),
        ({"patient_id": "CANARI"}, 2),
        ({"patient_id": "17"}, 1),
        ({"accession": "0042"}, 3),
        ({"since": "2026-01-03"}, 1),
        ({"since": "2026-01-01", "until": "2026-01-02"}, 1),
        ({"modality": "CT"}, 3),
        ({"modality": "MR"}, 0),
        ({"name": "<script>alert(1)</script>"}, 0),
    ],
)
def test_the_search_finds(sign_in, doctor, fields, found):
    answer = search(sign_in(doctor), **fields)
    assert answer.status_code == 200
    assert len(names(answer.text)) == found
    assert "<html" not in answer.text
    assert "<script" not in answer.text


def test_without_a_script_the_whole_page_comes_back_with_what_was_typed(sign_in, doctor):
    answer = search(sign_in(doctor), partial=False, name="luka", modality="CT")
    assert 'value="luka"' in answer.text
    assert "<option selected>CT</option>" in answer.text
    assert names(answer.text) == ["Łukasz"]


def test_a_date_that_is_none_is_told(sign_in, doctor):
    client = sign_in(doctor)
    assert search(client, partial=False, since="yesterday").status_code == 400
    assert "ne peut pas être comprise" in search(client, since="2026-99-01").text


def test_every_address_in_the_list_is_an_alias_of_this_session(sign_in, doctor):
    pages = [sign_in(doctor).get("/").text for _ in range(2)]
    found = [re.findall(r'/ohif/viewer\?StudyInstanceUIDs=([0-9.]+)"', page) for page in pages]
    assert len(found[0]) == 3
    assert not set(found[0]) & set(found[1])
    for page in pages:
        for uid in (FIRST.uid, SECOND.uid, OTHERS.uid):
            assert uid not in page


def test_what_is_typed_is_kept_by_no_browser(sign_in, doctor):
    page = sign_in(doctor).get("/").text
    form = page.split('id="search"')[0].rsplit("<form", 1)[1]
    assert 'autocomplete="off"' in form
    fields = re.findall(r"<(?:input|select) [^>]*>", page.split('id="search"')[1].split("</form>")[0])
    assert all('autocomplete="off"' in one or 'type="hidden"' in one for one in fields)


def test_searches_are_recorded_without_what_was_searched(house, sign_in, doctor):
    search(sign_in(doctor), name="zephyrin")
    lines = [line for line in house.lines() if "person:list:searched" in line]
    assert '"found":2' in lines[-1]
    assert not any(word in "".join(house.lines()).lower() for word in ("zephyrin", "zéphyrin", "canari"))
