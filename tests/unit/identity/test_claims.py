"""Who uses a device: a program token with a name, or a JSON Web Token; what it opens, and when it opens nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.identity.devices_home import PER, make_house
from tests.unit.identity.test_json_tokens import ED, pem, signed

from primum.identity import IdentityRefused, Permission, Role, Scope, Service, Throttled, Wish
from primum.identity.claims import NEEDS, Shown
from primum.identity.device_model import LIMITS, IdentityNeedsTls, NoSuchIdentityKey, TooManyIdentityKeys
from primum.identity.identity_keys import PublicKeyFile
from primum.identity.json_tokens import read_keys
from primum.identity.permissions import TOKEN_MAY

HERE = "192.0.2.7"
EVERYTHING = frozenset(Service)
ALL = frozenset(NEEDS)


@pytest.fixture
def doctor(house):
    return house.join("mael", Wish(Role.PHYSICIAN, Scope.OWN))


@pytest.fixture
def practice(house, doctor, tmp_path):
    """The house of devices beside the house of people, by one clock."""
    (tmp_path / "devices").mkdir()
    practice = make_house(tmp_path / "devices")
    practice.clock.advance(house.clock.now() - practice.clock.now())
    controller = house.people.person(doctor.id).controller_id
    practice.devices.add(PER, "viewer", "VIEWER", EVERYTHING, controller, identity_required=True)
    practice.viewer = practice.devices.find("viewer")
    practice.keys = practice.devices.identity_keys
    yield practice
    practice.engine.dispose()


def token_of(house, who, *may, lasts=timedelta(days=30)):
    return house.people.add_token(house.actor(who), "lecture", [one.value for one in may or TOKEN_MAY], lasts)


def claim(house, practice, secret, name="mael", **changes):
    shown = Shown(name, secret.encode(), json_token=False, address=HERE)
    return house.people.claim(replace(practice.viewer, **changes), shown, practice.keys, {"PRIMUM"})


def json_claim(house, practice, token):
    shown = Shown("", token, json_token=True, address=HERE)
    return house.people.claim(practice.viewer, shown, practice.keys, {"PRIMUM"})


def fresh(house, **changes):
    return signed(**({"exp": int((house.clock.now() + timedelta(minutes=5)).timestamp())} | changes))


@pytest.mark.parametrize("name", ["mael", " MAEL ", "lecture"])
def test_a_program_token_with_its_persons_or_its_own_name_opens_what_both_may(house, practice, doctor, name):
    token = token_of(house, doctor)
    found = claim(house, practice, token.secret, name)
    assert (found.person_id, found.id, found.may) == (doctor.id, token.id, ALL)
    assert house.journal.last("token:used") == (doctor.id, token.id, {"address": HERE})


@settings(max_examples=25)
@given(
    device=st.frozensets(st.sampled_from(sorted(Service))),
    token=st.frozensets(st.sampled_from(sorted(TOKEN_MAY)), min_size=1),
)
def test_an_association_never_may_more_than_its_device_nor_than_its_token(device, token):
    """For every device and token: the services are the device's, and each has its permission in the token."""
    allowed = {one for one in device & ALL if NEEDS[one] in token}
    house, practice, doctor = _HELD
    secret = token_of(house, doctor, *token)
    try:
        assert claim(house, practice, secret.secret, may=device).may == allowed
    finally:
        house.people.revoke_token(house.actor(doctor), secret.id)


_HELD = []


@pytest.fixture(autouse=True)
def held(house, practice, doctor):
    _HELD[:] = [house, practice, doctor]


@pytest.mark.parametrize("name", ["", "somebody", "mael2", "lectur", "é" * 300])
def test_another_name_is_refused_with_the_right_token(house, practice, doctor, name):
    with pytest.raises(IdentityRefused):
        claim(house, practice, token_of(house, doctor).secret, name)


def test_a_token_that_is_over_opens_nothing(house, practice, doctor):
    revoked, ended = token_of(house, doctor), token_of(house, doctor, lasts=timedelta(days=1))
    opened = claim(house, practice, ended.secret)
    house.people.revoke_token(house.actor(doctor), revoked.id)
    house.clock.advance(timedelta(days=2))
    for one in (revoked.secret, ended.secret, "ptk_", "", "ptk_" + "a" * 43, "x" * 5_000):
        with pytest.raises(IdentityRefused):
            claim(house, practice, one)
        house.people.forgive(practice.viewer.id)
    with pytest.raises(IdentityRefused):
        house.people.still(practice.viewer, opened, practice.keys)


def test_who_has_no_right_on_the_devices_controller_may_nothing(house, practice):
    other = house.people.make_controller("Ailleurs").id
    theirs = house.people.make_person(
        full_name="Yann", login="yann", controller_id=other, wishes=[Wish(Role.PHYSICIAN, Scope.OWN)]
    ).person
    elsewhere = house.people.add_token(house.actor(theirs.id), "x", ["study:list"], timedelta(days=30))
    assert claim(house, practice, elsewhere.secret, "yann").may == frozenset()


def test_what_a_person_loses_meanwhile_the_association_loses(house, practice, doctor):
    token = token_of(house, doctor)
    opened = claim(house, practice, token.secret)
    assert house.people.still(practice.viewer, opened, practice.keys) == opened
    dpo = house.actor(house.join("dpo", Wish(Role.DPO, Scope.SITE)))
    for held in house.people.grants(doctor.id):
        house.people.revoke(dpo, held.id)
    assert house.people.still(practice.viewer, opened, practice.keys).may == frozenset()
    house.people.revoke_token(dpo, token.id)
    with pytest.raises(IdentityRefused):
        house.people.still(practice.viewer, opened, practice.keys)


