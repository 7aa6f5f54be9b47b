"""The search for clear text finds each canary in each form, or the tests that use it would prove nothing."""

from tests.twins.clear_text import Canary, plain_copies, search

CANARY = Canary(
    name="Canarüeil^Zéphyrine", birth_date="19610229", patient_id="ZQ-778899-CAN", uid_root="2.25.778899665544",
    pixels=bytes(range(64)),
)  # fmt: skip


def test_every_form_of_every_canary_is_found(tmp_path):
    image = b"\0" * 128 + b"DICM" + "Canarüeil^Zéphyrine".encode() + b"19610229 ZQ-778899-CAN 2.25.778899665544.1"
    must = plain_copies(tmp_path / "plain", image + CANARY.pixels, CANARY)
    found = {what for _file, what in search([tmp_path / "plain"], CANARY)}
    assert [what for what in must if what not in found] == []


def test_nothing_is_found_where_nothing_is(tmp_path):
    (tmp_path / "noise").write_bytes(bytes(range(256)).replace(bytes(range(64)), b"") * 50)
    assert search([tmp_path], CANARY) == set()
