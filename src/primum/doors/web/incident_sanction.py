"""What an authority would look at, as a page of its own: article 83(2), ceilings, what was decided of others.

No amount is worked out for the file, nor for bodies of its size (decision 0181): each one is of a published decision.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from primum.doors.http.visit import Visit
from primum.doors.web.incident_asking import HERE, ask, file_id
from primum.doors.web.incident_shown import evidence_links
from primum.doors.web.incident_values import tongue
from primum.doors.web.incidents import title_of
from primum.doors.web.language import say
from primum.doors.web.render import Pages, language_of
from primum.incidents.carried import read
from primum.incidents.dated import CONFIDENCE
from primum.incidents.facts.catalogue import VOCABULARIES
from primum.incidents.model import Dossier
from primum.incidents.sanction.ceilings import BACKGROUND_SOURCE, CEILINGS, NOTES, SERIOUSNESS, TURNOVER, Ceiling, Share
from primum.incidents.sanction.criteria import NOTHING, SOURCE, Criterion, criteria
from primum.incidents.sanction.decisions import Comparable, comparable
from primum.incidents.sanction.shown import SIDES

MOST: Final = 12
"""Decisions on the page, the most alike first; the command line lists them all."""


class SanctionPages:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def page(self, visit: Visit) -> Response:
        """Show it. Raises NotPermitted, NoSuchIncident."""
        found, language = ask(visit, "incident_show", id=file_id(visit)), language_of(visit)
        dossier = read(found["file"])
        return self._pages.page(
            visit, "incident_sanction.html", here="incidents", title=title_of(dossier),
            controller=found["controller"], back=f"{HERE}/{dossier.file.id}", **shown(language, dossier),
        )  # fmt: skip


def shown(language: str, dossier: Dossier) -> dict[str, Any]:
    """Compute the page of a file. Pure."""
    mine, alike = tongue(language), comparable(dossier)
    kinds = {one.id: say(language, f"incidents.kind_{one.kind.value}") for one in dossier.entries}
    return {
        "criteria": [_criterion(language, one, kinds) for one in criteria(dossier)],
        "nothing": NOTHING[mine],
        "source": SOURCE["source"],
        "ceilings": [_ceiling(language, one) for one in CEILINGS],
        "notes": [(one.words[mine], one.source, CONFIDENCE[one.confidence][mine]) for one in NOTES],
        "seriousness": [_share(language, one) for one in SERIOUSNESS],
        "turnover": [_share(language, one) for one in TURNOVER],
        "background": BACKGROUND_SOURCE,
        "alike": [_ruling(language, one) for one in alike[:MOST]],
        "more": max(len(alike) - MOST, 0),
    }


def _criterion(language: str, one: Criterion, kinds: dict[str, str]) -> dict[str, Any]:
    mine = tongue(language)
    return {
        "letter": one.letter,
        "says": one.words[mine],
        "seen": one.seen,
        "shown": [
            {
                "side": each.side,
                "side_says": SIDES[each.side][mine],
                "says": each.words[mine],
                "entries": [(kinds.get(entry, ""), entry) for entry in each.entries],
                "evidence": evidence_links(language, each.evidence),
            }
            for each in one.shown
        ],
    }


def _ceiling(language: str, one: Ceiling) -> dict[str, str]:
    mine = tongue(language)
    parts = [
        say(language, "incident_sanction.eur", amount=money(language, one.eur)) if one.eur else "",
        say(language, "incident_sanction.percent", percent=one.turnover_percent) if one.turnover_percent else "",
        say(language, "incident_sanction.a_day", amount=money(language, one.eur_a_day)) if one.eur_a_day else "",
    ]
    return {
        "name": one.name, "says": one.words[mine], "most": " · ".join(filter(None, parts)), "source": one.source,
        "confidence": CONFIDENCE[one.confidence][mine],
    }  # fmt: skip


def _share(language: str, one: Share) -> dict[str, str]:
    told = say(language, "incident_sanction.share", low=f"{one.from_percent:g}", high=f"{one.to_percent:g}")
    mine = tongue(language)
    return {
        "says": one.words[mine], "share": told.replace(".", ",") if mine == "fr" else told,
        "confidence": CONFIDENCE[one.confidence][mine],
    }  # fmt: skip


def _ruling(language: str, one: Comparable) -> dict[str, Any]:
    mine, ruling = tongue(language), one.ruling
    penalty = money(language, ruling.penalty_eur_a_day) if ruling.penalty_eur_a_day else ""
    sure = {name: CONFIDENCE[word][mine] for name, word in ruling.confidence.items()}
    return {
        "named": ", ".join(filter(None, (ruling.number, ruling.name, ruling.date))),
        "who": ruling.who[mine],
        "size": VOCABULARIES["size"].get(ruling.size, {}).get(mine, ""),
        "fine": money(language, ruling.fine_eur),
        "penalty": say(language, "incident_sanction.a_day", amount=penalty) if penalty else "",
        "articles": ", ".join(ruling.articles),
        "facts": ruling.facts[mine],
        "follow_up": ruling.follow_up[mine],
        "reasons": [each.words[mine] for each in one.reasons],
        "source": ruling.source,
        "sure": [(say(language, f"incident_sanction.sure_{name}"), text) for name, text in sure.items()],
    }


def money(language: str, amount: int) -> str:
    """Write an amount in euros, with the thousands apart."""
    apart = "\N{NARROW NO-BREAK SPACE}" if tongue(language) == "fr" else ","
    return f"{amount:,}".replace(",", apart)
