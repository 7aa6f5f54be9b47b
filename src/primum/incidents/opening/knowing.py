"""What is known of each finding while one sweep lasts: what it is, where, why it opens a file, what proves it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from primum.incidents.facts.filling import Seen
from primum.incidents.opening.rules import opens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from primum.exposure.findings.model import Finding
    from primum.exposure.findings.service import Findings
    from primum.exposure.probe.model import Family
    from primum.incidents.facts.own import Grant, Own
    from primum.incidents.opening.rules import Reason

HERE: Final = "this machine"
"""Under which all addresses of this machine, and the lines of its check, are one place."""


@dataclass(frozen=True, slots=True)
class Known:
    """A finding, why it opens a file, and where it is. `asked`: a person opens one for it."""

    finding: Finding
    reason: Reason | None
    family: Family | None
    place: str
    asked: bool = False

    @property
    def opens(self) -> bool:
        """Whether it opens a file."""
        return self.asked or (self.reason is not None and self.reason.by_itself)

    def sentence(self, language: str) -> str:
        """Say why in French or English (`fr`, `en`), and at which listener."""
        hole, said = self.finding.hole, self.reason.says[language] if self.reason else self.finding.what()
        return f"{said} ({hole.address}, {hole.port})" if hole is not None else said


class Knowing:
    """All findings as they are now. Runs are read once."""

    def __init__(self, findings: Findings, own: Own, now: datetime) -> None:
        """Read the findings."""
        self._own, self._now = own, now
        self.every = {one.id: one for one in findings.everything()}
        self._run = cache(findings.run)
        self._run_that_ended = cache(findings.run_that_ended)
        self.run_times = findings.run_times

    def know(self, one: Finding) -> Known:
        """Say what a finding is."""
        ran = self._run(one.run) if one.run else None
        service = ran.service(one.hole.address, one.hole.port) if ran is not None and one.hole is not None else None
        family = service.family if service is not None else None
        return Known(one, opens(one, family), family, self.place_of(one))

    def seen(self, one: Finding) -> Seen:
        """Give a finding with the runs that prove it."""
        known, ended = self.know(one), self._run_that_ended
        nature = known.reason.nature if known.reason else ()
        if one.hole is None:
            return Seen(one, nature)
        return Seen(
            one, nature, known.family,
            before=ended(one.place, one.last_closed_at) if one.last_closed_at else None,
            first=ended(one.place, one.first_open_at),
            last=ended(one.place, one.last_open_at),
            end=ended(one.place, one.closed_at) if one.closed_at else None,
        )  # fmt: skip

    def grants(self, one: Finding) -> Sequence[Grant]:
        """List the grants of this Primum by which a stranger came in; none where it is not ours."""
        if one.hole is None:
            return ()
        return self._own.grants(one.hole, one.first_open_at, one.closed_at or self._now)

    def place_of(self, finding: Finding) -> str:
        """Say where a finding is."""
        return HERE if finding.hole is None else self.normal(finding.hole.address)

    def normal(self, address: str) -> str:
        """Give an address, and one name for all that are this machine's."""
        return HERE if self._own.is_here(address) else address


def digest_of(finding: Finding) -> str:
    """Give what changes when anything of a finding does."""
    told: dict[str, Any] = asdict(finding)
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
