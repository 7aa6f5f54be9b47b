"""The settings sheet of a device, in French and in English: what a technician types, and nothing secret."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from primum.identity.authority import fingerprint
from primum.identity.device_model import LIMITS, Service, is_loopback
from primum.identity.tls import SUITES, SUITES_13

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Door:
    """Where devices call: `host` and `port` of the TLS door, its AE title and profile; `plain_port` 0 means none."""

    host: str
    port: int
    aet: str
    profile: str
    plain_port: int = 0
    hl7_port: int = 0
    """Of the HL7 door, on the same host; 0 means none."""
    hl7_plain_port: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """The facts of a sheet. `keyed`: the pack holds the key. Without a certificate the device comes without TLS."""

    name: str
    aet: str
    may: frozenset[Service]
    door: Door
    certificate: x509.Certificate | None
    loopback_only: bool
    keyed: bool
    short_key: bool
    called_by_us: bool = False
    """Whether the pack holds the authority of our own calls."""


_WORDS: dict[str, dict[Language, str]] = {
    "title": {"fr": "Réglages de l'appareil {name}", "en": "Settings of the device {name}"},
    "demo": {
        "fr": "DÉMONSTRATION : données fictives. Cet appareil n'est admis que depuis la machine de l'archive.",
        "en": "DEMONSTRATION: fictional data. This device is admitted from the archive's own machine only.",
    },
    "local": {
        "fr": "L'archive n'écoute pour l'instant que sur sa propre machine (réglage dicom_address).",
        "en": "The archive listens on its own machine only at present (setting dicom_address).",
    },
    "aet": {"fr": "Titre d'AE de l'appareil (calling)", "en": "AE title of the device (calling)"},
    "called": {"fr": "Titre d'AE de l'archive (called)", "en": "AE title of the archive (called)"},
    "host": {"fr": "Hôte", "en": "Host"},
    "port": {"fr": "Port", "en": "Port"},
    "hl7": {"fr": "Port HL7 (MLLP)", "en": "HL7 port (MLLP)"},
    "no_hl7": {"fr": "aucun (réglage hl7_port)", "en": "none (setting hl7_port)"},
    "may": {"fr": "Services accordés", "en": "Services granted"},
    "nothing": {"fr": "aucun (C-ECHO seulement)", "en": "none (C-ECHO only)"},
    "plain": {
        "fr": "Sans TLS : admis seulement depuis la machine de l'archive, sous ce titre d'AE.",
        "en": "Without TLS: admitted from the archive's own machine only, under this AE title.",
    },
    "tls": {
        "fr": "TLS : obligatoire, avec certificat des deux côtés (PS3.15, profil {profile})",
        "en": "TLS: required, with a certificate on both sides (PS3.15, profile {profile})",
    },
    "versions": {"fr": "Versions", "en": "Versions"},
    "key": {"fr": "Clé de l'appareil", "en": "Key of the device"},
    "short": {
        "fr": "Clé RSA de moins de 3072 bits : à remplacer avant la fin de 2030 (ANSSI).",
        "en": "RSA key under 3072 bits: to be replaced before the end of 2030 (ANSSI).",
    },
    "fingerprint": {"fr": "Empreinte SHA-256", "en": "SHA-256 fingerprint"},
    "ends": {"fr": "Fin du certificat", "en": "Certificate ends"},
    "renew": {"fr": "À renouveler dès le", "en": "Renew from"},
    "files": {"fr": "Fichiers", "en": "Files"},
    "p12": {
        "fr": "{file:<16} clé et certificat (PKCS#12, AES-256) ; la phrase de passe est donnée à part",
        "en": "{file:<16} key and certificate (PKCS#12, AES-256); the passphrase is given separately",
    },
    "own": {
        "fr": "certificate.pem  certificat à installer auprès de la clé que l'appareil garde",
        "en": "certificate.pem  certificate to install beside the key that the device keeps",
    },
    "chain": {
        "fr": "certificate.pem  certificat de l'appareil et celui qui l'a signé",
        "en": "certificate.pem  the device's certificate, and the one that signed it",
    },
    "ca": {
        "fr": "archive-ca.pem   autorité à laquelle l'appareil doit se fier pour reconnaître l'archive",
        "en": "archive-ca.pem   authority that the device must trust to recognise the archive",
    },
    "caller": {
        "fr": "caller-ca.pem    autorité de nos appels : l'appareil s'y fie pour ce qu'il reçoit de l'archive",
        "en": "caller-ca.pem    authority of our calls: the device trusts it for what it receives from the archive",
    },
    "extract": {
        "fr": "Clé en PEM, pour les logiciels qui ne lisent pas PKCS#12 :",
        "en": "Key as PEM, for software that does not read PKCS#12:",
    },
    "try": {"fr": "Essai avec DCMTK", "en": "Trying it with DCMTK"},
}


def sheet_text(sheet: Sheet, language: Language) -> str:
    """Write the sheet as plain text."""
    lines = [_say("title", language, name=sheet.name), ""]
    if sheet.loopback_only:
        lines += [_say("demo", language), ""]
    elif is_loopback(sheet.door.host):
        lines += [_say("local", language), ""]
    lines += _addresses(sheet, language)
    if sheet.certificate is None:
        lines += ["", _say("plain", language), "", *_trial(sheet, language, "")]
    else:
        lines += ["", *_tls(sheet, sheet.certificate, language), "", *_files(sheet, language), ""]
        lines += _trial(sheet, language, "+tls key.pem certificate.pem +cf archive-ca.pem ")
    return "\n".join(lines) + "\n"


def _addresses(sheet: Sheet, language: Language) -> list[str]:
    port = sheet.door.port if sheet.certificate else sheet.door.plain_port
    granted = ", ".join(sorted(sheet.may)) or _say("nothing", language)
    rows = {"aet": sheet.aet, "called": sheet.door.aet, "host": sheet.door.host, "port": str(port), "may": granted}
    if Service.ORDERS in sheet.may:
        hl7 = sheet.door.hl7_port if sheet.certificate else sheet.door.hl7_plain_port
        rows["hl7"] = str(hl7) if hl7 else _say("no_hl7", language)
    return [_row(key, value, language) for key, value in rows.items()]


def _tls(sheet: Sheet, certificate: x509.Certificate, language: Language) -> list[str]:
    profile = sheet.door.profile
    ends = certificate.not_valid_after_utc
    lines = [
        _say("tls", language, profile=profile),
        _row("versions", "TLS 1.3, TLS 1.2", language),
        _row("key", key_name(certificate), language),
        _row("fingerprint", fingerprint(certificate).hex(":").upper(), language),
        _row("ends", f"{ends:%Y-%m-%d}", language),
        _row("renew", f"{ends - LIMITS.renew_device_before:%Y-%m-%d}", language),
        *[f"  TLS 1.3  {suite}" for suite in SUITES_13[profile]],
        *[f"  TLS 1.2  {suite}" for suite in SUITES[profile]],
    ]
    return [*lines, "", _say("short", language)] if sheet.short_key else lines


def _files(sheet: Sheet, language: Language) -> list[str]:
    lines = [_say("files", language)]
    if sheet.keyed:
        lines += ["  " + _say("p12", language, file=f"{sheet.name}.p12"), "  " + _say("chain", language)]
    else:
        lines.append("  " + _say("own", language))
    lines.append("  " + _say("ca", language))
    lines += ["  " + _say("caller", language)] if sheet.called_by_us else []
    if sheet.keyed:
        command = f"umask 077; openssl pkcs12 -in {sheet.name}.p12 -nocerts -nodes -out key.pem"
        lines += ["", _say("extract", language), "  " + command]
    return lines


def _trial(sheet: Sheet, language: Language, options: str) -> list[str]:
    port = sheet.door.port if sheet.certificate else sheet.door.plain_port
    call = f"{options}-aet {shlex.quote(sheet.aet)} -aec {shlex.quote(sheet.door.aet)} {sheet.door.host} {port}"
    lines = [_say("try", language), f"  echoscu {call}"]
    return [*lines, f"  storescu {call} *.dcm"] if Service.STORE in sheet.may else lines


def key_name(certificate: x509.Certificate) -> str:
    """Say what kind of key a certificate holds."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": "ECDSA P-256", "secp384r1": "ECDSA P-384"}.get(key.curve.name, key.curve.name)
    return f"RSA {getattr(key, 'key_size', '?')}"


def _say(key: str, language: Language, **facts: str) -> str:
    return _WORDS[key][language].format(**facts)


def _row(key: str, value: str, language: Language) -> str:
    return f"{_say(key, language):<38}{value}"
