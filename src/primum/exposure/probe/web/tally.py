"""What became of the requests of one rung, and the step that they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from primum.exposure.probe.model import Outcome, Step
from primum.exposure.probe.web.evidence import most_telling

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Unanswered
    from primum.exposure.probe.model import Identity, Mode, Rung


@dataclass(slots=True)
class Tally:
    """Counts for one rung."""

    granted: Outcome | None = None
    codes: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)
    silent: bool = False
    over: bool = False
    """Whether its time was over before everything was asked."""
    not_tried: str = ""

    def refused(self, code: str) -> None:
        """Note a refusal. That the server is out of order, or wants us to wait, refuses nothing."""
        if code.startswith("5") or code == "429":
            self.unsettled.append(code)
        else:
            self.codes.append(code)

    def unanswered(self, over: Unanswered) -> None:
        """Note a request that no answer came to."""
        if over.how == "silent":
            self.silent = True
        else:
            self.unsettled.append(over.code or over.how)

    def step(self, mode: Mode, identity: Identity, rung: Rung) -> Step | None:
        """Return what it comes to; None where nothing was asked."""
        outcome, code = self._outcome()
        return None if outcome is None else Step(mode, identity, rung, outcome, code)

    def _outcome(self) -> tuple[Outcome | None, str]:
        if self.granted is not None:
            return self.granted, ""
        if self.silent:
            return Outcome.SILENT, ""
        if self.over or len(self.unsettled) > len(self.codes):
            return Outcome.UNDETERMINED, "budget" if self.over else self.unsettled[0]
        if self.codes:
            return Outcome.REFUSED, most_telling(self.codes)
        return (Outcome.NOT_TRIED if self.not_tried else None), self.not_tried
