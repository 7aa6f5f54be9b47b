"""Who uses a device (PS3.7 D.3.3.7), shown by clients that we did not write: DCMTK and pynetdicom, over TLS."""

import ssl
import struct
from datetime import timedelta

import pytest
from pynetdicom import AE
from pynetdicom.pdu_primitives import UserIdentityNegotiation
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, associate, instance, item, with_meta
from tests.doors.dimse.test_tls import files_of, secured, storescu
from tests.twins.intake import DirectIntake
from tests.unit.identity import people_kit
from tests.unit.identity.devices_home import PER, make_house
from tests.unit.identity.test_json_tokens import ED, pem, signed

from primum.doors.dimse.limits import Limits
from primum.doors.worker import verbs_identity
from primum.identity import Role, Scope, Wish
from primum.identity.json_tokens import read_keys
from primum.identity.permissions import TOKEN_MAY

VERIFICATION = "1.2.840.10008.1.1"
FIND = "1.2.840.10008.5.1.4.1.2.2.1"
REFUSED = (1, 1, 1)
"""Rejected permanently, by the service user, no reason given."""


class Desk:
    """What the worker's verbs need of a desk: real people and devices."""

    def __init__(self, people, devices):
        self.worker = self.rooms = self.home = self
        self.people, self.devices, self.id = people, devices, "hom_" + "h" * 26


class Practice:
    """Devices, a doctor with a token, and the door that asks who uses a device."""

    def __init__(self, folder):
        (folder / "practice").mkdir()
        self.home = make_house(folder / "practice")
        self.people_house = people_kit.build(folder, people_kit.template(folder))
        self.people_house.clock.advance(self.home.clock.now() - self.people_house.clock.now())
        self.people = self.people_house.people
        self.doctor = self.people_house.join("mael", Wish(Role.PHYSICIAN, Scope.OWN))
        self.controller = self.people.person(self.doctor.id).controller_id
        self.packs = {
            name: self.home.devices.add(PER, name, name.upper(), {"store", "find"}, self.controller,
                                        identity_required=name == "viewer")
            for name in ("viewer", "scanner")
        }  # fmt: skip
        self.home.devices.identity_keys.add(PER, self.home.devices.find("viewer"), read_keys(pem(ED)))
        desk = Desk(self.people, self.home.devices)
        self.intake = DirectIntake(None, {
            "identity.judge": lambda args, data: verbs_identity.judge(desk, args, data),
            "identity.still": lambda args, data: verbs_identity.still(desk, args, data),
        })  # fmt: skip
        self.intake.stored = lambda _hint: None

    def token(self, *may):
        listed = may or [one.value for one in TOKEN_MAY]
        actor = self.people_house.actor(self.doctor)
        return self.people.add_token(actor, "lecture", listed, timedelta(days=30))

    def json_token(self, **changes):
        ends = int((self.people_house.clock.now() + timedelta(minutes=5)).timestamp())
        return signed(**({"exp": ends} | changes)).decode()

    def open(self, house, **changes):
        return secured(house, self.home, intake=self.intake, **changes)


@pytest.fixture
def practice(house, tmp_path):
    practice = Practice(tmp_path)
    yield practice
    practice.home.engine.dispose()


def identity(kind, primary, secondary=b"", *, response=True):
    shown = UserIdentityNegotiation()
    shown.user_identity_type, shown.primary_field, shown.secondary_field = kind, primary, secondary
    shown.positive_response_requested = response
    return shown


def call(practice, tmp_path, port, *shown, device="viewer", contexts=(VERIFICATION, CT)):
    folder = files_of(practice.packs[device], tmp_path / device)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(folder / "ca.pem")
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    ae = AE(device.upper())
    for one in contexts:
        ae.add_requested_context(one, "1.2.840.10008.1.2.1")
    return ae.associate("127.0.0.1", port, ae_title="PRIMUM", tls_args=(context, None), ext_neg=list(shown))


def rejection(association):
    assert association.is_rejected
    primitive = association.acceptor.primitive
    return primitive.result, primitive.result_source, primitive.diagnostic


def refused(house):
    return house.reasons("device:association:refused")


def answered(association):
    """The user identity sub-item of the A-ASSOCIATE-AC, if there is one."""
    return association.acceptor.user_identity


def test_a_name_with_a_program_token_opens_the_association_and_is_told(house, practice, tmp_path):
    token = practice.token()
    with practice.open(house) as port:
        shown = identity(2, b"mael", token.secret.encode())
        association = call(practice, tmp_path, port, shown)
        assert association.is_established
        assert answered(association).server_response == b""
        assert association.send_c_store(with_meta(instance())).Status == 0
        association.release()
        quiet = call(practice, tmp_path, port, identity(2, b"lecture", token.secret.encode(), response=False))
        assert quiet.is_established
        assert answered(quiet) is None
        quiet.release()
    opened = [fact for fact in house.facts() if fact["kind"] == "device:association:opened"]
    assert [(one["details"]["person"], one["details"]["session"]) for one in opened] == [
        (practice.doctor.id, token.id)
    ] * 2
    assert token.secret not in str(house.facts())


def test_a_json_token_opens_one_association(house, practice, tmp_path):
    shown = identity(5, practice.json_token().encode())
    with practice.open(house) as port:
        association = call(practice, tmp_path, port, shown)
        assert association.is_established
        assert answered(association).server_response == b""
        association.release()
        assert rejection(call(practice, tmp_path, port, shown)) == REFUSED
    assert refused(house) == ["device.identity-refused"]


