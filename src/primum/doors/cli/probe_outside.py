"""`primum probe --one-file FILE` and `--read FILE`: a probe for another connection, and what it brings back.

With a home that runs, its worker makes the nonce and its doors look out for it. Without one the nonce is made here, and
what is needed to judge the report is kept beside the file, for its owner alone.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import secrets
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

from primum import __version__
from primum.doors.cli import speech
from primum.doors.cli.client import Client
from primum.exposure import one_file
from primum.exposure.mandates.signing import read_note, verified
from primum.exposure.outside.announced import digest_of
from primum.exposure.outside.judging import judge
from primum.exposure.outside.limits import LIMITS as OUTSIDE
from primum.exposure.outside.model import COUNTS, Judged, MadeProbe, Standing
from primum.exposure.outside.returned import as_view, returned_of
from primum.exposure.probe.alone import ask_controls
from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Gate, Mandate
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import EXITS, Place
from primum.exposure.probe.outside.addresses import of_outside
from primum.exposure.probe.outside.gateways import default_gateways
from primum.exposure.probe.outside.gathering import gather
from primum.exposure.probe.own import is_own, own_addresses as own_addresses_here
from primum.exposure.probe.plan import ControlPlan, Plan, write_plan
from primum.exposure.probe.ports import port_of, ports_of
from primum.exposure.probe.reading import read_report
from primum.exposure.probe.report import Report
from primum.exposure.probe.run import Order, place_of
from primum.exposure.probe.saying import as_text, first_line
from primum.exposure.probe.targets import Targets, read_targets
from primum.exposure.probe.writing import as_text_of_json
from primum.exposure.vantage.asking import ask_for_a_look, ask_where
from primum.exposure.vantage.invitations import read_ticket
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.identity.strangers import stranger_pem

_NEVER = "1970-01-01T00:00:00+00:00"
"""Until a plan is announced."""
_HINT_SECONDS = 30
"""For all routers at hand: each of three questions waits three seconds where nobody answers."""
_VANTAGE_PORT = 4433
_KEY = re.compile(r"[0-9a-f]{64}")
_MADE = ".made.json"


class BadControl(PrimumError):
    """{given} does not name a control."""

    code: ClassVar[str] = "outside.bad-control"
    hint: ClassVar[str] = "ADDRESS:KEY or [IPV6]:KEY, as the control showed them when it started; one key for all"


class BadVantage(PrimumError):
    """{given} is no place where a vantage could listen."""

    code: ClassVar[str] = "outside.bad-vantage"
    hint: ClassVar[str] = "HOST, HOST:PORT or [IPV6]:PORT"


class NothingMade(PrimumError):
    """Nothing is known here of the probe that made this report."""

    code: ClassVar[str] = "outside.nothing-made"
    hint: ClassVar[str] = "read it where the probe was made: with its home running, or beside its .made.json file"


# -- making --


def make(options: argparse.Namespace) -> int:
    """Write the one-file probe. Raises what refuses targets, mandates and controls, OSError."""
    client = _client(options)
    plan, targets = plan_of(options, notes_of(options, client))
    own = own_addresses(plan, targets)
    plan = announce(client, plan, own) if client is not None else _announced_here(options.one_file, plan, own)
    one_file.write(options.one_file, plan)
    speech.say(f"{options.one_file}: run it from another connection, such as a phone's, before {plan.expires_at}:")
    speech.say(f"  python3 {options.one_file.name}")
    speech.say(f"then: primum probe --read {options.one_file.stem}-report.json")
    if not plan.controls:
        speech.note("without --control nothing tells which ports that connection lets out: the report will not count")
    return 0


def plan_of(
    options: argparse.Namespace, notes: Sequence[str], controls: Sequence[str] | None = None
) -> tuple[Plan, Targets]:
    """Make a plan that is not announced yet; from elsewhere no address is one's own, so all needs a mandate."""
    mandates = [verified(one) for one in notes]
    gate = Gate(is_own=lambda _: False, mandates=mandates, now=_now)
    ports = ports_of(options.ports) if options.ports is not None else ()
    targets = read_targets(options.targets, gate=gate, limits=LIMITS, ports=ports)
    asked = options.control if controls is None else controls
    typed = [_typed(address, one.ports, ports) for one in targets.targets for address in one.addresses]
    plan = Plan(
        id="",
        nonce="",
        expires_at=_NEVER,
        program=__version__,
        language=options.language,
        targets=tuple(dict.fromkeys(typed)),
        ports=ports,
        mandates=tuple(notes),
        controls=tuple(read_controls(asked, gate)),
        foreign=stranger_pem("stranger.probe.invalid", _now()).decode("ascii"),
        fixture=stranger_pem("fixture.probe.invalid", _now()).decode("ascii"),
    )
    return plan, targets


