"""A report is what was signed, wherever it is drawn: one byte more or less is told."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from hypothesis import given, settings, strategies as st
from tests.programs import find_program
from tests.unit.exposure.checks.kit import HOME, but, good, made

from primum.exposure.checks.errors import DrawnOtherwise, NotAReport, ReportTooLarge, SignatureWrong
from primum.exposure.checks.making import make
from primum.exposure.checks.model import canonical
from primum.exposure.checks.rendering.html import html
from primum.exposure.checks.rendering.pdf import pdf
from primum.exposure.checks.signing import key_id_of, read, sign, verify
from primum.exposure.checks.sources import Host
from primum.exposure.checks.verifying import verify_file
from primum.journal.note import NoteKey

KEY = NoteKey(f"journal.primum.invalid/{HOME}", bytes(range(32)))
OTHER = NoteKey(f"journal.primum.invalid/{HOME}", bytes(32))


@pytest.fixture(scope="module")
def report():
    before = make(made(), good())
    return make(made(before=before), but(hosts=[Host("<b>&'\".example.com", "été")], guards=["recovery"]))


@pytest.fixture(scope="module")
def note(report):
    return sign(report, KEY.sign_text)


def files(report, note):
    whole = json.dumps({"report": report, "note": note}, ensure_ascii=False, indent=1).encode()
    return {"json": whole, "note": note.encode(), "html": html(report, note, "fr"), "pdf": pdf(report, note, "en")}


@pytest.mark.parametrize("kind", ["json", "note", "html", "pdf"])
def test_each_form_is_verified_by_the_key_of_the_home(report, note, kind):
    found = verify_file(files(report, note)[kind], KEY.verifier_key + "\n")
    assert (found.kind, found.report) == (kind, report)
    assert found.key_id == KEY.verifier_key.split("+")[1] == key_id_of(note)


@pytest.mark.parametrize("kind", ["json", "note", "html", "pdf"])
def test_another_key_is_refused(report, note, kind):
    with pytest.raises(SignatureWrong):
        verify_file(files(report, note)[kind], OTHER.verifier_key)
    with pytest.raises(SignatureWrong):
        verify_file(files(report, note)[kind], "no key")


def test_a_report_of_another_home_is_no_report_of_this_note(report, note):
    with pytest.raises(NotAReport):
        read(note.replace(HOME, "hom_" + "z" * 26, 1))


def test_a_file_that_shows_something_else_than_was_signed_is_refused(report, note):
    drawn = files(report, note)
    assert "À surveiller" in drawn["html"].decode()
    with pytest.raises(DrawnOtherwise):
        verify_file(drawn["html"].replace("À surveiller".encode(), b"En ordre", 1), KEY.verifier_key)
    with pytest.raises(DrawnOtherwise):
        verify_file(drawn["pdf"].replace(b"/Lang (en)", b"/Lang (fr)"), KEY.verifier_key)
    changed = json.loads(drawn["json"])
    changed["report"]["lines"][0]["state"] = "good?"
    with pytest.raises(DrawnOtherwise):
        verify_file(json.dumps(changed).encode(), KEY.verifier_key)


def test_a_changed_fact_breaks_the_signature(note):
    assert '"state":"attention"' in note
    with pytest.raises(SignatureWrong):
        verify(note.replace('"state":"attention"', '"state":"good"', 1), KEY.verifier_key)


@pytest.fixture(scope="module")
def drawn(report, note):
    return files(report, note)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_byte_can_be_changed(report, drawn, data):
    kind = data.draw(st.sampled_from(["json", "note", "html", "pdf"]))
    whole = bytearray(drawn[kind])
    at = data.draw(st.integers(0, len(whole) - 1))
    new = data.draw(st.integers(0, 255).filter(lambda one: one != whole[at]))
    whole[at] = new
    try:
        found = verify_file(bytes(whole), KEY.verifier_key)
    except (NotAReport, SignatureWrong, DrawnOtherwise):
        return
    # white space between the members of JSON, or after a note's signature, says nothing
    assert found.report == report
    assert found.kind in {"json", "note"}


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: ("<!doctype html>" + text).encode())
       | st.binary(max_size=60).map(lambda data: b"%PDF-1.7\n%primum-note en " + data))  # fmt: skip
def test_anything_else_is_no_report(data):
    with pytest.raises((NotAReport, SignatureWrong)):
        verify_file(data, KEY.verifier_key)


def test_what_is_signed_has_one_way_of_being_written(report):
    assert canonical(report) == canonical(dict(reversed(report.items())))
    assert canonical(report).isascii()
    with pytest.raises(ValueError, match="not a document"):
        KEY.sign_text(f"{KEY.origin}\n7\nAAAA\n")


def test_a_report_beyond_its_bound_is_refused(report):
    with pytest.raises(ReportTooLarge):
        sign(report | {"more": "x" * 800_000}, KEY.sign_text)


def test_the_page_asks_for_nothing_runs_nothing_and_escapes(report, note):
    text = html(report, note, "fr").decode()
    assert not re.search(r"<(script|img|link|iframe|object|form)|https?://|url\(|@import|\son\w+=", text, re.IGNORECASE)
    assert "<b>&" not in text
    assert "&lt;b&gt;&amp;" in text
    assert "default-src &#x27;none&#x27;" in text
    assert '<html lang="fr">' in text
    assert text.count("<h1>") == 1


def test_the_first_words_are_the_answer(report, note):
    text = html(report, note, "en").decode()
    assert text.index('class="answer') < text.index("<article>")
    states = re.findall(r'<span class="state ([a-z-]+)">', text)
    order = ["bad", "attention", "not-determined", "good"]
    assert states == sorted(states, key=order.index), "the gravest first"
    assert len(states) == 29


@pytest.mark.programs("pdftotext", "qpdf")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pdf_is_sound_and_says_what_the_page_says(report, note, language, tmp_path):
    file = tmp_path / "check.pdf"
    file.write_bytes(pdf(report, note, language))
    checked = subprocess.run([find_program("qpdf"), "--check", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    said = subprocess.run(
        [find_program("pdftotext"), "-layout", str(file), "-"], capture_output=True, text=True, check=True
    )
    flat = re.sub(r"\s+", " ", said.stdout)
    for line in report["lines"]:
        assert line["title"][language] in flat
        assert re.sub(r"\s+", " ", line["says"][language]) in flat, line["name"]
    assert key_id_of(note) in flat
    assert "SAN-2020-015 §22, 23, 24" in flat
    assert ("à confirmer" if language == "fr" else "to be confirmed") in flat
