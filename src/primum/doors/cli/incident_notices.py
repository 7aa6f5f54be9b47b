"""`primum incident notice list|preview|draw|file|receipt`: notifications. A person sends; Primum never does."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client
from primum.ground.clock import from_text
from primum.ground.zones import practice_zone
from primum.incidents.carried import read
from primum.incidents.notices.history import drawn
from primum.incidents.notices.model import Type
from primum.incidents.notices.readying import Around, first_due, ready
from primum.incidents.notices.rendering import FORMS, Layout
from primum.incidents.notices.rendering.shape import shape
from primum.incidents.notices.words import LANGUAGES

_EN: Final = "en"
_DRAWN: Final = ["id", "type", "version", "at", "digest", "receipts"]
_NOT_SENT: Final = "Primum sends nothing: a person copies it into the authority's service, then writes the receipt"


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take these verbs."""
    notice = verbs.add_parser(
        "notice", help="notifications: seen before, drawn up, given as files, their receipts kept"
    )
    steps = notice.add_subparsers(dest="step", required=True, metavar="STEP")
    _of_a_file(steps, "list", "what was drawn up, with its receipts")
    preview = _of_a_file(steps, "preview", "what would be drawn up: each field as it is known, and what is asked")
    draw = _of_a_file(steps, "draw", "draw one up: frozen into the file; asks for password and code again")
    for one in (preview, draw):
        one.add_argument("type", choices=[each.value for each in Type], metavar="TYPE", help=", ".join(Type))
    draw.add_argument("--reason", default="", metavar="TEXT", help="of a correction, a withdrawal, a late complement")
    file = _of_a_file(steps, "file", "give one as a file: .html to copy from, .pdf, .json")
    receipt = _of_a_file(steps, "receipt", "write down the authority's receipt of what a person filed")
    for one in (file, receipt):
        one.add_argument("notice", metavar="NOTICE", help="ent_…, as shown by primum incident notice list")
    for one, needed in ((preview, False), (file, True)):
        one.add_argument(
            "--out", type=_file_of_ours, required=needed, metavar="FILE", help="a new file: .html, .pdf or .json"
        )
        one.add_argument("--layout", choices=[each.value for each in Layout], default=Layout.CNIL.value)
        one.add_argument("--language", choices=LANGUAGES, default="fr")
    receipt.add_argument("--number", required=True, metavar="NUMBER", help="as the authority gives it")
    receipt.add_argument("--at", required=True, metavar="AT", help="with its offset: 2026-11-24T23:40+01:00")
    receipt.add_argument("--document", type=Path, metavar="FILE", help="the receipt itself, 32 MiB at most")
    receipt.add_argument("--corrects", default="", metavar="ENTRY", help="a receipt in whose place it stands")


def _of_a_file(verbs: Any, name: str, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's own)
    made: argparse.ArgumentParser = verbs.add_parser(name, help=sentence)
    made.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")
    return made


def _file_of_ours(text: str) -> Path:
    """Take the name of a file; its end says what is written."""
    path = Path(text)
    if path.suffix.removeprefix(".").lower() not in FORMS:
        raise argparse.ArgumentTypeError(f"its name ends in .{', .'.join(FORMS)}")
    return path


def _notice(client: Client, options: argparse.Namespace) -> int:
    return _STEPS[options.step](client, options)


def _list(client: Client, options: argparse.Namespace) -> int:
    dossier = read(client.call_signed_in("incident_show", id=options.id)["file"])
    lines = [
        {"id": one.entry.id, "type": one.type.value, "version": one.version, "digest": one.entry.body["digest"][:16],
         "at": one.entry.at.astimezone().isoformat(timespec="minutes"),
         "receipts": ", ".join(f"{each.body['number']} ({each.id})" for each in one.receipts)}
        for one in drawn(dossier)
    ]  # fmt: skip
    speech.table(lines, _DRAWN)
    return 0


def _preview(client: Client, options: argparse.Namespace) -> int:
    if options.out is not None:
        return _written(client, options, "incident_notice_preview", type=options.type)
    found = client.call_signed_in("incident_show", id=options.id)
    around = Around(from_text(found["now"]), "", found["controller"], first_due, practice_zone())
    made = ready(read(found["file"]), Type(options.type), around)
    told = shape(made.content, "", options.language, Layout(options.layout))
    for title, fields in told.sections:
        speech.say(title)
        for one in fields:
            speech.say(f"  {one.number}. {one.title} [{one.state_word}]")
            for line in one.lines:
                speech.say(f"     {line.label}: {line.text}" if line.label else f"     {line.text}")
            if one.question:
                speech.say(f"     ? {one.question}")
    speech.say(_NOT_SENT)
    return 0


def _draw(client: Client, options: argparse.Namespace) -> int:
    made = client.call_signed_in("incident_notice_draw", id=options.id, type=options.type, reason=options.reason)
    speech.say(f"drawn up: {made['id']}, {made['type']}, version {made['version']}, sha256 {made['digest']}")
    speech.say(_NOT_SENT)
    return 0


def _file(client: Client, options: argparse.Namespace) -> int:
    return _written(client, options, "incident_notice_file", notice=options.notice)


def _receipt(client: Client, options: argparse.Namespace) -> int:
    asked: dict[str, Any] = {name: getattr(options, name) for name in ("id", "notice", "number", "at", "corrects")}
    if options.document is not None:
        asked["file"] = str(options.document.resolve())
    made = client.call_signed_in("incident_notice_receipt", **asked)
    speech.say(f"written: {made['id']} (receipt)")
    return 0


def _written(client: Client, options: argparse.Namespace, verb: str, **asked: Any) -> int:  # noqa: ANN401 (what a verb takes)
    form = options.out.suffix.removeprefix(".").lower()
    made = client.call_signed_in(
        verb, id=options.id, form=form, layout=options.layout, language=options.language,
        out=str(options.out.resolve()), **asked,
    )  # fmt: skip
    speech.say(f"written: {options.out} ({made['size']} bytes)")
    return 0


_STEPS: Final[dict[str, Callable[[Client, argparse.Namespace], int]]] = {
    "list": _list,
    "preview": _preview,
    "draw": _draw,
    "file": _file,
    "receipt": _receipt,
}
RUNS: Final[dict[str, Callable[[Client, argparse.Namespace], int]]] = {"notice": _notice}
