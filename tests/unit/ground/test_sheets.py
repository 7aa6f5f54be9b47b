"""Words on paper: nothing runs over the edge, and what the alphabet lacks is counted."""

import re
import subprocess

import pytest
from hypothesis import given, strategies as st
from tests.programs import find_program

from primum.ground.pdf import WIDTH
from primum.ground.sheets import LEFT, Sheet, by_count, by_width

BOX = re.compile(r'xMin="([\d.]+)".* xMax="([\d.]+)"')


def drawn(*texts, bold=False):
    sheet = Sheet()
    for one in texts:
        sheet.text(one, bold=bold, size=10)
    return sheet.pdf(title="Essai", language="fr", number=lambda page, of: f"{page}/{of}")


@pytest.mark.programs("pdftotext", "qpdf")
@pytest.mark.parametrize("bold", [False, True])
def test_capitals_and_words_without_an_end_stay_on_the_paper(tmp_path, bold):
    file = tmp_path / "x.pdf"
    file.write_bytes(drawn("CABINET DE RADIOLOGIE DU DOCTEUR MMMMM WWWWW " * 40, "W" * 700, "@" * 300, bold=bold))
    judged = subprocess.run([find_program("qpdf"), "--check", str(file)], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout
    said = subprocess.run(
        [find_program("pdftotext"), "-bbox", str(file), "-"], capture_output=True, text=True, check=True
    )
    boxes = [tuple(map(float, found.groups())) for found in BOX.finditer(said.stdout)]
    assert len(boxes) > 200
    assert max(right for _, right in boxes) <= WIDTH - LEFT + 1
    assert said.stdout.count("CABINET") == 40


@given(st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), max_size=400))
def test_no_character_is_lost_where_lines_are_broken(text):
    for bold in (False, True):
        assert "".join(by_width(text, 9, 8, bold)).replace(" ", "") == "".join(text.split()).replace(" ", "")


def test_what_the_alphabet_lacks_is_counted():
    sheet = Sheet()
    sheet.text("Łukasiewicz, 光, \u202fété\n")
    assert sheet.replaced == 2


def test_lines_of_signed_reports_are_broken_as_they_were():
    assert [len(one) for one in by_count("a " * 200, 9.5, 0, False)] == [113, 113, 113, 57]
