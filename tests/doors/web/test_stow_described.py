"""STOW-RS of metadata and bulk data (PS3.18 10.5.2): what WADO-RS gave goes back in and comes out the same."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pydicom
import pytest
from pydicom.encaps import generate_frames
from tests.doors import web_kit
from tests.doors.small import Study, as_file
from tests.doors.web.asking import get, parts
from tests.doors.web.test_stow import IMPORT, LIST, OPEN, token_of
from tests.doors.web_kit import Door
from tests.unit.imaging.codecs.files import files, takes

from primum.doors.dicomweb import described
from primum.identity import Role, Scope
from primum.imaging import to_xml
from primum.imaging.composing.limits import ComposingLimits

Json = dict[str, Any]
BOUNDARY = "a-line-of-ours"
JSON, XML, OCTETS = "application/dicom+json", "application/dicom+xml", "application/octet-stream"
UIDS = ("0020000D", "0020000E", "00080018")
EXPLICIT = pydicom.uid.ExplicitVRLittleEndian
LARGE = 40_000
UNBOXED = {"GDCMJ2K_TextGBR.dcm"}
"""Their code stream stands in boxes, which PS3.5 A.4.4 does not want: it is stored without."""
REFUSED = {
    # the stream says that it has capabilities which it does not describe; nobody decodes it
    "JPEG2000-embedded-sequence-delimiter.dcm", "JPEG2000.dcm",
    # the first that has their UID says of NumberOfFrames what is no number
    "badVR.dcm", "rtdose.dcm", "rtdose_1frame.dcm", "rtdose_expb.dcm", "rtdose_expb_1frame.dcm", "rtdose_rle.dcm",
    "rtdose_rle_1frame.dcm",
}  # fmt: skip
Part = tuple[str, bytes] | tuple[str, bytes, str]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    door = web_kit.build(tmp_path_factory.mktemp("described") / "home")
    with web_kit.serving(door):
        yield door


@pytest.fixture(scope="module")
def asking(house: Door) -> Iterator[httpx.Client]:
    doctor = house.somebody("Dr Maël Kervella", Role.PHYSICIAN, scope=Scope.OWN)
    bearer = {"Authorization": "Bearer " + token_of(house, doctor, LIST, OPEN, IMPORT)}
    with httpx.Client(base_url=house.url, verify=False, headers=bearer, timeout=30, trust_env=False) as client:
        yield client


def body(*listed: Part) -> bytes:
    made = b""
    for media_type, content, *where in listed:
        head = f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n" + "".join(f"Content-Location: {w}\r\n" for w in where)
        made += head.encode() + b"\r\n" + content + b"\r\n"
    return made + f"--{BOUNDARY}--\r\n".encode()


def store(client: httpx.Client, *listed: Part, kind: str = JSON) -> httpx.Response:
    headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={BOUNDARY}', "Accept": JSON}
    return client.post("/dicom-web/studies", content=body(*listed), headers=headers)


def reasons(answer: httpx.Response, sequence: str = "00081198") -> list[int]:
    return [item["00081197"]["Value"][0] for item in answer.json()[sequence]["Value"]]


def described_as(kind: str, *data_sets: Json) -> list[Part]:
    if kind == JSON:
        return [(JSON, json.dumps(data_sets).encode())]
    return [(XML, to_xml(one)) for one in data_sets]


def address(one: Json) -> str:
    study, series, sop = (one[tag]["Value"][0] for tag in UIDS)
    return f"/dicom-web/studies/{study}/series/{series}/instances/{sop}"


def renamed(one: Json, end: str) -> Json:
    made = copy.deepcopy(one)
    for tag in UIDS:
        made[tag]["Value"] = [made[tag]["Value"][0][:56] + end]
    return made


def uris(one: Json) -> Iterator[str]:
    for attribute in one.values():
        if "BulkDataURI" in attribute:
            yield attribute["BulkDataURI"]
        for item in attribute.get("Value", ()) if attribute["vr"] == "SQ" else ():
            yield from uris(item)


def bulk_of(client: httpx.Client, uri: str) -> list[tuple[str, bytes]]:
    """What is behind a URI: its parts, each with its media type."""
    answer = client.get(uri, headers={"Accept": f'multipart/related; type="{OCTETS}"; transfer-syntax=*'})
    assert answer.status_code == 200
    return parts(answer)


def without_addresses(one: Any) -> Any:
    if isinstance(one, dict):
        return {key: without_addresses(value) for key, value in one.items() if key != "BulkDataURI"}
    return [without_addresses(value) for value in one] if isinstance(one, list) else one


@pytest.fixture(scope="module")
def brought(house: Door, asking: httpx.Client) -> dict[str, Json]:
    """What metadata say of every file of pydicom's that is taken, and is not large."""
    chosen = {name: path for name, path in files().items() if takes(path) and path.stat().st_size < LARGE}
    house.add([path.read_bytes() for path in chosen.values()])
    found: dict[str, Json] = {}
    for name, path in chosen.items():
        one = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        where = f"/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
        answer = get(asking, where + "/metadata")
        if answer.status_code == 200:
            found[name] = answer.json()[0]
    return found


