"""Mandates to probe, at the terminal: given, looked at, withdrawn, taken out as a file or as a token."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from primum.doors.worker.protocol import BadRequest
from primum.exposure.mandates import Pinned, Wish, pin, read_held, read_ports, read_until
from primum.exposure.mandates.service import spoken_for
from primum.exposure.mandates.writing import facts, said
from primum.exposure.probe.limits import LIMITS

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.exposure.probe.gate import Address


def mandate_give(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give a mandate: addresses of names were pinned, shown and confirmed where the person sits."""
    worker = desk.worker
    pinned = _pinned(args)
    wish = Wish(
        networks=pinned.networks,
        names=pinned.names,
        ports=read_ports(args.text("ports")),
        held=read_held(args.texts("held", most=LIMITS.mandate_ranges)),
        given_by="",
        quality=args.text("quality", most=64),
        for_whom=args.text("for_whom", most=200),
        until=read_until(args.text("until", most=64), worker.rooms.clock.now()),
        reason=args.text("reason", most=500),
        language=worker.rooms.settings.language,
    )
    full_name = worker.people.person(asking.actor.person_id).full_name
    given = worker.exposed.mandates.give(
        asking.actor, spoken_for(wish, by=args.text("by", most=200), full_name=full_name)
    )
    told = facts(given, now=worker.rooms.clock.now())
    return {"mandate": told, "lines": said(told)}


def mandate_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List mandates."""
    now = desk.worker.rooms.clock.now()
    kept = desk.worker.exposed.mandates.every(asking.actor)
    return {"mandates": [facts(one.mandate, now=now, withdrawn=one.withdrawn) for one in kept]}


def mandate_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show one."""
    kept = desk.worker.exposed.mandates.one(asking.actor, args.text("id", most=64))
    told = facts(kept.mandate, now=desk.worker.rooms.clock.now(), withdrawn=kept.withdrawn)
    return {"mandate": told, "lines": said(told)}


def mandate_withdraw(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Withdraw one."""
    desk.worker.exposed.mandates.withdraw(asking.actor, args.text("id", most=64))
    return {"lines": ["withdrawn; a file of it that somebody has counts for them until its end"]}


def mandate_export(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the file of one."""
    return {"note": desk.worker.exposed.mandates.note(asking.actor, args.text("id", most=64))}


def mandate_token(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the secret of one, for a file that only its person may read."""
    what = args.text("what", most=16)
    if what not in {"token", "page"}:
        raise BadRequest
    return {"token": desk.worker.exposed.mandates.token(asking.actor, args.text("id", most=64), what).text()}


def mandate_in_force(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the files of all that are in force: what a probe of this home may go by."""
    mandates, now = desk.worker.exposed.mandates, desk.worker.rooms.clock.now()
    live = [one.mandate.id for one in mandates.every(asking.actor) if one.stands(now)]
    return {"notes": [mandates.note(asking.actor, one) for one in live]}


def _pinned(args: Args) -> Pinned:
    """Take networks, and names as they were pinned (`name=address,address`); nothing is resolved here."""
    names: dict[str, list[Address]] = {}
    for text in args.texts("names", most=LIMITS.mandate_names):
        name, _, found = text.partition("=")
        try:
            names[name] = [ip_address(one) for one in found.split(",")]
        except ValueError:
            raise BadRequest from None
    return pin([*args.texts("networks", most=LIMITS.mandate_networks), *names], lambda name: names.get(name, []))


VERBS: dict[str, Verb] = {
    "mandate_give": mandate_give,
    "mandate_list": mandate_list,
    "mandate_show": mandate_show,
    "mandate_withdraw": mandate_withdraw,
    "mandate_export": mandate_export,
    "mandate_token": mandate_token,
    "mandate_in_force": mandate_in_force,
}
