"""A breach told, from a page or the terminal: the file is opened with the answers, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from primum.doors.worker.verbs_incidents import ID, given_document, when
from primum.ground.clock import from_text, to_text
from primum.identity import Permission, Thing, decide
from primum.incidents.carried import entry_json
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.stories.alerts import alerted
from primum.incidents.stories.answers import read_answers
from primum.incidents.stories.book import LANGUAGES, MOST, story
from primum.incidents.stories.telling import Letter, tell_each

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb

_SHORT: Final = 64
_ANSWERS: Final = MOST * LIMITS.text * 2
"""Characters of a story's answers as JSON: texts, each with its escapes."""
_CONTROLLERS: Final = 500
"""Controllers of one breach: a host of five hundred practices."""
_REQUESTS: Final = 10


def incident_tell(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Open a file by a story, for each controller that is named; for that of the person where none is."""
    files, told = desk.worker.incidents.files, story(args.text("story", most=_SHORT))
    language = args.text("language", most=_SHORT) or LANGUAGES[0]
    named = args.texts("controllers", most=_CONTROLLERS) or [""]
    at = from_text(when(args, "at")) if args.text("at") else None
    made = tell_each(
        files, asking.actor, [desk.controller_id(one, asking) for one in named], told.name,
        read_answers(told, args.text("answers", most=_ANSWERS)), at, language, letter=_letter(args),
    )  # fmt: skip
    detected = files.read(made[0].id).detected_first
    return {
        "files": [
            {
                "id": one.id,
                "controller": files.controller_name(one.controller_id),
                "readable": decide(
                    asking.actor, Permission.INCIDENT_LIST, Thing("incident", one.controller_id)
                ).allowed,
            }
            for one in made
        ],
        "detected_at": to_text(detected or files.now()),
    }


def incident_alerted(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Write down that the alert of a host has left to the controller of a file (article 33(2))."""
    at, about = from_text(when(args, "at")), args.text("about", most=LIMITS.line)
    return entry_json(alerted(desk.worker.incidents.files, asking.actor, args.text("id", most=ID), at, about))


def _letter(args: Args) -> Letter | None:
    """Take what arrived; None where nothing of it is told."""
    name, body = given_document(args)
    about, due = args.text("letter_about", most=LIMITS.line), args.text("due", most=_SHORT)
    if not about and not body:
        return None
    return Letter(
        about, asked=tuple(args.texts("asked", most=_REQUESTS)), due=instant_of({"at": due}) if due else None,
        reference=args.text("reference", most=LIMITS.line), name=name, document=body,
    )  # fmt: skip


VERBS: dict[str, Verb] = {"incident_tell": incident_tell, "incident_alerted": incident_alerted}
