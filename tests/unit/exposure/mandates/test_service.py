from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network

import pytest
from tests.mandated import KEY
from tests.unit.exposure import kit

from primum.exposure.mandates import BadWish, MandateNotSigned, MandateWithdrawn, NoSuchMandate, Wish, service, verified
from primum.exposure.mandates.errors import TooManyMandates
from primum.exposure.mandates.service import Mandates, spoken_for
from primum.identity import NotPermitted, Role, StepUpNeeded

WISH = Wish(
    networks=(ip_network("192.168.1.0/24"),), ports=((104, 104),), given_by="Dr Martin", quality="controller",
    reason="yearly", language="en",
)  # fmt: skip
DOCTOR, ADMINISTRATOR = kit.actor(Role.PHYSICIAN), kit.actor(Role.ADMINISTRATOR)


@pytest.fixture
def told() -> kit.Told:
    return kit.Told()


@pytest.fixture
def clock():
    return kit.clock()


@pytest.fixture
def mandates(tmp_path, told, clock) -> Mandates:
    return Mandates(kit.records(tmp_path), clock, told, KEY, bytes(32))


def test_a_mandate_is_kept_signed_and_journaled_without_a_name(mandates, told):
    given = mandates.give(DOCTOR, WISH)
    assert verified(mandates.note(DOCTOR, given.id), keys=[KEY.verifier_key]) == given
    (kind, by, subject, details) = told.facts[0]
    assert (kind, by, subject) == ("mandate:given", DOCTOR.person_id, given.id)
    assert "Martin" not in str(details)
    assert "192.168" not in str(details)


def test_a_probe_may_go_by_it_until_it_ends_or_is_withdrawn(mandates, clock, told):
    one, other = mandates.give(DOCTOR, WISH), mandates.give(DOCTOR, WISH)
    assert {found.id for found in mandates.in_force(clock.now())} == {one.id, other.id}
    mandates.withdraw(DOCTOR, one.id)
    assert [found.id for found in mandates.in_force(clock.now())] == [other.id]
    assert mandates.in_force(clock.now() + timedelta(days=90)) == []
    assert told.kinds()[-1] == "mandate:withdrawn"


def test_what_is_withdrawn_is_handed_out_no_more(mandates):
    given = mandates.give(DOCTOR, WISH)
    mandates.withdraw(DOCTOR, given.id)
    for again in (mandates.note, mandates.withdraw, lambda by, one: mandates.token(by, one, "token")):
        with pytest.raises(MandateWithdrawn):
            again(DOCTOR, given.id)


def test_who_gives_is_asked_again_who_they_are_and_who_withdraws_is_not(mandates):
    """Giving opens something; taking back has to be quick."""
    with pytest.raises(StepUpNeeded):
        mandates.give(replace(DOCTOR, fresh=False), WISH)
    given = mandates.give(DOCTOR, WISH)
    with pytest.raises(StepUpNeeded):
        mandates.token(replace(DOCTOR, fresh=False), given.id, "token")
    mandates.withdraw(replace(DOCTOR, fresh=False), given.id)


@pytest.mark.parametrize("role", [Role.TECHNOLOGIST, Role.SECRETARY, Role.DPO])
def test_others_do_not_give(mandates, role):
    with pytest.raises(NotPermitted):
        mandates.give(kit.actor(role), WISH)


def test_an_administrator_names_the_controller_who_allows(mandates):
    with pytest.raises(BadWish):
        mandates.give(ADMINISTRATOR, spoken_for(WISH, by="", full_name="Ada Admin"))
    given = mandates.give(ADMINISTRATOR, spoken_for(WISH, by="Dr Martin", full_name="Ada Admin"))
    assert (given.given_by, given.recorded_by) == ("Dr Martin", "Ada Admin")


def test_a_row_that_was_changed_past_us_is_not_acted_on(mandates, clock, tmp_path):
    mandates.give(DOCTOR, WISH)
    with kit.records(tmp_path).begin() as tx:
        tx.exec_driver_sql("UPDATE mandates SET note = replace(note, '192.168.1.0/24', '192.168.2.0/24')")
    with pytest.raises(MandateNotSigned):
        mandates.in_force(clock.now())


def test_tokens_are_of_one_mandate_and_journaled(mandates, told):
    one, other = mandates.give(DOCTOR, WISH), mandates.give(DOCTOR, WISH)
    assert mandates.token(DOCTOR, one.id, "token") == mandates.token(DOCTOR, one.id, "page")
    assert mandates.token(DOCTOR, one.id, "token").secret != mandates.token(DOCTOR, other.id, "token").secret
    taken = [details["what"] for kind, _, _, details in told.facts if kind == "mandate:token:taken"]
    assert taken == ["token", "page", "token", "token"]


def test_there_are_only_so_many_in_force(mandates, monkeypatch):
    monkeypatch.setattr(service, "MOST", 3)
    for _ in range(3):
        mandates.give(DOCTOR, WISH)
    with pytest.raises(TooManyMandates):
        mandates.give(DOCTOR, WISH)


def test_there_is_no_other(mandates):
    with pytest.raises(NoSuchMandate):
        mandates.one(DOCTOR, "mdt_" + "a" * 26)
