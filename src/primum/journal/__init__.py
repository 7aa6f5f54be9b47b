"""What happened: two append-only ledgers, chained, signed, and checked by a program of its own.

docs/design/journal.md is the format; vocabulary.py is every kind of fact there is.
"""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.journal.errors import (
        FactRefused as FactRefused,
    )
    from primum.journal.errors import (
        HeadsDamaged as HeadsDamaged,
    )
    from primum.journal.errors import (
        JournalClosed as JournalClosed,
    )
    from primum.journal.errors import (
        JournalIll as JournalIll,
    )
    from primum.journal.errors import (
        JournalUnwritable as JournalUnwritable,
    )
    from primum.journal.fact import Fact as Fact
    from primum.journal.findings import require_sound as require_sound
    from primum.journal.findings import say as say
    from primum.journal.heads import last_note as latest_root
    from primum.journal.jobs import jobs as jobs
    from primum.journal.journal import Journal as Journal
    from primum.journal.limits import LIMITS as LIMITS
    from primum.journal.limits import Limits as Limits
    from primum.journal.pruning import Pruned as Pruned
    from primum.journal.pruning import prune as prune
    from primum.journal.reading import Entry as Entry
    from primum.journal.reading import Filter as Filter
    from primum.journal.reading import entries as entries
    from primum.journal.reading import latest as latest
    from primum.journal.refusals import Refusals as Refusals
    from primum.journal.signer import (
        IllChain as IllChain,
    )
    from primum.journal.signer import (
        Signed as Signed,
    )
    from primum.journal.signer import (
        Signer as Signer,
    )
    from primum.journal.signer import (
        create_signer as create_signer,
    )
    from primum.journal.verify import Finding as Finding
    from primum.journal.verify import Report as Report
    from primum.journal.verify import verify as verify
    from primum.journal.vocabulary import BY_NAME as BY_NAME
    from primum.journal.vocabulary import Kind as Kind
    from primum.journal.vocabulary import Ledger as Ledger
    from primum.journal.vocabulary import sentence as sentence

__getattr__, __dir__, __all__ = front(__file__, __name__)
