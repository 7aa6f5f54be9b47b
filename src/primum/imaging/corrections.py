"""What a person may decide about studies and patients: each decision is a record, and can be undone.

docs/design/patients.md. Whether the person may is the caller's business, and so is the journal. Thread-confined, like
the indexer whose turn it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.engine import Engine

from primum.ground.clock import Clock, from_text, to_text
from primum.ground.ids import new_id
from primum.imaging import acts
from primum.imaging.acts import Act, ActKind, people_of
from primum.imaging.amending import decided
from primum.imaging.amendments import Amendment, Kind, RejectionCode, in_force, write
from primum.imaging.archive import Archive
from primum.imaging.correctable import checked
from primum.imaging.errors import NotHere, NothingToChange, NotInForce, OtherController, PatientMerged
from primum.imaging.indexer import Indexer
from primum.imaging.ins import Identity, check_identity
from primum.imaging.model import EVERYTHING, OWN_AET, InstanceEntry, Stored, StudyEntry
from primum.imaging.names import name_key, parse_name
from primum.imaging.overlays import OF_PATIENT, OF_STUDY
from primum.imaging.rejection_notes import KEY_OBJECTS, Reference, texts_of, write_note
from primum.imaging.store import reading
from primum.imaging.syntaxes import EXPLICIT_LE
from primum.vault import RecordFacts, Vault

REASONS = ("typing-error", "wrong-patient", "duplicate", "document-seen", "patient-request", "device-error", "other")
"""Why people decide, as a closed list: a free text would hold patients."""


@dataclass(frozen=True, slots=True)
class By:
    """Who decides, and why (a word); `source` is the message of another system that proposed it, and its day."""

    person_id: str
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What a rejection came to."""

    id: str
    instances: int


class Instance(Protocol):
    """A data set of ours, explicit little endian, with its UIDs."""

    @property
    def data(self) -> bytes:
        """Its bytes."""
        ...

    @property
    def series_uid(self) -> str:
        """Its series."""
        ...

    @property
    def sop_uid(self) -> str:
        """Its own UID."""
        ...


_LAST_OF_STUDY = " UNION ".join(
    f"SELECT max(t.received_at) FROM {table} t JOIN series e ON e.id = t.series_id"  # noqa: S608 (our own tables)
    " JOIN studies s ON s.id = e.study_id WHERE s.ref = ?1"
    for table in ("instances", "versions", "rejected")
)


