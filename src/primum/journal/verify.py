"""The verifier: reads a journal folder and says what is wrong with it.

It imports nothing of the rest of the product, and can be copied out and run alone:

    python verify.py JOURNAL --key VERIFIER-KEY [--checkpoint FILE]...

It needs Python 3.11 and `cryptography`, and is one file for that reason. It shares no code with what writes
the journal; both follow docs/design/journal.md. Exit status: 0 sound, 1 ill, 2 not usable.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ILLNESSES = (
    "line-changed", "line-missing", "chain-misplaced", "tail-missing", "chain-missing", "segment-missing", "fork",
    "head-signature-wrong", "head-rolled-back", "pruned-out-of-rule",
)  # fmt: skip
"""What makes a journal ill."""
INFORMATION = (
    "pruned-by-rule", "pruning-unfinished", "unfinished-write", "unsigned-tail", "never-signed", "key-from-folder",
    "unknown-file",
)  # fmt: skip
"""What a reader should know, and is no illness."""

LEAST_MONTHS = 6
BEGINNING = "0" * 64
CHAIN_FILE = re.compile(r"(access/\d{4}-\d\d|account/\d{4})/[a-z]{1,16}-[1-9]\d{0,8}\.chain")
OUR_FILES = {"signer.pub", "heads/leaves", "heads/notes"}
LINE = re.compile(rb'([0-9a-f]{64}) (\{"n":(\d{1,15}),[ -~]{0,4000}\})')
LEAF = re.compile(r"\S{24} (\S{1,60}) (\d{1,15}) \d{1,15} ([0-9a-f]{64})")
UNFINISHED = 131_072
"""The most bytes that `chain:recovered` may account for."""
MEMBERS = {"n": int, "at": str, "kind": str, "actor": str, "subject": str, "details": dict}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found: its code, where (chain, segment or file), at which line, and a remark."""

    code: str
    place: str
    line: int = -1
    remark: str = ""


@dataclass(slots=True)
class Report:
    """Everything that was found; `lines` and `chains` that were read; `size` of the last good checkpoint."""

    illnesses: list[Finding] = field(default_factory=list)
    information: list[Finding] = field(default_factory=list)
    chains: int = 0
    lines: int = 0
    size: int = 0

    def add(self, code: str, place: str, line: int = -1, remark: str = "") -> None:
        """Note a finding, once."""
        to = self.illnesses if code in ILLNESSES else self.information
        found = Finding(code, place, line, remark)
        if found not in to:
            to.append(found)


def verify(folder: Path, key: str = "", checkpoints: Sequence[str] = ()) -> Report:
    """Read the journal in `folder` and report.

    `key` is the verifier key as kept elsewhere; without one, `signer.pub` of the folder is used and the
    report says so. `checkpoints` are signed notes that left the machine. The journal may be written, signed
    and pruned meanwhile. Raises ValueError when the key is not one, OSError.
    """
    return _Examination(folder, key, checkpoints).report()


# --- lines of a chain


@dataclass(frozen=True, slots=True)
class _Line:
    n: int
    digest: str
    raw: bytes
    body: dict[str, Any]

    def follows(self, previous: str | None, expected: int) -> bool:
        if previous is None or self.n != expected:
            return False
        return hashlib.sha256(previous.encode() + b" " + self.raw).hexdigest() == self.digest


def _read_line(data: bytes) -> _Line | None:
    found = LINE.fullmatch(data)
    if found is None:
        return None
    try:
        body = json.loads(found[2])
    except ValueError:
        return None
    if body.keys() != MEMBERS.keys() or not all(isinstance(body[key], kind) for key, kind in MEMBERS.items()):
        return None
    return _Line(int(found[3]), found[1].decode(), found[2], body)


def _follow(data: bytes, name: str, report: Report) -> Iterator[tuple[_Line, bool]]:
    """Go through a chain's lines, each with whether it follows from the one before; report what does not."""
    previous: str | None = BEGINNING
    expected, at, ended = 0, 0, False
    while at < len(data):
        end = data.find(b"\n", at)
        line = _read_line(data[at:end]) if end >= 0 else None
        sound = line is not None and line.follows(previous, expected)
        if not sound and (closed := _closed_at(data, at, previous, expected)):
            report.add("unfinished-write", name, expected, f"{closed - at} bytes, closed")
            at = closed
            continue
        if end < 0 or (line is None and _is_unfinished(data[at:])):
            report.add("unfinished-write", name, expected, f"{len(data) - at} bytes, not closed")
            return
        if ended or not sound:
            _blame(line, previous, expected, name, report)
        at = end + 1
        if line is None:
            previous, expected = None, expected + 1
            continue
        previous, expected = line.digest, max(expected, line.n + 1)
        ended = line.body["kind"] == "chain:closed"
        yield line, sound


