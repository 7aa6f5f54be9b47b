"""The ladder against our own DICOM door: what is closed is told closed, and one careless grant is found."""

from __future__ import annotations

import pytest
from tests.doors.dimse.instances import instance
from tests.doors.dimse.library import READS, Library
from tests.doors.dimse.running import House, device
from tests.doors.dimse.test_tls import secured
from tests.unit.exposure.probe.kit import asking, make_certificate, make_dialler, told
from tests.unit.identity.devices_home import CTL, PER, make_house

from primum.exposure.probe.dicom import speaker
from primum.exposure.probe.dicom.speaker import DicomSpeaker
from primum.exposure.probe.model import Mode, Service
from primum.exposure.probe.speaking import Known
from primum.identity.device_model import Service as Grant


def probed(port: int, *titles: str, foreign=None) -> Service:
    ask = asking(port, make_dialler(foreign), Known(titles=titles))
    service = DicomSpeaker().recognise(ask, b"")
    assert service is not None
    DicomSpeaker().climb(ask, service)
    return service


def holes(service: Service) -> set[tuple[str, str, str]]:
    return {(str(hole.mode), str(hole.identity), str(hole.rung)) for hole in service.holes()}


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "house")
    yield house
    house.close()


def test_a_plain_port_knows_nobody_but_its_devices(house):
    with house.open() as port:
        service = probed(port)
    assert holes(service) == set()
    assert ("nobody", "associate", "refused", "rj-1-1-3") in told(service)
    assert ("known", "associate", "refused", "rj-1-1-3") in told(service)
    assert not service.undetermined()


def test_a_plain_grant_to_store_is_found_and_no_more(house):
    with house.open() as port:
        service = probed(port, "SCANNER")
    assert holes(service) == {("plain", "device", rung) for rung in ("associate", "echo", "store")}
    assert not service.undetermined()
    assert house.stored() == []


def test_a_careless_grant_to_read_is_found_and_names_what_could_be_read(tmp_path):
    library = Library(tmp_path)
    library.enrol(device("SCANNER", READS | {Grant.FIND}))
    library.keep(instance(1), instance(2, study="2.25.2"))
    try:
        with library.open() as port:
            service = probed(port, "SCANNER")
    finally:
        library.close()
    rungs = ("associate", "echo", "find", "get", "store")
    assert holes(service) == {("plain", "device", rung) for rung in rungs}
    assert service.studies == 2
    assert service.readable == ["PatientID", "PatientName", "StudyDate"]
    assert ("device", "move", "refused", "a801") in told(service)


def test_tls_lets_nobody_in_without_an_enrolled_certificate(house, tmp_path, monkeypatch):
    practice = make_house(tmp_path / "practice")
    practice.devices.add(PER, "ct", "CT1", {"store"}, CTL)
    foreign = make_certificate(tmp_path / "foreign.pem")
    with secured(house, practice) as port:
        assert DicomSpeaker().recognise(asking(port), b"") is None
        # what stands on the registered port and wants a certificate is presumed to be DICOM
        monkeypatch.setattr(speaker, "TLS_PORTS", frozenset({port}))
        service = probed(port, "CT1", foreign=foreign)
    assert service.notes == ["dicom.presumed"]
    assert holes(service) == set()
    assert not service.undetermined()
    assert service.tls["versions"] == ["TLSv1.2", "TLSv1.3"]
    assert service.tls["asks_for_certificate"] is True
    for mode in (Mode.TLS, Mode.TLS_FOREIGN):
        assert [one[:3] for one in told(service, mode)] == [("nobody", "connect", "refused")]
