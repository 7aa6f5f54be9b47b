"""A breach told on a page: the form of a story, for everybody who may report; then the file, or the next hour's page.

Who may report and not read lands on the page of the next hour: the deadline and what to do need no file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from primum.doors.http.forms import field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, ask, sentence_of
from primum.doors.web.incident_telling import SEEN, Told, asked, told
from primum.doors.web.incident_values import tongue
from primum.doors.web.language import say
from primum.doors.web.local_time import OFFSETS, read_local
from primum.doors.web.render import Pages, language_of
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, Thing, decide
from primum.incidents.limits import LIMITS
from primum.incidents.stories.book import STORIES, Story
from primum.incidents.stories.telling import BY_OTHERS

HOUR: Final = f"{HERE}/hour"
LETTER: Final = "letter"
_REQUESTS: Final = 10
"""Things that a letter asks for, one on a line."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A controller for which this person may report."""

    id: str
    name: str
    own: bool


def stories_of(visit: Visit) -> list[tuple[str, str]]:
    """List the stories with their titles; that of a host only in a house that hosts."""
    language, hosts = tongue(language_of(visit)), visit.services.settings.hosts_for_others
    return [(one.name, one.title[language]) for one in STORIES if hosts or not one.host]


class StoryPages:
    """The form of a story."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show the form. Raises NotFound for another story, NotPermitted."""
        return self._form(visit, _story(visit), Told())

    def tell(self, visit: Visit) -> Response:
        """Open the file, or say beside each question what cannot be kept; then nothing is opened."""
        story, form, choices = _story(visit), visit.form, self._choices(visit)
        chosen = [one.id for one in choices if len(choices) == 1 or form.get(f"controller-{one.id}")]
        found = told(story, form, visit.services.clock.now(), several=len(chosen) > 1)
        if not chosen:
            found.problems["controllers"] = "controllers"
        letter = _letter(visit, story, found)
        if found.problems or found.seen_at is None:
            return self._form(visit, story, found, status=422)
        try:
            made = ask(
                visit, "incident_tell", document=visit.document, story=story.name, controllers=chosen,
                answers=json.dumps(found.answers, ensure_ascii=False), at=to_text(found.seen_at),
                language=tongue(language_of(visit)), **letter,
            )  # fmt: skip
        except PrimumError as refusal:
            return self._form(visit, story, found, sentence_of(visit, refusal), status_of(refusal))
        return _onward(story, made)

    def _form(self, visit: Visit, story: Story, found: Told, sentence: str = "", status: int = 200) -> Response:
        language, choices, form = language_of(visit), self._choices(visit), visit.form
        problems = {key: say(language, f"incident_tell.problem_{word}") for key, word in found.problems.items()}
        questions = [{**one, "problem": problems.get(one["key"], "")} for one in asked(language, story)]
        return self._pages.page(
            visit, "incident_tell.html", status=status, here="incidents", sentence=sentence, story=story.name,
            title=story.title[tongue(language)], when=story.when[tongue(language)], questions=questions,
            seen={"key": SEEN, "shape": "instant", "problem": problems.get(SEEN, "")},
            given=form, problems=problems, choices=choices, offsets=OFFSETS, has_letter=story.origin in BY_OTHERS,
            offset=f"UTC{visit.services.clock.now().astimezone().isoformat()[-6:]}", line_most=LIMITS.line,
            ticked=_ticked(story, form, choices),
        )  # fmt: skip

    def _choices(self, visit: Visit) -> list[Choice]:
        """List the controllers for which this person may report, their own first. Raises NotPermitted for none."""
        people = visit.services.people
        actor, own = people.actor(visit.person), people.person(visit.person.person_id).controller_id
        rules = [
            (one, decide(actor, Permission.INCIDENT_REPORT, Thing("incident", one.id))) for one in people.controllers()
        ]
        found = [Choice(one.id, one.name, one.id == own) for one, rule in rules if rule.allowed]
        if not found:
            raise NotFound
        return sorted(found, key=lambda one: not one.own)


def _story(visit: Visit) -> Story:
    name = str(visit.request.path_params["story"])
    found = STORIES.stories.get(name)
    if found is None or (found.host and not visit.services.settings.hosts_for_others):
        raise NotFound
    return found


def _ticked(story: Story, form: Mapping[str, str], choices: list[Choice]) -> set[str]:
    """Say whose boxes are ticked: what was sent, else the person's own. Whose data a host's story is about is asked."""
    if form:
        return {one.id for one in choices if form.get(f"controller-{one.id}")}
    return set() if story.host else {one.id for one in choices if one.own} or {choices[0].id}


def _letter(visit: Visit, story: Story, found: Told) -> dict[str, Any]:
    """Read what goes with a letter: empty where none is told of."""
    if story.origin not in BY_OTHERS:
        return {}
    about, reference, name = (
        field(visit.form, f"{LETTER}.{one}", LIMITS.line) for one in ("about", "reference", "name")
    )
    asks = [one.strip() for one in field(visit.form, f"{LETTER}.asked", LIMITS.text).splitlines() if one.strip()]
    due = field(visit.form, f"{LETTER}.due", LIMITS.line)
    if not (about or reference or asks or due or visit.document):
        return {}
    if not about:
        found.problems[LETTER] = "letter"
    if len(asks) > _REQUESTS or any(len(one) > LIMITS.line for one in asks):
        found.problems[LETTER] = "letter_asks"
    if len(visit.document) > LIMITS.document_bytes:
        found.problems[LETTER] = "letter_large"
    try:
        due = to_text(read_local(due, None)) if due else ""
    except ValueError:
        found.problems[LETTER] = "letter_due"
    return {"letter_about": about, "reference": reference, "asked": asks, "due": due, "name": name}


def _onward(story: Story, made: Mapping[str, Any]) -> Response:
    """Go to the file; to the list where several were opened; to the next hour's page for who may read neither."""
    files = made["files"]
    if not all(one["readable"] for one in files):
        query = urlencode({"at": made["detected_at"], "file": " ".join(one["id"] for one in files)})
        return RedirectResponse(f"{HOUR}/{story.name}?{query}", 303)
    return RedirectResponse(f"{HERE}/{files[0]['id']}" if len(files) == 1 else HERE, 303)
