"""The search for clear text finds each canary in each form, or the tests that use it would prove nothing."""

import random
import zlib

from tests.twins.clear_text import Canary, plain_copies, search

CANARY = Canary(
    name="Canarüeil^Zéphyrine", birth_date="19610229", patient_id="ZQ-778899-CAN", uid_root="2.25.778899665544",
    pixels=bytes(range(64)), ideographic="山田太郎",
)  # fmt: skip


def test_every_form_of_every_canary_is_found(tmp_path):
    image = b"\0" * 128 + b"DICM" + "Canarüeil^Zéphyrine".encode() + b"19610229 ZQ-778899-CAN 2.25.778899665544.1"
    must = plain_copies(tmp_path / "plain", image + CANARY.pixels, CANARY)
    found = {what for _file, what in search([tmp_path / "plain"], CANARY)}
    assert [what for what in must if what not in found] == []


def test_a_name_is_found_as_an_index_folds_it_and_in_any_mixture_of_cases(tmp_path):
    (tmp_path / "index").write_bytes(b"..canArUeil..")
    (tmp_path / "sheet").write_bytes("..zÉpHYrine..".encode("utf-16-le"))
    found = {what for _file, what in search([tmp_path], CANARY)}
    assert found >= {"name Canarueil in latin-1", "name Canarueil in utf-8", "name Zéphyrine in utf-16-le"}


def test_what_a_damaged_stream_held_before_the_damage_is_found(tmp_path):
    noise = bytes(random.Random(1).choices(b"0123456789", k=200_000))
    packed = zlib.compress(noise[:100_000] + CANARY.pixels + noise[100_000:])
    (tmp_path / "cut").write_bytes(b"head" + packed[:-5000])
    assert {what for _file, what in search([tmp_path], CANARY)} == {"pixels in a compressed stream"}


def test_nothing_is_found_where_nothing_is(tmp_path):
    (tmp_path / "noise").write_bytes(bytes(range(256)).replace(bytes(range(64)), b"") * 50)
    assert search([tmp_path], CANARY) == set()
