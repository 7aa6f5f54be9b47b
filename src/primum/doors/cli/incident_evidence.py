"""`primum incident freeze|bundle|verify-bundle|contain`: evidence first, then the doors."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.ground.home import find_home
from primum.incidents.carried import read
from primum.incidents.containment.model import Outcome, What

_BUNDLES: Final = ["id", "at", "bytes", "parts", "missing", "sha256"]


def add_verbs(verbs: Any) -> None:  # noqa: ANN401 (argparse's own)
    """Take these verbs."""
    freeze = verbs.add_parser("freeze", help="freeze the evidence as it is now: a signed, sealed bundle")
    bundle = verbs.add_parser("bundle", help="list the bundles of a file; take one out with --out")
    for one in (freeze, bundle):
        _of_a_file(one)
    bundle.add_argument("number", nargs="?", default="", metavar="BUNDLE", help="ent_… or bun_…; by default the last")
    way = bundle.add_mutually_exclusive_group()
    way.add_argument("--out", type=Path, metavar="FILE", help="a new file; taking it out is written into the file")
    way.add_argument("--compare", action="store_true", help="compare the copy that is kept with the file's digest")
    verify = verbs.add_parser("verify-bundle", help="verify a bundle that was taken out; needs no running Primum")
    verify.add_argument("bundle", type=Path, metavar="FILE", help="the bundle")
    verify.add_argument(
        "--key", default="", metavar="KEY", help="the public key, from elsewhere than the bundle (that of this home)"
    )
    contain = verbs.add_parser("contain", help="act against a breach, evidence first; asks for password and code again")
    _of_a_file(contain)
    contain.add_argument("what", choices=[one.value for one in What], metavar="WHAT", help=", ".join(What))
    contain.add_argument("subject", nargs="?", default="", metavar="WHO", help="a device; a person's login")
    contain.add_argument("--everybody", action="store_true", help="everybody's sessions or tokens, but this session")
    contain.add_argument("--reason", default="", metavar="TEXT", help="to reopen the doors: why it is safe now")
    contain.add_argument(
        "--without-evidence", default="", metavar="REASON",
        help="used only where freezing fails: why one acts all the same; it stays in the file",
    )  # fmt: skip
    for one in (freeze, bundle, contain):
        one.add_argument("--json", action="store_true", help="print JSON")


def _of_a_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="inc_…, as shown by primum incident list")


def _freeze(client: Client, options: argparse.Namespace) -> int:
    count = speech.Count("freezing")
    try:
        made = client.call_signed_in("incident_freeze", _shown(count), id=options.id)
    finally:
        count.end()
    if options.json:
        speech.say(pretty(made))
        return 0
    body = made["body"]
    speech.say(f"frozen: {made['id']}, {body['bytes']} bytes, {body['parts']} parts, {body['missing']} missing")
    speech.say(f"sha256 {body['digest']}")
    speech.say(f"take it out: primum incident bundle {options.id} --out FILE")
    return 0


def _bundle(client: Client, options: argparse.Namespace) -> int:
    if options.out:
        out = options.out.absolute()
        made = client.call_signed_in("incident_bundle", id=options.id, number=options.number, out=str(out))
        if not options.json:
            speech.say(f"written: {out}, {made['size']} bytes, sha256 {made['digest']}")
            speech.say(f"verify it: primum incident verify-bundle {out} --key KEY, or verify.py of the bundle itself")
            return 0
    elif options.compare:
        made = client.call_signed_in("incident_compare", id=options.id, number=options.number)
        if not options.json:
            speech.say(f"whole and unchanged: {made['id']}, sha256 {made['body']['digest']}")
            return 0
    else:
        return _list(client, options)
    speech.say(pretty(made))
    return 0


def _list(client: Client, options: argparse.Namespace) -> int:
    from primum.incidents.evidence.service import bundles_of  # noqa: PLC0415 (every command loads this file)

    dossier = read(client.call_signed_in("incident_show", id=options.id)["file"])
    rows = [
        {
            "id": one.id, "at": one.at.astimezone().isoformat(timespec="minutes"), "bytes": one.body["bytes"],
            "parts": one.body.get("parts", ""), "missing": one.body.get("missing", ""), "sha256": one.body["digest"],
        }
        for one in bundles_of(dossier)
    ]  # fmt: skip
    if options.json:
        speech.say(pretty(rows))
    elif rows:
        speech.table(rows, _BUNDLES)
    else:
        speech.say(f"nothing was frozen yet: primum incident freeze {options.id}")
    return 0


def verify_bundle(options: argparse.Namespace) -> int:
    """Verify a bundle with a public key: no daemon, no session; no home either, where the key is given."""
    from primum.incidents.evidence.reading import read_bundle  # noqa: PLC0415 (every command loads this file)

    key = options.key or (find_home(options.home).folder / "journal" / "signer.pub").read_text("ascii")
    with options.bundle.open("rb") as file:
        found = read_bundle(file, key)
    told, where = found.manifest, "given" if options.key else "of this home (give the one that was noted, with --key)"
    speech.say(f"good: signed, whole and unchanged; the key is the one {where}")
    speech.say(f"bundle {told['bundle']} of file {told['file']}, home {told['home']}, begun at {told['created_at']}")
    speech.say(f"{len(found.parts)} parts, {found.size} bytes, sha256 {found.digest}")
    for one in told["missing"]:
        speech.say(f"missing: {one['part']} ({one['why']})")
    for chain in told["journal"]["ill"]:
        speech.say(f"does not follow its signed head: {chain}")
    return 0


def _contain(client: Client, options: argparse.Namespace) -> int:
    count = speech.Count("freezing")
    try:
        made = client.call_signed_in(
            "incident_contain", _shown(count), id=options.id, what=options.what, subject=options.subject,
            everybody=options.everybody, reason=options.reason, override=options.without_evidence,
        )  # fmt: skip
    finally:
        count.end()
    if options.json:
        speech.say(pretty(made))
        return 0
    body = made["body"]
    counted = f", {body['count']} of them" if "count" in body else ""
    speech.say(f"{body['what']}: {body['outcome']}{counted} ({made['id']})")
    if body.get("bundle"):
        speech.say(f"evidence was frozen first: sha256 {body['bundle']}")
    elif body.get("why"):
        speech.say(f"WITHOUT EVIDENCE ({body['why']}): {body['override']}")
    for line in _after(body["what"], body["outcome"], options.id):
        speech.say(line)
    return 0


def _after(what: str, outcome: str, file_id: str) -> list[str]:
    """Say what follows."""
    said = []
    if outcome == Outcome.UNSURE:
        said.append("it was told, and could not be seen to have happened: look with primum status and primum check")
    if what == What.CLOSE_DOORS:
        said.append("no DICOM, no HL7; pages on this machine alone, also after a restart")
        said.append(f"to reopen: primum incident contain {file_id} reopen-doors --reason TEXT")
    if what == What.ROTATE_ROOT:
        said.append("written down; the key is replaced with Primum stopped: primum keyring rotate")
    return said


def _shown(count: speech.Count) -> Any:  # noqa: ANN401 (a progress)
    return lambda facts: count.show(facts["bytes"], facts["part"])


RUNS: Final = {"freeze": _freeze, "bundle": _bundle, "contain": _contain}
