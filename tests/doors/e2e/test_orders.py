"""From the order to the examination that is done, through the running product: HL7 over TLS, worklist, images."""

import json
import re
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.doors.dimse.instances import instance
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import facts, studies
from tests.doors.e2e.modality import Modality
from tests.doors.e2e.offline import enrol_offline, offline
from tests.doors.hl7.test_door import Sender
from tests.programs import free_port, wait_until
from tests.running import RunningPrimum, make_real_home
from tests.unit.imaging.orders.hl7.corpus import a40, orm

DAY = "(0040,0100)[0].0040,0002=20990303"


class Ris(Sender):
    """A sender of orders with a device pack, over TLS."""

    def __init__(self, port: int, pack: Path) -> None:
        super().__init__(port)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(pack / "archive-ca.pem")
        context.load_cert_chain(pack / "certificate.pem", pack / "key.pem")
        self.socket = context.wrap_socket(self.socket)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    place = tmp_path_factory.mktemp("practice")
    home = make_real_home(place)
    with offline(home) as opened:
        enrol_offline(opened, "ris", "RIS", place / "ris", ["orders"])
        enrol_offline(opened, "ct-1", "CT1", place / "ct-1", ["store", "worklist"])
    settings = {"hl7_port": free_port(), "accession_prefix": "R"}
    with RunningPrimum(home.folder, key_file=home.key_file, settings=settings) as primum:
        person = primum.enrol_first_person()
        primum.sign_in(person)
        yield Practice(primum, person, home)


def worklist(practice: Practice, pack: Path) -> list[str]:
    """The Study Instance UIDs that DCMTK reads for the day."""
    command = ["findscu", "-v", "-W", "-aet", "CT1", "-aec", "PRIMUM"]
    command += ["+tls", str(pack / "key.pem"), str(pack / "certificate.pem"), "+cf", str(pack / "archive-ca.pem")]
    command += ["127.0.0.1", str(practice.primum.settings["dicom_port"]), "-k", "0020,000d", "-k", DAY]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return re.findall(r"\(0020,000d\) UI \[([0-9.]+)", (done.stdout + done.stderr).decode("latin-1"))


@pytest.mark.programs("findscu")
def test_an_order_becomes_an_entry_and_its_images_take_it_off(practice):
    place = practice.home.folder.parent
    ris, scanner = place / "ris", place / "ct-1"
    port = int(practice.primum.settings["hl7_port"])
    with Ris(port, ris) as sender:
        assert "MSA|AA|M2" in sender.ask(orm(start="20990303103000", accession="", step=""))[0]
    with Ris(port, scanner) as other:
        assert "hl7.sender-refused" in other.ask(orm(control_id="M8"))[0]
    assert worklist(practice, scanner) == ["1.2.826.0.1.99"]
    (placed,) = facts(practice, "order:placed")
    assert placed["details"]["what"] == "hl7"
    image = instance()
    image.StudyInstanceUID, image.Modality = "1.2.826.0.1.99", "CT"
    caller = Modality(int(practice.primum.settings["dicom_port"]), scanner)
    with caller:
        caller.associate()
        caller.store(image, image.SOPInstanceUID)
        caller.release()
    assert worklist(practice, scanner) == []
    (done,) = facts(practice, "order:step:changed")
    assert (done["details"]["what"], done["details"]["reason"]) == ("done", "images")


def test_a_merge_that_the_ris_says_is_seen_and_followed_by_a_person(practice):
    place, cli = practice.home.folder.parent, practice.primum.cli
    port = int(practice.primum.settings["dicom_port"])
    for number, value in enumerate(("4711", "4710")):
        image = instance(50 + number, study=f"2.25.99{number}")
        image.PatientID, image.PatientName = value, "Le^Même"
        with Modality(port, place / "ct-1") as caller:
            caller.associate()
            caller.store(image, image.SOPInstanceUID)
            caller.release()
    wait_until(lambda: len(studies(practice, "4711")) + len(studies(practice, "4710")) == 2, seconds=20)
    with Ris(int(practice.primum.settings["hl7_port"]), place / "ris") as sender:
        assert "MSA|AA" in sender.ask(a40("M40"))[0]
    (proposal,) = json.loads(cli("patient", "proposals", "--json").stdout)["proposals"]
    (pair,) = proposal["pairs"]
    people = [pair["patient"]["id"], pair["gone"]["id"]]
    person = practice.person
    cli("patient", "merge", *people, "--proposal", proposal["id"], typed=[person.password, person.code()])
    assert json.loads(cli("patient", "proposals", "--json").stdout)["proposals"] == []
    assert len(studies(practice, "4711")) == 2
    told = [(one["subject"], one["details"]["what"]) for one in facts(practice, "merge:decided")]
    assert told == [(proposal["id"], "done")]
