from __future__ import annotations

from tests.unit.identity.people_kit import House

from primum.identity import Role


def test_the_first_person_is_physician_and_administrator_of_their_own_controller(house: House) -> None:
    first = house.first()
    session = house.sign_in(first)
    actor = house.people.actor(house.people.session(session.token))
    assert actor.roles == {Role.PHYSICIAN, Role.ADMINISTRATOR}
    assert {grant.controller_id for grant in actor.grants} == {house.people.controllers()[0].id}
