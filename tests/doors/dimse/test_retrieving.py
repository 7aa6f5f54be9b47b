"""C-GET and C-MOVE, asked for by others' programs, delivered to others' programs."""

import contextlib
import struct
import subprocess
import threading
import time

import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, associate, element, encoded, instance, item, message
from tests.doors.dimse.library import EXPLICIT, IMPLICIT, OTHER_CONTROLLER, READS, RECEIVES, Library, shelf
from tests.doors.dimse.running import device
from tests.doors.dimse.test_senders import run
from tests.programs import accepts, free_port, started, wait_until
from tests.unit.imaging.codecs.kept import dataset_of

from primum.doors.dimse import Limits


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path)
    yield library
    library.close()


def study(count=5, uid="2.25.1", first=1):
    return [instance(first + number, study=uid) for number in range(count)]


def whole(instances):
    return {str(one.SOPInstanceUID): encoded(one) for one in instances}


def asked(level="STUDY", **keys):
    one = Dataset()
    one.QueryRetrieveLevel = level
    for name, value in keys.items():
        tag = tag_for_keyword(name)
        one.add(DataElement(tag, dictionary_VR(tag), value, validation_mode=config.IGNORE))
    return one


def get(port, query, model=StudyRootQueryRetrieveInformationModelGet, *, syntaxes=(EXPLICIT,), on_store=None):
    """C-GET with pynetdicom: statuses with counts, identifiers, and what came."""
    came = {}

    def store(event):
        came[str(event.request.AffectedSOPInstanceUID)] = event.request.DataSet.getvalue()
        if on_store is not None:
            on_store(event, came)
        return 0

    ae = AE("SCANNER")
    ae.add_requested_context(model)
    ae.add_requested_context(CTImageStorage, list(syntaxes))
    role = build_role(CTImageStorage, scp_role=True)
    association = ae.associate(
        "127.0.0.1", port, ae_title="PRIMUM", ext_neg=[role], evt_handlers=[(evt.EVT_C_STORE, store)]
    )
    assert association.is_established
    answers = list(association.send_c_get(query, model))
    association.release()
    return answers, came


def move(port, query, destination="SHELF", model=StudyRootQueryRetrieveInformationModelMove, calling="SCANNER"):
    ae = AE(calling)
    ae.add_requested_context(model)
    association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
    assert association.is_established
    answers = list(association.send_c_move(query, destination, model))
    association.release()
    return answers


def counts(status):
    return tuple(status.get(f"NumberOf{name}Suboperations") for name in ("Completed", "Failed", "Warning"))


def test_a_study_is_got_as_it_is_stored(library):
    library.keep(*study(5))
    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"))
    assert came == whole(study(5))
    assert answers[-1][0].Status == 0
    assert counts(answers[-1][0]) == (5, 0, 0)
    assert answers[0][0].Status == 0xFF00


def test_a_study_is_moved_as_it_is_stored(library):
    library.keep(*study(5))
    with shelf() as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        answers = move(port, asked(StudyInstanceUID="2.25.1"))
    assert kept.received == whole(study(5))
    assert {title for title, _ in kept.originators} == {"SCANNER"}
    assert kept.associations == 1
    assert counts(answers[-1][0]) == (5, 0, 0)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
def test_an_identifier_is_read_and_failures_are_listed_in_the_context_s_own_encoding(library, syntax):
    library.keep(*study(2))
    ae = AE("SCANNER")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelMove, [syntax])
    with library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", free_port()))
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
        query = asked("IMAGE", StudyInstanceUID="2.25.1", SeriesInstanceUID="2.25.1.1", SOPInstanceUID="2.25.1000.2")
        (status, identifier), *_ = association.send_c_move(query, "SHELF", StudyRootQueryRetrieveInformationModelMove)
        association.release()
    assert status.Status == 0xA702
    assert identifier.FailedSOPInstanceUIDList == "2.25.1000.2"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (asked(StudyInstanceUID=["2.25.1", "2.25.2"]), 5),
        (asked(StudyInstanceUID=["2.25.2", "2.25.404"]), 2),
        (asked("SERIES", StudyInstanceUID="2.25.1", SeriesInstanceUID="2.25.1.1"), 3),
        (asked("SERIES", StudyInstanceUID="2.25.2", SeriesInstanceUID="2.25.1.1"), 0),
        (asked("IMAGE", StudyInstanceUID="2.25.1", SOPInstanceUID=["2.25.1000.1", "2.25.1000.3", "2.25.1000.12"]), 2),
        (asked(StudyInstanceUID="2.25.404"), 0),
    ],
    ids=["list", "partly there", "series", "series of another study", "images of one study", "unknown"],
)
def test_what_is_asked_for_is_what_comes_and_nothing_else(library, query, expected):
    library.keep(*study(3), *study(2, uid="2.25.2", first=11))
    with library.open() as port:
        answers, came = get(port, query)
    assert len(came) == expected
    assert (answers[-1][0].Status, counts(answers[-1][0])) == (0, (expected, 0, 0))


