"""Reports at the terminal and on the pages: listed, read, written, validated (docs/design/reports.md).

Pages come here too, through `report`: with their person's session, never with a claim of their own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from primum.app.shelf import ShelfStudy
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb, answer_page
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_patients import find_study
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Grant, NotPermitted, Permission, Scope, Thing, decide, reaches
from primum.imaging.orders.results import Results, Trouble
from primum.imaging.reports.acts import Acts, Draft, Signature
from primum.imaging.reports.errors import NoSuchReport, ReportTooLarge
from primum.imaging.reports.limits import LIMITS
from primum.imaging.reports.model import FINAL, Relation, Report, Text
from primum.imaging.reports.node import lines_of
from primum.imaging.reports.service import WRITTEN_HERE
from primum.journal import Kind

DOOR = "terminal"


class NoSuchFile(PrimumError):
    """There is no such file, or the daemon cannot read it."""

    code: ClassVar[str] = "report.no-file"
    hint: ClassVar[str] = "give the path of a PDF that the daemon's user may read"


def report_list(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List the reports of a study."""
    study, _ = find_study(desk, asking, args.text("study", most=64))
    desk.require(asking, Permission.REPORT_READ, _thing(study))
    found = _acts(desk).reports.of_study(study.study_ref, drafts=_writes(asking, study))
    if _only_final(asking, study):
        found = [one for one in found if one.status in FINAL]
    _write(desk, asking, Kind.REPORTS_LISTED, study, found=len(found), door=DOOR)
    return {"study": study.study_ref, "reports": [facts_of(one) for one in found]}


