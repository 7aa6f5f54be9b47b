"""What a data protection officer looks at, as a page: facts with their dates and where they are from; no form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.language import write_instant
from primum.doors.web.render import Pages, language_of
from primum.ground.clock import from_text

_INSTANTS: Final = frozenset({"at", "since", "done_at", "copies_until", "verified_at"})


class Oversight:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`; the worker gathers, for the person of the session."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show the facts. Raises NotPermitted."""
        facts, _ = visit.services.intake.ask("retention.facts", {"token": visit.token})
        language = language_of(visit)
        shown = _dated(facts, language)
        shown["backups"]["oldest"] = {
            to: write_instant(language, from_text(at)) if at else "" for to, at in facts["backups"]["oldest"].items()
        }
        return self._pages.page(visit, "oversight.html", here="erasures", facts=shown)


def _dated(value: Any, language: str, key: str = "") -> Any:  # noqa: ANN401 (a tree of JSON)
    """Write the instants of a tree in the reader's way."""
    if isinstance(value, Mapping):
        return {name: _dated(one, language, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_dated(one, language) for one in value]
    return write_instant(language, from_text(value)) if key in _INSTANTS and value else value
