"""What may be configured: one table, which is also the reference page (docs/reference/settings.md).

Settings live in `primum.toml` in the home. A key that is not in the table is refused: a misspelt key
that is silently ignored has left archives open before.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from primum.ground.errors import PrimumError
from primum.ground.zones import PARIS, is_zone

if TYPE_CHECKING:
    from pathlib import Path


class UnknownSetting(PrimumError):
    """The configuration key {key!r} does not exist."""

    code: ClassVar[str] = "settings.unknown"
    hint: ClassVar[str] = "remove it from {file}, or see docs/reference/settings.md for its right name"


class BadSetting(PrimumError):
    """The configuration key {key!r} needs {needs}."""

    code: ClassVar[str] = "settings.bad"
    hint: ClassVar[str] = "correct it in {file}"


class UnreadableSettings(PrimumError):
    """The configuration file is not TOML."""

    code: ClassVar[str] = "settings.unreadable"
    hint: ClassVar[str] = "look at line {line} of {file}"


EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (what nobody can call, not what is bound)
"""Addresses that mean all of a machine's own."""


class Setting(NamedTuple):
    """A setting: its name, its default (whose type is its type), a sentence."""

    name: str
    default: str | int | bool
    sentence: str


SETTINGS = (
    Setting("web_address", "127.0.0.1", "Address on which the pages and DICOMweb listen (TLS, always)."),
    Setting("web_port", 8443, "Port of the pages and DICOMweb."),
    Setting("web_name", "localhost", "Host name that people type; the web certificate is made for it."),
    Setting("dicom_address", "127.0.0.1", "Address on which the DICOM door listens (TLS, always)."),
    Setting("dicom_port", 2762, "Port of the DICOM door (PS3.8 9.1.1: 2762 is dicom-tls)."),
    Setting("dicom_aet", "PRIMUM", "Our own application entity title."),
    Setting(
        "dicom_tls_profile", "bcp195", "TLS profile: bcp195 (PS3.15 B.12), modified (B.13), non-downgrading (B.10)."
    ),
    Setting("dicom_plain_port", 0, "Port of a DICOM door without TLS, on loopback only; 0 means none."),
    Setting("dicom_receivers", 0, "Processes that receive images; 0 means one for each processor, four at most."),
    Setting("accession_prefix", "", "What the accession numbers that Primum gives begin with (at most 6 characters)."),
    Setting(
        "worklist_own_station", False, "Show a modality only the steps scheduled for its own AE title, or for none."
    ),
    Setting("hl7_port", 0, "Port of the HL7 door (MLLP over TLS, on dicom_address; 2575 is usual); 0 means none."),
    Setting("hl7_plain_port", 0, "Port of an HL7 door without TLS, on loopback only; 0 means none."),
    Setting("hl7_results_host", "", "Where results (ORU, MDM) are sent by MLLP over TLS; empty means nowhere."),
    Setting("hl7_results_port", 2575, "Port of the host that takes results."),
    Setting("hl7_results_messages", "oru", "What is sent of a validated report: oru, mdm, or both."),
    Setting(
        "study_quiet_minutes", 5, "A study is complete when nothing has come for it for this long, or MPPS says so."
    ),
    Setting(
        "to_read_days", 30, "A complete study is to be read unless it is older than this many days; 0 means no list."
    ),
    Setting(
        "to_read_never", "SR KO PR DOC REG SEG PLAN", "Modalities that nobody reads: a study of only these is not."
    ),
    Setting("low_space_mib", 2048, "Below this free space the archive refuses to store, and goes on reading."),
    Setting("session_idle_minutes", 15, "A session that nobody uses locks after this long."),
    Setting("session_hours", 12, "A session ends after this long, whatever happens."),
    Setting("access_months", 12, "Months that the access ledger is kept (6 to 12, CNIL 2021-122)."),
    Setting(
        "smtp_host",
        "",
        "Submission server for notices to staff and letters of a breach; empty: no mail is sent.",
    ),
    Setting("smtp_port", 465, "Port of the submission server (implicit TLS)."),
    Setting("smtp_user", "", "Account on the submission server; its password is sealed in the home."),
    Setting("smtp_from", "", "Address from which notices and letters are sent."),
    Setting(
        "backup_to", "", "Where the daily backup goes: a folder, s3://BUCKET/PREFIX, restic:/PATH; empty: nowhere."
    ),
    Setting("backup_keep_days", 30, "Days that generations of a backup are kept, and with them keys erased since."),
    Setting("backup_mib_a_second", 0, "How fast a backup may read and send, in MiB a second; 0 means no limit."),
    Setting("backup_s3_endpoint", "", "Address of the S3-compatible service (https://…); empty means Amazon's."),
    Setting("backup_s3_region", "us-east-1", "Region that requests to the S3-compatible service are signed for."),
    Setting(
        "hosts_for_others",
        False,
        "The operator hosts for others: files of breaches are a processor's, GDPR art. 33(2).",
    ),
    Setting("time_zone", PARIS, "Zone in which pages take and show hours, and sheets and notices write them."),
    Setting("language", "fr", "Language of a page for who has not chosen: fr or en."),
)
"""Every setting, in the order of the reference page."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a home; attributes are those of SETTINGS."""

    web_address: str
    web_port: int
    web_name: str
    dicom_address: str
    dicom_port: int
    dicom_aet: str
    dicom_tls_profile: str
    dicom_plain_port: int
    dicom_receivers: int
    accession_prefix: str
    worklist_own_station: bool
    hl7_port: int
    hl7_plain_port: int
    hl7_results_host: str
    hl7_results_port: int
    hl7_results_messages: str
    study_quiet_minutes: int
    to_read_days: int
    to_read_never: str
    low_space_mib: int
    session_idle_minutes: int
    session_hours: int
    access_months: int
    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_from: str
    backup_to: str
    backup_keep_days: int
    backup_mib_a_second: int
    backup_s3_endpoint: str
    backup_s3_region: str
    hosts_for_others: bool
    time_zone: str
    language: str


