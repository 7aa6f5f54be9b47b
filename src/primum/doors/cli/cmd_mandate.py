"""`primum mandate give|list|show|withdraw|export|token|prove`: who allowed which probe, in a home or in a folder."""

from __future__ import annotations

import argparse
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.doors.cli.confirming import confirmed
from primum.exposure.mandates import Pinned, mandate_rules, pin, verified, write_file
from primum.exposure.probe import answering
from primum.exposure.probe.proving import Token, page

if TYPE_CHECKING:
    from primum.exposure.probe.gate import Address

_COLUMNS = ["id", "state", "given_by", "networks", "ports", "ends_at", "key_id"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="give|list|show|withdraw|export|token|prove")
    give = verbs.add_parser("give", help="allow a probe: addresses are shown, confirmed, and pinned")
    _give(give)
    listing = verbs.add_parser("list", help="what is allowed, by whom, until when")
    listing.add_argument("--json", action="store_true", help="print JSON")
    show = verbs.add_parser("show", help="all of one mandate")
    withdraw = verbs.add_parser("withdraw", help="take a mandate back")
    export = verbs.add_parser("export", help="write the file that a probe takes with --mandate")
    token = verbs.add_parser("token", help="write the secret with which a target proves that you control it")
    for one in (show, withdraw, export, token):
        one.add_argument("id", metavar="ID", help="mdt_…, as shown by primum mandate list")
    for one in (export, token):
        one.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file, for you alone")
    token.add_argument(
        "--page",
        type=ip_address,
        metavar="ADDRESS",
        help="write instead what ADDRESS is to serve; nothing secret",
    )
    answering.add_arguments(verbs.add_parser("prove", help="run on the target: answer who holds the mandate's token"))
    for one in (give, listing, show, withdraw, export, token):
        one.add_argument("--folder", type=Path, metavar="DIR", help="without an archive: a folder with its own key")


def _give(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", action="append", required=True, metavar="NAME|ADDRESS|CIDR", help="what (repeatable)")
    parser.add_argument("--ports", required=True, metavar="PORTS", help="as 104,11112,8000-8100")
    parser.add_argument(
        "--held", action="append", default=[], metavar="HOW:PORTS",
        help="of public IPv4, ports that are yours: mapping:11112 (your router) or range:8000-8100 (operator)",
    )  # fmt: skip
    parser.add_argument("--until", default="", metavar="YYYY-MM-DD", help="the last day (ninety days at most)")
    parser.add_argument(
        "--quality", required=True, choices=sorted(mandate_rules().qualities), help="in which quality who allows does"
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who allows, where that is not you")
    parser.add_argument("--for", default="", dest="for_whom", metavar="NAME", help="whose system it is, if not theirs")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why it is probed")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    from primum.doors.cli import mandate_folder  # noqa: PLC0415 (keys and tables are loaded by who keeps a folder)

    if options.verb == "prove":
        return answering.run(options)
    desk: mandate_folder.Desk | _Home = (
        mandate_folder.Desk(options.folder) if options.folder is not None else _Home(options.home)
    )
    match options.verb:
        case "give":
            pinned = pin(options.host)
            _show_addresses(pinned)
            confirmed("allow a probe of these addresses?")
            _say(desk.give(options, pinned))
        case "list":
            _list(desk.every(), as_json=options.json)
        case "show":
            _say(desk.show(options.id))
        case "withdraw":
            _say(desk.withdraw(options.id))
        case "export":
            note = desk.note(options.id)
            verified(note)
            write_file(options.out, note)
        case _:
            _token(desk.token(options.id, "page" if options.page else "token"), options)
    return 0


class _Home:
    """A home: its worker keeps, decides and signs."""

    def __init__(self, folder: Path) -> None:
        self._client = Client(folder)

    def give(self, options: argparse.Namespace, pinned: Pinned) -> list[str]:
        return _lines(self._client.call_signed_in(
            "mandate_give",
            networks=[str(one) for one in pinned.networks],
            names=[f"{name}={_written(found)}" for name, found in pinned.names.items()],
            ports=options.ports, held=options.held, until=options.until, quality=options.quality,
            by=options.by, for_whom=options.for_whom, reason=options.reason,
        ))  # fmt: skip

    def every(self) -> list[dict[str, Any]]:
        return list(self._client.call_signed_in("mandate_list")["mandates"])

    def show(self, mandate_id: str) -> list[str]:
        return _lines(self._client.call_signed_in("mandate_show", id=mandate_id))

    def withdraw(self, mandate_id: str) -> list[str]:
        return _lines(self._client.call_signed_in("mandate_withdraw", id=mandate_id))

    def note(self, mandate_id: str) -> str:
        return str(self._client.call_signed_in("mandate_export", id=mandate_id)["note"])

    def token(self, mandate_id: str, what: str) -> str:
        return str(self._client.call_signed_in("mandate_token", id=mandate_id, what=what)["token"])


def _show_addresses(pinned: Pinned) -> None:
    """Say what would be probed: a name is what its addresses are now, and stays so."""
    for name, found in pinned.names.items():
        speech.note(f"{name} is {_written(found)} at this moment, and stays so in the mandate")
    speech.note(f"addresses: {', '.join(map(str, pinned.networks))}")


def _token(text: str, options: argparse.Namespace) -> None:
    """Write the secret, or the page made of it."""
    if options.page:
        _, mandate, secret = text.split()
        text = page(Token(mandate, bytes.fromhex(secret)), options.page)
    write_file(options.out, text)


def _list(mandates: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        speech.say(pretty({"mandates": mandates}))
        return
    rows = [one | {"networks": ",".join(one["networks"])} for one in mandates]
    speech.table(rows, _COLUMNS)


def _say(lines: list[str]) -> None:
    for line in lines:
        speech.say(line)


def _lines(answer: dict[str, Any]) -> list[str]:
    return list(answer["lines"])


def _written(found: tuple[Address, ...]) -> str:
    return ",".join(map(str, found))
