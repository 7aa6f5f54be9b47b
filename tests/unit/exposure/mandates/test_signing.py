import pytest
from tests.mandated import KEY, mandate, mandate_file

from primum.exposure import mandates
from primum.exposure.probe.mandating import BadMandate, unverified
from primum.journal.note import NoteKey

OTHER = NoteKey("mandates.test.invalid", bytes(32))


def test_a_file_that_was_given_is_read_and_names_who_and_which_key(tmp_path):
    one = mandates.read_file(mandate_file(tmp_path, "192.168.1.0/24"), keys=[KEY.verifier_key])
    assert one.given_by == "Dr Trial"
    assert mandates.key_id(one.key) == KEY.verifier_key.split("+")[1]


def test_nobody_else_may_read_the_file(tmp_path):
    assert mandate_file(tmp_path, "192.168.1.0/24").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", [("192.168.1.0/24", "192.168.2.0/24"), ("Dr Trial", "Dr Other"), ("65535", "65534")])
def test_a_changed_mandate_is_refused(change):
    note = mandates.sign(mandate("192.168.1.0/24"), KEY)
    assert unverified(note.replace(*change, 1)) != unverified(note)
    with pytest.raises(mandates.MandateNotSigned):
        mandates.verified(note.replace(*change))


def test_a_mandate_whose_key_was_exchanged_is_refused():
    note = mandates.sign(mandate("192.168.1.0/24"), KEY).replace(KEY.verifier_key, OTHER.verifier_key, 1)
    with pytest.raises(mandates.MandateNotSigned):
        mandates.verified(note)


def test_a_mandate_of_another_key_than_those_that_count_is_refused():
    note = mandates.sign(mandate("192.168.1.0/24", key=OTHER), OTHER)
    assert mandates.verified(note).given_by == "Dr Trial"
    with pytest.raises(mandates.MandateFromStranger):
        mandates.verified(note, keys=[KEY.verifier_key])


def test_nobody_signs_what_names_another_key():
    with pytest.raises(BadMandate):
        mandates.sign(mandate("192.168.1.0/24"), OTHER)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"x" * 70_000, b"mandate.primum.invalid/1\n{}\n"])
def test_other_files_are_refused(tmp_path, data):
    path = tmp_path / "x.mandate"
    path.write_bytes(data)
    with pytest.raises(BadMandate):
        mandates.read_file(path)


def test_a_mandate_without_its_signature_is_refused():
    note = mandates.sign(mandate("192.168.1.0/24"), KEY)
    with pytest.raises(mandates.MandateNotSigned):
        mandates.verified(note.partition("\n\n")[0] + "\n\n")
