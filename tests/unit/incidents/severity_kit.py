"""Files of breaches made of facts alone, for what is pure: no database, a clock that only counts."""

from datetime import timedelta

from tests.unit.incidents.kit import MINE, TUESDAY

from primum.ground.clock import to_text
from primum.ground.ids import new_id
from primum.incidents.dossier import fold
from primum.incidents.model import SYSTEM, Entry, EntryKind, File, Origin, Role

PERSON = new_id("per")
CHECK = {"kind": "check", "ref": "chk_1"}
DOCUMENT = {"kind": "document", "ref": "doc_1"}
RUN = {"kind": "run", "ref": "run_1"}


class Written:
    """A file that is written entry by entry, and folded when it is read."""

    def __init__(self, origin=Origin.FINDING, role=Role.CONTROLLER):
        self.file = File(new_id("inc"), new_id("cas"), MINE.id, role, TUESDAY)
        self.entries = []
        self.add(EntryKind.OPENED, {"origin": origin.value, "sentence": "…", "role": role.value}, SYSTEM)

    def add(self, kind, body, by=PERSON):
        seq = len(self.entries) + 1
        made = Entry(f"ent_{seq}", self.file.id, seq, kind, TUESDAY + timedelta(minutes=seq), by, body)
        self.entries.append(made)
        return self

    def fact(self, key, value, *evidence, by=PERSON):
        standing = "unknown" if value is None else "measured" if by == SYSTEM else "declared"
        shown = list(evidence) or [{"kind": "person", "ref": PERSON}]
        body = {"key": key, "value": value, "standing": standing, "evidence": shown}
        return self.add(EntryKind.FACT, body, by)

    def measured(self, key, value, *evidence):
        return self.fact(key, value, *(evidence or (RUN,)), by=SYSTEM)

    def facts(self, **told):
        for key, value in told.items():
            self.fact(key.replace("_", "-"), value)
        return self

    def instant(self, which, at, reason="dit"):
        return self.add(EntryKind.INSTANT, {"which": which, "at": to_text(at), "reason": reason})

    @property
    def dossier(self):
        return fold(self.file, self.entries)


def open_archive():
    """Give SAN-2020-015's case as a probe finds it: names and birth dates, an unknown number of visitors."""
    made = Written()
    made.measured("reached", ["find", "get"])
    made.measured("readable", ["PatientName", "PatientBirthDate", "StudyDate"])
    made.measured("nature", ["confidentiality"])
    made.measured("sensitive", ["health"])
    return made.measured("data", ["civil-status"])


def lost_laptop(**other):
    """Give a lost laptop that was off and sealed as a whole, with a document that shows it."""
    told = {
        "origin": ["lost-equipment"], "nature": ["confidentiality"], "sensitive": ["health"],
        "data": ["civil-status"], "device-power": "off", "seal": "disc-passphrase", "key-place": "elsewhere",
        "recovery-sheet-place": "none", "tested-copy": "yes",
    } | {key.replace("_", "-"): value for key, value in other.items()}  # fmt: skip
    made = Written(Origin.PERSON)
    for key, value in told.items():
        made.fact(key, value, *([DOCUMENT] if key == "seal" else []))
    return made
