"""Acknowledgements (chapter 2.9): MSA and, where something is refused, ERR. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from primum.ground.errors import PrimumError
from primum.imaging.orders.hl7.er7 import CHARSETS, charset_of, escape
from primum.imaging.orders.hl7.errors import Hl7Refusal

_OURS = "PRIMUM"
_FIELD_CHARACTERS = 199
"""Of what is repeated to the sender: MSH-10 has 199 characters in v2.8, fewer before."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is needed of a message to answer it, read as far as it can be."""

    application: str = ""
    facility: str = ""
    event: str = ""
    control_id: str = ""
    processing: str = "P"
    version: str = "2.5"
    charset: str = ""


def head_of(raw: bytes) -> Head:
    """Read the head of any message, even one that is refused: what cannot be read is left out."""
    line = raw[:4096].split(b"\r", 1)[0].split(b"\n", 1)[0]
    if not line.startswith(b"MSH") or len(line) < 8:  # noqa: PLR2004 (MSH and five delimiters)
        return Head()
    try:
        charset = charset_of(line)
    except PrimumError:
        charset = ""
    separator = line[3:4]
    fields = [one.decode(CHARSETS[charset], "replace")[:_FIELD_CHARACTERS] for one in line.split(separator)]
    fields += [""] * (13 - len(fields))
    component = line[4:5].decode("ascii", "replace")
    kind = fields[8].split(component)
    return Head(
        application=fields[2].split(component)[0],
        facility=fields[3].split(component)[0],
        event=kind[1] if len(kind) > 1 else "",
        control_id=fields[9],
        processing=fields[10].split(component)[0] or "P",
        version=fields[11].split(component)[0] or "2.5",
        charset=charset,
    )


def acknowledgement(
    head: Head, own_id: str, at: datetime, refusal: PrimumError | None = None, *, note: str = ""
) -> bytes:
    """Write the answer to a message: AA, or what `refusal` says."""
    code = "AA"
    if refusal is not None:
        code = refusal.acknowledgement if isinstance(refusal, Hl7Refusal) else "AE"
    kind = f"ACK^{escape(head.event)}" if head.event else "ACK"
    msh = [
        "MSH", "^~\\&", _OURS, "", escape(head.application), escape(head.facility), _stamp(at), "", kind, own_id,
        escape(head.processing), escape(head.version), "", "", "", "", "", head.charset,
    ]  # fmt: skip
    segments = ["|".join(msh).rstrip("|"), f"MSA|{code}|{escape(head.control_id)}"]
    if refusal is not None:
        segments.append(_err(refusal))
    elif note:
        segments.append(f"ERR||||I||||{escape(note)}")
    text = "\r".join(segments) + "\r"
    return text.encode(CHARSETS[head.charset], "replace")


def _err(refusal: PrimumError) -> str:
    where = str(refusal.facts.get("where", ""))
    condition = refusal.condition if isinstance(refusal, Hl7Refusal) else _CONDITIONS.get(refusal.code, "207")
    return "|".join(
        [
            "ERR", "", where, f"{condition}^{_TEXTS[condition]}^HL70357", "E", f"{escape(refusal.code)}", "", "",
            escape(f"{refusal} {refusal.way_out()}".strip()[:250]),
        ]
    )  # fmt: skip


_TEXTS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "207": "Application internal error",
}
"""Table 0357."""
_CONDITIONS = {
    "order.missing": "204",
    "order.number-taken": "205",
    "order.bad-field": "102",
    "order.has-begun": "207",
}


def _stamp(at: datetime) -> str:
    return f"{at.astimezone():%Y%m%d%H%M%S%z}"
