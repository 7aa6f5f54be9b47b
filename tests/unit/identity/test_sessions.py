from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from tests.unit.identity.people_kit import HERE, PASSWORD, House, JournalFull, Somebody

from primum.identity import (
    Hasher,
    NoSession,
    PasswordGuessable,
    Permission,
    Role,
    SessionLocked,
    SignInRefused,
    StepUpNeeded,
    Throttled,
    require,
)

OTHER = "bouilloire narquoise sous la pluie"


@pytest.fixture
def doctor(house: House) -> Somebody:
    return house.join("marie", Role.PHYSICIAN)


def fail(house: House, who: Somebody, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            house.people.sign_in(who.login, OTHER, house.code(who.secret), HERE)


def test_password_and_code_open_a_session_that_knows_its_person(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    assert house.people.session(session.token).person_id == doctor.id
    assert len(session.token) == 43
    assert house.people.session(session.token).token == ""


def test_the_database_never_holds_the_token(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    with house.people._reading() as tx:
        rows = tx.exec_driver_sql("SELECT * FROM sessions").fetchall()
    assert session.token not in str(rows)
    assert hashlib.sha256(session.token.encode()).hexdigest() in str(rows)


def test_every_cause_of_refusal_gets_the_same_sentence(house: House, doctor: Somebody) -> None:
    invited = house.people.make_person(
        full_name="x", login="closed", controller_id=house.people.controllers()[0].id, wishes=[]
    )
    house.join("admin", Role.ADMINISTRATOR)
    house.people.close_person(house.actor(house.people.person("admin").id), invited.person.id)
    code = house.code(doctor.secret)
    tries = [
        (doctor.login, OTHER, code),
        (doctor.login, doctor.password, "000000" if code != "000000" else "111111"),
        ("nobody", doctor.password, code),
        ("closed", invited.password, code),
        ("x" * 5000, "y" * 5000, "z" * 5000),
        ("\ud800", "\ud800", "\ud800"),
    ]
    said = set()
    for login, password, given in tries:
        with pytest.raises(SignInRefused) as refusal:
            house.people.sign_in(login, password, given, HERE)
        said.add((str(refusal.value), refusal.value.way_out(), str(refusal.value.facts)))
    assert len(said) == 1


def test_an_unknown_login_costs_the_same_hash(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Counter[str]()
    known = house.join("known", Role.SECRETARY)
    argon2 = house.people._hasher._argon2
    verify = type(argon2).verify
    monkeypatch.setattr(type(argon2), "verify", lambda *given: (work.update("v"), verify(*given))[1])
    for login in (known.login, "nobody"):
        with pytest.raises(SignInRefused):
            house.people.sign_in(login, OTHER, "000000", HERE)
    assert work["v"] == 2


def test_what_a_stranger_typed_is_not_recorded(house: House) -> None:
    with pytest.raises(SignInRefused):
        house.people.sign_in("my secret password", OTHER, "000000", "192.0.2.7")
    assert house.journal.last("person:session:refused") == (
        "stranger", "", {"reason": "password", "address": "192.0.2.7"},
    )  # fmt: skip
    assert "secret" not in str(house.journal.facts)


def test_a_code_is_good_once(house: House, doctor: Somebody) -> None:
    house.clock.advance(timedelta(seconds=30))
    code = house.code(doctor.secret)
    house.people.sign_in(doctor.login, doctor.password, code, HERE)
    with pytest.raises(SignInRefused):
        house.people.sign_in(doctor.login, doctor.password, code, HERE)
    assert house.journal.last("person:session:refused")[2]["reason"] == "code"


def test_a_code_is_good_once_however_fast_it_is_given_again(house: House, doctor: Somebody) -> None:
    house.clock.advance(timedelta(seconds=30))
    code, opened = house.code(doctor.secret), []

    def enter() -> None:
        with contextlib.suppress(SignInRefused):
            opened.append(house.people.sign_in(doctor.login, doctor.password, code, HERE))

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(opened) == 1


def test_parallel_tries_do_not_slip_past_the_throttle(house: House, doctor: Somebody) -> None:
    heard = Counter[str]()

    def guess() -> None:
        try:
            house.people.sign_in(doctor.login, OTHER, "000000", HERE)
        except SignInRefused:
            heard["judged"] += 1
        except Throttled:
            heard["throttled"] += 1

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert heard == {"judged": 5, "throttled": 7}


def test_after_five_failures_even_the_right_password_waits(house: House, doctor: Somebody) -> None:
    fail(house, doctor, 5)
    with pytest.raises(Throttled) as refusal:
        house.sign_in(doctor)
    assert refusal.value.facts == {"retry_at": "2026-11-23T08:01:30.000Z"}
    house.clock.advance(timedelta(seconds=90))
    house.sign_in(doctor)


def test_a_flood_of_tries_is_one_line_of_the_journal(house: House, doctor: Somebody) -> None:
    fail(house, doctor, 5)
    before = len(house.journal.facts)
    for _ in range(50):
        with pytest.raises(Throttled):
            house.people.sign_in(doctor.login, OTHER, "000000", "192.0.2.7")
    assert house.journal.facts[before:] == [
        ("person:session:refused", doctor.id, "", {"reason": "throttled", "address": "192.0.2.7"})
    ]


def test_the_tenth_failure_locks_for_a_day_and_then_one_try_a_day_is_heard(house: House, doctor: Somebody) -> None:
    fail(house, doctor, 5)
    for wait in (90, 180, 360, 720, 1440):
        house.clock.advance(timedelta(seconds=wait))
        fail(house, doctor)
    house.clock.advance(timedelta(hours=23, minutes=59))
    with pytest.raises(Throttled):
        house.sign_in(doctor)
    house.clock.advance(timedelta(minutes=1))
    fail(house, doctor)
    house.clock.advance(timedelta(hours=23))
    with pytest.raises(Throttled):
        house.sign_in(doctor)
    house.clock.advance(timedelta(hours=1))
    house.sign_in(doctor)


def test_a_login_that_nobody_has_is_throttled_like_one_that_somebody_has(house: House) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            house.people.sign_in("nobody", OTHER, "000000", HERE)
    with pytest.raises(Throttled):
        house.people.sign_in("nobody", OTHER, "000000", HERE)


def test_a_recovery_code_with_the_right_password_opens_a_locked_account(house: House, doctor: Somebody) -> None:
    fail(house, doctor, 5)
    session = house.people.sign_in(doctor.login, doctor.password, doctor.codes[0].upper(), HERE)
    assert house.people.session(session.token)
    assert house.people.recovery_codes_left(doctor.id) == 9
    house.sign_in(doctor)


def test_under_a_lock_a_recovery_code_is_burnt_right_or_wrong(house: House, doctor: Somebody) -> None:
    fail(house, doctor, 5)
    with pytest.raises(SignInRefused):
        house.people.sign_in(doctor.login, OTHER, doctor.codes[0], HERE)
    with pytest.raises(Throttled):
        house.people.sign_in(doctor.login, doctor.password, doctor.codes[0], HERE)


def test_a_recovery_code_is_good_once_and_only_for_its_person(house: House, doctor: Somebody) -> None:
    other = house.join("paul", Role.PHYSICIAN)
    with pytest.raises(SignInRefused):
        house.people.sign_in(other.login, other.password, doctor.codes[0], HERE)
    house.people.sign_in(doctor.login, doctor.password, doctor.codes[0], HERE)
    with pytest.raises(SignInRefused):
        house.people.sign_in(doctor.login, doctor.password, doctor.codes[0], HERE)


def test_codes_are_throttled_apart_from_the_password(house: House, doctor: Somebody) -> None:
    """Unlocking with the password alone clears its count; it buys no codes."""
    session = house.sign_in(doctor)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            house.people.step_up(session.token, doctor.password, "000000", HERE)
        house.people.unlock(session.token, doctor.password, HERE)
    house.clock.advance(timedelta(seconds=30))
    with pytest.raises(SignInRefused):
        house.people.step_up(session.token, doctor.password, house.code(doctor.secret), HERE)
    house.clock.advance(timedelta(seconds=90))
    house.people.step_up(session.token, doctor.password, house.code(doctor.secret), HERE)


def test_without_its_trace_no_session_opens(house: House, doctor: Somebody) -> None:
    house.clock.advance(timedelta(seconds=30))
    house.journal.full = True
    with pytest.raises(JournalFull):
        house.people.sign_in(doctor.login, doctor.password, house.code(doctor.secret), HERE)
    with house.people._reading() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM sessions").scalar() == 0


def test_an_idle_session_locks_and_says_so_once(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    house.clock.advance(timedelta(minutes=15))
    for _ in range(2):
        with pytest.raises(SessionLocked):
            house.people.session(session.token)
    assert house.journal.kinds().count("person:session:locked") == 1
    house.people.unlock(session.token, doctor.password, HERE)
    assert house.people.session(session.token)


def test_a_glance_at_a_session_does_not_keep_it_open(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    house.clock.advance(timedelta(minutes=10))
    assert house.people.glance(session.token).id == session.id
    house.clock.advance(timedelta(minutes=5))
    for look in (house.people.glance, house.people.session, house.people.glance):
        with pytest.raises(SessionLocked):
            look(session.token)
    house.people.sign_out(session.token)
    with pytest.raises(NoSession):
        house.people.glance(session.token)


def test_a_session_in_use_does_not_lock(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    for _ in range(40):
        house.clock.advance(timedelta(minutes=10))
        house.people.session(session.token)


def test_a_session_ends_after_twelve_hours_whatever_happens(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    for _ in range(71):
        house.clock.advance(timedelta(minutes=10))
        house.people.session(session.token)
    house.clock.advance(timedelta(minutes=10))
    for refused in (house.people.session, house.people.lock, house.people.sign_out):
        with pytest.raises(NoSession):
            refused(session.token)
    with pytest.raises(NoSession):
        house.people.unlock(session.token, doctor.password, HERE)


def test_unlocking_needs_the_password_and_is_throttled(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    house.people.lock(session.token)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            house.people.unlock(session.token, OTHER, HERE)
    with pytest.raises(Throttled):
        house.people.unlock(session.token, doctor.password, HERE)
    with pytest.raises(SessionLocked):
        house.people.session(session.token)


def test_a_session_that_was_signed_out_is_gone(house: House, doctor: Somebody) -> None:
    session = house.sign_in(doctor)
    house.people.lock(session.token)
    house.people.sign_out(session.token)
    with pytest.raises(NoSession):
        house.people.session(session.token)
    assert house.journal.kinds()[-1] == "person:session:closed"


@pytest.mark.parametrize("token", ["", "x", "x" * 100_000, "\ud800", "é" * 43])
def test_a_token_that_never_was_is_no_session(house: House, token: str) -> None:
    with pytest.raises(NoSession):
        house.people.session(token)


def test_stepping_up_lasts_five_minutes_and_not_past_a_lock(house: House, doctor: Somebody) -> None:
    def fresh(token: str) -> bool:
        return house.people.actor(house.people.session(token)).fresh

    session = house.sign_in(doctor)
    assert not fresh(session.token)
    house.clock.advance(timedelta(seconds=30))
    house.people.step_up(session.token, doctor.password, house.code(doctor.secret), HERE)
    assert fresh(session.token)
    house.clock.advance(timedelta(minutes=5))
    assert not fresh(session.token)
    house.people.step_up(session.token, doctor.password, house.code(doctor.secret), HERE)
    house.people.lock(session.token)
    house.people.unlock(session.token, doctor.password, HERE)
    assert not fresh(session.token)


def test_a_terminal_is_fresh_at_sign_in(house: House, doctor: Somebody) -> None:
    house.clock.advance(timedelta(seconds=30))
    session = house.people.sign_in(doctor.login, doctor.password, house.code(doctor.secret), HERE, "terminal")
    require(house.people.actor(session), Permission.STUDY_IMPORT, house.people.house())
    with pytest.raises(StepUpNeeded):
        require(house.people.actor(house.sign_in(doctor)), Permission.STUDY_IMPORT, house.people.house())


def test_a_right_withdrawn_is_gone_at_the_next_request(house: House, doctor: Somebody) -> None:
    house.join("admin", Role.ADMINISTRATOR)
    session = house.sign_in(doctor)
    assert house.people.actor(session).roles == {Role.PHYSICIAN}
    grant = house.people.grants(doctor.id)[0]
    house.people.revoke(house.actor(house.people.person("admin").id), grant.id)
    assert house.people.actor(house.people.session(session.token)).roles == set()


def test_changing_the_password_ends_the_other_sessions(house: House, doctor: Somebody) -> None:
    here, elsewhere = house.sign_in(doctor), house.sign_in(doctor)
    with pytest.raises(PasswordGuessable):
        house.people.change_password(here.token, doctor.password, "motdepasse2026!", HERE)
    with pytest.raises(SignInRefused):
        house.people.change_password(here.token, OTHER, PASSWORD, HERE)
    house.people.change_password(here.token, doctor.password, PASSWORD, HERE)
    assert house.people.session(here.token)
    with pytest.raises(NoSession):
        house.people.session(elsewhere.token)
    doctor.password = PASSWORD
    house.sign_in(doctor)


def test_a_ninth_session_ends_the_oldest(house: House, doctor: Somebody) -> None:
    sessions = [house.sign_in(doctor) for _ in range(9)]
    with pytest.raises(NoSession):
        house.people.session(sessions[0].token)
    for one in sessions[1:]:
        house.people.session(one.token)


def test_the_sweep_records_locks_and_ends_though_nobody_came_back(house: House, doctor: Somebody) -> None:
    house.sign_in(doctor)
    house.clock.advance(timedelta(minutes=20))
    assert house.people.sweep_sessions(house.clock.now()) == 1
    assert house.people.sweep_sessions(house.clock.now()) == 0
    house.clock.advance(timedelta(hours=12))
    assert house.people.sweep_sessions(house.clock.now()) == 1
    assert house.journal.last("person:session:closed")[2]["reason"] == "expired"


def test_a_hash_of_yesterdays_parameters_is_made_anew_at_sign_in(house: House, doctor: Somebody) -> None:
    house.people._hasher = Hasher(time_cost=2, memory_kib=16, lanes=1)
    house.sign_in(doctor)
    with house.people._reading() as tx:
        (kept,) = tx.exec_driver_sql("SELECT password_hash FROM credentials").fetchone() or ("",)
    assert "m=16,t=2" in kept
    house.sign_in(doctor)


def test_a_form_is_answered_with_what_only_the_cookie_gives(house: House, doctor: Somebody) -> None:
    one, other = house.sign_in(doctor), house.sign_in(doctor)
    assert one.csrf == house.people.session(one.token).csrf
    assert one.csrf != other.csrf
    assert one.csrf not in one.token


def test_the_totp_secret_is_sealed_for_its_person(house: House, doctor: Somebody, tmp_path: Path) -> None:
    with house.people._reading() as tx:
        (sealed,) = tx.exec_driver_sql("SELECT totp_sealed FROM credentials").fetchone() or (b"",)
    assert doctor.secret not in sealed
    with pytest.raises(InvalidTag):
        house.people._box.open("totp per_somebody-else", sealed)
