"""Studies that leave on media, at the terminal."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from primum.app.shelf import StudyInReach
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import MOST_UIDS, Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.identity import ANY_STUDY, Permission, Reach, Thing, reaches
from primum.identity.pack import make_passphrase
from primum.imaging.media.exporting import Seal, Sealing, Write, export_studies, sealed_file
from primum.imaging.media.printing import MOST, chosen, print_images
from primum.journal import Kind

REASONS = ("care", "patient", "colleague", "emergency", "justice", "migration", "other")
"""Why studies leave: a closed list, because a sentence that somebody types could name the patient."""
DOOR = "terminal"


class FileExists(PrimumError):
    """There is a file of that name already."""

    code: ClassVar[str] = "media.file-exists"
    hint: ClassVar[str] = "choose another name; an export is never written over something"


class NoPlace(PrimumError):
    """The file cannot be written there."""

    code: ClassVar[str] = "media.no-place"
    hint: ClassVar[str] = "give a folder that the user who runs Primum may write to"


class NoRoom(PrimumError):
    """The disc is full: the file was not written, and nothing of it is left."""

    code: ClassVar[str] = "media.no-room"
    hint: ClassVar[str] = "make room there, or write to another disc"


class ReasonNeeded(PrimumError):
    """What leaves in clear needs a reason."""

    code: ClassVar[str] = "media.reason-needed"
    hint: ClassVar[str] = "say --reason patient, colleague, emergency, justice, migration or other; or leave it sealed"


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves, how, and why."""

    studies: tuple[StudyInReach, ...]
    seal: Seal
    reason: str


