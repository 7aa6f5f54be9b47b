from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.twins.smtp import SmtpTwin
from tests.unit.ground.test_outbound import way_to
from tests.unit.identity.people_kit import HERE, House, JournalFull, Somebody, stale

from primum.identity import (
    AlreadyGranted,
    BadGrant,
    InvitationRefused,
    LastAdministrator,
    NoSession,
    NoSuchGrant,
    NoSuchPerson,
    NoSuchProposal,
    NotEnrolledYet,
    NotPermitted,
    NotYetEffective,
    Permission,
    Role,
    Scope,
    StepUpNeeded,
    Thing,
    Way,
    Wish,
    people_jobs,
)
from primum.identity.second_person import APPROVAL_LASTS, DELAY

DAY = timedelta(hours=24)
MS = timedelta(milliseconds=1)


def opens(house: House, who: Somebody | str) -> bool:
    from primum.identity import decide

    thing = Thing("study", house.people.controllers()[0].id)
    return decide(house.actor(who), Permission.STUDY_OPEN, thing).allowed


def test_an_administrator_alone_becomes_physician_after_a_day_and_not_before(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    assert proposal.way is Way.DELAY
    assert proposal.effective_at == house.clock.now() + DELAY
    house.clock.advance(DAY - MS)
    assert not opens(house, admin)
    house.clock.advance(MS)
    assert opens(house, admin)


def test_where_somebody_may_approve_no_time_is_enough(house: House) -> None:
    admin, _dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    assert (proposal.way, proposal.effective_at) == (Way.APPROVAL, None)
    house.clock.advance(APPROVAL_LASTS - MS)
    assert not opens(house, admin)
    assert [one.id for one in house.people.proposals()] == [proposal.id]
    house.clock.advance(MS)
    assert house.people.proposals() == []
    assert not opens(house, admin)


def test_a_second_person_puts_it_in_force_at_once(house: House) -> None:
    admin, dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    new = house.join("yann")
    proposal = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN))
    house.people.approve(house.actor(dpo), proposal.id)
    assert opens(house, new)
    assert house.journal.kinds()[-2:] == ["grant:approved", "grant:applied"]
    with pytest.raises(NoSuchProposal):
        house.people.approve(house.actor(dpo), proposal.id)


def test_nobody_approves_what_they_proposed_or_receive(house: House) -> None:
    both = house.join("both", Role.ADMINISTRATOR, Role.DPO)
    other = house.join("other", Role.DPO)
    for beneficiary in (both, other):
        proposal = house.people.propose(house.actor(both), beneficiary.id, Wish(Role.PHYSICIAN))
        if proposal.way is Way.APPROVAL:
            with pytest.raises(NotPermitted) as refusal:
                house.people.approve(house.actor(both), proposal.id)
            assert refusal.value.facts["rule"] == "deny.own-proposal"
        else:
            assert beneficiary is other
            with pytest.raises(NotPermitted):
                house.people.approve(house.actor(other), proposal.id)


def test_approving_asks_for_a_fresh_person_who_may(house: House) -> None:
    admin, dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.SECRETARY))
    with pytest.raises(StepUpNeeded):
        house.people.approve(stale(house.actor(dpo)), proposal.id)
    for role in (Role.TECHNOLOGIST, Role.SECRETARY, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            house.people.approve(house.actor(house.join(f"a-{role}", role)), proposal.id)


def test_a_controllers_doctor_approves_for_that_controller_only(house: House) -> None:
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    house.clock.advance(MS)
    other = house.people.add_controller(house.actor(admin), "Cabinet d'à côté")
    new = house.join("new")
    mine = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN))
    theirs = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN, controller_id=other.id))
    everywhere = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN, Scope.SITE))
    assert [one.way for one in (mine, theirs, everywhere)] == [Way.APPROVAL, Way.DELAY, Way.DELAY]
    house.people.approve(house.actor(doctor), mine.id)


def test_while_there_is_one_controller_its_doctor_decides_for_the_house(house: House) -> None:
    admin, _ = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.DPO))
    assert proposal.way is Way.APPROVAL


def test_removing_the_approvers_does_not_turn_an_approval_into_a_delay(house: House) -> None:
    admin, dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    house.people.close_person(house.actor(admin), dpo.id)
    house.clock.advance(3 * DAY)
    assert not opens(house, admin)


