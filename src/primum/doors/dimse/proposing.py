"""Which presentation contexts are proposed for some instances, and which one each goes by. Pure.

docs/design/sending.md: each stored syntax in a context of its own, besides an uncompressed one per class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from primum.doors.dimse.pdu import Proposed

if TYPE_CHECKING:
    from primum.doors.dimse.contexts import Accepted
    from primum.imaging import InstanceEntry

EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
UNCOMPRESSED = (EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN)
MOST = 128
"""Presentation contexts of one association: the odd numbers of one byte (PS3.8 9.3.2.2)."""


class Batch(NamedTuple):
    """What goes over one association: places in the list of instances, and the contexts for them."""

    places: tuple[int, ...]
    contexts: tuple[Proposed, ...]


def batches(entries: Sequence[InstanceEntry]) -> list[Batch]:
    """Spread instances over as few associations as their contexts need: nearly always one."""
    syntaxes: dict[str, dict[str, None]] = {}
    for entry in entries:
        syntaxes.setdefault(entry.sop_class_uid, {})[entry.transfer_syntax] = None
    found: list[Batch] = []
    wanted: list[tuple[str, tuple[str, ...]]] = []
    for sop_class, stored in syntaxes.items():
        mine = [*((sop_class, (one,)) for one in list(stored)[: MOST - 1]), (sop_class, UNCOMPRESSED)]
        if len(wanted) + len(mine) > MOST:
            found.append(_batch(entries, wanted))
            wanted = []
        wanted += mine
    return [*found, _batch(entries, wanted)] if wanted else found


def _batch(entries: Sequence[InstanceEntry], wanted: list[tuple[str, tuple[str, ...]]]) -> Batch:
    classes = {sop_class for sop_class, _ in wanted}
    places = tuple(at for at, entry in enumerate(entries) if entry.sop_class_uid in classes)
    return Batch(places, tuple(Proposed(2 * n + 1, *one) for n, one in enumerate(wanted)))


def choose(
    entry: InstanceEntry, contexts: Iterable[Accepted], can_serve: Callable[[InstanceEntry, str], bool]
) -> Accepted | None:
    """Say by which context an instance goes: its own syntax if it may, else one it can be brought into; or none."""
    mine = {one.transfer_syntax: one for one in contexts if one.abstract_syntax == entry.sop_class_uid}
    if entry.transfer_syntax in mine:
        return mine[entry.transfer_syntax]
    preferred = [*(one for one in UNCOMPRESSED if one in mine), *(one for one in mine if one not in UNCOMPRESSED)]
    return next((mine[one] for one in preferred if can_serve(entry, one)), None)


def choices(
    entries: Sequence[InstanceEntry],
    contexts: Mapping[int, Accepted],
    can_serve: Callable[[InstanceEntry, str], bool],
) -> list[Accepted | None]:
    """Choose for each instance; what goes as it is stored is looked at once for each class and syntax."""
    stored: dict[tuple[str, str], Accepted] = {}
    for one in contexts.values():
        stored.setdefault((one.abstract_syntax, one.transfer_syntax), one)
    return [
        stored.get((entry.sop_class_uid, entry.transfer_syntax)) or choose(entry, contexts.values(), can_serve)
        for entry in entries
    ]
