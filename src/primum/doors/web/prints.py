"""Images of a study on paper, asked for on a page: a PDF drawn as it is fetched (docs/design/media.md, On paper).

In clear only by `study:export-clear`, as on the terminal; sealed by whoever may export. A ticket as for exports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import Response

from primum.app.shelf import StudyInReach
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import Reading
from primum.doors.http.services import Kept
from primum.doors.http.visit import Visit
from primum.doors.web.exports import REASONS
from primum.doors.web.render import Pages, language_of
from primum.doors.web.rows import row
from primum.doors.web.step_up import step_up_address
from primum.doors.web.tickets import Tickets
from primum.identity import Permission, Reach, Thing, decide
from primum.identity.pack import make_passphrase
from primum.imaging.media.exporting import Seal, Sealing, Write, sealed_file
from primum.imaging.media.printing import MOST, chosen, pointed_out, print_images

WAYS: Final = {"clear": Sealing.CLEAR, "aes-zip": Sealing.AES_ZIP, "age": Sealing.AGE}
SHEETS: Final = (12, 24, 48, 96, MOST)
_FILES: Final = {
    Sealing.CLEAR: ("application/pdf", 'inline; filename="images.pdf"'),
    Sealing.AES_ZIP: ("application/octet-stream", 'attachment; filename="images.zip"'),
    Sealing.AGE: ("application/octet-stream", 'attachment; filename="images.age"'),
}
_MOST_SERIES: Final = 200
"""Series offered on one page: a study has some ten; beyond, the terminal takes any by its UID."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What of a study is printed."""

    series: tuple[str, ...] = field(repr=False)
    most: int
    keys: bool


class Prints:
    """The page, its form, and the file."""

    def __init__(self, pages: Pages, reading: Reading) -> None:
        """Read through `reading`, which decides."""
        self._pages, self._reading, self._tickets = pages, reading, Tickets()

    def page(self, visit: Visit) -> Response:
        """Ask what, how and why."""
        return self._page(visit, self._reading.leaving(visit, self._ref(visit), fresh=False))

    def prepare(self, visit: Visit) -> Response:
        """Decide, and give the way to the file; with a passphrase where it is sealed. Raises NotPermitted."""
        how, reason = WAYS.get(visit.form.get("seal", "")), visit.form.get("reason", "")
        study = self._reading.leaving(visit, self._ref(visit), action=_action(how))
        wish = self._wish(visit, study)
        if how is None or reason not in REASONS or wish is None:
            return self._page(visit, study, status=400, sentence="bad")
        if not _images(visit, study, wish):
            return self._page(visit, study, status=400, sentence="nothing")
        passphrase = "" if how is Sealing.CLEAR else make_passphrase()
        fetch = self._tickets.offer(visit, study, Seal(how, passphrase), reason, wish)
        return self._page(visit, study, passphrase=passphrase, fetch=fetch, sealed=str(how))

    def fetch(self, visit: Visit) -> Response:
        """Give the file, once. Raises NotFound, NotPermitted, Busy."""
        ticket = self._tickets.taken(visit)
        study = self._reading.leaving(visit, self._ref(visit), fresh=False, action=_action(ticket.seal.how))
        if study.study_ref != ticket.study.study_ref or not isinstance(ticket.wish, _Wish):
            raise NotFound
        images, clock = _images(visit, study, ticket.wish), visit.services.clock
        house = next((one.name for one in visit.services.people.controllers() if one.id == study.controller_id), "")

        def run(write: Write) -> None:
            with sealed_file(write, ticket.seal, "IMAGES.PDF", clock.now()) as sink:
                print_images(images, sink, house=house, at=clock.now())

        kind, disposition = _FILES[ticket.seal.how]
        headers = {"content-type": kind, "content-disposition": disposition}
        return self._tickets.stream(visit, ticket, images, run, headers)

    def _wish(self, visit: Visit, study: StudyInReach) -> _Wish | None:
        """Read the form; None where it is not one that the page made."""
        most, known = visit.form.get("most", ""), [one["uid"] for one in self._series(visit, study)]
        series = tuple(uid for place, uid in enumerate(known) if visit.form.get(f"series-{place}") == uid)
        keys = visit.form.get("keys") == "yes"
        if most not in {str(one) for one in SHEETS} or not (series or keys):
            return None
        return _Wish(series, int(most), keys)

    def _series(self, visit: Visit, study: StudyInReach) -> list[dict[str, str]]:
        reach = (Reach(frozenset({study.controller_id}), (), confidential=True),)
        found = visit.services.archive.search("series", [], reach, within=study, limit=_MOST_SERIES, offset=0)
        return [_series_row(one.attributes) for one in found]

    def _ref(self, visit: Visit) -> str:
        return visit.aliases.uncover(visit.request.path_params["study"])

    def _page(
        self, visit: Visit, study: StudyInReach, *, status: int = 200, passphrase: str = "", fetch: str = "",
        sealed: str = "", sentence: str = "",
    ) -> Response:  # fmt: skip
        found = self._reading.search(visit, [("StudyInstanceUID", study.study_uid)], limit=8, offset=0)
        shown = next((one for one in found if one.study.study_ref == study.study_ref), None)
        if shown is None:
            raise NotFound
        actor, thing = visit.services.people.actor(visit.person), _thing(study)
        clear = decide(actor, Permission.STUDY_EXPORT_CLEAR, thing)
        ways = [one for one in WAYS if one != "clear" or clear.allowed or clear.rule == "deny.step-up"]
        return self._pages.page(
            visit,
            "print.html",
            status=status,
            here="studies",
            study=row(shown.attributes, language_of(visit), address="", controller="", flags=()),
            address=f"/print/{visit.aliases.cover(study.study_ref)}",
            step_up="" if visit.person.fresh else step_up_address(visit),
            series=self._series(visit, study),
            ways=ways,
            reasons=REASONS,
            sheets=SHEETS,
            passphrase=passphrase,
            fetch=fetch,
            sealed=sealed,
            sentence=sentence,
        )


def _images(visit: Visit, study: StudyInReach, wish: _Wish) -> list[Kept]:
    """Take the images that were chosen: of the series, or those that a reader pointed out."""
    archive = visit.services.archive
    if wish.keys:
        found: Sequence[Kept] = pointed_out(archive.instances(study))
    else:
        found = [one for uid in wish.series for one in archive.instances(study, uid)]
    return chosen([one for one in found if one.has_rows], wish.most)


def _thing(study: StudyInReach) -> Thing:
    return Thing("study", study.controller_id, referrer=study.referrer, confidential=study.confidential)


def _action(how: Sealing | None) -> Permission:
    return Permission.STUDY_EXPORT_CLEAR if how is Sealing.CLEAR else Permission.STUDY_EXPORT


def _series_row(attributes: Any) -> dict[str, str]:  # noqa: ANN401 (DICOM JSON)
    def text(tag: str) -> str:
        values = attributes.get(tag, {}).get("Value") or [""]
        return str(values[0] if values[0] is not None else "")

    return {
        "uid": text("0020000E"), "modality": text("00080060"), "description": text("0008103E"),
        "number": text("00200011"), "images": text("00201209"),
    }  # fmt: skip
