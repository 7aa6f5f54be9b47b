import pytest

from primum.doors.dicomweb.accept import NotAcceptable, check_bulk, check_instance, check_json, frame_type, wishes

JPEG, NATIVE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"


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
    ("header", "syntax", "kind"),
    [
        ("", JPEG, "application/octet-stream"),
        ("multipart/related; type=application/octet-stream; transfer-syntax=*", JPEG, "application/octet-stream"),
        ('multipart/related; type="application/octet-stream"', NATIVE, "application/octet-stream"),
        (f"multipart/related; type=image/jpeg; transfer-syntax={JPEG}", JPEG, "image/jpeg"),
        ('multipart/related; type="image/*"', JPEG, "image/jpeg"),
        (
            "multipart/related; type=image/jls, multipart/related; type=application/octet-stream;q=0.2",
            JPEG,
            "application/octet-stream",
        ),
    ],
)
def test_frames_have_the_type_asked_for(header, syntax, kind):
    assert frame_type(header, syntax) == kind


@pytest.mark.parametrize(
    "header",
    [
        f"multipart/related; type=image/jpeg; transfer-syntax={NATIVE}",
        "image/jpeg",
        "multipart/related; type=image/jp2",
    ],
)
def test_frames_are_not_transcoded(header):
    with pytest.raises(NotAcceptable):
        frame_type(header, JPEG)


def test_instances_are_given_in_the_syntaxes_that_they_have():
    check_instance("multipart/related; type=application/dicom; transfer-syntax=*", {JPEG, NATIVE})
    with pytest.raises(NotAcceptable):
        check_instance(f"multipart/related; type=application/dicom; transfer-syntax={NATIVE}", {JPEG, NATIVE})


def test_bulk_data_come_bare_or_in_parts():
    assert not check_bulk("*/*")
    assert not check_bulk("application/octet-stream")
    assert check_bulk("multipart/related; type=application/octet-stream")
    with pytest.raises(NotAcceptable):
        check_bulk("image/png")
