"""What happened: two append-only ledgers, chained, signed, and checked by a program of its own.

docs/design/journal.md is the format; vocabulary.py is every kind of fact there is.
"""

from primum.journal.errors import FactRefused, HeadsDamaged, JournalClosed, JournalIll, JournalUnwritable
from primum.journal.fact import Fact
from primum.journal.journal import Journal
from primum.journal.limits import LIMITS, Limits
from primum.journal.refusals import Refusals
from primum.journal.vocabulary import BY_NAME, Kind, Ledger

__all__ = [
    "BY_NAME",
    "LIMITS",
    "Fact",
    "FactRefused",
    "HeadsDamaged",
    "Journal",
    "JournalClosed",
    "JournalIll",
    "JournalUnwritable",
    "Kind",
    "Ledger",
    "Limits",
    "Refusals",
]
