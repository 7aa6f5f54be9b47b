"""Decode a pack, from docs/design/vault.md alone: nothing of Primum is imported.

    python decode.py FILE.pack STUDY_KEY_IN_HEX [--study HEX --pack HEX]

Prints what the pack holds. A record is listed when its trailer opens and stands where it says; a segment
that does not open is named.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import struct
from pathlib import Path

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOCK = 4096
MIB = 1 << 20
ROLES = {1: "header", 2: "pixels", 3: "frame table"}
KINDS = {1: "instance", 2: "amendment"}
DIGESTS = {1: "SHA-256", 2: "BLAKE3"}
TEXTS = (
    "controller", "device", "SOP class", "SOP instance", "series", "study", "transfer syntax", "received at",
    "calling AE title", "implementation class",
)  # fmt: skip


def hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 with SHA-256."""
    prk = hmac.digest(salt or bytes(32), key, "sha256")
    out, last, counter = b"", b"", 1
    while len(out) < length:
        last = hmac.digest(prk, last + info + bytes([counter]), "sha256")
        out, counter = out + last, counter + 1
    return out[:length]


def open_box(key: bytes, purpose: str, box: bytes) -> bytes:
    """Open a small box (§3)."""
    assert box[0] == 1, "version"
    label = b"primum/small/1\0" + purpose.encode()
    return AESGCM(hkdf(key, box[1:33], label, 32)).decrypt(bytes(12), box[33:], label)


def open_key_file(keyring_key: bytes, study: str, content: bytes) -> bytes:
    """Open a study's key file (§3)."""
    assert content[:10] == b"PRIMUMKY\x00\x01", "magic and version"
    return open_box(keyring_key, "study-key\0" + study, content[16:97])


def decode(raw: bytes, study_key: bytes, study: bytes | None = None, pack: bytes | None = None) -> str:
    """Return the decoding as text."""
    lines: list[str] = []
    version = int.from_bytes(raw[8:10], "big")
    study, pack = study or raw[16:32], pack or raw[32:48]
    lines += _header(raw[:BLOCK], version, study_key, study, pack)
    chain = hashlib.sha256(b"primum/vault/1/chain\0" + study + pack).digest()
    count, end, at = 0, BLOCK, BLOCK
    while at + BLOCK <= len(raw):
        record = _record(raw, at, end, version, study_key, study, pack)
        if record is not None:
            start, text, sequence, previous, block = record
            if start > end:
                lines.append(f"bytes {end} to {start}: no record")
            told = "follows" if (sequence, previous) == (count + 1, chain) else "DOES NOT FOLLOW"
            lines += [f"record at {start}, to {at + BLOCK}", f"  sequence {sequence}: {told}", *text]
            count, chain, end = sequence, hashlib.sha256(previous + block).digest(), at + BLOCK
        at += BLOCK
    if end < len(raw):
        lines.append(f"bytes {end} to {len(raw)}: no record")
    lines.append(f"tail: {count} records, chain {chain.hex()}, end {end}")
    return "\n".join(lines) + "\n"


def _label(version: int, name: str) -> bytes:
    return f"primum/vault/{version}/{name}\0".encode()


def _header(block: bytes, version: int, study_key: bytes, study: bytes, pack: bytes) -> list[str]:
    key = hkdf(study_key, pack, _label(version, "pack-header") + study + pack, 32)
    mark = hkdf(study_key, b"", _label(version, "key-mark") + study, 16)
    good = version in {1, 2}
    good = good and block[:16] == b"PRIMUMPK" + version.to_bytes(2, "big") + bytes(6) and block[64:4064] == bytes(4000)
    good = good and block[16:48] == study + pack and block[48:64] == mark
    good = good and hmac.compare_digest(block[4064:], hmac.digest(key, block[:4064], "sha256"))
    return [
        f"pack {block[32:48].hex()} of study {block[16:32].hex()}",
        f"  key mark {block[48:64].hex()}",
        f"  header {'authentic' if good else 'NOT AUTHENTIC'}",
    ]


