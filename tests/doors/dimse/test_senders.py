"""Senders that others wrote: DCMTK, and pynetdicom for what DCMTK does not do."""

import os
import subprocess
from pathlib import Path

import pydicom
import pytest
from pynetdicom import AE, sop_class
from tests.doors.dimse.instances import CT, encoded, instance, with_meta

SAMPLES = Path(pydicom.__file__).parent / "data" / "test_files"
PLAIN_ENV = {key: value for key, value in os.environ.items() if key != "TCP_NODELAY"}


def run(*command, env=PLAIN_ENV):
    return subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, timeout=60, check=False, env=env
    )


def scu(*contexts, calling="SCANNER"):
    ae = AE(calling)
    for abstract, transfer in contexts:
        ae.add_requested_context(abstract, transfer)
    return ae


@pytest.mark.programs("echoscu", "storescu")
def test_dcmtk_verifies_and_stores(house, tmp_path):
    files = []
    for number in range(5):
        files.append(tmp_path / f"{number}.dcm")
        with_meta(instance(number)).save_as(files[-1], enforce_file_format=True)
    with house.open() as port:
        assert run("echoscu", "-aet", "SCANNER", "-aec", "PRIMUM", "127.0.0.1", port).returncode == 0
        done = run("storescu", "-aet", "SCANNER", "-aec", "PRIMUM", "127.0.0.1", port, *files)
        assert done.returncode == 0, done.stderr
    assert house.stored() == [encoded(instance(number)) for number in range(5)]
    kinds = [fact["kind"] for fact in house.facts()]
    assert kinds.count("device:study:stored") == 1
    assert house.index.barriers == 1


@pytest.mark.programs("storescu")
@pytest.mark.parametrize(
    ("titles", "words"),
    [
        (("SCANNER", "WRONG"), "Called AE Title Not Recognized"),
        (("STRANGER", "PRIMUM"), "Calling AE Title Not Recognized"),
        (("NOTHING", "PRIMUM"), "No Acceptable Presentation Contexts"),
    ],
)
def test_dcmtk_says_clearly_why_it_was_refused(house, tmp_path, titles, words):
    with_meta(instance()).save_as(tmp_path / "one.dcm", enforce_file_format=True)
    with house.open() as port:
        done = run("storescu", "-aet", titles[0], "-aec", titles[1], "127.0.0.1", port, tmp_path / "one.dcm")
    assert done.returncode != 0
    assert words in done.stderr
    assert house.stored() == []


def parts_of(path):
    """Transfer syntax and data set of a Part 10 file, as the bytes are in the file."""
    meta = pydicom.filereader.read_file_meta_info(path)
    raw = Path(path).read_bytes()
    return meta.TransferSyntaxUID, raw[132 + 12 + meta.FileMetaInformationGroupLength :]


def samples():
    """Test files of pydicom that a sender could send: one per transfer syntax and class."""
    seen = {}
    for path in sorted(SAMPLES.glob("*.dcm")):
        try:
            one = pydicom.dcmread(path, stop_before_pixels=True)
            key = (one.file_meta.TransferSyntaxUID, one.SOPClassUID)
            assert one.StudyInstanceUID
            assert one.SeriesInstanceUID
            assert one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID
        except Exception:  # noqa: BLE001 (the collection holds broken files on purpose)
            continue
        seen.setdefault(key, path)
    return seen


@pytest.mark.programs("storescu")
@pytest.mark.parametrize("path", samples().values(), ids=lambda path: Path(path).stem)
def test_each_sample_is_stored_as_it_was_sent(house, path):
    """Byte for byte, whatever the transfer syntax: pynetdicom sends the file's own bytes."""
    from pynetdicom import _config

    syntax, raw = parts_of(path)
    meta = pydicom.filereader.read_file_meta_info(path)
    one = pydicom.dcmread(path, stop_before_pixels=True)
    if one.SOPClassUID != meta.MediaStorageSOPClassUID:
        pytest.xfail("the file contradicts itself")
    kept, _config.STORE_SEND_CHUNKED_DATASET = _config.STORE_SEND_CHUNKED_DATASET, True
    try:
        with house.open() as port:
            association = scu((one.SOPClassUID, syntax)).associate("127.0.0.1", port, ae_title="PRIMUM")
            assert association.is_established
            status = association.send_c_store(path)
            association.release()
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = kept
    assert status.Status == 0, f"{status.Status:04X} {status.get('ErrorComment')}"
    assert house.stored() == [raw]
    assert house.index.hints[0].facts.transfer_syntax_uid == syntax


def test_a_name_in_a_broken_character_set_is_stored_as_it_was_sent(house):
    one = instance()
    one.SpecificCharacterSet = "ISO_IR 192"
    raw = encoded(one).replace(b"NOBODY^NOWHERE", b"NO\xff\xfe\x80Y^NOWHERE")
    syntax = "1.2.840.10008.1.2.1"
    from tests.doors.dimse.caller import Caller
    from tests.doors.dimse.instances import associate, message, store_command

    with house.open() as port, Caller(port) as caller:
        caller.associated(associate((1, CT, (syntax,))))
        caller.say(message(1, store_command(), raw))
        assert caller.status() == 0
    assert house.stored() == [raw]


def test_every_storage_class_is_stored(house):
    """128 contexts at a time, one instance of each class."""
    classes = sorted(sop_class._STORAGE_CLASSES.values())
    with house.open() as port:
        for half in (classes[:100], classes[100:]):
            association = scu(*((one, "1.2.840.10008.1.2") for one in half)).associate(
                "127.0.0.1", port, ae_title="PRIMUM"
            )
            for number, one in enumerate(half):
                status = association.send_c_store(with_meta(instance(number, one), "1.2.840.10008.1.2"))
                assert status.Status == 0, one
            association.release()
    assert len(house.positions()) == len(classes)


def test_the_same_uid_with_other_pixels_is_a_success_and_both_are_kept_in_order(house):
    first, second = instance(), instance(pixels=b"\x07\x07" * 128)
    with house.open() as port:
        association = scu((CT, "1.2.840.10008.1.2.1")).associate("127.0.0.1", port, ae_title="PRIMUM")
        assert [association.send_c_store(with_meta(one)).Status for one in (first, second, first)] == [0, 0, 0]
        association.release()
    assert house.stored() == [encoded(first), encoded(second), encoded(first)]


def test_another_service_is_not_offered_and_storage_beside_it_is(house):
    printing = sop_class.BasicGrayscalePrintManagementMeta
    with house.open() as port:
        association = scu((printing, "1.2.840.10008.1.2"), (CT, "1.2.840.10008.1.2")).associate(
            "127.0.0.1", port, ae_title="PRIMUM"
        )
        assert {one.abstract_syntax: one.result for one in association.rejected_contexts} == {printing: 3}
        association.release()


@pytest.mark.parametrize(("name", "frames"), [("examples_ybr_color", 30), ("rtdose_rle", 15), ("rtdose", 15)])
def test_a_multi_frame_instance_has_its_frames(house, name, frames):
    path = SAMPLES / f"{name}.dcm"
    one = pydicom.dcmread(path)
    with house.open() as port:
        association = scu((one.SOPClassUID, parts_of(path)[0])).associate("127.0.0.1", port, ae_title="PRIMUM")
        assert association.send_c_store(one).Status == 0
        association.release()
    assert house.vault.open(house.positions()[0]).frames.count == frames
