"""Bad input at the running product: a clear answer, the same processes after it, nothing half stored, nothing told."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.doors.dimse.instances import associate, encoded, message, p_data, pdv, store_command
from tests.doors.e2e.canary import dataset, make_canary
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import enrol, facts, studies
from tests.doors.e2e.modality import AET, Modality, comment, part10, status
from tests.doors.e2e.processes import receivers
from tests.programs import wait_until
from tests.twins import processes
from tests.twins.clear_text import Canary, search_bytes

ABORTED_FOR_A_VALUE = (7, bytes((0, 0, 2, 6)))
"""A-ABORT by the service-provider, invalid PDU parameter value (PS3.8 table 9-26)."""
CANNOT_UNDERSTAND = 0xC000


@dataclass
class Archive:
    """The archive, and what must still be so after each test."""

    practice: Practice
    pack: Path
    pages: httpx.Client
    canaries: list[Canary] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)

    @property
    def group(self) -> int:
        assert self.practice.primum.process is not None
        return self.practice.primum.process.pid

    def canary(self) -> Canary:
        """Invent a patient of this test's own, who must not be in the log at its end."""
        self.canaries.append(make_canary())
        return self.canaries[-1]

    def calling(self, *, associated: bool = True) -> Modality:
        """Call as the enrolled device."""
        modality = Modality(int(self.practice.primum.settings["dicom_port"]), self.pack)
        if associated:
            modality.associate()
        return modality

    def processes(self) -> dict[str, int]:
        """Name each process and its id."""
        named = {name: processes.child_named(self.group, name) for name in ("dimse", "web", "worker")}
        return named | {f"receiver {n}": pid for n, pid in enumerate(receivers(self.practice.primum))}

    def count(self) -> dict[str, int]:
        """Count the images of each study."""
        found = self.pages.get("/dicom-web/studies", params={"limit": 1000}).raise_for_status().json()
        return {one["0020000D"]["Value"][0]: one["00201208"]["Value"][0] for one in found}

    def added(self) -> list[int]:
        """Count the images of the studies that this test added or made larger."""
        return [count for uid, count in self.count().items() if count != self.before.get(uid, 0)]

    def row(self, canary: Canary) -> str:
        """Find the patient's line in the worklist."""
        page = self.pages.get("/").raise_for_status().text
        (row,) = [one for one in re.findall(r"<tr.*?</tr>", page, re.DOTALL) if canary.patient_id in one]
        return row


