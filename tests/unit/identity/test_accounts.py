"""How accounts stand: who has a second factor, which rights, and who used them when."""

from __future__ import annotations

from datetime import timedelta

from primum.identity import Role
from primum.identity.accounts import accounts
from primum.identity.tables import CREDENTIALS


def standing(house):
    return {one.person_id: one for one in accounts(house.people._engine)}


def test_somebody_enrolled_has_factor_rights_and_a_last_session(house):
    jeanne = house.first()
    before = standing(house)[jeanne.id]
    assert (before.enrolled, before.second_factor, before.last_session_at) == (True, True, None)
    assert "administrator" in before.roles
    session = house.sign_in(jeanne)
    assert standing(house)[jeanne.id].last_session_at == session.opened_at


def test_an_account_whose_factor_is_gone_is_told(house):
    paul = house.join("paul", Role.TECHNOLOGIST)
    with house.people._engine.begin() as tx:
        tx.execute(CREDENTIALS.update().where(CREDENTIALS.c.person_id == paul.id).values(totp_sealed=b""))
    assert not standing(house)[paul.id].second_factor


def test_an_invitation_has_its_end_and_a_closed_account_is_not_listed(house):
    jeanne = house.first()
    by = house.actor(jeanne)
    invitation = house.people.invite(by, full_name="Luc Le Goff", login="luc", wishes=[])
    one = standing(house)[invitation.person_id]
    assert (one.enrolled, one.second_factor, one.roles) == (False, False, ())
    assert one.invitation_until == invitation.expires_at
    house.people.close_person(by, invitation.person_id)
    assert invitation.person_id not in standing(house)


def test_a_right_that_was_taken_back_does_not_count(house):
    jeanne, paul = house.first(), house.join("paul", Role.TECHNOLOGIST)
    house.clock.advance(timedelta(days=1))
    (held,) = house.people.grants(paul.id)
    assert standing(house)[paul.id].roles == ("technologist",)
    house.people.revoke(house.actor(jeanne), held.id)
    assert standing(house)[paul.id].roles == ()