def _typed(address: str, asked: Sequence[tuple[int, int]], ports: Sequence[tuple[int, int]]) -> str:
    """Write a pinned address as a target: with its port, where one was named."""
    match tuple(asked):
        case ((low, high),) if low == high and (low, high) not in tuple(ports):
            return f"[{address}]:{low}" if ":" in address else f"{address}:{low}"
        case _:
            return address


def read_controls(texts: Sequence[str], gate: Gate) -> list[ControlPlan]:
    """Read controls; a name is what a mandate pins it to. Raises BadControl, NotPinned."""
    found = []
    for text in texts:
        host, _, key = text.rpartition(":")
        if not host or not _KEY.fullmatch(key):
            raise BadControl(given=speech.printable(text[:64]))
        found += [ControlPlan(address, key) for address in _addresses(host, gate)]
    if len({one.key for one in found}) > 1:
        raise BadControl(given="more than one key")
    return found


def _addresses(host: str, gate: Gate) -> list[str]:
    with suppress(ValueError):
        return [str(ip_address(host.removeprefix("[").removesuffix("]")))]
    return [str(one) for one in gate.addresses(host)]


def own_addresses(plan: Plan, targets: Targets) -> list[str]:
    """Ask the control from here, as whom it sees us: so an address that nothing reaches is known to be ours."""
    mandates: list[Mandate] = [verified(one) for one in plan.mandates]
    answers, _ = ask_controls(plan.controls, Gate(is_own=is_own, mandates=mandates, now=_now), targets)
    found = sorted({one.seen_as for one in answers})
    for one in found:
        speech.note(f"the control sees this connection as {one}")
    return found


def notes_of(options: argparse.Namespace, client: Client | None) -> list[str]:
    """Return the mandates that were given and those of the home, as they are signed."""
    notes = [read_note(one) for one in options.mandate]
    if client is not None:
        notes += client.call_signed_in("mandate_in_force")["notes"]
    return list(dict.fromkeys(notes))


def announce(client: Client, plan: Plan, own: Sequence[str]) -> Plan:
    """Have the worker make the nonce, and the doors look out for it."""
    key = plan.controls[0].key if plan.controls else ""
    plan = replace(plan, **_known(client))
    told = client.call_signed_in(
        "outside_announce", plan=packed(write_plan(plan)), control_key=key, own_addresses=list(own)
    )
    return replace(plan, id=str(told["id"]), nonce=str(told["nonce"]), expires_at=str(told["expires_at"]))


def _known(client: Client) -> dict[str, Any]:
    """Return what the home tells a probe of itself: titles, routes, and access that must not do."""
    try:
        told = client.call("probe_known")
    except PrimumError as refusal:
        speech.note(speech.printable(f"this home is asked as a stranger's would be: {refusal}"))
        return {}
    return {
        "titles": tuple(map(str, told["titles"])),
        "routes": _pairs(told["routes"]),
        "expired": _pairs(told["expired"]),
        "stranger": _pairs(told["foreign"]),
    }


def _pairs(listed: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(first), str(second)) for first, second in listed)


