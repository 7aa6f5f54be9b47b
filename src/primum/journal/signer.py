"""Signing the heads of all chains together. Only the worker does, and only it has the key."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from primum.ground.clock import Clock, to_text
from primum.ground.disc import Disc, write_durably
from primum.journal import chain
from primum.journal.chain import EMPTY, Head
from primum.journal.errors import HeadsDamaged
from primum.journal.fact import Fact
from primum.journal.heads import Heads, Leaf
from primum.journal.journal import Journal
from primum.journal.limits import LIMITS
from primum.journal.names import ChainName, every_chain
from primum.journal.note import NoteKey
from primum.journal.reading import Filter, latest
from primum.journal.vocabulary import Kind, Ledger


def create_signer(disc: Disc, folder: Path, seed: bytes, home_id: str) -> str:
    """Publish a new home's verifier key in `signer.pub`; return it, so that it can be kept elsewhere."""
    key = NoteKey(origin(home_id), seed).verifier_key
    write_durably(disc, folder / "signer.pub", key.encode("ascii") + b"\n")
    return key


def origin(home_id: str) -> str:
    """Return the name of a home's journal in its checkpoints; no server answers there (RFC 2606)."""
    return f"journal.primum.invalid/{home_id}"


@dataclass(frozen=True, slots=True)
class IllChain:
    """A chain that does not follow from its last signed head: it is not signed any further."""

    chain: str
    illness: str
    line: int


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signing did: the newest note, its number of leaves, how many are new, and who is ill."""

    note: str
    size: int
    new: int
    ill: tuple[IllChain, ...]


class Signer:
    """The hand that signs. `seed` is the 32-byte sub-key `journal-signer` of the root key. Threads take turns."""

    def __init__(self, folder: Path, seed: bytes, home_id: str, clock: Clock, disc: Disc) -> None:
        """Go on with the heads of the journal in `folder`. Raises HeadsDamaged."""
        self._folder, self._clock, self._disc = folder, clock, disc
        self._turn = threading.RLock()  # the job of each hour, and whoever verifies or freezes meanwhile
        self._key = NoteKey(origin(home_id), seed)
        self._publish()
        self._heads = Heads(folder / "heads", self._key, disc)
        self._told = self._what_the_account_tells()

    @property
    def verifier_key(self) -> str:
        """The key with which anyone verifies, in the form of signed-note."""
        return self._key.verifier_key

    def sign_text(self, text: str) -> str:
        """Sign another document of this home as a note (a mandate). Raises ValueError where it looks like a head."""
        return self._key.sign_text(text)

    def head(self, name: ChainName) -> Head:
        """Return the last signed head of a chain."""
        return self._heads.last.get(str(name), EMPTY)

    def sign_heads(self) -> Signed:
        """Sign what has grown since the last time. Raises OSError; what is ill is returned, not signed."""
        with self._turn:
            return self._sign_heads()

    def _sign_heads(self) -> Signed:
        at = to_text(self._clock.now())
        leaves: list[Leaf] = []
        ill: list[IllChain] = []
        for name in every_chain(self._folder):
            found = self._grown(name)
            if isinstance(found, IllChain):
                ill.append(found)
            elif found != self.head(name):
                leaves.append(Leaf(at, str(name), found))
        if leaves or self._heads.unsigned:
            self._heads.sign(leaves)
        return Signed(self._heads.note, self._heads.size, len(leaves), tuple(ill))

    def sign_and_tell(self, journal: Journal) -> Signed:
        """Sign, and record in the account what is ill (each once), and one root a day."""
        with self._turn:
            return self._sign_and_tell(journal)

    def _sign_and_tell(self, journal: Journal) -> Signed:
        signed = self._sign_heads()
        for one in signed.ill:
            if one not in self._known_ill():
                details: dict[str, str | int] = {"chain": one.chain, "illness": one.illness, "line": one.line}
                journal.record(Fact(Kind.CHAIN_ILL, "system", "", details))
        today = to_text(self._clock.now())[:10]
        if signed.size and self._told < today:
            root = self._heads.root_at_end().hex()
            journal.record(Fact(Kind.HEADS_SIGNED, "system", "", {"size": signed.size, "root": root}))
            self._told = today
        return signed

    def _grown(self, name: ChainName) -> Head | IllChain:
        """Follow a chain from its last signed head as far as it goes."""
        signed, path = self.head(name), name.path(self._folder)
        size = path.stat().st_size
        if size < signed.size:
            return IllChain(str(name), "tail-missing", signed.lines)
        if size == signed.size:
            return signed
        self._sync(path)
        with path.open("rb") as file:
            start = max(0, signed.size - LIMITS.body - 128)
            file.seek(start)
            data = file.read()
        cut = signed.size - start
        if signed.lines and _last_hash(data[:cut]) != signed.hash:
            return IllChain(str(name), "fork", signed.lines)
        seen = chain.scan(data[cut:], signed)
        if not seen.sound and len(data) - cut - (seen.head.size - signed.size) > LIMITS.unfinished:
            return IllChain(str(name), "line-changed", seen.head.lines)
        return seen.head

    def _sync(self, path: Path) -> None:
        """What is signed must survive a power cut, even if its writer has not synced it yet."""
        handle = self._disc.open_for_writing(path)
        try:
            self._disc.sync(handle)
        finally:
            self._disc.close(handle)

    def _publish(self) -> None:
        file = self._folder / "signer.pub"
        text = self.verifier_key + "\n"
        if not file.exists():
            write_durably(self._disc, file, text.encode("ascii"))
        elif file.read_text("utf-8") != text:
            raise HeadsDamaged(what="signer.pub is not this home's key")

    def _known_ill(self) -> set[IllChain]:
        told = latest(self._folder, Filter((Ledger.ACCOUNT,), (Kind.CHAIN_ILL.value.name,)), 1000)
        return {
            IllChain(str(one.details.get("chain")), str(one.details.get("illness")), one.count("line")) for one in told
        }

    def _what_the_account_tells(self) -> str:
        """Return the day of the last root in the account; refuse to sign below it (a fork)."""
        told = latest(self._folder, Filter((Ledger.ACCOUNT,), (Kind.HEADS_SIGNED.value.name,)), 1)
        if not told:
            return ""
        if told[-1].count("size") > self._heads.size:
            raise HeadsDamaged(what="the account tells of later heads than are here")
        return told[-1].at[:10]


def _last_hash(data: bytes) -> str:
    """Return the hash at the start of the last line, wherever that line begins."""
    start = data.rfind(b"\n", 0, len(data) - 1) + 1
    return data[start : start + 64].decode("ascii", "replace")
