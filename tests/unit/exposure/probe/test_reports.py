"""What a report says, that it is read back as it was written, and that nothing false about itself is believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.unit.exposure.probe.probe_kit import NOW, gate, mandate

from primum.exposure import ran
from primum.exposure.probe.dialling import Purpose
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Place, Rung, Service, Step, Verdict
from primum.exposure.probe.pages import as_html
from primum.exposure.probe.reading import ReportRefused, read_report
from primum.exposure.probe.report import Report, Since, report_of, since
from primum.exposure.probe.saying import as_text, first_line, first_page
from primum.exposure.probe.sweep import State, Swept
from primum.exposure.probe.targets import read_targets
from primum.exposure.probe.words import LANGUAGES, words_of
from primum.exposure.probe.writing import as_json, as_text_of_json, digest, digest_of

HERE, THERE = "192.0.2.9", "192.0.2.10"


def step(rung, outcome, code="", mode=Mode.PLAIN, identity=Identity.NOBODY):
    return Step(mode, identity, rung, outcome, code)


def archive(address=HERE, port=104, **facts):
    steps = [
        step(Rung.ASSOCIATE, Outcome.REFUSED, "called-aet-not-recognized"),
        step(Rung.ASSOCIATE, Outcome.OPEN, identity=Identity.KNOWN),
        step(Rung.FIND, Outcome.OPEN, identity=Identity.KNOWN),
        step(Rung.STORE, Outcome.NEGOTIATED, identity=Identity.KNOWN),
        step(Rung.GET, Outcome.NOT_TRIED, "probe.control-not-proven", identity=Identity.KNOWN),
        step(Rung.CONNECT, Outcome.REFUSED, "certificate-required", Mode.TLS),
    ]
    told = {
        "product": "Some PACS",
        "tls": {"versions": ["TLSv1.2"], "suites": [], "undetermined": False},
        "studies": 1000,
        "studies_at_least": True,
        "readable": ["PatientName"],
    }
    return Service(address, port, Family.DICOM, steps=steps, **(told | facts))


def closed(address=HERE, port=104):
    return Service(address, port, Family.DICOM, steps=[step(Rung.ASSOCIATE, Outcome.REFUSED, "no")])


def report(*services, at=NOW, place=Place.INSIDE, sound=True, states=None, absent=(), given=(HERE, THERE)):
    the_gate = gate(mandate(ports=((1, 1000),)))
    targets = read_targets(given, gate=the_gate, limits=LIMITS, ports=((104, 105),))
    ports = states or {104: State.OPEN if services else State.CLOSED, 105: State.CLOSED}
    line = Purpose(NOW.isoformat(), HERE, 104, Mode.PLAIN, Rung.CONNECT, Identity.NOBODY, "sweep", "mdt-1")
    return report_of(
        program="0.1", began_at=at, ended_at=at + timedelta(minutes=1), place=place, nonce="", facts={},
        limits=LIMITS, sound=sound, fixtures={"sound": sound, "expected": 40, "found": 40, "closed_found": []},
        targets=targets, mandates=the_gate.mandates,
        swept={one: Swept(one, dict(ports), one in absent) for one in targets.pairs} if sound else {},
        services=services, purposes=[line], own=lambda _: False,
    )  # fmt: skip


def written(one: Report) -> bytes:
    return as_text_of_json(one).encode("ascii")


@pytest.mark.parametrize(
    "one",
    [
        report(), report(archive()), report(closed(), absent=(THERE,)), report(sound=False),
        report(archive(banner="<b>hello")).joined([report(closed(), place=Place.OUTSIDE)], outside=True),
        replace(report(archive()), since=since(report(archive()), [])),
    ],
)  # fmt: skip
def test_a_report_is_read_back_as_it_was_written(one):
    assert read_report(written(one)) == replace(one, facts=dict(one.facts))
    assert digest(read_report(written(one))) == digest(one)


def test_findings_and_interventions_read_the_same_holes_and_gaps():
    one = report(archive(), absent=(THERE,)).joined([report(closed(), place=Place.OUTSIDE)], outside=True)
    first, view = ran.read_report(as_json(one))
    assert (first.verdict, list(first.holes), first.place) == (one.verdict(), one.holes(), one.place)
    assert (view.place, view.holes) == (Place.OUTSIDE, ())
    assert first.gaps == {(gap.address, gap.port) for gap in one.gaps()}


def test_the_verdicts():
    assert report().verdict() is Verdict.INSIDE_ONLY
    assert report(closed()).verdict() is Verdict.INSIDE_ONLY
    assert report(archive()).verdict() is Verdict.OPEN
    assert report(closed()).joined([report(closed(), place=Place.OUTSIDE)], outside=True).verdict() is Verdict.CLOSED
    assert report(closed()).joined([report(archive(), place=Place.OUTSIDE)], outside=True).verdict() is Verdict.OPEN
    assert report(sound=False).verdict() is Verdict.VOID
    assert report(closed()).joined([report(sound=False)], outside=True).verdict() is Verdict.VOID


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (report(absent=(HERE,)), "absent"),
        (report(states={104: State.NOT_TRIED, 105: State.CLOSED}), "ports-not-tried"),
        (report(states={104: State.UNREACHABLE, 105: State.UNREACHABLE}), "unreachable"),
        (report(Service(HERE, 104, Family.UNKNOWN, steps=[step(Rung.CONNECT, Outcome.UNDETERMINED, "x")])), "x"),
        (report(Service(HERE, 104, Family.DICOM, steps=[step(Rung.ECHO, Outcome.SILENT)])), "silent"),
    ],
)
def test_what_is_not_determined_is_never_closed(one, code):
    assert code in {gap.code for gap in one.gaps()}
    assert one.verdict() is Verdict.NOT_DETERMINED
    assert one.joined([report(closed(), place=Place.OUTSIDE)], outside=True).verdict() is Verdict.NOT_DETERMINED


def test_a_silent_port_and_an_empty_address_of_a_network_are_answers():
    assert report(states={104: State.SILENT, 105: State.SILENT}).gaps() == []
    whole = report(absent=(HERE, THERE))
    nobody_named = replace(whole, addresses=tuple(replace(one, named=False) for one in whole.addresses))
    assert nobody_named.gaps() == []


def test_the_first_refusal_is_named_for_each_mode_and_identity():
    told = as_json(report(archive()))["services"][0]
    assert [(one["mode"], one["identity"], one["rung"], one["code"]) for one in told["refusals"]] == [
        ("plain", "nobody", "associate", "called-aet-not-recognized"),
        ("tls", "nobody", "connect", "certificate-required"),
    ]


def test_holes_are_tuples_of_address_port_mode_identity_and_rung():
    assert as_json(report(archive()))["holes"] == [
        [HERE, 104, "plain", "known", "associate"],
        [HERE, 104, "plain", "known", "find"],
        [HERE, 104, "plain", "known", "store"],
    ]


def changed(one, change):
    told = json.loads(written(one))
    change(told)
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.update(verdict="closed"),
        lambda one: one.update(exit_status=0),
        lambda one: one.update(holes=[]),
        lambda one: one["holes"].pop(),
        lambda one: one["services"].clear(),
        lambda one: one["services"][0]["steps"].clear(),
        lambda one: one["services"][0].update(port=0),
        lambda one: one["services"][0].update(port=True),
        lambda one: one["services"][0].update(address="192.0.2.09"),
        lambda one: one["services"][0].update(banner="x" * 5000),
        lambda one: one["services"][0].update(banner="\x1b[2J"),
        lambda one: one["services"][0].update(family="teapot"),
        lambda one: one["services"][0].update(studies=-1),
        lambda one: one["services"][0]["steps"][0].update(code="<script>"),
        lambda one: one.update(not_determined=[{"address": HERE, "port": 0, "code": "x", "count": 1}]),
        lambda one: one.update(unknown=1),
        lambda one: one.pop("fixtures"),
        lambda one: one.update(version=2),
        lambda one: one.update(kind="other"),
        lambda one: one.update(began_at="yesterday"),
        lambda one: one.update(sound=False),
        lambda one: one.update(views=[one | {"views": [one.copy()]}]),
        lambda one: one["purposes"].update(sha256="0"),
        lambda one: one["vantage"].update(facts={"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}),
        lambda one: one["vantage"].update(place="moon"),
        lambda one: one["vantage"].update(more=1),
        lambda one: one.update(addresses=[1]),
        lambda one: one["addresses"][0].update(asked=[[5, 4]]),
    ],
)
def test_a_report_that_was_changed_is_refused(change):
    with pytest.raises(ReportRefused):
        read_report(changed(report(archive()), change))


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"1", b'{"kind":1,"kind":2}', b"[" * 100_000, b"\xff", b'{"a":NaN}', b"9" * 5000],
)
def test_what_is_no_report_is_refused(data):
    with pytest.raises(ReportRefused):
        read_report(data)


def test_a_report_beyond_the_bound_is_refused_unread():
    with pytest.raises(ReportRefused):
        read_report(written(report()), replace(LIMITS, report_bytes=100))
    with pytest.raises(ReportRefused):
        read_report(written(report(archive())), replace(LIMITS, report_items=5))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@hypothesis.settings(max_examples=60)
@hypothesis.given(st.data())
def test_whatever_is_put_in_a_field_is_read_or_refused(data):
    told = json.loads(written(report(archive())))
    name = data.draw(st.sampled_from(sorted(told)))
    told[name] = data.draw(_json)
    try:
        found = read_report(json.dumps(told).encode())
    except ReportRefused:
        return
    assert found.verdict() is Verdict.OPEN


def test_the_digest_is_of_everything_but_the_signature():
    one = report(archive())
    assert digest(one) == digest(replace(one, signature="anything")) == digest_of(json.loads(written(one)))
    assert digest(one) != digest(report(closed()))


def days(count):
    return NOW - timedelta(days=count)


def test_a_hole_is_dated_by_the_reports_around_its_beginning():
    now = report(archive())
    earlier = [report(at=days(30)), report(at=days(20)), report(archive(), at=days(10))]
    (one, *_) = since(now, earlier)
    assert (one.not_before, one.seen_at) == ("2026-09-15T09:00:00Z", "2026-09-25T09:00:00Z")


def test_an_earlier_report_that_could_not_tell_dates_nothing():
    now = report(archive())
    blind = report(states={104: State.NOT_TRIED, 105: State.CLOSED}, at=days(3))
    elsewhere = report(at=days(3), place=Place.OUTSIDE)
    void = report(at=days(3), sound=False)
    other = report(at=days(3), given=(THERE,))
    later = report(at=NOW + timedelta(days=1))
    silent = report(states={104: State.SILENT, 105: State.CLOSED}, at=days(3))
    for found in since(now, [blind, elsewhere, void, other, later, silent]):
        assert (found.not_before, found.seen_at) == ("", now.began_at)


def test_a_door_that_was_closed_in_between_was_opened_again():
    now = report(archive())
    (one, *_) = since(now, [report(archive(), at=days(30)), report(at=days(20))])
    assert (one.not_before, one.seen_at) == ("2026-09-15T09:00:00Z", now.began_at)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_page_answers_what_a_doctor_asks(language):
    now = report(archive())
    dated = replace(now, since=(Since(now.holes()[0], "2026-09-15T09:00:00Z", now.began_at),))
    heads = [one.head for one in first_page(dated, language)]
    wanted = {
        "fr": ["Ouvert ou non", "Depuis quand", "Qui le pouvait", "Combien", "Que faire maintenant"],
        "en": ["Open or not", "Since when", "Who could", "How many", "What to do now"],
    }
    assert heads[:5] == wanted[language]
    text = "\n".join(line for one in first_page(dated, language) for line in one.lines)
    assert "2026-09-15" in text
    assert "1000" in text
    assert "PatientName" in text
    assert "C-FIND" in text
    assert len(text.split()) < 400, "more than is read in a minute or two"


def test_what_was_not_allowed_is_said_on_the_first_page_and_is_no_gap():
    one = report(archive())
    assert "probe.control-not-proven" not in {gap.code for gap in one.gaps()}
    said = {
        language: "\n".join(line for part in first_page(one, language) for line in part.lines) for language in LANGUAGES
    }
    assert "has not proven that you control it" in said["en"]
    assert "n'a pas prouvé que vous en avez le contrôle" in said["fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_line_says_that_nobody_looked_from_outside(language):
    words = {"fr": "non vérifié depuis l'extérieur", "en": "not verified from outside"}[language]
    outside = report(archive(), place=Place.OUTSIDE)
    assert words in first_line(report(), language)
    assert words in first_line(report(archive()), language)
    assert words not in first_line(report().joined([outside], outside=True), language)
    assert as_text(report(), language).split("\n")[0] == first_line(report(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_signature_proves_is_said(language):
    proves = {"fr": "Elle ne prouve ni", "en": "It proves neither"}[language]
    assert proves in as_text(replace(report(), signature="note"), language)
    assert proves not in as_text(report(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_void_run_says_nothing_else(language):
    one = report(sound=False)
    assert HERE not in as_text(one, language)
    assert HERE not in as_html(one, language)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_a_stranger_says_becomes_markup(language):
    evil = "\"><script>alert(1)</script><img src=//x onerror=a>'"
    page = as_html(report(archive(product=evil, banner=evil, readable=[evil])), language)
    found = Elements()
    found.feed(page)
    assert not {"script", "img", "link", "iframe", "object", "a", "form"} & set(found.tags)
    assert set(found.attributes) <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert f'lang="{language}"' in page
    assert "default-src 'none'" in page


def test_both_languages_have_the_same_sentences_with_the_same_facts():
    import string

    def facts(language):
        return {
            name: {field for _, field, _, _ in string.Formatter().parse(said) if field}
            for name, said in words_of(language).items()
        }

    assert facts("fr") == facts("en")
    assert {f"can.{one}" for one in Rung} | {f"as.{one}" for one in Identity} | {f"do.{one}" for one in Family} <= set(
        words_of("en")
    )
