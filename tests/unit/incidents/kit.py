"""What tests of files of breaches share: a home's records, a clock that is moved by hand, people."""

from datetime import UTC, datetime

from tests.unit.exposure import kit as exposure

from primum.ground.clock import FixedClock
from primum.ground.ids import new_id
from primum.identity import Actor, Grant, Role, Scope
from primum.incidents.model import Origin
from primum.incidents.service import Controller, Incidents
from primum.incidents.store import prepare_incidents

MINE = Controller(new_id("ctl"), "Cabinet du Dr Le Gall")
THEIRS = Controller(new_id("ctl"), "Dr Nguyen, radiologue")
TUESDAY = datetime(2026, 11, 24, 22, 40, tzinfo=UTC)
"""Tuesday 24 November 2026, 23:40 in Paris."""


class House:
    """A house with one controller, or with those that a test names."""

    processor = False

    def __init__(self, *controllers: Controller) -> None:
        self._controllers = controllers or (MINE,)

    def controllers(self):
        return self._controllers


class Scene:
    """The files of a home, with what was journaled of them."""

    def __init__(self, folder, *controllers: Controller, at: datetime = TUESDAY) -> None:
        self.clock, self.told, self.house = FixedClock(at), exposure.Told(), House(*controllers)
        self.engine = exposure.records(folder)
        prepare_incidents(self.engine)
        self.files = Incidents(self.engine, self.clock, self.told, self.house)

    def opened(self, by: Actor | None = None, controller: Controller = MINE, **said):
        """Open a file as a person does."""
        return self.files.open(by or DOCTOR, Origin.PERSON, "portable perdu dans le train", controller.id, **said)


def actor(role: Role, controller: Controller | None = None, *, fresh: bool = True) -> Actor:
    """Make a person with one grant: of the whole site, or of one controller."""
    scope = Scope.SITE if controller is None else Scope.OWN
    grant = Grant(role, scope, (controller or MINE).id, id=new_id("gra"))
    return Actor(new_id("per"), (grant,), fresh=fresh, session_id=new_id("ses"))


DOCTOR, DPO, SECRETARY = actor(Role.PHYSICIAN), actor(Role.DPO), actor(Role.SECRETARY, fresh=False)
