"""Another archive taken over by asking it: study by study, as slowly as asked, compared by UID. Pure of the network.

`Source` is who is asked; what it sends comes in by the DICOM door, as from any device. Nothing is kept of a migration
but what it brought: a study that is here already, by the UIDs of its instances, is not asked for again, so an
interrupted one goes on where it was (decision 0075).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from primum.ground.errors import PrimumError
from primum.imaging.media.pacing import Pace


class SourceFailed(PrimumError):
    """The other archive did not answer as asked ({reason})."""

    code: ClassVar[str] = "migrate.source-failed"
    hint: ClassVar[str] = "it must let us find and move, know our AE title as a destination, and be enrolled to store"


class Source(Protocol):
    """Another archive."""

    def studies(self) -> Iterable[str]:
        """List the Study Instance UIDs of all that it has. Raises SourceFailed."""
        ...

    def instances(self, study_uid: str) -> frozenset[str]:
        """List the SOP Instance UIDs of a study. Raises SourceFailed."""
        ...

    def fetch(self, study_uid: str) -> None:
        """Have a study sent to us; return when it says that it has done so. Raises SourceFailed."""
        ...


class Ours(Protocol):
    """What we have."""

    def held(self, study_uid: str) -> frozenset[str]:
        """List the SOP Instance UIDs that we have of a study."""
        ...

    def conflicts(self, study_uid: str) -> int:
        """Count the conflict versions that we have in a study."""
        ...

    def arrived(self, study_uid: str) -> None:
        """Return once all that was received of a study can be found."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one study: instances there, here, missing here; conflict versions more than before."""

    study_uid: str = field(repr=False)
    theirs: int
    ours: int
    missing: int
    conflicts: int
    known: bool = False
    """It was here already, and was not asked for."""
    reason: str = ""
    """Why it could not be fetched, or not wholly."""


def migrate(
    source: Source,
    ours: Ours,
    *,
    pace: Pace,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    before_each: Callable[[], None] = lambda: None,
) -> Iterator[Taken]:
    """Take over every study; give what became of each. Raises SourceFailed where the studies cannot be listed."""
    studies = list(dict.fromkeys(source.studies()))
    for done, study in enumerate(studies, 1):
        before_each()
        yield _take(source, ours, study, pace)
        progress(done, len(studies))


def _take(source: Source, ours: Ours, study: str, pace: Pace) -> Taken:
    reason = ""
    before, conflicts = ours.held(study), ours.conflicts(study)
    try:
        theirs = source.instances(study)
    except SourceFailed as failed:
        return Taken(study, 0, len(before), 0, 0, reason=str(failed.facts.get("reason", "")) or failed.code)
    if theirs and theirs <= before:
        return Taken(study, len(theirs), len(before), 0, 0, known=True)
    pace.turn()
    try:
        source.fetch(study)
    except SourceFailed as failed:
        reason = str(failed.facts.get("reason", "")) or failed.code
    ours.arrived(study)
    after = ours.held(study)
    return Taken(
        study, len(theirs), len(after), len(theirs - after), max(0, ours.conflicts(study) - conflicts), reason=reason
    )
