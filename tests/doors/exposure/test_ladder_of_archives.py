"""The ladder against archives that others wrote: each list of holes was written before the probe was asked."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.doors.dimse.instances import instance, with_meta
from tests.doors.dimse.orthanc import orthanc
from tests.doors.exposure.archives import ECHO, EVERYTHING, FIND, GET, MOVE, PATIENT, STORE, WORKLIST, archive
from tests.programs import accepts, find_program, free_port, started, wait_until
from tests.unit.exposure.probe.kit import asking, make_dialler, told

from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.dicom.speaker import DicomSpeaker
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import LADDERS, WRITES, Family, Mode, Service
from primum.exposure.probe.speaking import Known

# pynetdicom leaves sockets of associations that were aborted, and of those it sends to, to the collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def probed(port: int, *titles: str, canary: str = "", log: list[Purpose] | None = None) -> Service:
    """Recognise and climb, as one of this machine's own."""
    ask = asking(port, make_dialler(log=log, limits=LIMITS), Known(titles=titles, canary=canary))
    speaker = DicomSpeaker()
    service = speaker.recognise(ask, b"")
    assert service is not None
    speaker.climb(ask, service)
    return service


def holes(service: Service) -> set[tuple[str, str]]:
    assert {hole.mode for hole in service.holes()} <= {Mode.PLAIN}
    return {(str(hole.identity), str(hole.rung)) for hole in service.holes()}


def code(service: Service, identity: str, rung: str) -> str:
    return next(f"{outcome} {code}" for who, what, outcome, code in told(service) if (who, what) == (identity, rung))


def each(identity: str, *rungs: str) -> set[tuple[str, str]]:
    return {(identity, rung) for rung in rungs}


@pytest.mark.programs("Orthanc")
def test_orthanc_as_it_comes_lets_everybody_write_and_nobody_read(tmp_path):
    with orthanc(tmp_path, DicomAlwaysAllowFind=False) as peer:
        service = probed(peer.dicom)
    assert holes(service) == each("nobody", "associate", "echo", "store", "action")
    assert code(service, "nobody", "mpps") == "refused context-3"


@pytest.mark.programs("Orthanc")
def test_orthanc_that_is_wide_open(tmp_path):
    log: list[Purpose] = []
    known = {"theirs": ["REALDEVICE", "127.0.0.1", 9]}
    with orthanc(tmp_path, DicomAlwaysAllowGet=True, DicomAlwaysAllowMove=True, DicomModalities=known) as peer:
        peer.store([instance(1), instance(2, study="2.25.2")])
        service = probed(peer.dicom, "REALDEVICE", log=log)
        assert len(peer.get("instances")) == 2
    assert holes(service) == each("nobody", "associate", "echo", "find", "get", "store", "action")
    # it has one code for whatever goes wrong: only an image sent to the device would tell
    assert code(service, "nobody", "move") == "refused c000"
    assert code(service, "device", "move") == "undetermined not-sent"
    assert (service.studies, service.studies_at_least) == (2, False)
    assert service.readable == ["PatientID", "PatientName", "StudyDate"]
    assert service.product.startswith("OFFIS_DCMTK")
    assert not {line.rung for line in log} & WRITES


@pytest.mark.programs("Orthanc")
def test_orthanc_that_wants_its_own_title_and_knows_a_title_of_the_list(tmp_path):
    closed = dict.fromkeys(("DicomAlwaysAllowEcho", "DicomAlwaysAllowFind", "DicomAlwaysAllowStore"), False)
    known = {"theirs": ["FINDSCU", "127.0.0.1", 9]}
    with orthanc(tmp_path, DicomCheckCalledAet=True, DicomModalities=known, **closed) as peer:
        peer.store([instance(1)])
        service = probed(peer.dicom, "REALDEVICE")
    assert holes(service) == each("known", "associate", "echo", "find", "get", "store", "action")
    assert code(service, "nobody", "associate") == "refused rj-1-1-7"


