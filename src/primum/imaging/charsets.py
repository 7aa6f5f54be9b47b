"""Text of a data set: Specific Character Set (PS3.3 C.12.1.1.2) and its ISO 2022 escapes (PS3.5 6.1).

Nothing here raises: bytes that do not fit what was declared are replaced, and the caller is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SINGLE_BYTE = {
    "100": "latin-1", "101": "iso8859-2", "109": "iso8859-3", "110": "iso8859-4", "144": "iso8859-5",
    "127": "iso8859-6", "126": "iso8859-7", "138": "iso8859-8", "148": "iso8859-9", "203": "iso8859-15",
    "13": "shift_jis", "166": "iso8859-11",
}  # fmt: skip
_WHOLE = {"192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
_ALIASES = {"UTF-8": "192", "UTF8": "192", "LATIN1": "100", "LATIN-1": "100", "GB2312": "58"}

# G0 takes the bytes below 0x80, G1 those above. Two-byte sets of G0 need their escape to be decoded.
_G0 = {b"(B": ("ascii", b""), b"(J": ("shift_jis", b""), b"$B": ("iso2022_jp", b"\x1b$B")}
_G0 |= {b"$(D": ("iso2022_jp_2", b"\x1b$(D")}
_G1 = {
    b")I": "shift_jis", b"$)C": "euc_kr", b"$)A": "gb2312",
    b"-A": "latin-1", b"-B": "iso8859-2", b"-C": "iso8859-3", b"-D": "iso8859-4", b"-F": "iso8859-7",
    b"-G": "iso8859-6", b"-H": "iso8859-8", b"-L": "iso8859-5", b"-M": "iso8859-9", b"-T": "iso8859-11",
    b"-b": "iso8859-15",
}  # fmt: skip
_ESCAPE = re.compile(rb"\x1b(\(B|\(J|\$B|\$\(D|\)I|\$\)C|\$\)A|-[A-DF-HLMTb])")
_RUNS = re.compile(rb"[\x00-\x7f]+|[\x80-\xff]+")
_RESETS = re.compile(rb"([\\^=\r\n\f\t])")
_TERM = re.compile(r"ISO[ _-]*(?:2022)?[ _-]*IR[ _-]*([0-9]+)")
_REPLACED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Charset:
    """How the texts of one data set (or item) are read. `first` is the codec for bytes above 0x7F, or None."""

    first: str | None
    whole: str | None
    known: bool

    def decode(self, raw: bytes) -> tuple[str, bool]:
        """Read a value; tell whether it is damaged (bytes replaced, or their set had to be guessed)."""
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii"), False
        if self.whole is not None:
            text = raw.decode(self.whole, "replace")
            return text, _REPLACED in text
        text = self._extended(raw) if b"\x1b" in raw else self._plain(raw)
        return text, _REPLACED in text or "\x1b" in text or self._guessing(raw)

    def _guessing(self, raw: bytes) -> bool:
        return not self.known or (self.first is None and b"\x1b" not in raw)

    def _plain(self, raw: bytes) -> str:
        if self.first is not None:
            return raw.decode(self.first, "replace")
        # nothing was declared: UTF-8 cannot be mistaken for another set, Latin-1 is what western devices mean
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def _extended(self, raw: bytes) -> str:
        parts: list[str] = []
        g0, g1 = _G0[b"(B"], self.first
        at = 0
        for escape in _ESCAPE.finditer(raw):
            text, reset = self._stretch(raw[at : escape.start()], g0, g1)
            parts.append(text)
            if reset:
                g0, g1 = _G0[b"(B"], self.first
            g0, g1 = _G0.get(escape[1], g0), _G1.get(escape[1], g1)
            at = escape.end()
        parts.append(self._stretch(raw[at:], g0, g1)[0])
        return "".join(parts)

    def _stretch(self, raw: bytes, g0: tuple[str, bytes], g1: str | None) -> tuple[str, bool]:
        """Read what stands between two escapes; tell whether a delimiter took the sets back to the first."""
        if g0[1]:
            return _runs(raw, g0, g1), False
        parts = _RESETS.split(raw)
        texts = [_runs(parts[0], g0, g1)]
        texts += [_runs(part, _G0[b"(B"], self.first) for part in parts[1:]]
        return "".join(texts), len(parts) > 1


def _runs(raw: bytes, g0: tuple[str, bytes], g1: str | None) -> str:
    texts = []
    for run in _RUNS.findall(raw):
        if run[0] >= 0x80:  # noqa: PLR2004 (where G1 begins)
            texts.append(run.decode(g1, "replace") if g1 else _REPLACED * len(run))
        else:
            texts.append((g0[1] + run).decode(g0[0], "replace"))
    return "".join(texts)


@lru_cache(maxsize=256)
def charset_of(declared: bytes) -> Charset:
    """Read the value of Specific Character Set (0008,0005); common misspellings are understood."""
    terms = [term.strip() for term in declared.decode("ascii", "replace").replace("\0", " ").split("\\")]
    codes = [_code(term) for term in terms]
    known = all(code is not None for code in codes)
    for code in codes:
        if code in _WHOLE:
            return Charset(None, _WHOLE[code], known)
    first = codes[0]
    if first == "58" and len(codes) == 1:
        return Charset("gb2312", None, known)
    return Charset(_SINGLE_BYTE.get(first or ""), None, known)


def _code(term: str) -> str | None:
    """Reduce a defined term to its registration number, "" for the default repertoire, None when unknown."""
    upper = term.upper()
    if not upper:
        return ""
    found = _TERM.fullmatch(upper)
    code = found[1] if found else _ALIASES.get(upper, upper)
    if code in {"6", "87", "159", "149", "58"}:
        return "" if code == "6" else code
    return code if code in _SINGLE_BYTE or code in _WHOLE else None


def codec_of(declared: str) -> str | None:
    """Return the codec that writes a character set without code extensions; None where it needs escapes."""
    codes = [_code(term.strip()) for term in declared.split("\\")]
    code = codes[0]
    if code is None or (len(codes) > 1 and set(codes) - {"", code}):
        return None
    if code == "":
        return "ascii"
    return _WHOLE.get(code) or _SINGLE_BYTE.get(code)
