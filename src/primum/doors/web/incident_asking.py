"""How a page asks the worker about a file of a breach, and says what was refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from primum.doors.http.forms import field
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.language import catalogue, say
from primum.doors.web.local_time import Unclear, read_local
from primum.doors.web.render import language_of
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, reaches
from primum.incidents.limits import LIMITS

HERE: Final = "/incidents"
_OFFSET: Final = 8
"""Characters: +01:00."""
_FILE: Final = re.compile(r"inc_[a-z2-7]{26}")


def ask(visit: Visit, verb: str, *, document: bytes = b"", **args: object) -> dict[str, Any]:
    """Ask the worker, for the person of this session."""
    answer, _ = visit.services.intake.ask("incidents", {"token": visit.token, "verb": verb, "args": args}, document)
    return answer


def file_id(visit: Visit) -> str:
    """Give the file that the address names. Raises NotFound."""
    found = str(visit.request.path_params["incident"])
    if not _FILE.fullmatch(found):
        raise NotFound
    return found


class NoHour(ValueError):
    """What was typed is no hour, or is two; its text is the sentence that says so to the reader."""


def typed_instant(visit: Visit, name: str = "at") -> str:
    """Take the hour that was typed into a form, in the practice's zone or with its offset. Raises NoHour."""
    try:
        return to_text(read_local(field(visit.form, name, LIMITS.line), None, field(visit.form, "offset", _OFFSET)))
    except Unclear:
        raise NoHour(say(language_of(visit), "incidents.hour_twice")) from None
    except ValueError:
        raise NoHour(say(language_of(visit), "incidents.no_hour")) from None


def may(visit: Visit, action: Permission) -> bool:
    """Tell whether this person may, once password and code are given again; which files, the worker decides."""
    return bool(reaches(replace(visit.services.people.actor(visit.person), fresh=True), action))


def sentence_of(visit: Visit, refusal: PrimumError) -> str:
    """Say a refusal of a file in the reader's language; any other goes on."""
    if not refusal.code.startswith("incident.") or refusal.code == "incident.no-such-file":
        raise refusal
    known = f"incidents.refused_{refusal.code.removeprefix('incident.').replace('-', '_')}"
    language = language_of(visit)
    return say(language, known if known in catalogue(language) else "incidents.refused", code=refusal.code)
