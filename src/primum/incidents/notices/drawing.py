"""What may be asked of notifications: seen before, drawn up, their receipts kept, given as files. Nothing is sent."""

from __future__ import annotations

from datetime import datetime, tzinfo

from primum.ground.clock import to_text
from primum.ground.zones import practice_zone
from primum.identity import Actor, Permission, Thing, require
from primum.incidents.entries import check
from primum.incidents.limits import LIMITS
from primum.incidents.model import BadEntry, BadInstant, Dossier, Entry, EntryKind, Role
from primum.incidents.notices.content import Json, digest_of
from primum.incidents.notices.history import Drawn, LateWithoutReason, NoSuchNotice, drawn, may_draw
from primum.incidents.notices.model import Question, Type
from primum.incidents.notices.readying import LATE, Around, Due, Ready, first_due, lateness_lacks, ready
from primum.incidents.notices.rendering import Layout, Rendered, render
from primum.incidents.service import Incidents


class Notices:
    """The notifications of the files. Safe to use from several threads."""

    def __init__(self, files: Incidents, *, due: Due = first_due, zone: tzinfo | None = None) -> None:
        """`due`: when the first is due; `zone`: in which instants are written, with their offset (the practice's)."""
        self._files, self._due, self._zone = files, due, zone or practice_zone()

    def preview(self, by: Actor, file_id: str, type_: Type) -> Json:
        """Give what would be drawn up; nothing is kept, nothing refused. Raises NotPermitted, NoSuchIncident."""
        return self._ready(self._files.dossier(by, file_id), type_, by.person_id, "").content

    def questions(self, by: Actor, file_id: str) -> list[Question]:
        """List what the file is still asked for. Raises NotPermitted, NoSuchIncident."""
        dossier = self._files.dossier(by, file_id)
        type_ = Type.ALERT if dossier.file.role is Role.PROCESSOR else Type.INITIAL
        return self._ready(dossier, type_, by.person_id, "").left

    def drawn(self, by: Actor, file_id: str) -> list[Drawn]:
        """List what was drawn up, with its receipts. Raises NotPermitted, NoSuchIncident."""
        return drawn(self._files.dossier(by, file_id))

    def draw_up(self, by: Actor, file_id: str, type_: Type, reason: str = "") -> Entry:
        """Freeze a notification into the file.

        Raises NotPermitted, NoSuchIncident, IncidentOver, BadNotice, LateWithoutReason, BadEntry.
        """
        one = self._files.dossier(by, file_id).file
        require(by, Permission.INCIDENT_DECIDE, Thing("incident", one.controller_id))
        with self._files.transaction() as tx:
            dossier = self._files.dossier_within(tx, one)
            made = self._ready(dossier, type_, by.person_id, reason)
            content = made.content
            may_draw(type_, one.role, made.stands, reason, left=len(made.left), changed=len(content["changes"]))
            self._in_time(dossier, made, reason)
            body = {
                "type": type_.value, "version": content["version"], "previous": content["previous"],
                "digest": digest_of(content), "content": content, "reason": reason,
            }  # fmt: skip
            return self._files.write_within(tx, one, EntryKind.NOTICE, body, by=by.person_id)

    def receipt(
        self,
        by: Actor,
        file_id: str,
        notice: str,
        *,
        number: str,
        at: datetime,
        document: tuple[str, bytes] | None = None,
        corrects: str = "",
    ) -> Entry:
        """Keep the receipt of what a person filed; `document`: its name and its bytes; `corrects`: a receipt before.

        Raises NotPermitted, NoSuchIncident, NoSuchNotice, BadInstant, BadEntry, IncidentOver.
        """
        one = self._files.dossier(by, file_id).file
        require(by, Permission.INCIDENT_WRITE, Thing("incident", one.controller_id))
        with self._files.transaction() as tx:
            dossier = self._files.dossier_within(tx, one)
            found = _find(dossier, notice)
            if at < found.entry.at - LIMITS.ahead:
                raise BadInstant(what="it was received before it was drawn up")
            if not number.strip():
                raise BadEntry(what="a receipt has its number")
            body = {"number": number.strip(), "at": to_text(at), "notice": found.entry.id}
            if corrects:
                if corrects not in {each.id for some in drawn(dossier) for each in some.receipts}:
                    raise BadEntry(what="it corrects a receipt that stands")
                body["corrects"] = corrects
            check(EntryKind.RECEIPT, body, dossier, by.person_id, self._files.now())
            if document is not None:
                name, content = document
                if not 0 < len(content) <= LIMITS.document_bytes:
                    raise BadEntry(what=f"a document has at most {LIMITS.document_bytes >> 20} MiB, and is not empty")
                kept = self._files.keep_document(tx, one, name, content, what="receipt", by=by.person_id)
                body["document"] = kept.id
            return self._files.write_within(tx, one, EntryKind.RECEIPT, body, by=by.person_id)

    def file(
        self, by: Actor, file_id: str, notice: str, *, form: str, language: str, layout: Layout = Layout.CNIL
    ) -> Rendered:
        """Give a notification as a file: `form` is html, pdf or json. Raises NotPermitted, NoSuchNotice, BadEntry."""
        found = _find(self._files.dossier(by, file_id), notice).entry.body
        if digest_of(found["content"]) != found["digest"]:
            raise BadEntry(what="the notification is not the one that was drawn up")
        return render(found["content"], found["digest"], form, language, layout)

    def preview_file(
        self, by: Actor, file_id: str, type_: Type, *, form: str, language: str, layout: Layout = Layout.CNIL
    ) -> Rendered:
        """Give a preview as a file, which says that it is one. Raises NotPermitted, NoSuchIncident."""
        return render(self.preview(by, file_id, type_), "", form, language, layout)

    def _ready(self, dossier: Dossier, type_: Type, by: str, reason: str) -> Ready:
        organisation = self._files.controller_name(dossier.file.controller_id)
        around = Around(self._files.now(), by, organisation, self._due, self._zone)
        return ready(dossier, type_, around, reason)

    def _in_time(self, dossier: Dossier, made: Ready, reason: str) -> None:
        """Return where the file says why it is late, if it is. Raises LateWithoutReason."""
        lacks = lateness_lacks(dossier, made, reason, self._files.now(), self._due)
        if lacks:
            raise LateWithoutReason(what=LATE[lacks])


def _find(dossier: Dossier, notice: str) -> Drawn:
    found = next((one for one in drawn(dossier) if one.entry.id == notice), None)
    if found is None:
        raise NoSuchNotice
    return found