@pytest.mark.programs("Orthanc")
def test_orthanc_that_knows_a_device_of_the_house_alone(tmp_path):
    closed = dict.fromkeys(("DicomAlwaysAllowEcho", "DicomAlwaysAllowFind", "DicomAlwaysAllowStore"), False)
    with orthanc(tmp_path, DicomModalities={"theirs": ["REALDEVICE", "127.0.0.1", 9]}, **closed) as peer:
        peer.store([instance(1)])
        service, stranger = probed(peer.dicom, "REALDEVICE"), probed(peer.dicom)
    assert holes(service) == each("device", "associate", "echo", "find", "get", "store", "action")
    assert holes(stranger) == set()
    assert code(stranger, "known", "associate") == "refused rj-1-1-3"


@contextmanager
def dcmqrscp(folder: Path, title: str, peers: str, hosts: str = "") -> object:
    """Run it with one instance in it."""
    (folder / "kept").mkdir(parents=True)
    port = free_port()
    (folder / "qr.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 16384\nMaxAssociations = 16\n"
        f"HostTable BEGIN\n{hosts}\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{title} {folder / 'kept'} RW (200, 1024mb) {peers}\nAETable END\n"
    )
    with started([str(find_program("dcmqrscp")), "-c", str(folder / "qr.cfg")], folder / "log") as process:
        wait_until(lambda: accepts(port), seconds=30, running=process)
        with_meta(instance(1)).save_as(folder / "1.dcm", enforce_file_format=True)
        caller = "REALDEVICE" if hosts else "SENDER"
        send = [str(find_program("storescu")), "-aet", caller, "-aec", title, "127.0.0.1", str(port), folder / "1.dcm"]
        with started([str(one) for one in send], folder / "sent") as sender:
            assert sender.wait(30) == 0
        yield port


@pytest.mark.programs("dcmqrscp", "storescu")
def test_dcmqrscp_that_takes_anybody_who_knows_its_usual_title(tmp_path):
    with dcmqrscp(tmp_path / "qr", "QRSCP", "ANY") as port:
        service = probed(port)
    assert holes(service) == each("known", "associate", "echo", "find", "get", "store")
    assert code(service, "nobody", "associate") == "refused rj-1-1-7"
    assert code(service, "known", "move") == "refused a801"
    assert service.readable == ["PatientID", "PatientName", "StudyDate"]


@pytest.mark.programs("dcmqrscp", "storescu")
def test_dcmqrscp_that_takes_its_own_peer_alone(tmp_path):
    with dcmqrscp(tmp_path / "qr", "HOUSE", "house", "house = (REALDEVICE, localhost, 9)") as port:
        stranger, insider = probed(port), probed(port, "REALDEVICE", "HOUSE")
    assert holes(stranger) == set()
    assert holes(insider) == each("device", "associate", "echo", "find", "get", "move", "store")


@pytest.mark.programs("storescp")
def test_storescp_takes_images_of_anybody_and_answers_nothing_else(tmp_path):
    port = free_port()
    with started([str(find_program("storescp")), "-od", str(tmp_path), str(port)], tmp_path / "log") as process:
        wait_until(lambda: accepts(port), seconds=30, running=process)
        service = probed(port)
    assert holes(service) == each("nobody", "associate", "echo", "store")
    assert code(service, "nobody", "find") == "refused context-3"
    assert not list(tmp_path.glob("CT*"))


ALL = tuple(str(one) for one in LADDERS[Family.DICOM])
CALLERS = ("PRIMUM-PROBE", "REALDEVICE", "MOVESCU", "ECHOSCU")


