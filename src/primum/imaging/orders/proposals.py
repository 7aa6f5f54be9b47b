"""What other systems say of patients, and whom of the patients of studies it concerns (docs/design/patients.md).

A message names numbers. Which people have them is looked up when somebody asks, and a person decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from primum.imaging import acts
from primum.imaging.acts import people_of
from primum.imaging.names import compatible, parse_name
from primum.imaging.orders import tables
from primum.imaging.orders.errors import NoSuchOrder
from primum.imaging.orders.model import Identifier, Merge, PatientFacts
from primum.imaging.orders.service import Orders
from primum.imaging.overlays import Shown

REFUSALS = ("two-people", "images-right", "wrong-message", "other")
"""Why a proposal is refused, as a closed list: a free text would hold patients."""
OTHER_SYSTEM = "other-system"
"""The reason of a decision that follows a proposal."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A patient of studies who has a number, as they are shown."""

    patient_id: str
    shown: Shown = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal, and whom it concerns: who would stay, and who would be gone."""

    merge: Merge
    kept: tuple[Somebody, ...]
    gone: tuple[Somebody, ...]

    @property
    def people(self) -> tuple[Somebody, ...]:
        """Everybody whom it names, once."""
        return tuple({one.patient_id: one for one in (*self.kept, *self.gone)}.values())

    @property
    def pairs(self) -> tuple[tuple[Somebody, Somebody], ...]:
        """The merges that would follow it: survivor and gone."""
        if self.merge.kind != "merge":
            return ()
        return tuple((a, b) for a in self.kept for b in self.gone if a.patient_id != b.patient_id)

    @property
    def open(self) -> bool:
        """Tell whether there is anything to decide about patients of studies."""
        return bool(self.pairs) or (self.merge.kind != "merge" and bool(self.kept))

    def told(self, one: Somebody) -> dict[str, str]:
        """Give the traits of the message that contradict how this patient is shown."""
        return {name: self.merge.facts[name] for name in _contradicted(one.shown, self.merge.facts)}


class Proposals:
    """The proposals that wait."""

    def __init__(self, orders: Orders) -> None:
        """Read and write through `orders`."""
        self._orders = orders

    def waiting(self, controllers: Sequence[str] | None) -> list[Proposal]:
        """List them, the oldest first."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            return [_proposal(connection, one) for one in tables.merges(connection, controllers)]

    def proposal(self, merge_id: str, controllers: Sequence[str] | None) -> Proposal:
        """Find one that waits. Raises NoSuchOrder."""
        with self._orders.engine.connect().execution_options(reading=True) as connection:
            found = tables.merge(connection, merge_id, controllers)
            if found is None:
                raise NoSuchOrder
            return _proposal(connection, found)

    def settle(self, by: str, one: Proposal, *, decision: str, reason: str) -> None:
        """Write what a person decided; it leaves the list. Raises NoSuchOrder where it has left it."""
        controllers = [one.merge.controller_id]
        self._orders.settle_merge(by, one.merge.id, controllers, decision=decision, reason=reason)


def traits(patient: PatientFacts) -> dict[str, str]:
    """Take what a message says of a patient and a person may believe."""
    return {"name": patient.name, "birth_date": patient.birth_date, "sex": patient.sex}


def compare_with_images(
    orders: Orders, connection: Connection, device_id: str, controller_id: str, patient: PatientFacts
) -> None:
    """Propose a correction where a message contradicts what images of its number show; end one that it replaces."""
    same, told = patient.identifier, traits(patient)
    merge = Merge(same, same, controller_id=controller_id, kind="correction", facts=told)
    people = studied(connection, controller_id, same)
    contradicts = bool(people) and all(contradicted(one.shown, told) for one in people)
    for waits in tables.merges_about(connection, controller_id, "correction", same):
        if not contradicts or dict(waits.facts) != told:
            orders.close_merge(connection, device_id, waits, decision="superseded", reason="newer-message")
    if contradicts and not tables.same_merge(connection, merge, "refused"):
        orders.propose_merge(connection, device_id, controller_id, merge)


def contradicted(shown: Shown, told: Mapping[str, str]) -> bool:
    """Tell whether a message and what is shown can hardly both be right; what is missing contradicts nothing."""
    return bool(_contradicted(shown, told))


def _contradicted(shown: Shown, told: Mapping[str, str]) -> list[str]:
    name = [] if compatible(parse_name(told.get("name", "")), parse_name(shown.of("name"))) else ["name"]
    others = [one for one in ("birth_date", "sex") if told.get(one) and shown.of(one) and told[one] != shown.of(one)]
    return name + others


def studied(connection: Connection, controller_id: str, identifier: Identifier) -> tuple[Somebody, ...]:
    """List the patients of studies who have a number; an issuer that one side does not say is any."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT patient_id FROM patient_identifiers WHERE value = ?1 AND controller_id = ?2 AND own = 1"
        " AND (issuer = ?3 OR issuer = '' OR ?3 = '') ORDER BY patient_id LIMIT 20",
        (identifier.value, controller_id, identifier.issuer),
    )
    met = [str(row[0]) for row in rows]
    if not met:
        return ()
    people = people_of(acts.concerning(connection, met))
    stand = dict.fromkeys(people.survivor(one)[0] for one in met)
    rows = connection.exec_driver_sql(
        "SELECT id FROM patients WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(stand)),)
    )
    here = {row[0] for row in rows}
    return tuple(Somebody(one, acts.shown(connection, one, people)) for one in stand if one in here)


def _proposal(connection: Connection, merge: Merge) -> Proposal:
    kept = studied(connection, merge.controller_id, merge.survivor)
    gone = studied(connection, merge.controller_id, merge.prior) if merge.kind == "merge" else ()
    if merge.kind == "correction":
        kept = tuple(one for one in kept if contradicted(one.shown, merge.facts))
    return Proposal(merge, kept, gone)
