"""The worker's socket: one request, one answer, for processes of the same user, whatever is sent."""

import json
import socket

import pytest
from tests.descriptors import no_descriptor_left

from primum.doors.worker import protocol
from primum.doors.worker.control import Control
from primum.identity import NoSession


@pytest.fixture
def socket_path(tmp_path):
    def fault(_token, _args, _progress):
        raise RuntimeError("Éloïse Canari")

    def count(_token, args, progress):
        for n in range(args["to"]):
            progress({"done": n})
        return {"counted": args["to"]}

    def refuse(_token, _args, _progress):
        raise NoSession

    deep = tmp_path / ("deep" * 20) / ("deeper" * 20)
    deep.mkdir(parents=True)
    control = Control(deep / protocol.SOCKET, {"fault": fault, "count": count, "refuse": refuse})
    control.start()
    yield deep / protocol.SOCKET
    control.stop()


def ask(socket_path, raw):
    with protocol.connect(socket_path) as caller, caller.makefile("rwb") as stream:
        stream.write(raw + b"\n")
        stream.flush()
        answers = []
        while (answer := protocol.receive(stream)) is not None:
            answers.append(answer)
    return answers


def request(verb, **args):
    return json.dumps({"verb": verb, "token": None, "args": args}).encode()


def test_progress_comes_before_the_result_however_deep_the_home_lies(socket_path):
    answers = ask(socket_path, request("count", to=2))
    assert answers == [{"progress": {"done": 0}}, {"progress": {"done": 1}}, {"ok": {"counted": 2}}]


def test_a_refusal_is_told_with_its_way_out(socket_path):
    [answer] = ask(socket_path, request("refuse"))
    assert answer["error"]["code"] == "identity.no-session"


def test_a_fault_tells_nothing_of_itself(socket_path):
    [answer] = ask(socket_path, request("fault"))
    assert answer["error"]["code"] == "control.fault"
    assert "Canari" not in json.dumps(answer)


@pytest.mark.parametrize(
    "raw", [b"{", b"[]", b'{"verb": 1}', b'{"verb": "x", "token": 3, "args": {}}', b'"x"', b"\xff\xfe"]
)
def test_what_is_no_request_is_refused(socket_path, raw):
    [answer] = ask(socket_path, raw)
    assert answer["error"]["code"] == "control.bad-request"


def test_a_verb_that_does_not_exist_is_refused(socket_path):
    [answer] = ask(socket_path, request("rm"))
    assert answer["error"]["code"] == "control.bad-request"


def test_a_line_without_end_is_refused_at_the_limit(socket_path):
    [answer] = ask(socket_path, b"x" * (protocol.MAX_LINE + 1))
    assert answer["error"]["code"] == "control.line-too-long"


def test_the_socket_is_closed_to_others(socket_path):
    assert socket_path.stat().st_mode & 0o077 == 0


def test_a_caller_who_came_when_no_descriptor_was_left_is_heard_once_there_is_one(socket_path):
    with socket.socket(socket.AF_UNIX) as caller, protocol.short_path(socket_path) as name:
        caller.settimeout(10)
        with no_descriptor_left():
            caller.connect(name)
        caller.sendall(request("count", to=0) + b"\n")
        assert b'"counted"' in caller.recv(1000)
