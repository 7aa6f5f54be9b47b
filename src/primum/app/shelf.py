"""The archive as the web doors and the terminal ask for it: reaches as identity gives them, rows with their flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from primum.identity import Reach as Granted
from primum.imaging import (
    EVERYTHING,
    Archive,
    InstanceEntry,
    Level,
    PictureWish,
    Reach,
    StudyEntry,
    StudyRow,
    parse_qido,
    pick,
    sees_quality,
    served_syntax,
    shown_at,
    study_attributes,
    within as only_within,
)
from primum.imaging.presenting.state import State
from primum.imaging.report_texts import ReportText, report_text


class StudyInReach(Protocol):
    """A study that was found before."""

    @property
    def study_ref(self) -> str:
        """Its reference."""
        ...

    @property
    def study_uid(self) -> str:
        """Its StudyInstanceUID."""
        ...

    @property
    def controller_id(self) -> str:
        """Whose it is."""
        ...

    @property
    def referrer(self) -> str:
        """ReferringPhysicianName, as received."""
        ...

    @property
    def confidential(self) -> bool:
        """Whether it is marked so."""
        ...

    @property
    def quality(self) -> bool:
        """Whether it was found by who sees what was rejected for quality."""
        ...


@dataclass(frozen=True, slots=True)
class ShelfStudy:
    """A study within reach: what a decision about it needs."""

    study_ref: str
    study_uid: str
    controller_id: str
    referrer: str
    confidential: bool
    quality: bool = False


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """A study, series or instance as a search finds it: DICOM JSON, and what a person should look at twice."""

    study: StudyInReach
    attributes: Mapping[str, Any]
    flags: frozenset[str]


class ShelfInstance:
    """An instance as it is kept; its record is opened when something of it is asked for."""

    def __init__(self, archive: Archive, entry: InstanceEntry) -> None:
        """Stand for `entry`."""
        self._archive, self._entry = archive, entry
        self.sop_class_uid = entry.sop_class_uid
        self.sop_instance_uid = entry.sop_uid
        self.transfer_syntax_uid = entry.transfer_syntax
        self.frame_syntax_uid = served_syntax(entry.transfer_syntax)
        self.length = entry.position.end - entry.position.offset
        """About how many bytes it has: its record's."""
        self.rejected = bool(entry.rejected)
        """Whether it is hidden from ordinary use."""

    def chunks(self) -> Iterator[bytes]:
        """Give the data set as it was sent, piece by piece."""
        return self._archive.data_set(self._entry)

    def frame(self, number: int) -> bytes:
        """Give one frame, counted from 1, in `frame_syntax_uid`. Raises NoFrame, FramesUnknown."""
        return self._archive.frame_of(self._entry, number).data

    @property
    def frame_count(self) -> int:
        """How many frames there are. Raises FramesUnknown, Undecodable."""
        return self._archive.frame_count(self._entry)

    @property
    def has_rows(self) -> bool:
        """Whether it is a picture at all."""
        return bool(self._entry.rows)

    def chunks_in(self, transfer_syntax_uid: str) -> Iterator[bytes]:
        """Give the data set in another transfer syntax, piece by piece. Raises NotTranscoded, Undecodable."""
        return self._archive.transcoded(self._entry, transfer_syntax_uid)

    def frame_in(self, number: int, transfer_syntax_uid: str) -> bytes:
        """Give one frame in another transfer syntax. Raises NoFrame, FramesUnknown, NotTranscoded, Undecodable."""
        return self._archive.frame_in(self._entry, number, transfer_syntax_uid)

    def picture(self, number: int, wish: PictureWish) -> bytes:
        """Make a picture of a frame; of the one that represents it for 0. Raises NotAPicture, NoFrame, Undecodable."""
        return self._archive.picture(self._entry, number, wish)

    def animation(self, numbers: Sequence[int], wish: PictureWish) -> Iterator[bytes]:
        """Give an animated GIF of frames, of all where none is named. Raises as `picture`."""
        return self._archive.animation(self._entry, numbers, wish)

    def state(self) -> State:
        """Read it as a presentation state. Raises BadState, NotAPicture."""
        return self._archive.state(self._entry)

    def presented(self, state: State, number: int, wish: PictureWish, *, begun: bool) -> bytes:
        """Give a picture of a frame as a presentation state says. Raises as `picture`, and BadState."""
        return self._archive.presented(self._entry, state, number, wish, begun=begun)

    def film(self) -> Iterator[bytes]:
        """Give the stream of a film as it is kept. Raises NotAPicture, FramesUnknown."""
        return self._archive.film(self._entry)

    def report(self) -> ReportText:
        """Read it as a report. Raises ReportUnreadable, ReportTooLarge."""
        return report_text(self._archive.opened(self._entry), self.sop_class_uid)

    def document(self) -> bytes:
        """Give an encapsulated PDF. Raises NotAPicture."""
        return self._archive.document(self._entry)

    def bulk(self, path: str) -> bytes:
        """Give one value by the path that the metadata gave. Raises NotHere."""
        return b"".join(part.data for part in self._archive.bulk_of(self._entry, path))


