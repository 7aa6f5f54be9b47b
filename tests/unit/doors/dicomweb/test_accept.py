import pytest

from primum.doors.dicomweb.accept import (
    NotAcceptable,
    check_bulk,
    check_json,
    frame_types,
    instance_syntaxes,
    picture_type,
    wishes,
)

JPEG, NATIVE, JPEG_LS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.80"


def test_parameters_keep_their_commas_and_quotes():
    [first, second] = wishes('multipart/related; type="application/octet-stream"; x="a,b;c", image/png;q=0.5')
    assert first.parameters == {"type": "application/octet-stream", "x": "a,b;c"}
    assert (second.media_type, second.weight) == ("image/png", 0.5)


def test_what_is_wanted_least_comes_last_and_not_at_all_goes():
    assert [one.media_type for one in wishes("a/a;q=0.1, b/b, c/c;q=0, d/d;q=x")] == ["b/b", "a/a"]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ("application/json", "application/json"),
        ("text/html, application/dicom+json;q=0.5", "application/dicom+json"),
    ],
)
def test_json(header, kind):
    assert check_json(header) == kind


@pytest.mark.parametrize(
    "header", ["text/html", "application/dicom+xml", 'multipart/related; type="application/dicom+xml"']
)
def test_no_json(header):
    with pytest.raises(NotAcceptable):
        check_json(header)


@pytest.mark.parametrize(
    ("header", "kept", "given"),
    [
        ("", JPEG, [("application/octet-stream", JPEG)]),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            JPEG,
            [("application/octet-stream", JPEG)],
        ),
        ('multipart/related; type="application/octet-stream"', JPEG, [("application/octet-stream", NATIVE)]),
        ('multipart/related; type="application/octet-stream"', NATIVE, [("application/octet-stream", NATIVE)]),
        (f"multipart/related; type=image/jpeg; transfer-syntax={JPEG}", JPEG, [("image/jpeg", JPEG)]),
        ('multipart/related; type="image/*"', JPEG, [("image/jpeg", JPEG)]),
        ("multipart/related; type=image/jls", NATIVE, [("image/jls", JPEG_LS)]),
        (
            "multipart/related; type=image/jls;q=0.2, multipart/related; type=application/octet-stream",
            NATIVE,
            [("application/octet-stream", NATIVE), ("image/jls", JPEG_LS)],
        ),
    ],
)
def test_frames_have_the_types_asked_for_dearest_first(header, kept, given):
    assert frame_types(header, kept, kept) == given


@pytest.mark.parametrize(
    "header",
    [
        f"multipart/related; type=image/jpeg; transfer-syntax={NATIVE}",
        "image/jpeg",
        "multipart/related; type=image/webp",
        "multipart/related; type=application/octet-stream; transfer-syntax=1.2.3",
    ],
)
def test_frames_are_not_given_as_what_does_not_exist(header):
    with pytest.raises(NotAcceptable):
        frame_types(header, NATIVE, NATIVE)


def test_frames_lose_nothing_on_their_way():
    """JPEG baseline loses: it is given where it is stored, and never made (decision 0052)."""
    with pytest.raises(NotAcceptable):
        frame_types(f"multipart/related; type=image/jpeg; transfer-syntax={JPEG}", NATIVE, NATIVE)


def test_instances_are_given_as_stored_or_as_asked_for():
    dicom = "multipart/related; type=application/dicom; transfer-syntax="
    assert instance_syntaxes("", JPEG) == [JPEG]
    assert instance_syntaxes(dicom + "*", JPEG) == [JPEG]
    assert instance_syntaxes(dicom + NATIVE, JPEG) == [NATIVE]
    assert instance_syntaxes(f"{dicom}{JPEG_LS};q=0.1, {dicom}{NATIVE}", NATIVE) == [NATIVE, JPEG_LS]
    with pytest.raises(NotAcceptable):
        instance_syntaxes(dicom + JPEG, NATIVE)


def test_pictures_are_jpeg_unless_png_is_asked_for():
    assert picture_type("") == ("image/jpeg", False)
    assert picture_type("image/png;q=0.9, text/html") == ("image/png", False)
    assert picture_type("image/jpeg", "image/png") == ("image/png", False)
    assert picture_type('multipart/related; type="image/png"') == ("image/png", True)
    with pytest.raises(NotAcceptable):
        picture_type("video/mp4")


def test_bulk_data_come_bare_or_in_parts():
    assert not check_bulk("*/*")
    assert not check_bulk("application/octet-stream")
    assert check_bulk("multipart/related; type=application/octet-stream")
    with pytest.raises(NotAcceptable):
        check_bulk("image/png")
