"""What the entries and facts of a file show under each letter of article 83(2). Pure; nothing is inferred from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from primum.incidents.model import Dossier, Entry, EntryKind, Origin, Standing
from primum.incidents.sanction.shown import AGAINST, FOR, NEUTRAL, Shown, by_entry, by_fact, chosen, counted, day
from primum.incidents.severity.sealed import Worth, sealed

_GRAVE: Final = frozenset({"significant", "maximum"})
_SELF_FOUND: Final = frozenset({"own-probe", "own-check", "own-journal", "staff"})
_TELLING: Final = frozenset({"nir", "financial", "credentials", "location", "offences", "official-documents"})
_GOOD: Final = frozenset({"sealed-at-rest"})
_NOT_NOTIFIED: Final = frozenset({"register-only"})
_LEFT: Final = frozenset({"sent", "posted"})
"""What an entry says of letters that left."""
_AUTHORITY: Final = frozenset({"cnil", "other-dpa"})


def about_nature(dossier: Dossier) -> Iterator[Shown]:
    """Show nature, duration, people, harm (letter a)."""
    if nature := dossier.value("nature"):
        yield by_fact(dossier, AGAINST, "nature", "nature", words=chosen("nature", nature))
    yield from _duration(dossier)
    if (people := dossier.value("people")) is not None:
        if people["count"]:
            yield by_fact(dossier, AGAINST, "people", "people", count=counted(people))
        elif not people.get("at_least"):
            yield by_fact(dossier, FOR, "nobody", "people")
    for key in ("minors", "records"):
        if (value := dossier.value(key)) is not None and value["count"]:
            yield by_fact(dossier, AGAINST, key, key, count=counted(value))
    if harms := dossier.value("harms"):
        yield by_fact(dossier, AGAINST, "harms", "harms", words=chosen("harms", harms))
    if gravity := dossier.value("gravity"):
        side = AGAINST if gravity in _GRAVE else FOR
        yield by_fact(dossier, side, "gravity", "gravity", words=chosen("gravity", gravity))
    if sealed(dossier).worth is Worth.MAY:
        yield by_fact(dossier, FOR, "sealed", "device-power")


def why_it_happened(dossier: Dossier) -> Iterator[Shown]:
    """Show the cause that a person declared (letter b). That it was negligent is not for a file to say."""
    cause = dossier.value("cause")
    if cause and cause not in {"not-known", "other"}:
        side = {"internal-malicious": AGAINST, "external-malicious": NEUTRAL}.get(cause, FOR)
        yield by_fact(dossier, side, "cause", "cause", words=chosen("cause", cause))


def mitigation(dossier: Dossier) -> Iterator[Shown]:
    """Show what was done to end it and to spare people (letter c)."""
    if ended := dossier.value("ended"):
        over = ended["state"] == "ended"
        side, name = (FOR, "ended") if over else (AGAINST, "ongoing")
        yield by_fact(dossier, side, name, "ended", day=day(ended["at"]))
    done = [one for one in dossier.of_kind(EntryKind.ACTION) if one.body["outcome"] == "done"]
    yield from (by_entry(one, FOR, "action", day=day(one.at)) for one in done)
    if dossier.value("measures-after"):
        yield by_fact(dossier, FOR, "measures-after", "measures-after")
    sent = [one for one in dossier.of_kind(EntryKind.LETTER) if one.body["what"] in _LEFT and one.body["count"]]
    yield from (by_entry(one, FOR, "letter", day=day(one.at), count=str(one.body["count"])) for one in sent)


def responsibility(dossier: Dossier) -> Iterator[Shown]:
    """Show which protections there were (letter d)."""
    found = dossier.value("protections-before", [])
    for side, words in ((AGAINST, [one for one in found if one not in _GOOD]), (FOR, _GOOD & set(found))):
        if words:
            named = chosen("protections-before", words)
            yield by_fact(dossier, side, "protections", "protections-before", words=named)
    if dossier.value("measures-before"):
        yield by_fact(dossier, FOR, "measures-before", "measures-before")


def answers(dossier: Dossier) -> Iterator[Shown]:
    """Show what the authority asked and what was sent to it (letter f)."""
    letters = [one for one in _standing(dossier, EntryKind.CORRESPONDENCE) if one.body["other"] in _AUTHORITY]
    answered = {one.body.get("answers") for one in letters}
    in_part = {one.body.get("in_part_of") for one in letters}
    for one in letters:
        at = day(one.body["at"])
        if one.body["direction"] == "sent":
            yield by_entry(one, FOR, "answered", day=at)
        elif (one.body.get("asked") or one.body.get("due")) and one.id not in answered:
            side, name = (NEUTRAL, "answered-in-part") if one.id in in_part else (AGAINST, "unanswered")
            yield by_entry(one, side, name, day=at)


def about_data(dossier: Dossier) -> Iterator[Shown]:
    """Show the categories of data (letter g)."""
    if told := dossier.value("sensitive"):
        if grave := [one for one in told if one != "none"]:
            yield by_fact(dossier, AGAINST, "sensitive", "sensitive", words=chosen("sensitive", grave))
        else:
            yield by_fact(dossier, FOR, "not-sensitive", "sensitive")
    if data := dossier.value("data"):
        side = AGAINST if _TELLING & set(data) else NEUTRAL
        yield by_fact(dossier, side, "data", "data", words=chosen("data", data))


def how_it_was_learned(dossier: Dossier) -> Iterator[Shown]:
    """Show who found it, who told whom first, and whether it was notified (letter h)."""
    if (found := dossier.value("found-by")) in _SELF_FOUND:
        yield by_fact(dossier, FOR, "found-by-us", "found-by", words=chosen("found-by", found))
    if dossier.origin is Origin.AUTHORITY:
        opened = [one for one in dossier.of_kind(EntryKind.OPENED) if one.of == dossier.file.id]
        yield from (by_entry(one, AGAINST, "authority-first") for one in opened)
    for one in dossier.of_kind(EntryKind.RECEIPT):
        yield by_entry(one, FOR, "receipt", day=day(one.body["at"]))
    if "lateness" in dossier.facts and dossier.facts["lateness"].standing is not Standing.UNKNOWN:
        yield by_fact(dossier, AGAINST, "lateness", "lateness")
    decided = dossier.decisions.get("notify")
    if decided is not None and decided.choice in _NOT_NOTIFIED:
        yield from (by_entry(one, NEUTRAL, "not-notified") for one in dossier.entries if one.id == decided.entry)


def orders(dossier: Dossier) -> Iterator[Shown]:
    """Show orders, and what was brought to show that they are met (letter i)."""
    steps = _standing(dossier, EntryKind.ORDER)
    for one in steps:
        due = str(one.body["due"])[:10]
        if one.body.get("what", "order") == "order":
            yield by_entry(one, AGAINST, "order", day=due)
        elif one.body["what"] == "compliance":
            yield by_entry(one, FOR if one.body.get("complete") else NEUTRAL, "order-evidence", day=day(one.at))


def other(dossier: Dossier) -> Iterator[Shown]:
    """Show what else the file holds (letter k). Of gain or avoided cost no fact tells."""
    if "police" in dossier.value("authorities", []):
        yield by_fact(dossier, FOR, "complaint", "authorities")


def _duration(dossier: Dossier) -> Iterator[Shown]:
    if began := dossier.value("began"):
        after = day(began["not_after"])
        if began.get("not_before"):
            before = day(began["not_before"])
            yield by_fact(dossier, AGAINST, "began-before", "began", before=before, day=after)
        else:
            yield by_fact(dossier, AGAINST, "began", "began", day=after)


def _standing(dossier: Dossier, kind: EntryKind) -> list[Entry]:
    """List the entries of a kind that no later one corrects."""
    found = dossier.of_kind(kind)
    gone = {one.body.get("corrects") for one in found}
    return [one for one in found if one.id not in gone]
