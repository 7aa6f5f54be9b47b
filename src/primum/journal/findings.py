"""What the verifier found, said in French and English."""

from __future__ import annotations

from primum.journal.errors import JournalIll
from primum.journal.verify import Finding, Report

SENTENCES = {
    "line-changed": ("une ligne a été modifiée", "a line was changed"),
    "line-missing": ("des lignes manquent", "lines are missing"),
    "chain-misplaced": ("cette chaîne est celle d'un autre endroit", "this chain belongs elsewhere"),
    "tail-missing": ("la fin manque : une tête signée va plus loin", "the end is missing: a signed head goes further"),
    "chain-missing": ("une chaîne entière manque", "a whole chain is missing"),
    "segment-missing": (
        "un segment entier manque, sans règle qui l'explique",
        "a whole segment is missing, by no rule",
    ),
    "fork": ("deux histoires se contredisent", "two stories contradict each other"),
    "head-signature-wrong": ("une tête n'est pas signée par la bonne clé", "a head is not signed by the right key"),
    "head-rolled-back": ("des têtes plus récentes ont existé", "later heads have existed"),
    "pruned-out-of-rule": ("un segment a été effacé hors de la règle", "a segment was pruned against the rule"),
    "pruned-by-rule": ("effacé par règle", "pruned by rule"),
    "pruning-unfinished": ("effacement commencé, pas terminé", "pruning begun and not finished"),
    "unfinished-write": ("écriture interrompue (arrêt brutal)", "interrupted write (crash)"),
    "unsigned-tail": ("lignes après la dernière tête signée", "lines after the last signed head"),
    "never-signed": ("aucune tête n'a encore été signée", "no head has been signed yet"),
    "key-from-folder": (
        "clé lue dans le dossier examiné : gardez-en une copie ailleurs",
        "the key came from the folder under examination: keep a copy elsewhere",
    ),
    "unknown-file": ("un fichier qui n'est pas du journal", "a file that is not the journal's"),
}
"""A sentence for each code, French and English."""


def say(finding: Finding, language: str) -> str:
    """Say a finding in `fr` or `en`, with its place."""
    line = f":{finding.line}" if finding.line >= 0 else ""
    remark = f" ({finding.remark})" if finding.remark else ""
    return f"{finding.place}{line} — {SENTENCES[finding.code][0 if language == 'fr' else 1]}{remark}"


def require_sound(report: Report) -> None:
    """Return when the journal verifies. Raises JournalIll."""
    if report.illnesses:
        first = report.illnesses[0]
        raise JournalIll(count=len(report.illnesses), first=first.code, place=first.place)