def test_an_accomplice_cannot_be_made_approver_first(house: House) -> None:
    """grant:approve is guarded too: else a puppet dpo would be the second person."""
    admin = house.join("admin", Role.ADMINISTRATOR)
    puppet = house.enrol(house.people.invite(house.actor(admin), full_name="Puppet", login="puppet", wishes=[Role.DPO]))
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    with pytest.raises(NotPermitted):
        house.people.approve(house.actor(puppet), proposal.id)


def test_inviting_and_enrolling_as_the_invited_wins_nothing(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    invitation = house.people.invite(
        house.actor(admin), full_name="Dr Nobody", login="nobody", wishes=[Wish(Role.PHYSICIAN)]
    )
    assert [one.way for one in invitation.proposals] == [Way.DELAY]
    puppet = house.enrol(invitation)
    assert not opens(house, puppet)
    house.clock.advance(DAY)
    assert opens(house, puppet)


def test_nobody_is_approved_before_they_have_enrolled(house: House) -> None:
    """Else whoever holds the link enrols as somebody whom the approver had another person in mind for."""
    admin, dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    invitation = house.people.invite(house.actor(admin), full_name="x", login="x", wishes=[Role.PHYSICIAN])
    with pytest.raises(NotEnrolledYet):
        house.people.approve(house.actor(dpo), invitation.proposals[0].id)
    house.enrol(invitation)
    house.people.approve(house.actor(dpo), invitation.proposals[0].id)


def test_new_factors_for_a_doctor_take_a_second_person(house: House) -> None:
    admin, dpo, doctor = (
        house.join("admin", Role.ADMINISTRATOR),
        house.join("dpo", Role.DPO),
        house.join("doctor", Role.PHYSICIAN),
    )
    with pytest.raises(NoSuchProposal):
        house.people.new_link(house.actor(admin), doctor.id)
    proposal = house.people.propose_new_factors(house.actor(admin), doctor.id)
    with pytest.raises(NotYetEffective):
        house.people.new_link(house.actor(admin), doctor.id)
    house.people.approve(house.actor(dpo), proposal.id)
    house.enrol(house.people.new_link(house.actor(admin), doctor.id))
    with pytest.raises(NoSuchProposal):
        house.people.new_link(house.actor(admin), doctor.id)


def test_new_factors_for_a_doctor_alone_take_a_day_and_the_doctor_may_object(house: House) -> None:
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    proposal = house.people.propose_new_factors(house.actor(admin), doctor.id)
    assert proposal.way is Way.DELAY
    house.people.cancel(stale(house.actor(doctor)), proposal.id)
    house.clock.advance(DAY)
    with pytest.raises(NoSuchProposal):
        house.people.new_link(house.actor(admin), doctor.id)
    house.people.propose_new_factors(house.actor(admin), doctor.id)
    house.clock.advance(DAY)
    house.enrol(house.people.new_link(house.actor(admin), doctor.id))


def test_a_proposal_of_new_factors_goes_stale(house: House) -> None:
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    house.people.propose_new_factors(house.actor(admin), doctor.id)
    house.clock.advance(DAY + APPROVAL_LASTS)
    with pytest.raises(NoSuchProposal):
        house.people.new_link(house.actor(admin), doctor.id)


def test_new_factors_that_were_free_do_not_serve_once_there_is_something_to_guard(house: House) -> None:
    admin, dpo, new = (
        house.join("admin", Role.ADMINISTRATOR),
        house.join("dpo", Role.DPO),
        house.join("new"),
    )
    house.people.propose_new_factors(house.actor(admin), new.id)
    proposal = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN))
    house.people.approve(house.actor(dpo), proposal.id)
    with pytest.raises(NoSuchProposal):
        house.people.new_link(house.actor(admin), new.id)


def test_who_is_given_a_new_link_has_to_be_proposed_again(house: House) -> None:
    admin, dpo, new = (
        house.join("admin", Role.ADMINISTRATOR),
        house.join("dpo", Role.DPO),
        house.join("new"),
    )
    proposal = house.people.propose(house.actor(admin), new.id, Wish(Role.PHYSICIAN))
    house.people.propose_new_factors(house.actor(admin), new.id)
    house.people.new_link(house.actor(admin), new.id)
    with pytest.raises(NoSuchProposal):
        house.people.approve(house.actor(dpo), proposal.id)


def test_the_machines_operator_always_waits_a_day(house: House) -> None:
    me, _dpo = house.first(), house.join("dpo", Role.DPO)
    proposal = house.people.propose_new_factors(None, me.id)
    assert proposal.way is Way.DELAY
    with pytest.raises(NotYetEffective):
        house.people.new_link(None, me.id)
    house.clock.advance(DAY)
    house.sign_in(house.enrol(house.people.new_link(None, me.id)))


def test_anybody_of_the_house_may_stop_a_delay_and_no_referrer_may(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    referrer = house.join("ref", Wish(Role.PHYSICIAN, Scope.REFERRER, referrer_names=("REF^ERRER",)))
    secretary = house.join("sec", Role.SECRETARY)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    with pytest.raises(NotPermitted):
        house.people.cancel(house.actor(referrer), proposal.id)
    house.people.cancel(stale(house.actor(secretary)), proposal.id)
    house.clock.advance(2 * DAY)
    assert not opens(house, admin)
    assert house.journal.kinds()[-1] == "grant:refused"


def test_what_waits_for_approval_is_cancelled_by_those_concerned(house: House) -> None:
    admin, dpo = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    secretary = house.join("sec", Role.SECRETARY)
    proposal = house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    with pytest.raises(NotPermitted):
        house.people.cancel(house.actor(secretary), proposal.id)
    house.people.cancel(house.actor(dpo), proposal.id)


def test_a_wider_grant_is_another_grant(house: House) -> None:
    admin, _ = house.join("admin", Role.ADMINISTRATOR), house.join("dpo", Role.DPO)
    doctor = house.join("doctor", Role.PHYSICIAN)
    for wish in (Wish(Role.PHYSICIAN, Scope.SITE), Wish(Role.PHYSICIAN, confidential=True)):
        assert house.people.propose(house.actor(admin), doctor.id, wish).way is Way.APPROVAL
    with pytest.raises(AlreadyGranted):
        house.people.propose(house.actor(admin), doctor.id, Wish(Role.PHYSICIAN))


@pytest.mark.parametrize(
    "wish",
    [
        Wish(Role.ADMINISTRATOR, Scope.OWN),
        Wish(Role.DPO, Scope.REFERRER, referrer_names=("A^B",)),
        Wish(Role.SECRETARY, Scope.REFERRER, referrer_names=("A^B",)),
        Wish(Role.PHYSICIAN, Scope.REFERRER),
        Wish(Role.PHYSICIAN, Scope.OWN, referrer_names=("A^B",)),
        Wish(Role.PHYSICIAN, Scope.REFERRER, referrer_names=("^^",)),
        Wish(Role.PHYSICIAN, Scope.REFERRER, referrer_names=("x" * 195,)),
        Wish(Role.PHYSICIAN, Scope.REFERRER, referrer_names=tuple(f"A^{one}" for one in range(21))),
        Wish(Role.ADMINISTRATOR, confidential=True),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(house: House, wish: Wish) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    with pytest.raises(BadGrant):
        house.people.propose(house.actor(admin), house.join("new").id, wish)


def test_an_administrator_may_be_made_at_once(house: House) -> None:
    """No guarded permission comes with it."""
    admin, new = house.join("admin", Role.ADMINISTRATOR), house.join("new")
    proposal = house.people.propose(house.actor(admin), new.id, Wish(Role.ADMINISTRATOR))
    assert proposal.way is Way.AT_ONCE
    assert house.actor(new).roles == {Role.ADMINISTRATOR}


def test_the_last_administrator_stays(house: House) -> None:
    me = house.first()
    grant = next(one for one in house.people.grants(me.id) if one.grant.role is Role.ADMINISTRATOR)
    with pytest.raises(LastAdministrator):
        house.people.revoke(house.actor(me), grant.id)
    with pytest.raises(LastAdministrator):
        house.people.close_person(house.actor(me), me.id)


def test_what_somebody_proposed_falls_with_their_right_to_propose(house: House) -> None:
    admin, other = house.join("admin", Role.ADMINISTRATOR), house.join("other", Role.ADMINISTRATOR)
    house.people.propose(house.actor(other), other.id, Wish(Role.PHYSICIAN))
    house.people.revoke(house.actor(admin), house.people.grants(other.id)[0].id)
    house.clock.advance(DAY)
    assert not opens(house, other)


def test_a_doctor_takes_away_only_what_concerns_their_controller(house: House) -> None:
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    house.clock.advance(MS)
    other = house.people.add_controller(house.actor(admin), "Cabinet d'à côté")
    theirs = house.join("theirs", Wish(Role.SECRETARY, controller_id=other.id))
    wide = house.join("wide", Wish(Role.SECRETARY, Scope.SITE))
    mine = house.join("mine", Role.SECRETARY)
    for who in (theirs, wide):
        with pytest.raises(NotPermitted):
            house.people.revoke(house.actor(doctor), house.people.grants(who.id)[0].id)
    house.people.revoke(house.actor(doctor), house.people.grants(mine.id)[0].id)
    assert house.people.grants(mine.id) == []


def test_a_closed_person_holds_nothing_and_signs_in_nowhere(house: House) -> None:
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    session = house.sign_in(doctor)
    house.people.close_person(house.actor(admin), doctor.id)
    with pytest.raises(NoSession):
        house.people.session(session.token)
    assert house.actor(doctor).grants == ()
    with pytest.raises(NoSuchPerson):
        house.people.propose(house.actor(admin), doctor.id, Wish(Role.SECRETARY))
    house.join("doctor", Role.SECRETARY)  # the login is free again


def test_a_closed_persons_link_is_dead(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    invitation = house.people.invite(house.actor(admin), full_name="x", login="x", wishes=[])
    house.people.close_person(house.actor(admin), invitation.person_id)
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(invitation.token, HERE)


def test_everybody_is_shown_who_proposes_what_until_a_week_after(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    (notice,) = house.people.notices()
    assert (notice.proposer, notice.beneficiary) == ("admin", "admin")
    house.clock.advance(DAY + timedelta(days=7) - MS)
    assert len(house.people.notices()) == 1
    house.clock.advance(MS)
    assert house.people.notices() == []


def test_a_delay_that_has_run_out_is_recorded_once(house: House) -> None:
    admin = house.join("admin", Role.ADMINISTRATOR)
    house.people.propose(house.actor(admin), admin.id, Wish(Role.PHYSICIAN))
    assert house.people.announce(house.clock.now()) == 0
    house.clock.advance(3 * DAY)
    assert house.people.announce(house.clock.now()) == 1
    assert house.people.announce(house.clock.now()) == 0
    assert house.journal.last("grant:applied")[2]["reason"] == "delay"


def test_nothing_is_given_without_its_trace(house: House) -> None:
    admin, new = house.join("admin", Role.ADMINISTRATOR), house.join("new")
    house.journal.full = True
    with pytest.raises(JournalFull):
        house.people.propose(house.actor(admin), new.id, Wish(Role.ADMINISTRATOR))
    assert house.people.grants(new.id) == []
    assert house.people.proposals() == []


@pytest.mark.parametrize("nonsense", ["", "grt_x", "\ud800", "x" * 10_000])
def test_an_id_that_never_was_is_nothing(house: House, nonsense: str) -> None:
    admin = house.actor(house.join("admin", Role.ADMINISTRATOR))
    with pytest.raises(NoSuchProposal):
        house.people.cancel(admin, nonsense)
    with pytest.raises(NoSuchProposal):
        house.people.approve(admin, nonsense)
    with pytest.raises(NoSuchGrant):
        house.people.revoke(admin, nonsense)
    with pytest.raises(NoSuchPerson):
        house.people.propose(admin, nonsense, Wish(Role.SECRETARY))


def test_the_notice_is_mailed_once_to_everybody_and_names_nobody(house: House, tmp_path: Path) -> None:
    me = house.first()
    house.people.invite(
        house.actor(me), full_name="Dr Zoé Lefèvre", login="zoe", wishes=[Role.PHYSICIAN], mail="zoe@example.org"
    )
    with SmtpTwin(tmp_path) as twin:
        (job,) = [one for one in people_jobs(house.people, way_to(twin).send) if one.name == "identity.mail-notices"]
        assert [job.sweep(house.clock.now()) for _ in range(2)] == [1, 0]
    (letter,) = twin.letters
    assert letter.addressees == ["jeanne@example.org"]
    for name in ("Zo", "Lef", "Morvan", "jeanne", "physician"):
        assert name not in letter.text


def test_a_server_that_takes_nothing_is_asked_again(house: House, tmp_path: Path) -> None:
    me = house.first()
    house.people.propose(house.actor(me), me.id, Wish(Role.DPO))

    def refuse(*_: object) -> None:
        raise OSError

    job = people_jobs(house.people, refuse)[-1]
    with pytest.raises(OSError, match=r"^$"):
        job.sweep(house.clock.now())
    assert len(house.people.unmailed()) == 1
