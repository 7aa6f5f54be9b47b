import contextlib

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.telling.kit import a_list

from primum.incidents.telling.errors import ListUnreadable
from primum.incidents.telling.limits import LIMITS
from primum.incidents.telling.model import Reach
from primum.incidents.telling.recipients import read_list

ROW = "P1;Durand;durand@example.org;3 rue des Lilas;29200;Brest;fr"


def test_a_list_of_a_french_spreadsheet_is_read_in_either_alphabet():
    head = "Numéro patient;Prénom;Nom;Courriel;Adresse;CP;Ville"
    text = a_list("7;Zoé;Lefèvre;zoe@example.org;2 quai Éole;29200;Brest", head=head).decode()
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        (one,) = read_list(text.encode(encoding)).people
        assert (one.reference, one.name, one.mail) == ("7", "Zoé Lefèvre", "zoe@example.org")
        assert one.address == ("2 quai Éole", "29200 Brest")


def test_an_english_list_with_commas_and_an_address_of_several_lines_is_read():
    text = 'Patient ID,Name,E-mail,Postal address,Language\n7,Ann Other,none,"1 High Street\nLondon N1",English\n'
    (one,) = read_list(text.encode()).people
    assert (one.mail, one.address, one.language, one.reach) == ("", ("1 High Street", "London N1"), "en", Reach.POST)


def test_half_an_address_is_no_address():
    people = read_list(a_list("P1;Durand;;;29200;Brest;", "P2;Durand;;3 rue des Lilas;;;")).people
    assert [one.reach for one in people] == [Reach.NEITHER, Reach.NEITHER]


def test_words_for_nothing_are_nothing():
    (one,) = read_list(a_list("P1;Durand;Néant;3 rue des Lilas;29200;Brest;non renseignée")).people
    assert (one.mail, one.language) == ("", "")


def test_a_minor_is_written_to_through_who_represents_them():
    head = "Identifiant;Nom;Représentant légal;Adresse;Ville"
    (one,) = read_list(a_list("P1;Léo Durand;Mme Durand;3 rue des Lilas;Brest", head=head)).people
    assert (one.name, one.guardian) == ("Léo Durand", "Mme Durand")


def test_a_row_that_says_the_same_again_is_counted_once():
    read = read_list(a_list(ROW, ROW))
    assert (len(read.people), read.repeated) == (1, 1)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("P2;Secret;pas une adresse;;;;", "e-mail"), ("P2;Secret;a@example.org, b@example.org;;;;", "e-mail"),
        ("P2;Secret;a@example;;;;", "e-mail"), ("P2;Secret;é@example.org;;;;", "e-mail"),
        ("P2;Secret;<secret@example.org>;;;;", "e-mail"), (f"P2;Secret;{'a' * 65}@example.org;;;;", "e-mail"),
        (";Secret;secret@example.org;;;;", "patient number"), ("P2;;secret@example.org;;;;", "no name"),
        (f"P2;{'Secret' * 30};;;;;", "name of more"), (f"{'Secret' * 30};Secret;;;;;", "number of more"),
        ("P2;Sec\x07ret;;;;;", "not text"), ("P2;Secret;;;;;allemand", "language"),
        (f"P2;Secret;;{'Secret ' * 20};29200;Brest;", "a line of the address"),
        ("P1;Secret;secret@example.org;;;;", "again"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line_and_never_with_its_value(bad, why):
    with pytest.raises(ListUnreadable) as refusal:
        read_list(a_list(ROW, bad, "P3;Durand;durand3@example.org;;;;"))
    said = str(refusal.value)
    assert "line 3:" in said
    assert why in said
    assert "ecret" not in said
    assert "line 4" not in said


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\n", b"\xef\xbb\xbf", a_list(), a_list(head="Nom;Email"), a_list(head="N° patient;Nom"),
        a_list(ROW).decode().encode("utf-16"), b"\x81\x8d\xff", b"PK\x03\x04\0\0", a_list(ROW + ';"open'),
        a_list(head="N° patient;Nom;Email;Mail"),
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(body):
    with pytest.raises(ListUnreadable):
        read_list(body)


def test_many_bad_lines_are_named_up_to_a_bound_and_counted_beyond():
    rows = [f"P{at};Durand;bad;;;;" for at in range(50)]
    with pytest.raises(ListUnreadable, match="and 30 more"):
        read_list(a_list(*rows))


def test_a_list_is_bounded(monkeypatch):
    with pytest.raises(ListUnreadable, match="larger"):
        read_list(b"x" * (LIMITS.list_bytes + 1))
    rows = [f"P{at};Durand;;;;;" for at in range(LIMITS.rows + 1)]
    with pytest.raises(ListUnreadable, match="more than"):
        read_list(a_list(*rows))


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(body):
    with contextlib.suppress(ListUnreadable):
        read_list(a_list(ROW) + body)
