from __future__ import annotations

import pytest
from tests.unit.identity.people_kit import HERE, House

from primum.identity import Role, SignInRefused


@pytest.mark.parametrize("meanwhile", ["closed", "new password"])
def test_what_was_true_when_hashing_began_has_to_hold_when_it_ends(
    house: House, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """Hashing takes a tenth of a second: long enough to be closed, or to enrol anew."""
    admin, doctor = house.join("admin", Role.ADMINISTRATOR), house.join("doctor", Role.PHYSICIAN)
    session = house.sign_in(doctor)
    fits = house.people._hasher.fits

    def slowly(kept: str | None, normal: str | None) -> bool:
        answer = fits(kept, normal)
        monkeypatch.setattr(house.people._hasher, "fits", fits)
        if meanwhile == "closed":
            house.people.close_person(house.actor(admin), doctor.id)
        else:
            house.people.change_password(session.token, doctor.password, "bouilloire narquoise sous la pluie", HERE)
        return answer

    house.clock.advance(house.people._idle / 15)
    code = house.code(doctor.secret)
    monkeypatch.setattr(house.people._hasher, "fits", slowly)
    with pytest.raises(SignInRefused):
        house.people.sign_in(doctor.login, doctor.password, code, HERE)
