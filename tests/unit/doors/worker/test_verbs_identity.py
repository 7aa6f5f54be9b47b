"""Who may change whether a device has to say who uses it, and whose tokens count."""

from types import SimpleNamespace

import pytest
from tests.unit.identity.devices_home import PER, make_house
from tests.unit.identity.test_json_tokens import ED, pem

from primum.doors.worker.desk import Args
from primum.doors.worker.verbs_identity import device_identity
from primum.identity import NotPermitted, Permission

CONTROLLER = "ctl_" + "a" * 26
ADMINISTRATOR = {Permission.DEVICE_LIST, Permission.DEVICE_ADD}


class Desk:
    """A desk with real devices, before somebody who may what is listed."""

    def __init__(self, practice, may):
        self.worker = SimpleNamespace(devices=practice.devices, people=self)
        self.may, self.forgiven, self.asked_about = may, [], []

    def require(self, _asking, action, thing):
        self.asked_about.append((action, thing.controller_id))
        if action not in self.may:
            raise NotPermitted(action=str(action), rule="silence")

    def forgive(self, device_id):
        self.forgiven.append(device_id)


@pytest.fixture
def practice(tmp_path):
    practice = make_house(tmp_path)
    practice.devices.add(PER, "viewer", "VIEWER", {"find"}, CONTROLLER, identity_required=True)
    practice.devices.add(PER, "scanner", "SCANNER", {"store"}, CONTROLLER)
    yield practice
    practice.engine.dispose()


def ask(practice, may, **args):
    desk = Desk(practice, may)
    asking = SimpleNamespace(actor=SimpleNamespace(person_id=PER))
    return desk, device_identity(desk, asking, Args(args), lambda _: None)


def test_what_loosens_a_device_that_shows_patients_takes_who_may_let_it(practice):
    for args in ({"required": "no"}, {"key": pem(ED)}):
        with pytest.raises(NotPermitted):
            ask(practice, ADMINISTRATOR, name="viewer", **args)
    assert practice.devices.find("viewer").identity_required
    desk, told = ask(practice, ADMINISTRATOR | {Permission.DEVICE_LET_READ}, name="viewer", required="no", key=pem(ED))
    assert (Permission.DEVICE_LET_READ, CONTROLLER) in desk.asked_about
    assert (told["required"], [one["algorithm"] for one in told["keys"]]) == (False, ["EdDSA"])
    assert not practice.devices.find("viewer").identity_required


def test_what_tightens_and_what_shows_no_patient_takes_who_may_enrol(practice):
    desk, told = ask(practice, ADMINISTRATOR, name="scanner", required="yes")
    assert told["required"]
    assert desk.forgiven == [practice.devices.find("scanner").id]
    _, told = ask(practice, ADMINISTRATOR, name="scanner", required="no", key=pem(ED))
    [key] = told["keys"]
    _, told = ask(practice, ADMINISTRATOR, name="scanner", drop=key["id"])
    assert told == {"required": False, "keys": []}


def test_looking_takes_no_more_and_changes_nothing(practice):
    desk, told = ask(practice, {Permission.DEVICE_LIST}, name="viewer")
    assert told == {"required": True, "keys": []}
    assert desk.forgiven == []
    with pytest.raises(NotPermitted):
        ask(practice, {Permission.DEVICE_LIST}, name="viewer", required="yes")