def _is_unfinished(rest: bytes) -> bool:
    """Tell whether this end of a chain is what a crash leaves: not long, and no line in it."""
    return len(rest) <= UNFINISHED and not any(map(_read_line, rest.split(b"\n")))


def _blame(line: _Line | None, previous: str | None, expected: int, name: str, report: Report) -> None:
    if line is not None and line.n > expected:
        report.add("line-missing", name, expected, f"{line.n - expected} lines")
    elif line is None or previous is not None or line.n < expected:
        # with no hash to go by (the line before is no line), what has the right number is believed
        report.add("line-changed", name, expected if line is None else line.n)


def _closed_at(data: bytes, start: int, previous: str | None, expected: int) -> int:
    """Find the `chain:recovered` line that accounts for the bytes from `start`; return where it begins, or 0."""
    at = start
    while 0 < (at := data.find(b"\n", at) + 1) <= start + UNFINISHED + 1:
        end = data.find(b"\n", at)
        line = _read_line(data[at:end]) if end > 0 else None
        if line is None or line.body["kind"] != "chain:recovered" or not line.follows(previous, expected):
            continue
        if line.body["details"] == {"bytes": at - start, "sha256": hashlib.sha256(data[start:at]).hexdigest()}:
            return at
    return 0


# --- keys, notes, trees


class _Key:
    """A verifier key of signed-note, Ed25519 only."""

    def __init__(self, text: str) -> None:
        self.name, _, rest = text.strip().partition("+")
        identity, _, encoded = rest.partition("+")
        raw = _base64(encoded)
        expected = hashlib.sha256(self.name.encode() + b"\n" + raw).digest()[:4]
        if len(raw) != 1 + 32 or raw[0] != 1 or identity != expected.hex():
            raise ValueError("not an Ed25519 verifier key")
        self._id, self._public = expected, Ed25519PublicKey.from_public_bytes(raw[1:])

    def open(self, note: str) -> tuple[int, bytes]:
        """Return size and root of a checkpoint that this key signed. Raises ValueError."""
        text, _, signatures = note.rpartition("\n\n")
        for line in signatures.splitlines():
            dash, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            signature = _base64(encoded)
            if dash == "\N{EM DASH}" and name == self.name and signature[:4] == self._id:
                self._verify(signature[4:], text + "\n")
                return self._size_and_root(text)
        raise ValueError("no signature by this key")

    def _verify(self, signature: bytes, text: str) -> None:
        try:
            self._public.verify(signature, text.encode())
        except InvalidSignature:
            raise ValueError("the signature does not fit") from None

    def _size_and_root(self, text: str) -> tuple[int, bytes]:
        lines = text.split("\n")
        root = _base64(lines[2]) if len(lines) == 3 else b""  # noqa: PLR2004 (tlog-checkpoint: three lines)
        if lines[0] != self.name or not re.fullmatch(r"0|[1-9]\d{0,14}", lines[1]) or len(root) != 32:  # noqa: PLR2004
            raise ValueError("not a checkpoint of this journal")
        return int(lines[1]), root


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of RFC 6962 section 2.1, as it is defined there."""
    if len(leaves) <= 1:
        return hashlib.sha256(b"\x00" + leaves[0] if leaves else b"").digest()
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(leaves[:left]) + _root(leaves[left:])).digest()


def _roots(leaves: Sequence[bytes], sizes: set[int]) -> dict[int, str]:
    """Roots at these sizes, in hexadecimal: complete subtrees are hashed once."""
    edge: list[tuple[int, bytes]] = []
    roots = {0: _root(()).hex()}
    for size, leaf in enumerate(leaves, 1):
        edge.append((1, hashlib.sha256(b"\x00" + leaf).digest()))
        while len(edge) > 1 and edge[-1][0] == edge[-2][0]:
            (count, right), (_, left) = edge.pop(), edge.pop()
            edge.append((2 * count, hashlib.sha256(b"\x01" + left + right).digest()))
        if size in sizes:
            root = edge[-1][1]
            for _, left in reversed(edge[:-1]):
                root = hashlib.sha256(b"\x01" + left + root).digest()
            roots[size] = root.hex()
    return roots


# --- the whole journal


@dataclass(slots=True)
class _Chain:
    """What is kept of a chain: its opening's details, its length, the hashes at the lines asked for."""

    opening: dict[str, Any]
    lines: int = 0
    hashes: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Heads:
    """What is signed: roots by size, leaves, and of each chain its lengths and hashes in the order of signing."""

    notes: list[tuple[int, str]]
    size: int
    leaves: list[str]
    of_chain: dict[str, list[tuple[int, str]]] = field(default_factory=dict)


