"""`primum incident letter|order|pack|register`: what passes with the authority, what is shown to it."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.ground.clock import from_text, to_text
from primum.incidents.carried import read
from primum.incidents.correspondence import Direction, OrderStep, Other, Procedure
from primum.incidents.register.authority import dealings
from primum.incidents.register.dealt import arithmetic, lateness
from primum.incidents.register.formats import FORMATS

_LIST: Final = "list"
_MORE_TIME: Final = "more-time"
_LETTERS: Final = ["id", "at", "way", "other", "reference", "about"]
_ASKED: Final = ["id", "asked", "due", "stand", "late"]
_ORDERS: Final = ["id", "reference", "due", "stand", "late", "daily"]


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take these verbs."""
    letter = verbs.add_parser("letter", help="letters: what is asked and due; write one down, with its document")
    _of_a_file(letter)
    ways = [_LIST, *(one.value for one in Direction), _MORE_TIME]
    letter.add_argument("what", nargs="?", default=_LIST, choices=ways, metavar="WHAT", help=", ".join(ways))
    letter.add_argument("--asked", action="append", default=[], metavar="TEXT", help="what is asked; once for each")
    letter.add_argument("--answers", default="", metavar="ENTRY", help="the letter that is answered, or has more time")
    letter.add_argument("--part", action="append", default=[], metavar="N", help="the parts answered, from 0 (all)")
    order = verbs.add_parser("order", help="orders under penalty: what is due; write one down, or a step of one")
    _of_a_file(order)
    steps = [_LIST, *(one.value for one in OrderStep)]
    order.add_argument("what", nargs="?", default=_LIST, choices=steps, metavar="WHAT", help=", ".join(steps))
    order.add_argument("--order", default="", metavar="ENTRY", help="of a step: the order that it belongs to")
    order.add_argument("--daily", default="", metavar="EUROS", help="penalty a day")
    order.add_argument("--ceiling", default="", metavar="EUROS", help="the most that the order names")
    order.add_argument("--procedure", default="", choices=[one.value for one in Procedure], help="ordinary if not said")
    order.add_argument("--complete", action="store_true", help="of compliance: the whole of it is done")
    order.add_argument("--evidence", action="append", default=[], metavar="KIND:REF", help="finding:fnd_…, bundle:…")
    for one in (letter, order):
        one.add_argument("--at", default="", metavar="AT", help="with its offset: 2026-11-24T23:40+01:00")
        one.add_argument("--about", default="", metavar="TEXT", help="what about, in a few words")
        one.add_argument(
            "--other", default=Other.CNIL.value, choices=[other.value for other in Other], help="with whom"
        )
        one.add_argument("--reference", default="", metavar="TEXT", help="its reference")
        one.add_argument("--due", default="", metavar="DUE", help="a day (ends at 23:59), or an instant")
        one.add_argument("--corrects", default="", metavar="ENTRY", help="in whose place it stands")
        one.add_argument("--file", type=Path, metavar="FILE", help="the document, 32 MiB at most")
        one.add_argument("--language", choices=["fr", "en"], default="en", help="of sentences in a list")
        one.add_argument("--json", action="store_true", help="print JSON")
    pack = verbs.add_parser("pack", help="the control pack of a file, as a ZIP: what a delegation asks for")
    _of_a_file(pack)
    pack.add_argument("--with", dest="documents", action="append", default=[], metavar="DOC", help="put in doc_… too")
    pack.add_argument("--all", action="store_true", help="put every document of the file in")
    register = verbs.add_parser("register", help="the register of article 33(5), every breach whatever its risk")
    register.add_argument("kind", choices=sorted(FORMATS), metavar="KIND", help=", ".join(sorted(FORMATS)))
    register.add_argument("--controller", default="", metavar="NAME", help="of one controller (all that one may see)")
    for one in (pack, register):
        one.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new file")
        one.add_argument("--language", choices=["fr", "en"], default="fr", help="of what is written")


def _of_a_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")


def _letter(client: Client, options: argparse.Namespace) -> int:
    if options.what == _LIST:
        return _letters(client, options)
    return _written(client.call_signed_in(
        "incident_letter", **_common(options), asked=options.asked, answers=options.answers, parts=options.part,
    ))  # fmt: skip


def _order(client: Client, options: argparse.Namespace) -> int:
    if options.what == _LIST:
        return _orders(client, options)
    return _written(client.call_signed_in(
        "incident_order", **_common(options), order=options.order, daily=options.daily, ceiling=options.ceiling,
        procedure=options.procedure, complete=options.complete, evidence=options.evidence,
    ))  # fmt: skip


def _common(options: argparse.Namespace) -> dict[str, Any]:
    names = ("id", "what", "at", "about", "other", "reference", "due", "corrects")
    file = {"file": str(options.file.absolute())} if options.file else {}
    return {name: getattr(options, name) for name in names} | file


def _letters(client: Client, options: argparse.Namespace) -> int:
    found, _now = _stand(client, options.id)
    letters = [
        {"id": one.entry, "at": _local(one.at), "way": one.direction.value, "other": one.other.value,
         "reference": one.reference, "about": one.about}
        for one in found.letters if not one.corrected_by
    ]  # fmt: skip
    asked = [
        {"id": one.id, "asked": one.asked, "due": _local(one.due), "stand": one.stand.value,
         "late": lateness(one.late, options.language)}
        for one in found.requests
    ]  # fmt: skip
    if options.json:
        speech.say(pretty({"letters": letters, "asked": asked}))
        return 0
    speech.table(letters, _LETTERS)
    speech.say()
    speech.table(asked, _ASKED)
    return 0


def _orders(client: Client, options: argparse.Namespace) -> int:
    found, now = _stand(client, options.id)
    rows = [
        {"id": one.entry, "reference": one.reference, "due": _local(one.due), "stand": one.stand.value,
         "late": lateness(one.late, options.language), "daily": one.daily,
         "arithmetic": arithmetic(one, options.language)}
        for one in found.orders
    ]  # fmt: skip
    if options.json:
        speech.say(pretty({"orders": rows, "now": to_text(now)}))
        return 0
    speech.table(rows, _ORDERS)
    for row in rows:
        if row["arithmetic"]:
            speech.say(f"{row['reference']}: {row['arithmetic']}")
    return 0


def _stand(client: Client, file_id: str) -> tuple[Any, datetime]:
    shown = client.call_signed_in("incident_show", id=file_id)
    now = from_text(shown["now"])
    return dealings(read(shown["file"]), now), now


def _pack(client: Client, options: argparse.Namespace) -> int:
    out = options.out.absolute()
    made = client.call_signed_in(
        "incident_pack", id=options.id, documents=options.documents, all=options.all, language=options.language,
        out=str(out),
    )  # fmt: skip
    speech.say(f"written: {out}, {made['size']} bytes")
    speech.say("read it before it is handed over: it holds what people wrote into the file")
    return 0


def _register(client: Client, options: argparse.Namespace) -> int:
    out = options.out.absolute()
    made = client.call_signed_in(
        "incident_register", kind=options.kind, controller=options.controller, language=options.language, out=str(out)
    )  # fmt: skip
    speech.say(f"written: {out}, {made['size']} bytes")
    return 0


def _written(entry: dict[str, Any]) -> int:
    speech.say(f"written: {entry['id']} ({entry['kind']})")
    return 0


def _local(at: datetime | None) -> str:
    return at.astimezone().isoformat(timespec="minutes") if at is not None else ""


RUNS: Final = {"letter": _letter, "order": _order, "pack": _pack, "register": _register}
