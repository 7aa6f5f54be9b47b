"""Conversations as bytes with their decoding: tests/vectors/dimse/*.txt.

`>` is sent, `<` must come back; hexadecimal, `#` begins a comment. A line may go on in the next ones if they begin with
blanks. `> @name` sends all that `name.txt` sends first. `< 02 …` is a PDU of which only the type counts; `< closed`.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.doors.dimse.caller import Caller

FOLDER = Path(__file__).parents[2] / "vectors" / "dimse"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


def lines(path: Path) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for line in path.read_text("utf-8").splitlines():
        text = line.partition("#")[0].rstrip()
        if text[:1] in {">", "<"}:
            joined.append((text[0], text[1:].strip()))
        elif text.strip():
            way, before = joined.pop()
            joined.append((way, f"{before} {text.strip()}"))
    return joined


def octets(text: str) -> bytes:
    whole = b""
    for literal, digits in re.findall(r'"([^"]*)"|([0-9a-fA-F]+)', text):
        whole += literal.encode("ascii") if literal else bytes.fromhex(digits)
    return whole


def play(path: Path, caller: Caller) -> None:
    for way, text in lines(path):
        if way == ">" and text.startswith("@"):
            play(FOLDER / f"{text[1:]}.txt", caller)
        elif way == ">":
            caller.say(octets(text))
        elif text == "closed":
            assert caller.hear() is None
        else:
            heard = caller.hear()
            assert heard is not None, f"{path.stem}: closed instead of {text}"
            expected = octets(text.replace("…", ""))
            whole = bytes((heard[0], 0)) + len(heard[1]).to_bytes(4, "big") + heard[1]
            assert whole.startswith(expected), f"{path.stem}: {whole.hex(' ')}"
            assert "…" in text or whole == expected
