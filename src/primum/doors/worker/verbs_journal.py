"""The journal, at the terminal."""

from __future__ import annotations

from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.ground.clock import from_text
from primum.identity import Permission, Thing
from primum.journal import Entry, Filter, Kind, Ledger, latest, say, verify_journal

MOST = 10_000
"""Lines of one listing: a page of journal, not a copy of it."""


def journal_list(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """List facts, oldest first; reading the journal is a fact too."""
    desk.require(asking, Permission.JOURNAL_LIST, desk.worker.people.house())
    journal = desk.worker.rooms.journal
    journal.flush()
    found = latest(journal.folder, _filter(args), args.number("limit", low=1, high=MOST, default=100))
    details: dict[str, str | int] = {
        "session": asking.session.id, "ledger": args.text("ledger") or "both", "count": len(found),
    }  # fmt: skip
    desk.record(Kind.JOURNAL_READ, asking.actor.person_id, "", details)
    names = _names(desk)
    language = args.text("language") or "en"
    for entry in found:
        progress(_told(entry, names, language))
    return {"count": len(found)}


def journal_verify(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Recompute every chain, and check every signature with the key that this home's root gives."""
    desk.require(asking, Permission.JOURNAL_VERIFY, Thing("journal"))
    journal, signer = desk.worker.rooms.journal, desk.worker.signer
    journal.flush()
    signer.sign_and_tell(journal)
    report = verify_journal(journal.folder, signer.verifier_key)
    language = args.text("language") or "en"
    for finding in report.illnesses:
        progress({"line": f"{finding.code}: {say(finding, language)}"})
    for finding in report.information:
        progress({"line": f"({say(finding, language)})"})
    details: dict[str, str | int] = {"illnesses": len(report.illnesses), "lines": report.lines}
    desk.record(Kind.JOURNAL_VERIFIED, asking.actor.person_id, "", details)
    sentence = f"{report.lines} lines in {report.chains} chains, signed to {report.size}: "
    sentence += f"{len(report.illnesses)} illnesses" if report.illnesses else "nothing is wrong"
    return {"illnesses": len(report.illnesses), "sentence": sentence}


def _filter(args: Args) -> Filter:
    try:
        ledgers = (Ledger(args.text("ledger")),) if args.text("ledger") else tuple(Ledger)
        since = from_text(args.text("since")) if args.text("since") else None
    except ValueError:
        raise BadRequest from None
    kinds = (args.text("kind"),) if args.text("kind") else ()
    return Filter(ledgers=ledgers, kinds=kinds, actor=args.text("actor"), since=since)


def _names(desk: Desk) -> dict[str, str]:
    """Give people, devices and controllers their names: who may list the journal may know those. Never a patient's."""
    people = desk.worker.people
    names = {one.id: one.login for one in people.list()}
    names.update((one.id, one.name) for one in desk.worker.devices.list())
    names.update((one.id, one.name) for one in people.controllers())
    return names


def _told(entry: Entry, names: dict[str, str], language: str) -> dict[str, Any]:
    sentence = entry.sentence(language, lambda one: names.get(one, one))
    return {
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": entry.subject,
        "details": entry.details,
        "chain": entry.chain,
        "line": f"{entry.at}  {entry.kind:32}  {sentence}",
    }


VERBS: dict[str, Verb] = {"journal_list": journal_list, "journal_verify": journal_verify}
