"""A mandate as a document: canonical bytes, read strictly and within bounds (docs/design/exposure.md, Mandates).

Of the standard library alone: the one-file probe reads what was put into it and cannot verify Ed25519; the full
installation verifies (mandates/signing.py) before anything is read here.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from typing import TYPE_CHECKING, Any, ClassVar, Final

from primum.exposure.probe.gate import Address, Mandate, Network, Ports, ProbeRefused
from primum.exposure.probe.limits import LIMITS, Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FIRST_LINE: Final = "mandate.primum.invalid/1"
"""What the signed text begins with: no checkpoint does (RFC 6761 6.4)."""

HELD_BY: Final = frozenset({"mapping", "range"})

_ID: Final = re.compile(r"mdt_[a-z2-7]{26}")
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*")
_TEXTS: Final = ("for_whom", "given_by", "key", "quality", "recorded_by", "words")
_NEEDED: Final = frozenset({"given_by", "key", "quality", "words"})
_FIELDS: Final = frozenset({"ends_at", "held", "id", "names", "networks", "ports", "starts_at", *_TEXTS})
_LAST_PORT: Final = 65_535
_V4_ELSEWHERE: Final = tuple(map(IPv4Network, ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")))
_V6_ELSEWHERE: Final = tuple(map(IPv6Network, ("::/128", "ff00::/8")))


class BadMandate(ProbeRefused):
    """The mandate cannot be used: {what}."""

    code: ClassVar[str] = "probe.bad-mandate"
    hint: ClassVar[str] = "take the file that primum mandate give or export wrote, unchanged; or give another"


def write(mandate: Mandate) -> str:
    """Write the text that is signed: two lines. Raises BadMandate where it could not be read again."""
    held = [[low, high, by] for (low, high), by in zip(mandate.held, mandate.held_by, strict=True)]
    document = {
        "ends_at": _text(mandate.ends_at),
        "for_whom": mandate.for_whom,
        "given_by": mandate.given_by,
        "held": held,
        "id": mandate.id,
        "key": mandate.key,
        "names": {name: [str(one) for one in found] for name, found in mandate.names.items()},
        "networks": [str(one) for one in mandate.networks],
        "ports": [list(one) for one in mandate.ports],
        "quality": mandate.quality,
        "recorded_by": mandate.recorded_by,
        "starts_at": _text(mandate.starts_at),
        "words": mandate.words,
    }
    text = f"{FIRST_LINE}\n{_canonical(document)}\n"
    if parse(text) != mandate:
        raise BadMandate(what="it is not in its canonical order")
    return text


def unverified(note: str, limits: Limits = LIMITS) -> Mandate:
    """Read a mandate's file without looking at its signature: for the one-file probe, and to show one."""
    text, separator, _ = note.partition("\n\n")
    if not separator:
        raise BadMandate(what="it is not signed")
    return parse(text + "\n", limits)


def parse(text: str, limits: Limits = LIMITS) -> Mandate:
    """Read the signed text. Raises BadMandate on all that `write` would not have written."""
    if len(text) > limits.mandate_bytes:
        raise BadMandate(what="it is too long")
    first, _, rest = text.partition("\n")
    if first != FIRST_LINE or not rest.endswith("\n"):
        raise BadMandate(what="it is no mandate of this version")
    document = _loaded(rest[:-1])
    try:
        return _read(document, limits)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        raise BadMandate(what="a field does not have its shape") from None


