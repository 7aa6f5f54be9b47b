"""Mail about proposals: what and when, nobody's name, no link. Who and for whom is read after signing in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from primum.ground.clock import to_text
from primum.identity.model import Person, Proposal, State
from primum.identity.people import People


class Words(NamedTuple):
    """A notice in one language."""

    subject: str
    text: str
    by_delay: str
    by_approval: str


_FR = Words(
    subject="Primum : une habilitation est proposée",
    text="""Quelqu'un propose qu'une personne puisse voir des patients, ou s'inscrire à nouveau.
{when}

Connectez-vous à Primum, comme vous le faites d'habitude, pour voir qui l'a proposé et pour l'annuler.
Ce message ne contient pas de lien : n'en suivez aucun.
""",
    by_delay="Elle prendra effet le {at} si personne ne l'annule.",
    by_approval="Elle attend l'approbation d'une deuxième personne.",
)
_EN = Words(
    subject="Primum: a right has been proposed",
    text="""Somebody proposes that a person may see patients, or may enrol anew.
{when}

Sign in to Primum, the way you always do, to see who proposed it and to cancel it.
This message has no link: follow none.
""",
    by_delay="It takes effect at {at} unless somebody cancels it.",
    by_approval="It waits for a second person's approval.",
)


def notice_text(one: Proposal, language: str) -> tuple[str, str]:
    """Write the subject and the text of a notice. They name nobody."""
    words = _FR if language == "fr" else _EN
    when = words.by_delay.format(at=to_text(one.effective_at)) if one.effective_at else words.by_approval
    return words.subject, words.text.format(when=when)


Send = Callable[[Sequence[str], str, str, datetime], None]
"""Mails (addresses, subject, text, at); raises where the server does not take it."""


def mail_notices(people: People, send: Send, now: datetime) -> int:
    """Mail what has not been mailed, to everybody with an address. A notice is marked once all was accepted."""
    addressees = [one for one in people.list() if one.mail and one.state is State.ENROLLED]
    due = people.unmailed()
    for one in due:
        for language in sorted({person.language for person in addressees}):
            send(_addresses(addressees, language), *notice_text(one, language), now)
        people.mailed(one.id, now)
    return len(due)


def _addresses(people: list[Person], language: str) -> list[str]:
    return [one.mail for one in people if one.language == language]
