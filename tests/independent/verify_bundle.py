"""Verifies an evidence bundle of Primum with nothing but its public key: python3 verify.py PUBLIC-KEY < BUNDLE.tar."""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(good, why):
    if not good:
        raise SystemExit(f"REFUSED: {why}")


def header(name, size):  # of a tar: it has no byte of its own, so it is made again and compared
    raw = name.encode("ascii").ljust(100, b"\0") + b"0000600\0" + b"0000000\0" * 2 + b"%011o\0" % size
    raw += b"00000000000\0" + b" " * 8 + b"0" + bytes(100) + b"ustar\x0000" + bytes(247)
    return raw[:148] + b"%06o\0 " % sum(raw) + raw[156:]


def verify(file, key):
    parts, chains, leaves, name, data = [], {}, [], "", b""
    while name != "manifest.note":
        head = file.read(512)
        name, size = head[:100].rstrip(b"\0").decode("ascii"), int(head[124:135], 8)
        data, pad = file.read(size), file.read(-size % 512)
        need(head == header(name, size) and len(data + pad) % 512 == 0 and not any(pad), f"not as written: {name!r}")
        parts.append({"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": size})
        leaves = data.decode().splitlines() if name == "journal/heads/leaves" else leaves
        heads = chains.setdefault(name[8:-6], ["0" * 64]) if name.endswith(".chain") else []
        for line in data.split(b"\n")[:-1] if heads else []:  # what a crash left between two lines follows from none
            if hashlib.sha256(heads[-1].encode() + line[64:]).hexdigest().encode() == line[:64]:
                heads.append(line[:64].decode())
    need(file.read() == bytes(1024), "the end is missing, or something stands behind it")
    (text, last), (signer, key_id, public) = data.decode().split("\n\n"), key.strip().split("+", 2)
    raw, sig, told = base64.b64decode(public), base64.b64decode(last.split(" ")[-1]), json.loads(text.split("\n")[1])
    need(last == f"\N{EM DASH} {signer} {base64.b64encode(bytes.fromhex(key_id) + sig[4:]).decode()}\n", "another key")
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(sig[4:], f"{text}\n".encode())
    ours = f"evidence.primum.invalid/{told['home']}" == text.split("\n")[0] == signer.replace("journal", "evidence", 1)
    need(ours and told["parts"] == parts[:-1], "the manifest of another bundle")
    for chain, lines, _, digest in (leaf.split(" ")[1:] for leaf in leaves):
        good = chain not in chains or chain in told["journal"]["ill"] or chains[chain][int(lines) :][:1] == [digest]
        need(good, f"{chain} does not follow its signed head")
    return told


if __name__ == "__main__":
    sys.tracebacklimit = 0  # whatever else is wrong ends it too, with exit status 1
    print(json.dumps(verify(sys.stdin.buffer, sys.argv[1]), indent=1), "\nGOOD: signed, whole and unchanged")
