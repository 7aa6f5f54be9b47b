"""Sites that are open, closed, or only look open: which holes they have is written first, and compared exactly."""

from __future__ import annotations

import base64
import gzip
import json
import ssl
import time

import pytest
from tests.unit.exposure.probe.asking_kit import Asked, Looked, Page, asking_to, listening, look, saying, site

from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Outcome
from primum.exposure.probe.speaking import Known, Route
from primum.exposure.probe.web import WebSpeaker

HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
DICOM_JSON = {"Content-Type": "application/dicom+json"}
NOT_FOUND: Page = (404, HTML, b"<title>Not found</title>")
STUDY, SERIES, INSTANCE = "1.2.840.1", "1.2.840.1.2", "1.2.840.1.2.3"
CANARY = b"CANARY^PATIENT"
ROW = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": CANARY.decode()}]},
    "00100030": {"vr": "DA", "Value": ["19501231"]},
    "00080090": {"vr": "PN"},
    "0020000D": {"vr": "UI", "Value": [STUDY]},
    "0020000E": {"vr": "UI", "Value": [SERIES]},
    "00080018": {"vr": "UI", "Value": [INSTANCE]},
}
ROUTES = (
    Route("GET", "/"),
    Route("GET", "/sign-in"),
    Route("GET", "/patients/0"),
    Route("POST", "/orders/place"),
    Route("GET", "/dicom-web/studies"),
    Route("GET", "/dicom-web/studies/2.25.1/metadata"),
    Route("POST", "/dicom-web/studies"),
    Route("GET", "/static/1/style.css"),
)
KNOWN = Known(routes=ROUTES, expired=(("Cookie", "s=old"),), foreign=(("Cookie", "s=theirs"),))


def visit(answer: object, **more: object) -> Looked:
    with listening(site(answer)) as port:  # type: ignore[arg-type]
        return look(WebSpeaker(), asking_to(port, **more))  # type: ignore[arg-type]


def plain(*rungs: str, identity: str = "nobody") -> set[tuple[str, str, str]]:
    return {("plain", identity, one) for one in rungs}


def everything(body: bytes, fields: dict[str, str] = HTML, status: int = 200) -> object:
    return lambda _: (status, fields, body)


@pytest.mark.parametrize(
    ("body", "fields", "status"),
    [
        (b"<title>Welcome</title>", HTML, 200),
        (b"<title>Orthanc Explorer</title> window.config ApiVersion", HTML, 200),
        (json.dumps({"ApiVersion": 1, "DicomAet": "A", "DatabaseVersion": 1, "count": 3}).encode(), JSON, 200),
        (json.dumps([ROW]).encode(), DICOM_JSON, 200),
        (b"[]", JSON, 200),
        (b"", HTML, 204),
        (b"", {"Allow": "GET, POST, PUT", **HTML}, 200),
        (b"<title>Orthanc Explorer</title><form><input name=p type='password'></form>", HTML, 200),
        (b"", {"Location": "https://elsewhere.example/sign-in"}, 302),
        (b"no", HTML, 403),
    ],
)
def test_a_site_that_says_the_same_to_everything_has_no_hole(body: bytes, fields: dict[str, str], status: int) -> None:
    found = visit(everything(body, fields, status))
    assert found.service is not None
    assert found.holes() == set()
    assert not found.service.undetermined()


def test_a_sign_in_page_with_a_products_title_is_no_hole_and_names_the_product() -> None:
    def answer(asked: Asked) -> Page:
        pages = {"/pacsone/login.php": b"<title>PacsOne Server</title><input type=password>"}
        return (200, HTML, pages[asked.path]) if asked.path in pages else NOT_FOUND

    found = visit(answer)
    assert found.holes() == set()
    assert found.service is not None
    assert found.service.product == "PacsOne"


def test_the_first_page_of_a_router_is_a_note() -> None:
    page = b'<title>FRITZ!Box</title><input type="password">'
    found = visit(lambda asked: (200, HTML, page) if asked.path == "/" else NOT_FOUND)
    assert found.holes() == set()
    assert found.service is not None
    assert found.service.product == "FRITZ!Box"
    assert {"web.administration-seen", "web.password-in-clear"} <= set(found.service.notes)


