"""Makes the vectors of evidence: `PYTHONPATH=src:. python tests/vectors/evidence/make.py`.

Two good bundles, the second after the first, and what a verifier must refuse. No old vector is ever deleted or changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.journal.scene import HOME, SEED

from primum.journal.note import NoteKey
from primum.journal.signer import origin

HERE = Path(__file__).parent
KEY, OTHER = NoteKey(origin(HOME), SEED), NoteKey(origin(HOME), bytes(32))
ANOTHER_HOME = NoteKey(origin("hom_" + "z" * 26), SEED)
CHAIN = "account/2026/worker-1"


def header(name: str, size: int) -> bytes:
    """Write a header as the design page has it, independently of the product."""
    fields = [
        name.encode().ljust(100, b"\0"), b"0000600\0", b"0000000\0", b"0000000\0", f"{size:011o}\0".encode(),
        b"00000000000\0", b" " * 8, b"0", bytes(100), b"ustar\0", b"00", bytes(247),
    ]  # fmt: skip
    total = sum(b"".join(fields))
    fields[6] = f"{total:06o}\0 ".encode()
    return b"".join(fields)


def packed(name: str, data: bytes) -> bytes:
    return header(name, len(data)) + data + bytes(-len(data) % 512)


def a_chain(count: int) -> tuple[bytes, str]:
    """Write a chain of some lines; return it with the hash of its last."""
    lines, before = b"", "0" * 64
    for number in range(count):
        at = f"2026-11-24T22:40:{number:02d}.000Z"
        body = json.dumps(
            {"n": number, "at": at, "kind": "daemon:started", "actor": "system", "subject": "", "details": {}},
            separators=(",", ":"),
        )
        before = hashlib.sha256(f"{before} {body}".encode()).hexdigest()
        lines += f"{before} {body}\n".encode()
    return lines, before


def parts(count: int = 3) -> dict[str, bytes]:
    chain, last = a_chain(count)
    leaf = f"2026-11-24T22:40:00.000Z {CHAIN} {count} {len(chain)} {last}"
    return {
        "README.txt": b"read me\n",
        "journal/signer.pub": KEY.verifier_key.encode() + b"\n",
        "journal/heads/leaves": leaf.encode() + b"\n",
        f"journal/{CHAIN}.chain": chain,
        "system/empty.json": b"",
        "incident/entries-0001.jsonl": b'{"id":"ent_a"}\n',
    }


def manifest(found: dict[str, bytes], previous: str = "", **other: object) -> dict[str, object]:
    told: dict[str, object] = {
        "bundle": "bun_" + "a" * 26, "by": "per_" + "b" * 26, "case": "cas_" + "c" * 26,
        "controller": "ctl_" + "a" * 26,
        "created_at": "2026-11-24T22:40:00.000Z", "file": "inc_" + "f" * 26, "home": HOME,
        "interval": {"from": "", "known": False, "until": "2026-11-24T22:40:00.000Z"},
        "journal": {"checkpoint": "0" * 64, "ill": [], "left_out": []}, "missing": [],
        "parts": [
            {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in found.items()
        ],
        "previous": previous, "primum_evidence": 1, "version": "0.1.0",
    }  # fmt: skip
    return told | other


def bundle(
    found: dict[str, bytes], told: dict[str, object], key: NoteKey = KEY, first: str = "evidence.primum.invalid"
) -> bytes:
    body = json.dumps(told, sort_keys=True, separators=(",", ":"))
    note = key.sign_text(f"{first}/{told['home']}\n{body}\n").encode()
    return b"".join(packed(name, data) for name, data in found.items()) + packed("manifest.note", note) + bytes(1024)


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def loose_signature(whole: bytes) -> bytes:
    """Write the signature's base 64 with another unused bit: it decodes to the same bytes."""
    at = whole.index(b"=\n", whole.index("\N{EM DASH} ".encode())) - 1
    found = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = found[found.index(whole[at]) ^ 1]
    before, after = (
        base64.b64decode(whole[at - 2 : at + 2]),
        base64.b64decode(whole[at - 2 : at] + bytes([other]) + b"="),
    )
    if before != after:
        raise AssertionError("not an unused bit")
    return whole[:at] + bytes([other]) + whole[at + 1 :]


def wrong_chain() -> dict[str, bytes]:
    """Parts whose chain was rewritten after its head was signed."""
    found = parts()
    rewritten, before = b"", "0" * 64
    for each in found[f"journal/{CHAIN}.chain"].splitlines():
        body = each[65:].replace(b"system", b"stranger")
        before = hashlib.sha256(f"{before} ".encode() + body).hexdigest()
        rewritten += before.encode() + b" " + body + b"\n"
    found[f"journal/{CHAIN}.chain"] = rewritten
    return found


def broken() -> dict[str, Callable[[], bytes]]:
    good, found = bundle(parts(), manifest(parts())), parts()
    less = {name: data for name, data in found.items() if name != "README.txt"}
    more = found | {"extra.txt": b"more"}
    swapped = dict(reversed(found.items()))
    elsewhere = "hom_" + "z" * 26
    return {
        "part-changed": lambda: changed(good, 512),
        "header-changed": lambda: changed(good, 108),
        "padding-changed": lambda: changed(good, 512 + 100),
        "size-changed": lambda: changed(good, 133),
        "part-removed": lambda: bundle(less, manifest(found)),
        "part-added": lambda: bundle(more, manifest(found)),
        "parts-swapped": lambda: bundle(swapped, manifest(found)),
        "manifest-of-another": lambda: bundle(found, manifest(parts(4))),
        "manifest-changed": lambda: good.replace(b'"by":"per_b', b'"by":"per_c'),
        "manifest-missing": lambda: b"".join(packed(name, data) for name, data in found.items()) + bytes(1024),
        "manifest-twice": lambda: good[:-1024] + good[good.rindex(header_of(good, "manifest.note")) :],
        "cut-off": lambda: good[:-1],
        "end-missing": lambda: good[:-1024],
        "something-behind": lambda: good + b"\0",
        "empty": lambda: b"",
        "wrong-key": lambda: bundle(found, manifest(found), OTHER),
        "another-home": lambda: bundle(found, manifest(found, home=elsewhere), ANOTHER_HOME),
        "another-home-same-key": lambda: bundle(found, manifest(found, home=elsewhere)),
        "signed-as-a-check": lambda: bundle(found, manifest(found), first="check.primum.invalid"),
        "signature-loose": lambda: loose_signature(good),
        "chain-rewritten": lambda: bundle(wrong_chain(), manifest(wrong_chain())),
    }


def header_of(whole: bytes, name: str) -> bytes:
    at = whole.index(name.encode() + b"\0")
    return whole[at : at + 512]


def main() -> None:
    """Write them."""
    good = bundle(parts(), manifest(parts()))
    second = bundle(parts(5), manifest(parts(5), previous=hashlib.sha256(good).hexdigest(), bundle="bun_" + "b" * 26))
    written = {"good.tar": good, "second.tar": second, "key.pub": KEY.verifier_key.encode() + b"\n"}
    written |= {f"broken/{name}.tar": make() for name, make in broken().items()}
    for name, data in written.items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
