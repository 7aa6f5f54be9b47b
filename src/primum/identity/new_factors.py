"""New factors for somebody who lost theirs: guarded like a grant, because they open what the person may open."""

from __future__ import annotations

from sqlalchemy import Connection

from primum.identity import store_rights
from primum.identity.facts import Fact
from primum.identity.model import Invitation, Person, Proposal, State, Subject
from primum.identity.permissions import Actor, Permission, Scope, Thing, guarded
from primum.identity.refusals import AlreadyGranted, NoSuchProposal, NotYetEffective
from primum.identity.rights import Rights, due_text
from primum.identity.second_person import Way


class NewFactors(Rights):
    """Enrolling anew, by two people or after a day."""

    def propose_new_factors(self, by: Actor | None, person_id: str) -> Proposal:
        """Propose that somebody may enrol anew. `by` None is the machine's operator, who always waits a day.

        Raises NotPermitted, StepUpNeeded, NoSuchPerson, AlreadyGranted.
        """
        if by is not None:
            self._require(by, Permission.PERSON_RESET, Thing("person"))
        with self._changing() as tx:
            person, now = self._person(tx, person_id), self._now()
            mine = store_rights.proposals(tx, person_id)
            if any(one.subject is Subject.FACTORS and (one.waits(now) or one.ripe(now)) for one in mine):
                raise AlreadyGranted
            holds = self._holds_guarded(tx, person)
            thing = self._thing_of(tx, person_id)
            one = self._new_proposal(tx, by, person, thing, Subject.FACTORS, is_guarded=holds or by is None)
            self._record(Fact.FACTORS_PROPOSED, by, person_id, grant=one.id, due_at=due_text(one.effective_at))
            return one

    def _holds_guarded(self, tx: Connection, person: Person) -> bool:
        """Tell whether new factors would open anything guarded, now or later; only who enrolled has any to replace."""
        return person.state is State.ENROLLED and any(
            guarded(one.grant.role) for one in store_rights.held(tx, person.id)
        )

    def _thing_of(self, tx: Connection, person_id: str) -> Thing:
        """Say whose data new factors would open: one controller's, or the house's."""
        held = store_rights.held(tx, person_id)
        whose = {one.grant.controller_id for one in held if guarded(one.grant.role)}
        wide = any(one.grant.scope is Scope.SITE and guarded(one.grant.role) for one in held)
        return self._house(tx) if wide or len(whose) != 1 else Thing("proposal", controller_id=whose.pop())

    def new_link(self, by: Actor | None, person_id: str) -> Invitation:
        """Make an enrolment link for somebody invited, or whose proposed new factors are in force.

        Raises NotPermitted, StepUpNeeded, NoSuchPerson, NotYetEffective, NoSuchProposal.
        """
        if by is not None:
            self._require(by, Permission.PERSON_RESET, Thing("person"))
        with self._changing() as tx:
            person = self._person(tx, person_id)
            if person.state is State.ENROLLED:
                self._use_new_factors(tx, by, person)
            return self._make_link(tx, by, person)

    def _use_new_factors(self, tx: Connection, by: Actor | None, person: Person) -> None:
        now = self._now()
        asked = [one for one in store_rights.proposals(tx, person.id) if one.subject is Subject.FACTORS]
        waiting = next((one for one in asked if one.waits(now)), None)
        ripe = next((one for one in asked if one.ripe(now)), None)
        if ripe is None and waiting is not None:
            raise NotYetEffective(effective_at=due_text(waiting.effective_at) or "an unknown instant")
        if ripe is None or (ripe.way is Way.AT_ONCE and self._holds_guarded(tx, person)):
            raise NoSuchProposal
        store_rights.use_factors_proposal(tx, ripe.id, now)
        for one in store_rights.proposals(tx, person.id):
            # who enrols now may be somebody else: what waits for an approval has to be asked again
            if one.way is Way.APPROVAL and one.waits(now):
                self._cancel(tx, by, one)