class _Examination:
    """One reading of one journal."""

    def __init__(self, folder: Path, key: str, checkpoints: Sequence[str]) -> None:
        self.folder = folder
        self.found = Report()
        self.key = _Key(key) if key else self._key_from_folder()
        self.outside = [one for text in checkpoints if (one := self._opened(text, "given checkpoint"))]
        self.before = self._heads()
        """Heads as they were before the chains were read: each chain must reach them."""
        self.after = self.before
        """Heads as they were after: whatever the account tells of must be among them."""
        self.chains: dict[str, _Chain] = {}
        self.pruned: dict[str, dict[str, Any]] = {}
        self.told: list[tuple[int, str]] = []

    def report(self) -> Report:
        """Do each step in an order in which it has what it needs."""
        self._read_chains()
        self.after = self._heads()
        self._check_heads()
        self._check_signed_lines()
        self._check_openings()
        self._check_prunings()
        self.found.illnesses.sort()
        self.found.information.sort()
        return self.found

    def _key_from_folder(self) -> _Key | None:
        text = _text(self.folder / "signer.pub")
        if not text:
            return None
        self.found.add("key-from-folder", "signer.pub")
        return _Key(text)

    def _opened(self, note: str, place: str) -> tuple[int, str] | None:
        why = "no key to verify it with"
        try:
            if self.key is not None:
                size, root = self.key.open(note)
                return size, root.hex()
        except ValueError as error:
            why = str(error)
        self.found.add("head-signature-wrong", place, remark=why)
        return None

    def _heads(self) -> _Heads:
        """Read what is signed, now."""
        notes = _notes(_text(self.folder / "heads" / "notes"))
        opened = [one for text in notes if (one := self._opened(text, "heads/notes"))]
        size = max((size for size, _ in opened), default=0)
        leaves = _text(self.folder / "heads" / "leaves").split("\n")[:-1][:size]
        if len(leaves) < size:
            self.found.add("tail-missing", "heads/leaves", len(leaves))
        heads = _Heads(opened, size, leaves)
        for leaf in filter(None, map(LEAF.fullmatch, leaves)):
            heads.of_chain.setdefault(leaf[1], []).append((int(leaf[2]), leaf[3]))
        return heads

    def _read_chains(self) -> None:
        """Access before account, so that a segment pruned meanwhile finds its statement."""
        wanted = {name: {lines - 1 for lines, _ in heads} for name, heads in self.before.of_chain.items()}
        for name in sorted(self._chain_names()):
            self.chains[name] = chain = _Chain(_opening(_beginning(self.folder / f"{name}.chain")))
            wanted.setdefault(_text_in(chain.opening, "after_chain"), set()).add(_after(chain.opening) - 1)
        for name in list(self.chains):
            path = self.folder / f"{name}.chain"
            if path.is_file():
                self._read_chain(name, _bytes(path), wanted.get(name, set()))
            else:
                del self.chains[name]
        self.found.chains = len(self.chains)

    def _chain_names(self) -> Iterator[str]:
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder).as_posix()
            if CHAIN_FILE.fullmatch(name):
                yield name.removesuffix(".chain")
            elif path.is_file() and not path.name.startswith(".") and name not in OUR_FILES:
                self.found.add("unknown-file", name)

    def _read_chain(self, name: str, data: bytes, wanted: set[int]) -> None:
        chain = self.chains[name]
        for line, sound in _follow(data, name, self.found):
            chain.lines = max(chain.lines, line.n + 1)
            if line.n in wanted:
                chain.hashes[line.n] = line.digest
            if sound and name.startswith("account/"):
                self._remember(line.body)
        self.found.lines += chain.lines
        signed = self.before.of_chain.get(name, [(0, "")])[-1][0]
        if chain.lines > signed:
            self.found.add("unsigned-tail", name, signed, f"{chain.lines - signed} lines")

    def _remember(self, body: dict[str, Any]) -> None:
        details = body["details"]
        if body["kind"] == "segment:pruned":
            self.pruned[f"access/{_text_in(details, 'segment')}"] = {**details, "at": body["at"]}
        elif body["kind"] == "heads:signed":
            self.told.append((_number_in(details, "size"), _text_in(details, "root")))

    def _check_heads(self) -> None:
        """Do the leaves lead to each root: of the notes here, given from outside, told by the account?"""
        here = self.after
        self.found.size = here.size
        if not here.size:
            self.found.add("never-signed", "heads")
        places = [("heads/notes", *one) for one in here.notes]
        places += [("given checkpoint", *one) for one in self.outside] + [("account", *one) for one in self.told]
        roots = _roots([leaf.encode() for leaf in here.leaves], {size for _, size, _ in places})
        for place, size, root in places:
            if size > here.size:
                self.found.add("head-rolled-back", place, size)
            elif roots.get(size, root) != root:
                self.found.add("fork", place, size)

    def _check_signed_lines(self) -> None:
        for name, heads in self.before.of_chain.items():
            if name not in self.chains:
                self._absent(name)
            for lines, digest in heads:
                self._check_line(name, lines, digest)

    def _check_openings(self) -> None:
        homes = {_text_in(chain.opening, "home") for chain in self.chains.values()} - {""}
        home = self.key.name.rpartition("/")[2] if self.key else min(homes, default="")
        for name, chain in self.chains.items():
            if _text_in(chain.opening, "chain") not in {name, ""} or _text_in(chain.opening, "home") not in {home, ""}:
                self.found.add("chain-misplaced", name, 0)
            before = _text_in(chain.opening, "after_chain")
            if before and before not in self.chains:
                self._absent(before)
            self._check_line(before, _after(chain.opening), _text_in(chain.opening, "after_hash"))

    def _check_line(self, name: str, lines: int, digest: str) -> None:
        """Does a chain have this hash at its line number `lines`, counted from 1?"""
        chain = self.chains.get(name)
        if chain is None or not lines:
            return
        if chain.lines < lines:
            self.found.add("tail-missing", name, chain.lines)
        elif chain.hashes.get(lines - 1, digest) != digest:
            self.found.add("fork", name, lines - 1)

    def _absent(self, name: str) -> None:
        segment = name.rpartition("/")[0]
        if segment in self.pruned:
            return
        if any(one.startswith(segment + "/") for one in self.chains):
            self.found.add("chain-missing", name)
        else:
            self.found.add("segment-missing", segment)

    def _check_prunings(self) -> None:
        for segment, told in self.pruned.items():
            if any(name.startswith(segment + "/") for name in self.chains):
                self.found.add("pruning-unfinished", segment)
            heads = sorted(
                (name, *signed[-1]) for name, signed in self.after.of_chain.items() if name.startswith(segment + "/")
            )
            root = _root([f"{name} {lines} {digest}".encode() for name, lines, digest in heads]).hex()
            fits = told.get("root") == root and told.get("lines") == sum(lines for _, lines, _ in heads)
            if fits and told["at"] >= _earliest(segment):
                self.found.add("pruned-by-rule", segment, remark=f"on {told['at'][:10]}, {told['lines']} lines")
            else:
                self.found.add("pruned-out-of-rule", segment, remark=f"on {told['at'][:10]}")