def test_without_proof_the_device_is_refused_and_it_is_told_why(house, practice, tmp_path):
    """No identity, a name alone, a wrong passcode, another's name, Kerberos, SAML, a stranger's token."""
    token = practice.token()
    cases = [
        ((), "dimse.identity-required"),
        ((identity(1, b"mael"),), "dimse.identity-required"),
        ((identity(2, b"mael", b"tirelire cornichon volubile"),), "device.identity-refused"),
        ((identity(2, b"yann", token.secret.encode()),), "device.identity-refused"),
        ((identity(3, b"ticket"),), "dimse.identity-kind"),
        ((identity(4, b"<saml/>"),), "dimse.identity-kind"),
        ((identity(5, practice.json_token(aud="OTHER").encode()),), "device.identity-refused"),
        ((identity(2, b"n" * 300, token.secret.encode()),), "device.identity-refused"),
        ((identity(5, b"a.b.c" * 4_000),), "device.identity-refused"),
    ]
    with practice.open(house) as port:
        for shown, _ in cases:
            assert rejection(call(practice, tmp_path, port, *shown)) == REFUSED
            practice.people.forgive(practice.home.devices.find("viewer").id)
    assert refused(house) == [reason for _, reason in cases]
    assert "cornichon" not in str(house.facts())


def test_guessing_is_waited_for(house, practice, tmp_path):
    token = practice.token()
    with practice.open(house) as port:
        for _ in range(5):
            call(practice, tmp_path, port, identity(2, b"mael", b"ptk_" + b"a" * 43))
        assert rejection(call(practice, tmp_path, port, identity(2, b"mael", token.secret.encode()))) == (2, 1, 1)
    assert refused(house)[-1] == "identity.throttled"


def test_the_association_may_no_more_than_the_token(house, practice, tmp_path):
    token = practice.token("study:list")
    with practice.open(house) as port:
        shown = identity(2, b"mael", token.secret.encode())
        association = call(practice, tmp_path, port, shown, contexts=(CT, FIND))
        assert {one.abstract_syntax for one in association.accepted_contexts} == {FIND}
        assert {one.abstract_syntax: one.result for one in association.rejected_contexts} == {CT: 1}
        association.release()


def test_a_revoked_token_stops_the_next_instance(house, practice, tmp_path):
    token = practice.token()
    with practice.open(house, limits=Limits(identity_seconds=0)) as port:
        association = call(practice, tmp_path, port, identity(2, b"mael", token.secret.encode()))
        assert association.send_c_store(with_meta(instance(1))).Status == 0
        practice.people.revoke_token(practice.people_house.actor(practice.doctor), token.id)
        assert association.send_c_store(with_meta(instance(2))).Status == 0x0124
    assert len(house.stored()) == 1


def test_a_device_that_need_not_say_is_judged_when_it_says_so_with_proof(house, practice, tmp_path):
    token = practice.token("study:import")
    with practice.open(house) as port:
        for shown in ((), (identity(1, b"whoever"),)):
            association = call(practice, tmp_path, port, *shown, device="scanner", contexts=(CT, FIND))
            assert len(association.accepted_contexts) == 2
            assert answered(association) is None
            association.release()
        known = identity(2, b"mael", token.secret.encode())
        association = call(practice, tmp_path, port, known, device="scanner", contexts=(CT, FIND))
        assert {one.abstract_syntax for one in association.accepted_contexts} == {CT}
        association.release()
        wrong = identity(2, b"mael", b"ptk_wrong")
        assert rejection(call(practice, tmp_path, port, wrong, device="scanner")) == REFUSED


def test_without_a_worker_nobody_is_let_in_unjudged(house, practice, tmp_path):
    token = practice.token()
    practice.intake.verbs = {}
    with practice.open(house) as port:
        assert rejection(call(practice, tmp_path, port, identity(2, b"mael", token.secret.encode()))) == (2, 1, 1)


def test_a_passcode_in_clear_is_refused(house):
    with house.open() as port, Caller(port) as caller:
        caller.say(associate(more=user_identity(2, b"mael", b"ptk_" + b"a" * 43)))
        assert caller.hear() == (3, bytes((0, *REFUSED)))
    assert refused(house) == ["dimse.identity-in-clear"]
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate(more=user_identity(1, b"mael", b"")))


def user_identity(kind, primary, secondary):
    body = bytes((kind, 1)) + struct.pack(">H", len(primary)) + primary + struct.pack(">H", len(secondary)) + secondary
    return item(0x58, body)


@pytest.mark.programs("storescu")
def test_dcmtk_shows_a_passcode_and_a_json_token(house, practice, tmp_path):
    token = practice.token()
    (tmp_path / "token.jwt").write_text(practice.json_token(jti="dcmtk"))
    folder = files_of(practice.packs["viewer"], tmp_path / "viewer")
    with practice.open(house) as port:
        good = ["-usr", "mael", "-pwd", token.secret, "-rsp"]
        assert storescu(folder, "VIEWER", port, *good).returncode == 0
        assert storescu(folder, "VIEWER", port, "--jwt", tmp_path / "token.jwt", "-rsp").returncode == 0
        assert storescu(folder, "VIEWER", port, "-usr", "mael", "-pwd", "wrong").returncode != 0
        assert storescu(folder, "VIEWER", port, "-usr", "mael").returncode != 0
        assert storescu(folder, "VIEWER", port).returncode != 0
    assert len(house.stored()) == 2
    assert refused(house) == ["device.identity-refused", "dimse.identity-required", "dimse.identity-required"]
