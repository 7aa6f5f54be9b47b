"""What people decide, as pages: a patient, a study, and the form that shows before and after, then asks to confirm.

The worker decides whether somebody may, from their session: these pages only ask (docs/design/patients.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from primum.doors.http.disclosures import DOOR
from primum.doors.http.forms import FormUnreadable, field
from primum.doors.http.statuses import status_of
from primum.doors.http.visit import Visit
from primum.doors.web import dose_words
from primum.doors.web.language import say, write_da, write_instant
from primum.doors.web.render import Pages, language_of
from primum.doors.web.reports import card
from primum.doors.web.sendings import card as sendings_card
from primum.doors.web.step_up import step_up_address
from primum.ground.clock import from_text
from primum.ground.errors import PrimumError
from primum.ground.ids import is_id
from primum.identity import Permission, Thing, decide, reaches
from primum.imaging import NotHere
from primum.journal import Fact, Kind

_DOSED: Final = 200
"""Studies of a patient whose doses are looked up: the most recent ones."""
OF_PATIENT: Final = ("name", "number", "issuer", "birth_date", "sex")
OF_STUDY: Final = ("accession", "description", "referrer")
TRAITS: Final = (
    "birth_name", "given_names", "birth_date", "sex", "birth_place", "used_name", "used_given_name", "matricule", "oid",
)  # fmt: skip
FLAGS: Final = ("retrieved", "document")
CODES: Final = ("quality", "safety", "worklist", "expired")
REASONS: Final = (
    "typing-error", "wrong-patient", "duplicate", "document-seen", "patient-request", "device-error", "other",
)  # fmt: skip
OIDS: Final = ("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11")

REFUSALS: Final = ("two-people", "images-right", "wrong-message", "other")

FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "patient_correct": ("patient", *OF_PATIENT, "reason", "proposal"),
    "patient_merge": ("patient", "gone", "reason", "proposal"),
    "patient_refuse_proposal": ("proposal", "reason"),
    "patient_note_proposal": ("proposal",),
    "patient_unmerge": ("patient", "reason"),
    "patient_identify": ("patient", *TRAITS, *FLAGS, "reason"),
    "patient_undo": ("patient", "decision", "reason"),
    "study_correct": ("study", *OF_STUDY, "reason"),
    "study_move": ("study", "patient", "reason"),
    "study_reject": ("study", "code", "series", "reason"),
    "study_choose_version": ("study", "instance", "sha256", "reason"),
    "study_undo": ("study", "decision", "reason"),
}
"""Every decision that a page can ask for, and its fields."""

_WORDED: Final = {
    "imaging.bad-identity": "bad_identity",
    "imaging.bad-value": "bad_value",
    "imaging.not-here": "not_here",
    "imaging.not-in-force": "not_in_force",
    "imaging.nothing-to-change": "nothing",
    "imaging.other-controller": "other_controller",
    "imaging.patient-merged": "merged",
}
Change = tuple[str, str, str]
"""A line of the confirmation: what, before, after."""


class Decisions:
    """The pages."""

    def __init__(self, pages: Pages) -> None:
        """Render with `pages`."""
        self._pages = pages

    def patient(self, visit: Visit) -> Response:
        """Show a patient."""
        shown = _ask(visit, "patient_show", patient=_patient_id(visit, visit.request.path_params["patient"]))
        thing = Thing("patient", shown["controller"])
        return self._pages.page(
            visit,
            "patient.html",
            patient=_covered(visit, shown["id"]),
            view=shown,
            alike=[{**one, "address": _covered(visit, one["id"])} for one in shown["alike"]],
            studies=[_study_row(visit, one) for one in shown["studies"]],
            doses=_doses(visit, shown),
            people={one: _covered(visit, one) for one in (*shown["merged"], shown["survivor"]) if one},
            proposals=[_proposal(visit, one) for one in shown["proposals"]],
            refusals=REFUSALS,
            may={
                "correct": _may(visit, Permission.PATIENT_CORRECT, thing),
                "merge": _may(visit, Permission.PATIENT_MERGE, thing),
            },
            of_patient=OF_PATIENT,
            traits=TRAITS,
            flags=FLAGS,
            oids=OIDS,
            **self._common(visit),
        )

    def proposals(self, visit: Visit) -> Response:
        """Show what other systems say of patients and waits for a person."""
        found = _ask(visit, "patient_proposals")
        return self._pages.page(
            visit,
            "proposals.html",
            here="proposals",
            proposals=[_proposal(visit, one) for one in found["proposals"]],
            count=found["count"],
            refusals=REFUSALS,
            **self._common(visit),
        )

    def of_study(self, visit: Visit) -> Response:
        """Lead to the patient of a study."""
        ref = visit.aliases.uncover(visit.request.path_params["study"])
        shown = _ask(visit, "study_show", study=ref)
        return RedirectResponse(f"/patients/{_covered(visit, shown['patient'])}", 303)

    def study(self, visit: Visit) -> Response:
        """Show what was decided about a study."""
        alias = visit.request.path_params["study"]
        shown = _ask(visit, "study_show", study=visit.aliases.uncover(alias))
        near = _ask(visit, "patient_show", patient=shown["patient"])
        thing = Thing("study", near["controller"])
        return self._pages.page(
            visit,
            "study.html",
            study=alias,
            view=shown,
            date=write_da(language_of(visit), shown["date"]),
            patient=_covered(visit, shown["patient"]),
            patient_shown=near["shown"],
            dose=_dose(visit, shown["ref"]),
            alike=[{**one, "address": _covered(visit, one["id"])} for one in near["alike"]],
            may={
                "correct": _may(visit, Permission.PATIENT_CORRECT, thing),
                "move": _may(visit, Permission.STUDY_MOVE, thing),
                "reject": _may(visit, Permission.INSTANCE_REJECT, thing),
                "choose": _may(visit, Permission.INSTANCE_CHOOSE, thing),
                "print": _may(visit, Permission.STUDY_EXPORT, thing),
            },
            of_study=OF_STUDY,
            reports=card(visit, shown["ref"]),
            sent=sendings_card(visit, shown["ref"]),
            codes=CODES,
            **self._common(visit),
        )

    def decide(self, visit: Visit) -> Response:
        """Show what would change; once confirmed, have it done."""
        verb, back = visit.form.get("verb", ""), field(visit.form, "back", 200)
        if verb not in FORMS:
            raise FormUnreadable
        given = _given(visit, verb)
        try:
            if visit.form.get("sure") == "yes":
                _ask(visit, verb, **_args(visit, given))
                # the address is checked where it is followed: one of ours, and no other host
                return RedirectResponse(_ours(back), 303)
            return self._confirm(visit, verb, given, back, _changes(visit, verb, given))
        except PrimumError as refusal:
            if refusal.code not in _WORDED:
                raise
            sentence = say(language_of(visit), f"decide.{_WORDED[refusal.code]}")
            return self._confirm(visit, verb, {}, back, [], sentence=sentence, status=status_of(refusal))

    def _confirm(
        self,
        visit: Visit,
        verb: str,
        given: Mapping[str, str],
        back: str,
        changes: Sequence[Change],
        *,
        sentence: str = "",
        status: int = 200,
    ) -> Response:
        kept = {name: value for name, value in given.items() if name not in _unchanged(verb, changes)}
        if not sentence and verb in {"patient_correct", "study_correct"} and not changes:
            sentence, status = say(language_of(visit), "decide.nothing"), 409
        return self._pages.page(
            visit, "decide.html", status=status, verb=verb, given=kept, changes=changes, sentence=sentence,
            **(self._common(visit) | {"back": _ours(back)}),
        )  # fmt: skip

    @staticmethod
    def _common(visit: Visit) -> dict[str, Any]:
        return {
            "back": visit.request.url.path,
            "step_up_address": "" if visit.person.fresh else step_up_address(visit),
            "reasons": REASONS,
        }


def _opens(visit: Visit, ref: str) -> str:
    """Tell whose a study is that this person may open; nobody's where they may not: its dose is part of it."""
    actor = visit.services.people.actor(visit.person)
    try:
        found = visit.services.archive.study(reaches(actor, Permission.STUDY_OPEN), ref=ref)
    except NotHere:
        return ""
    thing = Thing("study", found.controller_id, referrer=found.referrer, confidential=found.confidential)
    return found.controller_id if decide(actor, Permission.STUDY_OPEN, thing).allowed else ""