@pytest.mark.parametrize(("kind", "end"), [(JSON, ".71"), (XML, ".72")])
def test_what_is_retrieved_as_metadata_and_bulk_data_is_stored_as_the_same(
    asking: httpx.Client, brought: dict[str, Json], kind: str, end: str
) -> None:
    different: dict[str, object] = {}
    refused: set[str] = set()
    chosen = list(brought.items())[:: 1 if kind == JSON else 4]
    for number, (name, one) in enumerate(chosen):
        made = renamed(one, f"{end}.{number}")
        bulk = {uri: bulk_of(asking, uri) for uri in uris(one)}
        sent: list[Part] = [(media_type, data, uri) for uri, each in bulk.items() for media_type, data in each]
        answer = store(asking, *described_as(kind, made), *sent, kind=kind)
        if answer.status_code != 200:
            refused.add(name)
            continue
        back = get(asking, address(made).removeprefix("/dicom-web") + "/metadata").json()[0]
        if without_addresses(back) != without_addresses(made):
            different[name] = back
        elif name not in UNBOXED and [bulk_of(asking, uri) for uri in uris(back)] != list(bulk.values()):
            different[name] = "other bulk data"
    assert different == {}
    assert refused == REFUSED & dict(chosen).keys()


def image(number: int, **left: object) -> Json:
    """Metadata of a secondary capture that leave to the bit stream what it says."""
    uid = f"1.2.826.0.1.3680043.10.1499.8.{number}"
    made = {
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]},
        "00080018": {"vr": "UI", "Value": [f"{uid}.1.1"]},
        "00080060": {"vr": "CS", "Value": ["OT"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zéphyrin^Aurore", "Ideographic": "山田^太郎"}]},
        "0020000D": {"vr": "UI", "Value": [uid]},
        "0020000E": {"vr": "UI", "Value": [f"{uid}.1"]},
        "7FE00010": {"vr": "OB", "BulkDataURI": "pixels"},
    }
    return made | {tag: {"vr": "IS" if tag == "00280008" else "US", "Value": [one]} for tag, one in left.items()}


def frames(name: str) -> list[bytes]:
    one = pydicom.dcmread(files()[name])
    return list(generate_frames(one.PixelData, number_of_frames=int(one.get("NumberOfFrames", 1))))


def stored(client: httpx.Client, one: Json, wanted: str = "*") -> pydicom.Dataset:
    accept = f'multipart/related; type="application/dicom"; transfer-syntax={wanted}'
    answer = client.get(address(one), headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    return pydicom.dcmread(io.BytesIO(parts(answer)[0][1]))


STREAMS = {
    "SC_rgb_dcmtk_+eb+cr.dcm": ("image/jpeg", ".4.50"),
    "JPEG-LL.dcm": ("image/jpeg", ".4.70"),
    "JPGExtended.dcm": ("image/jpeg", ".4.51"),
    "MR_small_jpeg_ls_lossless.dcm": ("image/jls", ".4.80"),
    "emri_small_jpeg_ls_lossless.dcm": ("image/jls", ".4.80"),
    "MR_small_jp2klossless.dcm": ("image/jp2", ".4.90"),
    "emri_small_jpeg_2k_lossless.dcm": ("image/jp2", ".4.90"),
    "HTJ2K_08_RGB.dcm": ("image/jphc", ".4.203"),
    "HTJ2KLossless_08_RGB.dcm": ("image/jphc", ".4.201"),
}


@pytest.mark.parametrize("name", sorted(STREAMS.keys() & files().keys()))
def test_what_the_metadata_leave_out_is_taken_from_the_bit_stream(asking: httpx.Client, name: str) -> None:
    media_type, syntax = STREAMS[name]
    original, sent = pydicom.dcmread(files()[name]), frames(name)
    counted = {"00280008": len(sent)} if len(sent) > 1 else {}
    made = image(100 + sorted(STREAMS).index(name), **counted)
    assert store(asking, *described_as(JSON, made), *((media_type, one, "pixels") for one in sent)).status_code == 200
    back = stored(asking, made)
    assert back.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2" + syntax
    assert [one.rstrip(b"\0") for one in generate_frames(back.PixelData, number_of_frames=len(sent))] == [
        one.rstrip(b"\0") for one in sent
    ]
    for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated"):
        assert back[keyword].value == original[keyword].value
    assert str(back.PatientName) == "Zéphyrin^Aurore=山田^太郎"


def test_rle_and_what_its_stream_does_not_say(asking: httpx.Client) -> None:
    (frame,) = frames("MR_small_RLE.dcm")
    said = {
        "00280002": 1, "00280010": 64, "00280011": 64, "00280100": 16, "00280101": 16, "00280102": 15, "00280103": 1,
    }  # fmt: skip
    bare, full = image(120), image(121, **said)
    assert reasons(store(asking, *described_as(JSON, bare), ("image/dicom-rle", frame, "pixels"))) == [0xC000]
    assert store(asking, *described_as(JSON, full), ("image/dicom-rle", frame, "pixels")).status_code == 200
    theirs = pydicom.dcmread(files()["MR_small_RLE.dcm"])
    theirs.decompress()
    assert stored(asking, full, EXPLICIT).PixelData == theirs.PixelData


JPEG = "SC_rgb_dcmtk_+eb+cr.dcm"


@pytest.mark.parametrize(
    ("said", "media_type", "cut", "reason"),
    [
        ({"00280010": 99}, "image/jpeg", None, 0xC000),
        ({"00280002": 1}, "image/jpeg", None, 0xC000),
        ({"00280100": 4}, "image/jpeg", None, 0xC000),
        ({"00280008": 2}, "image/jpeg", None, 0xC000),
        ({"00280008": 0}, "image/jpeg", None, 0xC000),
        ({}, "image/jls", None, 0xC000),
        ({}, "image/jp2", None, 0xC000),
        ({}, "image/dicom-rle", None, 0xC000),
        ({}, "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70", None, 0xC000),
        ({}, "image/jpeg", 20, 0xC000),
        ({}, "image/jpeg", 0, 0xC000),
        ({}, "image/png", None, 0xC122),
        ({}, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.112", None, 0xC122),
        ({}, "application/octet-stream", None, 0xC000),
    ],
)
def test_what_contradicts_the_bit_stream_is_refused(
    asking: httpx.Client, said: Json, media_type: str, cut: int | None, reason: int
) -> None:
    answer = store(asking, *described_as(JSON, image(130, **said)), (media_type, frames(JPEG)[0][:cut], "pixels"))
    assert (answer.status_code, reasons(answer)) == (409, [reason])
    assert get(asking, address(image(130)).removeprefix("/dicom-web") + "/metadata").status_code == 404


def native(number: int, rows: int = 8, **more: object) -> Json:
    said = {"00280002": 1, "00280010": rows, "00280011": 8, "00280100": 16, "00280101": 16, "00280102": 15} | more
    made = image(number, **said, **{"00280103": 0}) | {"00280004": {"vr": "CS", "Value": ["MONOCHROME2"]}}
    return made | {"7FE00010": {"vr": "OW", "BulkDataURI": "pixels"}}


@pytest.mark.parametrize("length", [126, 127, 130, 0])
def test_uncompressed_pixels_of_another_length_than_the_image_are_refused(asking: httpx.Client, length: int) -> None:
    answer = store(asking, *described_as(JSON, native(140)), (OCTETS, b"\1" * length, "pixels"))
    assert (answer.status_code, reasons(answer)) == (409, [0xC000])


def test_large_uncompressed_pixels_pass_through_and_large_compressed_ones_are_refused(
    asking: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(described.Described.__init__, "__defaults__", (ComposingLimits(bulk_bytes=100_000),))
    pixels = bytes(range(256)) * 1000
    made = native(141, 16_000)
    assert store(asking, *described_as(JSON, made), (OCTETS, pixels, "pixels")).status_code == 200
    assert stored(asking, made).PixelData == pixels
    answer = store(asking, *described_as(JSON, image(142)), ("image/jpeg", pixels, "pixels"))
    assert (answer.status_code, reasons(answer)) == (409, [0xA700])


def test_bulk_data_of_several_instances_come_in_any_order_after_the_metadata(asking: httpx.Client) -> None:
    first, second = native(150), native(151)
    second["7FE00010"]["BulkDataURI"] = "others"
    first["00420011"] = {"vr": "OB", "BulkDataURI": "both"}
    second["00420011"] = {"vr": "OB", "BulkDataURI": "both"}
    sent = [(OCTETS, b"\2" * 128, "others"), (OCTETS, b"%PDF", "both"), (OCTETS, b"\1" * 128, "pixels")]
    assert store(asking, *described_as(JSON, first, second), *sent).status_code == 200
    assert (stored(asking, first).PixelData, stored(asking, second).PixelData) == (b"\1" * 128, b"\2" * 128)
    assert stored(asking, second).EncapsulatedDocument == b"%PDF"


def test_bulk_data_that_nobody_points_at_or_that_do_not_come_are_said(asking: httpx.Client) -> None:
    whole, waiting = native(152), native(153)
    waiting["7FE00010"]["BulkDataURI"] = "never"
    pixels = (OCTETS, b"\1" * 128, "pixels")
    answer = store(
        asking, *described_as(JSON, whole, waiting), pixels, pixels, (OCTETS, b"x", "elsewhere"), (OCTETS, b"")
    )
    assert answer.status_code == 202
    assert reasons(answer) == [0xC000]
    assert answer.json()["00081198"]["Value"][0]["00081155"]["Value"] == waiting["00080018"]["Value"]
    assert reasons(answer, "0008119A") == [0xC000] * 3


def test_bulk_data_before_their_metadata_are_refused(asking: httpx.Client) -> None:
    assert store(asking, (OCTETS, b"x", "pixels"), *described_as(JSON, native(154))).status_code == 400


def test_a_document_of_odd_length_keeps_its_length_and_its_media_type(asking: httpx.Client) -> None:
    made = image(155)
    del made["7FE00010"]
    made["00080016"]["Value"] = [pydicom.uid.EncapsulatedPDFStorage]
    made["00420011"] = {"vr": "OB", "BulkDataURI": "report"}
    assert (
        store(asking, *described_as(XML, made), ("application/pdf", b"%PDF-1", "report"), kind=XML).status_code == 200
    )
    made = renamed(made, ".2")
    assert store(asking, *described_as(XML, made), ("application/pdf", b"%PDF-", "report"), kind=XML).status_code == 200
    back = stored(asking, made)
    assert (back.MIMETypeOfEncapsulatedDocument, back.EncapsulatedDocumentLength) == ("application/pdf", 5)
    assert back.EncapsulatedDocument[:5] == b"%PDF-"
    made = renamed(made | {"00420012": {"vr": "LO", "Value": ["text/xml"]}}, ".3")
    answer = store(asking, *described_as(XML, made), ("application/pdf", b"%PDF-", "report"), kind=XML)
    assert reasons(answer) == [0xC000]


def test_pixels_inline_and_a_character_set_that_was_wished_for(asking: httpx.Client) -> None:
    made = native(156)
    made["7FE00010"] = {"vr": "OW", "InlineBinary": "AQEB" * 42 + "AQE="}
    made["00080005"] = {"vr": "CS", "Value": ["ISO_IR 100"]}
    made["00100010"]["Value"] = [{"Alphabetic": "Zéphyrin^Aurore"}]
    assert store(asking, *described_as(JSON, made)).status_code == 200
    back = stored(asking, made)
    assert (back.PixelData, back.SpecificCharacterSet) == (b"\1" * 128, "ISO_IR 100")
    assert str(back.PatientName) == "Zéphyrin^Aurore"


@pytest.mark.parametrize(
    ("kind", "text", "status"),
    [
        (JSON, b"", 400),
        (JSON, b"{", 400),
        (JSON, b"\xff", 400),
        (JSON, b'[{"00080018":{"vr":"UI","Value":[NaN]}}]', 400),
        (JSON, b'{"00080018":{"vr":"UI"},"00080018":{"vr":"UI"}}', 400),
        (JSON, b"[" * 100_000, 413),
        (JSON, b"[" + b"{}," * 900_000 + b"{}]", 413),
        (JSON, b"[7]", 409),
        (JSON, b'[{"PatientName":{"vr":"PN"}}]', 409),
        (JSON, b"[" + b'{"00400275":{"vr":"SQ","Value":[' * 70 + b"]}}" * 70 + b"]", 413),
        (XML, b"", 409),
        (XML, b"<a/>", 409),
        (XML, b'<!DOCTYPE a [<!ENTITY b "c">]><NativeDicomModel>&b;</NativeDicomModel>', 409),
        (XML, b"<?a b?><NativeDicomModel/>", 409),
        (XML, b"<NativeDicomModel>text</NativeDicomModel>", 409),
        (XML, b"<NativeDicomModel>" + b'<DicomAttribute tag="00400275" vr="SQ"><Item number="1">' * 90, 413),
        (XML, b"<NativeDicomModel>" + b"<DicomAttribute/>" * 400_001, 413),
    ],
)
def test_metadata_that_are_none_or_too_many_get_their_status(
    asking: httpx.Client, kind: str, text: bytes, status: int
) -> None:
    assert store(asking, (kind, text), kind=kind).status_code == status


def test_an_answer_and_the_log_hold_nothing_of_what_was_refused(
    asking: httpx.Client, house: Door, caplog: pytest.LogCaptureFixture
) -> None:
    made = native(157) | {"00100020": {"vr": "LO", "Value": ["CANARI\\17"]}}
    answer = store(asking, *described_as(JSON, made), (OCTETS, b"\1" * 128, "pixels"))
    assert answer.status_code == 409
    assert "CANARI" not in answer.text + caplog.text + "".join(house.lines())


def test_files_and_metadata_are_not_mixed(asking: httpx.Client) -> None:
    file = as_file(Study(58, slices=1).data_set(1), EXPLICIT)
    answer = store(
        asking, *described_as(JSON, native(158)), ("application/dicom", file), (OCTETS, b"\1" * 128, "pixels")
    )
    assert (answer.status_code, reasons(answer, "0008119A")) == (202, [0xC000])


def film(rows: int, columns: int) -> bytes:
    """As much of an MP4 as says its size."""
    entry = bytes(24) + columns.to_bytes(2, "big") + rows.to_bytes(2, "big") + bytes(50)
    table = b"stsd" + bytes(4) + b"\0\0\0\1" + (len(entry) + 8).to_bytes(4, "big") + b"avc1" + entry
    return b"\0\0\0\x18ftypmp42" + bytes(12) + table + bytes(range(200))


FILM = {"00280100": 8, "00280101": 8, "00280102": 7, "00280103": 0, "00280008": 25}
COLOUR = {"00280004": {"vr": "CS", "Value": ["YBR_PARTIAL_420"]}}
MPEG_2 = b"\0\0\1\xb3" + (640 << 12 | 480).to_bytes(3, "big") + bytes(101)


@pytest.mark.parametrize(
    ("number", "kind", "stream", "syntax", "size"),
    [
        (160, "video/mp4", film(480, 640), ".4.102", (480, 640)),
        (161, "video/mp4; transfer-syntax=1.2.840.10008.1.2.4.107", film(480, 640), ".4.107", (480, 640)),
        (162, "video/mpeg", MPEG_2, ".4.100", (480, 640)),
    ],
)
def test_a_film_is_stored_with_the_size_that_it_says(
    asking: httpx.Client, number: int, kind: str, stream: bytes, syntax: str, size: tuple[int, int]
) -> None:
    made = image(number, **FILM) | COLOUR
    assert store(asking, *described_as(JSON, made), (kind, stream, "pixels")).status_code == 200
    back = stored(asking, made)
    assert back.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2" + syntax
    assert (back.Rows, back.Columns, back.SamplesPerPixel) == (*size, 3)
    shown = asking.get(address(made) + "/rendered", headers={"Accept": "video/*"})
    assert shown.content[: len(stream)] == stream
    other = image(number, **FILM | {"00280010": 99}) | COLOUR
    assert reasons(store(asking, *described_as(JSON, other), (kind, stream, "pixels"))) == [0xC000]
