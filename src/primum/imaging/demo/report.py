"""A report as practices send it: a page of PDF in a DICOM wrapping (PS3.3 A.45.1), of somebody who never was."""

from __future__ import annotations

from pydicom.dataset import Dataset

from primum.ground.pdf import HEIGHT, Page, Pdf
from primum.imaging.demo import headers
from primum.imaging.demo.patients import birth_date

_MARGIN = 64
_TITLE = "Compte rendu de mammographie"
_LINES = (
    ("Indication", ("Dépistage organisé. Pas d'antécédent familial.",)),
    (
        "Technique",
        ("Mammographie numérique du sein gauche, incidence de face.", "Dose glandulaire moyenne : 1,34 mGy."),
    ),
    (
        "Résultat",
        (
            "Densité mammaire de type B (tissu fibroglandulaire clairsemé).",
            "Opacité ronde du quadrant supéro-externe, à contours nets, de 18 mm, d'allure bénigne.",
            "Quelques calcifications rondes, dispersées, d'allure bénigne.",
            "Pas de foyer de microcalcifications suspect. Pas de distorsion architecturale.",
            "Revêtement cutané et mamelon sans particularité.",
        ),
    ),
    ("Conclusion", ("Classification ACR 2 : constatations bénignes.", "Prochain dépistage dans deux ans.")),
)


def page(place: headers.Place) -> bytes:
    """Write the page."""
    written: list[bytes] = []
    file = Pdf(written.append, title=_TITLE, language="fr")
    one = Page()
    patient, at = place.study.patient, HEIGHT - 72
    one.text(_MARGIN, at, headers.HOUSE, size=13, bold=True)
    one.text(_MARGIN, at - 15, "Personne et examen fictifs : ce document ne concerne personne.", size=8.5)
    one.line(_MARGIN, at - 24, 595 - _MARGIN, at - 24)
    family, given = patient.name.split("^")
    born = birth_date(patient, place.today)
    one.text(_MARGIN, at - 48, f"{family.upper()} {given}", size=12, bold=True)
    one.text(_MARGIN, at - 63, f"née le {born:%d/%m/%Y}, dossier {patient.identifier}", size=9.5)
    one.text(_MARGIN, at - 77, f"adressée par {place.study.referrer.replace('^', ' ').strip()}", size=9.5)
    one.text(380, at - 48, f"Examen du {place.begun:%d/%m/%Y}", size=9.5)
    at -= 116
    one.text(_MARGIN, at, _TITLE, size=15, bold=True)
    for heading, lines in _LINES:
        at -= 34
        one.text(_MARGIN, at, heading, size=11, bold=True)
        for line in lines:
            at -= 16
            one.text(_MARGIN, at, line, size=10.5)
    one.text(_MARGIN, at - 56, "Dre Hélène Marchand (fictive), radiologue", size=10.5)
    one.text(_MARGIN, 48, "1/1", size=8.5)
    file.add(one)
    file.close()
    return b"".join(written)


def report(place: headers.Place) -> Dataset:
    """Wrap it."""
    made = headers.common(place, headers.PDF_DOCUMENT, "DOC")
    for unwanted in ("FrameOfReferenceUID", "PositionReferenceIndicator", "LossyImageCompression", "AcquisitionTime",
                     "AcquisitionDate"):  # fmt: skip
        delattr(made, unwanted)
    content = page(place)
    made.SeriesDescription, made.DocumentTitle, made.ConversionType = "Compte rendu", _TITLE, "WSD"
    made.AcquisitionDateTime, made.BurnedInAnnotation = f"{place.begun:%Y%m%d%H%M%S}", "YES"
    made.ConceptNameCodeSequence = [headers.code("18748-4", "LN", "Diagnostic imaging study")]
    made.VerificationFlag = "VERIFIED"
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(content)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return made