def _earliest(segment: str) -> str:
    """The first day on which an access segment may be gone: six months after its end."""
    found = re.fullmatch(r"access/(\d{4})-(\d\d)", segment)
    if not found:
        return "9999"
    months = int(found[1]) * 12 + int(found[2]) + LEAST_MONTHS
    return f"{months // 12:04d}-{months % 12 + 1:02d}-01"


def _opening(data: bytes) -> dict[str, Any]:
    line = _read_line(data[: max(0, data.find(b"\n"))])
    return line.body["details"] if line and line.body["kind"] == "chain:opened" else {}


def _text_in(details: dict[str, Any], key: str) -> str:
    value = details.get(key)
    return value if isinstance(value, str) else ""


def _number_in(details: dict[str, Any], key: str) -> int:
    value = details.get(key)
    return value if isinstance(value, int) else 0


def _after(opening: dict[str, Any]) -> int:
    return _number_in(opening, "after_lines")


def _notes(text: str) -> Iterator[str]:
    """Cut heads/notes into notes: text, empty line, signatures, empty line.

    What a crash left unfinished at the end is left out: it has no end, or zeros where bytes should be.
    """
    parts = text.split("\n\n")
    notes = [f"{one}\n\n{other}\n" for one, other in zip(parts[:-1:2], parts[1:-1:2], strict=False)]
    if notes and "\0" in notes[-1]:
        notes.pop()
    yield from notes


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _beginning(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.readline(UNFINISHED)


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8", "replace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a program."""
    import argparse  # noqa: PLC0415 (the product's processes import this file too, and never run it)

    parser = argparse.ArgumentParser(description="Verify a Primum journal.")
    parser.add_argument("journal", type=Path)
    parser.add_argument("--key", default="", help="the verifier key, as kept elsewhere (name+id+base64)")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[], help="a signed root that left the machine"
    )
    given = parser.parse_args(arguments)
    try:
        report = verify(given.journal, given.key, [_text(path) for path in given.checkpoint])
    except (ValueError, OSError) as error:
        sys.stderr.write(f"verify: {error}\n")
        return 2
    for kind, findings in (("ILL ", report.illnesses), ("info", report.information)):
        for one in findings:
            line = f" line {one.line}" if one.line >= 0 else ""
            sys.stdout.write(f"{kind} {one.code}: {one.place}{line} {one.remark}".rstrip() + "\n")
    sound = "ill" if report.illnesses else "sound"
    sys.stdout.write(f"{sound}: {report.chains} chains, {report.lines} lines, {report.size} signed heads\n")
    return 1 if report.illnesses else 0


if __name__ == "__main__":
    sys.exit(main())
