"""Who gets a letter, and how many nobody reached. Pure: told what was listed and what became of earlier letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from primum.incidents.telling.model import BACK, HELD, RANK, Channel, Fate, Listed, Reach, Standing

Fates = Sequence[tuple[Fate, Listed]]


def mail_key(address: str) -> str:
    """Write a mail address so that two ways of writing it are one: twice is worse than a capital ignored."""
    return address.casefold()


def choose(channel: Channel, people: Iterable[Listed], before: Fates, *, mail: bool = True) -> list[list[Listed]]:
    """Group the people of a list into letters that are still to be sent, one group a letter.

    By mail, all who share an address get one. By post, each who has an address and whom no mail reaches (`mail`
    False: no mail leaves this home). `before`: what became of the letters of the same text. Nobody who has one, or may
    have one, gets another.
    """
    reached = _Reached(before)
    left = [one for one in people if not one.gone and not reached.has(one)]
    if channel is Channel.POST:
        return [[one] for one in left if one.who.address and not (mail and reached.may_mail(one))]
    groups: dict[str, list[Listed]] = {}
    for one in left:
        if mail and reached.may_mail(one):
            groups.setdefault(mail_key(one.who.mail), []).append(one)
    return list(groups.values())


class _Reached:
    """Who has a letter, by whichever of their traits; and which addresses took no letter."""

    def __init__(self, before: Fates) -> None:
        held = [one for fate, one in before if fate in HELD]
        self._people = {one.id for one in held}
        self._references = {one.who.reference for one in held} - {""}
        self._back = {mail_key(one.who.mail) for fate, one in before if fate in BACK} - {""}
        self._mails = {mail_key(one.who.mail) for one in held} - {""}

    def has(self, one: Listed) -> bool:
        """Tell whether somebody has a letter that arrived, leaves or may have arrived."""
        return one.id in self._people or one.who.reference in self._references

    def may_mail(self, one: Listed) -> bool:
        """Tell whether somebody has a mail address to which no letter went, and from which none came back."""
        return bool(one.who.mail) and mail_key(one.who.mail) not in self._back | self._mails


def count(people: Sequence[Listed], before: Fates, *, mail: bool = True) -> Standing:
    """Count where the people of a list stand. `before`: what became of letters of any text."""
    by_person, by_reference = _best(before)
    fates = {one.id: _fate(one, by_person, by_reference) for one in people}
    post = {one[0].id for one in choose(Channel.POST, people, before, mail=mail)}
    mailed = {one.id for group in choose(Channel.MAIL, people, before, mail=mail) for one in group}
    reachable = post | mailed | {one.id for one in people if fates[one.id] in HELD}
    return Standing(
        people=len(people),
        erased=sum(one.gone == "erased" for one in people),
        forgotten=sum(one.gone == "closed" for one in people),
        reach=Counter({reach: sum(one.reach is reach for one in people) for reach in Reach}),
        fates=Counter(fate for fate in fates.values() if fate is not None),
        out_of_reach=sum(not one.gone and one.id not in reachable for one in people),
        by_post_yet=len(post),
        by_mail_yet=len(mailed),
    )


def _best(before: Fates) -> tuple[dict[str, Fate], dict[str, Fate]]:
    by_person: dict[str, Fate] = {}
    by_reference: dict[str, Fate] = {}
    for fate, one in before:
        for known, key in ((by_person, one.id), (by_reference, one.who.reference)):
            if key and (key not in known or RANK[fate] > RANK[known[key]]):
                known[key] = fate
    return by_person, by_reference


def _fate(one: Listed, by_person: dict[str, Fate], by_reference: dict[str, Fate]) -> Fate | None:
    found = [each for each in (by_person.get(one.id), by_reference.get(one.who.reference)) if each is not None]
    return max(found, key=RANK.__getitem__, default=None)
