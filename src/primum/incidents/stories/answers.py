"""A story's answers as a page or a terminal gives them: one JSON object, an instant as text with its offset. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from primum.incidents.entries import instant_of
from primum.incidents.model import BadEntry
from primum.incidents.stories.book import Story


def read_answers(told: Story, text: str) -> dict[str, Any]:
    """Read the answers as `telling.tell` takes them; null: not known. Raises BadEntry, BadInstant."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        raise BadEntry(what="the answers are not JSON") from None
    if not isinstance(found, dict):
        raise BadEntry(what="the answers are one object")
    instants = {one.about for one in told.asks if one.which is not None}
    return {about: _instant(value) if about in instants else value for about, value in found.items()}


def _instant(value: object) -> datetime | None:
    return None if value is None else instant_of({"at": value})
