"""What the journal does by itself. Only the worker runs these: it alone can sign."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from primum.ground.jobs import Job
from primum.journal.fact import Fact
from primum.journal.journal import Journal
from primum.journal.pruning import prune
from primum.journal.signer import Signer
from primum.journal.verify import verify
from primum.journal.vocabulary import Kind

Sweep = Callable[[datetime], int]


def jobs(journal: Journal, signer: Signer, months: int) -> list[Job]:
    """List the jobs of this journal; `months` is the setting `access_months`."""
    return [
        Job("journal.flush", timedelta(seconds=1), _flush(journal)),
        Job("journal.sign", timedelta(hours=1), _sign(journal, signer)),
        Job("journal.verify", timedelta(days=1), _verify(journal, signer)),
        Job("journal.prune", timedelta(days=1), _prune(journal, signer, months)),
    ]


def _flush(journal: Journal) -> Sweep:
    def sweep(_: datetime) -> int:
        journal.flush()
        return 0

    return sweep


def _sign(journal: Journal, signer: Signer) -> Sweep:
    """Return how many chains had grown."""

    def sweep(_: datetime) -> int:
        return signer.sign_and_tell(journal).new

    return sweep


def _verify(journal: Journal, signer: Signer) -> Sweep:
    """Return how many illnesses there are; the account keeps it."""

    def sweep(_: datetime) -> int:
        report = verify(journal.folder, signer.verifier_key)
        details: dict[str, str | int] = {"illnesses": len(report.illnesses), "lines": report.lines}
        journal.record(Fact(Kind.JOURNAL_VERIFIED, "system", "", details))
        return len(report.illnesses)

    return sweep


def _prune(journal: Journal, signer: Signer, months: int) -> Sweep:
    """Return how many segments are gone."""

    def sweep(now: datetime) -> int:
        return len(prune(journal, signer, now, months).segments)

    return sweep
