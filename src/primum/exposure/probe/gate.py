"""Whom the probe may ask what: decided here, before a packet leaves (docs/design/exposure.md, 2).

Pure: addresses of this machine, mandates, proofs and the instant are handed in. A private address range is no
proof of anything; a name proves a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import ClassVar, Final

from primum.exposure.probe.model import NEEDS_CONTROL, WRITES, Identity, Rung
from primum.ground.errors import PrimumError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Ports = tuple[tuple[int, int], ...]
"""Ranges of ports, both ends included."""

PROOF_LASTS: Final = timedelta(hours=24)
"""A proof of control is good for a working day: addresses of access lines change at night."""

_SHARED: Final = IPv4Network("100.64.0.0/10")
"""Shared address space of carriers (RFC 6598): nobody holds an address of it."""


class ProbeRefused(PrimumError):
    """The probe would have asked what nobody allowed."""

    code: ClassVar[str] = "probe.refused"


class NotMandated(ProbeRefused):
    """Nobody has allowed to probe {address} on port {port}."""

    code: ClassVar[str] = "probe.not-mandated"
    hint: ClassVar[str] = "who is responsible for it may: primum mandate give; a private address is no permission"


class NotMandatedNow(ProbeRefused):
    """The mandate for {address} is not in force."""

    code: ClassVar[str] = "probe.mandate-expired"
    hint: ClassVar[str] = "ask who gave it for another: primum mandate give"


class NotHeld(ProbeRefused):
    """Port {port} of {address} is not known to be yours: one public address may serve several subscribers."""

    code: ClassVar[str] = "probe.port-not-held"
    hint: ClassVar[str] = "give a mapping of your own router or the range that your operator declared, with --held"


class NotProven(ProbeRefused):
    """{rung} is asked only of a target that has proven that you control it; {address} has not."""

    code: ClassVar[str] = "probe.control-not-proven"
    hint: ClassVar[str] = "serve the mandate's token on it, or run there: python3 probe.pyz prove"


class NeverWritten(ProbeRefused):
    """Nothing is ever written to a target: {rung} is only negotiated."""

    code: ClassVar[str] = "probe.never-writes"


class NotPinned(ProbeRefused):
    """No mandate says which address {name} is; no resolver is asked before there is one."""

    code: ClassVar[str] = "probe.name-not-pinned"
    hint: ClassVar[str] = "primum mandate give --host with this name: it is resolved then, and shown to you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Who allows whom to probe what, until when. `held` counts for public IPv4 alone. Signed elsewhere."""

    id: str
    given_by: str
    quality: str
    networks: tuple[Network, ...]
    ports: Ports
    held: Ports = ()
    names: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    starts_at: datetime
    ends_at: datetime
    for_whom: str = ""
    """Whose premises or archive it is, where that is not who allows it."""
    recorded_by: str = ""
    """Who wrote it down, where that is not who allows it."""
    words: str = ""
    """What is allowed, as it was shown, and why."""
    held_by: tuple[str, ...] = ()
    """By what each range of `held` is held: `mapping` of one's own router, or `range` that the operator declared."""
    key: str = ""
    """Verifier key (C2SP signed-note) of who signed; a signature is verified by the full installation."""

    def covers(self, address: Address, port: int) -> bool:
        """Tell whether address and port are within it, whenever."""
        return any(address in one for one in self.networks) and _within(port, self.ports)


@dataclass(frozen=True, slots=True)
class Proof:
    """The target at `address` proved, at `at`, that who holds the mandate's token controls it."""

    mandate: str
    address: Address
    at: datetime


class Gate:
    """What one run may do. `is_own` tells an address of this machine; `now` gives aware UTC."""

    def __init__(
        self, *, is_own: Callable[[Address], bool], mandates: Iterable[Mandate], now: Callable[[], datetime]
    ) -> None:
        """Begin with no proof."""
        self.is_own = is_own
        self.mandates = tuple(mandates)
        self.now = now
        self.proofs: list[Proof] = []

    def require(self, address: Address, port: int, rung: Rung, identity: Identity) -> Mandate | None:
        """Return under which mandate this may be asked, None where it is this machine's own.

        Raises NeverWritten, NotMandated, NotMandatedNow, NotHeld, NotProven.
        """
        if rung in WRITES:
            raise NeverWritten(rung=rung.value)
        if self.is_own(address):
            return None
        mandate = self._mandate(address, port)
        if not _may_be_asked_at(address, port, mandate):
            raise NotHeld(address=str(address), port=port)
        if (rung in NEEDS_CONTROL or identity is Identity.DEFAULT) and not self.proven(address):
            raise NotProven(address=str(address), rung=rung.value)
        return mandate

    def proven(self, address: Address) -> bool:
        """Tell whether this address is controlled by who asks: this machine's own, or proven within a day."""
        now = self.now()
        return self.is_own(address) or any(
            one.address == address and timedelta() <= now - one.at <= PROOF_LASTS for one in self.proofs
        )

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses that mandates in force pin to `name`, without asking anybody. Raises NotPinned."""
        wanted = name.lower().rstrip(".")
        if wanted == "localhost":
            return (ip_address("127.0.0.1"), ip_address("::1"))
        found = [one for mandate in self.mandates if self._in_force(mandate) for one in mandate.names.get(wanted, ())]
        if not found:
            raise NotPinned(name=name)
        return tuple(dict.fromkeys(found))

    def _mandate(self, address: Address, port: int) -> Mandate:
        covering = [one for one in self.mandates if one.covers(address, port)]
        if not covering:
            raise NotMandated(address=str(address), port=port)
        live = [one for one in covering if self._in_force(one)]
        if not live:
            raise NotMandatedNow(address=str(address))
        return next((one for one in live if _may_be_asked_at(address, port, one)), live[0])

    def _in_force(self, mandate: Mandate) -> bool:
        return mandate.starts_at <= self.now() < mandate.ends_at


def _may_be_asked_at(address: Address, port: int, mandate: Mandate) -> bool:
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return mapped is None or _may_be_asked_at(mapped, port, mandate)
    shared = address in _SHARED
    return (not address.is_global and not shared) or _within(port, mandate.held)


def _within(port: int, ranges: Ports) -> bool:
    return any(low <= port <= high for low, high in ranges)