def dicomweb(asked: Asked) -> Page:
    path, _, query = asked.path.partition("?")
    if asked.method == "OPTIONS" and path == "/dicom-web/studies":
        return 200, {"Allow": "GET, POST"}, b""
    if path in {"/dicom-web/studies", "/dicom-web/instances"} and "limit=1" in query:
        return 200, DICOM_JSON, json.dumps([ROW]).encode()
    if path == f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{INSTANCE}":
        return 200, {"Content-Type": "multipart/related; type=application/dicom"}, CANARY * 2000
    return NOT_FOUND


def test_an_open_dicomweb_is_climbed_to_what_it_grants() -> None:
    found = visit(dicomweb)
    assert found.holes() == plain("search", "retrieve", "store")
    assert found.said("plain", "nobody", "store") == [("negotiated", "")]
    assert found.said("plain", "nobody", "page") == [("refused", "404")]
    assert found.service is not None
    assert found.service.readable == ["PatientName", "PatientBirthDate", "StudyInstanceUID"]
    assert (found.service.studies, found.service.studies_at_least) == (1, True)


def test_nothing_of_a_patient_is_kept_or_logged() -> None:
    found = visit(dicomweb)
    told = repr(found.service) + repr([one.as_json() for one in found.log])
    assert "CANARY" not in told
    assert STUDY not in told
    assert "19501231" not in told


def test_of_an_object_little_more_than_the_header_fields_is_read() -> None:
    found = visit(dicomweb)
    (line,) = [one for one in found.log if one.rung == "retrieve" and "instances/{instance} " in f"{one.purpose} "][-1:]
    assert line.received < 2048


def test_without_proof_of_control_nothing_is_retrieved_or_run() -> None:
    seen: list[Asked] = []
    with listening(site(dicomweb, seen)) as port:
        found = look(WebSpeaker(), asking_to(port, own=False))
    assert found.holes() == plain("search", "store")
    for rung in ("retrieve", "run"):
        assert found.said("plain", "nobody", rung) == [("not-tried", "probe.control-not-proven")]
    assert not [one for one in seen if STUDY in one.path or one.method not in {"GET", "OPTIONS"}]


def test_nothing_that_could_write_is_ever_sent() -> None:
    seen: list[Asked] = []
    with listening(site(dicomweb, seen)) as port:
        look(WebSpeaker(), asking_to(port))
    assert {one.method for one in seen} <= {"GET", "OPTIONS", "POST"}
    written = [one for one in seen if one.method == "POST"]
    assert written
    assert all(one.path.startswith("/tools/execute-script") and one.fields["content-length"] == "0" for one in written)


def test_options_that_anybody_may_ask_are_no_permission_to_store() -> None:
    def answer(asked: Asked) -> Page:
        return (204, {"Allow": "GET, POST"}, b"") if asked.method == "OPTIONS" else (401, HTML, b"")

    found = visit(answer)
    assert found.holes() == set()
    assert found.said("plain", "nobody", "store") == [("refused", "401")]


def test_a_soft_404_with_an_empty_list_for_any_search_is_no_search() -> None:
    found = visit(lambda asked: (200, JSON, b"[]") if "limit" in asked.path else NOT_FOUND)
    assert found.holes() == set()


def guarded(good: str) -> object:
    wanted = "Basic " + base64.b64encode(good.encode()).decode()

    def answer(asked: Asked) -> Page:
        if asked.fields.get("authorization") != wanted:
            return 401, {"WWW-Authenticate": 'Basic realm="Orthanc Secure Area"'}, b""
        body = json.dumps({"ApiVersion": 16, "DicomAet": "A", "DatabaseVersion": 6}).encode()
        return (200, JSON, body) if asked.path == "/system" else dicomweb(asked)

    return answer


def test_credentials_that_a_product_comes_with_are_tried_where_control_is_proven() -> None:
    found = visit(guarded("orthanc:orthanc"))
    assert found.holes() == plain("page", "search", "retrieve", "store", identity="default")


def test_and_are_not_where_it_is_not() -> None:
    found = visit(guarded("orthanc:orthanc"), own=False)
    assert found.holes() == set()
    assert found.said("plain", "default", "page") == [("not-tried", "probe.control-not-proven")]


def test_other_credentials_hold() -> None:
    found = visit(guarded("orthanc:long and unheard of"))
    assert found.holes() == set()
    assert found.said("plain", "default", "page") == [("refused", "401")]
    assert found.service is not None
    assert found.service.product == "Orthanc"