@pytest.fixture(scope="module")
def opened(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    practice.primum.sign_in(practice.person)
    pack = enrol(practice, tmp_path_factory.mktemp("packs"), "ct-1", AET, "--may", "store")
    with practice.primum.signed_in(practice.person) as pages:
        yield Archive(practice, pack, pages)
    checked = practice.primum.cli("vault", "check", "--deep", check=False)
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout


@pytest.fixture
def archive(opened: Archive) -> Iterator[Archive]:
    """The archive; after the test it must be as alive and as silent as it was before, and take the next image."""
    alive, opened.before = opened.processes(), opened.count()
    yield opened
    assert opened.processes() == alive
    assert good_store(opened) == 0
    log = opened.practice.primum.log.read_bytes()
    for canary in opened.canaries:
        assert search_bytes(log, canary.needles()) == set()


def good_store(archive: Archive) -> int:
    """Store an image of somebody else, and see that it is found."""
    canary = archive.canary()
    one = dataset(canary)
    with archive.calling() as modality:
        answer = status(modality.store(one, one.SOPInstanceUID))
        modality.release()
    assert archive.count()[one.StudyInstanceUID] == 1
    return answer


# what is no PDU


def endings(archive: Archive) -> list[str]:
    return [one["details"]["reason"] for one in facts(archive.practice, "device:association:closed")]


def one_more_ended(archive: Archive, reason: str, do: Callable[[], None]) -> None:
    before = endings(archive).count(reason)
    do()
    wait_until(lambda: endings(archive).count(reason) == before + 1, seconds=30)


def test_a_request_cut_short_is_the_end_of_a_connection_and_of_nothing_else(archive):
    with archive.calling(associated=False) as modality:
        modality.say(associate(calling=AET)[:-20])
    assert archive.added() == []


@pytest.mark.parametrize("kept", [3, 6, 20, 9000], ids=["in its header", "after it", "in the command", "in the data"])
def test_an_instance_cut_short_is_not_stored_and_the_journal_says_how_it_ended(archive, kept):
    one = dataset(archive.canary())
    sent = message(1, store_command(one.SOPInstanceUID), encoded(one))

    def cut() -> None:
        with archive.calling() as modality:
            modality.say(sent[:kept])

    one_more_ended(archive, "closed", cut)
    assert archive.added() == []


@pytest.mark.parametrize("kind", [1, 4, 5, 7])
def test_a_pdu_of_4_gb_is_aborted_and_held_by_nobody(archive, kind):
    before = memory(archive)
    with archive.calling() as modality:
        modality.say(struct.pack(">BxL", kind, 0xFFFFFFFF), bytes(100_000))
        assert modality.hear() == ABORTED_FOR_A_VALUE
    assert memory(archive) - before < 32 << 10
    assert archive.added() == []


def test_a_fragment_of_4_gb_is_aborted(archive):
    one = dataset(archive.canary())
    with archive.calling() as modality:
        whole = pdv(1, 2, encoded(one)[:1000])
        modality.say(p_data(pdv(1, 3, store_command(one.SOPInstanceUID))))
        modality.say(p_data(struct.pack(">L", 0xFFFFFFFE) + whole[4:]))
        assert modality.hear() == ABORTED_FOR_A_VALUE
    assert archive.added() == []


def memory(archive: Archive) -> int:
    """The most memory that a receiver ever held, in KiB."""
    told = [Path(f"/proc/{pid}/status").read_text() for pid in receivers(archive.practice.primum)]
    return max(int(re.search(r"VmHWM:\s+(\d+) kB", one).group(1)) for one in told)


# what is no instance


def refused(archive: Archive, data: bytes, uid: str) -> dict[int, bytes]:
    """Send a data set that must be refused, then on the same association one that must not."""
    good = dataset(archive.canary(), size=16)
    with archive.calling() as modality:
        answer = modality.store(data, uid)
        assert status(modality.store(good, good.SOPInstanceUID)) == 0
        modality.release()
    assert archive.added() == [1]
    return answer


def test_a_data_set_without_a_sop_instance_uid_is_refused_by_name(archive):
    one = dataset(archive.canary())
    uid = one.SOPInstanceUID
    del one.SOPInstanceUID
    answer = refused(archive, encoded(one), uid)
    assert (status(answer), comment(answer)) == (CANNOT_UNDERSTAND, "imaging.no-sop-uid")
    assert answer[0x0901] == struct.pack("<HH", 0x0008, 0x0018)


@pytest.mark.parametrize("path", [b"../../etc", b"/etc/passwd\0", b"..", b"1.2\\..\\..", b"1.2/../../.."])
def test_a_study_uid_that_is_a_path_is_refused_and_leads_nowhere(archive, path):
    one = dataset(archive.canary())
    good = encoded(one)
    uid = one.StudyInstanceUID.encode()
    uid += b"\0" * (len(uid) % 2)
    bad = good.replace(
        b"\x20\x00\x0d\x00UI" + struct.pack("<H", len(uid)) + uid,
        b"\x20\x00\x0d\x00UI" + struct.pack("<H", len(path) + len(path) % 2) + path + b"\0" * (len(path) % 2),
    )
    assert bad != good
    answer = refused(archive, bad, one.SOPInstanceUID)
    assert (status(answer), comment(answer)) == (CANNOT_UNDERSTAND, "imaging.bad-uid")


def test_a_path_as_the_instance_uid_of_the_command_is_refused(archive):
    answer = refused(archive, encoded(dataset(archive.canary())), "../../../../tmp/x")
    assert (status(answer), comment(answer)) == (0x0117, "dimse.instance-uid")


def test_an_element_of_4_gb_is_refused(archive):
    one = dataset(archive.canary())
    data = encoded(one)
    at = data.index(b"\xe0\x7f\x10\x00OW") + 8
    answer = refused(archive, data[:at] + b"\xfe\xff\xff\xff" + data[at + 4 :], one.SOPInstanceUID)
    assert (status(answer), comment(answer)) == (CANNOT_UNDERSTAND, "imaging.damaged-data-set")


def test_noise_in_place_of_a_data_set_is_refused(archive):
    answer = refused(archive, bytes(range(256)) * 40, "2.25.1")
    assert status(answer) == CANNOT_UNDERSTAND


# what is odd, and kept


@pytest.mark.parametrize("charset", ["ISO_IR 192", "KLINGON"])
def test_a_name_in_a_broken_character_set_is_stored_listed_and_flagged(archive, charset):
    canary = archive.canary()
    one = dataset(canary, charset="ISO_IR 100")
    data = encoded(one).replace(b"ISO_IR 100", charset.ljust(10).encode())
    with archive.calling() as modality:
        assert status(modality.store(data, one.SOPInstanceUID)) == 0
        modality.release()
    assert archive.added() == [1]
    assert "badge flagged" in archive.row(canary)
    for asked in (canary.patient_id, canary.name[4:21]):  # what follows the accent
        (found,) = studies(archive.practice, asked)
        assert found["identifier"] == canary.patient_id
    answer = archive.pages.get(f"/dicom-web/studies/{one.StudyInstanceUID}/metadata").raise_for_status()
    assert answer.json()[0]["00100020"]["Value"] == [canary.patient_id]


def test_the_same_uid_with_other_pixels_is_a_conflict_and_the_first_is_served(archive):
    canary = archive.canary()
    one, other = dataset(canary), dataset(canary)
    other.PixelData = bytes(one.PixelData)[:64] + b"\x07" * (len(one.PixelData) - 64)
    for sent in (one, one, other):
        with archive.calling() as modality:
            assert status(modality.store(sent, one.SOPInstanceUID)) == 0
            modality.release()
        conflict = sent is other
        assert ("badge conflict" in archive.row(canary)) is conflict
    assert archive.added() == [1]
    series = f"/dicom-web/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}"
    frame = archive.pages.get(f"{series}/instances/{one.SOPInstanceUID}/frames/1").raise_for_status().content
    assert one.PixelData in frame
    assert other.PixelData not in frame


# the same, as files


def test_an_import_takes_the_good_files_and_names_the_bad_ones_to_who_imports(archive, tmp_path):
    canary = archive.canary()
    good, no_uid, path, cut = (dataset(canary, image=number) for number in range(4))
    for one, name in ((good, "good"), (cut, "cut")):
        (tmp_path / f"{canary.name} {name}.dcm").write_bytes(part10(one)[: -500 if one is cut else None])
    for one, name in ((no_uid, "no uid"), (path, "path")):
        whole = part10(one)
        uid = (one.SOPInstanceUID if one is no_uid else one.StudyInstanceUID).encode()
        worse = b"\0" * len(uid) if one is no_uid else b"../" * (len(uid) // 3) + b"x" * (len(uid) % 3)
        at = whole.index(uid, whole.index(b"\x08\x00\x18\x00" if one is no_uid else b"\x20\x00\x0d\x00"))
        (tmp_path / f"{canary.name} {name}.dcm").write_bytes(whole[:at] + worse + whole[at + len(uid) :])
    (tmp_path / f"{canary.name}.txt").write_text(canary.name)
    done = archive.practice.primum.cli("import", str(tmp_path), check=False)
    assert done.returncode == 1
    assert "1 images of 1 studies stored, 1 files are not DICOM (1 text), 3 refused" in done.stderr
    told = {line.rpartition(": ")[0].rpartition(" ")[2]: line for line in done.stderr.splitlines() if ".dcm: " in line}
    assert re.findall(r"\[(imaging\.[a-z-]+)\]", done.stderr) == [
        "imaging.damaged-data-set", "imaging.no-sop-uid", "imaging.bad-uid",
    ]  # fmt: skip
    assert len(told) == 3
    assert archive.added() == [1]


def test_a_folder_that_is_not_there_is_refused_with_a_way_out(archive, tmp_path):
    done = archive.practice.primum.cli("import", str(tmp_path / "nowhere"), check=False)
    assert done.returncode == 1
    assert re.search(r"^primum: error: .+ \[import\.no-folder\]\nprimum: hint: .+$", done.stderr, re.MULTILINE)
