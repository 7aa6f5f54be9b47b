"""Which route answers a request.

Starlette tries one route after another, some two hundred regular expressions for the last of them. Here those alone are
tried, in the same order, that begin with the path's first word and have as many slashes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from starlette.routing import BaseRoute, Match, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

_PARAMETER: Final = re.compile(r"\{[^}]*\}")
_Shape = tuple[str, int]
"""The first word of a path, and how many slashes it has."""


class Table(Router):
    """The routes of the application, and what answers where none does."""

    def __init__(self, routes: Sequence[BaseRoute], nowhere: ASGIApp, lifespan: Lifespan[Any]) -> None:
        """Answer by `routes`; by `nowhere` what has no address, and what has one but not for this method."""
        super().__init__(routes, redirect_slashes=False, default=nowhere, lifespan=lifespan)
        by_word: dict[str, list[_Known]] = {}
        for one in map(_known, routes):
            by_word.setdefault(one.word, []).append(one)
        self._alike = {
            (word, slashes): _fitting(some, slashes) for word, some in by_word.items() for slashes in _slashes(some)
        }
        self._long = {word: _fitting(some, _ENDLESS) for word, some in by_word.items()}

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        for route in self.candidates(scope["path"]):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                await route.handle(scope, receive, send)
                return
        await self.default(scope, receive, send)

    def candidates(self, path: str) -> Sequence[BaseRoute]:
        """List the routes that may match a path: all others do not."""
        shape = _shape(path)
        found = self._alike.get(shape)
        return self._long.get(shape[0], ()) if found is None else found


_ENDLESS: Final = 1 << 30
"""More slashes than a path has."""


class _Known(NamedTuple):
    """A route, and the paths that it is for."""

    route: BaseRoute
    word: str
    slashes: int
    endless: bool
    """Whether its last parameter may hold any number of further slashes."""


def _known(route: BaseRoute) -> _Known:
    if not isinstance(route, Route | WebSocketRoute):
        raise TypeError("a route, or a channel")
    word, slashes = _shape(_PARAMETER.sub("x", route.path))
    if "{" in route.path.split("/")[1]:
        raise ValueError("a route begins with a word")
    return _Known(route, word, slashes, ":path}" in route.path)


def _slashes(some: Sequence[_Known]) -> set[int]:
    return {one.slashes for one in some}


def _fitting(some: Sequence[_Known], slashes: int) -> list[BaseRoute]:
    return [one.route for one in some if one.slashes == slashes or (one.endless and one.slashes < slashes)]


def _shape(path: str) -> _Shape:
    return path[1:].partition("/")[0], path.count("/")