def _loaded(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise BadMandate(what="it is not JSON") from None
    # one spelling only: doubled keys, spaces, other orders and unpaired surrogates do not come back the same
    if not isinstance(document, dict) or document.keys() != _FIELDS or _canonical(document) != line:
        raise BadMandate(what="it is not in its canonical form")
    return document


def _read(document: Mapping[str, Any], limits: Limits) -> Mandate:
    texts = {name: _worded(name, document[name], limits) for name in _TEXTS}
    if not _ID.fullmatch(document["id"]):
        raise BadMandate(what="its id has not the shape of one")
    starts_at, ends_at = _instant(document["starts_at"]), _instant(document["ends_at"])
    check_times(starts_at, ends_at, limits)
    networks = tuple(ip_network(one) for one in _list(document["networks"], limits.mandate_networks))
    check_networks(networks, limits)
    held = [(_port(low), _port(high), by) for low, high, by in _list(document["held"], limits.mandate_ranges)]
    if any(by not in HELD_BY for *_, by in held):
        raise BadMandate(what="a port is held by a mapping or a range")
    return Mandate(
        id=document["id"],
        networks=networks,
        ports=check_ports([(_port(low), _port(high)) for low, high in _list(document["ports"], limits.mandate_ranges)]),
        held=check_ports([(low, high) for low, high, _ in held], empty=True),
        held_by=tuple(by for *_, by in held),
        names=_names(document["names"], networks, limits),
        starts_at=starts_at,
        ends_at=ends_at,
        **texts,
    )


def is_name(text: str) -> bool:
    """Tell whether this is a name as it is pinned: in small letters, without a last dot."""
    return bool(_NAME.fullmatch(text))


def check_times(starts_at: datetime, ends_at: datetime, limits: Limits = LIMITS) -> None:
    """Refuse a time that is empty or too long. Raises BadMandate."""
    if not timedelta() < ends_at - starts_at <= timedelta(days=limits.mandate_days):
        raise BadMandate(what=f"it lasts at least a second and at most {limits.mandate_days} days")


def check_networks(networks: Iterable[Network], limits: Limits = LIMITS) -> None:
    """Refuse none, too many, those of nobody, and what is not in order. Raises BadMandate."""
    found = tuple(networks)
    if not found or len(found) > limits.mandate_networks or found != canonical_networks(found):
        raise BadMandate(what="its networks are none, too many, or not in order")
    if sum(one.num_addresses for one in found) > limits.addresses:
        raise BadMandate(what=f"it reaches further than {limits.addresses} addresses")
    if any(_elsewhere(one) for one in found):
        raise BadMandate(what="a network of it belongs to nobody (this network, multicast, reserved)")


def canonical_networks(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Put networks in their order, without what another one holds."""
    found = tuple(networks)
    fours = collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    sixes = collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    return (*fours, *sixes)


def check_ports(ranges: Iterable[tuple[int, int]], *, empty: bool = False) -> Ports:
    """Refuse ports that are none, or ranges that are not in order and apart. Raises BadMandate."""
    found = tuple(ranges)
    if not found and not empty:
        raise BadMandate(what="it names no port")
    before = 0
    for low, high in found:
        if not before < low <= high <= _LAST_PORT:
            raise BadMandate(what="its ports are not in order, or no ports")
        before = high
    return found


def _names(given: Mapping[str, Any], networks: tuple[Network, ...], limits: Limits) -> dict[str, tuple[Address, ...]]:
    if len(given) > limits.mandate_names:
        raise BadMandate(what="it pins too many names")
    names: dict[str, tuple[Address, ...]] = {}
    for name, written in given.items():
        found = tuple(ip_address(one) for one in _list(written, limits.name_addresses))
        if not is_name(name) or not found:
            raise BadMandate(what="a name in it is none, or has no address")
        if not all(any(one in network for network in networks) for one in found):
            raise BadMandate(what="a name in it is pinned to an address outside it")
        names[name] = found
    return names


def _elsewhere(network: Network) -> bool:
    if isinstance(network, IPv4Network):
        return any(network.overlaps(one) for one in _V4_ELSEWHERE)
    return any(network.overlaps(one) for one in _V6_ELSEWHERE)


def _worded(name: str, text: object, limits: Limits) -> str:
    """Give a text that shows in one line: it is printed as it is."""
    fits = isinstance(text, str) and len(text) <= limits.mandate_text and (not text or text.isprintable())
    if not fits or (name in _NEEDED and not text):
        raise BadMandate(what="a text in it is empty, too long, or not in one line")
    return str(text)


def _port(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadMandate(what="a port in it is no number")
    return number


def _list(given: object, most: int) -> list[Any]:
    if not isinstance(given, list) or len(given) > most:
        raise BadMandate(what="a list in it is too long, or none")
    return given


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None or _text(at.astimezone(UTC)) != text:
        raise BadMandate(what="an instant in it is not one of UTC")
    return at.astimezone(UTC)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")[: -len("+00:00")] + "Z"


def _canonical(document: object) -> str:
    return json.dumps(document, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
