"""`primum vantage serve|invite|list|withdraw|ask`: look from here at who is invited; be looked at from elsewhere.

Nothing listens unless somebody started `serve`, and only as long as it runs.
"""

from __future__ import annotations

import argparse
import os
import secrets
import threading
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from primum.doors.cli import speech
from primum.ground.errors import PrimumError

if TYPE_CHECKING:
    from collections.abc import Callable

    from primum.exposure.probe.alone import Standpoint
    from primum.exposure.probe.plan import Plan
    from primum.exposure.vantage.invitations import Invitations

VOID = 2
_PORT = 4433
"""Where a vantage listens unless it is told otherwise."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="serve|invite|list|withdraw|ask")
    serve = verbs.add_parser("serve", help="look from here at who is invited and asks, as long as this runs")
    serve.add_argument("--port", type=int, default=_PORT, metavar="N", help=f"where it is asked ({_PORT})")
    serve.add_argument("--listen", default="", metavar="ADDRESS", help="an address of this machine (all)")
    serve.add_argument("--ports", default="", metavar="LIST", help="be a control too, on these ports")
    serve.add_argument("--key", default="", metavar="HEX", help="key of that control (a new one is made and shown)")
    serve.add_argument(
        "--control", action="append", default=[], metavar="HOST:KEY", help="a control that this vantage reaches first"
    )
    serve.add_argument("--mandate", type=Path, action="append", default=[], metavar="FILE", help="of that control")
    serve.add_argument("--minutes", type=int, default=24 * 60, metavar="N", help="then it ends (a day)")
    invite = verbs.add_parser("invite", help="let somebody ask for looks at themselves")
    invite.add_argument("name", help="who, as you will know them")
    invite.add_argument("--out", type=Path, required=True, metavar="FILE", help="the invitation, for them alone")
    invite.add_argument("--days", type=int, default=90, metavar="N", help="how long it lasts (90)")
    invite.add_argument("--quota", type=int, default=4, metavar="N", help="looks a day (4)")
    listing = verbs.add_parser("list", help="who is invited, until when")
    withdraw = verbs.add_parser("withdraw", help="take an invitation back")
    withdraw.add_argument("id", metavar="ID", help="inv_…, as shown by primum vantage list")
    for one in (serve, invite, listing, withdraw):
        one.add_argument("--folder", type=Path, metavar="DIR", help="without an archive: where invitations are kept")
    ask = verbs.add_parser("ask", help="be looked at from a vantage that invited you")
    ask.add_argument("host", metavar="HOST[:PORT]", help="where it listens")
    ask.add_argument("--invitation", type=Path, required=True, metavar="FILE", help="what its owner gave you")
    ask.add_argument("--ports", metavar="LIST", help="104,443 instead of the usual ports")
    ask.add_argument("--mandate", type=Path, action="append", default=[], metavar="FILE", help="who allows it")
    ask.add_argument("--json", action="store_true", help="print the report as one object")
    ask.add_argument("--language", choices=["fr", "en"], default="fr", help="of the report")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    match options.verb:
        case "serve":
            return _serve(options)
        case "ask":
            return _ask(options)
        case "invite":
            _invite(options)
        case "withdraw":
            _invitations(options).withdraw(options.id)
            speech.say("withdrawn, from now on")
        case _:
            rows = [
                {"id": one.id, "name": one.name, "ends_at": one.ends_at, "quota": one.quota}
                for one in _invitations(options).every()
            ]
            speech.table(rows, ["id", "name", "ends_at", "quota"])
    return 0


def _ask(options: argparse.Namespace) -> int:
    """Ask for a look; statuses are those of a probe, of which 1 says that something is open."""
    from primum.doors.cli import probe_outside  # noqa: PLC0415 (X.509 and the probe, for who probes)

    try:
        return probe_outside.ask(options)
    except PrimumError as refusal:
        speech.complain(refusal)
        return VOID


def _invite(options: argparse.Namespace) -> None:
    ticket = _invitations(options).give(options.name, options.days, options.quota, datetime.now(UTC))
    descriptor = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(ticket.text())
    speech.say(f"{ticket.id}: {options.out} is a secret; hand it over as one")


def _serve(options: argparse.Namespace) -> int:
    from primum.doors.cli.probe_outside import control_ports, read_key  # noqa: PLC0415
    from primum.exposure.probe.outside.control import Control, everywhere  # noqa: PLC0415
    from primum.exposure.vantage.serving import Vantage, certified, listen_at  # noqa: PLC0415
    from primum.identity.strangers import stranger_pem  # noqa: PLC0415

    invitations, standpoint = _invitations(options), _standpoint(options)
    context, certificate = certified(stranger_pem("vantage.probe.invalid", datetime.now(UTC)))
    with ExitStack() as stack:
        if options.ports:
            key = read_key(options.key) if options.key else secrets.token_bytes(32)
            ports = control_ports(options.ports)
            addresses = [options.listen] if options.listen else everywhere()
            control = Control([(address, port) for address in addresses for port in ports], key)
            thread = threading.Thread(target=control.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(control.stop)
            speech.note(f"control on ports {options.ports}; key {key.hex()}")
        vantage = Vantage(
            listen_at(options.listen, options.port), context, certificate, invitations, _look(standpoint),
            tell=speech.note,
        )  # fmt: skip
        timer = threading.Timer(60 * max(1, options.minutes), vantage.stop)
        timer.daemon = True
        timer.start()
        stack.callback(timer.cancel)
        speech.note(f"vantage on port {options.port}; it ends in {options.minutes} minutes, or with Ctrl-C")
        vantage.run()
    return 0


def _standpoint(options: argparse.Namespace) -> Standpoint:
    """Take the vantage's own control: its answers say which ports are let out here."""
    from primum.doors.cli.probe_outside import read_controls  # noqa: PLC0415
    from primum.exposure.mandates.signing import read_file  # noqa: PLC0415
    from primum.exposure.probe.alone import Standpoint  # noqa: PLC0415
    from primum.exposure.probe.gate import Gate  # noqa: PLC0415

    mandates = tuple(read_file(one) for one in options.mandate)
    gate = Gate(is_own=lambda _: False, mandates=mandates, now=lambda: datetime.now(UTC))
    return Standpoint(name="vantage", controls=tuple(read_controls(options.control, gate)), allowed=mandates)


def _look(standpoint: Standpoint) -> Callable[[Plan, Callable[[str, int, int], None]], str]:
    from primum.exposure.probe.alone import follow  # noqa: PLC0415
    from primum.exposure.probe.writing import as_text_of_json  # noqa: PLC0415

    def look(plan: Plan, progress: Callable[[str, int, int], None]) -> str:
        return as_text_of_json(follow(plan, replace(standpoint, show=progress)).report)

    return look


def _invitations(options: argparse.Namespace) -> Invitations:
    from primum.exposure.vantage.invitations import Invitations  # noqa: PLC0415
    from primum.ground.home import find_home  # noqa: PLC0415

    folder = options.folder or find_home(options.home).folder / "vantage"
    return Invitations(folder)
