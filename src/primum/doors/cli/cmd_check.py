"""`primum check`: exit status 0 all good, 1 something bad, 2 could not be made, 3 wants attention or not determined."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from primum.doors.cli import speech, station_options
from primum.doors.cli.client import Client, pretty
from primum.exposure.checks.errors import DrawnOtherwise, SignatureWrong
from primum.exposure.checks.limits import LIMITS
from primum.exposure.checks.model import Exit, exit_of
from primum.exposure.checks.rendering.shape import change, shape
from primum.exposure.checks.rendering.words import LANGUAGES, word
from primum.exposure.checks.signing import key_id_of
from primum.ground.errors import PrimumError
from primum.ground.home import find_home


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what to do, and how to write it."""
    parser.add_argument("--last", action="store_true", help="show the last check instead of making one")
    parser.add_argument("--json", action="store_true", help="print the report and its signed note as one object")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it as one HTML file as well")
    parser.add_argument("--pdf", type=Path, metavar="FILE", help="write it as PDF as well")
    parser.add_argument("--diff", action="store_true", help="print only what changed since the check before")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of sentences and files (en)")
    parser.add_argument("--declare", nargs=2, metavar=("NAME", "VALUE"), help="declare what no program can observe")
    parser.add_argument(
        "--until", default="", metavar="DAY", help="the last day it counts, YYYY-MM-DD (the longest allowed)"
    )
    parser.add_argument("--withdraw", metavar="NAME", help="end what is declared of a line")
    parser.add_argument("--declarable", action="store_true", help="list what may be declared, and what is")
    parser.add_argument(
        "--advisories", type=Path, metavar="FILE", help="bring a database of vulnerabilities (OSV, folder or ZIP)"
    )
    parser.add_argument("--verify", type=Path, metavar="FILE", help="verify a report: JSON, note, HTML or PDF")
    parser.add_argument("--key", default="", metavar="KEY", help="the verifier key for it (that of this home)")
    station_options.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Do it; whatever is refused ends with 2."""
    try:
        return int(_run(options))
    except PrimumError as refusal:
        speech.complain(refusal)
    except OSError as error:
        speech.complain(
            speech.SystemRefused(reason=error.strerror or "no reason given", path=error.filename or "no path")
        )
    return Exit.VOID


def _run(options: argparse.Namespace) -> int:
    if options.station:
        return station_options.run(options)
    if options.verify:
        return _verify(options)
    client = Client(options.home)
    if options.declare or options.withdraw:
        name, value = options.declare or (options.withdraw, "")
        until, withdraw = options.until, bool(options.withdraw)
        return _say(client.call_signed_in("check_declare", name=name, value=value, until=until, withdraw=withdraw))
    if options.declarable:
        speech.table(client.call_signed_in("check_declarable")["lines"], ["line", "values", "days", "now"])
        return Exit.GOOD
    if options.advisories:
        return _say(client.call_signed_in("check_advisories", source=str(options.advisories.absolute())))
    return _show(options, _last(client) if options.last else _make(client))


def _last(client: Client) -> dict[str, Any]:
    return client.call_signed_in("check_last")


def _make(client: Client) -> dict[str, Any]:
    bar = speech.Bar("lines")
    answer = client.call_signed_in("check_make", progress=lambda facts: bar.show(facts["done"], facts["total"]))
    bar.end(f"{len(answer['report']['lines'])} lines")
    return answer


def _show(options: argparse.Namespace, answer: dict[str, Any]) -> int:
    report, note, language = answer["report"], answer["note"], options.language
    if options.html is not None or options.pdf is not None:
        _write(options, report, note)
    if options.json:
        speech.say(pretty({"report": report, "note": note}))
    elif options.diff:
        shown = shape(report, language)
        speech.say(shown.changes_title)
        for one in report["changes"]:
            speech.say(f"  {change(one, language)}")
        if report["previous"] and not report["changes"]:
            speech.say(f"  {word(language, 'no_changes')}")
    else:
        _print(report, note, language)
    return exit_of(report["lines"])


def _write(options: argparse.Namespace, report: dict[str, Any], note: str) -> None:
    from primum.exposure.checks.rendering import html, pdf  # noqa: PLC0415 (every command loads this file)

    for file, draw in ((options.html, html.html), (options.pdf, pdf.pdf)):
        if file is not None:
            file.write_bytes(draw(report, note, options.language))
            speech.note(f"written: {file}")


def _print(report: dict[str, Any], note: str, language: str) -> None:
    shown = shape(report, language)
    speech.say(shown.answer)
    speech.say(shown.counts)
    speech.say(shown.made)
    for one in shown.lines:
        speech.say()
        speech.say(f"[{one.state_word}] {one.title} ({one.how})")
        speech.say(f"  {one.says}")
        if one.do:
            speech.say(f"  {word(language, 'do')} > {one.do}")
        for item in one.items:
            speech.say(f"    {item}")
        if one.evidence:
            speech.say(f"  {word(language, 'evidence')} > {one.evidence}")
    speech.say()
    speech.say(shown.changes_title)
    for line in shown.changes:
        speech.say(f"  {line}")
    speech.say(word(language, "key", key=key_id_of(note)))


def _verify(options: argparse.Namespace) -> int:
    from primum.exposure.checks.verifying import verify_file  # noqa: PLC0415 (every command loads this file)

    key = options.key or (find_home(options.home).folder / "journal" / "signer.pub").read_text("ascii")
    with options.verify.open("rb") as file:
        data = file.read(LIMITS.file_bytes + 1)
    try:
        found = verify_file(data, key)
    except (SignatureWrong, DrawnOtherwise) as refusal:
        speech.complain(refusal)
        return Exit.BAD
    report = found.report
    where = "given" if options.key else "of this home (give the one that was printed with --key)"
    speech.say(f"signed by key {found.key_id}, {where}")
    speech.say(f"{found.kind} of check {report['id']} of {report['home']}, made at {report['made_at']}")
    return Exit.GOOD


def _say(answer: dict[str, Any]) -> int:
    for line in answer["lines"]:
        speech.say(line)
    return Exit.GOOD
