"""What somebody without a session can learn: nothing, whatever they ask."""

import httpx
import pytest
from tests.doors.web.conftest import FIRST, browser

from primum.doors.http.limits import LIMITS

PATHS = (
    "/", "/search", "/account", "/about", "/notices", "/ohif/viewer", "/ohif/app-config.js", "/dicom-web/studies",
    f"/dicom-web/studies/{FIRST.uid}/metadata", "/dicom-web/studies/1.2.3/metadata", "/no/such/page", "/docs",
    "/static/0/primum.css", "/ohif/dicom-web/studies", "/..%2f..%2fetc/passwd", "/lock", "/active", "/unlock",
    "/sign-out", "/enrol/begin",
)  # fmt: skip


def shape(answer: httpx.Response) -> tuple[object, ...]:
    return answer.status_code, answer.headers.get("location"), answer.content, tuple(sorted(answer.headers))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PROPFIND"])
def test_every_address_answers_a_stranger_alike(house, method):
    with browser(house) as client:
        paths = [one for one in PATHS if not (method == "POST" and one == "/enrol/begin")]
        answers = {shape(client.request(method, path)) for path in paths}
    assert len(answers) == 1
    status, location, *_ = answers.pop()
    assert (status, location) == (303, "/sign-in")


def test_a_program_gets_401_and_an_empty_body_wherever_it_asks(house):
    with browser(house, Accept="application/dicom+json") as client:
        answers = {shape(client.get(path)) for path in PATHS}
    assert {answer[0] for answer in answers} == {401}
    assert len(answers) == 1


def test_strangers_are_counted_not_listed(house, stranger):
    for path in PATHS:
        stranger.get(path)
    house.services.strangers.close()
    counted = [line for line in house.lines() if '"stranger:request:refused"' in line]
    assert '"reason":"no-session"' in counted[-1]
    assert '"address":"127.0.0.1"' in counted[-1]
    assert not any("dicom-web" in line for line in counted)


def test_the_sign_in_page_names_neither_version_nor_practice(stranger):
    page = stranger.get("/sign-in")
    assert page.status_code == 200
    assert "Cabinet" not in page.text
    assert "0.1" not in page.text
    assert "server" not in page.headers
    assert "set-cookie" not in page.headers


def test_only_the_files_that_the_sign_in_page_needs_are_found_by_their_stamp(stranger):
    page = stranger.get("/sign-in").text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = stranger.get(sheet)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert stranger.get(sheet.replace("primum.css", "../words/fr.toml")).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:1", "127.0.0.2:8443", ""])
def test_another_host_name_gets_nothing(house, stranger, host):
    answer = stranger.get("/sign-in", headers={"Host": host})
    assert answer.status_code in {400, 421}
    assert answer.content in {b"", b"Invalid HTTP request received."}


def test_a_web_socket_is_not_answered(stranger):
    key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    answer = stranger.get("/", headers={"Connection": "Upgrade", "Upgrade": "websocket", **key})
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_form_larger_than_any_of_ours_is_refused(stranger):
    answer = stranger.post("/sign-in", data={"login": "x" * (LIMITS.form_bytes + 1)})
    assert answer.status_code == 413


@pytest.mark.parametrize("sent", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(200)), b"a=%zz"])
def test_a_form_that_cannot_be_read_is_refused_or_means_nothing(stranger, sent):
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert stranger.post("/sign-in", content=sent, headers=kind).status_code in {400, 403}


def test_a_body_of_another_type_is_refused(stranger):
    assert stranger.post("/sign-in", json={"login": "x"}).status_code == 400


def test_a_query_beyond_bounds_is_refused(stranger):
    assert stranger.get("/sign-in?" + "a" * 5_000).status_code == 414
