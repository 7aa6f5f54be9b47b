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
        if self.granted is not None:
            return Step(mode, identity, rung, self.granted)
        if self.silent:
            return Step(mode, identity, rung, Outcome.SILENT)
        if self.unsettled and len(self.unsettled) > len(self.codes):
            return Step(mode, identity, rung, Outcome.UNDETERMINED, self.unsettled[0])
        if self.codes:
            return Step(mode, identity, rung, Outcome.REFUSED, most_telling(self.codes))
        if self.unsettled:
            return Step(mode, identity, rung, Outcome.UNDETERMINED, self.unsettled[0])
        return Step(mode, identity, rung, Outcome.NOT_TRIED, self.not_tried) if self.not_tried else None
