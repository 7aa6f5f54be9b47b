"""What an object says of itself is read, believed as its sender's word, and never turned into more."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataset import Dataset
from tests.unit.imaging.reports.conftest import PDF as PDF_BYTES, Ward, encoded, sent

from primum.imaging.reports import cda
from primum.imaging.reports.errors import ReportTooLarge, ReportUnreadable
from primum.imaging.reports.limits import Limits
from primum.imaging.reports.model import BASIC_TEXT, CDA, PDF, Relation, Said, Status
from primum.imaging.reports.node import Shape, lines_of
from primum.imaging.reports.sayings import document_of, sayings_of
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of

KEY_OBJECTS, DOSE = "1.2.840.10008.5.1.4.1.1.88.59", "1.2.840.10008.5.1.4.1.1.88.67"


def says(sop_class: str, **attributes: object):
    return sayings_of(sop_class, memoryview(encoded(sent(sop_class, **attributes))), syntax_of(EXPLICIT_LE))


def item(**attributes: object) -> Dataset:
    made = Dataset()
    for name, value in attributes.items():
        setattr(made, name, value)
    return made


def coded(value: str, scheme: str, meaning: str) -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"VerificationFlag": "VERIFIED", "CompletionFlag": "COMPLETE"}, Said.VERIFIED),
        ({"VerificationFlag": "VERIFIED"}, Said.VERIFIED),
        ({"VerificationFlag": "UNVERIFIED", "CompletionFlag": "COMPLETE"}, Said.UNVERIFIED),
        ({"VerificationFlag": "VERIFIED", "CompletionFlag": "PARTIAL"}, Said.UNVERIFIED),
        ({"VerificationFlag": "VERIFIED", "PreliminaryFlag": "PRELIMINARY"}, Said.UNVERIFIED),
        ({}, Said.UNVERIFIED),
        ({"VerificationFlag": "YES"}, Said.UNVERIFIED),
    ],
)
def test_an_sr_is_verified_only_when_it_says_all_of_it(attributes, said):
    assert says(BASIC_TEXT, **attributes).said is said


def test_the_observer_who_verified_last_is_named():
    observers = [
        item(VerifyingObserverName="Ocaña^Inès^^Dr", VerificationDateTime="20260102120000"),
        item(VerifyingObserverName="Kervella^Maël^^Dr", VerificationDateTime="20260103120000"),
    ]
    said = says(BASIC_TEXT, VerificationFlag="VERIFIED", VerifyingObserverSequence=observers)
    assert (said.author, said.at) == ("Dr Maël Kervella", "20260103120000")


@pytest.mark.parametrize(
    ("title", "said", "relation"),
    [
        ("Compte rendu", Said.NOTHING, Relation.NONE),
        ("COMPTE RENDU PROVISOIRE", Said.UNVERIFIED, Relation.NONE),
        ("Preliminary report", Said.UNVERIFIED, Relation.NONE),
        ("Compte-rendu préliminaire", Said.UNVERIFIED, Relation.NONE),
        ("Additif du 3 mars", Said.NOTHING, Relation.ADDENDUM),
        ("Draftsman's drawing", Said.NOTHING, Relation.NONE),
        ("Report VALIDATED and FINAL", Said.NOTHING, Relation.NONE),
    ],
)
def test_a_title_may_make_a_draft_or_an_addendum_and_never_a_validated_report(title, said, relation):
    found = says(PDF, DocumentTitle=title, EncapsulatedDocument=PDF_BYTES)
    assert (found.said, found.relation, found.title) == (said, relation, title)


def test_a_flag_of_a_pdf_counts_more_than_its_title():
    assert says(PDF, DocumentTitle="Draft", VerificationFlag="VERIFIED").said is Said.VERIFIED


def test_a_predecessor_makes_a_version_and_with_the_addendum_code_an_addendum():
    sop = item(ReferencedSOPClassUID=PDF, ReferencedSOPInstanceUID="1.2.9")
    before = [item(StudyInstanceUID="1.2.3", ReferencedSeriesSequence=[item(ReferencedSOPSequence=[sop])])]
    found = says(BASIC_TEXT, PredecessorDocumentsSequence=before)
    assert (found.relation, found.about) == (Relation.VERSION, "1.2.9")
    title = coded("55107-7", "LN", "Addendum Document")
    found = says(BASIC_TEXT, PredecessorDocumentsSequence=before, ConceptNameCodeSequence=title)
    assert (found.relation, found.about) == (Relation.ADDENDUM, "1.2.9")


def test_reports_that_follow_each_other_in_a_ring_are_listed_all_the_same(ward: Ward):
    for sop, about in (("1.2.3.9.1", "1.2.3.9.2"), ("1.2.3.9.2", "1.2.3.9.1")):
        followed = item(ReferencedSOPClassUID=BASIC_TEXT, ReferencedSOPInstanceUID=about)
        before = [item(StudyInstanceUID="1.2.3", ReferencedSeriesSequence=[item(ReferencedSOPSequence=[followed])])]
        ward.came(sent(BASIC_TEXT, sop, PredecessorDocumentsSequence=before))
    assert {(one.row.sop_uid, one.row.sayings.about) for one in ward.listed()} == {
        ("1.2.3.9.1", "1.2.3.9.2"), ("1.2.3.9.2", "1.2.3.9.1"),
    }  # fmt: skip


def test_only_documents_of_people_are_reports(ward: Ward):
    for number, sop_class in enumerate((KEY_OBJECTS, DOSE)):
        ward.came(sent(sop_class, f"1.2.3.9.{number}", VerificationFlag="VERIFIED"))
    assert ward.listed() == []
    ward.came(sent(BASIC_TEXT, "1.2.3.9.9", VerificationFlag="VERIFIED"))
    (one,) = ward.listed(drafts=False)
    assert one.status is Status.SENDER_VALIDATED
    assert (one.row.validated_by, one.row.made_by) == ("", "")
    assert set(ward.reports.validated([ward.study])) == {ward.study}


# CDA

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet href="cda.xsl"?>'
SIGNER = (
    '<legalAuthenticator><time value="20260102101500+0100"/><signatureCode code="{code}"/><assignedEntity>'
    "<assignedPerson><name><prefix>Dr</prefix><given>Maël</given><family>Kervella</family></name></assignedPerson>"
    "</assignedEntity></legalAuthenticator>"
)
BODY = (
    "<component><structuredBody><component><section><title>Résultat</title><text><paragraph>Opacité <content>"
    "ronde</content>.</paragraph><list><item>Nette &lt;b&gt;</item></list><table><tr><th>Taille</th><td>18 <b>mm</b>"
    "</td></tr></table><br/>Fin.</text><component><section><title>Sous-titre</title><text>Rien.</text></section>"
    "</component></section></component></structuredBody></component>"
)


def document(head: str = "", body: str = BODY, start: str = HEAD) -> bytes:
    inner = f"<title>Compte rendu</title>{head}{body}"
    return f'{start}<ClinicalDocument xmlns="urn:hl7-org:v3">{inner}</ClinicalDocument>'.encode()


def test_a_cda_is_read_as_headings_paragraphs_and_rows():
    found = cda.read(document())
    assert (found.title, found.said) == ("Compte rendu", Said.NOTHING)
    assert lines_of(found.body) == [
        "Résultat", "  Opacité ronde.", "  Nette <b>", "  Taille | 18 mm", "  Fin.", "  Sous-titre", "    Rien.",
    ]  # fmt: skip
    assert found.body[0].shape is Shape.HEADING


@pytest.mark.parametrize(
    ("code", "said"), [("S", Said.VERIFIED), ("X", Said.UNVERIFIED), ("I", Said.UNVERIFIED), ("?", Said.NOTHING)]
)
def test_a_cda_is_verified_by_its_legal_authenticators_signature_alone(code, said):
    found = cda.read(document(SIGNER.format(code=code)))
    assert (found.said, found.author, found.at) == (said, "Dr Maël Kervella", "20260102101500+0100")
    only_attested = SIGNER.format(code="S").replace("legalAuthenticator", "authenticator")
    assert cda.read(document(only_attested)).said is Said.NOTHING


@pytest.mark.parametrize(("kind", "relation"), [("APND", Relation.ADDENDUM), ("RPLC", Relation.VERSION)])
def test_a_cda_says_what_it_does_to_the_one_before(kind, relation):
    assert cda.read(document(f'<relatedDocument typeCode="{kind}"/>')).relation is relation


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        document(start=HEAD + BOMB),
        document(start=HEAD + '<!DOCTYPE x SYSTEM "file:///etc/passwd">'),
        document(start=HEAD + '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>'),
        document(body="<component>&undeclared;</component>"),
        document(body='<?php echo "x"?>'),
        b"<html></html>",
        b"",
        b"\xff\xfe<Clinical",
        document()[:-5],
    ],
)
def test_a_cda_with_a_document_type_an_entity_or_a_fault_is_refused(data):
    with pytest.raises(ReportUnreadable):
        cda.read(data)


@pytest.mark.parametrize(
    ("limits", "data"),
    [
        (Limits(cda_bytes=100), document()),
        (Limits(cda_elements=5), document()),
        (Limits(cda_depth=20), document(body="<a>" * 30 + "</a>" * 30)),
        (Limits(cda_characters=10), document()),
    ],
)
def test_a_cda_beyond_a_bound_is_refused(limits, data):
    with pytest.raises(ReportTooLarge):
        cda.read(data, limits)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda one: document(body=one)))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_as_cda_is_read_or_refused(data):
    with contextlib.suppress(ReportUnreadable, ReportTooLarge):
        lines_of(cda.read(data).body)


def test_a_cda_in_its_wrapping_is_listed_and_what_cannot_be_read_says_nothing(ward: Ward):
    signed = document(SIGNER.format(code="S"))
    padded = signed + b"\0" * (len(signed) % 2)
    ward.came(
        sent(CDA, "1.2.3.9.1", EncapsulatedDocument=padded, EncapsulatedDocumentLength=len(signed), Modality="DOC")
    )
    ward.came(sent(CDA, "1.2.3.9.2", EncapsulatedDocument=document(start=HEAD + BOMB) + b" ", Modality="DOC"))
    by_sop = {one.row.sop_uid: one for one in ward.listed()}
    good, bad = by_sop["1.2.3.9.1"], by_sop["1.2.3.9.2"]
    assert (good.status, good.row.sayings.author) == (Status.SENDER_VALIDATED, "Dr Maël Kervella")
    assert ward.reports.document(good) == signed
    assert bad.status is Status.UNSAID
    with pytest.raises(ReportUnreadable):
        ward.reports.nodes(bad)


def test_a_document_has_its_own_length_or_loses_its_padding():
    for given_length in ({"EncapsulatedDocumentLength": 3}, {}):
        data = encoded(sent(PDF, EncapsulatedDocument=b"abc\0", **given_length))
        assert document_of(memoryview(data), syntax_of(EXPLICIT_LE)) == b"abc"


def test_a_report_from_elsewhere_is_validated_from_when_it_came_and_one_of_here_from_when_it_was(ward):
    ward.came(sent(BASIC_TEXT, "1.2.3.9.1", VerificationFlag="VERIFIED"))
    came = ward.house.clock.now()
    ward.house.clock.advance(timedelta(hours=1))
    assert ward.reports.validated([ward.study]) == {ward.study: came}
    made = ward.validated()
    assert ward.reports.validated([ward.study]) == {ward.study: made.row.validated_at}
    assert made.row.validated_at > came
