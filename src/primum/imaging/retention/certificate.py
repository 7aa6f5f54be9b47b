"""The certificate of an erasure: what went, by whom, and which copies are reached when. Pure.

It holds nothing of a patient. GDPR Art. 5(2) wants the controller to be able to show that data were erased; it is made from the
record each time it is asked for.
"""

# ruff: noqa: E501 (one label, one line: two languages are read side by side)

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from primum.ground.clock import to_text
from primum.imaging.retention.errors import NotDone
from primum.imaging.retention.model import MACHINE, Erasure, State
from primum.imaging.retention.rules import rule_named

VERSION = 3


@dataclass(frozen=True, slots=True)
class Around:
    """What a certificate says besides: the home, people by name, how long copies last."""

    home: str
    controller: str
    names: dict[str, str]
    """People of the house, by id."""
    keyring_days: int
    access_months: int


def certificate(one: Erasure, around: Around) -> dict[str, Any]:
    """Make the certificate as data. Raises NotDone."""
    if one.state is not State.DONE or one.done_at is None:
        raise NotDone
    rule = rule_named(one.rule)
    gone_by = one.done_at + timedelta(days=around.keyring_days)
    return {
        "certificate": one.id,
        "version": VERSION,
        "home": around.home,
        "controller": {"id": one.controller_id, "name": around.controller},
        "erased": {
            "study": one.study_ref, "level": one.part.level, "series": one.series, "instances": one.instances,
            "bytes": one.bytes,
        },
        "why": {
            "reason": one.reason.value,
            "before_the_floor": one.below_floor,
            "rule": one.rule,
            "source": rule.source if rule else "",
            "confidence": rule.confidence if rule else "",
        },
        "who": {
            "proposed_by": _who(one.proposed_by, around),
            "proposed_at": to_text(one.proposed_at),
            "decided_by": _who(one.decided_by, around),
            "decided_at": to_text(one.decided_at) if one.decided_at else "",
            "way": one.way.value,
        },
        "when": to_text(one.done_at),
        "copies": {
            "live": to_text(one.done_at),
            "keyring_generations": to_text(gone_by),
            "journal": {"kept": True, "access_months": around.access_months},
            "exported": None,
        },
        "with_it": dict(one.followed),
        "proof": {"ledger": "account", "kind": "study:erased", "subject": one.study_ref, "erasure": one.id},
    }  # fmt: skip


def _who(person_id: str, around: Around) -> dict[str, str]:
    return {"id": person_id, "name": around.names.get(person_id, "")}


