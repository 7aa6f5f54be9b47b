"""`primum incident people …`: whom a breach is told to. Lists, the letter, what leaves, the public notice."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTS: Final = ("people", "expected", "told", "by_mail_yet", "by_post_yet", "out_of_reach", "uncertain", "erased",
                  "forgotten", "published")  # fmt: skip
_BATCHES: Final = ["id", "at", "channel", "letters", "trouble"]
_WAITING: Final = ["number", "fate", "code", "who"]


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take the verb; what it does to people is a word of its own."""
    people = verbs.add_parser("people", help="telling people: the list, the letter, what leaves, the public notice")
    does = people.add_subparsers(dest="does", required=True, metavar="DOES")
    standing = _of_a_file(does, "standing", "counts of people, and what became of each batch; names nobody")
    standing.add_argument("--json", action="store_true", help="print JSON")
    taking = _of_a_file(does, "list", "take a list of people: a CSV file of the practice's software")
    taking.add_argument("file", type=Path, metavar="FILE", help="CSV, 32 MiB at most")
    taking.add_argument("--source", required=True, metavar="TEXT", help='"export from SOFTWARE of 24/11/2026"')
    _of_a_file(does, "start", "print a letter to begin with, as JSON: the approved one, or sentences to fill")
    letter = _of_a_file(does, "preview", "show a letter as nobody would get it, with what it does not say yet")
    letter.add_argument("--out", type=Path, metavar="FILE", help="the printed letter: a new PDF")
    for one in (letter, _of_a_file(does, "approve", "sign a letter; asks for password and code again")):
        one.add_argument("file", type=Path, metavar="LETTER", help="JSON, as `start` prints it")
    for name, sentence in (("send", "start a batch by mail"), ("post", "start a batch of letters for the post")):
        _of_a_file(does, name, sentence)
    printing = _of_a_batch(does, "print", "print the letters of a batch that wait to be posted")
    printing.add_argument("--out", type=Path, required=True, metavar="FILE", help="a new PDF")
    posted = _of_a_batch(does, "posted", "say that letters were posted")
    posted.add_argument("--count", type=int, required=True, metavar="N", help="how many, as you counted them")
    posted.add_argument("--on", required=True, metavar="DAY", help="2026-11-24")
    posted.add_argument("--but", action="append", default=[], metavar="N", help="but this number; once for each")
    returned = _of_a_file(does, "returned", "say that letters of a batch by post came back")
    returned.add_argument("batch", metavar="BATCH", help="bat_…")
    waiting = _of_a_batch(does, "waiting", "the letters that wait for a person, with names: for who may decide")
    waiting.add_argument("--json", action="store_true", help="print JSON")
    settle = _of_a_batch(does, "settle", "say what became of uncertain letters, or have letters tried again")
    settle.add_argument("fate", choices=["uncertain", "refused", "given-up"], metavar="FATE", help="of which letters")
    settle.add_argument("choice", choices=["taken", "not-taken", "again"], metavar="CHOICE", help="of uncertain ones")
    for one in (returned, settle):
        one.add_argument("--number", action="append", default=[], metavar="N", help="a letter; once for each")
    for one in (settle, _of_a_batch(does, "stop", "stop what of a batch has not left")):
        one.add_argument("--reason", required=True, metavar="TEXT", help="why")
    notice = _of_a_file(does, "notice", "print the public notice, from the approved letter")
    notice.add_argument("--language", choices=["fr", "en"], default="fr", help="fr if not said")
    publish = _of_a_file(does, "publish", "say where and since when the public notice stands")
    publish.add_argument("--where", required=True, metavar="TEXT", help="an address, a newspaper, the door")
    publish.add_argument("--since", required=True, metavar="AT", help="with its offset: 2026-11-24T23:40+01:00")
    for one in (posted, publish):
        one.add_argument("--proof", type=Path, metavar="FILE", help="what shows it, 32 MiB at most")


