"""Instances that are not stored: each has its status, and the association goes on."""

import errno

import pytest
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, associate, encoded, instance, message, store_command
from tests.doors.dimse.running import device

from primum.doors.dimse import Limits
from primum.identity.device_model import Service
from primum.journal import JournalUnwritable
from primum.vault import RecordFacts

DATA = encoded(instance())
DAMAGED = [
    "no-sop-uid",
    "no-study-uid",
    "study-uid-is-a-path",
    "other-instance",
    "other-class",
    "no-class",
    "cut",
    "garbage",
    "two-bytes",
]
EVERY_UID = "080016000800180020000d0020000e00"


def changed(**changes):
    one = instance()
    for keyword, value in changes.items():
        if value is None:
            delattr(one, keyword)
        else:
            one[keyword].validation_mode = 0
            one[keyword]._value = value
    return encoded(one)


def refused(house, data=DATA, command=None, **changes):
    """Send one instance that is refused and a good one; return the response to the first."""
    with house.open(**changes) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, command or store_command(), data))
        response = caller.response()
        house.gauge.left = float("inf")
        caller.say(message(1, store_command(message=2), DATA))
        assert caller.status() == 0
    assert house.stored() == [DATA]
    return (
        int.from_bytes(response[0x0900], "little"),
        response[0x0902].decode().strip(),
        response.get(0x0901, b"").hex(),
    )


@pytest.mark.parametrize(
    ("data", "status", "comment", "offending"),
    [
        (changed(SOPInstanceUID=None), 0xC000, "imaging.no-sop-uid", "08001800"),
        (changed(StudyInstanceUID=None), 0xC000, "imaging.no-study-uid", "20000d0020000e00"),
        (changed(StudyInstanceUID="../../etc/passwd"), 0xC000, "imaging.bad-uid", EVERY_UID),
        (changed(SOPInstanceUID="2.25.999"), 0xA900, "imaging.other-instance", "08001800"),
        (changed(SOPClassUID="1.2.840.10008.5.1.4.1.1.4"), 0xA900, "dimse.mismatch", "08001600"),
        (changed(SOPClassUID=None), 0xA900, "dimse.mismatch", "08001600"),
        (DATA[:-100], 0xC000, "imaging.damaged-data-set", ""),
        (b"%PDF-1.4 this is not a data set", 0xC000, "imaging.damaged-data-set", ""),
        (b"\0\0", 0xC000, None, ""),
    ],
    ids=DAMAGED,
)  # fmt: skip
def test_a_data_set_that_cannot_be_kept_has_its_status(house, data, status, comment, offending):
    got = refused(house, data)
    assert got[0] == status
    assert comment in {None, got[1]}
    assert offending in {"", got[2]}
    assert len(house.reasons("device:instance:refused")) == 1


@pytest.mark.parametrize(
    ("command", "status", "comment"),
    [
        (store_command("../../etc/passwd"), 0x0117, "dimse.instance-uid"),
        (store_command(""), 0x0117, "dimse.instance-uid"),
        (store_command(sop_class="1.2.840.10008.5.1.4.1.1.4"), 0x0122, "dimse.class-not-negotiated"),
        (store_command(field=0x0030), 0x0122, "dimse.class-not-negotiated"),
        (store_command(field=0x0130), 0x0211, "dimse.operation-unknown"),
    ],
    ids=["path", "no uid", "other class", "echo on a storage context", "n-action"],
)
def test_a_command_that_cannot_be_obeyed_has_its_status(house, command, status, comment):
    assert refused(house, command=command)[:2] == (status, comment)


def test_below_the_low_mark_a_running_association_hears_out_of_resources(house):
    house.gauge.left = 1  # for the association itself
    assert refused(house)[:2] == (0xA700, "dimse.space-low")


