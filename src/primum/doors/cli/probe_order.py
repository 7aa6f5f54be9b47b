"""From options to an order: mandates that count, what may be asked, certificates of nobody, proofs of control."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import ClassVar

from primum import __version__
from primum.app.probing import certificates
from primum.doors.cli import speech
from primum.exposure.mandates.signing import key_id, read_file
from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Address, Gate, Mandate, ProbeRefused, Proof
from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.model import Mode
from primum.exposure.probe.own import is_own
from primum.exposure.probe.ports import ports_of
from primum.exposure.probe.proving import Token, prove_by_helper, prove_by_page, read_token
from primum.exposure.probe.run import Order, Progress
from primum.exposure.probe.speakers import SPEAKERS
from primum.exposure.probe.speaking import Known
from primum.exposure.probe.targets import Targets, read_targets
from primum.ground.errors import PrimumError

_PAGES = ((80, Mode.PLAIN), (443, Mode.TLS), (8080, Mode.PLAIN), (8443, Mode.TLS), (8042, Mode.PLAIN))
"""Where a target may serve the token's page, as far as the mandate covers the port."""
_LEAST, _MOST = 5, 86_400
_PROVING_AT_ONCE = 128
"""Addresses that are asked for their proof together; the rates hold all the same."""


class BadBudget(PrimumError):
    """{given} is no time for a run."""

    code: ClassVar[str] = "probe.bad-budget"
    hint: ClassVar[str] = "seconds, from 5 to 86400: --budget 600"


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


def limits_of(options: argparse.Namespace) -> Limits:
    """Return the bounds, with the budget that was asked for. Raises BadBudget."""
    if options.budget is None:
        return LIMITS
    if not _LEAST <= options.budget <= _MOST:
        raise BadBudget(given=options.budget)
    return replace(LIMITS, budget_seconds=float(options.budget))


def gate_of(options: argparse.Namespace, of_home: Sequence[Mandate] = ()) -> Gate:
    """Return the gate, with the mandates that were given and those of the home. Raises BadMandate and its like."""
    mandates = list(of_home)
    for file in options.mandate:
        mandate = read_file(file)
        by = f"given by {mandate.given_by} ({mandate.quality}), signed with key {key_id(mandate.key)}"
        speech.note(speech.printable(f"mandate {mandate.id}: {by}"))
        mandates.append(mandate)
    return Gate(is_own=is_own, mandates=mandates, now=now)


def targets_of(options: argparse.Namespace, gate: Gate, limits: Limits) -> Targets:
    """Read what is to be asked; nothing has been sent by then. Raises ProbeRefused."""
    ports = ports_of(options.ports) if options.ports is not None else ()
    return read_targets(options.targets, gate=gate, limits=limits, lan=options.lan, ports=ports)


@contextmanager
def order_of(
    options: argparse.Namespace,
    *,
    gate: Gate,
    targets: Targets,
    limits: Limits,
    known: Callable[[str, int], Known],
    progress: Progress,
) -> Iterator[Order]:
    """Make the order; certificates of nobody are there until left."""
    with certificates(now()) as made:
        tokens = [read_token(one) for one in options.token]
        lines = prove(gate, targets, limits, tokens, options.helper)
        yield Order(
            targets=targets,
            gate=gate,
            program=__version__,
            limits=limits,
            speakers=SPEAKERS,
            known=known,
            foreign=made.foreign,
            certificate=made.fixtures,
            before=tuple(lines),
            progress=progress,
        )


def prove(gate: Gate, targets: Targets, limits: Limits, tokens: Sequence[Token], helper: int | None) -> list[Purpose]:
    """Ask the targets of each token's mandate to prove that they are controlled; say which did not.

    Many at a time: most addresses of a network are nobody's, and each of those takes `connect_seconds`.
    """
    lines: list[Purpose] = []
    dialler = Dialler(gate, limits, log=lines.append, deadline=time.monotonic() + limits.budget_seconds)
    asked = [(token, address) for token in tokens for address in _of_token(gate, targets, token)]
    if not asked:
        return lines
    with ThreadPoolExecutor(min(len(asked), _PROVING_AT_ONCE)) as pool:
        proofs = list(pool.map(lambda one: _proof(dialler, one[0], one[1], helper), asked))
    for (_, address), proof in zip(asked, proofs, strict=True):
        if proof is None:
            speech.note(f"{address}: control was not proven; rungs above C-FIND are not asked")
        else:
            gate.proofs.append(proof)
    return lines


def _of_token(gate: Gate, targets: Targets, token: Token) -> list[Address]:
    """List the addresses of its mandate that are asked."""
    networks = [net for one in gate.mandates if one.id == token.mandate for net in one.networks]
    found = [ip_address(one) for one in targets.pairs]
    return [one for one in found if not gate.is_own(one) and any(one in net for net in networks)]


def _proof(dialler: Dialler, token: Token, address: Address, helper: int | None) -> Proof | None:
    if helper is not None:
        try:
            return prove_by_helper(dialler, token, address, helper)
        except ProbeRefused:
            return None
    for port, mode in _PAGES:
        try:
            return prove_by_page(dialler, token, address, port, mode)
        except ProbeRefused:
            continue
    return None