def _tell_dose(visit: Visit, subject: str, controller_id: str) -> None:
    details: dict[str, str | int] = {"session": visit.person.id, "controller": controller_id, "door": DOOR}
    visit.services.journal.record(Fact(Kind.DOSE_VIEWED, visit.person.person_id, subject, details))


def _dose(visit: Visit, ref: str) -> dose_words.Card | None:
    """Write the dose of a study, for who may open it; that it is shown is in the journal first."""
    controller_id = _opens(visit, ref)
    if not controller_id:
        return None
    found = visit.services.doses.of_study(ref)
    if found.dose.reports:
        _tell_dose(visit, ref, controller_id)
    return dose_words.card(language_of(visit), found)


def _doses(visit: Visit, shown: Mapping[str, Any]) -> list[dose_words.Line]:
    """List a patient's studies with a dose report, of those that this person may open."""
    listed = [one for one in shown["studies"][:_DOSED] if _opens(visit, one["ref"])]
    found = visit.services.doses.of_studies([one["ref"] for one in listed])
    dosed = [one for one in listed if found[one["ref"]].dose.reports]
    if dosed:
        _tell_dose(visit, shown["id"], shown["controller"])
    return [
        dose_words.line(
            language_of(visit), one, f"/studies/{visit.aliases.cover(one['ref'])}/decisions", found[one["ref"]]
        )
        for one in dosed
    ]


