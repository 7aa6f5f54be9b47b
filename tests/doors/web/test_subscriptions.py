"""UPS-RS: subscriptions over HTTPS, events over a WebSocket, to a client of wsproto."""

import contextlib
import re
import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from tests.doors import web_kit
from tests.doors.web.conftest import browser, form_token
from tests.doors.web.test_stow import token_of
from tests.doors.web.test_workitems import ROOT, program, send
from tests.twins.listener import Listener, Refused, listening
from tests.unit.imaging.orders.kit import an_order, someone
from tests.unit.imaging.orders.test_performers import MINE, given, to
from wsproto.events import Message

from primum.doors.http.limits import LIMITS
from primum.doors.origin import create_app
from primum.identity import Actor, Role, Scope
from primum.imaging.orders.values import element
from primum.imaging.orders.watching.messages import FILTERED, GLOBAL

HURRIED = replace(LIMITS, channel_poll_seconds=0.05, channel_check_seconds=0.2, channels=3, channels_of_one=2)
MAY = ("order:list", "order:write")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    door = web_kit.build(tmp_path_factory.mktemp("events") / "home")
    door.services = replace(door.services, limits=HURRIED)
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def clerk(house):
    return house.somebody("Rémi Clerk", Role.TECHNOLOGIST, scope=Scope.OWN)


@pytest.fixture(scope="module")
def bearer(house, clerk):
    return {"Authorization": "Bearer " + token_of(house, clerk, *MAY)}


@pytest.fixture
def station(house, clerk):
    with program(house, clerk, *MAY) as client:
        yield client


@pytest.fixture
def stranger_by_name(house):
    """Another person of the same house, with the same rights."""
    other = house.somebody("Zoé Other", Role.TECHNOLOGIST, scope=Scope.SITE)
    with program(house, other, *MAY) as client:
        yield client


def place(house, number, controller=0, **order):
    facts = an_order("209901010800", **order)
    who = someone(f"S{number}", f"Proche^Ana{number}")
    placed = house.services.orders.place("system", house.controllers[controller], who, facts, what="demo")
    return placed.id, house.services.orders.order(placed.id, None)[0].step.workitem_uid


def at(target, title, end=""):
    return f"{ROOT}/{target}/subscribers/{title}{end}"


def told(message):
    return message["00001002"][0], message["00001000"][0], (message.get("00741000") or [None])[0]


def test_what_another_does_reaches_who_subscribed(house, station, bearer):
    made = send(station, "POST", ROOT, [given()]).headers["location"]
    uid = made.rsplit("/", 1)[1]
    answer = station.post(f"{made}/subscribers/ROOM1", params={"deletionlock": "true"})
    assert (answer.status_code, "Deletion Lock not granted" in answer.headers["warning"]) == (201, True)
    place_of_channel = urlsplit(answer.headers["content-location"])
    assert place_of_channel.scheme == "wss"
    with contextlib.closing(Listener(house.url, place_of_channel.path, bearer)) as room:
        assert told(room.message()) == (1, uid, "SCHEDULED")
        send(station, "PUT", f"{made}/state", [to("IN PROGRESS")])
        assert told(room.message()) == (1, uid, "IN PROGRESS")
        far = {"00741002": {"vr": "SQ", "Value": [{"00741004": element("DS", 40)}]}, "00081195": element("UI", MINE)}
        send(station, "POST", made, far)
        progress = room.message()
        assert told(progress)[0] == 3
        assert progress["00741002"][0]["00741004"]["Value"] == [40]
        assert station.post(f"{made}/cancelrequest", params={"requester": "DASH"}).status_code == 202
        assert room.message()["00741236"] == ["DASH"]
        send(station, "PUT", f"{made}/state", [to("COMPLETED")])
        assert told(room.message()) == (1, uid, "COMPLETED")
        assert room.extensions == []
    lines = "\n".join(house.lines())
    assert "workitems:subscribed" in lines
    assert "workitems:channel:opened" in lines
    assert "Lef" not in lines


def test_what_came_while_no_channel_was_open_is_sent_when_one_opens(house, station, bearer):
    order, uid = place(house, 1)
    assert station.post(at(uid, "LATER")).status_code == 201
    house.services.orders.cancel("system", order, None)
    with listening(house.url, "LATER", bearer) as later:
        assert [told(later.message()) for _ in range(2)] == [(1, uid, "SCHEDULED"), (1, uid, "CANCELED")]


