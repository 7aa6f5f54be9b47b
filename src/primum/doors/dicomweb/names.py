"""Which UIDs a DICOMweb root speaks: the real ones, or the session's aliases for studies.

The viewer's addresses end in the browser's history, so its root speaks aliases in both directions. In JSON a
UID stands in quotes, or in the path of an address of ours: two replacements reach every one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from primum.app.shelf import StudyInReach
from primum.doors.http.reading import OpenStudy, Reading
from primum.doors.http.services import Parameters
from primum.doors.http.visit import Visit

REAL_ROOT: Final = "/dicom-web"
VIEWER_ROOT: Final = "/ohif/dicom-web"
_STUDY_KEYS: Final = frozenset({"studyinstanceuid", "0020000d"})


@dataclass(frozen=True, slots=True)
class Question:
    """A query in real UIDs; where it named studies by reference, only those are meant."""

    parameters: Parameters
    only: frozenset[str] | None = None

    def means(self, study: StudyInReach) -> bool:
        """Tell whether a study that was found is one that was meant."""
        return self.only is None or study.study_ref in self.only


class Names(Protocol):
    """How one root names studies."""

    def open(self, visit: Visit, reading: Reading, name: str) -> OpenStudy:
        """Open the study that the caller calls `name`."""
        ...

    def ask(self, visit: Visit, reading: Reading, parameters: Parameters) -> Question:
        """Put real UIDs into a query that may name studies; raises NotAnAlias, or NotHere."""
        ...

    def tell(self, visit: Visit, text: bytes, study: StudyInReach) -> bytes:
        """Put the root's own names and addresses into JSON about a study."""
        ...


class RealNames:
    """StudyInstanceUIDs as they are."""

    def open(self, visit: Visit, reading: Reading, name: str) -> OpenStudy:
        """Open by UID."""
        return reading.open(visit, uid=name)

    def ask(self, visit: Visit, reading: Reading, parameters: Parameters) -> Question:  # noqa: ARG002
        """Leave the query as it is."""
        return Question(parameters)

    def tell(self, visit: Visit, text: bytes, study: StudyInReach) -> bytes:  # noqa: ARG002
        """Leave the text as it is."""
        return text


class AliasNames:
    """The session's aliases (doors/http/aliases.py)."""

    def open(self, visit: Visit, reading: Reading, name: str) -> OpenStudy:
        """Open by alias."""
        return reading.open(visit, ref=visit.aliases.uncover(name))

    def ask(self, visit: Visit, reading: Reading, parameters: Parameters) -> Question:
        """Replace each alias by the UID of its study."""
        asked: list[tuple[str, str]] = []
        only: set[str] = set()
        for name, value in parameters:
            if name.lower() not in _STUDY_KEYS or not value:
                asked.append((name, value))
                continue
            studies = [reading.find(visit, visit.aliases.uncover(alias)) for alias in _listed(value)]
            only.update(study.study_ref for study in studies)
            asked.append((name, ",".join(study.study_uid for study in studies)))
        return Question(asked, frozenset(only) or None)

    def tell(self, visit: Visit, text: bytes, study: StudyInReach) -> bytes:
        """Replace the UID by its alias, and our addresses by the viewer's."""
        uid, alias = study.study_uid.encode("ascii"), visit.aliases.cover(study.study_ref).encode("ascii")
        real = f"{REAL_ROOT}/studies/".encode("ascii") + uid + b"/"
        ours = f"{VIEWER_ROOT}/studies/".encode("ascii") + alias + b"/"
        told = text.replace(b'"' + real, b'"' + ours).replace(b'"' + uid + b'"', b'"' + alias + b'"')
        return told.replace(b'"' + real[:-1] + b'"', b'"' + ours[:-1] + b'"')


def root_of(visit: Visit) -> str:
    """Return the address of the root of real UIDs, under the name of ours by which the caller came."""
    name = urlsplit("//" + visit.request.headers["host"]).hostname
    origins = sorted(visit.services.origins)
    return next((one for one in origins if urlsplit(one).hostname == name), origins[0]) + REAL_ROOT


def _listed(value: str) -> Sequence[str]:
    return value.replace("\\", ",").split(",")
