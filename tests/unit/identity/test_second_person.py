"""Whatever administrators do among themselves, nobody whom they control sees a patient within a day."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from tests.unit.identity import people_kit
from tests.unit.identity.people_kit import House, Somebody

from primum.ground.errors import PrimumError
from primum.identity import Actor, Invitation, Role, Scope, Thing, Wish, decide
from primum.identity.permissions import GUARDED
from primum.identity.second_person import DELAY

FOLDER = Path(tempfile.mkdtemp(prefix="primum-test-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
ENROLLING = timedelta(hours=1)  # each enrolment takes half a minute

WISHES = (
    Wish(Role.PHYSICIAN),
    Wish(Role.PHYSICIAN, Scope.SITE, confidential=True),
    Wish(Role.PHYSICIAN, Scope.REFERRER, referrer_names=("DUPONT^JEANNE",)),
    Wish(Role.TECHNOLOGIST),
    Wish(Role.SECRETARY, Scope.SITE),
    Wish(Role.DPO),
    Wish(Role.ADMINISTRATOR),
)
wishes = st.sampled_from(WISHES)


class Administrators(RuleBasedStateMachine):
    """Two administrators, whoever they invite, and people of good faith who do nothing at all."""

    controlled = Bundle("controlled")
    proposals = Bundle("proposals")

    @initialize(target=controlled, with_dpo=st.booleans(), with_doctor=st.booleans())
    def begin(self, with_dpo: bool, with_doctor: bool) -> object:  # noqa: FBT001 (drawn)
        self.house: House = people_kit.build(FOLDER, people_kit.template(FOLDER))
        self.began_at = self.house.clock.now()
        self.others: list[Somebody] = []
        if with_dpo:
            self.others.append(self.house.join("dpo", Role.DPO))
        if with_doctor:
            self.others.append(self.house.join("doctor", Role.PHYSICIAN))
        self.mine = {
            one.id: one
            for one in (self.house.join("a1", Role.ADMINISTRATOR), self.house.join("a2", Role.ADMINISTRATOR))
        }
        self.count, self.controller = 0, self.house.people.controllers()[0].id
        return multiple(*self.mine)

    def actor(self, who: str) -> Actor:
        return self.house.actor(who)

    def enrol(self, link: Invitation) -> object:
        somebody = self.house.enrol(link)
        new = somebody.id not in self.mine
        self.mine[somebody.id] = somebody
        return somebody.id if new else multiple()

    @rule(target=controlled, who=controlled, wish=wishes)
    def invite_and_enrol_as_the_invited(self, who: str, wish: Wish) -> object:
        self.count += 1
        name = f"p{self.count}"
        with contextlib.suppress(PrimumError):
            return self.enrol(
                self.house.people.invite(
                    self.actor(who), full_name=name, login=name, wishes=[wish], controller_id=self.controller
                )
            )
        return multiple()

    @rule(target=proposals, who=controlled, whom=controlled, wish=wishes)
    def propose(self, who: str, whom: str, wish: Wish) -> object:
        with contextlib.suppress(PrimumError):
            return self.house.people.propose(self.actor(who), whom, wish).id
        return multiple()

    @rule(target=proposals, who=controlled, number=st.integers(0, 1), wish=wishes)
    def propose_for_another(self, who: str, number: int, wish: Wish) -> object:
        with contextlib.suppress(PrimumError, IndexError):
            return self.house.people.propose(self.actor(who), self.others[number].id, wish).id
        return multiple()

    @rule()
    def everybody_approves_everything(self) -> None:
        for who in self.mine:
            for one in self.house.people.proposals():
                with contextlib.suppress(PrimumError):
                    self.house.people.approve(self.actor(who), one.id)

    @rule(who=controlled, one=proposals)
    def cancel(self, who: str, one: str) -> None:
        with contextlib.suppress(PrimumError):
            self.house.people.cancel(self.actor(who), one)

    @rule(who=controlled, number=st.integers(0, 1))
    def revoke_somebody(self, who: str, number: int) -> None:
        with contextlib.suppress(PrimumError, IndexError):
            self.house.people.revoke(self.actor(who), self.house.people.grants(self.others[number].id)[0].id)

    @rule(who=controlled, number=st.integers(0, 1))
    def close_somebody(self, who: str, number: int) -> None:
        with contextlib.suppress(PrimumError, IndexError):
            self.house.people.close_person(self.actor(who), self.others[number].id)

    @rule(target=controlled, who=controlled, number=st.integers(0, 1))
    def take_the_place_of_another(self, who: str, number: int) -> object:
        with contextlib.suppress(PrimumError, IndexError):
            self.house.people.propose_new_factors(self.actor(who), self.others[number].id)
        with contextlib.suppress(PrimumError, IndexError):
            return self.enrol(self.house.people.new_link(self.actor(who), self.others[number].id))
        return multiple()

    @rule(target=controlled, who=controlled, whom=controlled)
    def renew_a_link(self, who: str, whom: str) -> object:
        with contextlib.suppress(PrimumError):
            self.house.people.propose_new_factors(self.actor(who), whom)
        with contextlib.suppress(PrimumError):
            return self.enrol(self.house.people.new_link(self.actor(who), whom))
        return multiple()

    @rule(who=controlled)
    def add_a_controller(self, who: str) -> None:
        with contextlib.suppress(PrimumError):
            self.house.people.add_controller(self.actor(who), "Autre cabinet")

    @rule(hours=st.integers(1, 8))
    def wait(self, hours: int) -> None:
        """Never as long as the delay."""
        latest = self.began_at + DELAY - ENROLLING
        left = max(latest - self.house.clock.now(), timedelta(0))
        self.house.clock.advance(min(timedelta(hours=hours), left))

    @invariant()
    def nobody_they_control_has_a_guarded_permission(self) -> None:
        for who in getattr(self, "mine", ()):
            actor = self.actor(who)
            for action in GUARDED:
                for grant in actor.grants:
                    thing = Thing("study", grant.controller_id, "DUPONT^JEANNE")
                    assert not decide(actor, action, thing).allowed, (action, grant)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.people._engine.dispose()


TestAdministratorsAlone = Administrators.TestCase
TestAdministratorsAlone.settings = settings(
    max_examples=60,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