def read_settings(file: Path) -> Settings:
    """Read `primum.toml`; a file that is not there means all defaults.

    Raises UnreadableSettings, UnknownSetting or BadSetting.
    """
    given: dict[str, Any] = {}
    if file.exists():
        try:
            given = tomllib.loads(file.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UnreadableSettings(file=str(file), line=getattr(error, "lineno", "?")) from None
    known = {one.name: one for one in SETTINGS}
    for key, value in given.items():
        if key not in known:
            raise UnknownSetting(key=key, file=str(file))
        if type(value) is not type(known[key].default):
            needs = {str: "a text in quotes", int: "a whole number", bool: "true or false"}
            raise BadSetting(key=key, needs=needs[type(known[key].default)], file=str(file))
    values: dict[str, Any] = {one.name: given.get(one.name, one.default) for one in SETTINGS}
    _check_ranges(values, file)
    return Settings(**values)


_CHOICES = {
    "dicom_tls_profile": ("bcp195", "modified", "non-downgrading"),
    "language": ("fr", "en"),
    "hl7_results_messages": ("oru", "mdm", "both"),
}
_RANGES = {
    "web_port": (1, 65535),
    "dicom_port": (1, 65535),
    "dicom_plain_port": (0, 65535),
    "dicom_receivers": (0, 16),
    "hl7_port": (0, 65535),
    "hl7_plain_port": (0, 65535),
    "hl7_results_port": (1, 65535),
    "study_quiet_minutes": (1, 1440),
    "to_read_days": (0, 36_500),
    "low_space_mib": (64, 10_000_000),
    "session_idle_minutes": (1, 60),
    "session_hours": (1, 24),
    "access_months": (6, 12),
    "smtp_port": (1, 65535),
    "backup_keep_days": (1, 3650),
    "backup_mib_a_second": (0, 100_000),
}


def _check_ranges(values: dict[str, Any], file: Path) -> None:
    for key, choices in _CHOICES.items():
        if values[key] not in choices:
            raise BadSetting(key=key, needs="one of " + ", ".join(choices), file=str(file))
    for key, (low, high) in _RANGES.items():
        if not low <= values[key] <= high:
            raise BadSetting(key=key, needs=f"a number from {low} to {high}", file=str(file))
    if not is_zone(values["time_zone"]):
        raise BadSetting(key="time_zone", needs="a zone of the table of zones, as Europe/Paris", file=str(file))
    if not re.fullmatch(r"[A-Za-z0-9-]{0,6}", values["accession_prefix"]):
        raise BadSetting(key="accession_prefix", needs="at most 6 letters, digits and hyphens", file=str(file))
    if not re.fullmatch(r"[A-Z0-9_ ]{0,400}", values["to_read_never"]):
        raise BadSetting(key="to_read_never", needs="codes of modalities with spaces between", file=str(file))
    aet = values["dicom_aet"]
    if not 1 <= len(aet) <= 16 or not aet.isascii() or not aet.isprintable() or "\\" in aet or aet != aet.strip():  # noqa: PLR2004
        raise BadSetting(key="dicom_aet", needs="1 to 16 characters of the AE value representation", file=str(file))