def test_an_empty_script_that_runs_is_a_hole() -> None:
    def answer(asked: Asked) -> Page:
        return (200, {}, b"") if (asked.method, asked.path) == ("POST", "/tools/execute-script") else NOT_FOUND

    assert visit(answer).holes() == plain("run")


def test_a_redirection_elsewhere_is_noted_and_nobody_is_asked_there() -> None:
    with listening(lambda _: pytest.fail("it was followed")) as elsewhere:
        found = visit(lambda _: (302, {"Location": f"http://127.0.0.1:{elsewhere}/"}, b""))
    assert found.holes() == set()
    assert found.service is not None
    assert "web.redirects-elsewhere" in found.service.notes


def test_headers_that_tell_or_lack_are_notes() -> None:
    fields = {"Server": "nginx/1.22.1", "Access-Control-Allow-Origin": "*", "Set-Cookie": "a=b; HttpOnly", **HTML}
    found = visit(everything(b"<p>", fields))
    assert found.service is not None
    assert set(found.service.notes) == {
        "web.cors-any", "web.cookie-without-samesite", "web.cookie-without-secure", "web.no-csp", "web.server-version",
    }  # fmt: skip
    assert found.service.banner == "nginx/1.22.1"


def test_a_search_that_answers_megabytes_is_cut_and_said_to() -> None:
    rows = json.dumps([ROW] * 2000).encode()

    def answer(asked: Asked) -> Page:
        return (200, DICOM_JSON, rows) if asked.path == "/dicom-web/studies?limit=1" else NOT_FOUND

    found = visit(answer)
    assert ("plain", "nobody", "search") in found.holes()
    assert found.service is not None
    assert "web.more-than-asked" in found.service.notes
    assert max(one.received for one in found.log) <= Limits().reply_bytes


@pytest.mark.parametrize("greeting", [b"SSH-2.0-x\r\n", b"220 ftp\r\n"])
def test_who_greets_in_another_language_is_not_asked(greeting: bytes) -> None:
    log: list[object] = []
    assert WebSpeaker().recognise(asking_to(1, log=log), greeting) is None  # type: ignore[arg-type]
    assert log == []


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"\x00" * 100, b""])
def test_what_is_no_http_is_not_recognised(said: bytes) -> None:
    with listening(saying([said])) as port:
        assert WebSpeaker().recognise(asking_to(port), b"") is None


@pytest.mark.parametrize("status", [400, 421])
def test_who_serves_nothing_this_way_is_not_asked_a_hundred_times(status: int) -> None:
    seen: list[Asked] = []
    with listening(site(lambda _: (status, HTML, b""), seen)) as port:
        found = look(WebSpeaker(), asking_to(port, known=KNOWN))
    assert found.holes() == set()
    assert found.said("plain", "nobody", "search") == [("refused", str(status))]
    assert len(seen) == 3
    assert found.service is not None
    assert ("web.other-name" in found.service.notes) == (status == 421)


def slow(asked: Asked) -> Page:
    time.sleep(0.03)
    return dicomweb(asked)


def test_a_slow_server_is_asked_of_each_rung_what_there_is_time_for() -> None:
    begin = time.monotonic()
    found = visit(slow, limits=Limits(service_seconds=2))
    assert time.monotonic() - begin < 4
    assert found.said("plain", "nobody", "page") == [("undetermined", "budget")]
    assert {("plain", "nobody", "search"), ("plain", "nobody", "store")} <= found.holes()


def deep(_: Asked) -> Page:
    return 200, DICOM_JSON, b'[{"a":' * 5000


BOMB = gzip.compress(bytes(10_000_000))


def packed(_: Asked) -> Page:
    return 200, {"Content-Encoding": "gzip", **DICOM_JSON}, BOMB


def pouring(asked: Asked) -> Page:
    return 200, {"Content-Length": "99999999999", **HTML}, b"<title>Orthanc Explorer</title>" * 20_000


@pytest.mark.parametrize("answer", [deep, packed, pouring])
def test_hostile_sites_are_left_in_bounded_time_with_no_hole(answer: object) -> None:
    begin = time.monotonic()
    found = visit(answer, limits=Limits(service_seconds=5, step_seconds=1))
    assert found.holes() == set()
    assert time.monotonic() - begin < 8
    assert all(one.received <= Limits().reply_bytes for one in found.log)


