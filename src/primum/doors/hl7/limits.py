"""Bounds on callers of the HL7 door; those on messages are with their parser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    connections: int = 32
    """Of known devices, at the same time: interfaces are a handful, and each keeps one or two open for ever."""
    connections_per_address: int = 8
    """From one address: an integration engine opens one for each of its interfaces."""
    strangers: int = 32
    """Connections amid their TLS handshake; the next one takes the place of who has waited longest."""
    strangers_per_address: int = 8
    """The same, from one address: an engine that starts opens all of its lines together."""
    handshake_seconds: float = 10
    """TLS takes two round trips."""
    message_seconds: float = 60
    """From the first byte of a message to its last: 1 MiB on a slow line takes 20."""
    idle_seconds: float = 3600
    """Between two messages: interfaces stay connected through the night, a dead line is noticed."""
    send_seconds: float = 30
    """An acknowledgement that is not taken in this time is not taken."""
    tick_seconds: float = 1
    """How often a waiting thread looks at its deadline and at the order to stop."""
    drain_seconds: float = 10
    """What messages under way are given to be answered when the daemon stops."""
    backlog: int = 32
    """Connections that the kernel keeps while we accept."""
    read_bytes: int = 64 * 1024
    """Taken from the socket at a time."""


LIMITS = Limits()
