"""The station's page, in French and English: one sentence a point, and what to do."""

from __future__ import annotations

from typing import Final

from primum.exposure.probe.station.model import Point, Report, State

_STATES: Final = {
    "fr": {"good": "bon", "bad": "À CORRIGER", "not-determined": "non déterminé"},
    "en": {"good": "good", "bad": "TO BE MENDED", "not-determined": "not determined"},
}
_POINTS: Final = {
    "fr": {
        ("disc", "encrypted"): "le disque est chiffré",
        ("disc", "not-encrypted"): "le disque n'est pas chiffré : volé, il se lit comme un livre ; l'activer"
        " (BitLocker, FileVault, LUKS) et garder la clé de secours ailleurs",
        ("disc", "silent"): "le système ne dit pas si le disque est chiffré",
        ("disc", "unknown-system"): "système inconnu : voir soi-même si le disque est chiffré",
        ("lock", "locks"): "l'écran se verrouille après {seconds} s",
        ("lock", "late"): "l'écran ne se verrouille qu'après {seconds} s : le régler plus court",
        ("lock", "never"): "l'écran ne se verrouille pas de lui-même : le régler",
        ("lock", "silent"): "le système ne dit pas quand l'écran se verrouille",
        ("listeners", "none"): "rien ne répond ici en DICOM",
        ("listeners", "loopback"): "un logiciel répond en DICOM (ports {ports}), pour cet ordinateur seul",
        ("listeners", "network"): "un logiciel répond en DICOM à tout le réseau (ports {ports}) : l'arrêter, ou"
        " n'écouter que pour cet ordinateur",
        ("listeners", "cut"): "le temps a manqué pour interroger tous les ports",
        ("files", "none"): "aucune image DICOM dans les téléchargements, sur le bureau ni sur les disques externes",
        ("files", "found"): "des images DICOM traînent ({places}) : les ranger dans l'archive, puis les effacer",
        ("files", "cut"): "trop de fichiers pour tous les regarder",
    },
    "en": {
        ("disc", "encrypted"): "the disc is encrypted",
        ("disc", "not-encrypted"): "the disc is not encrypted: stolen, it reads like a book; turn it on"
        " (BitLocker, FileVault, LUKS) and keep the recovery key elsewhere",
        ("disc", "silent"): "the system does not say whether the disc is encrypted",
        ("disc", "unknown-system"): "an unknown system: see for yourself whether the disc is encrypted",
        ("lock", "locks"): "the screen locks after {seconds} s",
        ("lock", "late"): "the screen locks only after {seconds} s: set it shorter",
        ("lock", "never"): "the screen does not lock by itself: set it",
        ("lock", "silent"): "the system does not say when the screen locks",
        ("listeners", "none"): "nothing here answers in DICOM",
        ("listeners", "loopback"): "a program answers in DICOM (ports {ports}), to this computer alone",
        ("listeners", "network"): "a program answers in DICOM to the whole network (ports {ports}): stop it, or let it"
        " listen to this computer alone",
        ("listeners", "cut"): "there was not the time to ask every port",
        ("files", "none"): "no DICOM image in downloads, on the desktop or on external discs",
        ("files", "found"): "DICOM images lie about ({places}): bring them into the archive, then erase them",
        ("files", "cut"): "too many files to look at all of them",
    },
}
_PLACES: Final = {
    "fr": {"downloads": "téléchargements", "desktop": "bureau", "external": "disques externes"},
    "en": {"downloads": "downloads", "desktop": "desktop", "external": "external discs"},
}
SAID: Final = {
    "fr": {
        "looking": "contrôle : {name}…", "written": "Résultat écrit dans {file} : à relire par",
        "expired": "Ce fichier valait jusqu'au {at} : en demander un autre.",
        "proves": "Signé avec le jeton à usage unique de ce fichier : prouve qu'il a tourné après son émission,"
        " non sur quel ordinateur.",
    },
    "en": {
        "looking": "looking: {name}…", "written": "Result written to {file}: to be read back by",
        "expired": "This file was good until {at}: ask for another one.",
        "proves": "Signed with this file's one-time nonce: proves that it ran after it was made, not on which"
        " computer.",
    },
}  # fmt: skip


def sentence(point: Point, language: str) -> str:
    """Say a point in one sentence."""
    tongue = "fr" if language == "fr" else "en"
    template = _POINTS[tongue].get((point.name, point.why), point.why)
    places = ", ".join(
        f"{_PLACES[tongue][kind]} : {point.facts[kind]}" for kind in _PLACES[tongue] if point.facts.get(kind)
    )
    return template.format_map({"seconds": "?", "ports": "?", **point.facts, "places": places})


def lines(report: Report, language: str) -> list[str]:
    """Say a report: a line a point, what is to be mended first."""
    tongue = "fr" if language == "fr" else "en"
    order = {State.BAD: 0, State.NOT_DETERMINED: 1, State.GOOD: 2}
    points = sorted(report.points, key=lambda one: order[one.state])
    return [f"{_STATES[tongue][one.state.value]} : {sentence(one, tongue)}" for one in points]
