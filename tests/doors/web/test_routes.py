"""The exact list of what the web doors answer."""

import re
from pathlib import Path

from starlette.routing import Route, WebSocketRoute

from primum.doors.dicomweb.storing import Storing
from primum.doors.dicomweb.workitems import DeedEndpoint
from primum.doors.http.visit import Endpoint, Standing
from primum.doors.origin import create_app

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "routes.md"
WHO = {
    frozenset(Standing): "anyone",
    frozenset({Standing.PERSON}): "person",
    frozenset({Standing.PERSON, Standing.LOCKED}): "locked, person",
    frozenset({Standing.PERSON, Standing.PROGRAM}): "person, program",
}
ROOTS = {"/dicom-web": "person, program", "/ohif/dicom-web": "person"}


def answered(house):
    for route in create_app(house.services).routes:
        if isinstance(route, WebSocketRoute):
            yield "GET", route.path, WHO[route.app.admits]
            continue
        assert isinstance(route, Route)
        assert isinstance(route.app, Endpoint | Storing | DeedEndpoint)
        methods = route.methods - {"HEAD"}
        assert len(methods) == 1
        yield methods.pop(), route.path.replace(":path", ""), WHO[route.app.admits]


def documented():
    rows = [
        re.findall(r"[^|]+", line)
        for line in PAGE.read_text("utf-8").splitlines()
        if re.match(r"\| (GET|POST|PUT|DELETE|OPTIONS)", line)
    ]
    for method, address, *rest in ([cell.strip().strip("`") for cell in row] for row in rows):
        if len(rest) == 2:
            yield method, address, rest[0]
        else:
            yield from ((method, root + address, who) for root, who in ROOTS.items())


def test_the_reference_lists_exactly_what_is_answered(house):
    assert sorted(answered(house)) == sorted(documented())


def test_nothing_that_searches_or_changes_is_a_get_of_a_page(house):
    searches = [path for method, path, _ in answered(house) if method == "GET" and "{" not in path]
    assert searches
    assert not any(
        word in path for path in searches for word in ("search", "lock", "sign-out", "delete") if path != "/locked"
    )
