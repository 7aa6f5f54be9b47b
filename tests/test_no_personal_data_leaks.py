"""A canary patient goes through every door in whatever can be refused; no refusal, log line or journal line names them.

Refusals are looked at as anybody might print them: the sentence, the way out, `repr`, and the whole traceback with
every exception that led to it. What the answer to the canary's own doctor holds is another matter.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import logging
import pickle
import pkgutil
import socket
import struct
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

import primum
from primum.doors.worker import protocol
from primum.doors.worker.control import Control
from primum.ground import log
from primum.ground.errors import PrimumError, every_refusal
from primum.imaging.errors import DamagedDataSet, NoSopUid
from tests.doors import web_kit
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import RELEASE_RQ, associate, encoded, item, message, store_command
from tests.doors.dimse.running import House
from tests.doors.e2e.canary import dataset, make_canary
from tests.doors.e2e.modality import comment, part10
from tests.twins.clear_text import Canary, search_bytes

FACTS = {
    "our own ids": {"device", "erasure", "hold", "kind", "pack", "study", "survivor"},
    "our own words": {
        "action", "fact", "field", "illness", "ledger", "level", "missing", "needs", "number", "of", "part", "process",
        "question", "reason", "rule", "state", "step", "way_out_text", "what", "which", "why",
    },
    "counts, sizes, places in a file, instants": {
        "allowed", "characters", "count", "effective_at", "end", "found", "limit", "line", "most", "needed",
        "offset", "port", "retry_at", "seconds", "size", "status", "version",
    },
    "backups: ids and hashes of ours, counts": {"differences", "free", "generation", "home", "piece"},
    "what the administrator named: folders, files, devices, settings, addresses": {
        "address", "file", "first", "folder", "key", "mode", "name", "path", "place", "service", "setting",
    },
    "what a person typed to be probed: addresses, ports; rungs of ours; the id of a key; an instant": {
        "given", "key_id", "quota", "rung", "seen_as", "until",
    },
    "where our own code was": {"error", "where"},
    "words of the standard: tags of elements, codes of a peer": {"result", "source", "tag", "tags"},
    "what the daemon refused, in its own words": {"remote_code"},
}  # fmt: skip
"""Every fact that a refusal may carry, and why none is about a patient. A new one is a decision."""


@dataclass
class Witness:
    """Sees every refusal that is made, raised or not, and every log line as the product writes it."""

    canary: Canary
    refusals: list[PrimumError] = field(default_factory=list)
    lines: io.StringIO = field(default_factory=io.StringIO)

    def heard(self) -> set[str]:
        """Give what of the canary is in any of it."""
        told = [self.lines.getvalue(), *(_as_anybody_prints(one) for one in self.refusals)]
        return self.in_text("\n".join(told))

    def in_text(self, text: str) -> set[str]:
        """Give what of the canary is in a text."""
        return search_bytes(text.encode("utf-8", "surrogatepass"), self.canary.needles())

    def codes(self) -> set[str]:
        """Name what was refused."""
        return {one.code for one in self.refusals}


def _as_anybody_prints(refusal: PrimumError) -> str:
    whole = "".join(traceback.format_exception(refusal))
    return "\n".join((str(refusal), refusal.way_out(), repr(refusal), whole, repr(pickle.dumps(refusal))))


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    seen = Witness(make_canary())
    original = PrimumError.__init__

    def witnessed(self: PrimumError, **facts: object) -> None:
        original(self, **facts)
        seen.refusals.append(self)

    monkeypatch.setattr(PrimumError, "__init__", witnessed)
    handler = logging.StreamHandler(seen.lines)
    handler.setFormatter(log._JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield seen
    root.removeHandler(handler)
    root.setLevel(before)


def test_the_witness_hears_a_refusal_and_a_log_line_that_name_somebody(witness):
    DamagedDataSet(what=witness.canary.birth_date)
    log.Log("test").info("study.read", study=witness.canary.uid_root)
    try:
        try:
            int(witness.canary.patient_id)
        except ValueError:
            raise NoSopUid  # noqa: B904 (what this test is about)
    except PrimumError:
        pass
    assert {what.partition(" in ")[0] for what in witness.heard()} == {"birth date", "patient id", "uid root"}


# data sets


def spoiled(canary: Canary) -> Iterator[bytes]:
    """Give data sets of the canary, each wrong in its own way, all with the name in them where it may be."""
    one = dataset(canary, size=8)
    good = encoded(one)
    header = good[: good.index(b"\xe0\x7f\x10\x00")]
    yield from (good[:cut] for cut in range(10, len(header), 29))
    starts = [at for at in range(0, len(header), 2) if header[at + 4 : at + 6] in {b"UI", b"PN", b"DA", b"LO", b"US"}]
    for at in starts:
        yield good[: at + 4] + b"ZZ" + good[at + 6 :]
        yield good[: at + 6] + b"\xfe\xff" + good[at + 8 :]
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"):
        for value in (canary.name, canary.patient_id, f"../{canary.name}", canary.uid_root + ".x", ""):
            yield _with_text(canary, keyword, value)
    for keyword in ("SpecificCharacterSet", "PatientBirthDate", "StudyDate", "StudyTime", "InstanceNumber", "Rows"):
        yield _with_text(canary, keyword, canary.name)
    yield good.replace(b"ISO_IR 192", b"ISO_IR 166")
    yield good.replace(canary.name.encode(), canary.name.encode("utf-16-le")[: len(canary.name.encode())])


def _with_text(canary: Canary, keyword: str, text: str) -> bytes:
    one = dataset(canary, size=8)
    before = encoded(one)
    at = before.index(struct.pack("<HH", one[keyword].tag.group, one[keyword].tag.element))
    (length,) = struct.unpack_from("<H", before, at + 6)
    value = text.encode() + b"\0" * (len(text.encode()) % 2)
    return before[: at + 6] + struct.pack("<H", len(value)) + value + before[at + 8 + length :]


def as_files(canary: Canary) -> list[bytes]:
    head = part10(dataset(canary, size=8))
    head = head[: len(head) - len(encoded(dataset(canary, size=8)))]
    return [head + data for data in spoiled(canary)] + [head[:200], canary.name.encode(), b""]


def test_an_import_of_broken_files_and_all_that_is_asked_of_them_afterwards(tmp_path, witness):
    door = web_kit.build(tmp_path / canary_folder(witness))
    door.add([part10(dataset(witness.canary, size=8)), *as_files(witness.canary)])
    archive = door.services.archive
    everything = (primum.identity.Reach(None, (), confidential=True),)
    for row in archive.search("study", [], everything, limit=100, offset=0):
        for series in archive.series_uids(row.study):
            quietly(archive.metadata, row.study, series)
        for one in archive.instances(row.study):
            quietly(one.frame, 1)
            quietly(one.frame, 99)
            quietly(one.bulk, witness.canary.name)
    assert {"imaging.no-sop-uid", "imaging.bad-uid", "imaging.damaged-data-set", "imaging.no-frame"} <= witness.codes()
    assert witness.heard() == set()
    assert witness.in_text("\n".join(door.lines())) == set()


def canary_folder(witness: Witness) -> str:
    """Name a folder so that any path in a refusal betrays itself."""
    return f"disc of {witness.canary.name}"


def quietly(ask: object, *arguments: object) -> None:
    """Ask, whatever the answer is: the witness hears the refusal."""
    try:
        ask(*arguments)  # type: ignore[operator]
    except PrimumError:
        return


# the DICOM door


def identity_of(canary: Canary, kind: int = 1) -> bytes:
    """Write a user identity (PS3.7 D.3.3.7) and an implementation version that name the canary."""
    name = canary.name.encode()
    user = bytes((kind, 1)) + struct.pack(">H", len(name)) + name + struct.pack(">H", len(name)) + name
    return item(0x58, user) + item(0x55, canary.patient_id.encode()[:16])


def test_a_device_that_sends_broken_data_sets_under_a_patients_name(tmp_path, witness):
    house = House(tmp_path / canary_folder(witness))
    comments = set()
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate(more=identity_of(witness.canary)))
        uid = dataset(witness.canary).SOPInstanceUID
        for announced in (uid, witness.canary.patient_id, witness.canary.name[:6]):
            for data in list(spoiled(witness.canary))[:: 1 if announced == uid else 10]:
                caller.say(message(1, store_command(announced), data))
                comments.add(comment(caller.response()))
        caller.say(RELEASE_RQ)
        assert caller.hear() == (6, bytes(4))
    assert {"imaging.no-sop-uid", "imaging.bad-uid", "imaging.damaged-data-set", "dimse.instance-uid"} <= comments
    assert witness.in_text(" ".join(comments)) == set()
    assert witness.heard() == set()
    assert witness.in_text(json.dumps(house.facts(), ensure_ascii=False)) == set()
    house.close()


@pytest.mark.parametrize("kind", [2, 3, 4, 5, 9])
def test_a_user_identity_with_a_patients_name_for_a_proof(tmp_path, witness, kind):
    house = House(tmp_path / canary_folder(witness))
    with house.open() as port, Caller(port) as caller:
        caller.say(associate(more=identity_of(witness.canary, kind)))
        assert caller.hear() == (3, bytes((0, 1, 1, 1)))
    assert witness.codes() >= {"dimse.identity-in-clear"}
    assert witness.heard() == set()
    assert witness.in_text(json.dumps(house.facts(), ensure_ascii=False)) == set()
    house.close()


@pytest.mark.parametrize("field_number", [0x10, 0x20, 0x30, 0x40, 0x50, 0x51, 0x52, 0x54, 0x57, 0x58, 0x59])
def test_an_association_request_with_a_patients_name_where_it_does_not_belong(tmp_path, witness, field_number):
    house = House(tmp_path / canary_folder(witness))
    name = witness.canary.name.encode()
    with house.open() as port, Caller(port) as caller:
        caller.say(associate(more=item(field_number, name)))
        caller.hear()
    assert witness.heard() == set()
    assert witness.in_text(json.dumps(house.facts(), ensure_ascii=False)) == set()
    house.close()


# DICOMweb and pages


def addresses(canary: Canary) -> Iterator[str]:
    """Give addresses with the canary wherever something can be written."""
    words = [canary.name, canary.patient_id, canary.birth_date, f"{canary.uid_root}.9", "*?" * 20 + canary.name]
    names = ["PatientName", "00100010", "PatientID", "StudyDate", "StudyInstanceUID", "limit", "offset"]
    names += ["includefield", "fuzzymatching", "NumberOfFrames", canary.name, f"00100010.{canary.patient_id}"]
    for word in words:
        quoted = httpx.QueryParams({"x": word})["x"]
        for name in names:
            yield "/dicom-web/studies?" + str(httpx.QueryParams([(name, word)]))
            yield "/dicom-web/series?" + str(httpx.QueryParams([(name, word), (name, word)]))
        for root in ("/dicom-web", "/ohif/dicom-web"):
            study = f"{root}/studies/{quoted}"
            yield from (study, f"{study}/metadata", f"{study}/series/{quoted}/instances/{quoted}/frames/{quoted}")
            known = f"{root}/studies/{canary.uid_root}.0/series/{canary.uid_root}.0.1/instances/{canary.uid_root}.0.1.1"
            yield from (f"{known}/frames/{quoted}", f"{known}/bulkdata/{quoted}", f"{known}/{quoted}")
        yield from (f"/{quoted}", f"/ohif/{quoted}", f"/static/{quoted}", f"/ohif/viewer?StudyInstanceUIDs={quoted}")


def test_a_doctor_who_asks_for_a_patient_in_every_wrong_way(tmp_path, witness):
    door = web_kit.build(tmp_path / canary_folder(witness))
    door.add([part10(dataset(witness.canary, size=8))])
    doctor, refused = door.doctor(), 0
    with web_kit.serving(door) as url, _browser(url) as pages:
        assert pages.post("/sign-in", data=doctor.form()).status_code == 303
        for address in addresses(witness.canary):
            answer = pages.get(address, headers={"accept": "application/dicom+json"})
            if answer.status_code >= 400:
                refused += 1
                assert witness.in_text(answer.text + repr(answer.headers)) == set(), answer.status_code
        for accept in (witness.canary.name, f'multipart/related; type="{witness.canary.patient_id}"'):
            answer = pages.get("/dicom-web/studies", headers={"accept": accept.encode()})
            assert witness.in_text(answer.text) == set() or answer.status_code == 200
    assert refused > 100
    assert {"imaging.bad-query", "web.bad-parameter", "imaging.not-here", "web.not-found"} <= witness.codes()
    assert witness.heard() == set()
    assert witness.in_text("\n".join(door.lines())) == set()


def _browser(url: str) -> httpx.Client:
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    return httpx.Client(base_url=url, verify=False, headers=headers, timeout=60, trust_env=False)


def test_a_stranger_who_types_a_patients_name_everywhere(tmp_path, witness):
    door = web_kit.build(tmp_path / canary_folder(witness))
    door.add([part10(dataset(witness.canary, size=8))])
    word = witness.canary.name
    with web_kit.serving(door) as url, _browser(url) as pages:
        for path in ("/sign-in", "/unlock", "/enrol/begin", "/enrol/finish", "/studies", "/sign-out", f"/{word}"):
            fields = dict.fromkeys(("login", "password", "code", "link", "again", "name", word), word)
            answer = pages.post(path, data=fields)
            assert witness.in_text(answer.text + repr(answer.headers)) == set(), path
        for address in addresses(witness.canary):
            answer = pages.get(address, headers={"cookie": f"__Host-primum={witness.canary.patient_id}"})
            assert witness.in_text(answer.text + repr(answer.headers)) == set(), answer.status_code
    assert {"identity.sign-in-refused", "identity.no-session"} <= witness.codes()
    assert witness.heard() == set()
    assert witness.in_text("\n".join(door.lines())) == set()


# the terminal's socket


def test_a_request_at_the_terminal_that_breaks_something(tmp_path, witness):
    word = witness.canary.name

    def breaks(*_: object) -> dict[str, object]:
        try:
            return {}[word]
        except KeyError:
            raise RuntimeError(f"no such study of {word}")  # noqa: B904 (as a library would)

    control = Control(tmp_path / "socket", {"breaks": breaks})
    control.start()
    asked = [json.dumps({"verb": verb, "token": token, "args": args}) for verb, token, args in (
        ("breaks", word, {word: word}), (word, None, {}), ("breaks", word, word),
    )]  # fmt: skip
    answers = [_ask(tmp_path / "socket", line) for line in [*asked, word, "[" * 5000 + word, '"' + word * 100_000]]
    control.stop()
    assert [json.loads(one)["error"]["code"] for one in answers] == [
        "control.fault", *["control.bad-request"] * 4, "control.line-too-long",
    ]  # fmt: skip
    assert witness.in_text("\n".join(answers)) == set()
    assert '"event": "control.fault"' in witness.lines.getvalue()
    assert witness.heard() == set()


def _ask(path: Path, line: str) -> str:
    with protocol.connect(path) as caller, caller.makefile("rwb") as stream:
        try:
            stream.write(line.encode() + b"\n")
            stream.flush()
            caller.shutdown(socket.SHUT_WR)
            return stream.readline().decode()
        except BrokenPipeError:
            return stream.readline().decode()


# what refusals can carry at all


def _everything_is_imported() -> None:
    for module in pkgutil.walk_packages(primum.__path__, "primum."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _facts_passed() -> dict[str, set[str]]:
    """Find every keyword that a refusal is made with, and where."""
    _everything_is_imported()
    names = {one.__name__ for one in every_refusal()}
    found: dict[str, set[str]] = {}
    for file in Path(primum.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in names:
                for keyword in node.keywords:
                    found.setdefault(keyword.arg or "**", set()).add(f"{file.name}:{node.lineno}")
    return found


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_every_fact_that_a_refusal_carries_is_known_not_to_be_about_a_patient():
    allowed = set().union(*FACTS.values())
    assert {fact: where for fact, where in _facts_passed().items() if fact not in allowed} == {}