def test_all_those_of_a_filter_and_none_after_suspending(house, station, bearer):
    assert station.post(at(GLOBAL, "ALL")).status_code == 201
    answer = station.post(at(FILTERED, "SOME"), params={"filter": "WorklistLabel=MR,ProcedureStepState=SCHEDULED"})
    assert answer.status_code == 201
    assert "warning" not in answer.headers
    with listening(house.url, "ALL", bearer) as every, listening(house.url, "SOME", bearer) as some:
        while every_waits(house, "ALL"):
            every.message()
        _, ct = place(house, 2, modality="CT")
        place(house, 3, controller=1, modality="MR")
        order, mr = place(house, 4, modality="MR")
        assert told(some.message()) == (1, mr, "SCHEDULED")
        seen = []
        while (1, mr, "SCHEDULED") not in seen:
            seen.append(told(every.message()))
        assert (1, ct, "SCHEDULED") in seen
        assert station.post(at(FILTERED, "SOME", "/suspend")).status_code == 200
        place(house, 5, modality="MR")
        house.services.orders.cancel("system", order, None)
        assert told(some.message()) == (1, mr, "CANCELED")
    assert station.delete(at(GLOBAL, "ALL")).status_code == 200
    assert station.delete(at(GLOBAL, "ALL")).status_code == 404


def every_waits(house, title):
    with house.services.orders.engine.connect() as connection:
        sql = "SELECT count(*) FROM workitem_queue WHERE title = ?"
        return connection.exec_driver_sql(sql, (title,)).scalar_one()


def test_a_title_is_nobody_elses(house, station, stranger_by_name, bearer):
    _, uid = place(house, 6)
    assert station.post(at(uid, "MINE")).status_code == 201
    assert stranger_by_name.post(at(uid, "MINE")).status_code == 409
    assert stranger_by_name.delete(at(uid, "MINE")).status_code == 409
    theirs = {"Authorization": stranger_by_name.headers["Authorization"]}
    with pytest.raises(Refused, match="409"), listening(house.url, "MINE", theirs):
        pass
    with listening(house.url, "MINE", bearer) as mine:
        assert told(mine.message())[1] == uid


def test_a_stranger_opens_no_channel_and_subscribes_to_nothing(house):
    with browser(house) as stranger:
        stranger.headers["Accept"] = "application/dicom+json"
        assert stranger.post(at(GLOBAL, "X")).status_code == 401
        assert stranger.delete(at(GLOBAL, "X")).status_code == 401
    for headers in ({}, {"Authorization": "Bearer ptk_" + "a" * 43}, {"Cookie": "__Host-primum=guess"}):
        with pytest.raises(Refused, match="401") as refused, listening(house.url, "X", headers):
            pass
        assert refused.value.headers["x-content-type-options"] == "nosniff"


def test_a_token_that_may_not_list_orders_is_refused(house):
    doctor = house.doctor()
    headers = {"Authorization": "Bearer " + token_of(house, doctor, "study:list")}
    with pytest.raises(Refused, match="403"), listening(house.url, "X", headers):
        pass


def test_a_revoked_token_ends_the_channel(house, clerk):
    person = clerk.made.person.id
    held = [one.grant for one in house.people.grants(person) if one.in_force(house.clock.now())]
    actor = Actor(person, tuple(held), fresh=True)
    token = house.people.add_token(actor, "channel", MAY, timedelta(days=1))
    with listening(house.url, "GONE", {"Authorization": "Bearer " + token.secret}) as gone:
        house.people.revoke_token(actor, token.id)
        assert gone.ended() == 1008


def test_a_browser_listens_by_its_cookie_from_a_page_of_ours_until_it_signs_out(house, clerk):
    with browser(house) as client:
        assert client.post("/sign-in", data=clerk.form()).status_code == 303
        cookie = {"Cookie": f"__Host-primum={client.cookies['__Host-primum']}"}
        for origin in ({}, {"Origin": "https://elsewhere.example"}):
            with pytest.raises(Refused, match="403"), listening(house.url, "PAGE", cookie | origin):
                pass
        with listening(house.url, "PAGE", cookie | {"Origin": house.url}) as page:
            assert client.post("/sign-out", data={"form_token": form_token(client)}).is_success
            assert page.ended() == 1008


