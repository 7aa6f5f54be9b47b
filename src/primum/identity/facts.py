"""The kinds of fact that this half of the room records, with the details each may have.

They are lines of the journal's vocabulary; a test of the whole compares the two lists.
"""

from __future__ import annotations

from enum import StrEnum


class Fact(StrEnum):
    """Kinds, by the name that stands in the ledger."""

    SESSION_OPENED = "person:session:opened"
    SESSION_REFUSED = "person:session:refused"
    SESSION_LOCKED = "person:session:locked"
    SESSION_UNLOCKED = "person:session:unlocked"
    SESSION_STEPPED_UP = "person:session:stepped-up"
    SESSION_CLOSED = "person:session:closed"
    FACTOR_REFUSED = "person:factor:refused"
    FACTOR_ADDED = "person:factor:added"
    FACTORS_PROPOSED = "person:factor:proposed"
    FACTORS_APPROVED = "person:factor:approved"
    FACTORS_CANCELLED = "person:factor:cancelled"
    PASSWORD_CHANGED = "person:password:changed"  # noqa: S105 (a name of a fact)
    RECOVERY_USED = "person:recovery:used"
    RECOVERY_RENEWED = "person:recovery:renewed"
    PERSON_INVITED = "person:invited"
    PERSON_ADDED = "person:added"
    PERSON_REMOVED = "person:removed"
    CONTROLLER_ADDED = "controller:added"
    TOKEN_ADDED = "token:added"  # noqa: S105
    TOKEN_REVOKED = "token:revoked"  # noqa: S105
    TOKEN_USED = "token:used"  # noqa: S105
    GRANT_PROPOSED = "grant:proposed"
    GRANT_APPROVED = "grant:approved"
    GRANT_REFUSED = "grant:refused"
    GRANT_APPLIED = "grant:applied"
    GRANT_REVOKED = "grant:revoked"


DETAILS: dict[Fact, frozenset[str]] = {
    Fact.SESSION_OPENED: frozenset({"session", "address"}),
    Fact.SESSION_REFUSED: frozenset({"reason", "address"}),
    Fact.SESSION_LOCKED: frozenset({"session", "reason"}),
    Fact.SESSION_UNLOCKED: frozenset({"session", "address"}),
    Fact.SESSION_STEPPED_UP: frozenset({"session", "address"}),
    Fact.SESSION_CLOSED: frozenset({"session", "reason"}),
    Fact.FACTOR_REFUSED: frozenset({"session", "reason", "address", "what"}),
    Fact.FACTOR_ADDED: frozenset({"what"}),
    Fact.FACTORS_PROPOSED: frozenset({"grant", "due_at"}),
    Fact.FACTORS_APPROVED: frozenset({"grant"}),
    Fact.FACTORS_CANCELLED: frozenset({"grant"}),
    Fact.PASSWORD_CHANGED: frozenset({"reason"}),
    Fact.RECOVERY_USED: frozenset({"address", "count"}),
    Fact.RECOVERY_RENEWED: frozenset({"count"}),
    Fact.PERSON_INVITED: frozenset({"roles", "controller", "expires_at"}),
    Fact.PERSON_ADDED: frozenset({"roles", "controller"}),
    Fact.PERSON_REMOVED: frozenset({"reason"}),
    Fact.CONTROLLER_ADDED: frozenset(),
    Fact.TOKEN_ADDED: frozenset({"what", "expires_at"}),
    Fact.TOKEN_REVOKED: frozenset({"reason"}),
    Fact.TOKEN_USED: frozenset({"address"}),
    Fact.GRANT_PROPOSED: frozenset({"grant", "role", "scope", "controller", "due_at"}),
    Fact.GRANT_APPROVED: frozenset({"grant", "role", "scope", "controller"}),
    Fact.GRANT_REFUSED: frozenset({"grant", "role", "scope", "controller"}),
    Fact.GRANT_APPLIED: frozenset({"grant", "role", "scope", "controller", "reason"}),
    Fact.GRANT_REVOKED: frozenset({"grant", "role", "scope", "controller"}),
}
"""What each may carry; nothing else is passed on."""

OPERATOR = "system"
"""Who acted, where it was the machine's operator and not a person."""
STRANGER = "stranger"
"""Who acted, where it is not known. What a stranger typed is not written down."""
