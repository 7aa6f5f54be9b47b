"""What a report from outside is worth. Pure: what was made, what came back, what our doors saw, whose address it was.

The order of the questions is that of `Standing`; the first that is answered with no decides. Openings that a report
found are told whatever it is worth: only what it did not find needs proof.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from primum.exposure.outside.announced import digest_of, is_nonce
from primum.exposure.outside.limits import LIMITS, Limits
from primum.exposure.outside.model import Judged, MadeProbe, Returned, Sighting, Standing
from primum.exposure.probe.outside.control import Reached, is_true


def judge(
    made: MadeProbe | None,
    returned: Returned,
    sightings: Iterable[Sighting],
    own_addresses: Collection[str],
    *,
    now: datetime,
    limits: Limits = LIMITS,
) -> Judged:
    """Judge. `own_addresses`: outer addresses that a control saw us under when the probe was made or read."""
    refused = _of_the_file(made, returned, now, limits)
    if refused is not None or made is None:
        return Judged(standing=refused or Standing.UNKNOWN)
    if not made.control_key and not returned.vouched:
        return Judged(standing=Standing.NO_CONTROL)
    true = [one for one in returned.controls if _answers(one, made, returned, limits)]
    if not true:
        none = returned.vouched and not returned.controls
        return Judged(standing=Standing.NO_CONTROL if none else Standing.CONTROL_UNREACHED)
    seen_as = tuple(sorted({one.seen_as for one in true}))
    asked = {address for address, _ in returned.asked}
    if not all(map(_is_public, (*asked, *seen_as))) or _is_same_line(seen_as, (*asked, *own_addresses)):
        return Judged(standing=Standing.NOT_OUTSIDE, seen_as=seen_as)
    seen = list(sightings)
    if not seen and not asked <= set(own_addresses):
        return Judged(standing=Standing.NOT_THIS_TARGET, seen_as=seen_as)
    blocked = _blocked(returned.asked, true)
    return Judged(
        standing=Standing.PORTS_BLOCKED if blocked else Standing.ACCEPTED,
        seen_as=seen_as,
        blocked=blocked,
        reached_us=bool(seen),
        rewritten=any(one.address not in seen_as for one in seen),
        sightings=tuple(seen),
    )


def _of_the_file(made: MadeProbe | None, returned: Returned, now: datetime, limits: Limits) -> Standing | None:
    """Judge what can be told without the control."""
    if made is None or not is_nonce(returned.nonce) or digest_of(returned.nonce) != made.digest:
        return Standing.UNKNOWN
    if made.spent_at is not None:
        return Standing.SPENT
    if returned.started_at >= made.expires_at or now >= made.expires_at + limits.nonce_lasts:
        return Standing.EXPIRED
    if returned.plan_digest != made.plan_digest:
        return Standing.CHANGED
    early = returned.started_at < made.made_at - limits.clock_skew
    if early or returned.ended_at > now + limits.clock_skew or returned.ended_at < returned.started_at:
        return Standing.WRONG_TIME
    return Standing.VOID if returned.void else None


def _answers(answer: Reached, made: MadeProbe, returned: Returned, limits: Limits) -> bool:
    """Tell whether the control gave this answer, during this run, by its own clock."""
    slack = limits.clock_skew.total_seconds()
    during = returned.started_at.timestamp() - slack <= answer.instant <= returned.ended_at.timestamp() + slack
    return during and (returned.vouched or is_true(answer, made.control_key))


def _is_public(address: str) -> bool:
    return ip_address(address).is_global


def _is_same_line(seen_as: Iterable[str], ours: Iterable[str]) -> bool:
    """Tell whether the probe came from the very line that it asked about (IPv6 of one line begins alike)."""
    lines = {_line(one) for one in ours}
    return any(_line(one) in lines for one in seen_as)


def _line(address: str) -> IPv4Network | IPv6Network:
    parsed = ip_address(address)
    return ip_network(f"{address}/{_LINE_BITS if parsed.version == _IPV6 else 32}", strict=False)


_IPV6 = 6
_LINE_BITS = 56
"""Of an access line's prefix (RFC 6177 2: /48 to /64; mobile lines have a /64 each, far from one's own)."""


def _blocked(asked: Iterable[tuple[str, int]], true: Iterable[Reached]) -> tuple[tuple[int, int], ...]:
    """List the ports, by IP version, that were asked of the target and on which the control was not reached."""
    reached = {(ip_address(one.seen_as).version, one.port) for one in true}
    wanted = {(ip_address(address).version, port) for address, port in asked}
    return tuple(sorted(wanted - reached))
