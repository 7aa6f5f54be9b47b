"""Orders: what is asked for, the worklist that follows, and what was done of it (docs/design/orders.md)."""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.imaging.orders.errors import (
        BadField,
        HasBegun,
        IdentityContradicts,
        NoSuchOrder,
        NoSuchPerformed,
        NoSuchStep,
        NotTheTransaction,
        NumberTaken,
        OrdersRefusal,
        OtherPatient,
        PerformedEmpty,
        PerformedExists,
        PerformedFinal,
        PerformedLacks,
        PerformedValue,
        StepConflict,
        TooManyAnswers,
    )
    from primum.imaging.orders.model import (
        Code,
        Entry,
        Identifier,
        Merge,
        Order,
        OrderFacts,
        OrderState,
        PatientFacts,
        Step,
        StepFacts,
        StepState,
    )
    from primum.imaging.orders.service import Orders
    from primum.imaging.orders.tables import prepare_orders
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
