"""Two players that nobody has to sit beside: one forgets nothing, the other what it is told to."""

from datetime import timedelta

from primum.ground.clock import from_text
from primum.incidents.drill.moves import Moves
from primum.incidents.drill.play import Drill
from primum.incidents.drill.scenarios import FINDING
from primum.incidents.facts.catalogue import CATALOGUE
from primum.incidents.stories.book import STORIES
from primum.incidents.stories.telling import Letter

WORDS = {"harms": ["loss-of-control"], "measures-after": "port fermé, mots de passe changés"}
REASON = "données de santé, des inconnus ont pu les voir ; décidé à deux, les pièces sont au dossier de l'exercice"


class Player:
    """Plays a scenario from its beginning to its end."""

    def __init__(self, drill: Drill, forgets=frozenset()) -> None:
        self.drill, self.forgets, self.moves = drill, frozenset(forgets), Moves(drill)
        self.wants = {one.name: one for one in drill.scenario.expects}

    def play(self):
        """Play it; give the score."""
        self.first_hour()
        while not self.drill.over:
            self.drill.advance_to_next()
            if not self.drill.over:
                self.note()
        return self.drill.score()

    def first_hour(self):
        scenario = self.drill.scenario
        if scenario.opened_by != FINDING:
            self._tell()
        self._do("aware", lambda: self.moves.aware("lu et compris"))
        self._do("frozen-first", lambda: self.moves.freeze("journaux"))
        self._do("contained", lambda: self.moves.contain("close-listeners"))
        self.note()
        self.drill.advance(timedelta(minutes=30))
        for about in ("notify", "tell"):
            self._do(about, lambda about=about: self.moves.decide(about, self.wants[about].choices[0], REASON))
        self._do("notified", self.moves.notify)
        self._do("receipt", lambda: self.moves.receipt("FOR-2026-1"))
        self._do("answered", lambda: self.moves.reply("cnil", "réponse"))
        told = self.drill.scenario
        for key in self.wants["complete"].facts:
            if key in WORDS or not told.known(key, told.ends):
                self._do("complete", lambda key=key: self.moves.answer(key, WORDS.get(key)))

    def note(self):
        """Write down what became known, once."""
        scenario, dossier = self.drill.scenario, self.drill.dossier()
        for event in scenario.events:
            if scenario.begins + event.after != self.drill.now:
                continue
            for key, value in event.knows.items():
                if key in CATALOGUE:
                    name = "conditions" if key.startswith("authority-") else "complete"
                    if dossier.value(key) != value:
                        self._do(name, lambda key=key, value=value: self.moves.answer(key, value))

    def _tell(self):
        scenario = self.drill.scenario
        asked = {one.about: one for one in STORIES.stories[scenario.opened_by].asks}
        first = {k: v for one in scenario.events if not one.after for k, v in one.knows.items()}
        answers = {key: value for key, value in first.items() if key in asked and key not in self.forgets}
        answers = {key: from_text(value) if asked[key].which else value for key, value in answers.items()}
        letter = Letter("ce qui est arrivé", name="courrier.pdf", document=b"%PDF-1.7")
        self.moves.tell(answers, letter if "letter" in self.wants and "letter" not in self.forgets else None)

    def _do(self, name, move):
        if name not in self.forgets and (name in self.wants or name == "complete"):
            move()
