"""Do our doors listen where the settings say, no wider, and is it we who listen?"""

from __future__ import annotations

import ipaddress

from primum.exposure.checks.catalogue import Rule
from primum.exposure.checks.gathering.sockets import Listener
from primum.exposure.checks.model import Finding
from primum.exposure.checks.sources import Asked, Door, Sources

_EVIDENCE = ("/proc/net/tcp, /proc/net/tcp6", "primum.toml")


def check(sources: Sources, _rule: Rule, _asked: Asked) -> Finding:
    """Compare."""
    doors, listening = sources.doors(), sources.listening()
    wider = [_said(door, one) for door in doors for one in listening if one.port == door.port and _wider(door, one)]
    closed = [f"{one.name} {one.address}:{one.port}" for one in doors if not any(_is(one, it) for it in listening)]
    open_to = [f"{one.name} {one.address}:{one.port}" for one in doors]
    user = sources.own().user
    foreign = [
        f"{door.name} {one.address}:{one.port} {one.program}".strip()
        for door in doors for one in listening if _is(door, one) and user not in {None, one.user}
    ]  # fmt: skip
    if foreign:
        return Finding("foreign", {"count": len(foreign)}, foreign, _EVIDENCE)
    since = sources.contained()
    left = [_said(door, one) for door in doors for one in listening if one.port == door.port and one.beyond()]
    if since and left:
        return Finding("not-contained", {"count": len(left), "since": since}, left, _EVIDENCE)
    if since and not wider:
        return Finding("contained", {"since": since}, (), (*_EVIDENCE, "closed.json"))
    if wider:
        return Finding("wider", {"count": len(wider)}, wider, _EVIDENCE)
    if closed:
        return Finding("closed", {"count": len(closed)}, closed, _EVIDENCE)
    return Finding("as-configured", {"count": len(doors)}, open_to, _EVIDENCE)


def _is(door: Door, one: Listener) -> bool:
    if one.port != door.port:
        return False
    return one.address == door.address or (_everywhere(one.address) and _everywhere(door.address))


def _wider(door: Door, one: Listener) -> bool:
    """Tell whether something listens on a door's port where the settings do not say so, for others to call."""
    return one.beyond() and not _is(door, one)


def _everywhere(address: str) -> bool:
    return ipaddress.ip_address(address).is_unspecified if address[:1].isdigit() or ":" in address else False


def _said(door: Door, one: Listener) -> str:
    return f"{door.name} {one.address}:{one.port}"
