"""What containment can do, and why it refuses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from primum.identity import Actor
from primum.incidents.model import IncidentRefused


class EvidenceNotFrozen(IncidentRefused):
    """Nothing was done: the evidence could not be frozen first ({why})."""

    code: ClassVar[str] = "incident.evidence-not-frozen"
    hint: ClassVar[str] = (
        "mend that and try again; or act without evidence, with a written reason: it stays in the file"
    )


class NothingToReopen(IncidentRefused):
    """The doors are open."""

    code: ClassVar[str] = "incident.doors-open"
    hint: ClassVar[str] = "primum status"


class What(StrEnum):
    """What may be done."""

    CLOSE_DOORS = "close-doors"
    REOPEN_DOORS = "reopen-doors"
    REVOKE_DEVICE = "revoke-device"
    END_SESSIONS = "end-sessions"
    END_TOKENS = "end-tokens"
    ROTATE_ROOT = "rotate-root"


class Outcome(StrEnum):
    """How far an action is. One that is *begun*, and nothing after, was interrupted: each may be repeated."""

    BEGUN = "begun"
    DONE = "done"
    UNSURE = "unsure"
    """It was told, and could not be seen to have happened."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Owned:
    """A device or a person: its id, and the controller that it belongs to."""

    id: str
    controller_id: str


class Means(Protocol):
    """What the house can do at once; app/ says it. Nobody's permission is asked here."""

    def doors_closed(self) -> bool:
        """Tell whether the doors are closed."""
        ...

    def close_doors(self, by: Actor, file_id: str) -> Outcome:
        """Close every door but the pages on this machine, now and after each restart; wait until it is seen."""
        ...

    def reopen_doors(self, by: Actor, file_id: str) -> Outcome:
        """Open the doors that the settings name."""
        ...

    def device(self, name: str) -> Owned:
        """Find a device. Raises NoSuchDevice."""
        ...

    def revoke_device(self, by: Actor, device_id: str) -> None:
        """Refuse a device from now on; one that is revoked already stays so."""
        ...

    def person(self, who: str) -> Owned:
        """Find a person by id or login. Raises NoSuchPerson."""
        ...

    def end_sessions(self, by: Actor, person_id: str) -> int:
        """End a person's open sessions, or everybody's, but the one that asks; return how many."""
        ...

    def end_tokens(self, by: Actor, person_id: str) -> int:
        """End a person's program tokens, or everybody's; return how many."""
        ...

    def rotated_at(self) -> datetime | None:
        """Return when the root key was replaced last; None where it never was."""
        ...
