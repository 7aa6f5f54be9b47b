"""Which route answers: the one that would if all were tried in their order."""

import pytest
from hypothesis import given, strategies as st
from starlette.routing import Match, Route, WebSocketRoute

from primum.doors.http.table import Table


class Answer:
    """An ASGI application; the table only hands over to it."""


ROUTES = [
    Route("/", Answer(), methods=["GET"]),
    Route("/one", Answer(), methods=["POST"]),
    Route("/one", Answer(), methods=["GET"]),
    Route("/one/", Answer(), methods=["OPTIONS"]),
    Route("/one/{a}", Answer(), methods=["GET"]),
    Route("/one/fixed", Answer(), methods=["GET"]),
    Route("/one/{a}/two.{b}", Answer(), methods=["GET"]),
    Route("/one/{a}/all/{rest:path}", Answer(), methods=["GET"]),
    WebSocketRoute("/one/{a}/two", Answer()),
    Route("/one/{a}/two", Answer(), methods=["GET"]),
    Route("/two/{rest:path}", Answer(), methods=["GET"]),
]
TABLE = Table(ROUTES, Answer(), None)
PATHS = st.lists(st.sampled_from(["", "one", "two", "fixed", "all", "two.x", "x", "é", ".."]), max_size=7)


def first(routes, scope):
    return next((one for one in routes if one.matches(scope)[0] is Match.FULL), None)


@given(PATHS, st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "DELETE"]), st.sampled_from(["http", "websocket"]))
def test_the_first_that_fits_answers_as_if_all_were_tried(words, method, kind):
    scope = {"type": kind, "method": method, "path": "/" + "/".join(words), "root_path": ""}
    assert first(TABLE.candidates(scope["path"]), scope) is first(ROUTES, scope)


def test_few_are_tried():
    assert len(TABLE.candidates("/one/2.25.1")) == 3
    assert TABLE.candidates("/three") == ()


def test_a_route_that_begins_with_a_parameter_is_not_for_this_table():
    with pytest.raises(ValueError, match="begins with a word"):
        Table([Route("/{a}/b", Answer(), methods=["GET"])], Answer(), None)
