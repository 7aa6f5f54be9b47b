"""People of a demo home: fictional, with random factors that are printed once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace

from primum.identity import totp
from primum.identity.model import Controller, DemoPerson, Wish
from primum.identity.people import People
from primum.identity.refusals import DemoOnly

_WORDS = 5


class DemoPeople(People):
    """A front desk that can also make people with known factors. Refused in a real home."""

    def make_controller(self, name: str) -> Controller:
        """Make a controller without asking anybody. Raises DemoOnly."""
        self._refuse_real()
        with self._changing() as tx:
            return self._add_controller(tx, None, name)

    def make_person(self, *, full_name: str, login: str, controller_id: str, wishes: Iterable[Wish]) -> DemoPerson:
        """Make somebody who can sign in at once, with a random password and factor. Raises DemoOnly."""
        self._refuse_real()
        password, secret = _random_password(), totp.new_secret()
        with self._changing() as tx:
            person = self._add_person(tx, full_name, login, "", controller_id)
            for one in wishes:
                self._propose(tx, None, person, one, first=True)
            codes = self._enrol(tx, person, self._hasher.hash(password), secret, step=0)
            person = self._person(tx, person.id)
            actor = replace(self._actor(tx, person.id, self._now()), fresh=True)
        return DemoPerson(person, actor, password, totp.secret_text(secret), totp.uri(secret, person.login), codes)

    def _refuse_real(self) -> None:
        if not self._demo:
            raise DemoOnly


def _random_password() -> str:
    """Make a password that can be read aloud: five made-up words, about 86 bits."""
    return "-".join(_word() for _ in range(_WORDS))


def _word() -> str:
    return "".join(secrets.choice("bcdfgjklmnprstvz") + secrets.choice("aeiou") for _ in range(3))
