"""What a player does in an exercise, in few words: each move writes into the exercise's file as a person does."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from primum.ground.clock import to_text
from primum.incidents.drill.play import Drill
from primum.incidents.drill.scenarios import FINDING
from primum.incidents.model import (
    BadEntry,
    Document,
    Dossier,
    Entry,
    EntryKind,
    Evidence,
    File,
    NoSuchIncident,
    Which,
)
from primum.incidents.stories.telling import Letter, tell
from primum.incidents.texts import written


class Moves:
    """The moves of one exercise. Each raises as the files do; NoSuchIncident while no file is open."""

    def __init__(self, drill: Drill) -> None:
        """Play in this exercise."""
        self._drill = drill

    def tell(self, answers: Mapping[str, Any], letter: Letter | None = None) -> File:
        """Open the file by the scenario's story. Raises BadEntry where the file opened by itself."""
        drill = self._drill
        name = drill.scenario.opened_by
        if name == FINDING:
            raise BadEntry(what="the file has opened by itself")
        return tell(
            drill.files, drill.player, drill.controller_id, name, answers, language=drill.language, letter=letter
        )

    def aware(self, reason: str, at: datetime | None = None) -> Entry:
        """Say when the controller became aware: now, where it is not said."""
        return self.instant(Which.AWARE, at or self._drill.now, reason)

    def instant(self, which: Which, at: datetime, reason: str) -> Entry:
        """Write another instant."""
        return self._drill.files.instant(self._drill.player, self._file, which, at, reason)

    def answer(self, key: str, value: Any, shown: Sequence[str] = ()) -> Entry:  # noqa: ANN401 (of its own type)
        """Say what is known of a fact, and by which documents it is shown; None: that it is not known."""
        evidence = [Evidence("document", one) for one in shown]
        return self._drill.files.answer(self._drill.player, self._file, key, value, evidence=evidence)

    def freeze(self, what: str) -> Document:
        """Keep what shows it: an export, a photograph."""
        return self.attach(what, "export")

    def attach(self, what: str, kind: str) -> Document:
        """Keep a document of a kind, as a certificate of deletion; what it holds is its own name."""
        return self._drill.files.attach(self._drill.player, self._file, f"{what}.txt", what.encode(), what=kind)

    def contain(self, what: str) -> Entry:
        """Close something."""
        return self._write(EntryKind.ACTION, {"what": what, "outcome": "done"})

    def decide(self, about: str, choice: str, reason: str, ground: str = "") -> Entry:
        """Decide and sign; what was frozen stands as the evidence."""
        kept = [one for one in self._dossier.of_kind(EntryKind.EVIDENCE) if one.body.get("document")]
        shown = [{"kind": "document", "ref": one.body["document"]} for one in kept]
        body = {"about": about, "choice": choice, "reason": reason, "ground": ground, "evidence": shown}
        return self._write(EntryKind.DECISION, body)

    def notify(self, kind: str = "initial") -> Entry:
        """Draw up a notification: of an exercise, it says so and nothing more."""
        before = self._dossier.of_kind(EntryKind.NOTICE)
        content = {"exercise": True, "scenario": self._drill.scenario.name}
        body = {
            "type": kind, "version": len(before) + 1, "content": content,
            "previous": before[-1].body["digest"] if before else "",
            "digest": hashlib.sha256(written(content).encode()).hexdigest(),
        }  # fmt: skip
        return self._write(EntryKind.NOTICE, body)

    def receipt(self, number: str) -> Entry:
        """Keep the authority's receipt of the last notification."""
        before = self._dossier.of_kind(EntryKind.NOTICE)
        notice = before[-1].id if before else ""
        return self._write(EntryKind.RECEIPT, {"number": number, "at": to_text(self._drill.now), "notice": notice})

    def reply(self, other: str, about: str) -> Entry:
        """Answer a letter."""
        return self.letter("sent", other, about)

    def letter(self, direction: str, other: str, about: str) -> Entry:
        """Write down a letter: received or sent, now."""
        body = {"direction": direction, "other": other, "at": to_text(self._drill.now), "about": about}
        return self._write(EntryKind.CORRESPONDENCE, body)

    @property
    def _dossier(self) -> Dossier:
        found = self._drill.dossier()
        if found is None:
            raise NoSuchIncident
        return found

    @property
    def _file(self) -> str:
        return self._dossier.file.id

    def _write(self, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        return self._drill.files.write(self._drill.player, self._file, kind, body)