def test_wrong_claims_are_waited_for_and_right_ones_forgiven(house, practice, doctor):
    token = token_of(house, doctor)
    for _ in range(4):
        with pytest.raises(IdentityRefused):
            claim(house, practice, "ptk_" + "b" * 43)
    claim(house, practice, token.secret)
    for _ in range(5):
        with pytest.raises(IdentityRefused):
            claim(house, practice, "ptk_" + "b" * 43)
    with pytest.raises(Throttled):
        claim(house, practice, token.secret)
    house.clock.advance(timedelta(seconds=90))
    assert claim(house, practice, token.secret).may == ALL


def test_the_keeper_of_the_house_ends_the_wait(house, practice, doctor):
    token = token_of(house, doctor)
    for _ in range(5):
        with pytest.raises(IdentityRefused):
            claim(house, practice, "x")
    house.people.forgive(practice.viewer.id)
    assert claim(house, practice, token.secret)


def test_a_json_token_opens_once_what_a_program_of_its_person_may(house, practice, doctor):
    practice.keys.add(PER, practice.viewer, read_keys(pem(ED)))
    token = fresh(house)
    found = json_claim(house, practice, token)
    [key] = practice.keys.of(practice.viewer.id)
    assert (found.person_id, found.id, found.may) == (doctor.id, key.id, ALL)
    with pytest.raises(IdentityRefused):
        json_claim(house, practice, token)
    practice.keys.drop(PER, practice.viewer, key.id)
    with pytest.raises(IdentityRefused):
        house.people.still(practice.viewer, found, practice.keys)
    with pytest.raises(IdentityRefused):
        json_claim(house, practice, fresh(house, jti="two"))


def test_a_used_json_token_is_remembered_for_as_long_as_it_could_be_shown(house, practice, doctor):
    practice.keys.add(PER, practice.viewer, read_keys(pem(ED)))
    token = fresh(house)
    json_claim(house, practice, token)
    for _ in range(4):
        house.clock.advance(timedelta(minutes=2))
        practice.clock.advance(timedelta(minutes=2))
        with pytest.raises(IdentityRefused):
            json_claim(house, practice, token)
    house.people.forgive(practice.viewer.id)
    with pytest.raises(IdentityRefused):
        json_claim(house, practice, fresh(house, sub="nobody", jti="two"))


def test_a_json_token_for_one_device_opens_no_other(house, practice, doctor):
    practice.devices.add(PER, "other", "OTHER", {"find"}, practice.viewer.controller_id)
    practice.keys.add(PER, practice.devices.find("other"), read_keys(pem(ED)))
    with pytest.raises(IdentityRefused):
        json_claim(house, practice, fresh(house))


def test_keys_are_kept_told_and_bounded(practice):
    viewer = practice.viewer
    practice.keys.add(PER, viewer, read_keys(pem(ED)))
    practice.keys.add(PER, viewer, read_keys(pem(ED)))
    [key] = practice.keys.of(viewer.id)
    told = [fact[3] for fact in practice.ledger.facts if fact[0] == "device:changed"]
    assert [one["what"] for one in told] == ["identity-key-added"]
    with pytest.raises(TooManyIdentityKeys):
        practice.keys.add(PER, viewer, [PublicKeyFile("EdDSA", "", bytes([at])) for at in range(LIMITS.identity_keys)])
    with pytest.raises(NoSuchIdentityKey):
        practice.keys.drop(PER, practice.viewer, "dik_none")
    practice.keys.drop(PER, viewer, key.id)
    assert practice.keys.of(viewer.id) == []


def test_a_device_without_tls_is_not_asked_who_uses_it(practice):
    with pytest.raises(IdentityNeedsTls):
        practice.devices.add(PER, "old", "OLD", {"store"}, practice.viewer.controller_id, plain_address="127.0.0.1",
                             identity_required=True)  # fmt: skip
    practice.devices.add(PER, "old", "OLD", {"store"}, practice.viewer.controller_id, plain_address="127.0.0.1")
    with pytest.raises(IdentityNeedsTls):
        practice.devices.require_identity(PER, "old", required=True)


def test_the_door_learns_at_once_whether_it_is_asked(practice):
    [certificate] = practice.viewer.certificates
    directory = practice.directory()
    assert directory.admit(certificate.fingerprint, "127.0.0.1", "VIEWER").identity_required
    practice.devices.require_identity(PER, "viewer", required=False)
    assert not directory.admit(certificate.fingerprint, "127.0.0.1", "VIEWER").identity_required
    assert practice.ledger.facts[-1][3]["what"] == "identity-optional"
    directory.close()


def test_no_secret_is_in_what_is_shown_or_kept(house, practice, doctor):
    token = token_of(house, doctor)
    claim(house, practice, token.secret)
    shown = Shown("mael", token.secret.encode(), json_token=False, address=HERE)
    assert token.secret not in repr(shown)
    assert token.secret not in str(house.journal.facts)


def test_every_service_that_an_association_asks_has_its_permission():
    """The two that are not asked by one: to be sent to, and HL7."""
    assert {Service.RECEIVE, Service.ORDERS} == EVERYTHING - ALL
    assert set(NEEDS.values()) == TOKEN_MAY
    assert Permission.STUDY_ERASE not in TOKEN_MAY