def test_a_patient_s_studies_are_got_by_patient_root_alone(library):
    library.keep(*study(2), *study(2, uid="2.25.2", first=11))
    model = PatientRootQueryRetrieveInformationModelGet
    with library.open() as port:
        assert len(get(port, asked("PATIENT", PatientID="N1"), model)[1]) == 4
        assert len(get(port, asked("STUDY", PatientID="N1", StudyInstanceUID="2.25.2"), model)[1]) == 2
        assert len(get(port, asked("STUDY", PatientID="N2", StudyInstanceUID="2.25.2"), model)[1]) == 0
        answers, _ = get(port, asked("PATIENT", PatientID="N1"))
        assert answers[-1][0].Status == 0xA900


@pytest.mark.parametrize(
    "query",
    [
        asked("SERVER", StudyInstanceUID="2.25.1"),
        asked(),
        asked(StudyInstanceUID=""),
        asked(StudyInstanceUID="2.25.*"),
        asked(StudyInstanceUID="../../etc"),
        asked(StudyInstanceUID="2.25.1", SeriesInstanceUID="2.25.1.1"),
        asked("IMAGE", StudyInstanceUID="2.25.1"),
        asked(StudyInstanceUID=[f"2.25.{n}" for n in range(10_001)]),
    ],
    ids=["level", "no key", "empty", "wildcard", "path", "below", "own key missing", "too many"],
)
def test_a_vague_identifier_is_refused_and_nothing_leaves(library, query):
    library.keep(*study(1))
    with library.open() as port:
        answers, came = get(port, query)
    assert came == {}
    assert answers[-1][0].Status == 0xA900
    assert answers[-1][0].ErrorComment == "imaging.bad-retrieval"


def test_an_identifier_that_cannot_be_read_is_refused(library):
    library.keep(*study(1))
    broken = asked(StudyInstanceUID="2.25.1")
    broken.add_new(0x00081115, "SQ", [Dataset()])
    with library.open() as port:
        assert len(get(port, broken)[1]) == 1
        broken.private_block(0x0009, "NOBODY", create=True).add_new(0x01, "LO", "x")
        assert len(get(port, broken)[1]) == 1


def test_a_list_of_ten_thousand_is_answered(library):
    library.keep(*study(2))
    uids = ["2.25.1", *(f"2.25.9{n}" for n in range(9_999))]
    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID=uids))
    assert len(came) == 2
    assert answers[-1][0].Status == 0


def test_another_controller_s_studies_and_confidential_ones_are_not_there(library):
    library.keep(*study(2), controller=OTHER_CONTROLLER)
    [first, *_] = library.keep(*study(2, uid="2.25.2", first=11))
    library.indexer.mark_confidential(first.position.study, confidential=True)
    with library.open() as port:
        for uid in ("2.25.1", "2.25.2"):
            answers, came = get(port, asked(StudyInstanceUID=uid))
            assert (came, answers[-1][0].Status) == ({}, 0)


def test_without_the_grant_there_is_no_context(library):
    ae = AE("NOTHING")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelMove)
    with library.open() as port:
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
        refused = {one.result for one in association.rejected_contexts}
    assert refused == {1}


