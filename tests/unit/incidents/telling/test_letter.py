import shutil
import subprocess
from dataclasses import replace

import pytest
from tests.unit.incidents.kit import DOCTOR, TUESDAY
from tests.unit.incidents.telling.kit import DRAFT, ENGLISH, FRENCH, TellingScene

from primum.incidents.telling.errors import LetterRefused
from primum.incidents.telling.letter import Draft, complaints, letter_data, read_draft, start
from primum.incidents.telling.printing import Addressed, letters_pdf
from primum.incidents.telling.wording import FICTITIOUS, mail, public

SENDER = "Cabinet du Dr Le Gall"


def codes(draft, sender=SENDER):
    return [(one.field, one.language, one.code) for one in complaints(draft, sender)]


def french(**other):
    return replace(DRAFT, words={"fr": replace(FRENCH, **other)})


def test_a_letter_that_says_what_happened_and_what_it_means_may_be_approved():
    assert codes(DRAFT) == []
    assert read_draft(DRAFT.as_json()) == DRAFT


@pytest.mark.parametrize("field", ["nature", "consequences", "done", "advice"])
@pytest.mark.parametrize(
    "text",
    [
        "Nous prenons la protection de vos données très au sérieux.",
        "Vos données pourraient être utilisées à des fins malveillantes. Restez vigilant.",
        "Nous vous invitons à la plus grande vigilance, car la sécurité de vos données est notre priorité.",
        "Toutes les mesures nécessaires ont été prises ; nous avons renforcé la sécurité de nos systèmes.",
        "NOUS PRENONS CET INCIDENT TRÈS AU SÉRIEUX, et nous sommes désolés !",
        "Un risque.", "oui oui oui oui oui oui oui oui oui oui oui oui oui oui",
        "We take the protection of your data very seriously. Please remain vigilant.",
    ],
)  # fmt: skip
def test_a_general_phrase_is_no_answer(field, text):
    """Free and Free Mobile were sanctioned in January 2026, among others for a message to people that was too vague."""
    value = text if field == "nature" else (text,)
    assert codes(french(**{field: value})) == [(field, "fr", "vague")]


def test_what_is_missing_is_said_for_each_language():
    bare = Draft({"fr": replace(FRENCH, advice=()), "en": replace(ENGLISH, nature="")}, "", "", "")
    assert codes(bare) == [("nature", "en", "missing"), ("advice", "fr", "missing"), ("contact", "en", "contact")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Les inconnus ont pu lire le compte rendu de votre mammographie du mois de mars, et votre nom.", "clinical"),
        ("Les inconnus ont pu voir que vous avez passé une IRM chez nous au cours de cette année-là.", "clinical"),
        ("Les inconnus ont pu lire votre nom et votre numéro 1 85 05 78 006 084 36 sur ce serveur-là.", "identifying"),
        ("Les inconnus ont pu lire votre nom et l'étude 1.2.840.113619.2.55.3.604 sur ce serveur-là.", "identifying"),
        ("Vous trouverez de quoi vous protéger à l'adresse https://example.org, que nous avons écrite.", "link"),
        ("Nous avons fermé ce serveur le [date] à [heure] et prévenu les autorités aussitôt après cela.", "unfinished"),
        ("Nous avons fermé ce serveur, la date est à compléter, et prévenu les autorités compétentes.", "unfinished"),
        ("Nous avons fermé ce serveur mardi à minuit et prévenu les autorités compétentes 🙂 aussitôt.", "unwritable"),
        ("Nous avons fermé ce serveur mardi à minuit\x00 et prévenu les autorités compétentes aussitôt.", "sign"),
        ("mot différent numéro " * 150, "long"),
    ],
)  # fmt: skip
def test_what_does_not_belong_in_a_mail_is_refused(text, code):
    assert codes(french(done=(text,))) == [("done", "fr", code)]


def test_a_word_that_the_senders_own_name_has_is_let_through():
    told = french(done=("Le serveur d'imagerie a été fermé mardi à minuit et les autorités compétentes prévenues.",))
    assert codes(told) == [("done", "fr", "clinical")]
    assert codes(told, "Centre d'imagerie du Léon") == []