def export(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Write studies as a medium. Who takes what out is on disc before the first byte."""
    leaving = leave(desk, asking, args)
    kept = [desk.worker.archive.instances(one) for one in leaving.studies]

    def run(write: Write) -> dict[str, int]:
        report = export_studies(
            kept, write, leaving.seal, at=desk.worker.rooms.clock.now(),
            progress=lambda count, total: progress({"done": count, "total": total}),
        )  # fmt: skip
        return {"instances": report.instances, "bytes": report.bytes, "unlisted": report.unlisted}

    counts = _journaled(desk, asking, leaving, [len(one) for one in kept], Path(args.text("to")), run)
    sentence = f"{counts['instances']} images of {len(leaving.studies)} studies, {counts['bytes']} bytes"
    sentence += f"; {counts['unlisted']} are there and not in the disc's directory" if counts["unlisted"] else ""
    return {"sentence": sentence, "passphrase": leaving.seal.passphrase, "sealed": str(leaving.seal.how)}


def print_(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Write sheets of a study's images, or of one of its series, as a PDF. It leaves as any export does."""
    leaving = leave(desk, asking, args)
    if len(leaving.studies) != 1:
        raise BadRequest
    (study,) = leaving.studies
    clock = desk.worker.rooms.clock
    kept = desk.worker.archive.instances(study, args.text("series", most=64))
    images = chosen(kept, args.number("most", low=1, high=MOST, default=24))
    house = next((one.name for one in desk.worker.people.controllers() if one.id == study.controller_id), "")
    empty = 0

    def run(write: Write) -> dict[str, int]:
        nonlocal empty
        with sealed_file(write, leaving.seal, "IMAGES.PDF", clock.now()) as sink:
            report = print_images(
                images, sink, house=house, at=clock.now(),
                progress=lambda count, total: progress({"done": count, "total": total}),
            )  # fmt: skip
        empty = report.empty
        return {"instances": report.images, "bytes": 0, "pages": report.pages}

    counts = _journaled(desk, asking, leaving, [len(images)], Path(args.text("to")), run)
    sentence = f"{counts['instances']} of {len(kept)} images on {counts['pages']} pages"
    sentence += f"; {empty} cannot be drawn here and are empty fields" if empty else ""
    return {"sentence": sentence, "passphrase": leaving.seal.passphrase, "sealed": str(leaving.seal.how)}


def _journaled(  # noqa: PLR0917
    desk: Desk, asking: Asking, leaving: Leaving, instances: list[int], to: Path, run: Callable[[Write], dict[str, int]]
) -> dict[str, int]:
    """Write a file, with its beginning and its end in the ledgers."""
    with writing(to) as file:
        record_leaving(desk, asking, leaving, instances)
        number, done = new_id("exp"), {"reason": "interrupted"}
        told: dict[str, str | int] = {"studies": len(leaving.studies), "what": str(leaving.seal.how)}
        try:
            counts = run(file.write)
            counts["bytes"] = file.bytes
            told |= {"instances": counts["instances"], "bytes": file.bytes}
            done = {"reason": "done"}
        finally:
            desk.record(Kind.EXPORT_FINISHED, asking.actor.person_id, number, told | done)
    return counts


def leave(desk: Desk, asking: Asking, args: Args) -> Leaving:
    """Find what is asked for and decide whether it may leave. Raises NotHere, NotPermitted, ReasonNeeded."""
    desk.require(asking, Permission.STUDY_LIST, ANY_STUDY)
    uids = dict.fromkeys(args.texts("studies", most=MOST_UIDS))
    reach = reaches(asking.actor, Permission.STUDY_LIST)
    studies = tuple(_found(desk, uid, reach) for uid in uids)
    recipients = tuple(args.texts("recipients"))
    try:
        how = Sealing(args.text("seal", most=16) or Sealing.AGE)
    except ValueError:
        raise BadRequest from None
    reason = args.text("reason", most=16) or "care"
    if reason not in REASONS or not studies or (recipients and how is not Sealing.AGE):
        raise BadRequest
    action = Permission.STUDY_EXPORT
    if how is Sealing.CLEAR:
        action = Permission.STUDY_EXPORT_CLEAR
        if not args.text("reason", most=16):
            raise ReasonNeeded
    for one in studies:
        desk.require(asking, action, Thing("study", one.controller_id, one.referrer, one.confidential))
    sealed_by_words = how is not Sealing.CLEAR and not recipients
    return Leaving(studies, Seal(how, make_passphrase() if sealed_by_words else "", recipients), reason)


def _found(desk: Desk, name: str, reach: Sequence[Reach]) -> StudyInReach:
    """Find a study by its UID, or by our reference of it."""
    is_uid = name[:1].isdigit() and "." in name
    return desk.worker.archive.study(reach, uid=name if is_uid else "", ref="" if is_uid else name)


def record_leaving(desk: Desk, asking: Asking, leaving: Leaving, instances: list[int]) -> None:
    """Write down what leaves; it is on disc when this returns."""
    for study, count in zip(leaving.studies, instances, strict=True):
        details: dict[str, str | int] = {
            "session": asking.session.id, "controller": study.controller_id, "instances": count,
            "what": str(leaving.seal.how), "reason": leaving.reason, "door": DOOR,
        }  # fmt: skip
        desk.record(Kind.STUDY_EXPORTED, asking.actor.person_id, study.study_ref, details)


class _Sink:
    """A new file, mode 0600, which has its name only once it is whole."""

    def __init__(self, file: Path) -> None:
        self._file, self.bytes = file, 0
        self._part = file.with_name(f".{file.name[:200]}.part")
        if file.exists() or file.is_symlink():
            raise FileExists
        with _refusing():
            self._part.unlink(missing_ok=True)
            fd = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            self._stream = os.fdopen(fd, "wb")

    def write(self, data: bytes) -> None:
        with _refusing():
            self._stream.write(data)
        self.bytes += len(data)

    def finish(self) -> None:
        with _refusing():
            self._stream.flush()
            os.fsync(self._stream.fileno())
            try:
                os.link(self._part, self._file)
            except FileExistsError:
                raise FileExists from None
            except OSError:  # a stick's file system has no links
                self._part.rename(self._file)

    def forget(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def writing(file: Path) -> Iterator[_Sink]:
    """Give a new file; nothing of it stays where what follows raises. Raises FileExists, NoPlace, NoRoom."""
    sink = _Sink(file)
    try:
        yield sink
        sink.finish()
    finally:
        sink.forget()


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise NoRoom from None
        raise NoPlace from None


VERBS: dict[str, Verb] = {"export": export, "print": print_}