def test_a_syntax_that_the_caller_does_not_take_is_a_failed_sub_operation(library):
    library.keep(*study(2))
    with library.open() as port:
        # JPEG baseline is lossy: nothing is brought into it
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"), syntaxes=["1.2.840.10008.1.2.4.50"])
    assert came == {}
    status, identifier = answers[-1]
    assert (status.Status, counts(status)) == (0xA702, (0, 2, 0))
    assert list(identifier.FailedSOPInstanceUIDList) == ["2.25.1000.1", "2.25.1000.2"]


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.4.80"])
def test_a_study_comes_in_what_the_caller_takes(library, syntax):
    library.keep(*study(2))
    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"), syntaxes=[syntax])
    assert (answers[-1][0].Status, counts(answers[-1][0])) == (0, (2, 0, 0))
    for one in study(2):
        read = dataset_of(came[str(one.SOPInstanceUID)], syntax)
        assert read.PatientName == one.PatientName
        assert read.pixel_array.astype("<u2").tobytes() == one.PixelData


def test_instances_that_a_destination_refuses_are_named_and_the_others_arrive(library):
    library.keep(*study(4))
    with shelf() as kept, library.open() as port:
        kept.statuses = {"2.25.1000.2": 0xA700, "2.25.1000.3": 0xB000}
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        status, identifier = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert (status.Status, counts(status)) == (0xB000, (2, 1, 1))
    assert identifier.FailedSOPInstanceUIDList == "2.25.1000.2"
    [sent] = [one for one in library.facts() if one["kind"] == "study:delivered"]
    assert (sent["details"]["instances"], sent["details"]["refused"]) == (3, 1)


def unknown(library, kept):
    return []


def without_address(library, kept):
    return [device("SHELF", frozenset({"receive"}))]


def without_grant(library, kept):
    return [library.destination("SHELF", kept.port, may=frozenset())]


def of_another_controller(library, kept):
    return [library.destination("SHELF", kept.port, controller=OTHER_CONTROLLER)]


@pytest.mark.parametrize("others", [unknown, without_address, without_grant, of_another_controller])
def test_a_destination_that_may_not_receive_is_unknown_and_is_not_called(library, others):
    library.keep(*study(1))
    with shelf() as kept, library.open() as port:
        library.enrol(library.reader, *others(library, kept))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert status.Status == 0xA801
    assert (kept.received, kept.associations) == ({}, 0)
    assert [one for one in library.facts() if one["kind"] == "study:sent"] == []


def test_a_plain_destination_beyond_loopback_is_not_called_even_if_it_was_written_down(library):
    library.keep(*study(1))
    with library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", 104, host="192.0.2.1"))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert (status.Status, status.ErrorComment) == (0xA702, "outbound.beyond-loopback")


def test_a_destination_that_is_down_fails_every_sub_operation(library):
    library.keep(*study(3))
    with library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", free_port()))
        status, identifier = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert (status.Status, status.ErrorComment, counts(status)) == (0xA702, "outbound.unreachable", (0, 3, 0))
    assert len(identifier.FailedSOPInstanceUIDList) == 3


def test_a_destination_that_does_not_know_us_rejects_and_is_named_as_the_reason(library):
    library.keep(*study(1))
    with shelf(title="ANOTHER") as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert (status.Status, status.ErrorComment) == (0xA702, "dimse.rejected")


def test_a_destination_that_aborts_in_the_middle_keeps_what_it_acknowledged(library):
    library.keep(*study(4))

    def stop(event, kept):
        if len(kept.received) == 3:
            event.assoc.abort()

    with shelf(on_store=stop) as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert (status.Status, counts(status)) == (0xB000, (2, 2, 0))


def test_a_destination_that_is_revoked_gets_no_further_instance(library):
    library.keep(*study(4))

    def revoke(event, kept):
        if len(kept.received) == 2:
            library.enrol(library.reader)

    with shelf(on_store=revoke) as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
    assert len(kept.received) == 2
    assert (status.Status, status.ErrorComment, counts(status)) == (0xB000, "dimse.withdrawn", (2, 2, 0))


def test_a_caller_that_is_revoked_gets_no_further_instance(library):
    library.keep(*study(4))

    def revoke(event, came):
        if len(came) == 2:
            library.enrol(device("NOTHING", frozenset()))

    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"), on_store=revoke)
    assert len(came) == 2
    assert answers[-1][0].Status == 0x0124


