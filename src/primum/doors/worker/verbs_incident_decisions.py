"""What is decided in a file, with what the file proposed then; and every file held against the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primum.doors.worker.verbs_incidents import ID, evidence_given
from primum.identity import Permission, Thing
from primum.incidents.carried import entry_json
from primum.incidents.limits import LIMITS
from primum.incidents.model import EntryKind
from primum.incidents.severity.deciding import proposed_now

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb


def incident_decide(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Decide and sign. What the file proposes now is kept beside, unless the asker says what they were shown."""
    files, file_id = desk.worker.incidents.files, args.text("id", most=ID)
    dossier = files.dossier(asking.actor, file_id)
    body: dict[str, Any] = {name: args.text(name, most=LIMITS.line) for name in ("about", "choice", "ground")}
    body["proposed"] = args.text("proposed", most=LIMITS.line) or proposed_now(body["about"], dossier)
    body["reason"] = args.text("reason", most=LIMITS.text)
    body["evidence"] = [one.as_json() for one in evidence_given(args, dossier)]
    return entry_json(files.write(asking.actor, file_id, EntryKind.DECISION, body))


def incident_verify(desk: Desk, asking: Asking, _args: Args, progress: Progress) -> dict[str, Any]:
    """Hold every entry against its line in the journal, every document against its entry; tell what differs."""
    desk.require(asking, Permission.JOURNAL_VERIFY, Thing("journal"))
    assert desk.breaches is not None  # noqa: S101 (a worker that serves has them)
    found = desk.breaches.verification.verify()
    for one in found.differences:
        progress(one.as_json())
    return {
        "entries": found.entries, "lines": found.lines, "documents": found.documents,
        "differences": len(found.differences),
    }  # fmt: skip


VERBS: dict[str, Verb] = {"incident_decide": incident_decide, "incident_verify": incident_verify}
