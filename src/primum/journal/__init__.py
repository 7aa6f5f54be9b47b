"""What happened: two append-only ledgers, chained, signed, and checked by a program of its own.

docs/design/journal.md is the format; vocabulary.py is every kind of fact there is.
"""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.journal.errors import (
        FactRefused,
        HeadsDamaged,
        JournalClosed,
        JournalIll,
        JournalUnwritable,
    )
    from primum.journal.fact import Fact
    from primum.journal.findings import require_sound, say
    from primum.journal.heads import last_note as latest_root
    from primum.journal.jobs import jobs as journal_jobs
    from primum.journal.journal import Journal
    from primum.journal.limits import LIMITS, Limits
    from primum.journal.pruning import Pruned, prune
    from primum.journal.reading import Entry, Filter, entries, latest, newest_of
    from primum.journal.refusals import Refusals
    from primum.journal.signer import (
        IllChain,
        Signed,
        Signer,
        create_signer,
    )
    from primum.journal.verify import Finding, Report, verify as verify_journal
    from primum.journal.vocabulary import BY_NAME, Kind, Ledger, sentence
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
