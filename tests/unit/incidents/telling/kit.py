"""What tests of telling people share: a file whose people are to be told, a list, a letter that says something."""

from dataclasses import replace

from tests.unit.incidents.kit import DOCTOR, Scene

from primum.ground.outbound import Submission
from primum.incidents.model import EntryKind
from primum.incidents.store import add_entry
from primum.incidents.telling.letter import Draft, Words
from primum.incidents.telling.rules import telling_rules
from primum.incidents.telling.service import Telling
from primum.incidents.telling.store import prepare_telling

SOURCE = "export de LOGICIEL du 24/11/2026"
FRENCH = Words(
    nature=(
        "Entre le 3 mars et le 24 novembre 2026, un serveur du cabinet était ouvert sur internet, et des inconnus ont"
        " pu y lire des noms et des dates de naissance."
    ),
    consequences=(
        "Quelqu'un qui connaît votre nom et votre date de naissance peut se faire passer pour nous au téléphone.",
    ),
    done=("Nous avons fermé ce serveur le 24 novembre 2026 à 23 h 50 et prévenu la CNIL le lendemain matin.",),
    advice=(
        "Si quelqu'un vous appelle en notre nom, raccrochez et rappelez le cabinet au numéro que vous connaissez.",
    ),
)
ENGLISH = Words(
    nature=(
        "From 3 March to 24 November 2026 a server of the practice was open on the internet, and strangers could read"
        " names and dates of birth on it."
    ),
    consequences=("Somebody who knows your name and your date of birth can pose as the practice on the telephone.",),
    done=("We closed that server on 24 November 2026 at 23:50 and told the French authority the next morning.",),
    advice=("When somebody calls you in our name, hang up and call the practice on the number that you know.",),
)
DRAFT = Draft({"fr": FRENCH, "en": ENGLISH}, "Mme Martin, déléguée", "dpo@example.org", "01 23 45 67 89")


def a_list(*rows: str, head: str = "N° patient;Nom;Email;Adresse;Code postal;Ville;Langue") -> bytes:
    return "\r\n".join([head, *rows, ""]).encode()


def mailed(count: int) -> bytes:
    """Give a list of people with a mail address each."""
    return a_list(*(f"P{at};Personne {at};p{at}@example.org;;;;fr" for at in range(count)))


def quick(**other):
    """Give the rules without their slowness."""
    return replace(telling_rules(), **{"each_sweep": 1000, "each_hour": 100_000, **other})


class TellingScene(Scene):
    """A file, opened; with `ready`, decided and its letter approved."""

    def __init__(self, folder, way=None, rules=None, **other):
        super().__init__(folder, **other)
        prepare_telling(self.engine)
        self.rules = rules or quick()
        self.telling = self.again(way)
        self.file = self.opened()

    def again(self, way=None):
        """Give what tells people, as it is after a restart."""
        return Telling(self.files, self.engine, self.clock, way, self.rules)

    def decide(self, choice="tell"):
        """Decide; what departs from telling is written past the evidence that it needs (severity/deciding.py)."""
        body = {"about": "tell", "choice": choice, "reason": "risque élevé"}
        if choice == "tell":
            self.files.write(DOCTOR, self.file.id, EntryKind.DECISION, body)
            return
        with self.engine.begin() as tx:
            add_entry(tx, self.file.id, EntryKind.DECISION, self.clock.now(), DOCTOR.person_id, body)

    def ready(self, body: bytes):
        self.telling.take_list(DOCTOR, self.file.id, body, SOURCE)
        self.decide()
        self.telling.approve(DOCTOR, self.file.id, DRAFT)
        return self

    def sweep(self):
        return self.telling.send_due(self.clock.now())

    def standing(self):
        return self.telling.standing(DOCTOR, self.file.id)

    def letters(self, what=""):
        """Give the bodies of what was written about letters."""
        found = self.files.dossier(DOCTOR, self.file.id).of_kind(EntryKind.LETTER)
        return [one.body for one in found if not what or one.body["what"] == what]


def way_to(twin) -> Submission:
    return Submission("127.0.0.1", twin.port, "", "", "cabinet@example.org", twin.trusting())
