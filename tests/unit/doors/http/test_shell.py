"""The headers of the shell: in place of what an answer says under their names."""

import asyncio

import pytest

from primum.doors.http.headers import ALWAYS, NO_STORE, SILENT_POLICY, STRICT_TRANSPORT
from primum.doors.http.shell import Shell

SCOPE = {"type": "http", "headers": [(b"host", b"localhost")], "query_string": b""}


def answered(said, *, strict=False):
    """Give the headers that leave for an answer with those `said`."""
    sent = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": said})

    async def send(message):
        sent.append(message)

    shell = Shell(app, origins=["https://localhost"], strict_transport=strict)
    asyncio.run(shell(SCOPE, None, send))
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


@pytest.mark.parametrize("strict", [False, True])
def test_every_answer_has_ours_once(strict):
    theirs = [(name.encode(), b"anything") for name, _ in [*ALWAYS, ("strict-transport-security", "")]]
    for said in ([], theirs if strict else theirs[:-1]):
        kept = [
            one for one in answered(said, strict=strict) if one[0] not in {"cache-control", "content-security-policy"}
        ]
        assert sorted(kept) == sorted([*ALWAYS, *([("strict-transport-security", STRICT_TRANSPORT)] if strict else [])])


def test_an_answer_may_say_what_is_kept_of_it_and_what_it_may_do():
    silent = dict(answered([(b"vary", b"Cookie")]))
    assert (silent["cache-control"], silent["content-security-policy"]) == (NO_STORE, SILENT_POLICY)
    assert silent["vary"] == "Cookie"
    telling = answered([(b"cache-control", b"private"), (b"content-security-policy", b"default-src 'self'")])
    assert [value for name, value in telling if name == "cache-control"] == ["private"]
    assert [value for name, value in telling if name == "content-security-policy"] == ["default-src 'self'"]


def test_the_headers_of_one_answer_are_not_those_of_the_next():
    said = [(b"vary", b"Cookie")]
    assert answered(said) == answered(said)
    assert said == [(b"vary", b"Cookie")]