def lines(made: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """Say a certificate in French or English: labels, each with its text."""
    words = _WORDS["fr" if language == "fr" else "en"]
    erased, why, who, copies = made["erased"], made["why"], made["who"], made["copies"]
    facts = {
        "days": copies["keyring_generations"][:10], "months": copies["journal"]["access_months"], **erased,
    }  # fmt: skip
    people = [
        words[key].format(who=_named(who[f"{key}_by"], words), at=who[f"{key}_at"])
        for key in ("proposed", "decided")
        if who[f"{key}_at"]
    ]
    return [
        (words["number"], made["certificate"]),
        (words["controller"], f"{made['controller']['name']} ({made['controller']['id']})"),
        (words["what"], words[f"what_{erased['level']}"].format(**facts)),
        (words["when"], made["when"]),
        (words["why"], words["reasons"].get(why["reason"], why["reason"])),
        (words["rule"], _ruled(why, words)),
        (words["who"], "; ".join([*people, *([words["delay"]] if who["way"] == "delay" else [])])),
        (words["live"], words["live_text"].format(at=copies["live"])),
        *([(words["with_it"], _with_it(made, words))] if made["with_it"] else []),
        (words["backups"], words["backups_text"].format(**facts)),
        (words["journal"], words["journal_text"].format(**facts)),
        (words["exported"], words["exported_text"]),
        (words["proof"], words["proof_text"].format(subject=made["proof"]["subject"], erasure=made["certificate"])),
    ]


def _with_it(made: dict[str, Any], words: dict[str, Any]) -> str:
    whole = made["erased"]["level"] == "study"
    said = str(words["with_study" if whole else "with_part"]).format(**made["with_it"])
    if "reports" not in made["with_it"]:
        return said  # erased before these were counted
    return said + str(words["with_more"] + (words["with_whole"] if whole else "")).format(**made["with_it"])


def title(language: str) -> str:
    """Give the title."""
    return str(_WORDS["fr" if language == "fr" else "en"]["title"])


def _ruled(why: dict[str, Any], words: dict[str, Any]) -> str:
    text = str(words["rule_text"]).format(rule=why["rule"], source=why["source"])
    text += words["before"] if why["before_the_floor"] else ""
    return text + (words["unsure"] if why["confidence"] == "to-be-confirmed" else "")


def _named(who: dict[str, str], words: dict[str, Any]) -> str:
    if who["id"] == MACHINE:
        return str(words["machine"])
    return who["name"] or who["id"] or str(words["nobody"])


_WORDS: dict[str, dict[str, Any]] = {
    "fr": {
        "title": "Certificat d'effacement",
        "number": "Numéro",
        "controller": "Responsable de traitement",
        "what": "Effacé",
        "what_study": "l'examen {study} en entier (séries : {series}, instances : {instances}, octets : {bytes})",
        "what_series": "une série de l'examen {study} : {instances} instances, {bytes} octets ; le reste est conservé",
        "what_instance": "une instance de l'examen {study}, {bytes} octets ; le reste est conservé",
        "when": "Le",
        "why": "Motif",
        "reasons": {
            "retention": "fin de la durée de conservation",
            "no-longer-needed": "données devenues inutiles, après la durée minimale",
            "data-subject-right": "droit à l'effacement de la personne concernée (RGPD, article 17), accueilli",
            "wrong-patient": "données d'un autre patient",
            "stored-by-error": "données enregistrées par erreur",
            "court-order": "décision de justice",
        },
        "rule": "Durées",
        "rule_text": "règle {rule} ({source})",
        "before": " ; effacé avant la durée minimale, pour le motif ci-dessus",
        "unsure": " — règle à confirmer",
        "who": "Décision",
        "proposed": "proposé par {who} le {at}",
        "decided": "approuvé par {who} le {at}",
        "delay": "personne d'autre ne pouvant approuver, après 24 heures à la vue de tous",
        "machine": "l'application des durées (automatique)",
        "nobody": "personne",
        "live": "Archive en service",
        "live_text": "clé détruite et fichiers supprimés le {at}",
        "with_it": "Avec lui",
        "with_study": "effacés : demandes ({orders}), étapes réalisées ({performed}), envois en attente ou passés ({sendings}), réponses d'archivage garanti nommant ses instances ({promises} ; celles encore à donner le seront en échec 0112H, puis effacées), décisions nommant ses instances ({notes})",
        "with_part": "la demande reste ; retirées de : étapes réalisées ({performed}), envois ({sendings}), réponses d'archivage garanti ({promises} ; celles encore à donner le seront en échec 0112H, puis effacées), décisions nommant ses instances, effacées ou réécrites ({notes})",
        "with_more": " ; comptes rendus ({reports}), brouillons ({drafts}), messages de résultat vidés ou retirés ({results}), rapports de dose ({doses}), instances nommées dans nos demandes d'archivage garanti ({confirmations})",
        "with_whole": ", inscriptions à la liste à lire ({to_read})",
        "backups": "Sauvegardes",
        "backups_text": "illisibles dès que la dernière copie du trousseau qui contient la clé est supprimée, au plus tard le {days}",
        "journal": "Journal",
        "journal_text": "conserve les faits (numéros internes, dates, auteurs), sans donnée du patient ; accès : {months} mois",
        "exported": "Copies sorties",
        "exported_text": "exports, impressions et autres systèmes ne sont pas atteints par cet effacement",
        "proof": "Preuve",
        "proof_text": "grand livre « account », fait study:erased, sujet {subject}, effacement {erasure} ; vérifiable par primum journal verify",
    },
    "en": {
        "title": "Certificate of erasure",
        "number": "Number",
        "controller": "Controller",
        "what": "Erased",
        "what_study": "the whole of study {study} (series: {series}, instances: {instances}, bytes: {bytes})",
        "what_series": "a series of study {study}: {instances} instances, {bytes} bytes; the rest is kept",
        "what_instance": "an instance of study {study}, {bytes} bytes; the rest is kept",
        "when": "On",
        "why": "Reason",
        "reasons": {
            "retention": "its time of retention is over",
            "no-longer-needed": "no longer needed, past the minimum",
            "data-subject-right": "the data subject's right to erasure (GDPR, Article 17), upheld",
            "wrong-patient": "data of another patient",
            "stored-by-error": "data stored by error",
            "court-order": "a court's decision",
        },
        "rule": "Durations",
        "rule_text": "rule {rule} ({source})",
        "before": "; erased before the minimum, for the reason above",
        "unsure": " — a rule to be confirmed",
        "who": "Decision",
        "proposed": "proposed by {who} on {at}",
        "decided": "approved by {who} on {at}",
        "delay": "nobody else being able to approve, after 24 hours in sight of everybody",
        "machine": "the rules of retention (by the machine)",
        "nobody": "nobody",
        "live": "Live archive",
        "live_text": "key destroyed and files removed on {at}",
        "with_it": "With it",
        "with_study": "erased: orders ({orders}), performed steps ({performed}), sendings ({sendings}), answers of storage commitment that named its instances ({promises}; those still to be given are given as failed, 0112H, then erased), decisions that named its instances ({notes})",
        "with_part": "the order stays; taken out of: performed steps ({performed}), sendings ({sendings}), answers of storage commitment ({promises}; those still to be given are given as failed, 0112H, then erased), decisions that named its instances, erased or written again ({notes})",
        "with_more": "; reports ({reports}), drafts ({drafts}), result messages emptied or withdrawn ({results}), dose reports ({doses}), instances named in what we asked others to commit ({confirmations})",
        "with_whole": ", entries of the list to read ({to_read})",
        "backups": "Backups",
        "backups_text": "unreadable once the last copy of the keyring that holds the key is gone, by {days} at the latest",
        "journal": "Journal",
        "journal_text": "keeps the facts (our own numbers, dates, who), nothing of the patient; access ledger: {months} months",
        "exported": "Copies given out",
        "exported_text": "exports, prints and other systems are not reached by this erasure",
        "proof": "Proof",
        "proof_text": "account ledger, fact study:erased, subject {subject}, erasure {erasure}; to be verified by primum journal verify",
    },
}  # fmt: skip