def report_show(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Show a report: where it stands, and what it says as lines."""
    found, study = _report(desk, asking, args, Permission.REPORT_READ)
    if found.row.state in WRITTEN_HERE:
        desk.require(asking, Permission.REPORT_WRITE, _thing(study))
    elif found.status not in FINAL and _only_final(asking, study):
        raise NoSuchReport
    what = str(found.row.format)
    _write(desk, asking, Kind.REPORT_VIEWED, study, report=found.row.id, what=what, door=DOOR)
    return facts_of(found) | {"lines": lines_of(_acts(desk).reports.nodes(found))}


def report_add(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Begin a report from a PDF, which a door sends beside its question and a terminal names."""
    return _begin(desk, asking, args, Draft(args.text("title", most=200), Text(language=_language(args)), _pdf(args)))


def report_write(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Begin a report as a text."""
    return _begin(desk, asking, args, Draft(args.text("title", most=200), _text(args)))


def _begin(desk: Desk, asking: Asking, args: Args, draft: Draft) -> dict[str, Any]:
    about = args.text("about", most=64)
    if about:
        followed, study = _report(desk, asking, args, Permission.REPORT_WRITE, name="about")
        relation = {"addendum": Relation.ADDENDUM, "version": Relation.VERSION}.get(args.text("relation", most=16))
        if relation is None:
            raise BadRequest
        draft = replace(draft, relation=relation, about=followed.row.id)
    else:
        study, _ = find_study(desk, asking, args.text("study", most=64))
        desk.require(asking, Permission.REPORT_WRITE, _thing(study))
    made = _acts(desk).write(study.study_ref, draft, _signature(desk, asking, study))
    _write(desk, asking, Kind.REPORT_DRAFTED, study, report=made.row.id, what=_what(made))
    return facts_of(made)


def report_change(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Change the text or the title of a draft."""
    found, study = _report(desk, asking, args, Permission.REPORT_WRITE)
    changed = _acts(desk).change(found.row.id, Draft(args.text("title", most=200), _text(args)))
    _write(desk, asking, Kind.REPORT_CHANGED, study, report=found.row.id, what=_what(found))
    return facts_of(changed)


def report_withdraw(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Withdraw a draft."""
    found, study = _report(desk, asking, args, Permission.REPORT_WRITE)
    gone = _acts(desk).withdraw(found.row.id)
    _write(desk, asking, Kind.REPORT_WITHDRAWN, study, report=gone.row.id, what=_what(gone))
    return facts_of(gone)


def report_validate(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Validate a report; that it is done is written down with it."""
    found, study = _report(desk, asking, args, Permission.REPORT_VALIDATE)
    return facts_of(_acts(desk).validate(found.row.id, _signature(desk, asking, study)))


def result_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List results that were refused, given up, or have waited for long."""
    troubles = Results(desk.worker.orders).troubles(_orders_of(asking, Permission.ORDER_LIST))
    return {"results": [one._asdict() for one in troubles]}


def result_again(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Send a result again, as its study is served now."""
    trouble = _trouble(desk, asking, args)
    made = _acts(desk).send_again(trouble)
    details: dict[str, str | int] = {
        "session": asking.session.id, "controller": trouble.controller_id, "other": trouble.id, "what": trouble.kind,
    }  # fmt: skip
    desk.record(Kind.RESULT_SENT_AGAIN, asking.actor.person_id, made, details)
    return {"id": made}


def _trouble(desk: Desk, asking: Asking, args: Args) -> Trouble:
    reached = _orders_of(asking, Permission.ORDER_WRITE)
    return Results(desk.worker.orders).trouble(args.text("result", most=64), reached)


def _orders_of(asking: Asking, action: Permission) -> list[str] | None:
    """Say whose orders somebody reaches; None is everybody's. Raises NotPermitted."""
    reach = reaches(asking.actor, action)
    if not reach:
        raise NotPermitted(action=str(action), rule="silence")
    if any(one.controllers is None for one in reach):
        return None
    return sorted({controller for one in reach for controller in one.controllers or ()})


# inside


def _acts(desk: Desk) -> Acts:
    if desk.reports is None:  # no worker serves without
        raise NoSuchReport
    return desk.reports


def _report(
    desk: Desk, asking: Asking, args: Args, action: Permission, *, name: str = "report"
) -> tuple[Report, ShelfStudy]:
    """Find a report in a study within reach, and ask whether `action` is permitted. Raises NoSuchReport."""
    found = _acts(desk).reports.report(args.text(name, most=64))
    study, _ = find_study(desk, asking, found.row.study_ref)
    desk.require(asking, action, _thing(study))
    return found, study


def _thing(study: ShelfStudy) -> Thing:
    return Thing("study", study.controller_id, study.referrer, study.confidential)


def _writes(asking: Asking, study: ShelfStudy) -> bool:
    return decide(asking.actor, Permission.REPORT_WRITE, _thing(study)).allowed


def _only_final(asking: Asking, study: ShelfStudy) -> bool:
    """Tell whether somebody sees this study's reports as its referrer alone."""
    return all(grant.scope is Scope.REFERRER for grant in asking.actor.grants if _reads(asking, grant, study))


def _reads(asking: Asking, grant: Grant, study: ShelfStudy) -> bool:
    return decide(replace(asking.actor, grants=(grant,)), Permission.REPORT_READ, _thing(study)).allowed


def _signature(desk: Desk, asking: Asking, study: ShelfStudy) -> Signature:
    """Write who acts, for the controller whose study it is."""
    people = desk.worker.people
    names = {one.id: one.name for one in people.controllers()}
    person = people.person(asking.actor.person_id)
    return Signature(person.id, person.full_name, names.get(study.controller_id, ""))


def _language(args: Args) -> str:
    return "fr" if args.text("language", most=2) == "fr" else "en"


def _text(args: Args) -> Text:
    most = LIMITS.text_characters * 2
    return Text(args.text("findings", most=most), args.text("impression", most=most), _language(args))


def _pdf(args: Args) -> bytes:
    """Take the PDF of a draft. Raises NoSuchFile, ReportTooLarge."""
    given = args.data("document")
    if given:
        return given
    try:
        with Path(args.text("file")).open("rb") as file:
            found = file.read(LIMITS.document_bytes + 1)
    except (OSError, ValueError):
        raise NoSuchFile from None
    if len(found) > LIMITS.document_bytes:
        raise ReportTooLarge(limit=LIMITS.document_bytes, of="bytes of PDF")
    return found or b"\n"


def _what(one: Report) -> str:
    return str(one.row.sayings.relation or one.row.format)


def _write(desk: Desk, asking: Asking, kind: Kind, study: ShelfStudy, **details: str | int) -> None:
    told: dict[str, str | int] = {"session": asking.session.id, "controller": study.controller_id, **details}
    desk.record(kind, asking.actor.person_id, study.study_ref, told)


def facts_of(one: Report) -> dict[str, Any]:
    """Write a report as the answer of a verb."""
    row = one.row
    return {
        "id": row.id,
        "study": row.study_ref,
        "format": str(row.format),
        "title": row.sayings.title,
        "status": str(one.status),
        "author": row.shown_as.partition("\n")[0] or row.sayings.author,
        "at": to_text(row.validated_at)
        if row.validated_at
        else to_text(row.made_at)
        if row.made_at
        else row.sayings.at,
        "relation": str(row.sayings.relation),
        "follows": one.follows,
        "superseded_by": one.superseded_by,
    }


VERBS: dict[str, Verb] = {
    "report_list": report_list,
    "report_show": report_show,
    "report_add": report_add,
    "report_write": report_write,
    "report_change": report_change,
    "report_withdraw": report_withdraw,
    "report_validate": report_validate,
    "result_list": result_list,
    "result_again": result_again,
}


def report(desk: Desk, args: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a page: one of the verbs above, for the person whose session is given."""
    # a page names no file of this machine
    return answer_page(desk, VERBS, args, file="", document=data)
