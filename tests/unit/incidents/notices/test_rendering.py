"""What people copy from: whole in each form, escaped, in both languages, and honest about what it is."""

import json
import re
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.programs import find_program
from tests.unit.incidents.kit import DOCTOR, TUESDAY, Scene
from tests.unit.incidents.notices.notices_kit import answered, dossiers, probed

from primum.incidents.model import Role
from primum.incidents.notices.content import Drawing, content_of, digest_of
from primum.incidents.notices.drawing import Notices
from primum.incidents.notices.fields import fields
from primum.incidents.notices.form import EDPB, FORM
from primum.incidents.notices.model import Draft, Type
from primum.incidents.notices.rendering import FORMS, Layout, render
from primum.incidents.notices.words import LANGUAGES, _words

TAGS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "ul", "li", "article", "span",
    "code", "dl", "dt", "dd",
}  # fmt: skip


class Page(HTMLParser):
    """The tags, attributes and texts of a page; every tag that was opened is closed."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.tags, self.attributes, self.open, self.values = [], [], [], []
        self.feed(body.decode())
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append((tag, dict(attrs).get("class")))
        if ("class", "value") in attrs:
            self.values.append("")

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == ("p", "value"):
            self.values[-1] += data


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


@pytest.fixture
def notices(scene):
    return Notices(scene.files)


def content_from(dossier, type_=None, reason=""):
    wanted = type_ or (Type.ALERT if dossier.file.role is Role.PROCESSOR else Type.INITIAL)
    draft = Draft(wanted, organisation="Cabinet <Le Gall> & fils", number="", previous="ent_0")
    drawing = Drawing(TUESDAY, "per_1", 2, TUESDAY, TUESDAY, TUESDAY - TUESDAY, None, reason)
    return content_of(dossier, draft, drawing, fields(dossier, draft))


def test_both_languages_have_the_same_words():
    assert set(_words()["fr"]) == set(_words()["en"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_follows_the_form_and_says_what_it_is(scene, notices, language):
    file = probed(scene)
    made = notices.draw_up(DOCTOR, file.id, Type.INITIAL)
    page = notices.file(DOCTOR, file.id, made.id, form="html", language=language)
    text = page.body.decode()
    assert [int(one) for one in re.findall(r'<article id="field-(\d+)"', text)] == list(range(1, 34))
    heads = re.findall(r"<h2>(.*?)</h2>", text)
    assert [one.replace("&#x27;", "'") for one in heads[:12]] == [one.label[language] for one in FORM.sections]
    assert f'<html lang="{language}">' in text
    said = {"fr": ("Non envoyé", "24/11/2026 23:40 (UTC+01:00)", "une personne relit, signe"),
            "en": ("Not sent", "2026-11-24 23:40 (UTC+01:00)", "a person reads it, signs it")}[language]  # fmt: skip
    for one in (*said, made.body["digest"], file.id):
        assert one in text
    confirm = {"fr": "à confirmer par votre DPO", "en": "to be confirmed by your DPO"}[language]
    assert text.count(f"({confirm})") == sum(not one.confirmed for one in FORM.fields)
    assert text.count('class="question"') == 15
    tags = Page(page.body)
    assert set(tags.tags) <= TAGS
    assert tags.tags.count("h1") == 1
    assert not [one for one in tags.attributes if one[0] in {"src", "href", "onclick", "action"}]


def test_an_english_page_gives_the_form_s_french_words_to_copy(scene, notices):
    file = probed(scene)
    made = notices.draw_up(DOCTOR, file.id, Type.INITIAL)
    text = notices.file(DOCTOR, file.id, made.id, form="html", language="en").body.decode()
    assert '<p class="value" lang="fr">perte de confidentialité</p>' in text
    assert "loss of confidentiality (the form" in text


@pytest.mark.programs("pdftotext", "qpdf")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", list(Layout))
def test_the_pdf_is_sound_and_says_what_the_page_says(scene, notices, language, layout, tmp_path):
    file = probed(scene)
    answered(scene, DOCTOR, file.id)
    made = notices.draw_up(DOCTOR, file.id, Type.COMPLETE)
    told = notices.file(DOCTOR, file.id, made.id, form="pdf", language=language, layout=layout)
    path = tmp_path / told.name
    path.write_bytes(told.body)
    judged = subprocess.run([find_program("qpdf"), "--check", str(path)], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    command = [find_program("pdftotext"), "-layout", str(path), "-"]
    flat = re.sub(r"\s+", " ", subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    at = [flat.find(f" {one.number}. {one.label[language]}") for one in FORM.fields]
    assert -1 not in at
    assert at == sorted(at)
    assert all(one.label[language] in flat for one in (FORM.sections if layout is Layout.CNIL else EDPB.blocks))
    assert "Port fermé sur la box, appareil mis derrière un VPN." in flat
    assert made.body["digest"] in flat
    assert {"fr": "Non envoyé.", "en": "Not sent."}[language] in flat
    assert ("consultation" in flat) == (layout is Layout.EDPB)


@pytest.mark.programs("pdftotext")
def test_a_pdf_says_that_it_lacks_letters(scene, notices, tmp_path):
    file = probed(scene)
    scene.files.answer(DOCTOR, file.id, "others-involved", "Łódź Imaging")
    body = notices.preview_file(DOCTOR, file.id, Type.INITIAL, form="pdf", language="fr").body
    path = tmp_path / "x.pdf"
    path.write_bytes(body)
    text = subprocess.run(
        [find_program("pdftotext"), str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "2 caractères n'existent pas" in re.sub(r"\s+", " ", text)


def test_the_json_file_is_the_content_with_its_digest_and_its_statement(scene, notices):
    file = probed(scene)
    made = notices.draw_up(DOCTOR, file.id, Type.INITIAL)
    told = json.loads(notices.file(DOCTOR, file.id, made.id, form="json", language="fr").body)
    assert told["content"] == made.body["content"]
    assert told["digest"] == made.body["digest"] == digest_of(told["content"])
    assert "Primum n'envoie rien" in told["statement"]["fr"][1]
    assert [one["name"] for one in told["content"]["edpb"]["blocks"]] == [
        "type", "controller", "nature", "consequences", "measures", "communications", "outside",
    ]  # fmt: skip


def test_a_correction_shows_before_and_now(scene, notices):
    file = probed(scene)
    notices.draw_up(DOCTOR, file.id, Type.INITIAL)
    scene.files.answer(DOCTOR, file.id, "records", {"count": 900})
    made = notices.draw_up(DOCTOR, file.id, Type.CORRECTION, "compté de nouveau")
    text = notices.file(DOCTOR, file.id, made.id, form="html", language="fr").body.decode()
    assert "<dt>avant</dt><dd>au moins 1200\nNombre d'examens : au moins 310</dd>".replace("'", "&#x27;") in text
    assert "compté de nouveau" in text


def test_an_exercise_and_a_preview_say_so_in_every_form(scene):
    scene.files._exercise = True
    file = probed(scene)
    notices = Notices(scene.files)
    for language, words in (("fr", ("EXERCICE", "Aperçu")), ("en", ("EXERCISE", "Preview"))):
        told = notices.preview_file(DOCTOR, file.id, Type.INITIAL, form="html", language=language)
        assert all(one in told.body.decode() for one in words)
        assert "preview" in told.name
    assert (
        json.loads(notices.preview_file(DOCTOR, file.id, Type.INITIAL, form="json", language="fr").body)["digest"] == ""
    )


@settings(max_examples=60)
@given(dossiers(), st.sampled_from(LANGUAGES), st.sampled_from(Layout), st.booleans())
def test_any_file_is_drawn_whole_in_every_form(dossier, language, layout, frozen):
    content = content_from(dossier, reason="<i>&\x07")
    digest = digest_of(content) if frozen else ""
    made = {form: render(content, digest, form, language, layout) for form in FORMS}
    told = json.loads(made["json"].body)
    assert told["content"] == content
    assert digest_of(told["content"]) == digest_of(content)
    page = Page(made["html"].body)
    assert set(page.tags) <= TAGS
    assert not [one for one in page.attributes if one[0].startswith("on")]
    lines = [line for one in content["fields"] for part in one["parts"] for line in part["lines"]]
    assert len(page.values) == len(lines)
    assert made["pdf"].body.startswith(b"%PDF-1.7")
    assert made["pdf"].body.endswith(b"%%EOF\n")


@pytest.mark.programs("qpdf")
@settings(max_examples=8)
@given(dossiers())
def test_any_file_is_a_sound_pdf(dossier):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.pdf"
        path.write_bytes(render(content_from(dossier), "", "pdf", "fr").body)
        judged = subprocess.run(
            [find_program("qpdf"), "--check", str(path)], capture_output=True, text=True, check=False
        )
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_what_somebody_typed_is_copied_as_it_was_typed(scene, notices):
    typed = 'Fermé <b>le port</b> & "prévenu" l\'hébergeur\nà 23:50'
    file = probed(scene)
    scene.files.answer(DOCTOR, file.id, "measures-after", typed)
    body = notices.preview_file(DOCTOR, file.id, Type.INITIAL, form="html", language="fr").body
    assert typed in Page(body).values
