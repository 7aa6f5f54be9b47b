import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from tests.unit.incidents.kit import DOCTOR
from tests.unit.incidents.register.kit import Kept

from primum.incidents.register.ods import MEDIA_TYPE, ods
from primum.incidents.register.tables import Book, Table

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 11, 24, 22, 40, tzinfo=UTC)
URN = "urn:oasis:names:tc:opendocument:xmlns:"
OFFICE, TABLE, TEXT = (f"{{{URN}{one}:1.0}}" for one in ("office", "table", "text"))
MANIFEST = f"{{{URN}manifest:1.0}}"


def book(*rows, exercise="", title="Titre", columns=("a", "b", "c")):
    table = Table("x", "Feuille", columns, rows)
    return Book(title, (("Titre", title),), exercise, (table,), AT, "Dr Le Gall", "fr", PARIS)


def read(data):
    """Read a spreadsheet as one who knows the standard alone: sheets, rows, typed cells."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert archive.read("mimetype").decode() == MEDIA_TYPE
        listed = {one.get(f"{MANIFEST}full-path") for one in ET.fromstring(archive.read("META-INF/manifest.xml"))}
        assert listed == {"/", *archive.namelist()} - {"mimetype", "META-INF/manifest.xml"}
        for name in listed - {"/"}:
            assert ET.fromstring(archive.read(name)).get(f"{OFFICE}version") == "1.3"
        root = ET.fromstring(archive.read("content.xml"))
    assert not [one for one in root.iter() if any("formula" in name for name in one.attrib)]
    sheets = root.find(f"{OFFICE}body/{OFFICE}spreadsheet")
    return {one.get(f"{TABLE}name"): [row(each) for each in one.iter(f"{TABLE}table-row")] for one in sheets}


def row(element):
    return [value(one) for one in element]


def value(cell):
    match cell.get(f"{OFFICE}value-type"):
        case None:
            return None
        case "float":
            return int(cell.get(f"{OFFICE}value"))
        case "date":
            return datetime.fromisoformat(cell.get(f"{OFFICE}date-value"))
        case "string":
            return "\n".join(paragraph(one) for one in cell.iter(f"{TEXT}p"))


def paragraph(element):
    """Read a paragraph as the standard has white space: a run is one space, none at the ends."""
    found = folded(element.text)
    for one in element:
        found += "\t" if one.tag == f"{TEXT}tab" else " " * int(one.get(f"{TEXT}c"))
        found += folded(one.tail)
    return found


def folded(text):
    assert re.fullmatch(r"([^ ]+( [^ ]+)*)?", text or "")
    return text or ""


def test_cells_keep_their_types():
    sheets = read(ods(book(("texte", 1200, AT), (None, "", 0))))
    assert sheets["Feuille"] == [
        ["a", "b", "c"], ["texte", 1200, datetime(2026, 11, 24, 23, 40)], [None, None, 0],  # noqa: DTZ001
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+33", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", " =1"])
def test_what_looks_like_a_formula_is_a_text(text):
    assert read(ods(book((text,))))["Feuille"][1] == [text]


def test_an_exercise_is_called_one_on_each_sheet():
    assert read(ods(book(("x",), exercise="EXERCICE")))["Feuille"][0] == ["EXERCICE"]


def test_an_empty_table_says_so():
    assert read(ods(book()))["Feuille"][1] == ["Rien"]


def test_a_control_character_is_shown_as_lost_and_the_file_stays_whole():
    assert read(ods(book(("a\x00b\x1b\ufffe\ud800",))))["Feuille"][1] == ["a\ufffdb\ufffd\ufffd\ufffd"]


def test_hours_are_those_of_the_zone_on_both_sides_of_a_change_of_the_clocks():
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    found = read(ods(book((AT, summer))))["Feuille"][1]
    assert [one.hour for one in found] == [23, 14]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufffe\uffff", min_codepoint=32))
CELLS = st.one_of(
    st.none(), TEXTS, st.text("=+-@<>&\"' \t\n]]>é", min_size=1), st.integers(-(2**60), 2**60),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)  # fmt: skip


@given(st.lists(st.lists(CELLS, min_size=1, max_size=4).map(tuple), max_size=4), TEXTS)
def test_whatever_was_typed_is_read_back_as_it_was(rows, title):
    read_back = read(ods(book(*rows, title=title)))
    expected = [[_read_as(one) for one in each] for each in rows] or [["Rien"]]
    assert read_back["Feuille"][1:] == expected


def _read_as(cell):
    if isinstance(cell, datetime):
        return cell.astimezone(PARIS).replace(tzinfo=None, microsecond=0)
    return None if cell == "" else cell


def test_a_whole_register_is_a_spreadsheet(tmp_path):
    scene = Kept(tmp_path)
    one = scene.lived()
    sheets = read(scene.register.export(DOCTOR, "ods", "fr", zone=PARIS))
    assert list(sheets) == [
        "À propos", "Violations", "Faits", "Chronologie", "Messages", "Alertes (sous-traitant)"
    ]  # fmt: skip
    line = dict(zip(*sheets["Violations"], strict=True))
    assert (line["Dossier"], line["Personnes"], line["Enregistrements"]) == (one, 800, 1200)
    assert line["Échéance prudente"] - line["Première détection"] == timedelta(hours=72)
    assert "=2+2 des images" in line["Effets"]
