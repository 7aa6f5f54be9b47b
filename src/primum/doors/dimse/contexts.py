"""Which presentation contexts are accepted, and how the others are refused. Pure.

PS3.8 table 9-18 (results), PS3.7 D.3.3.4 (roles), PS3.4 B.5 and annex GG (storage SOP classes).
See docs/decisions/0038-any-storage-class-few-transfer-syntaxes-refused.md.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from primum.doors.dimse.extended import agree
from primum.doors.dimse.pdu import Answered, AssociateRequest, Proposed, Role
from primum.imaging.storage import is_storable, is_storage


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
    reports: bool = False
    """Whether the caller reports on it what we asked of it: it is SCP there (N-EVENT-REPORT)."""
    options: bytes = b""
    """What extended negotiation agreed on for it (extended.py)."""


class Negotiated(NamedTuple):
    """The outcome of a negotiation."""

    answers: list[Answered]
    roles: list[Role]
    accepted: dict[int, Accepted]
    denied: bool
    """Whether something was proposed that the device has no grant for."""
    extended: Mapping[str, bytes] = MappingProxyType({})
    """What extended negotiation agrees on, by SOP class."""


VERIFICATION = "1.2.840.10008.1.1"

SPOKEN = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"})
"""What identifiers and attribute lists are read and written in: implicit, explicit, explicit big endian."""


def negotiate(
    request: AssociateRequest,
    may: Container[str],
    offered: Mapping[str, str],
    reported: Mapping[str, str] = MappingProxyType({}),
) -> Negotiated:
    """Answer every proposed context (first acceptable transfer syntax) and every proposed role.

    `may` are the device's grants; `offered` tells, by abstract syntax, the grant that each of our services asks for;
    `reported` the grant that a caller needs who is SCP there, and reports to us.
    """
    roles = {role.sop_class: role for role in request.user.roles}
    judged = [_judge(one, roles.get(one.abstract_syntax), may, offered, reported) for one in request.contexts]
    answers = [
        # the transfer syntax of a refused context is not significant, but must be there (PS3.8 table 9-18)
        Answered(one.id, found.result, found.transfer_syntax or one.transfer_syntaxes[0])
        for one, found in zip(request.contexts, judged, strict=True)
    ]
    proposed = dict(request.user.extended)
    accepted = {
        one.id: Accepted(
            one.id,
            one.abstract_syntax,
            found.transfer_syntax,
            found.storage,
            found.retrieval,
            found.reports,
            agree(one.abstract_syntax, proposed.get(one.abstract_syntax, b"")),
        )
        for one, found in zip(request.contexts, judged, strict=True)
        if found.result == Result.ACCEPTANCE
    }
    answered = {one.abstract_syntax: one for one in accepted.values()}
    # we are SCP of everything; SCU of storage where a C-GET wants it, and of what a caller reports (PS3.7 table D.3-10)
    answered_roles = [
        Role(uid, scu=role.scu and _may_ask(one, may, offered), scp=one.retrieval or one.reports)
        for uid, role in roles.items()
        if (one := answered.get(uid)) is not None
    ]
    extended = {one.abstract_syntax: one.options for one in accepted.values() if one.options}
    return Negotiated(answers, answered_roles, accepted, any(one.denied for one in judged), extended)


class _Judged(NamedTuple):
    result: Result
    transfer_syntax: str = ""
    storage: bool = False
    retrieval: bool = False
    reports: bool = False
    denied: bool = False


def _may_ask(one: Accepted, may: Container[str], offered: Mapping[str, str]) -> bool:
    """Tell whether the caller may be SCU on a context."""
    if one.reports:
        return offered.get(one.abstract_syntax) in may
    return one.storage or not one.retrieval


_DENIED = _Judged(Result.USER_REJECTION, denied=True)


def _judge(
    proposed: Proposed,
    role: Role | None,
    may: Container[str],
    offered: Mapping[str, str],
    reported: Mapping[str, str],
) -> _Judged:
    syntax = proposed.abstract_syntax
    if syntax == VERIFICATION:
        return _with_syntax(proposed, _Judged(Result.ACCEPTANCE), role)
    if syntax in offered:
        if role is not None and role.scp and reported.get(syntax) in may:
            return _with_syntax(proposed, _Judged(Result.ACCEPTANCE, reports=True), None)
        return _with_syntax(proposed, _Judged(Result.ACCEPTANCE), role) if offered[syntax] in may else _DENIED
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
