"""Telling people of a breach, at the terminal and for pages: the list, the letter, what leaves, what is published.

Names and addresses come out of two verbs, both for who may decide: the printed letters, and those that wait for a
person (docs/design/incidents.md, Telling people).
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from primum.doors.worker.verbs_incidents import ID, given, given_document
from primum.ground.clock import to_text
from primum.incidents.entries import instant_of
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry
from primum.incidents.telling.errors import LetterRefused
from primum.incidents.telling.letter import LANGUAGES, Draft, read_draft, start
from primum.incidents.telling.limits import LIMITS as TELLING
from primum.incidents.telling.model import Channel, Fate, Progress, Standing
from primum.incidents.telling.permits import approved, head

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress as Told
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.incidents.telling.service import Telling

_SHORT: Final = 64
_LETTER_BYTES: Final = 1 << 20
"""Two languages, each of 38 paragraphs of 2,000 characters in UTF-8, and what JSON adds."""
_NUMBERS: Final = 2_000
"""Letters that one form names by their numbers: what somebody types, or ticks."""
_SHOWN: Final = 500
"""Letters that wait for a person, in one answer: a name and an address each."""
_PROOF: Final = "proof"


def room(desk: Desk) -> Telling:
    """Return the room."""
    if desk.breaches is None:
        raise RuntimeError
    return desk.breaches.telling


def incident_people(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Say where telling people stands: counts, batches, the approved letter, sentences to begin one with."""
    telling, file_id = room(desk), args.text("id", most=ID)
    standing = telling.standing(asking.actor, file_id)
    dossier = head(telling.files, file_id)
    letter = approved(dossier)
    return {
        "standing": standing_json(standing),
        "batches": [_batch_json(one, standing) for one in standing.batches],
        "no_mail": "exercise" if dossier.file.exercise else "no-way" if telling.way is None else "",
        "letter": letter.as_json() if letter else None,
        "start": {language: start(dossier, language) for language in LANGUAGES},
        "now": to_text(telling.clock.now()),
    }


