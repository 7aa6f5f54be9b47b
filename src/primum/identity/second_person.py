"""Two people, or a day: how a proposal comes into force. Pure (docs/design/access.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from primum.identity.permissions import Actor, Permission, Thing, decide

DELAY = timedelta(hours=24)
"""Where nobody else may approve: long enough for a mail to be read."""

APPROVAL_LASTS = timedelta(days=14)
"""A proposal that nobody approved in this time is void: rights are not left lying about."""

SHOWN_AFTER = timedelta(days=7)
"""How long a notice stays on the home page after what it announces took effect."""


class Way(StrEnum):
    """How a proposal comes into force."""

    AT_ONCE = "at-once"
    APPROVAL = "approval"
    DELAY = "delay"


def way_for(
    thing: Thing, *, is_guarded: bool, enrolled: Iterable[Actor], action: Permission = Permission.GRANT_APPROVE
) -> Way:
    """Choose the way. `thing.parties` are the proposer and the beneficiary; `enrolled` everybody who can sign in.

    `action` is the permission that the second person needs.
    """
    if not is_guarded:
        return Way.AT_ONCE
    return Way.APPROVAL if any(may_approve(one, thing, action) for one in enrolled) else Way.DELAY


def may_approve(actor: Actor, thing: Thing, action: Permission = Permission.GRANT_APPROVE) -> bool:
    """Tell whether this person could approve, once fresh."""
    return decide(replace(actor, fresh=True), action, thing).allowed


def effective_at(way: Way, proposed_at: datetime) -> datetime | None:
    """Tell when a proposal takes effect by itself; None where it waits for somebody."""
    match way:
        case Way.AT_ONCE:
            return proposed_at
        case Way.DELAY:
            return proposed_at + DELAY
        case Way.APPROVAL:
            return None
