"""Which presentation contexts are accepted, and how the others are refused. Pure.

PS3.8 table 9-18 (results), PS3.7 D.3.3.4 (roles), PS3.4 B.5 and annex GG (storage SOP classes).
See docs/decisions/0038-any-storage-class-few-transfer-syntaxes-refused.md.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import IntEnum
from typing import NamedTuple

from primum.doors.dimse.pdu import Answered, AssociateRequest, Proposed, Role


class Result(IntEnum):
    """Result of a presentation context (PS3.8 table 9-18)."""

    ACCEPTANCE = 0
    USER_REJECTION = 1
    NO_REASON = 2
    ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
    TRANSFER_SYNTAXES_NOT_SUPPORTED = 4


class Accepted(NamedTuple):
    """An accepted context: what may be done on it, and how it is encoded."""

    id: int
    abstract_syntax: str
    transfer_syntax: str
    storage: bool
    """Whether the caller may store on it."""
    retrieval: bool = False
    """Whether the caller takes stored instances on it: it is SCP there (C-GET)."""


class Negotiated(NamedTuple):
    """The outcome of a negotiation."""

    answers: list[Answered]
    roles: list[Role]
    accepted: dict[int, Accepted]
    denied: bool
    """Whether something was proposed that the device has no grant for."""


VERIFICATION = "1.2.840.10008.1.1"

DICOM_ROOT = "1.2.840.10008."
STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
STORAGE_ELSEWHERE = frozenset(
    {
        "1.2.840.10008.5.1.1.27",  # Stored Print Storage (retired)
        "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image Storage (retired)
        "1.2.840.10008.5.1.1.30",  # Hardcopy Color Image Storage (retired)
        "1.2.840.10008.5.1.4.34.1",  # RT Beams Delivery Instruction Storage - Trial (retired)
        "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction Storage
        "1.2.840.10008.5.1.4.34.10",  # RT Brachy Application Setup Delivery Instruction Storage
    }
)
"""Storage SOP classes of patients' objects outside STORAGE_ROOT."""
NOT_STORAGE = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.200.1",  # CT Defined Procedure Protocol Storage: no patient
        "1.2.840.10008.5.1.4.1.1.200.3",  # Protocol Approval Storage: no patient
        "1.2.840.10008.5.1.4.1.1.200.4",  # Protocol Approval Information Model - FIND
        "1.2.840.10008.5.1.4.1.1.200.5",  # Protocol Approval Information Model - MOVE
        "1.2.840.10008.5.1.4.1.1.200.6",  # Protocol Approval Information Model - GET
        "1.2.840.10008.5.1.4.1.1.200.7",  # XA Defined Procedure Protocol Storage: no patient
        "1.2.840.10008.5.1.4.1.1.201.1",  # Inventory Storage: no patient
        "1.2.840.10008.5.1.4.1.1.201.2",  # Inventory - FIND
        "1.2.840.10008.5.1.4.1.1.201.3",  # Inventory - MOVE
        "1.2.840.10008.5.1.4.1.1.201.4",  # Inventory - GET
        "1.2.840.10008.5.1.4.1.1.201.5",  # Inventory Creation
        "1.2.840.10008.5.1.4.1.1.201.6",  # Repository Query
    }
)
"""What lives under STORAGE_ROOT and is not an object of a patient's study."""

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
SPOKEN = frozenset({IMPLICIT_LITTLE_ENDIAN, "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
"""What identifiers and attribute lists are read and written in: implicit, explicit, explicit big endian."""
TRANSFER_SYNTAX_ROOT = "1.2.840.10008.1.2."
TRANSFER_SYNTAXES_REFUSED = frozenset(
    {
        "1.2.840.10008.1.2.4.94",  # JPIP Referenced: the pixels are on another server
        "1.2.840.10008.1.2.4.95",  # JPIP Referenced Deflate
        "1.2.840.10008.1.2.4.204",  # JPIP HTJ2K Referenced
        "1.2.840.10008.1.2.4.205",  # JPIP HTJ2K Referenced Deflate
        "1.2.840.10008.1.2.6.1",  # RFC 2557 MIME encapsulation (retired): not a data set
        "1.2.840.10008.1.2.6.2",  # XML Encoding (retired): not a data set
        "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110-20 progressive video: a live stream
        "1.2.840.10008.1.2.7.2",  # SMPTE ST 2110-20 interlaced video
        "1.2.840.10008.1.2.7.3",  # SMPTE ST 2110-30 audio
    }
)
"""Transfer syntaxes in which the data set does not hold what would be acknowledged."""


def is_storage(abstract_syntax: str) -> bool:
    """Tell whether instances of this class belong in a study: standard, retired, to come, or private."""
    if abstract_syntax in NOT_STORAGE:
        return False
    if abstract_syntax.startswith(STORAGE_ROOT) or abstract_syntax in STORAGE_ELSEWHERE:
        return True
    return not abstract_syntax.startswith(DICOM_ROOT)


def is_storable(transfer_syntax: str) -> bool:
    """Tell whether a data set in this transfer syntax is whole, and can be walked."""
    if transfer_syntax in TRANSFER_SYNTAXES_REFUSED:
        return False
    return transfer_syntax == IMPLICIT_LITTLE_ENDIAN or transfer_syntax.startswith(TRANSFER_SYNTAX_ROOT)


def negotiate(request: AssociateRequest, may: Container[str], offered: Mapping[str, str]) -> Negotiated:
    """Answer every proposed context (first acceptable transfer syntax) and every proposed role.

    `may` are the device's grants; `offered` tells, by abstract syntax, the grant that each of our services asks for.
    """
    roles = {role.sop_class: role for role in request.user.roles}
    judged = [_judge(one, roles.get(one.abstract_syntax), may, offered) for one in request.contexts]
    answers = [
        # the transfer syntax of a refused context is not significant, but must be there (PS3.8 table 9-18)
        Answered(one.id, found.result, found.transfer_syntax or one.transfer_syntaxes[0])
        for one, found in zip(request.contexts, judged, strict=True)
    ]
    accepted = {
        one.id: Accepted(one.id, one.abstract_syntax, found.transfer_syntax, found.storage, found.retrieval)
        for one, found in zip(request.contexts, judged, strict=True)
        if found.result == Result.ACCEPTANCE
    }
    answered = {one.abstract_syntax: one for one in accepted.values()}
    # we are SCP of everything, and SCU of storage where a C-GET wants it (PS3.7 table D.3-10)
    answered_roles = [
        Role(uid, scu=role.scu and (one.storage or not one.retrieval), scp=one.retrieval)
        for uid, role in roles.items()
        if (one := answered.get(uid)) is not None
    ]
    return Negotiated(answers, answered_roles, accepted, any(one.denied for one in judged))


class _Judged(NamedTuple):
    result: Result
    transfer_syntax: str = ""
    storage: bool = False
    retrieval: bool = False
    denied: bool = False


_DENIED = _Judged(Result.USER_REJECTION, denied=True)


def _judge(proposed: Proposed, role: Role | None, may: Container[str], offered: Mapping[str, str]) -> _Judged:
    syntax = proposed.abstract_syntax
    if syntax == VERIFICATION:
        return _with_syntax(proposed, _Judged(Result.ACCEPTANCE), role)
    if syntax in offered:
        if offered[syntax] not in may:
            return _DENIED
        return _with_syntax(proposed, _Judged(Result.ACCEPTANCE), role)
    if not is_storage(syntax):
        return _Judged(Result.ABSTRACT_SYNTAX_NOT_SUPPORTED)
    wants_to_store = role is None or role.scu
    storage = wants_to_store and "store" in may
    retrieval = role is not None and role.scp and "get" in may
    if not (storage or retrieval):
        return _DENIED
    return _with_syntax(proposed, _Judged(Result.ACCEPTANCE, storage=storage, retrieval=retrieval), None)


def _with_syntax(proposed: Proposed, found: _Judged, role: Role | None) -> _Judged:
    """Accept in the first transfer syntax that will do: any for what is stored, three for what we read and write."""
    if role is not None and not role.scu:
        return _Judged(Result.USER_REJECTION)
    fits = is_storable if found.storage or found.retrieval else SPOKEN.__contains__
    if proposed.abstract_syntax == VERIFICATION:
        fits = is_storable  # no data set is ever sent on it
    for one in proposed.transfer_syntaxes:
        if fits(one):
            return found._replace(transfer_syntax=one)
    return _Judged(Result.TRANSFER_SYNTAXES_NOT_SUPPORTED)