def incident_people_list(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Take a list of people, with where it comes from. Its name is not kept: it may name somebody."""
    _, body = given_document(args)
    source = args.text("source", most=LIMITS.line)
    made = room(desk).take_list(asking.actor, args.text("id", most=ID), body, source)
    return {"id": made.id, "count": made.count, "digest": made.digest}


def incident_people_preview(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Show a letter as nobody would get it, with what it does not say yet."""
    found = room(desk).preview(asking.actor, args.text("id", most=ID), _draft(args))
    return {
        "complaints": [
            {"field": one.field, "language": one.language, "code": one.code, "word": one.word,
             "says": {language: one.text(language) for language in LANGUAGES}}
            for one in found.complaints
        ],
        "mails": {language: {"subject": one[0], "text": one[1]} for language, one in found.mails.items()},
        "notice": dict(found.notice),
    }  # fmt: skip


def incident_people_preview_pdf(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Print a letter as nobody would get it. Raises LetterRefused where it does not say yet what it has to."""
    found = room(desk).preview(asking.actor, args.text("id", most=ID), _draft(args))
    if found.complaints:
        raise LetterRefused(what="; ".join(one.text("en") for one in found.complaints))
    return given(args, "letter.pdf", found.pdf)


def incident_people_approve(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Sign a letter."""
    return {"digest": room(desk).approve(asking.actor, args.text("id", most=ID), _draft(args))}


def incident_people_send(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Start a batch, by mail or by post."""
    channel = args.text("channel", most=_SHORT)
    if channel not in set(Channel):
        raise BadEntry(what=f"letters leave by one of {', '.join(Channel)}")
    made = room(desk).start_batch(asking.actor, args.text("id", most=ID), Channel(channel))
    return {"batch": made.id}


def incident_people_stop(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Stop what of a batch has not left."""
    reason = args.text("reason", most=LIMITS.text)
    return {"count": room(desk).stop_batch(asking.actor, args.text("batch", most=ID), reason)}


def incident_people_print(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Print the letters of a batch that wait to be posted."""
    body = room(desk).print_letters(asking.actor, args.text("batch", most=ID))
    return given(args, "letters.pdf", body)


def incident_people_posted(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Say that letters were posted, all but some, with what shows it."""
    name, body = given_document(args)
    count = args.number("count", low=0, high=TELLING.rows, default=0)
    but = _numbers(args, "but")
    posted = room(desk).mark_posted(
        asking.actor, args.text("batch", most=ID), count, _day(args), body, name or _PROOF, but
    )
    return {"count": posted}


def incident_people_returned(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Say that letters came back: those to an address, or numbers of a batch by post."""
    count = room(desk).mark_returned(
        asking.actor, args.text("id", most=ID), address=args.text("address", most=TELLING.mail),
        batch_id=args.text("batch", most=ID), numbers=_numbers(args, "numbers"),
    )  # fmt: skip
    return {"count": count}


def incident_people_settle(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Say what became of uncertain letters, or have others tried again: all of a fate, or some by their numbers."""
    fate = args.text("fate", most=_SHORT)
    if fate not in set(Fate):
        raise BadEntry(what="what is settled is uncertain, refused or given-up")
    batch, numbers = args.text("batch", most=ID), set(_numbers(args, "numbers"))
    ids = [one.letter.id for one in room(desk).unsettled(asking.actor, batch) if one.letter.number in numbers]
    if len(ids) < len(numbers):
        raise BadEntry(what="a number is that of no letter that waits for a person")
    choice, reason = args.text("choice", most=_SHORT), args.text("reason", most=LIMITS.text)
    return {"count": room(desk).settle(asking.actor, batch, Fate(fate), choice, reason, ids)}


def incident_people_waiting(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """List the letters of a batch that a person has to look at, with whom they are for."""
    found = room(desk).unsettled(asking.actor, args.text("batch", most=ID))
    shown = [
        {
            "id": one.letter.id, "number": one.letter.number, "fate": one.letter.fate.value, "code": one.letter.code,
            "people": [{"name": who.name, "mail": who.mail, "address": list(who.address)} for who in one.people],
        }
        for one in found[:_SHOWN]
    ]  # fmt: skip
    return {"letters": shown, "more": len(found) - len(shown)}


def incident_people_notice(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Write the public notice from the approved letter."""
    language = args.text("language", most=_SHORT)
    return {"text": room(desk).notice(asking.actor, args.text("id", most=ID), language)}


def incident_people_publish(desk: Desk, asking: Asking, args: Args, _progress: Told) -> dict[str, Any]:
    """Say where and since when the public notice stands."""
    name, body = given_document(args)
    since = instant_of({"at": args.text("since", most=_SHORT)})
    where = args.text("where", most=LIMITS.line)
    left = room(desk).publish(asking.actor, args.text("id", most=ID), where, since, body, name or _PROOF)
    return {"count": left}


def standing_json(one: Standing) -> dict[str, Any]:
    """Give the counts; nobody is named."""
    return {
        "people": one.people, "erased": one.erased, "forgotten": one.forgotten,
        "reach": {reach.value: count for reach, count in one.reach.items()},
        "fates": {fate.value: count for fate, count in one.fates.items()},
        "out_of_reach": one.out_of_reach, "by_post_yet": one.by_post_yet, "by_mail_yet": one.by_mail_yet,
        "published": one.published, "expected": one.expected, "decision": one.decision, "approved": one.approved,
        "told": one.told, "uncertain": one.uncertain,
    }  # fmt: skip


def _batch_json(one: Progress, standing: Standing) -> dict[str, Any]:
    batch = one.batch
    return {
        "id": batch.id, "channel": batch.channel.value, "at": to_text(batch.at), "by": batch.by, "over": batch.over,
        "letter": batch.letter, "newest": batch.letter == standing.approved, "trouble": batch.trouble,
        "trouble_at": to_text(batch.trouble_at) if batch.trouble_at else "", "total": one.total, "left": one.left,
        "letters": {fate.value: count for fate, count in one.letters.items()},
    }  # fmt: skip


def _draft(args: Args) -> Draft:
    """Read a letter from JSON. Raises LetterRefused."""
    _, body = given_document(args)
    try:
        told = json.loads(body) if len(body) <= _LETTER_BYTES else None
    except (ValueError, RecursionError):  # brackets in brackets in brackets
        told = None
    return read_draft(told)


def _day(args: Args) -> date:
    try:
        return date.fromisoformat(args.text("on", most=_SHORT))
    except ValueError:
        raise BadEntry(what="the day is written 2026-11-24") from None


def _numbers(args: Args, name: str) -> list[int]:
    found = args.texts(name, most=_NUMBERS)
    if not all(one.isascii() and one.isdigit() and len(one) < len(str(TELLING.rows)) + 1 for one in found):
        raise BadEntry(what="letters are named by their numbers")
    return [int(one) for one in found]


VERBS: dict[str, Verb] = {
    "incident_people": incident_people,
    "incident_people_list": incident_people_list,
    "incident_people_preview": incident_people_preview,
    "incident_people_preview_pdf": incident_people_preview_pdf,
    "incident_people_approve": incident_people_approve,
    "incident_people_send": incident_people_send,
    "incident_people_stop": incident_people_stop,
    "incident_people_print": incident_people_print,
    "incident_people_posted": incident_people_posted,
    "incident_people_returned": incident_people_returned,
    "incident_people_settle": incident_people_settle,
    "incident_people_waiting": incident_people_waiting,
    "incident_people_notice": incident_people_notice,
    "incident_people_publish": incident_people_publish,
}
