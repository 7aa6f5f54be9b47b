"""Writes the pages of docs/conformance that are made from the code: `python tools/conformance.py`."""
# ruff: noqa: E501 (rows of tables and sentences of pages are written as they stand there)

from __future__ import annotations

import re
from pathlib import Path

from pydicom.uid import UID

from primum.doors.dicomweb.accept import DEFAULT_SYNTAXES, IMAGE_TYPES, PICTURES, RENDERED
from primum.doors.dicomweb.storing import REASONS
from primum.doors.dimse.contexts import SPOKEN, VERIFICATION
from primum.doors.dimse.extended import QUERY, RETRIEVAL, STORAGE, WORKLIST
from primum.doors.dimse.registry import SERVICES
from primum.doors.dimse.statuses import BY_CODE, REJECTIONS
from primum.imaging.attributes import ATTRIBUTES, ITEMS, Level
from primum.imaging.codecs.table import BY_UID, SYNTAXES, targets_from
from primum.imaging.composing.bitstreams import COMPRESSED
from primum.imaging.storage import NOT_STORAGE, STORAGE_ELSEWHERE, STORAGE_ROOT, TRANSFER_SYNTAXES_REFUSED

FOLDER = Path(__file__).parent.parent / "docs" / "conformance"
ROUTES = FOLDER.parent / "reference" / "routes.md"
MADE = "Made from the code by `python tools/conformance.py`; a test compares.\n"


def name_of(uid: str) -> str:
    """Return the name that PS3.6 gives a UID; a private one has none."""
    return UID(uid).name if UID(uid).name != uid else ""


def dicom() -> str:
    """Write the DICOM conformance statement's tables (PS3.2 annex N.2 and N.3)."""
    services = [("C-ECHO", VERIFICATION, "every enrolled device")]
    services += [
        (type(one).__name__, uid, f"devices granted `{grant}`") for one in SERVICES for uid, grant in one.grants.items()
    ]
    return "\n".join(
        [
            "# DICOM conformance: services",
            "",
            MADE,
            "How each behaves, limits and timers: [the statement in prose](../reference/dicom-conformance.md).",
            "",
            "## As SCP",
            "",
            "| SOP class | UID | for |",
            "|---|---|---|",
            *(f"| {name_of(uid)} | `{uid}` | {who} |" for _, uid, who in services),
            f"| every storage class | under `{STORAGE_ROOT}`, below, and private ones | devices granted `store` |",
            "",
            f"Identifiers and attribute lists are read and written in {_listed(SPOKEN)}.",
            "",
            "Stored though outside that root:",
            "",
            *(f"* `{uid}` {name_of(uid)}" for uid in sorted(STORAGE_ELSEWHERE)),
            "",
            "Not stored though under it:",
            "",
            *(f"* `{uid}` {name_of(uid)}" for uid in sorted(NOT_STORAGE)),
            "",
            "## As SCU",
            "",
            "| SOP class | when |",
            "|---|---|",
            "| every storage class that is kept | C-MOVE, `primum send`, forwarding rules; to devices granted `receive` |",
            "| Storage Commitment Push Model | after a sending, where the destination accepts it; the result on that association, or on one of the destination's (it proposes the SCP role, and holds `receive`) |",
            "| Storage Commitment Push Model (the SCP role, by an association of ours) | a result that a device has not taken |",
            "| Study Root Query/Retrieve, FIND and MOVE | `primum migrate device` |",
            "",
            "## Extended negotiation",
            "",
            "Bytes of the service-class-application-information, as answered. No more bytes are answered than were proposed. For queries 1 is answered",
            "where 1 is proposed, and then done; for storage what is so, whatever is proposed. Other classes: not answered.",
            "",
            "| class | byte | meaning | value |",
            "|---|---|---|---|",
            *(
                f"| {title} | {at} | {meaning} | {value} |"
                for title, fields in (
                    ("C-FIND", QUERY),
                    ("C-MOVE, C-GET", RETRIEVAL),
                    ("worklist", WORKLIST),
                    ("storage", STORAGE),
                )
                for at, (meaning, value) in enumerate(fields, 1)
            ),
            "",
            "Common extended negotiation is ignored. User identity: [devices](../design/devices.md#who-uses-a-device).",
            "",
            "## Statuses",
            "",
            "| refusal | status |",
            "|---|---|",
            *(f"| `{code}` | {status:04X}H {status.name} |" for code, (status, _) in sorted(BY_CODE.items())),
            "",
            "## A-ASSOCIATE-RJ",
            "",
            "| refusal | result | source | reason |",
            "|---|---|---|---|",
            *(f"| `{code}` | {one.result} | {one.source} | {one.reason} |" for code, one in sorted(REJECTIONS.items())),
            "",
        ]
    )