@pytest.mark.parametrize(
    ("title", "called_checked", "calling", "expected", "first"),
    [
        ("HOUSE", False, (), each("nobody", *ALL), "open "),
        ("ANY-SCP", True, (), each("nobody", *ALL), "open "),
        ("DICOOGLE-STORAGE", True, (), each("known", *ALL), "refused rj-1-1-7"),
        ("HOUSE", True, (), each("device", *ALL), "refused rj-1-1-7"),
        ("HOUSE", False, ("MOVESCU",), each("known", *ALL), "refused rj-1-1-3"),
        ("HOUSE", False, ("REALDEVICE",), each("device", *ALL), "refused rj-1-1-3"),
        ("DCM4CHEE", True, ("ECHOSCU",), each("known", *ALL), "refused rj-1-1-7"),
        ("DCM4CHEE", True, ("REALDEVICE",), each("device", *ALL), "refused rj-1-1-7"),
        ("HOUSE", True, ("REALDEVICE",), each("device", *ALL), "refused rj-1-1-7"),
        ("SECRET", True, (), set(), "refused rj-1-1-7"),
        ("HOUSE", False, ("SECRET",), set(), "refused rj-1-1-3"),
    ],
)
def test_titles_are_found_whichever_is_looked_at(title, called_checked, calling, expected, first):
    with archive(*EVERYTHING, title=title, called_checked=called_checked, calling=calling, destinations=CALLERS) as it:
        log: list[Purpose] = []
        service = probed(it.port, "REALDEVICE", "HOUSE", log=log)
    assert holes(service) == expected
    assert code(service, "nobody", "associate") == first
    # the product of both lists would be 38 times 23
    assert sum(line.rung == "associate" for line in log) < 120


def test_a_listener_like_horos_that_takes_any_title_has_no_get_and_moves_to_whom_it_knows():
    with archive(ECHO, FIND, MOVE, STORE, destinations=("OSIRIX", "REALDEVICE")) as it:
        service = probed(it.port, "REALDEVICE")
    assert holes(service) == {*each("nobody", "associate", "echo", "find", "store"), ("known", "move")}
    assert code(service, "nobody", "move") == "refused a801"
    assert code(service, "nobody", "get") == "refused context-3"
    assert code(service, "nobody", "action") == "refused context-3"


def test_one_that_stores_ultrasound_alone_lets_everybody_write_too():
    with archive("1.2.840.10008.5.1.4.1.1.6.1") as it:
        service = probed(it.port)
    assert holes(service) == each("nobody", "associate", "store")


def test_a_worklist_is_a_query_too_and_is_named():
    with archive(WORKLIST) as it:
        service = probed(it.port)
    assert holes(service) == each("nobody", "associate", "find")
    assert "dicom.worklist" in service.notes
    assert not [keys for _, keys in it.asked if "PatientName" in keys]


def test_an_archive_that_answers_no_query_without_a_condition_is_asked_one_that_all_meet():
    with archive(FIND, blank_refused=True) as it:
        service = probed(it.port)
    assert holes(service) == each("nobody", "associate", "find")
    assert service.studies == 3


def test_more_studies_than_are_counted_are_cancelled_and_said_to_be_at_least_so_many():
    with archive(FIND, studies=3000) as it:
        service = probed(it.port)
    assert (service.studies, service.studies_at_least) == (1000, True)
    assert it.answered < 3000
    assert it.keys("STUDY")[0] == {"QueryRetrieveLevel", "StudyInstanceUID"}


def test_what_is_readable_is_named_after_one_answer_to_one_query():
    with archive(ECHO, FIND, GET) as it:
        service = probed(it.port)
    assert service.readable == sorted(PATIENT)
    assert sum("PatientName" in keys for keys in it.keys("STUDY")) == 1
    assert all("PatientName" not in keys for level in ("SERIES", "IMAGE") for keys in it.keys(level))


def test_an_empty_archive_that_answers_is_open_though_nothing_is_in_it():
    with archive(FIND, studies=0) as it:
        service = probed(it.port)
    assert holes(service) == each("nobody", "associate", "find")
    assert (service.studies, service.readable) == (0, [])


def test_values_are_asked_of_the_canary_alone_where_there_is_one():
    with archive(FIND, GET, MOVE, studies=2) as it:
        probed(it.port, canary="2.25.2")
    identifying = [keys for what, keys in it.asked if what == "find" and "PatientName" in keys]
    assert [keys.StudyInstanceUID for keys in identifying] == ["2.25.2"]
    assert {keys.StudyInstanceUID for what, keys in it.asked if what in {"get", "move"}} == {"2.25.2"}


def test_nothing_is_ever_stored():
    with archive(*EVERYTHING, destinations=CALLERS) as it:
        service = probed(it.port)
    assert ("nobody", "store") in holes(service)
    assert "store" not in {what for what, _ in it.asked}