def test_a_get_that_is_cancelled_ends_and_says_what_remains(library):
    library.keep(*study(6))
    model = StudyRootQueryRetrieveInformationModelGet

    def cancel(event, came):
        if len(came) == 2:
            number = next(one.context_id for one in event.assoc.accepted_contexts if one.abstract_syntax == model)
            event.assoc.send_c_cancel(1, number)

    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"), on_store=cancel)
    status = answers[-1][0]
    assert status.Status == 0xFE00
    assert status.NumberOfRemainingSuboperations == 6 - len(came)
    assert len(came) < 6


def test_a_move_that_is_cancelled_ends_and_says_what_remains(library):
    library.keep(*study(6))
    second, cancelled = threading.Event(), threading.Event()

    def wait(event, kept):
        if len(kept.received) == 2:
            second.set()
            cancelled.wait(10)

    ae = AE("SCANNER")
    model = StudyRootQueryRetrieveInformationModelMove
    ae.add_requested_context(model)
    with shelf(on_store=wait) as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        association = ae.associate("127.0.0.1", port, ae_title="PRIMUM")
        answers = association.send_c_move(asked(StudyInstanceUID="2.25.1"), "SHELF", model, msg_id=7)
        collected = []
        reader = threading.Thread(target=lambda: collected.extend(answers))
        reader.start()
        assert second.wait(10)
        association.send_c_cancel(7, association.accepted_contexts[0].context_id)
        wait_until(lambda: True, seconds=1)
        cancelled.set()
        reader.join(20)
        association.release()
    status = collected[-1][0]
    assert status.Status == 0xFE00
    assert status.NumberOfRemainingSuboperations == 6 - len(kept.received) > 0


def test_it_is_in_the_journal_before_the_first_byte_leaves_and_counted_after(library):
    library.keep(*study(2), *study(1, uid="2.25.2", first=11))
    seen = []

    def look(event, kept):
        seen.append([one["kind"] for one in library.facts() if one["kind"].startswith("study:")])

    with shelf(on_store=look) as kept, library.open() as port:
        shelved = library.destination("SHELF", kept.port)
        library.enrol(library.reader, shelved)
        move(port, asked(StudyInstanceUID=["2.25.1", "2.25.2"]))
    assert seen[0] == ["study:sent"]
    assert seen[2] == ["study:sent", "study:delivered", "study:sent"]
    facts = [one for one in library.facts() if one["kind"].startswith("study:")]
    assert [one["kind"] for one in facts] == ["study:sent", "study:delivered"] * 2
    assert {one["actor"] for one in facts} == {library.reader.id}
    assert {one["details"]["destination"] for one in facts} == {shelved.id}
    assert [one["details"]["instances"] for one in facts] == [2, 2, 1, 1]


def test_what_cannot_be_journaled_is_not_sent(library, monkeypatch):
    from primum.doors.dimse import retrieving
    from primum.ground.errors import PrimumError

    library.keep(*study(2))
    real = type(library.journal).record

    def full(journal, fact):
        if fact.kind.value.name == "study:sent":
            raise PrimumError
        real(journal, fact)

    monkeypatch.setattr(type(library.journal), "record", full)
    with shelf() as kept, library.open() as port:
        library.enrol(library.reader, library.destination("SHELF", kept.port))
        status, _ = move(port, asked(StudyInstanceUID="2.25.1"))[-1]
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"))
    assert (kept.received, came) == ({}, {})
    assert {status.Status, answers[-1][0].Status} == {0xA702}
    assert status.ErrorComment == retrieving.Untraced.code


def test_a_damaged_record_fails_alone(library):
    [_, second, _] = library.keep(*study(3))
    files = (library.folder / "vault").rglob(f"*{second.position.pack}*")
    pack = next(one for one in files if one.is_file())
    with pack.open("r+b") as file:
        file.seek(second.position.offset + 600)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    with library.open() as port:
        answers, came = get(port, asked(StudyInstanceUID="2.25.1"))
    assert set(came) == {"2.25.1000.1", "2.25.1000.3"}
    assert (answers[-1][0].Status, counts(answers[-1][0])) == (0xB000, (2, 1, 0))


@pytest.mark.programs("getscu")
def test_dcmtk_gets(library, tmp_path):
    library.keep(*study(5))
    out = tmp_path / "out"
    out.mkdir()
    with library.open() as port:
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1"]
        done = run("getscu", "-S", "-aet", "SCANNER", "-aec", "PRIMUM", "-od", out, *keys, "127.0.0.1", port)
    assert done.returncode == 0, done.stderr
    assert {encoded(dcmread(one)) for one in out.iterdir()} == set(whole(study(5)).values())