class Shelf:
    """Reads from an archive within what a person's grants reach."""

    def __init__(self, archive: Archive) -> None:
        """Read from `archive`."""
        self._archive = archive

    @property
    def archive(self) -> Archive:
        """What it reads from."""
        return self._archive

    def search(
        self,
        level: str,
        parameters: Sequence[tuple[str, str]],
        granted: Sequence[Granted],
        *,
        within: StudyInReach | None = None,
        series_uid: str = "",
        limit: int,
        offset: int,
        flagged: bool = True,
    ) -> list[ShelfRow]:
        """Search a level, in everything within reach or inside a study or series. Raises BadQuery.

        `flagged`: studies come with what a person should look at twice.
        """
        criteria = replace(parse_qido(parameters, Level(level)), limit=limit, offset=offset)
        reach = _reached(granted)
        if level == "study" and flagged and within is None:
            return [_row(one, study_attributes(one, criteria)) for one in self._archive.rows(criteria, reach)]
        usual = shown_at(Level(level), within_study=within is not None, within_series=bool(series_uid))
        asked = only_within(criteria, within.study_uid if within else None, series_uid or None)
        return [
            ShelfRow(within or _study(one.entry), pick(one.shown, usual, criteria), frozenset())
            for one in self._archive.page(Level(level), asked, reach)
        ]

    def study(self, granted: Sequence[Granted], *, uid: str = "", ref: str = "") -> ShelfStudy:
        """Find a study by its UID or its reference. Raises NotHere."""
        reach = _reached(granted)
        found = self._archive.study(ref, reach) if ref else self._archive.locate_study(uid, reach)
        return replace(_study(found), quality=sees_quality(reach))

    def any_study(self, uid: str) -> ShelfStudy:
        """Find a study whoever may see it: to explain a decision about it. Raises NotHere."""
        return _study(self._archive.locate_study(uid, EVERYTHING))

    def series_uids(self, study: StudyInReach) -> list[str]:
        """List the series of a study."""
        return self._archive.series_uids(study.study_ref, _inside(study))

    def metadata(self, study: StudyInReach, series_uid: str) -> bytes:
        """Give the DICOM JSON of every instance of a series, as one array. Raises NotHere."""
        return self._archive.series_metadata(study.study_ref, series_uid, _inside(study))

    def instances(self, study: StudyInReach, series_uid: str = "", sop_uid: str = "") -> list[ShelfInstance]:
        """Find the instances of a study, a series, or one alone. Raises NotHere where there is none."""
        if sop_uid:
            found = [self._archive.instance_of(study.study_ref, series_uid or None, sop_uid, _inside(study))]
        else:
            found = self._archive.instances_of(study.study_ref, _inside(study), series_uid or None)
        return [ShelfInstance(self._archive, one) for one in found]


def _reached(granted: Sequence[Granted]) -> list[Reach]:
    return [Reach(one.controllers, one.referrers, one.confidential, quality=one.quality) for one in granted]


def _inside(study: StudyInReach) -> Reach:
    """Reach what a study holds, for who found it."""
    return replace(EVERYTHING, quality=study.quality)


def _study(entry: StudyEntry) -> ShelfStudy:
    return ShelfStudy(entry.ref, entry.study_uid, entry.controller_id, entry.referrer, entry.confidential)


def _row(row: StudyRow, attributes: Mapping[str, Any]) -> ShelfRow:
    flags = {
        "homonym": row.homonym,
        "collision": row.collision,
        "mixed_patients": row.mixed,
        "name_damaged": row.damaged,
        "conflict": bool(row.conflicts),
    }
    return ShelfRow(_study(row.entry), attributes, frozenset(name for name, so in flags.items() if so))
