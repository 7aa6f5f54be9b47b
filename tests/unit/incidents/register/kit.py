"""What tests of the register share: a file with a whole life, and the house around it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.unit.incidents.kit import DOCTOR, DPO, MINE, Scene

from primum.ground.clock import to_text
from primum.incidents.at_hand import at_hand
from primum.incidents.correspondence import Other
from primum.incidents.model import EntryKind, Evidence, Which
from primum.incidents.register.service import Registers
from primum.incidents.register.verbs import Authority

DAY = timedelta(days=1)
PARIS = ZoneInfo("Europe/Paris")
HOURS = timedelta(hours=72)
REASON = "le port est fermé, le journal ne montre aucun accès"


class Around:
    """A house that names one person, and knows the findings that a test gives it."""

    root = "3f1c Aé+/= 41"

    def __init__(self, *findings):
        self.kept = {one.id: one for one in findings}

    def person(self, person_id):
        return "Dr Anne Le Gall" if person_id == DOCTOR.person_id else person_id

    def journal_root(self):
        return self.root

    def findings(self, ids):
        return [self.kept[one] for one in ids if one in self.kept]


class Kept(Scene):
    """Files, and the register over them."""

    def __init__(self, folder, *controllers, exercise=False, findings=()):
        super().__init__(folder, *controllers)
        self.files._exercise = exercise
        self.register = Registers(self.files, Around(*findings))
        self.letters = Authority(self.files)

    def measured(self, file_id, key, value, *evidence):
        shown = [one.as_json() for one in evidence] or [Evidence("run", "a" * 64).as_json()]
        body = {"key": key, "value": value, "standing": "measured", "evidence": shown}
        return self.files.write_alone(file_id, EntryKind.FACT, body)

    def decided(self, file_id, about, choice, reason, **more):
        check = Evidence("check", "chk_1")
        if check not in at_hand(self.files.dossier(DOCTOR, file_id)):
            self.measured(file_id, "guard", ["ports:closed"], check)
        evidence = [check.as_json()]
        body = {"about": about, "choice": choice, "reason": reason, "evidence": evidence} | more
        return self.files.write(DOCTOR, file_id, EntryKind.DECISION, body)

    def lived(self, controller=MINE):
        """A breach that was found, notified late, questioned and ordered about."""
        one = self.opened(controller=controller).id
        self.measured(one, "nature", ["confidentiality"])
        self.measured(one, "records", {"count": 1200, "at_least": True})
        self.files.answer(DPO, one, "people", {"count": 800, "approximate": True})
        self.files.answer(DPO, one, "minors", None)
        self.files.answer(DPO, one, "sensitive", ["health"])
        self.files.answer(DPO, one, "harms", ["loss-of-control", "discrimination"])
        self.files.answer(DPO, one, "consequences", "=2+2 des images vues par un inconnu")
        self.files.answer(DPO, one, "lateness", "découvert un vendredi soir")
        self.files.answer(DPO, one, "measures-after", "port fermé sur la box")
        self.clock.advance(DAY)
        self.files.instant(DOCTOR, one, Which.AWARE, self.clock.now(), "rapport lu")
        self.files.instant(DOCTOR, one, Which.AWARE, self.clock.now() - DAY / 2, "en fait lu la veille")
        self.decided(one, "tell", "not-tell", REASON, ground="risk-removed")
        self.files.write(DOCTOR, one, EntryKind.NOTICE, {
            "type": "initial", "version": 1, "digest": "b" * 64, "content": {"nature": "confidentialité"},
        })  # fmt: skip
        self.clock.advance(4 * DAY)
        self.files.write(DPO, one, EntryKind.RECEIPT, {"number": "VIO-2026-77", "at": to_text(self.clock.now())})
        self.letters.received(
            DPO, one, other=Other.CNIL, at=self.clock.now(), about="contrôle", reference="CTX-1",
            asked=["volumétrie", "mesures, avec leurs dates"], due=self.clock.now() + DAY,
            document=("courrier.pdf", b"%PDF-1.7 letter"),
        )  # fmt: skip
        self.files.write(DOCTOR, one, EntryKind.ACTION, {"what": "listener", "subject": "4242", "outcome": "fermé"})
        self.letters.received(
            DPO, one, other=Other.PERSON, at=self.clock.now(), about="plainte de Mme Canari", reference="Canari",
            asked=["accès de Canari"], document=("Canari.pdf", b"%PDF-1.7 canary"),
        )  # fmt: skip
        return one
