"""Every kind of fact that can be recorded: this page is the exact list.

One line a kind: its name, its ledger, whether it is on disc before anything else happens, the details
that it may have, and its sentence in French and English. A new kind is one line here and one in
docs/reference/journal.md. In a sentence, {actor} and {subject} may be replaced by the names that the
reader is allowed to see; the ledger itself holds ids only.
"""

# ruff: noqa: E501 (one kind, one line: the page is read as a table)

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

from primum.journal.shapes import Shape


class Ledger(StrEnum):
    """The two ledgers: who saw what, and who changed what."""

    ACCESS = "access"
    ACCOUNT = "account"


class Meaning(NamedTuple):
    """What a kind of fact means. `durable`: on disc when `record` returns."""

    name: str
    ledger: Ledger
    durable: bool
    details: frozenset[str]
    fr: str
    en: str


DETAILS: dict[str, Shape] = {
    "address": Shape.ADDRESS,
    "after": Shape.VALUE,
    "association": Shape.ID,
    "attention": Shape.COUNT,
    "bad": Shape.COUNT,
    "before": Shape.VALUE,
    "bytes": Shape.COUNT,
    "called_aet": Shape.TITLE,
    "calling_aet": Shape.TITLE,
    "chain": Shape.VALUE,
    "chains": Shape.COUNT,
    "channel": Shape.WORD,
    "conflict": Shape.COUNT,
    "controller": Shape.ID,
    "count": Shape.COUNT,
    "decision": Shape.ID,
    "deep": Shape.WORD,
    "destination": Shape.ID,
    "door": Shape.WORD,
    "due_at": Shape.INSTANT,
    "duplicate": Shape.COUNT,
    "entry": Shape.ID,
    "erasure": Shape.ID,
    "exit_status": Shape.COUNT,
    "expires_at": Shape.INSTANT,
    "fingerprint": Shape.HASH,
    "found": Shape.COUNT,
    "frames": Shape.COUNT,
    "generation": Shape.WORD,
    "good": Shape.COUNT,
    "grant": Shape.ID,
    "hold": Shape.ID,
    "home_kind": Shape.WORD,
    "illness": Shape.WORD,
    "illnesses": Shape.COUNT,
    "instances": Shape.COUNT,
    "ledger": Shape.WORD,
    "level": Shape.WORD,
    "line": Shape.COUNT,
    "lines": Shape.COUNT,
    "minute": Shape.INSTANT,
    "missing": Shape.COUNT,
    "other": Shape.ID,
    "packs": Shape.COUNT,
    "person": Shape.ID,
    "port": Shape.COUNT,
    "process": Shape.WORD,
    "reason": Shape.WORD,
    "report": Shape.ID,
    "refused": Shape.COUNT,
    "role": Shape.WORD,
    "roles": Shape.WORDS,
    "root": Shape.HASH,
    "rule": Shape.WORD,
    "scope": Shape.WORD,
    "series": Shape.COUNT,
    "segment": Shape.WORD,
    "services": Shape.WORDS,
    "session": Shape.ID,
    "setting": Shape.WORD,
    "size": Shape.COUNT,
    "stored": Shape.COUNT,
    "studies": Shape.COUNT,
    "tls": Shape.VALUE,
    "undetermined": Shape.COUNT,
    "version": Shape.WORD,
    "what": Shape.WORD,
}
"""Every detail that exists, and its shape."""


def _fact(ledger: Ledger, name: str, details: str, sentences: tuple[str, str], *, durable: bool) -> Meaning:
    keys = frozenset(details.split())
    unknown = keys - DETAILS.keys()
    if unknown:
        raise ValueError(f"details without a shape: {sorted(unknown)}")
    return Meaning(name, ledger, durable, keys, *sentences)


def _seen(name: str, details: str, fr: str, en: str) -> Meaning:
    """Access, on disc before what it tells of goes on."""
    return _fact(Ledger.ACCESS, name, details, (fr, en), durable=True)


def _passing(name: str, details: str, fr: str, en: str) -> Meaning:
    """Access, on disc within a second."""
    return _fact(Ledger.ACCESS, name, details, (fr, en), durable=False)


def _changed(name: str, details: str, fr: str, en: str) -> Meaning:
    """Account, always on disc before what it tells of goes on."""
    return _fact(Ledger.ACCOUNT, name, details, (fr, en), durable=True)