def transfer_syntaxes() -> str:
    """Write what is stored, read and made in which transfer syntax."""
    rows = []
    for one in SYNTAXES:
        others = [BY_UID[uid].name for uid in targets_from(one.uid)[1:]]
        made = "yes" if one.target else "no: it loses"
        rows.append(f"| {one.name} | `{one.uid}` | {one.codec.value} | {made} | {len(others)} |")
    return "\n".join(
        [
            "# Transfer syntaxes",
            "",
            MADE,
            "Every registered transfer syntax that holds what would be acknowledged is stored as sent, and served as stored. Those of this",
            "table are also decoded, and written in the others that are *made* (decisions 0050 to 0052). What cannot be decoded is served as stored, or refused.",
            "",
            "| name | UID | codec | made on request | others that it can be had in |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "Refused at negotiation, because the data set does not hold the pixels or is none:",
            "",
            *(f"* `{uid}` {name_of(uid)}" for uid in sorted(TRANSFER_SYNTAXES_REFUSED)),
            "",
            "## Media types of frames",
            "",
            "| transfer syntax | media type |",
            "|---|---|",
            *(f"| {name_of(uid)} | `{media}` |" for uid, media in IMAGE_TYPES.items()),
            "| native | `application/octet-stream` |",
            "",
            "Asked for without a transfer syntax: " + ", ".join(f"`{media}` {name_of(uid)}" for media, uid in DEFAULT_SYNTAXES.items()) + ".",
            "Pictures (`rendered`, `thumbnail`, WADO-URI): " + ", ".join(f"`{media}`" for media in PICTURES) + "; `rendered` also: " + RENDERED[-1].join("``") + ",",
            "and what is a film, an encapsulated PDF, a report as `video/mp4`, `video/mpeg`, `application/pdf`, `text/html`, `text/plain` ([rendering](../design/codecs.md)).",
            "",
        ]
    )  # fmt: skip


def dicomweb() -> str:
    """Write the DICOMweb conformance statement: resources, attributes, failure reasons (PS3.18 annex I)."""
    routes = re.findall(
        r"^\| (GET|POST|PUT|DELETE|OPTIONS) \| `([^`]+)` \| (.*) \|$", ROUTES.read_text("utf-8"), re.MULTILINE
    )
    ours = [one for one in routes if one[1].startswith(("/dicom-web", "/wado")) or _under_a_root(*one)]
    return "\n".join(
        [
            "# DICOMweb conformance",
            "",
            MADE,
            "Origin server under `/dicom-web`. Who may ask, and how a program signs in: [access](../design/access.md); behaviour: [the web doors](../design/web.md).",
            "",
            "## Resources",
            "",
            "| method | resource | what |",
            "|---|---|---|",
            *(f"| {method} | `{path}` | {what.rsplit(' | ', 1)[-1]} |" for method, path, what in sorted(ours, key=lambda one: (one[1], one[0]))),
            "",
            "## Attributes of searches",
            "",
            "*Matched* ones may be asked for by value; the others are returned with `includefield`, or always.",
            "",
            *(line for level in Level if level is not Level.PATIENT for line in _attributes(level)),
            "Inside sequences: " + "; ".join(f"`{tag:08X}`: {', '.join(f'`{inner:08X}`' for inner in inside)}" for tag, inside in ITEMS.items()) + ".",
            "",
            "## Media types of STOW-RS",
            "",
            "`application/dicom`; or `application/dicom+json` or `application/dicom+xml`, followed by bulk data: `application/octet-stream` for uncompressed",
            "pixel data, any media type for an encapsulated document, and for compressed pixel data " + ", ".join(f"`{one}`" for one in COMPRESSED) + ".",
            "",
            "## Query parameters of rendered resources",
            "",
            "| parameter | PS3.18 | |",
            "|---|---|---|",
            *(f"| `{name}` | {clause} | {what} |" for name, clause, what in RENDERING),
            "",
            "## Failure Reason (0008,1197) of STOW-RS",
            "",
            "| refusal | reason |",
            "|---|---|",
            *(f"| `{code}` | {reason:04X}H |" for code, reason in sorted(REASONS.items())),
            "| any other | 0110H |",
            "",
        ]
    )  # fmt: skip


RENDERING = (
    ("accept", "8.3.3.1", "outweighs the header"),
    ("window", "8.3.5.1.4", "`center,width,function`: linear, linear-exact, sigmoid"),
    ("viewport", "8.3.5.1.3", "`width,height` and a region, negative to mirror; proportions are kept"),
    ("quality", "8.3.5.1.2", "1 to 100, of JPEG"),
    ("iccprofile", "8.3.5.1.5", "`no`, `yes`; others `400`"),
    (
        "annotation",
        "8.3.5.1.1",
        "`patient`: name, number, birth date, sex; `technique`: modality, date, series, kV, mA, TR, TE, thickness",
    ),
    ("any other", "", "`400`"),
)
"""Query parameters, with their clause and what is done with them."""


def _under_a_root(_method: str, path: str, what: str) -> bool:
    """Tell a resource of both roots, whose row names nobody, from a page."""
    return path.startswith(("/studies", "/series", "/instances")) and " | " not in what


def _attributes(level: Level) -> list[str]:
    rows = [
        f"| `{one.key}` | {one.keyword} | {one.vr} | {'yes' if one.column else ''} |"
        for one in ATTRIBUTES
        if one.level is level
    ]
    return [f"### {level.value.capitalize()}", "", "| tag | keyword | VR | matched |", "|---|---|---|---|", *rows, ""]  # fmt: skip


def _listed(uids: frozenset[str]) -> str:
    return ", ".join(sorted(name_of(uid) for uid in uids))


PAGES = {"dicom.md": dicom, "dicomweb.md": dicomweb, "transfer-syntaxes.md": transfer_syntaxes}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), "utf-8")