@pytest.mark.programs("movescu", "storescp")
def test_dcmtk_moves_to_dcmtk(library, tmp_path):
    library.keep(*study(5))
    out, port_there = tmp_path / "out", free_port()
    out.mkdir()
    with (
        started(["storescp", "-aet", "SHELF", "-od", str(out), str(port_there)], tmp_path / "log"),
        library.open() as port,
    ):
        wait_until(lambda: accepts(port_there), seconds=20)
        library.enrol(library.reader, library.destination("SHELF", port_there))
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=2.25.1"]
        done = run("movescu", "-S", "-aet", "SCANNER", "-aec", "PRIMUM", "-aem", "SHELF", *keys, "127.0.0.1", port)
    assert done.returncode == 0, done.stderr
    assert {encoded(dcmread(one)) for one in out.iterdir()} == set(whole(study(5)).values())


def test_a_caller_that_stops_reading_is_cut_and_slows_nobody(library):
    """The journal tells that the study went out, and that not all of it arrived."""
    library.keep(*(instance(n, pixels=bytes(1 << 20)) for n in range(1, 13)))
    library.keep(*study(2, uid="2.25.2", first=101))
    role = struct.pack(">H", len(CT)) + CT.encode() + b"\0\1"
    request = associate(
        (1, StudyRootQueryRetrieveInformationModelGet, (EXPLICIT,)), (3, CT, (EXPLICIT,)), more=item(0x54, role)
    )
    model = StudyRootQueryRetrieveInformationModelGet.encode() + b"\0" * (
        len(StudyRootQueryRetrieveInformationModelGet) % 2
    )
    body = element(0x0002, model) + element(0x0100, b"\x10\0") + element(0x0110, b"\1\0") + element(0x0700, b"\0\0")
    body += element(0x0800, b"\1\0")
    command = element(0, struct.pack("<L", len(body))) + body
    limits = Limits(send_seconds=1, grace_seconds=1, tick_seconds=0.2, artim_seconds=1, answer_seconds=1)
    with library.open(limits=limits) as port, Caller(port) as idle:
        idle.associated(request)
        idle.say(message(1, command, encoded(asked(StudyInstanceUID="2.25.1"))))
        begun = time.monotonic()
        answers, came = get(port, asked(StudyInstanceUID="2.25.2"))
        assert (len(came), answers[-1][0].Status) == (2, 0)
        assert time.monotonic() - begun < 5
        wait_until(lambda: bool(cut(library)), seconds=15)
    assert [one["details"]["reason"] for one in cut(library)] == ["broken-off"]


def cut(library):
    """The studies of which not all arrived."""
    return [one for one in library.facts() if one["details"].get("refused")]


@pytest.mark.programs("gdcmscu")
def test_gdcm_moves_to_itself(library, tmp_path):
    """Its receiver reads whatever it accepts as implicit little endian; what is stored so arrives.

    It asks first and listens a moment later: it is called again until it does. Debian's 3.0.17 ends by an exception
    of its own once both associations are released, or, on a busy machine, not at all: neither its status nor its end
    says anything; what arrived and what the journal says do.
    """
    library.keep_raw(*((encoded(one, implicit=True), IMPLICIT) for one in study(3)))
    out, port_there = tmp_path / "out", free_port()
    out.mkdir()
    with library.open() as port:
        library.enrol(library.destination("SCANNER", port_there, may=READS | RECEIVES))
        titles = ["--aetitle", "SCANNER", "--call", "PRIMUM", "--port-scp", port_there]
        with contextlib.suppress(subprocess.TimeoutExpired):
            run(
                "gdcmscu",
                "--move",
                *titles,
                "--study",
                "--studyroot",
                "--key",
                "20,d,2.25.1",
                "-o",
                out,
                "127.0.0.1",
                port,
            )
    assert sorted(one.name for one in out.iterdir()) == [f"2.25.1000.{n}.dcm" for n in (1, 2, 3)]
    assert [one["details"]["reason"] for one in library.facts() if one["kind"] == "study:delivered"] == ["done"]
    assert library.reasons("device:association:closed") == ["released"]
