"""What a message of another system asks: a patient's traits, a merge, orders; and its form between two processes. Pure.

The process that reads the network makes it; the worker takes it, and checks each value again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from primum.imaging.orders.errors import BadField
from primum.imaging.orders.model import Identifier, OrderFacts, PatientFacts, order_from, patient_from, text

ORDERS_IN_A_MESSAGE = 64
"""One message is about one request: a multi-procedure visit has a few."""


class Act(StrEnum):
    """What is to be done with an order."""

    PLACE = "place"
    CHANGE = "change"
    CANCEL = "cancel"
    COMPLETE = "complete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class OrderAct:
    """One order of a message; `facts` for those that place or change."""

    act: Act
    placer_number: str
    filler_number: str
    facts: OrderFacts | None


@dataclass(frozen=True, slots=True)
class Told:
    """A message, understood."""

    kind: str
    """`adt.a08`, `orm.o01`: a word for the journal."""
    application: str
    control_id: str
    digest: str
    patient: PatientFacts | None = None
    prior: Identifier | None = None
    """The number that A40 says is the same person's."""
    unqualified: bool = False
    """An INS was there, and set aside because the identity is not qualified."""
    acts: tuple[OrderAct, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it for another process."""
        return asdict(self)


def told_from(given: Mapping[str, Any]) -> Told:
    """Read what `to_json` wrote. Raises BadField."""
    patient, prior, acts = given.get("patient"), given.get("prior"), given.get("acts")
    if not isinstance(acts, (list, tuple)) or len(acts) > ORDERS_IN_A_MESSAGE:
        raise BadField(field="acts")
    return Told(
        kind=text("kind", given.get("kind"), 16, required=True),
        application=text("application", given.get("application"), 256),
        control_id=text("control_id", given.get("control_id"), 256, required=True),
        digest=text("digest", given.get("digest"), 64, required=True),
        patient=None if patient is None else patient_from(patient),
        prior=None if prior is None else _identifier(prior),
        unqualified=given.get("unqualified") is True,
        acts=tuple(_act(one) for one in acts),
    )


def _identifier(given: object) -> Identifier:
    match given:
        case [str(issuer), str(value)] | (str(issuer), str(value)):
            return Identifier(text("prior.issuer", issuer, 64), text("prior.id", value, 64, required=True))
        case _:
            raise BadField(field="prior")


def _act(given: object) -> OrderAct:
    if not isinstance(given, Mapping):
        raise BadField(field="acts")
    try:
        act = Act(given.get("act", ""))
    except ValueError:
        raise BadField(field="act") from None
    facts = given.get("facts")
    return OrderAct(
        act,
        text("placer_number", given.get("placer_number"), 64),
        text("filler_number", given.get("filler_number"), 64),
        None if facts is None else order_from(facts),
    )