def test_a_server_that_falls_silent_is_left_and_said_to_be_silent() -> None:
    count = iter(range(10_000))

    def answer(asked: Asked) -> Page:
        if next(count) > 1:
            raise OSError  # hangs up; the first answers were whole
        return NOT_FOUND

    found = visit(answer, limits=Limits(connect_seconds=1, step_seconds=0.2, service_seconds=3))
    assert found.holes() == set()
    assert {one.outcome for one in found.steps() if one.rung == "search"} <= {Outcome.UNDETERMINED, Outcome.SILENT}


def primum(careless: dict[tuple[str, str, str], Page]) -> object:
    """Answer as a Primum does, but for some routes to some cookies."""

    def answer(asked: Asked) -> Page:
        cookie = asked.fields.get("cookie", "")
        if (asked.method, asked.path, cookie) in careless:
            return careless[asked.method, asked.path, cookie]
        if asked.path.startswith(("/sign-in", "/static/")):
            return 200, {"Content-Security-Policy": "default-src 'none'", **HTML}, b"<input type=password>"
        return 401, {}, b""

    return answer


def test_a_primum_that_sends_everybody_away_has_no_hole() -> None:
    assert visit(primum({}), known=KNOWN).holes() == set()


def test_the_way_to_the_sign_in_page_is_no_hole_and_any_other_is() -> None:
    there: Page = (303, {"Location": "/sign-in"}, b"")
    elsewhere: Page = (303, {"Location": "/patients"}, b"")
    assert visit(primum({("GET", "/patients/0", ""): there}), known=KNOWN).holes() == set()
    assert visit(primum({("GET", "/patients/0", ""): elsewhere}), known=KNOWN).holes() == plain("page")


@pytest.mark.parametrize(
    ("method", "path", "cookie", "hole"),
    [
        ("GET", "/patients/0", "s=old", ("plain", "expired", "page")),
        ("POST", "/orders/place", "s=theirs", ("plain", "foreign", "page")),
        ("GET", "/dicom-web/studies", "s=theirs", ("plain", "foreign", "search")),
        ("GET", "/dicom-web/studies/2.25.1/metadata", "", ("plain", "nobody", "retrieve")),
        ("POST", "/dicom-web/studies", "s=old", ("plain", "expired", "store")),
    ],
)
def test_one_careless_route_is_found(method: str, path: str, cookie: str, hole: tuple[str, str, str]) -> None:
    found = visit(primum({(method, path, cookie): (200, JSON, b"{}")}), known=KNOWN)
    assert found.holes() == {hole}


def test_what_changes_something_is_asked_of_ones_own_primum_alone() -> None:
    seen: list[Asked] = []
    with listening(site(primum({}), seen)) as port:  # type: ignore[arg-type]
        found = look(WebSpeaker(), asking_to(port, known=KNOWN, own=False))
    assert {one.method for one in seen} <= {"GET", "OPTIONS"}
    assert found.service is not None
    assert "web.writes-not-asked" in found.service.notes


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    from tests.unit.exposure.probe.certificate_kit import self_signed

    own = self_signed(tmp_path_factory.mktemp("server"))
    other = self_signed(tmp_path_factory.mktemp("foreign"))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(own)
    wanting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wanting.load_cert_chain(own)
    wanting.load_verify_locations(own)
    wanting.verify_mode = ssl.CERT_REQUIRED
    foreign = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    foreign.check_hostname, foreign.verify_mode = False, ssl.CERT_NONE
    foreign.load_cert_chain(other)
    return server, wanting, foreign


def test_tls_that_asks_for_no_certificate_keeps_nobody_out(contexts: tuple[ssl.SSLContext, ...]) -> None:
    server, _, foreign = contexts
    with listening(site(dicomweb), server) as port:
        found = look(WebSpeaker(), asking_to(port, foreign=foreign))
    assert found.holes() == {
        (mode, "nobody", rung) for mode in ("tls", "tls-foreign") for rung in ("search", "retrieve", "store")
    }
    assert [one for one, _ in found.said("plain", "nobody", "connect")] == ["refused"]


def test_tls_that_wants_its_own_certificate_lets_nobody_in(contexts: tuple[ssl.SSLContext, ...]) -> None:
    _, wanting, foreign = contexts
    with listening(site(dicomweb), wanting) as port:
        found = look(WebSpeaker(), asking_to(port, foreign=foreign))
    assert found.holes() == set()