def _of_a_file(does: Any, name: str, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's own)
    made: argparse.ArgumentParser = does.add_parser(name, help=sentence)
    made.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")
    return made


def _of_a_batch(does: Any, name: str, sentence: str) -> argparse.ArgumentParser:  # noqa: ANN401 (argparse's own)
    made: argparse.ArgumentParser = does.add_parser(name, help=sentence)
    made.add_argument("batch", metavar="BATCH", help="bat_…, as shown by primum incident people standing")
    return made


def _people(client: Client, options: argparse.Namespace) -> int:
    return _DOES[options.does](client, options)


def _standing(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_people", id=options.id)
    if options.json:
        speech.say(pretty(found))
        return 0
    stands = found["standing"]
    speech.say(f"decision: {stands['decision'] or 'none'}; letter: {stands['approved'][:16] or 'none approved'}")
    if found["no_mail"]:
        why = "it is an exercise" if found["no_mail"] == "exercise" else "no server is set, or it is a demo"
        speech.say(f"no mail leaves: {why}")
    for name in _COUNTS:
        if stands[name] is not None:
            speech.say(f"{name.replace('_', ' ')}: {stands[name]}")
    speech.say()
    speech.table([{**one, "letters": _fates(one["letters"])} for one in found["batches"]], _BATCHES)
    return 0


def _fates(letters: dict[str, int]) -> str:
    return ", ".join(f"{count} {fate}" for fate, count in letters.items())


def _list(client: Client, options: argparse.Namespace) -> int:
    made = client.call_signed_in("incident_people_list", id=options.id, source=options.source, **_file(options.file))
    speech.say(f"taken: {made['count']} people, sha256 {made['digest']}")
    return 0


def _start(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_people", id=options.id)
    words = {language: {"nature": "", **said, "details": ""} for language, said in found["start"].items()}
    contact = {"name": "", "email": "", "phone": ""}
    speech.say(pretty(found["letter"] or {"contact": contact, "words": words}))
    return 0


def _preview(client: Client, options: argparse.Namespace) -> int:
    told: dict[str, Any] = {"id": options.id, **_file(options.file)}
    found = client.call_signed_in("incident_people_preview", **told)
    for one in found["complaints"]:
        speech.say(one["says"]["en"])
    if found["complaints"]:
        return 1
    for one in found["mails"].values():
        speech.say(f"{one['subject']}\n")
        for line in one["text"].split("\n"):
            speech.say(line)
    if options.out:
        client.call_signed_in("incident_people_preview_pdf", **told, out=str(options.out.absolute()))
        speech.say(f"written: {options.out}")
    return 0


def _approve(client: Client, options: argparse.Namespace) -> int:
    made = client.call_signed_in("incident_people_approve", id=options.id, **_file(options.file))
    speech.say(f"approved: sha256 {made['digest']}")
    return 0


def _send(client: Client, options: argparse.Namespace) -> int:
    channel = "mail" if options.does == "send" else "post"
    speech.say(f"started: {client.call_signed_in('incident_people_send', id=options.id, channel=channel)['batch']}")
    return 0


def _print(client: Client, options: argparse.Namespace) -> int:
    made = client.call_signed_in("incident_people_print", batch=options.batch, out=str(options.out.absolute()))
    speech.say(f"written: {options.out}, {made['size']} bytes")
    return 0


def _posted(client: Client, options: argparse.Namespace) -> int:
    told = {"batch": options.batch, "count": options.count, "on": options.on, "but": options.but}
    return _counted(client.call_signed_in("incident_people_posted", **told, **_file(options.proof)), "posted")


def _returned(client: Client, options: argparse.Namespace) -> int:
    told = {"id": options.id, "batch": options.batch, "numbers": options.number}
    return _counted(client.call_signed_in("incident_people_returned", **told), "came back")


def _waiting(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_people_waiting", batch=options.batch)
    if options.json:
        speech.say(pretty(found))
        return 0
    rows = [
        {**one, "who": "; ".join(", ".join([who["name"], who["mail"], *who["address"]]) for who in one["people"])}
        for one in found["letters"]
    ]
    speech.table(rows, _WAITING)
    if found["more"]:
        speech.say(f"and {found['more']} more")
    return 0


def _settle(client: Client, options: argparse.Namespace) -> int:
    told = {name: getattr(options, name) for name in ("batch", "fate", "choice", "reason")}
    return _counted(client.call_signed_in("incident_people_settle", **told, numbers=options.number), "settled")


def _stop(client: Client, options: argparse.Namespace) -> int:
    made = client.call_signed_in("incident_people_stop", batch=options.batch, reason=options.reason)
    return _counted(made, "stopped")


def _notice(client: Client, options: argparse.Namespace) -> int:
    found = client.call_signed_in("incident_people_notice", id=options.id, language=options.language)
    for line in found["text"].split("\n"):
        speech.say(line)
    return 0


def _publish(client: Client, options: argparse.Namespace) -> int:
    told: dict[str, Any] = {"id": options.id, "where": options.where, "since": options.since, **_file(options.proof)}
    return _counted(client.call_signed_in("incident_people_publish", **told), "out of reach otherwise")


def _counted(made: dict[str, Any], what: str) -> int:
    speech.say(f"{what}: {made['count']}")
    return 0


def _file(path: Path | None) -> dict[str, Any]:
    return {"file": str(path.absolute())} if path else {}


_DOES: Final[dict[str, Callable[[Client, argparse.Namespace], int]]] = {
    "standing": _standing,
    "list": _list,
    "start": _start,
    "preview": _preview,
    "approve": _approve,
    "send": _send,
    "post": _send,
    "print": _print,
    "posted": _posted,
    "returned": _returned,
    "waiting": _waiting,
    "settle": _settle,
    "stop": _stop,
    "notice": _notice,
    "publish": _publish,
}
RUNS: Final[dict[str, Callable[[Client, argparse.Namespace], int]]] = {"people": _people}