def test_every_sentence_to_begin_with_is_refused_until_it_is_completed(tmp_path):
    scene = TellingScene(tmp_path)
    scene.files.answer(DOCTOR, scene.file.id, "data", ["civil-status"])
    scene.files.answer(DOCTOR, scene.file.id, "sensitive", ["health"])
    offered = start(scene.files.read(scene.file.id), "fr")
    assert (len(offered["consequences"]), len(offered["advice"]), offered["done"]) == (2, 2, [])
    for one in letter_data()["start"]:
        for language in ("fr", "en"):
            words = replace(FRENCH, **{one["field"]: (one[language],)})
            assert [each[2] for each in codes(replace(DRAFT, words={language: words}))] == ["unfinished"]


@pytest.mark.parametrize(
    "told",
    [
        None, [], {}, {"words": {}}, {"words": {"fr": {}}}, {"words": {"de": {}}, "contact": {}},
        {"words": {"fr": {"nature": 3}}, "contact": {}}, {"words": {"fr": {"advice": "one"}}, "contact": {}},
        {"words": {"fr": {"advice": ["x"] * 13}}, "contact": {}}, {"words": {"fr": {}}, "contact": {"name": 3}},
        {"words": {"fr": {"advice": 3}}, "contact": {}},
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_a_letter_is_refused(told):
    with pytest.raises(LetterRefused):
        read_draft(told)


def test_the_mail_names_nobody_and_says_what_stands_under_a_seal_nowhere():
    sealed = french(details="Des clichés de mammographie étaient lisibles avec votre nom et la date de l'examen.")
    assert codes(sealed) == []
    subject, text = mail(sealed, ["fr"], SENDER)
    assert subject == "Cabinet du Dr Le Gall : information importante sur vos données personnelles"
    for word in ("mammographie", "EXEMPLE", "Camille", "0000", "http"):
        assert word not in text
    for part in (
        FRENCH.consequences[0],
        FRENCH.done[0],
        FRENCH.advice[0],
        FRENCH.nature,
        "dpo@example.org",
        "article 34",
    ):
        assert part in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 78


def test_who_share_an_address_and_read_two_languages_get_both():
    subject, text = mail(DRAFT, ["en", "fr", ""], SENDER)
    assert subject.startswith("Cabinet du Dr Le Gall : information")
    assert "Madame, Monsieur" in text
    assert "Dear Sir or Madam" in text


def test_somebody_whose_language_the_letter_has_not_gets_it_in_the_one_it_has():
    assert "Madame, Monsieur" in mail(replace(DRAFT, words={"fr": FRENCH}), ["en"], SENDER)[1]


def test_the_public_notice_says_the_same_and_nothing_sealed():
    told = public(french(details="Des clichés de mammographie étaient lisibles."), "fr", SENDER)
    assert "mammographie" not in told
    assert FRENCH.advice[0] in " ".join(told.split())


@pytest.mark.programs("pdftotext", "qpdf")
def test_printed_letters_show_the_address_alone_in_the_window_and_begin_on_pages_of_their_own(tmp_path):
    sealed = french(details="Des clichés de mammographie étaient lisibles avec votre nom et la date de l'examen.")
    long = replace(sealed, words={"fr": replace(sealed.words["fr"], advice=FRENCH.advice * 12, done=FRENCH.done * 12)})
    child = replace(FICTITIOUS, name="Léo EXEMPLE", guardian="Mme Zoé EXEMPLE", reference="REF-7")
    made = letters_pdf(long, SENDER, [Addressed(1, FICTITIOUS), Addressed(2, child)], TUESDAY)
    file = tmp_path / "letters.pdf"
    file.write_bytes(made)
    subprocess.run([shutil.which("qpdf"), "--check", file], check=True, capture_output=True)

    def read(*more):
        return subprocess.run(
            [shutil.which("pdftotext"), *more, file, "-"], check=True, capture_output=True, text=True
        ).stdout

    whole = read("-layout")
    assert [f"{number} - page {page} sur 2" in whole for number in (1, 2) for page in (1, 2)] == [True] * 4
    assert "mammographie" in whole
    assert "REF-7" not in whole
    # the window of a DL envelope, in points: right half, 45 to 85 mm from the top
    window = read("-f", "1", "-l", "1", "-x", "300", "-y", "127", "-W", "295", "-H", "114")
    assert window.split("\n")[:3] == ["Camille EXEMPLE", "1 rue de l'Exemple", "00000 EXEMPLE"]
    second = read("-f", "3", "-l", "3", "-x", "300", "-y", "127", "-W", "295", "-H", "114")
    assert second.startswith("Mme Zoé EXEMPLE\n1 rue")
    assert "représentant légal" in whole