def _ask(visit: Visit, verb: str, **args: str | bool) -> dict[str, Any]:
    """Ask the worker, for the person of this session."""
    asked = {"token": visit.token, "verb": verb, "args": args | {"language": language_of(visit)}}
    answer, _ = visit.services.intake.ask("decide", asked)
    return answer


def _covered(visit: Visit, patient_id: str) -> str:
    return visit.aliases.cover(patient_id.removeprefix("pat_"))


def _patient_id(visit: Visit, given: str) -> str:
    return given if is_id(given, "pat") else f"pat_{visit.aliases.uncover(given)}"


def _given(visit: Visit, verb: str) -> dict[str, str]:
    """Take the fields of a decision out of the form; those that the form does not have are not there."""
    names = [name for name in FORMS[verb] if name in visit.form]
    given = {name: field(visit.form, name, visit.services.limits.field_characters) for name in names}
    if "birth_date" in given:
        given["birth_date"] = given["birth_date"].replace("-", "")
    return given


def _args(visit: Visit, given: Mapping[str, str]) -> dict[str, str | bool]:
    args: dict[str, str | bool] = dict(given)
    for name in given.keys() & {"patient", "gone"}:
        args[name] = _patient_id(visit, given[name])
    if "study" in given:
        args["study"] = visit.aliases.uncover(given["study"])
    return args | {name: given[name] == "yes" for name in given.keys() & set(FLAGS)}


def _changes(visit: Visit, verb: str, given: Mapping[str, str]) -> list[Change]:
    """Say what a decision would change, before and after."""
    args = _args(visit, given)
    match verb:
        case "patient_correct":
            return _corrected(OF_PATIENT, _ask(visit, "patient_show", patient=args["patient"])["shown"], given)
        case "patient_merge":
            return _merged(*(_ask(visit, "patient_show", patient=args[name]) for name in ("patient", "gone")))
        case "patient_refuse_proposal":
            if given.get("reason") not in REFUSALS:
                raise FormUnreadable
            return [("decision", say(language_of(visit), "proposals.waits"), _refused(visit, given["reason"]))]
        case "patient_note_proposal":
            language = language_of(visit)
            return [("decision", say(language, "proposals.waits"), say(language, "proposals.noted"))]
        case "patient_identify":
            known = _ask(visit, "patient_show", patient=args["patient"])["identity"] or {}
            return [(one, str(known.get(one) or ""), given[one]) for one in (*TRAITS, *FLAGS) if given.get(one)]
        case _:
            return _changes_of_study(visit, verb, given)