class Corrections:
    """Takes decisions. Raises NotHere where something is not there at all."""

    def __init__(self, index: Engine, records: Engine, vault: Vault, clock: Clock, indexer: Indexer) -> None:
        """Write records through `vault`, acts to `records`, rows through `indexer`."""
        self._index, self._records, self._vault = index, records, vault
        self._clock, self._indexer, self.archive = clock, indexer, Archive(index, vault)

    # studies

    def correct_study(self, ref: str, fields: Mapping[str, str], by: By) -> str:
        """Correct `accession`, `description`, `referrer` of a study. Raises BadValue, NothingToChange."""
        study = self.archive.study(ref, EVERYTHING)
        wanted = {OF_STUDY[which]: checked(which, text) for which, text in fields.items() if which in OF_STUDY}
        if not wanted:
            raise NothingToChange
        return self._amend(study, Kind.CORRECT, by, set=wanted)

    def move_study(self, ref: str, patient_id: str, by: By) -> str:
        """Make a study another patient's. Raises OtherController, PatientMerged, NothingToChange."""
        study = self.archive.study(ref, EVERYTHING)
        if self._patient(patient_id) != study.controller_id:
            raise OtherController
        self._must_stand(patient_id)
        if study.patient_id == patient_id:
            raise NothingToChange
        return self._amend(study, Kind.MOVE, by, patient=patient_id)

    def choose_version(self, ref: str, sop_uid: str, sha256: str, by: By) -> str:
        """Choose the version of an instance that is served, by its SHA-256."""
        study = self.archive.study(ref, EVERYTHING)
        served = self.archive.instance_of(ref, None, sop_uid, EVERYTHING)
        others = [one for one in self.archive.versions(ref, EVERYTHING) if one.sop_uid == sop_uid]
        if sha256 not in {self._vault.open(one.position).digest_by("sha256").hex() for one in (served, *others)}:
            raise NotHere(what="version")
        return self._amend(study, Kind.CHOOSE, by, sop=sop_uid, sha256=sha256)

    def versions(self, ref: str) -> list[dict[str, str | bool]]:
        """List the instances that came with different bytes: each version's SHA-256, when it came, which is served."""
        others = self.archive.versions(ref, EVERYTHING)
        contested = {one.sop_uid for one in others}
        served = (
            [one for one in self.archive.instances_of(ref, EVERYTHING) if one.sop_uid in contested] if others else []
        )
        found: list[dict[str, str | bool]] = []
        for one in [*served, *others]:
            record = self._vault.open(one.position)
            found.append({
                "instance": one.sop_uid, "sha256": record.digest_by("sha256").hex(),
                "received_at": record.facts.received_at, "served": one in served,
            })  # fmt: skip
        return sorted(found, key=lambda one: (one["instance"], one["received_at"]))

    def reject(
        self, ref: str, code: RejectionCode, by: By, series_uid: str = "", sop_uids: Sequence[str] = ()
    ) -> Rejected:
        """Reject a study, one of its series, or some of its instances, by a note that is kept with it."""
        study = self.archive.study(ref, EVERYTHING)
        found = self.archive.instances_of(ref, EVERYTHING, series_uid or None)
        doomed = [one for one in found if not sop_uids or one.sop_uid in set(sop_uids)]
        if not doomed or (sop_uids and len(doomed) != len(set(sop_uids))):
            raise NotHere(what="instance")
        self._note(study, doomed, code, by)
        return Rejected(self._newest(ref), len(doomed))

    def restate(self, ref: str, code: str, sop_uids: Sequence[str], by: By) -> None:
        """Say a rejection again, by a note of our own, where the one that said it goes with what else it named."""
        wanted = set(sop_uids)
        found = [one.entry for one in self.archive.rejected(ref, EVERYTHING) if one.entry.sop_uid in wanted]
        if found:
            self._note(self.archive.study(ref, EVERYTHING), found, RejectionCode(code), by)

    def _note(self, study: StudyEntry, doomed: Sequence[InstanceEntry], code: RejectionCode, by: By) -> None:
        at = self.after(study.ref)
        note = write_note(
            study.study_uid, texts_of(self._shown(study.ref)), [_reference(one) for one in doomed], code, from_text(at)
        )
        self.add_instance(study, KEY_OBJECTS, note, by, at)

    def undo(self, ref: str, amendment_id: str, by: By) -> str:
        """Undo a decision about a study, a rejection included. Raises NotInForce."""
        study = self.archive.study(ref, EVERYTHING)
        with reading(self._index) as index:
            known = [one.amendment for one in decided(index, ref)]
        _must_hold(amendment_id, {one.id: one.undoes for one in known})
        return self._amend(study, Kind.UNDO, by, undoes=amendment_id)

    # patients

    def correct_patient(self, patient_id: str, fields: Mapping[str, str], by: By) -> str:
        """Correct `name`, `number`, `issuer`, `birth_date`, `sex` of a patient. Raises BadValue, PatientMerged."""
        controller_id = self._patient(patient_id)
        self._must_stand(patient_id)
        wanted = {which: checked(which, text) for which, text in fields.items() if which in OF_PATIENT}
        with reading(self._records) as records:
            now = acts.shown(records, patient_id, people_of(acts.concerning(records, {patient_id})))
        changed = {which: text for which, text in wanted.items() if text != now.of(which)}
        if not changed:
            raise NothingToChange
        return self._act(controller_id, ActKind.CORRECT, patient_id, "", changed, by)

    def merge(self, survivor: str, gone: str, by: By) -> str:
        """Merge one patient into another (IHE PIR): all studies of both are shown under the survivor."""
        controller_id = self._patient(survivor)
        if self._patient(gone) != controller_id:
            raise OtherController
        if survivor == gone:
            raise NothingToChange
        self._must_stand(survivor)
        self._must_stand(gone)
        body = {"source": by.source} if by.source else {}
        return self._act(controller_id, ActKind.MERGE, survivor, gone, body, by)

    def identify(self, patient_id: str, identity: Identity, by: By, *, real: bool = True) -> str:
        """State a patient's identity: INS and strict traits. Raises BadIdentity."""
        controller_id = self._patient(patient_id)
        self._must_stand(patient_id)
        check_identity(identity, real=real)
        return self._act(controller_id, ActKind.IDENTITY, patient_id, "", identity.as_json(), by)

    def undo_act(self, act_id: str, by: By) -> str:
        """Undo a decision about a patient; of a merge, both are again what they were. Raises NotInForce."""
        with reading(self._records) as records:
            found = acts.act(records, act_id)
            if found is None:
                raise NotHere(what="decision")
            known = acts.concerning(records, {found.patient_id})
        _must_hold(act_id, {one.id: one.other if one.kind is ActKind.UNDO else "" for one in known})
        return self._act(found.controller_id, ActKind.UNDO, found.patient_id, act_id, {}, by)

    def add_patient(self, controller_id: str, fields: Mapping[str, str]) -> str:
        """Make a patient whom no study has brought yet, to move one to. Raises BadValue."""
        said = {which: checked(which, fields.get(which, "")) for which in OF_PATIENT}
        name = parse_name(said["name"])
        patient_id = new_id("pat")
        with self._records.begin() as records:
            records.exec_driver_sql(
                "INSERT INTO patients (id, controller_id, name, name_key, birth_date, sex, collision, no_identifier,"
                " made_at) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                (patient_id, controller_id, name.text(), name_key(name).text(), said["birth_date"], said["sex"],
                 int(not said["number"]), to_text(self._clock.now())),
            )  # fmt: skip
            if said["number"]:
                records.exec_driver_sql(
                    "INSERT INTO patient_identifiers (patient_id, controller_id, issuer, value, kind, own)"
                    " VALUES (?, ?, ?, ?, '', 1)",
                    (patient_id, controller_id, said["issuer"], said["number"]),
                )
        return patient_id

    # what we write ourselves

    def add_instance(self, study: StudyEntry, sop_class_uid: str, made: Instance, by: By, at: str) -> None:
        """Store a data set of ours in a study, as an instance received at `at` (see `after`)."""
        facts = self._facts(study, "instance", by, at)._replace(
            sop_class_uid=sop_class_uid,
            sop_instance_uid=made.sop_uid,
            series_instance_uid=made.series_uid,
            transfer_syntax_uid=EXPLICIT_LE,
            calling_aet=OWN_AET,
        )
        self._store(study.ref, facts, made.data)

    # inside

    def _amend(self, study: StudyEntry, kind: Kind, by: By, **said: object) -> str:
        at = self.after(study.ref)
        amendment = Amendment(id=new_id("amd"), kind=kind, at=at, by=by.person_id, reason=by.reason, **said)  # type: ignore[arg-type]
        facts = self._facts(study, "amendment", by, at)._replace(sop_instance_uid=amendment.id)
        self._store(study.ref, facts, write(amendment).encode("utf-8"))
        return amendment.id

    def _facts(self, study: StudyEntry, kind: str, by: By, at: str) -> RecordFacts:
        return RecordFacts(
            kind=kind,  # type: ignore[arg-type]
            controller_id=study.controller_id,
            device_id=by.person_id,
            sop_class_uid="",
            sop_instance_uid="",
            series_instance_uid="",
            study_instance_uid=study.study_uid,
            transfer_syntax_uid="",
            received_at=at,
            calling_aet="",
        )

    def _store(self, ref: str, facts: RecordFacts, data: bytes) -> None:
        with self._vault.writer() as writer:
            position = writer.store(ref, facts, data)
        self._indexer.take([Stored(position, facts, data)])

    def after(self, ref: str) -> str:
        """Give an instant after all records of a study, whatever the clock says.

        A decision never comes before what it is about: a rejection note would be taken for the study's first record.
        """
        with reading(self._index) as index:
            known = [one.order.split(" ", 1)[0] for one in decided(index, ref)]
            known += [row[0] for row in index.exec_driver_sql(_LAST_OF_STUDY, (ref,)) if row[0]]
        now = self._clock.now()
        # of two records of one millisecond the packs' names would decide
        return to_text(max([now, *(from_text(one) + timedelta(milliseconds=1) for one in known)], key=_utc))

    def _newest(self, ref: str) -> str:
        with reading(self._index) as index:
            return max(decided(index, ref), key=lambda one: one.order).amendment.id

    def _shown(self, ref: str) -> Mapping[str, Mapping[str, object]]:
        return self.archive.study_shown(ref)

    def _patient(self, patient_id: str) -> str:
        """Tell whose a patient is."""
        with reading(self._records) as records:
            row = records.exec_driver_sql("SELECT controller_id FROM patients WHERE id = ?", (patient_id,)).first()
        if row is None:
            raise NotHere(what="patient")
        return str(row[0])

    def _must_stand(self, patient_id: str) -> None:
        with reading(self._records) as records:
            survivor, _ = people_of(acts.concerning(records, {patient_id})).survivor(patient_id)
        if survivor != patient_id:
            raise PatientMerged(survivor=survivor)

    def _act(  # noqa: PLR0917 (the columns of one line)
        self, controller_id: str, kind: ActKind, patient_id: str, other: str, body: Mapping[str, object], by: By
    ) -> str:
        act = Act(
            0, new_id("act"), controller_id, kind, patient_id, other, body, by.reason, to_text(self._clock.now()),
            by.person_id,
        )  # fmt: skip
        with self._records.begin() as records:
            acts.keep(records, act)
        self._indexer.follow_acts()
        return act.id


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _must_hold(decision: str, undoing: Mapping[str, str]) -> None:
    if decision not in undoing:
        raise NotHere(what="decision")
    if undoing[decision] or decision not in in_force(undoing.items()):
        raise NotInForce


def _reference(entry: InstanceEntry) -> Reference:
    return Reference(entry.series_uid, entry.sop_class_uid, entry.sop_uid, bool(entry.rows))
