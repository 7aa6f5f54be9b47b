"""The probe asks every route of this Primum by those whom it must send away, and finds no hole."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route as Answered, WebSocketRoute
from tests.doors.web.conftest import FIRST, browser
from tests.unit.exposure.probe.asking_kit import Looked, asking_to, look

from primum.doors.origin import create_app
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.speaking import Known
from primum.exposure.probe.web import WebSpeaker
from primum.exposure.probe.web.products import _read, primum_routes, public


def test_the_probes_list_of_routes_is_what_is_answered(house):
    app = create_app(house.services)
    there = set()
    for route in app.routes:
        path = route.path.replace(":path", "")
        methods = {"GET"} if isinstance(route, WebSocketRoute) else route.methods - {"HEAD"}
        assert isinstance(route, Answered | WebSocketRoute)
        there |= {f"{method} {path}" for method in methods}
    assert set(_read("routes.toml")["routes"]) == there, "run tools/probed-routes, which reads docs/reference/routes.md"


def test_what_everybody_may_see_is_what_the_table_says(house):
    anyone = set()
    for route in create_app(house.services).routes:
        if isinstance(route, Answered) and len(route.app.admits) > 2:
            method = (route.methods - {"HEAD"}).pop()
            anyone |= {(method, re.sub(r"\{[^}]+\}", "x", route.path))}
    assert {(method, path) for method, path in anyone if not public().may_be_seen(method, path)} == set()
    unused = [one for one in public().routes if one not in anyone]
    assert unused == []


@pytest.fixture(scope="module")
def probed(house, doctor) -> Looked:
    """Everything asked by nobody, with a session that was signed out, and with credentials of no house."""
    with browser(house) as client:
        assert client.post("/sign-in", data=doctor.form()).status_code == 303
        cookie = client.cookies["__Host-primum"]
        page = client.get("/").text
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None
        assert client.post("/sign-out", data={"form_token": token.group(1)}).status_code == 200
    known = Known(
        routes=primum_routes(), expired=(("Cookie", f"__Host-primum={cookie}"),), host="localhost", canary=FIRST.uid
    )
    port = house.services.settings.web_port
    return look(WebSpeaker(), asking_to(port, known=known, limits=Limits(service_seconds=60)))


def test_nobody_gets_anything(probed):
    assert probed.holes() == set()
    assert probed.service is not None
    assert probed.service.product == "Primum"
    assert not probed.service.undetermined(), probed.steps()


def test_every_route_was_asked_as_each_of_them(probed):
    asked = {
        (one.identity, two)
        for one in probed.log
        for two in re.findall(r"(?:GET|POST|PUT|DELETE|OPTIONS) \S+", one.purpose)
    }
    wanted = {f"{one.method} {one.path}" for one in primum_routes()}
    for identity in ("nobody", "expired", "foreign"):
        assert {two for one, two in asked if one == identity} >= wanted, identity


def test_its_notes_are_none(probed):
    assert probed.service.notes == []
    assert probed.service.banner == ""


def test_a_session_that_is_open_would_have_been_found(house, doctor):
    """What the test above relies on: the same table, asked with a session that is good, is full of holes."""
    with browser(house) as client:
        assert client.post("/sign-in", data=doctor.form()).status_code == 303
        cookie = client.cookies["__Host-primum"]
    reading = tuple(one for one in primum_routes() if one.method == "GET" and one.path.count("/") < 3)
    known = Known(routes=reading, expired=(("Cookie", f"__Host-primum={cookie}"),), host="localhost")
    found = look(
        WebSpeaker(), asking_to(house.services.settings.web_port, known=known, limits=Limits(service_seconds=60))
    )
    assert {("tls", "expired", "page"), ("tls", "expired", "search")} <= found.holes()
    assert {identity for _, identity, _ in found.holes()} == {"expired"}
