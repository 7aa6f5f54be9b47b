from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest
from tests.unit.exposure.probe.asking_kit import SHORT, asking_to, listening, saying

from primum.exposure.probe.dialling import Purpose, Unanswered
from primum.exposure.probe.limits import KIB, Limits
from primum.exposure.probe.model import Identity, Mode, Rung
from primum.exposure.probe.web.http import Answer, Pages, Request

QUICK = Limits(connect_seconds=1, step_seconds=0.5)


def ask(
    serve: Callable[[socket.socket], None],
    *requests: Request,
    limits: Limits = SHORT,
    log: list[Purpose] | None = None,
) -> list[Answer]:
    with listening(serve) as port, Pages(asking_to(port, limits=limits, log=log), Mode.PLAIN, Identity.NOBODY) as pages:
        return [pages.ask(one, Rung.PAGE, "a test") for one in requests or (Request("/"),)]


def refused(serve: Callable[[socket.socket], None], limits: Limits = SHORT) -> tuple[str, str]:
    with pytest.raises(Unanswered) as over:
        ask(serve, limits=limits)
    return over.value.how, over.value.code


def test_a_body_of_announced_length() -> None:
    (answer,) = ask(saying([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nhello"]))
    assert (answer.status, answer.body, answer.cut, answer.every("set-cookie")) == (200, b"hello", False, ["a", "b"])


def test_chunks_are_joined_and_trailers_passed_over() -> None:
    (answer,) = ask(
        saying([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"])
    )
    assert (answer.body, answer.cut) == (b"abcde", False)


def test_a_body_that_ends_with_the_connection() -> None:
    (answer,) = ask(saying([b"HTTP/1.0 200 OK\r\n\r\nall of it"]))
    assert (answer.body, answer.cut) == (b"all of it", False)


def test_interim_answers_are_passed_over() -> None:
    (answer,) = ask(saying([b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"]))
    assert answer.status == 204


def test_interim_answers_without_end_are_not() -> None:
    assert refused(saying([b"HTTP/1.1 100 Continue\r\n\r\n"] * 100)) == ("protocol", "interim")


def endless(head: bytes, part: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head)
        while True:
            connection.sendall(part)

    return serve


def test_header_fields_without_end_are_cut() -> None:
    assert refused(endless(b"HTTP/1.1 200 OK\r\n", b"X-More: of the same\r\n")) == ("cut", "head")


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 10_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n"),
    ],
)
def test_megabytes_are_cut_at_the_bound_of_a_page(head: bytes, part: bytes) -> None:
    log: list[Purpose] = []
    (answer,) = ask(endless(head, part), log=log)
    assert answer.cut
    assert len(answer.body) == SHORT.page_bytes
    assert log[0].received <= SHORT.page_bytes + 16 * KIB


def test_a_compressed_body_is_not_expanded() -> None:
    bomb = b"\x1f\x8b" + bytes(1000)
    (answer,) = ask(saying([b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1002\r\n\r\n" + bomb]))
    assert answer.body == bomb


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"220 ready\r\n",
        b"\x00\x00\x00\x01" * 10,
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
    ],
)
def test_what_is_no_http_is_told(said: bytes) -> None:
    assert refused(saying([said]))[0] == "protocol"


@pytest.mark.parametrize("size", [b"-1", b"0x5", b"", b"5 5", b"f" * 17])
def test_a_chunk_without_a_length_is_told(size: bytes) -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n"
    assert refused(saying([said])) == ("protocol", "chunk")


def test_who_trickles_is_left_at_the_end_of_the_step() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        for one in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100:
            connection.sendall(bytes([one]))
            time.sleep(0.05)

    begin = time.monotonic()
    assert refused(serve, QUICK)[0] == "silent"
    assert time.monotonic() - begin < 2


def test_one_connection_serves_several_requests_and_its_line_names_each() -> None:
    def serve(connection: socket.socket) -> None:
        while connection.recv(4096):
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    log: list[Purpose] = []
    ask(serve, Request("/a"), Request("/b"), Request("/c/1.2.3", shown="/c/{uid}"), log=log)
    assert [one.purpose for one in log] == ["a test GET /a GET /b GET /c/{uid}"]


def test_a_kept_connection_that_is_gone_is_opened_anew() -> None:
    log: list[Purpose] = []
    said = saying([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    assert [one.status for one in ask(said, Request("/a"), Request("/b"), log=log)] == [200, 200]
    assert len(log) == 2


def test_of_an_object_no_more_than_the_fields_is_read() -> None:
    log: list[Purpose] = []
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 99999999\r\n\r\n"
    (answer,) = ask(endless(head, b"P" * 4096), Request("/", head_only=True), log=log)
    assert (answer.status, answer.media_type(), answer.body) == (200, "application/dicom", b"")
    assert log[0].received <= 1024


def test_a_line_break_in_what_is_sent_is_refused() -> None:
    with pytest.raises(Unanswered):
        ask(saying([b""]), Request("/", fields=(("Cookie", "a\r\nHost: elsewhere"),)))


@pytest.mark.parametrize(
    ("location", "away"),
    [
        ("/sign-in", False),
        ("http://127.0.0.1:{port}/x", False),
        ("http://127.0.0.1/x", True),
        ("https://127.0.0.1:{port}/x", False),
        ("http://192.0.2.1:{port}/", True),
        ("//other.example/", True),
        ("http://[", True),
        ("", False),
    ],
)
def test_a_redirection_is_told_and_not_followed(location: str, *, away: bool) -> None:
    log: list[Purpose] = []
    with listening(lambda one: None) as port:
        pages = Pages(asking_to(port, log=log), Mode.PLAIN, Identity.NOBODY)
        assert pages.leads_away(Answer(302, (("location", location.format(port=port)),))) is away
    assert log == []