def test_below_the_low_mark_a_new_association_is_rejected_as_transient_and_an_echo_is_not(house):
    house.gauge.left = 0
    with house.open() as port:
        with Caller(port) as caller:
            caller.say(associate())
            assert caller.hear() == (3, bytes((0, 2, 3, 2)))
        with Caller(port) as caller:
            caller.associated(associate((1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",))))
    assert house.reasons("device:association:refused") == ["dimse.space-low"]


class FailingVault:
    """The house's vault, with a disc that fails the first time."""

    def __init__(self, real, error):
        self._real, self._error, self._writer = real, error, None

    def study_ref(self, controller, uid):
        return self._real.study_ref(controller, uid)

    def writer(self):
        self._writer = self._real.writer()
        return self

    def store(self, study: str, facts: RecordFacts, *more: object, **named: object) -> object:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return self._writer.store(study, facts, *more, **named)

    @property
    def tail(self):
        return self._writer.tail

    def close(self):
        self._writer.close()


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OSError(errno.ENOSPC, "full"), 0xA700),
        (OSError(errno.EIO, "DOE^JANE"), 0x0110),
        (RuntimeError("DOE^JANE"), 0x0110),
    ],
)
def test_whatever_fails_inside_is_answered_and_nothing_is_told(house, error, status, capsys):
    got = refused(house, vault=FailingVault(house.vault, error))
    assert got[0] == status
    assert "DOE" not in got[1] + "".join(capsys.readouterr())


def test_a_device_that_is_revoked_while_it_sends_is_stopped_at_the_next_instance(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0
        house.enrol(device("SCANNER", revoked=True))
        caller.say(message(1, store_command(message=2), DATA))
        assert caller.status() == 0x0124
        assert caller.hear() == (7, bytes(4))
    assert house.stored() == [DATA]
    assert house.reasons("device:association:closed")[0].startswith("device.")


def test_a_grant_that_is_withdrawn_counts_at_the_next_instance(house):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        entry = next(iter(house.directory._snapshot.by_plain.values())).device
        narrowed = device("SCANNER", frozenset({Service.FIND}))
        house.enrol(type(narrowed)(**{f: getattr(narrowed, f) for f in narrowed.__slots__ if f != "id"}, id=entry.id))
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0x0124


def test_storing_goes_on_when_the_journal_cannot_be_written(house, monkeypatch):
    def unwritable(fact):
        raise JournalUnwritable(ledger="access", reason="ENOSPC")

    monkeypatch.setattr(house.journal, "record", unwritable)
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0
    assert house.stored() == [DATA]


def test_an_instance_beyond_the_limit_ends_the_association(house):
    big = encoded(instance(pixels=bytes(64 * 1024)))
    limits = Limits(whole_bytes=16 * 1024, kept_bytes=8192, instance_bytes=32 * 1024)
    with house.open(limits=limits) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), big))
        assert caller.hear() == (7, bytes(4))
    assert house.stored() == []
    assert house.reasons("device:association:closed") == ["too-long"]


@pytest.mark.parametrize(
    ("calling", "called", "answer", "reason"),
    [
        ("SCANNER", "ANY-SCP", (3, bytes((0, 1, 1, 7))), "dimse.called-title"),
        ("STRANGER", "PRIMUM", (3, bytes((0, 1, 1, 3))), "device.unknown"),
    ],
)
def test_titles_that_are_not_known_are_rejected_for_good(house, calling, called, answer, reason):
    with house.open() as port, Caller(port) as caller:
        caller.say(associate((1, CT, ("1.2.840.10008.1.2.1",)), calling=calling, called=called))
        assert caller.hear() == answer
    refusals = [fact for fact in house.facts() if fact["kind"].endswith(":refused")]
    assert [fact["details"]["reason"] for fact in refusals] == [reason]
    assert (refusals[0]["actor"] == "stranger") == (calling == "STRANGER")


def test_without_the_grant_each_context_says_so_and_the_journal_too(house):
    with house.open() as port, Caller(port) as caller:
        accept = caller.associated(associate((1, CT, ("1.2.840.10008.1.2.1",)), calling="NOTHING"))
        assert b"\x21\x00" in accept
        result = accept[accept.index(b"\x21\x00", 68) + 6]
        assert result == 1
        caller.say(message(1, store_command(), DATA))
        assert caller.hear() == (7, bytes((0, 0, 2, 5)))
    assert house.reasons("device:association:refused") == ["dimse.not-permitted"]
    assert "device:association:opened" not in {fact["kind"] for fact in house.facts()}


@pytest.mark.parametrize(
    ("spoilt", "answer"),
    [
        ((b"\0\1\0\0PRI", b"\0\2\0\0PRI"), (0, 1, 2, 2)),
        ((b"1.2.840.10008.3.1.1.1", b"1.2.840.10008.3.1.1.9"), (0, 1, 1, 2)),
    ],
    ids=["protocol version 2", "application context"],
)
def test_other_protocols_are_rejected_for_good(house, spoilt, answer):
    with house.open() as port, Caller(port) as caller:
        caller.say(associate().replace(*spoilt))
        assert caller.hear() == (3, bytes(answer))
