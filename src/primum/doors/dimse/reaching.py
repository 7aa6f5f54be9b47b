"""How far a device sees: its controller's studies, none confidential, and what its grants let it see besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from primum.imaging import Reach

if TYPE_CHECKING:
    from primum.doors.dimse.services import Device

REJECTED = "rejected"
"""The grant to find and retrieve what was rejected for quality reasons (IHE IOCM)."""


def reach_of(device: Device) -> Reach:
    """Return the reach of a device's queries and retrievals."""
    return Reach(controllers=frozenset({device.controller_id}), quality=REJECTED in device.may)