def _changes_of_study(visit: Visit, verb: str, given: Mapping[str, str]) -> list[Change]:
    args = _args(visit, given)
    match verb:
        case "study_correct":
            return _corrected(OF_STUDY, _ask(visit, "study_show", study=args["study"]), given)
        case "study_move":
            study = _ask(visit, "study_show", study=args["study"])
            now, then = (_ask(visit, "patient_show", patient=one) for one in (study["patient"], args["patient"]))
            return _people(now["shown"], then["shown"])
        case "study_choose_version":
            return _chosen(_ask(visit, "study_show", study=args["study"])["versions"], given)
        case _:
            return _words(language_of(visit), verb, given)


def _corrected(names: Sequence[str], shown: Mapping[str, str], given: Mapping[str, str]) -> list[Change]:
    return [(one, shown[one], given[one]) for one in names if one in given and given[one] != shown[one]]


def _merged(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> list[Change]:
    before, after = len(gone["studies"]), len(gone["studies"]) + len(kept["studies"])
    return [*_people(gone["shown"], kept["shown"]), ("studies", str(before), str(after))]


def _chosen(versions: Sequence[Mapping[str, Any]], given: Mapping[str, str]) -> list[Change]:
    served = [one["sha256"][:12] for one in versions if one["instance"] == given["instance"] and one["served"]]
    return [("version", served[0] if served else "", given["sha256"][:12])]


def _words(language: str, verb: str, given: Mapping[str, str]) -> list[Change]:
    if verb == "study_reject":
        return [("images", say(language, "decide.shown"), say(language, f"decide.code_{_code(given)}"))]
    return [("decision", say(language, "decide.holds"), say(language, "decide.undone"))]


def _refused(visit: Visit, reason: str) -> str:
    return say(language_of(visit), f"proposals.reason_{reason.replace('-', '_')}")


def _proposal(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    """Put a proposal into the words of a page: whom it concerns by their covered address, and what may be done."""
    thing = Thing("patient", one["controller"])
    action = Permission.PATIENT_MERGE if one["kind"] == "merge" else Permission.PATIENT_CORRECT
    people = [who for pair in one["pairs"] for who in pair.values()] + [who["patient"] for who in one["corrections"]]
    return {
        **one,
        "date": write_instant(language_of(visit), from_text(one["at"])),
        "address": {who["id"]: _covered(visit, who["id"]) for who in people},
        "may": _may(visit, action, thing),
    }


def _code(given: Mapping[str, str]) -> str:
    if given.get("code") not in CODES:
        raise FormUnreadable
    return given["code"]


def _people(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    return [(which, before[which], after[which]) for which in OF_PATIENT]


def _unchanged(verb: str, changes: Sequence[Change]) -> set[str]:
    """Name the fields of a correction that the person left as they were: they are not part of the decision."""
    every = {"patient_correct": OF_PATIENT, "study_correct": OF_STUDY}.get(verb, ())
    return set(every) - {which for which, _, _ in changes}


def _ours(back: str) -> str:
    return back if back.startswith("/") and not back.startswith("//") and "\\" not in back else "/"


def _may(visit: Visit, action: Permission, thing: Thing) -> bool:
    """Tell whether a form is worth showing: whether the person may, once they are fresh."""
    found = decide(visit.services.people.actor(visit.person), action, thing)
    return found.allowed or found.rule == "deny.step-up"


def _study_row(visit: Visit, one: Mapping[str, Any]) -> dict[str, Any]:
    alias = visit.aliases.cover(one["ref"])
    return {**one, "address": f"/studies/{alias}/decisions", "date": write_da(language_of(visit), one["date"])}
