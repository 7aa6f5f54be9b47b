from dataclasses import replace
from datetime import timedelta

import pytest

from primum.identity import (
    ANY_STUDY,
    BadToken,
    NoSession,
    NoSuchToken,
    NotPermitted,
    Permission,
    Role,
    Scope,
    StepUpNeeded,
    Thing,
    TooMany,
    Wish,
    decide,
    reaches,
    seeing_rejected,
)

HERE = "192.0.2.7"
DAYS = timedelta(days=30)
LIST, OPEN, IMPORT = Permission.STUDY_LIST, Permission.STUDY_OPEN, Permission.STUDY_IMPORT


@pytest.fixture
def doctor(house):
    return house.join("maël", Wish(Role.PHYSICIAN, Scope.OWN))


def made(house, who, *may, lasts=DAYS):
    return house.people.add_token(house.actor(who), "reconstruction", [one.value for one in may], lasts)


def asks(house, token):
    return house.people.actor(house.people.program(token.secret, HERE))


def study(house, who):
    return Thing("study", house.people.person(who.id).controller_id)


def test_a_token_may_what_it_names_and_its_person_may(house, doctor):
    actor = asks(house, made(house, doctor, LIST, IMPORT))
    mine = study(house, doctor)
    assert decide(actor, IMPORT, mine).rule == "physician.may.study:import"  # without a fresh person
    assert decide(actor, OPEN, mine).rule == "deny.token"
    assert decide(actor, Permission.GRANT_CANCEL, mine).rule == "deny.token"
    assert decide(actor, LIST, Thing("study", "ctl_" + "z" * 26)).rule == "silence"
    assert reaches(actor, LIST)
    assert reaches(actor, OPEN) == ()


def test_what_was_rejected_is_seen_by_a_token_that_names_it_and_by_nobody_s_own_session(house, doctor):
    named = asks(house, made(house, doctor, LIST, Permission.INSTANCE_SEE_REJECTED))
    assert [one.quality for one in seeing_rejected(named, reaches(named, LIST))] == [True]
    for actor in (asks(house, made(house, doctor, LIST)), house.actor(doctor)):
        assert [one.quality for one in seeing_rejected(actor, reaches(actor, LIST))] == [False]


def test_what_a_person_loses_the_token_loses(house, doctor):
    token = made(house, doctor, LIST)
    dpo = house.actor(house.join("dpo", Wish(Role.DPO, Scope.SITE)))
    for held in house.people.grants(doctor.id):
        house.people.revoke(dpo, held.id)
    assert decide(asks(house, token), LIST, ANY_STUDY).rule == "silence"


def test_a_token_ends_with_its_time_its_revocation_and_its_person(house, doctor):
    token = made(house, doctor, LIST)
    revoked = made(house, doctor, LIST)
    house.people.revoke_token(replace(house.actor(doctor), fresh=False), revoked.id)
    assert asks(house, token).person_id == doctor.id
    house.clock.advance(DAYS)
    closed = made(house, doctor, LIST, lasts=timedelta(days=300))
    administrator = house.join("chef", Wish(Role.ADMINISTRATOR, Scope.SITE))
    house.join("chef2", Wish(Role.ADMINISTRATOR, Scope.SITE))
    house.people.close_person(house.actor(administrator), doctor.id)
    for one in (token, revoked, closed):
        with pytest.raises(NoSession):
            house.people.program(one.secret, HERE)


@pytest.mark.parametrize("secret", ["", "ptk_", "ptk_" + "a" * 43, "x" * 10_000, "ptk_é"])
def test_what_is_no_token_opens_nothing(house, doctor, secret):
    made(house, doctor, LIST)
    with pytest.raises(NoSession):
        house.people.program(secret, HERE)


def test_making_one_takes_a_fresh_person(house, doctor):
    with pytest.raises(StepUpNeeded):
        house.people.add_token(replace(house.actor(doctor), fresh=False), "x", [LIST.value], DAYS)
    with pytest.raises(NotPermitted):
        house.people.add_token(house.actor(house.join("dpo", Wish(Role.DPO, Scope.SITE))), "x", [LIST.value], DAYS)


def test_a_token_makes_no_token(house, doctor):
    with pytest.raises(NotPermitted):
        house.people.add_token(asks(house, made(house, doctor, LIST, OPEN, IMPORT)), "x", [LIST.value], DAYS)


@pytest.mark.parametrize(
    ("name", "may", "lasts"),
    [
        ("", ["study:list"], DAYS),
        ("x" * 41, ["study:list"], DAYS),
        ("a\nb", ["study:list"], DAYS),
        ("x", [], DAYS),
        ("x", ["study:erase"], DAYS),
        ("x", ["everything"], DAYS),
        ("x", ["study:list"], timedelta(days=367)),
        ("x", ["study:list"], timedelta(hours=1)),
    ],
)
def test_what_a_token_cannot_be_is_refused(house, doctor, name, may, lasts):
    with pytest.raises(BadToken):
        house.people.add_token(house.actor(doctor), name, may, lasts)


def test_nobody_ends_or_sees_anothers_token_but_who_keeps_the_house(house, doctor):
    token = made(house, doctor, LIST)
    colleague = house.join("yann", Wish(Role.PHYSICIAN, Scope.SITE))
    assert house.people.list_tokens(house.actor(colleague)) == []
    with pytest.raises(NoSuchToken):
        house.people.revoke_token(house.actor(colleague), token.id)
    dpo = house.actor(house.join("dpo", Wish(Role.DPO, Scope.SITE)))
    assert [one.id for one in house.people.list_tokens(dpo)] == [token.id]
    house.people.revoke_token(dpo, token.id)
    with pytest.raises(NoSession):
        house.people.program(token.secret, HERE)


def test_there_is_a_bound_on_live_tokens(house, doctor):
    for _ in range(16):
        last = made(house, doctor, LIST)
    with pytest.raises(TooMany):
        made(house, doctor, LIST)
    house.people.revoke_token(house.actor(doctor), last.id)
    made(house, doctor, LIST)


def test_the_secret_is_kept_nowhere(house, doctor):
    token = made(house, doctor, LIST)
    assert token.secret not in repr(token)
    assert all(one.secret == "" for one in house.people.list_tokens(house.actor(doctor)))
    assert token.secret not in str(house.journal.facts)


def test_its_coming_is_told_once_an_hour(house, doctor):
    token = made(house, doctor, LIST)
    for _ in range(5):
        house.people.program(token.secret, HERE)
    house.clock.advance(timedelta(hours=1))
    house.people.program(token.secret, HERE)
    assert house.journal.kinds().count("token:used") == 2
    assert house.journal.last("token:used") == (doctor.id, token.id, {"address": HERE})
    assert house.journal.last("token:added")[2]["what"] == "list"
