"""What is refused of orders, steps and messages about them. Nothing here carries a value of a patient's."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class OrdersRefusal(PrimumError):
    """Something about an order was refused."""

    code: ClassVar[str] = "order.refused"


class BadField(OrdersRefusal):
    """The field {field} is missing, too long, or not of its kind."""

    code: ClassVar[str] = "order.bad-field"
    hint: ClassVar[str] = "correct {field}; docs/design/orders.md says what each field may be"


class NoSuchOrder(OrdersRefusal):
    """There is no such order here, or it is not within reach."""

    code: ClassVar[str] = "order.missing"
    hint: ClassVar[str] = "send the new order (NW) first, or look for it in the list of its day"


class NoSuchStep(OrdersRefusal):
    """There is no such scheduled step here, or it is not within reach."""

    code: ClassVar[str] = "order.no-such-step"


class HasBegun(OrdersRefusal):
    """The order has a step that has begun or is done: it is not changed any more."""

    code: ClassVar[str] = "order.has-begun"
    hint: ClassVar[str] = "place a new order, or have the examination discontinued at the modality"


class NumberTaken(OrdersRefusal):
    """Another order of this controller has this {number}."""

    code: ClassVar[str] = "order.number-taken"
    hint: ClassVar[str] = "leave it out: a number is given"


class OtherPatient(OrdersRefusal):
    """The order is another patient's: an order does not change its patient."""

    code: ClassVar[str] = "order.other-patient"
    hint: ClassVar[str] = "cancel it and place a new one"


class IdentityContradicts(OrdersRefusal):
    """The patient number is known here with another name and another birth date."""

    code: ClassVar[str] = "order.identity-contradicts"
    hint: ClassVar[str] = "a person compares the two; the number is corrected where it was given"


class TooManyAnswers(OrdersRefusal):
    """More than {limit} entries match."""

    code: ClassVar[str] = "order.too-many"
    hint: ClassVar[str] = "ask for a date, a modality or a station"


class StepConflict(OrdersRefusal):
    """The step is {state}: this cannot be done to it now."""

    code: ClassVar[str] = "order.step-conflict"


class NotTheTransaction(OrdersRefusal):
    """The step is claimed under another transaction."""

    code: ClassVar[str] = "order.other-transaction"


class NotSubscribed(OrdersRefusal):
    """There is no such subscription."""

    code: ClassVar[str] = "order.not-subscribed"


class TitleTaken(OrdersRefusal):
    """Somebody else subscribes under this AE title."""

    code: ClassVar[str] = "order.title-taken"
    hint: ClassVar[str] = "choose another title; one that nobody uses is free after thirty days"


class TooManySubscriptions(OrdersRefusal):
    """There are too many subscriptions: {what}."""

    code: ClassVar[str] = "order.too-many-subscriptions"
    hint: ClassVar[str] = "subscribe to the worklist, filtered or whole, or end subscriptions"


class NoSuchPerformed(OrdersRefusal):
    """There is no performed step of this UID here."""

    code: ClassVar[str] = "mpps.missing"


class PerformedExists(OrdersRefusal):
    """There is a performed step of this UID already."""

    code: ClassVar[str] = "mpps.exists"


class PerformedFinal(OrdersRefusal):
    """The performed step is completed or discontinued, and stays as it is."""

    code: ClassVar[str] = "mpps.final"


class PerformedLacks(OrdersRefusal):
    """The performed step lacks a required attribute: {tag}."""

    code: ClassVar[str] = "mpps.missing-attribute"


class PerformedEmpty(OrdersRefusal):
    """A required attribute of the performed step is empty: {tag}."""

    code: ClassVar[str] = "mpps.missing-value"


class PerformedValue(OrdersRefusal):
    """An attribute of the performed step has a value that does not exist: {tag}."""

    code: ClassVar[str] = "mpps.bad-value"