def test_a_client_that_speaks_is_cut_off(house, bearer):
    with listening(house.url, "TALK", bearer) as talker:
        talker.send(Message(data="hello"))
        assert talker.ended() == 1003
    with listening(house.url, "TALK", bearer) as talker:
        talker.send(Message(data="x" * 2000))
        assert talker.ended() == 1009


def test_a_client_that_pings_and_reads_nothing_is_cut_off(house, bearer):
    with listening(house.url, "PING", bearer) as pinging, pytest.raises(OSError, match=r"."):
        pinging.ping_without_reading(400_000)


def test_channels_are_bounded_and_a_second_one_of_a_title_replaces_the_first(house, station, bearer):
    with listening(house.url, "ONE", bearer) as one, listening(house.url, "TWO", bearer):
        with pytest.raises(Refused, match="503"), listening(house.url, "THREE", bearer):
            pass
        with listening(house.url, "ONE", bearer) as again:
            assert one.ended() == 1008
            _, uid = place(house, 7)
            assert station.post(at(uid, "ONE")).status_code == 201
            assert told(again.message())[1] == uid


@pytest.mark.parametrize("query", ["", "?filter=", "?filter=MR", "?PatientWeight=70", "?filter=PatientWeight=70"])
def test_a_filter_that_is_none(station, query):
    assert station.post(at(FILTERED, "X") + query).status_code == 400


def test_what_does_not_exist(station):
    assert station.post(at("1.2.3", "X")).status_code == 404
    assert station.delete(at("1.2.3", "X")).status_code == 404
    assert station.post(at(GLOBAL, "THIS-TITLE-IS-TOO-LONG")).status_code == 400
    assert station.post(at("1.2.3", "X", "/suspend")).status_code == 400


def test_nothing_else_takes_an_upgrade(house, bearer):
    """Every address of this origin, by the list of its routes: a handshake gets no 101."""
    paths = {re.sub(r"\{[^}]*\}", "1", route.path) for route in create_app(house.services).routes}
    taken = {path for path in sorted(paths) if not _refused(house, path, bearer)}
    assert taken == {"/dicom-web/ws/subscribers/1"}
    assert _refused(house, "/dicom-web/ws/subscribers/", bearer)
    assert _refused(house, "/dicom-web/ws/subscribers/A/B", bearer)


def _refused(house, path, headers):
    try:
        Listener(house.url, path, headers).close()
    except Refused:
        return True
    return False


def test_a_handshake_for_another_host_is_refused(house, bearer):
    parts = urlsplit(house.url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    lines = ["GET /dicom-web/ws/subscribers/A HTTP/1.1", "Host: evil.example", "Connection: Upgrade",
             "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             f"Authorization: {bearer['Authorization']}", "", ""]  # fmt: skip
    with socket.create_connection((parts.hostname, parts.port), 20) as plain, context.wrap_socket(plain) as wire:
        wire.sendall("\r\n".join(lines).encode())
        assert wire.recv(64).startswith(b"HTTP/1.1 421")


def test_a_server_that_stops_ends_its_channels_and_does_not_wait_for_them(tmp_path):
    door = web_kit.build(tmp_path / "home")
    somebody = door.somebody("Rémi Clerk", Role.TECHNOLOGIST, scope=Scope.OWN)
    headers = {"Authorization": "Bearer " + token_of(door, somebody, *MAY)}
    codes = []

    def listen(last):
        with contextlib.closing(last):
            codes.append(last.ended())

    with web_kit.serving(door):
        last = Listener(door.url, "/dicom-web/ws/subscribers/LAST", headers)
        thread = threading.Thread(target=listen, args=(last,))
        thread.start()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < LIMITS.stop_seconds
    thread.join(20)
    assert codes == [1012]


def test_channels_leave_requests_their_threads(house, station, bearer):
    """However long channels look at the base, other answers do not wait for it."""
    with contextlib.ExitStack() as stack:
        for title in ("T1", "T2"):
            stack.enter_context(listening(house.url, title, bearer))
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(station.get(ROOT).status_code)) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join(20)
    assert answers == [200] * 4