# fmt: off
class Kind(Enum):
    """Every kind of fact."""

    # --- access: sessions of people
    SESSION_OPENED = _seen("person:session:opened", "session address", "{actor} a ouvert une session depuis {address}", "{actor} signed in from {address}")
    SESSION_REFUSED = _seen("person:session:refused", "reason address", "connexion refusée à {actor} depuis {address} ({reason})", "sign-in refused to {actor} from {address} ({reason})")
    SESSION_LOCKED = _passing("person:session:locked", "session reason", "session de {actor} verrouillée ({reason})", "session of {actor} locked ({reason})")
    SESSION_UNLOCKED = _seen("person:session:unlocked", "session address", "{actor} a déverrouillé sa session", "{actor} unlocked their session")
    SESSION_STEPPED_UP = _seen("person:session:stepped-up", "session address", "{actor} a confirmé son identité pour une action sensible", "{actor} proved their identity again for a sensitive action")
    SESSION_CLOSED = _passing("person:session:closed", "session reason", "session de {actor} terminée ({reason})", "session of {actor} ended ({reason})")
    FACTOR_REFUSED = _seen("person:factor:refused", "session reason address what", "facteur {what} refusé à {actor} depuis {address} ({reason})", "factor {what} refused to {actor} from {address} ({reason})")
    # --- access: what people saw
    LIST_SEARCHED = _passing("person:list:searched", "session level found door", "{actor} a cherché dans la liste : {found} réponses", "{actor} searched the list: {found} answers")
    STUDY_VIEWED = _seen("person:study:viewed", "session controller door", "{actor} a ouvert l'examen {subject}", "{actor} opened study {subject}")
    STUDY_CLOSED = _passing("person:study:closed", "session instances frames bytes door", "{actor} a reçu de l'examen {subject} : {instances} instances, {frames} images, {bytes} octets", "{actor} received from study {subject}: {instances} instances, {frames} frames, {bytes} bytes")
    STUDY_REFUSED = _passing("person:study:refused", "session rule door", "examen {subject} refusé à {actor} (règle {rule})", "study {subject} refused to {actor} (rule {rule})")
    ACTION_REFUSED = _passing("person:action:refused", "session rule what", "action {what} refusée à {actor} (règle {rule})", "action {what} refused to {actor} (rule {rule})")
    STUDY_BROUGHT = _passing("person:study:brought", "session controller instances bytes", "{actor} a déposé {instances} instances de l'examen {subject}", "{actor} brought {instances} instances of study {subject}")
    JOURNAL_READ = _seen("person:journal:read", "session ledger count", "{actor} a lu le journal {ledger} : {count} lignes", "{actor} read the {ledger} ledger: {count} lines")
    STUDY_EXPORTED = _seen("person:study:exported", "session controller instances what reason door", "{actor} a exporté l'examen {subject} : {instances} instances ({what}, {reason})", "{actor} exported study {subject}: {instances} instances ({what}, {reason})")
    PATIENT_VIEWED = _seen("person:patient:viewed", "session controller", "{actor} a consulté l'identité de {subject}", "{actor} looked at the identity of {subject}")
    DOSE_VIEWED = _seen("person:dose:viewed", "session controller door", "{actor} a consulté la dose de {subject}", "{actor} looked at the dose of {subject}")
    DOSE_LISTED = _passing("person:dose:listed", "session studies what door", "{actor} a consulté les doses du cabinet : {studies} examens ({what})", "{actor} looked at the doses of the practice: {studies} studies ({what})")
    # --- access: devices
    ASSOCIATION_OPENED = _passing("device:association:opened", "association address calling_aet called_aet tls person session", "{actor} a ouvert une association depuis {address}", "{actor} opened an association from {address}")
    ASSOCIATION_REFUSED = _passing("device:association:refused", "reason address calling_aet called_aet", "association refusée à {actor} depuis {address} ({reason})", "association refused to {actor} from {address} ({reason})")
    ASSOCIATION_CLOSED = _passing("device:association:closed", "association stored duplicate conflict refused bytes reason", "association de {actor} terminée ({reason}) : {stored} instances, {duplicate} déjà connues, {conflict} en conflit, {refused} refusées, {bytes} octets", "association of {actor} ended ({reason}): {stored} instances, {duplicate} known already, {conflict} in conflict, {refused} refused, {bytes} bytes")
    STUDY_STORED = _passing("device:study:stored", "association instances bytes controller", "{actor} a envoyé {instances} instances de l'examen {subject}", "{actor} sent {instances} instances of study {subject}")
    DEVICE_LIST_SEARCHED = _passing("device:list:searched", "association controller level found", "{actor} a cherché dans la liste : {found} réponses", "{actor} searched the list: {found} answers")
    INSTANCE_REFUSED = _passing("device:instance:refused", "association reason", "instance refusée à {actor} ({reason})", "instance refused to {actor} ({reason})")
    # --- access: reports
    REPORTS_LISTED = _seen("person:reports:listed", "session controller found door", "{actor} a consulté la liste des comptes rendus de {subject} : {found}", "{actor} listed the reports of {subject}: {found}")
    REPORT_VIEWED = _seen("person:report:viewed", "session controller report what door", "{actor} a lu le compte rendu {report} de {subject} ({what})", "{actor} read report {report} of {subject} ({what})")
    # --- access: orders and the worklist
    ORDERS_LISTED = _passing("person:orders:listed", "session found door", "{actor} a consulté le programme : {found} lignes", "{actor} listed the schedule: {found} lines")
    WORKITEMS_CHANNEL_OPENED = _seen("workitems:channel:opened", "calling_aet count", "{actor} reçoit les événements des demandes sous {calling_aet} ({count} perdus avant)", "{actor} is sent events of workitems as {calling_aet} ({count} lost before)")
    ORDER_VIEWED = _seen("person:order:viewed", "session controller door", "{actor} a ouvert la demande {subject}", "{actor} opened order {subject}")
    PATIENTS_SEARCHED = _passing("person:patients:searched", "session found door", "{actor} a cherché un patient : {found} réponses", "{actor} searched for a patient: {found} answers")
    WORKLIST_SEARCHED = _passing("device:worklist:searched", "association found controller", "{actor} a interrogé la liste de travail : {found} lignes", "{actor} queried the worklist: {found} lines")
    STEP_PERFORMED = _passing("device:step:performed", "association controller what", "{actor} a déclaré un acte réalisé ({what})", "{actor} reported a performed step ({what})")
    MESSAGE_RECEIVED = _passing("device:message:received", "address what reason", "message {what} reçu de {actor} depuis {address} ({reason})", "message {what} received from {actor} at {address} ({reason})")
    MESSAGE_REFUSED = _passing("device:message:refused", "address what reason", "message {what} refusé à {actor} depuis {address} ({reason})", "message {what} refused to {actor} at {address} ({reason})")
    # --- access: studies that we send, whoever asked for it
    STUDY_SENT = _seen("study:sent", "association destination controller instances channel", "l'examen {subject} part vers {destination} à la demande de {actor} ({channel}) : {instances} instances", "study {subject} goes to {destination} as {actor} asked ({channel}): {instances} instances")
    STUDY_COMMITTED = _seen("study:committed", "destination controller instances refused channel", "{actor} répond de {instances} instances de l'examen {subject}, et non de {refused}", "{actor} answers for {instances} instances of study {subject}, and not for {refused}")
    REJECTED_SHOWN = _seen("study:rejected:shown", "session association destination controller instances channel", "{actor} a obtenu {instances} instances de l'examen {subject} rejetées pour la qualité ({channel})", "{actor} was given {instances} instances of study {subject} that were rejected for quality ({channel})")
    STUDY_DELIVERED = _passing("study:delivered", "association destination controller instances refused bytes channel reason", "{destination} a reçu {instances} instances de l'examen {subject}, {refused} non reçues ({reason})", "{destination} received {instances} instances of study {subject}, {refused} not received ({reason})")
    # --- access: strangers, counted per source, reason and minute
    STRANGER_ASSOCIATION = _passing("stranger:association:refused", "address reason count minute", "{count} associations refusées à {address} dans la minute {minute} ({reason})", "{count} associations refused to {address} in minute {minute} ({reason})")
    STRANGER_REQUEST = _passing("stranger:request:refused", "address reason count minute", "{count} requêtes refusées à {address} dans la minute {minute} ({reason})", "{count} requests refused to {address} in minute {minute} ({reason})")
    # --- account: the house
    HOME_CREATED = _changed("home:created", "home_kind version", "dossier {subject} créé ({home_kind})", "home {subject} created ({home_kind})")
    DAEMON_STARTED = _changed("daemon:started", "version process", "démarrage de {process}, version {version}", "{process} started, version {version}")
    DAEMON_STOPPED = _changed("daemon:stopped", "process reason exit_status", "arrêt de {process} ({reason})", "{process} stopped ({reason})")
    DOOR_OPENED = _changed("door:opened", "door address port tls", "porte {door} ouverte sur {address}, port {port}", "door {door} opened on {address}, port {port}")
    CONFIGURATION_CHANGED = _changed("configuration:changed", "setting before after", "{actor} a réglé {setting} : {before} devient {after}", "{actor} set {setting}: {before} became {after}")
    CERTIFICATE_RENEWED = _changed("certificate:renewed", "what fingerprint expires_at", "certificat {what} renouvelé, jusqu'au {expires_at}", "certificate {what} renewed, until {expires_at}")
    # --- account: people
    CONTROLLER_ADDED = _changed("controller:added", "", "{actor} a ajouté le responsable de traitement {subject}", "{actor} added controller {subject}")
    PERSON_INVITED = _changed("person:invited", "roles controller expires_at", "{actor} a invité {subject} ({roles})", "{actor} invited {subject} ({roles})")
    PERSON_ADDED = _changed("person:added", "roles controller", "{subject} est désormais dans la maison ({roles})", "{subject} joined ({roles})")
    PERSON_SUSPENDED = _changed("person:suspended", "reason", "{actor} a suspendu {subject} ({reason})", "{actor} suspended {subject} ({reason})")
    PERSON_REMOVED = _changed("person:removed", "reason", "{actor} a retiré {subject} ({reason})", "{actor} removed {subject} ({reason})")
    PASSWORD_CHANGED = _changed("person:password:changed", "reason", "mot de passe de {subject} changé ({reason})", "password of {subject} changed ({reason})")
    FACTOR_ADDED = _changed("person:factor:added", "what", "facteur {what} ajouté à {subject}", "factor {what} added to {subject}")
    FACTORS_PROPOSED = _changed("person:factor:proposed", "grant due_at", "{actor} propose de remettre à zéro les facteurs de {subject}, au {due_at}", "{actor} proposed to reset the factors of {subject}, on {due_at}")
    FACTORS_APPROVED = _changed("person:factor:approved", "grant", "{actor} approuve la remise à zéro des facteurs de {subject}", "{actor} approved the reset of the factors of {subject}")
    FACTORS_CANCELLED = _changed("person:factor:cancelled", "grant", "{actor} annule la remise à zéro des facteurs de {subject}", "{actor} cancelled the reset of the factors of {subject}")
    FACTOR_REMOVED = _changed("person:factor:removed", "what", "facteur {what} retiré à {subject}", "factor {what} removed from {subject}")
    RECOVERY_USED = _changed("person:recovery:used", "address count", "{subject} a utilisé un code de secours ; il en reste {count}", "{subject} used a recovery code; {count} are left")
    RECOVERY_RENEWED = _changed("person:recovery:renewed", "count", "codes de secours de {subject} renouvelés", "recovery codes of {subject} renewed")
    # --- account: tokens for programs
    TOKEN_ADDED = _changed("token:added", "what expires_at", "{actor} a créé le jeton de programme {subject} ({what}), jusqu'au {expires_at}", "{actor} made program token {subject} ({what}), until {expires_at}")
    TOKEN_REVOKED = _changed("token:revoked", "reason", "{actor} a révoqué le jeton de programme {subject} ({reason})", "{actor} revoked program token {subject} ({reason})")
    PROBE_SEEN = _passing("probe:seen", "address door port channel", "sonde {subject} vue depuis {address} à la porte {door}, port {port} ({channel})", "probe {subject} seen from {address} at door {door}, port {port} ({channel})")
    TOKEN_USED = _seen("token:used", "address", "un programme de {actor} s'est présenté avec le jeton {subject} depuis {address}", "a program of {actor} came with token {subject} from {address}")
    # --- account: grants
    GRANT_PROPOSED = _changed("grant:proposed", "grant role scope controller due_at", "{actor} propose le rôle {role} ({scope}) pour {subject}", "{actor} proposed role {role} ({scope}) for {subject}")
    GRANT_APPROVED = _changed("grant:approved", "grant role scope controller", "{actor} approuve le rôle {role} ({scope}) de {subject}", "{actor} approved role {role} ({scope}) of {subject}")
    GRANT_REFUSED = _changed("grant:refused", "grant role scope controller", "{actor} refuse le rôle {role} ({scope}) à {subject}", "{actor} refused role {role} ({scope}) to {subject}")
    GRANT_APPLIED = _changed("grant:applied", "grant role scope controller reason", "{subject} a désormais le rôle {role} ({scope}, {reason})", "{subject} now has role {role} ({scope}, {reason})")
    GRANT_REVOKED = _changed("grant:revoked", "grant role scope controller", "{actor} retire le rôle {role} ({scope}) à {subject}", "{actor} took role {role} ({scope}) from {subject}")
    # --- account: devices
    DEVICE_ADDED = _changed("device:added", "services controller fingerprint expires_at what", "{actor} a inscrit l'appareil {subject} ({services})", "{actor} enrolled device {subject} ({services})")
    DEVICE_CHANGED = _changed("device:changed", "services controller what port fingerprint", "{actor} a changé l'appareil {subject} ({services})", "{actor} changed device {subject} ({services})")
    DEVICE_RENEWED = _changed("device:renewed", "fingerprint expires_at", "{actor} a renouvelé l'appareil {subject}, jusqu'au {expires_at}", "{actor} renewed device {subject}, until {expires_at}")
    DEVICE_REVOKED = _changed("device:revoked", "fingerprint reason", "{actor} a révoqué l'appareil {subject}", "{actor} revoked device {subject}")
    # --- account: the archive
    IMPORT_STARTED = _changed("import:started", "controller channel", "{actor} a commencé l'import {subject}", "{actor} started import {subject}")
    IMPORT_FINISHED = _changed("import:finished", "controller stored duplicate conflict refused studies bytes reason", "import {subject} terminé : {stored} instances, {refused} refusées, {studies} examens", "import {subject} finished: {stored} instances, {refused} refused, {studies} studies")
    MIGRATION_COMPARED = _changed("migration:compared", "studies instances missing conflict", "migration {subject} comparée à sa source : {instances} instances de {studies} examens, {missing} manquantes, {conflict} en conflit", "migration {subject} compared with its source: {instances} instances of {studies} studies, {missing} missing, {conflict} in conflict")
    EXPORT_FINISHED = _changed("export:finished", "studies instances bytes what reason", "export {subject} terminé : {instances} instances de {studies} examens, {bytes} octets ({what}, {reason})", "export {subject} finished: {instances} instances of {studies} studies, {bytes} bytes ({what}, {reason})")
    PATIENT_ADDED = _changed("patient:added", "session controller", "{actor} a créé le patient {subject}", "{actor} made patient {subject}")
    PATIENT_CORRECTED = _changed("patient:corrected", "session decision what reason controller", "{actor} a corrigé {what} du patient {subject} ({reason}, {decision})", "{actor} corrected {what} of patient {subject} ({reason}, {decision})")
    PATIENT_MERGED = _changed("patient:merged", "session decision other reason controller", "{actor} a fusionné le patient {other} dans {subject} ({reason}, {decision})", "{actor} merged patient {other} into {subject} ({reason}, {decision})")
    PATIENT_IDENTIFIED = _changed("patient:identified", "session decision what controller", "{actor} a déclaré l'identité de {subject} : {what} ({decision})", "{actor} stated the identity of {subject}: {what} ({decision})")
    STUDY_CORRECTED = _changed("study:corrected", "session decision what reason controller", "{actor} a corrigé {what} de l'examen {subject} ({reason}, {decision})", "{actor} corrected {what} of study {subject} ({reason}, {decision})")
    STUDY_MOVED = _changed("study:moved", "session decision other reason controller", "{actor} a attribué l'examen {subject} au patient {other} ({reason}, {decision})", "{actor} moved study {subject} to patient {other} ({reason}, {decision})")
    INSTANCES_REJECTED = _changed("study:instances:rejected", "session decision instances what reason controller", "{actor} a rejeté {instances} instances de l'examen {subject} ({what}, {reason}, {decision})", "{actor} rejected {instances} instances of study {subject} ({what}, {reason}, {decision})")
    VERSION_CHOSEN = _changed("study:version:chosen", "session decision reason controller", "{actor} a choisi la version servie d'une instance de l'examen {subject} ({decision})", "{actor} chose which version of an instance of study {subject} is served ({decision})")
    DECISION_UNDONE = _changed("decision:undone", "session decision other reason controller", "{actor} a annulé la décision {other} sur {subject} ({reason}, {decision})", "{actor} undid decision {other} about {subject} ({reason}, {decision})")
    STUDY_ERASED = _changed("study:erased", "packs bytes reason controller erasure level series instances", "{actor} a effacé l'examen {subject} ({reason})", "{actor} erased study {subject} ({reason})")
    VAULT_CHECKED = _changed("vault:checked", "studies packs bytes illnesses deep", "coffre contrôlé : {studies} examens, {packs} paquets, {illnesses} anomalies", "vault checked: {studies} studies, {packs} packs, {illnesses} illnesses")
    KEYRING_EXPORTED = _changed("keyring:exported", "count what", "{actor} a exporté le trousseau : {count} clés", "{actor} exported the keyring: {count} keys")
    BACKUP_MADE = _changed("backup:made", "what generation studies packs bytes illnesses root", "sauvegarde {generation} faite ({what}) : {studies} examens, {bytes} octets copiés, {illnesses} anomalies", "backup {generation} made ({what}): {studies} studies, {bytes} bytes copied, {illnesses} illnesses")
    BACKUP_TESTED = _changed("backup:tested", "what generation studies instances bytes illnesses", "restauration de {generation} éprouvée ({what}) : {studies} examens, {instances} instances, {illnesses} différences", "restore of {generation} tested ({what}): {studies} studies, {instances} instances, {illnesses} differences")
    BACKUP_PRUNED = _changed("backup:pruned", "what count generation", "{count} générations de sauvegarde supprimées ({what}) ; la plus ancienne est {generation}", "{count} generations of backups removed ({what}); the oldest is {generation}")
    BACKUP_REFUSED = _changed("backup:refused", "what reason", "sauvegarde ou épreuve de restauration refusée ({what}, {reason})", "backup or test of a restore refused ({what}, {reason})")
    HOME_RESTORED = _changed("home:restored", "generation studies count version", "dossier {subject} restauré depuis {generation} : {studies} examens, {count} effacés depuis et laissés de côté", "home {subject} restored from {generation}: {studies} studies, {count} erased since and left out")
    GUARD_ADDED = _changed("guard:added", "what", "{actor} a ajouté une garde de la clé racine ({what})", "{actor} added a guard of the root key ({what})")
    GUARD_REMOVED = _changed("guard:removed", "what", "{actor} a retiré une garde de la clé racine ({what})", "{actor} removed a guard of the root key ({what})")
    # --- account: complete studies, and where they go by themselves
    STUDY_COMPLETED = _changed("study:completed", "controller instances reason count", "examen {subject} complet : {instances} instances ({reason})", "study {subject} is complete: {instances} instances ({reason})")
    FORWARD_ADDED = _changed("forward:added", "destination controller", "{actor} a créé la règle d'envoi {subject} vers {destination}", "{actor} made forwarding rule {subject} to {destination}")
    FORWARD_REMOVED = _changed("forward:removed", "controller", "{actor} a retiré la règle d'envoi {subject}", "{actor} removed forwarding rule {subject}")
    SENDING_CANCELLED = _changed("sending:cancelled", "session destination controller other", "{actor} a annulé l'envoi {other} de l'examen {subject} vers {destination}", "{actor} withdrew sending {other} of study {subject} to {destination}")
    # --- account: what is to be read
    TO_READ_CLAIMED = _changed("study:reading:taken", "controller", "{actor} prend en lecture l'examen {subject}", "{actor} took study {subject} to read it")
    TO_READ_RELEASED = _changed("study:reading:released", "controller", "{actor} remet l'examen {subject} dans la liste à lire", "{actor} gave study {subject} back to the list to read")
    TO_READ_READ = _changed("study:read", "controller", "{actor} déclare lu l'examen {subject}, sans compte rendu ici", "{actor} said that study {subject} is read, with no report here")
    # --- account: retention and erasure
    STUDY_HELD = _changed("study:held", "hold level reason expires_at controller", "{actor} a gelé {subject} ({level}, {reason}) : ni proposition ni effacement", "{actor} put a hold on {subject} ({level}, {reason}): it is neither proposed nor erased")
    STUDY_RELEASED = _changed("study:released", "hold reason controller", "{actor} a levé le gel de {subject} ({reason})", "{actor} released the hold on {subject} ({reason})")
    DEATH_STATED = _changed("patient:death:stated", "controller", "{actor} a indiqué la date de décès du patient {subject}", "{actor} stated when patient {subject} died")
    ERASURE_PROPOSED = _changed("erasure:proposed", "erasure level reason rule controller due_at", "{actor} propose d'effacer {subject} ({level}, {reason}, règle {rule})", "{actor} proposed to erase {subject} ({level}, {reason}, rule {rule})")
    ERASURE_APPROVED = _changed("erasure:approved", "erasure level reason controller", "{actor} approuve l'effacement de {subject} ({level}, {reason})", "{actor} approved the erasure of {subject} ({level}, {reason})")
    ERASURE_REFUSED = _changed("erasure:refused", "erasure level reason controller", "{actor} refuse l'effacement de {subject} ({reason})", "{actor} refused the erasure of {subject} ({reason})")
    ERASURE_RETURNED = _changed("erasure:returned", "instances controller", "l'examen {subject}, effacé, est revenu : {instances} instances, hors des listes", "study {subject}, which was erased, came back: {instances} instances, out of all lists")
    ERASURE_RETURN_DECIDED = _changed("erasure:return:decided", "reason controller", "{actor} a décidé du retour de l'examen {subject} : {reason}", "{actor} decided about study {subject}, which came back: {reason}")
    # --- account: orders
    ORDER_PLACED = _changed("order:placed", "controller what", "{actor} a saisi la demande {subject} ({what})", "{actor} placed order {subject} ({what})")
    ORDER_CHANGED = _changed("order:changed", "controller what", "{actor} a modifié la demande {subject} ({what})", "{actor} changed order {subject} ({what})")
    ORDER_CANCELLED = _changed("order:cancelled", "controller what", "{actor} a annulé la demande {subject} ({what})", "{actor} cancelled order {subject} ({what})")
    ORDER_STEP_CHANGED = _changed("order:step:changed", "controller what reason", "demande {subject} : étape {what} ({reason})", "order {subject}: step {what} ({reason})")
    ORDER_PATIENT_CHANGED = _changed("order:patient:changed", "controller what", "{actor} a transmis l'identité de {subject} ({what})", "{actor} gave the identity of {subject} ({what})")
    MERGE_PROPOSED = _changed("merge:proposed", "controller what", "{actor} propose un rapprochement d'identités {subject} ({what})", "{actor} proposed {subject}: two identities to compare ({what})")
    MERGE_DECIDED = _changed("merge:decided", "controller what reason", "{actor} a traité la proposition {subject} ({what}, {reason})", "{actor} dealt with proposal {subject} ({what}, {reason})")
    ORDERS_FORGOTTEN = _changed("orders:forgotten", "count what rule", "{count} enregistrements ({what}) supprimés à leur terme (règle {rule})", "{count} rows ({what}) removed, past their time (rule {rule})")
    WORKITEMS_SUBSCRIBED = _changed("workitems:subscribed", "calling_aet what", "{actor} s'abonne sous {calling_aet} ({what})", "{actor} subscribed to workitems as {calling_aet} ({what})")
    WORKITEMS_UNSUBSCRIBED = _changed("workitems:unsubscribed", "calling_aet what", "{actor} se désabonne, sous {calling_aet} ({what})", "{actor} ended a subscription to workitems as {calling_aet} ({what})")
    WORKITEMS_SUSPENDED = _changed("workitems:suspended", "calling_aet what", "{actor} suspend l'abonnement de {calling_aet} ({what})", "{actor} suspended the subscription of {calling_aet} ({what})")
    RESULT_SENT = _changed("result:sent", "controller what count", "résultat {subject} transmis ({what}, essai {count})", "result {subject} sent ({what}, try {count})")
    PROBE_ANNOUNCED = _changed("probe:announced", "expires_at", "{actor} prépare une sonde à lancer du dehors, {subject}, jusqu'au {expires_at}", "{actor} prepared a probe to be run from outside, {subject}, until {expires_at}")
    PROBE_READ = _changed("probe:read", "report reason count", "{actor} a relu le relevé {report} de la sonde {subject} : {reason}, {count} ouvertures", "{actor} read back report {report} of probe {subject}: {reason}, {count} openings")
    RESULT_REFUSED = _changed("result:refused", "controller what reason", "résultat {subject} refusé ({what}, {reason})", "result {subject} refused ({what}, {reason})")
    # --- account: reports
    REPORT_DRAFTED = _changed("report:drafted", "session controller report what", "{actor} a rédigé le compte rendu {report} de {subject} ({what})", "{actor} drafted report {report} of {subject} ({what})")
    REPORT_CHANGED = _changed("report:changed", "session controller report what", "{actor} a modifié le brouillon {report} de {subject} ({what})", "{actor} changed draft {report} of {subject} ({what})")
    REPORT_WITHDRAWN = _changed("report:withdrawn", "session controller report what", "{actor} a retiré le brouillon {report} de {subject} ({what})", "{actor} withdrew draft {report} of {subject} ({what})")
    REPORT_VALIDATED = _changed("report:validated", "controller report what", "{actor} a validé le compte rendu {report} de {subject} ({what})", "{actor} validated report {report} of {subject} ({what})")
    RESULT_SENT_AGAIN = _changed("result:sent-again", "session controller other what", "{actor} a remis en envoi le résultat {subject} ({what})", "{actor} had result {subject} sent again ({what})")
    # --- account: probes
    PROBE_RUN = _changed("probe:run", "session what reason count exit_status fingerprint", "{actor} a fait signer le sondage {subject} (vu de : {what}) : {reason}, {count} failles", "{actor} had probe {subject} signed (seen from {what}): {reason}, {count} holes")
    PROBE_CANARY_PLANTED = _changed("probe:canary:planted", "controller", "une étude synthétique {subject} a été déposée pour un sondage de {actor}", "a synthetic study {subject} was planted for a probe of {actor}")
    PROBE_CANARY_REMOVED = _changed("probe:canary:removed", "erasure reason", "l'étude synthétique {subject} d'un sondage de {actor} est effacée", "the synthetic study {subject} of a probe of {actor} is being erased")
    # --- account: mandates, interventions, findings, stations
    MANDATE_GIVEN = _changed("mandate:given", "session what count expires_at fingerprint", "{actor} a donné le mandat de sondage {subject} ({what}, {count} réseaux, jusqu'au {expires_at})", "{actor} gave mandate {subject} to probe ({what}, {count} networks, until {expires_at})")
    MANDATE_WITHDRAWN = _changed("mandate:withdrawn", "session", "{actor} a retiré le mandat de sondage {subject}", "{actor} withdrew mandate {subject}")
    MANDATE_TOKEN_TAKEN = _changed("mandate:token:taken", "session what", "{actor} a pris le jeton du mandat {subject} ({what})", "{actor} took the token of mandate {subject} ({what})")
    INTERVENTION_OPENED = _changed("intervention:opened", "session what controller", "{actor} a ouvert l'intervention {subject} ({what})", "{actor} opened intervention {subject} ({what})")
    INTERVENTION_PROBED = _changed("intervention:probed", "what reason count fingerprint", "sondage {what} l'intervention {subject} : {reason}, {count} failles", "intervention {subject}, probe {what}: {reason}, {count} holes")
    INTERVENTION_ATTACHED = _changed("intervention:attached", "session bytes fingerprint", "{actor} a joint un rapport à l'intervention {subject} ({bytes} octets)", "{actor} attached a report to intervention {subject} ({bytes} bytes)")
    INTERVENTION_CLOSED = _changed("intervention:closed", "session stored missing what", "{actor} a clos l'intervention {subject} ({what}) : {stored} failles nouvelles, {missing} disparues", "{actor} closed intervention {subject} ({what}): {stored} new holes, {missing} gone")
    FINDING_RECORDED = _changed("finding:recorded", "what address port tls role", "constat {subject} : {what} sur {address}, port {port} ({tls}, {role})", "finding {subject}: {what} at {address}, port {port} ({tls}, {role})")
    FINDING_CLOSED = _changed("finding:closed", "what", "constat {subject} clos ({what})", "finding {subject} closed ({what})")
    STATION_READ = _changed("station:read", "session reason count fingerprint", "{actor} a relu le contrôle du poste {subject} ({reason}, {count} points à corriger)", "{actor} read back the check of station {subject} ({reason}, {count} points to mend)")
    # --- account: files of breaches
    INCIDENT_OPENED = _changed("incident:opened", "what controller role", "dossier de violation {subject} ouvert par {actor} ({what})", "file {subject} of a breach opened by {actor} ({what})")
    INCIDENT_ENTRY = _changed("incident:entry", "what entry fingerprint", "{actor} a écrit dans le dossier de violation {subject} ({what}, {entry})", "{actor} wrote into file {subject} of a breach ({what}, {entry})")
    DOORS_CLOSED = _changed("doors:closed", "session", "{actor} a fermé toutes les portes pour le dossier de violation {subject}", "{actor} closed every door for file {subject} of a breach")
    DOORS_REOPENED = _changed("doors:reopened", "session", "{actor} a rouvert les portes fermées pour le dossier de violation {subject}", "{actor} reopened the doors that were closed for file {subject} of a breach")
    ROOT_ROTATED = _changed("root:rotated", "count", "la clé racine de {subject} a été remplacée ; {count} clés d'examen ont été enveloppées à nouveau", "the root key of {subject} was replaced; {count} study keys were wrapped anew")
    # --- account: the check of this installation
    CHECK_MADE = _changed("check:made", "good attention bad undetermined fingerprint", "contrôle {subject} fait : {bad} points à corriger, {attention} à surveiller, {undetermined} non déterminés, {good} en ordre", "check {subject} made: {bad} to mend, {attention} want attention, {undetermined} not determined, {good} in order")
    CHECK_DECLARED = _changed("check:declared", "what before after expires_at", "{actor} a déclaré {what} {before} : {after}, jusqu'au {expires_at}", "{actor} declared {what} {before}: {after}, until {expires_at}")
    CHECK_WITHDRAWN = _changed("check:withdrawn", "what before", "{actor} a retiré sa déclaration sur {what} {before}", "{actor} withdrew the declaration of {what} {before}")
    CHECK_ADVISORIES = _changed("check:advisories:brought", "count found", "{actor} a apporté une base de vulnérabilités : {count} avis, {found} sur nos composants", "{actor} brought a database of vulnerabilities: {count} records, {found} about our parts")
    CHECKS_PRUNED = _changed("checks:pruned", "count rule", "{count} contrôles supprimés à leur terme (règle {rule})", "{count} checks removed, past their time (rule {rule})")
    # --- account: the journal about itself
    HOLD_OPENED = _changed("hold:opened", "reason", "{actor} a gelé l'effacement du journal ({subject}, {reason})", "{actor} froze the pruning of the journal ({subject}, {reason})")
    HOLD_RELEASED = _changed("hold:released", "reason", "{actor} a levé le gel {subject} ({reason})", "{actor} released hold {subject} ({reason})")
    SEGMENT_PRUNED = _changed("segment:pruned", "segment lines chains root rule", "journal d'accès de {segment} effacé par règle ({rule}) : {lines} lignes", "access ledger of {segment} pruned by rule ({rule}): {lines} lines")
    HEADS_SIGNED = _changed("heads:signed", "size root", "têtes du journal signées : {size} feuilles, racine {root}", "journal heads signed: {size} leaves, root {root}")
    CHAIN_ILL = _changed("journal:chain:ill", "chain illness line", "la chaîne {chain} du journal est altérée ({illness}, ligne {line})", "journal chain {chain} is ill ({illness}, line {line})")
    JOURNAL_VERIFIED = _changed("journal:verified", "illnesses lines", "journal vérifié : {lines} lignes, {illnesses} anomalies", "journal verified: {lines} lines, {illnesses} illnesses")

    @property
    def ledger(self) -> Ledger:
        """Return the ledger in which this kind is kept."""
        return self.value.ledger

    @property
    def durable(self) -> bool:
        """Tell whether `record` returns only when the fact is on disc."""
        return self.value.durable


CHAIN_SENTENCES = {
    "chain:opened": ("chaîne commencée, après {after_chain} ({after_state})", "chain begun, after {after_chain} ({after_state})"),
    "chain:recovered": ("écriture inachevée close : {bytes} octets", "unfinished write closed: {bytes} bytes"),
    "chain:illegible": ("{bytes} octets illisibles", "{bytes} bytes that cannot be read"),
    "chain:closed": ("chaîne terminée ({reason})", "chain ended ({reason})"),
}
"""What the chains say of themselves: nobody records these, the writer does."""
# fmt: on

BY_NAME = {kind.value.name: kind for kind in Kind}
"""Kinds by the name that stands in the ledger."""


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "–"  # noqa: RUF001 (a dash where nothing was recorded)


def sentence(kind: str, language: str, facts: dict[str, str | int]) -> str:
    """Say in `fr` or `en` what a fact means; a kind of a later version is given by its name."""
    known = BY_NAME.get(kind)
    pair = (known.value.fr, known.value.en) if known else CHAIN_SENTENCES.get(kind, (kind, kind))
    return pair[0 if language == "fr" else 1].format_map(_Facts(facts))
