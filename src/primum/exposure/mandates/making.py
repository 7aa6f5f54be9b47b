"""From what somebody wishes to a mandate: addresses pinned, bounds and qualities kept. Pure but for the resolver."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from primum.exposure.mandates.errors import BadWish, NameUnknown
from primum.exposure.mandates.rules import mandate_rules
from primum.exposure.probe.gate import Address, Mandate, Network, Ports
from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.mandating import canonical_networks, check_networks, check_ports, check_times, is_name
from primum.ground.ids import new_id

Resolve = Callable[[str], Sequence[Address]]
_RANGE: Final = re.compile(r"(?:(mapping|range):)?(\d{1,5})(?:-(\d{1,5}))?")
_SHARED: Final = ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be allowed. `networks` and `names` are pinned already (`pin`)."""

    networks: tuple[Network, ...]
    names: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    ports: Ports
    held: tuple[tuple[int, int, str], ...] = ()
    given_by: str
    """The full name of who allows it."""
    quality: str
    for_whom: str = ""
    """Whose it is, where that is not who allows it."""
    recorded_by: str = ""
    """Who writes it down, where that is not who allows it."""
    until: datetime | None = None
    reason: str
    language: str = "fr"


@dataclass(frozen=True, slots=True)
class Pinned:
    """What targets came to: networks, and the addresses that names had when they were asked for."""

    networks: tuple[Network, ...]
    names: dict[str, tuple[Address, ...]]


def resolve(name: str) -> list[Address]:
    """Ask this machine's resolver. Raises NameUnknown."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NameUnknown(name=name) from None
    return [ip_address(str(one[4][0]).partition("%")[0]) for one in found]


def pin(targets: Sequence[str], ask: Resolve = resolve, limits: Limits = LIMITS) -> Pinned:
    """Read addresses, networks and names; ask for the addresses of names, each once. Raises BadWish, NameUnknown."""
    networks: list[Network] = []
    names: dict[str, tuple[Address, ...]] = {}
    for target in targets:
        plain = _network(target)
        if plain is not None:
            networks.append(plain)
            continue
        name = target.lower().removesuffix(".")
        if not is_name(name) or len(names) >= limits.mandate_names:
            raise BadWish(what="a target is an address, a network or a name")
        found = tuple(sorted(set(ask(name)), key=lambda one: (one.version, int(one))))
        if not 0 < len(found) <= limits.name_addresses:
            raise NameUnknown(name=name)
        names[name] = found
        networks.extend(ip_network(one) for one in found)
    pinned = Pinned(canonical_networks(networks), names)
    check_networks(pinned.networks, limits)
    return pinned


def read_ports(text: str) -> Ports:
    """Read `104,8000-8100` into ranges, in order and joined. Raises BadWish."""
    return check_ports(_joined([(low, high) for low, high, _ in _ranges(text)]))


def read_held(texts: Sequence[str]) -> tuple[tuple[int, int, str], ...]:
    """Read `mapping:11112`, `range:8000-8100`; a mapping where it is not said. Raises BadWish."""
    found = sorted({one for text in texts for one in _ranges(text)})
    check_ports([(low, high) for low, high, _ in found], empty=True)
    return tuple((low, high, by or "mapping") for low, high, by in found)


def read_until(text: str, now: datetime) -> datetime | None:
    """Read the last day (UTC, that day included) or an instant; None where nothing was said. Raises BadWish."""
    if not text:
        return None
    try:
        if len(text) == len("2026-01-01"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), now.tzinfo) + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadWish(what="--until is a day (YYYY-MM-DD) or an instant") from None
    if at.tzinfo is None:
        raise BadWish(what="an instant has its time zone")
    return at


def make(wish: Wish, *, now: datetime, key: str, limits: Limits = LIMITS) -> Mandate:
    """Make the mandate, from now on. Raises BadWish, BadMandate."""
    rules = mandate_rules()
    quality = rules.qualities.get(wish.quality)
    starts_at = now.replace(microsecond=0)
    ends_at = (wish.until or starts_at + rules.longest).replace(microsecond=0)
    if quality is None:
        raise BadWish(what=f"the quality of who allows is one of {', '.join(rules.qualities)}")
    if not wish.given_by.strip() or not wish.reason.strip():
        raise BadWish(what="it says who allows, and why")
    if ends_at - starts_at > rules.longest:
        raise BadWish(what=f"it lasts {rules.longest.days} days at most")
    if not quality.controls and not wish.for_whom.strip():
        raise BadWish(what="who allows does not answer for the target themselves: --for says who does")
    if _needs_held(wish) and not wish.held:
        raise BadWish(what="a public IPv4 address may serve several subscribers: --held says which ports are yours")
    check_times(starts_at, ends_at, limits)
    template = (rules.words if quality.controls else rules.words_for)[_language(wish)]
    words = template.format(
        given_by=wish.given_by, quality=quality.said(wish.language), for_whom=wish.for_whom, reason=wish.reason,
        recorded_by=wish.recorded_by or wish.given_by, start=starts_at.date(), end=ends_at.date(),
    )  # fmt: skip
    return Mandate(
        id=new_id("mdt"), given_by=wish.given_by, quality=wish.quality, networks=wish.networks, ports=wish.ports,
        held=tuple((low, high) for low, high, _ in wish.held), held_by=tuple(by for *_, by in wish.held),
        names=dict(wish.names), starts_at=starts_at, ends_at=ends_at, for_whom=wish.for_whom,
        recorded_by=wish.recorded_by, words=words, key=key,
    )  # fmt: skip


def _language(wish: Wish) -> str:
    return "fr" if wish.language == "fr" else "en"


def _needs_held(wish: Wish) -> bool:
    """Tell whether all of it is public IPv4: without held ports such a mandate would allow nothing."""
    return all(_public(IPv4Address(int(one.network_address))) for one in wish.networks if one.version == 4) and all(  # noqa: PLR2004
        one.version == 4 or IPv6Address(int(one.network_address)).ipv4_mapped is not None  # noqa: PLR2004
        for one in wish.networks
    )


def _public(address: IPv4Address) -> bool:
    return address.is_global or address in _SHARED


def _network(text: str) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        if "/" in text:
            raise BadWish(what="a network is written with its first address, as 192.0.2.0/24") from None
        return None


def _ranges(text: str) -> list[tuple[int, int, str]]:
    found = []
    for part in text.split(","):
        read = _RANGE.fullmatch(part.strip())
        if read is None:
            raise BadWish(what="ports are written as 104,8000-8100")
        found.append((int(read[2]), int(read[3] or read[2]), read[1] or ""))
    return found


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Put ranges in order, and join those that touch."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined
