from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.identity.people_kit import HERE, PASSWORD, House, JournalFull, stale

from primum.identity import (
    BadPerson,
    EnrolmentNotHere,
    InvitationRefused,
    LoginTaken,
    NoSession,
    NotPermitted,
    PasswordGuessable,
    PasswordTooShort,
    PeopleExist,
    Role,
    Scope,
    SignInRefused,
    State,
    StepUpNeeded,
    WrongCode,
)


def first(house: House, login: str = "jeanne") -> str:
    return house.people.invite_first(full_name="Jeanne Morvan", login=login, controller_name="Cabinet Morvan").token


def test_a_link_is_good_once(house: House) -> None:
    token = first(house)
    secret = bytes.fromhex("00" * 20)
    with pytest.raises(WrongCode):
        house.people.enrol_finish(token, PASSWORD, house.code(secret), HERE)
    invitation = house.people.invite_first(full_name="J", login="jeanne", controller_name="C")
    house.enrol(invitation)
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(invitation.token, HERE)
    with pytest.raises(InvitationRefused):
        house.people.enrol_finish(invitation.token, PASSWORD, "000000", HERE)


def test_a_link_dies_after_fifteen_minutes(house: House) -> None:
    token = first(house)
    house.clock.advance(timedelta(minutes=14, seconds=59))
    house.people.enrol_begin(token, HERE)
    house.clock.advance(timedelta(seconds=1))
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(token, HERE)


def test_a_link_dies_after_ten_wrong_codes(house: House) -> None:
    token = first(house)
    for _ in range(10):
        with pytest.raises(WrongCode):
            house.people.enrol_finish(token, PASSWORD, "no", HERE)
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(token, HERE)


def test_a_new_link_kills_the_one_before(house: House) -> None:
    old, new = first(house), first(house)
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(old, HERE)
    house.people.enrol_begin(new, HERE)


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "localhost", "", "10.0.0.1"])
def test_the_first_link_opens_on_this_machine_only(house: House, address: str) -> None:
    token = first(house)
    with pytest.raises(EnrolmentNotHere):
        house.people.enrol_begin(token, address)
    with pytest.raises(EnrolmentNotHere):
        house.people.enrol_finish(token, PASSWORD, "000000", address)
    house.people.enrol_begin(token, "::1")


def test_the_page_may_be_loaded_twice_and_shows_the_same_secret(house: House) -> None:
    token = first(house)
    assert house.people.enrol_begin(token, HERE) == house.people.enrol_begin(token, HERE)


def test_a_bad_password_is_said_before_the_link_is_used(house: House) -> None:
    invitation = house.people.invite_first(full_name="Jeanne Morvan", login="jeanne", controller_name="Cabinet")
    for password, refusal in (("court", PasswordTooShort), ("jeanne.morvan1975", PasswordGuessable)):
        with pytest.raises(refusal):
            house.enrol(invitation, password)
    house.enrol(invitation)


def test_the_first_link_can_be_made_again_until_somebody_enrolled(house: House) -> None:
    first(house, "jaenne")
    second = house.people.invite_first(full_name="Jeanne Morvan", login="jeanne", controller_name="Cabinet Morvan")
    assert [one.name for one in house.people.controllers()] == ["Cabinet Morvan"]
    assert house.people.person(second.person_id).state is State.INVITED
    house.enrol(second)
    with pytest.raises(PeopleExist):
        first(house, "intruder")


def test_the_first_person_is_physician_and_administrator_of_their_own_controller(house: House) -> None:
    me = house.first()
    actor = house.actor(me)
    (controller,) = house.people.controllers()
    assert {(one.role, one.scope, one.confidential) for one in actor.grants} == {
        (Role.PHYSICIAN, Scope.OWN, True),
        (Role.ADMINISTRATOR, Scope.SITE, False),
    }
    assert {one.controller_id for one in actor.grants} == {controller.id}


def test_nothing_is_enrolled_without_its_trace(house: House) -> None:
    invitation = house.people.invite_first(full_name="J", login="jeanne", controller_name="C")
    house.journal.full = True
    with pytest.raises(JournalFull):
        house.enrol(invitation)
    house.journal.full = False
    assert not house.people.anybody_enrolled()
    house.enrol(invitation)


@pytest.mark.parametrize("token", ["", "x" * 100_000, "\ud800", "a b"])
def test_a_token_that_never_was_opens_nothing(house: House, token: str) -> None:
    with pytest.raises(InvitationRefused):
        house.people.enrol_begin(token, HERE)
    with pytest.raises(InvitationRefused):
        house.people.enrol_finish(token, PASSWORD, "000000", HERE)


@pytest.mark.parametrize("login", ["", " ", "a b", "x" * 65, "a/b", "\ud800", "jean\x00"])
def test_a_login_that_cannot_be_is_refused(house: House, login: str) -> None:
    with pytest.raises(BadPerson):
        first(house, login)
    assert house.people.controllers() == []


def test_a_login_is_one_whatever_its_case(house: House) -> None:
    me = house.first()
    with pytest.raises(LoginTaken):
        house.people.invite(house.actor(me), full_name="x", login="JEANNE ", wishes=[Role.SECRETARY])
    assert house.people.person("Jeanne").id == me.id


def test_inviting_asks_for_a_fresh_administrator(house: House) -> None:
    me = house.first()
    with pytest.raises(StepUpNeeded):
        house.people.invite(stale(house.actor(me)), full_name="x", login="x", wishes=[])
    doctor = house.join("paul", Role.PHYSICIAN)
    with pytest.raises(NotPermitted):
        house.people.invite(house.actor(doctor), full_name="x", login="x", wishes=[])


def test_a_fresh_person_makes_a_link_for_a_new_telephone(house: House) -> None:
    me = house.first()
    session = house.sign_in(me)
    with pytest.raises(StepUpNeeded):
        house.people.own_link(session.token)
    house.clock.advance(timedelta(seconds=30))
    house.people.step_up(session.token, me.password, house.code(me.secret), HERE)
    new = house.enrol(house.people.own_link(session.token), "bouilloire narquoise sous la pluie")
    with pytest.raises(NoSession):
        house.people.session(session.token)
    with pytest.raises(SignInRefused):
        house.sign_in(me)
    house.sign_in(new)
    assert house.people.recovery_codes_left(me.id) == 10


def test_recovery_codes_are_renewed_by_a_fresh_person(house: House) -> None:
    me = house.first()
    session = house.sign_in(me)
    with pytest.raises(StepUpNeeded):
        house.people.renew_recovery_codes(session.token)
    house.people.step_up(session.token, me.password, me.codes[3], HERE)
    codes = house.people.renew_recovery_codes(session.token)
    assert len(set(codes)) == 10
    with pytest.raises(SignInRefused):
        house.people.sign_in(me.login, me.password, me.codes[4], HERE)
    house.people.sign_in(me.login, me.password, codes[0], HERE)