def _announced_here(file: Path, plan: Plan, own: Sequence[str]) -> Plan:
    plan = _with_nonce(plan)
    kept = {
        "digest": digest_of(plan.nonce), "made_at": _now().isoformat(), "expires_at": plan.expires_at,
        "plan_digest": plan.digest(),
        "control_key": plan.controls[0].key if plan.controls else "", "own_addresses": list(own),
    }  # fmt: skip
    descriptor = os.open(file.with_name(file.name + _MADE), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        json.dump(kept, opened)
    speech.note("no home runs here: no door of ours can tell whether the probe reached it")
    return plan


def _with_nonce(plan: Plan) -> Plan:
    nonce = base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()
    until = (_now() + OUTSIDE.nonce_lasts).isoformat(timespec="seconds")
    return replace(plan, id=new_id("prb"), nonce=nonce, expires_at=until)


# -- reading back --


def read(options: argparse.Namespace) -> int:
    """Read a report back, and say what it is worth and what it says; return the exit status of a view."""
    with options.read.open("rb") as file:
        data = file.read(OUTSIDE.report_bytes + 1)
    report = read_report(data)
    client = None if options.made else _client(options)
    if client is not None:
        return told_by_home(client, data, report, options, vouched=False)
    judged = _judged_here(options, report)
    speech.say(judged.says(options.language))
    return _shown(report, judged.standing, judged.blocked, options)


def told_by_home(client: Client, data: bytes, report: Report, options: argparse.Namespace, *, vouched: bool) -> int:
    """Have the home judge and keep a report; say what it says of it."""
    told = client.call_signed_in("outside_read", report=packed(data), own_addresses=[], vouched=vouched)
    speech.say(str(told["says"][options.language]))
    for one in told["seen"]:
        speech.say(speech.printable(
            f"  {one['at']}  {one['door']} port {one['port']}: seen from {one['address']} ({one['channel']})"
        ))  # fmt: skip
    judged = told["judged"]
    if judged["rewritten"]:
        speech.say(_REWRITTEN[options.language])
    if judged["standing"] in COUNTS:
        _hint_at_dmz(options, client, report)
    blocked = [(int(version), int(port)) for version, port in judged["blocked"]]
    return _shown(report, Standing(judged["standing"]), blocked, options)


_REWRITTEN = {
    "fr": "  La box remplace l'adresse de qui appelle : une règle par adresse ne protège rien.",
    "en": "  The router replaces the address of whoever calls: a rule by address protects nothing.",
}


def _hint_at_dmz(options: argparse.Namespace, client: Client, report: Report) -> None:
    """Compare what was open from outside with what the router lists: the rest was typed by hand, or is all of it."""
    seen_open = {port for one in report.addresses for port in one.open}
    if not seen_open:
        return
    mandates = [verified(one) for one in notes_of(options, client)]
    gate = Gate(is_own=is_own, mandates=mandates, now=_now)
    dialler = Dialler(gate, LIMITS, log=lambda _line: None, deadline=time.monotonic() + _HINT_SECONDS)
    gathered = gather(dialler, default_gateways(), ())
    for gateway in gathered.listed:
        for one in of_outside(gateway, gathered.mappings, seen_open):
            speech.say(f"  {one.says(options.language)}. {one.proves(options.language)}")


def _judged_here(options: argparse.Namespace, report: Report) -> Judged:
    """Judge without a home, by what was kept when the probe was made."""
    if options.made is None:
        raise NothingMade
    try:
        kept = json.loads(options.made.read_text("ascii"))
        made = MadeProbe(
            id="", digest=kept["digest"], made_by="", made_at=datetime.fromisoformat(kept["made_at"]),
            expires_at=datetime.fromisoformat(kept["expires_at"]), plan_digest=kept["plan_digest"],
            control_key=bytes.fromhex(kept["control_key"]), plan={},
        )  # fmt: skip
        own = [str(ip_address(one)) for one in kept["own_addresses"]]
    except (ValueError, KeyError, TypeError):
        raise NothingMade from None
    return judge(made, returned_of(report), (), own, now=_now())


def _shown(report: Report, standing: Standing, blocked: Sequence[tuple[int, int]], options: argparse.Namespace) -> int:
    view = replace(as_view(report, blocked), outside=True) if standing in COUNTS else report
    speech.say(as_text_of_json(view) if options.json else as_text(view, options.language))
    return int(EXITS[view.verdict()])


# -- a vantage --


def ask(options: argparse.Namespace) -> int:
    """Be looked at from a vantage; say what it saw. Raises what it refuses with, and what refuses mandates."""
    host, port = _host_port(options.host)
    ticket = read_ticket(options.invitation)
    where = ask_where(host, port, ticket)
    speech.note(f"the vantage sees this connection as {speech.printable(where)}")
    client = _client(options)
    options.targets, options.control = [where], []
    plan, _ = plan_of(options, notes_of(options, client))
    plan = announce(client, plan, [where]) if client is not None else _with_nonce(plan)
    watch = speech.Bar("looked at")
    data = ask_for_a_look(host, port, ticket, plan, progress=lambda _stage, done, whole: watch.show(done, whole))
    watch.end("looked at")
    report = read_report(data)
    if client is not None:
        return told_by_home(client, data, report, options, vouched=True)
    made = MadeProbe(
        id=plan.id, digest=digest_of(plan.nonce), made_by="", made_at=_now() - OUTSIDE.clock_skew,
        expires_at=plan.until(), plan_digest=plan.digest(), control_key=b"", plan={},
    )  # fmt: skip
    judged = judge(made, returned_of(report, vouched=True), (), [where], now=_now())
    speech.say(judged.says(options.language))
    return _shown(report, judged.standing, judged.blocked, options)


def _host_port(text: str) -> tuple[str, int]:
    """Read HOST, HOST:PORT or [IPV6]:PORT. Raises BadVantage."""
    host, colon, number = text.rpartition(":")
    if not colon or text.endswith("]") or (":" in host and not host.startswith("[")):
        host, number = text, str(_VANTAGE_PORT)
    port = port_of(number)
    if not host or port is None:
        raise BadVantage(given=speech.printable(text[:64]))
    return host.removeprefix("[").removesuffix("]"), port


def control_ports(text: str) -> list[int]:
    """Read the ports of a control. Raises BadPorts."""
    return list(dict.fromkeys(port for low, high in ports_of(text) for port in range(low, high + 1)))


def read_key(text: str) -> bytes:
    """Read a control's key. Raises BadControl."""
    if not _KEY.fullmatch(text):
        raise BadControl(given="this key")
    return bytes.fromhex(text)


# -- hints, and the view that counts --


def with_hints(order: Order, *, lan: bool) -> Order:
    """Gather what is known from inside of the outside, where a run is about this machine or its network.

    A router is asked only where a mandate names it; its silence takes some seconds of the budget.
    """
    if not lan and place_of(order.targets, order.gate) is not Place.HERE:
        return order
    lines: list[Purpose] = []
    until = time.monotonic() + _HINT_SECONDS
    dialler = Dialler(order.gate, order.limits, log=lines.append, deadline=until)
    gathered = gather(dialler, default_gateways(), own_addresses_here())
    facts = {**order.facts, "hints": [one.as_json() for one in gathered.hints]}
    return replace(order, facts=facts, before=(*order.before, *lines))


def joined(report: Report, client: Client | None, language: str) -> Report:
    """Join the newest view from outside that counts to a run on this machine's own addresses."""
    if client is None or report.place is not Place.HERE or not report.sound:
        return report
    try:
        told = client.call("outside_view")
    except PrimumError as refusal:
        speech.note(speech.printable(f"no view from outside is joined: {refusal}"))
        return report
    if not told:
        return report
    view = read_report(unpacked(str(told["report"])))
    blocked = [(int(version), int(port)) for version, port in told["judged"]["blocked"]]
    counted = replace(as_view(view, blocked), outside=True)
    speech.note(speech.printable(f"{told['run_at']}: {first_line(counted, language)}"))
    return report.joined([counted], outside=True)


def packed(data: bytes) -> str:
    """Write bytes as they go over the worker's socket."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def unpacked(text: str) -> bytes:
    """Read them."""
    return zlib.decompressobj().decompress(base64.b64decode(text), OUTSIDE.report_bytes)


def _client(options: argparse.Namespace) -> Client | None:
    """Find the home that runs, if there is one."""
    try:
        client = Client(options.home)
    except PrimumError:
        return None  # no home at all
    try:
        client.call("status")
    except speech.NotRunning:
        return None
    return client


def _now() -> datetime:
    return datetime.now(UTC)