def _record(  # noqa: C901 (the page, from top to bottom)
    raw: bytes, at: int, floor: int, version: int, study_key: bytes, study: bytes, pack: bytes
) -> tuple[int, list[str], int, bytes, bytes] | None:
    block = raw[at : at + BLOCK]
    magic, found_version, size, salt, blocks = struct.unpack_from(">8sHH4x32sQ", block)
    if magic != b"PRIMUMRT" or found_version != version:
        return None
    keys = hkdf(study_key, salt, _label(version, "record") + study + pack, 64)
    try:
        body = AESGCM(keys[32:]).decrypt(bytes(12), block[64 : 64 + size], _label(version, "trailer") + block[:64])
    except InvalidTag:
        return None
    kind, flags, segment, offset, sequence, length, split, pixels_at = struct.unpack_from(">BB2xIQQQQQ", body)
    counts, (frames, first, each) = struct.unpack_from(">III", body, 48), struct.unpack_from(">IQQ", body, 60)
    digest, previous = body[96:128], body[128:160]
    start = at + BLOCK - blocks * BLOCK
    if offset != start or start < floor or segment != MIB:
        return None
    texts, where = [], 160
    for _ in TEXTS:
        count = int.from_bytes(body[where : where + 2], "big")
        texts.append(body[where + 2 : where + 2 + count].decode())
        where += 2 + count
    head = struct.pack(">8sHBB4x32sQ8x", b"PRIMUMRH", version, kind, flags & 1, salt, blocks if flags & 8 else 0)
    lines = [
        f"  {KINDS[kind]}, {length} bytes, {DIGESTS[version]} {digest.hex()}",
        f"  head {'as the trailer implies' if raw[start : start + 64] == head else 'NOT AS THE TRAILER IMPLIES'}",
        f"  split {split}, pixels at {'none' if pixels_at == 2**64 - 1 else pixels_at}, ordered {flags & 1}",
        *(f"  {name}: {text}" for name, text in zip(TEXTS, texts, strict=True)),
    ]
    place, plain = start + 64, {1: b"", 2: b"", 3: b""}
    sizes = (split, length - split, 16 * frames if flags & 4 else 0)
    for role, role_size in enumerate(sizes, 1):
        assert counts[role - 1] == -(-role_size // MIB), "segment count"
        for counter in range(counts[role - 1]):
            taken = min(MIB, role_size - counter * MIB) + 16
            last = (counter + 1) * MIB >= role_size
            nonce = struct.pack(">B6xIB", role, counter, last)
            associated = _label(version, "segment") + version.to_bytes(2, "big") + bytes([role]) + texts[3].encode()
            try:
                plain[role] += AESGCM(keys[:32]).decrypt(nonce, raw[place : place + taken], associated)
                told = f"opens, {taken - 16} bytes"
            except InvalidTag:
                told = "DOES NOT OPEN"
            lines.append(f"  segment {ROLES[role]} {counter} at {place}: {told}")
            place += taken
    if any(raw[place:at]) or any(block[64 + size :]):
        lines.append("  padding NOT ZERO")
    data = plain[1] + plain[2]
    made = hashlib.sha256(data).digest() if version == 1 else blake3(data).digest()
    lines.append(f"  {DIGESTS[version]} {'agrees' if made == digest else 'DOES NOT AGREE'}")
    lines.append(f"  data set {data.hex() if len(data) <= 256 else data[:64].hex() + '…'}")
    if flags & 2:
        lines.append(f"  frames: {frames} of {each} bytes from {first}")
    if flags & 4:
        lines.append(f"  frames: {list(struct.iter_unpack('>QQ', plain[3]))}")
    return start, lines, sequence, previous, block


def main() -> None:
    """Decode the file named on the command line."""
    parser = argparse.ArgumentParser(description="Decode a pack.")
    parser.add_argument("file", type=Path)
    parser.add_argument("key", type=bytes.fromhex)
    parser.add_argument("--study", type=bytes.fromhex)
    parser.add_argument("--pack", type=bytes.fromhex)
    given = parser.parse_args()
    print(decode(given.file.read_bytes(), given.key, given.study, given.pack), end="")


if __name__ == "__main__":
    main()
