"""Dose reports of pydicom's making, read by our own reader of data sets."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pydicom.sr.codedict import codes
from tests.twins import dose_reports as twin

from primum.imaging.dicomjson import read_attributes
from primum.imaging.dose import reading
from primum.imaging.dose.limits import Limits
from primum.imaging.dose.model import Doubt, Kind, from_json, to_json
from primum.imaging.dose.reading import TOTALS, read_report
from primum.imaging.dose.units import Amount

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
SOURCE = Path(reading.__file__).read_text("utf-8")


def read(made, **limits):
    return read_report(read_attributes(twin.encoded(made), EXPLICIT), Limits(**limits))


def test_every_code_of_ours_is_one_of_the_standard():
    known = {one.value for name in dir(codes.DCM) if (one := getattr(codes.DCM, name, None)) and hasattr(one, "value")}
    ours = set(re.findall(r'"(1[0-9]{5})"', SOURCE))
    assert len(ours) > 20
    assert ours <= known


def test_a_ct_report():
    events = [twin.ct_event(1, kind=twin.SCOUT), twin.ct_event(2), twin.ct_event(3, ctdi=9, dlp=300.5)]
    found = read(twin.report(twin.ct_content(events, "540.5")))
    assert (found.kind, found.counted, found.doubts) == (Kind.CT, 3, ())
    assert found.totals == {"dlp": Amount(540.5, "mGy·cm")}
    assert [one.localizer for one in found.events] == [True, False, False]
    assert found.device == "Scanner 1 · CT1"
    last = found.events[2]
    assert (last.uid, last.protocol, last.region.meaning, last.type, last.phantom) == (
        "1.2.99.3", "Thorax", "Chest", "Spiral Acquisition", "113691",
    )  # fmt: skip
    assert last.amounts == {
        "ctdi_vol": Amount(9.0, "mGy"), "dlp": Amount(300.5, "mGy·cm"), "kvp": Amount(120.0, "kV"),
        "length": Amount(320.0, "mm"),
    }  # fmt: skip


def test_a_dual_source_acquisition_has_both_its_voltages():
    event = twin.ct_event(1)
    source = twin.container("CTXRaySourceParameters", twin.number("KVP", 80, "kV"))
    event.ContentSequence.append(source)
    assert read(twin.report(twin.ct_content([event], 1))).events[0].amounts["kvp"] == Amount(80.0, "kV", 120.0)


def test_fluoroscopy_adds_its_two_planes():
    planes = [
        twin.accumulated(
            twin.number("DoseAreaProductTotal", dap, "Gy.m2"), twin.number("DoseRPTotal", "0.012", "Gy"),
            twin.number("TotalFluoroTime", 61, "s"), twin.number("AcquisitionDoseAreaProductTotal", 100, "mGy.cm2"),
        )
        for dap in ("0.00025", "0.00015")
    ]  # fmt: skip
    event = twin.xray_event(
        1, twin.number("DoseAreaProduct", 2.5, "dGy.cm2"), twin.number("KVP", 70, "kV"),
        twin.number("Exposure", 2500, "uA.s"), twin.number("DoseRP", "0.0005", "Gy"),
        twin.code("ImageView", ("272479007", "SCT", "postero-anterior")),
    )  # fmt: skip
    found = read(twin.report([*planes, event]))
    assert found.kind is Kind.PROJECTION
    assert found.totals == {
        "dap": Amount(4.0, "Gy·cm²"), "acquisition_dap": Amount(0.2, "Gy·cm²"), "dose_rp": Amount(24.0, "mGy"),
        "fluoro_time": Amount(122.0, "s"),
    }  # fmt: skip
    assert found.events[0].amounts == {
        "dap": Amount(0.25, "Gy·cm²"), "kvp": Amount(70.0, "kV"), "mas": Amount(2.5, "mAs"),
        "dose_rp": Amount(0.5, "mGy"),
    }  # fmt: skip
    assert found.events[0].view == "272479007"


def test_mammography_keeps_its_breasts_apart():
    added = twin.accumulated(
        twin.number("AccumulatedAverageGlandularDose", 2.5, "mGy", twin.laterality("80248007", "Left breast")),
        twin.number("AccumulatedAverageGlandularDose", 0.27, "cGy", twin.laterality("73056007", "Right breast")),
    )
    events = [
        twin.xray_event(
            at, twin.number("AverageGlandularDose", "0.125", "dGy"), twin.number("EntranceExposureAtRP", 5.1, "mGy"),
            twin.laterality("7771000", "Left"), region=twin.BREAST,
        )
        for at in (1, 2)
    ]  # fmt: skip
    found = read(twin.report([added, *events]))
    assert found.kind is Kind.MAMMOGRAPHY
    assert found.totals == {"agd_left": Amount(2.5, "mGy"), "agd_right": Amount(2.7, "mGy")}
    assert {one.kind for one in found.events} == {Kind.MAMMOGRAPHY}
    assert {one.side for one in found.events} == {"left"}
    assert found.events[0].amounts == {"agd": Amount(12.5, "mGy"), "entrance": Amount(5.1, "mGy")}


def test_an_administration():
    agent = twin.item("CODE", twin.coded("349358000", "SCT", "Radiopharmaceutical agent"))
    agent.ConceptCodeSequence = [twin.coded("35321007", "SCT", "Fluorodeoxyglucose F^18^")]
    given_ = twin.container(
        "RadiopharmaceuticalAdministration", agent, twin.uid("RadiopharmaceuticalAdministrationEventUID", "1.2.97.1"),
        twin.number("AdministeredActivity", "0.25", "GBq"),
    )  # fmt: skip
    found = read(twin.report([given_], sop_class=twin.NUCLEAR))
    assert found.kind is Kind.NUCLEAR
    assert found.events[0].agent == "Fluorodeoxyglucose F^18^"
    assert found.totals == {"activity": Amount(250.0, "MBq")}


def test_an_enhanced_report():
    summary = twin.container(
        "IrradiationEventSummaryData", twin.uid("IrradiationEventUID", "1.2.96.1"),
        twin.number("MeanCtdivol", 4, "mGy"), twin.number("DLP", 100, "mGy.cm"),
    )  # fmt: skip
    added = twin.container("AccumulatedDoseData", twin.number("CTDoseLengthProductTotal", 100, "mGy.cm"))
    found = read(twin.report([added, summary], sop_class=twin.ENHANCED))
    assert (found.kind, found.totals["dlp"]) == (Kind.CT, Amount(100.0, "mGy·cm"))
    assert found.events[0].amounts["ctdi_vol"] == Amount(4.0, "mGy")


def test_estimates_of_a_model_are_not_shown_as_a_dose():
    found = read(twin.report([twin.number("EffectiveDose", 3, "mSv")], sop_class=twin.ESTIMATE))
    assert (found.kind, found.totals, found.events, found.doubts) == (Kind.ESTIMATE, {}, (), ())


def test_a_unit_that_is_not_known_is_shown_as_sent():
    found = read(twin.report(twin.ct_content([twin.ct_event(1)], 240, "R.cm")))
    assert found.totals["dlp"] == Amount(240.0, "R.cm")
    assert found.doubts == (Doubt.UNKNOWN_UNIT,)


@pytest.mark.parametrize("said", ["", "forty", "NaN", "1e999"])
def test_what_is_no_number_is_not_there(said):
    made = twin.report(twin.ct_content([twin.ct_event(1)], 240))
    value = made.ContentSequence[1].ContentSequence[1].MeasuredValueSequence[0]
    raw = twin.encoded(made)
    assert raw.count(b"240 ") >= 1
    attributes = json.loads(json.dumps(read_attributes(raw, EXPLICIT)))
    told = attributes["0040A730"]["Value"][1]["0040A730"]["Value"][1]["0040A300"]["Value"][0]
    assert told["0040A30A"]["Value"] == [240.0]
    assert float(value.NumericValue) == 240
    told["0040A30A"]["Value"] = [said]
    found = read_report(attributes)
    assert found.totals == {}
    assert Doubt.NOT_A_NUMBER in found.doubts
    assert len(found.events) == 1


def test_an_event_that_is_there_twice_is_one():
    assert len(read(twin.report(twin.ct_content([twin.ct_event(1), twin.ct_event(1)], 1))).events) == 1


def test_what_passes_a_limit_is_said():
    events = [twin.ct_event(number) for number in range(5)]
    made = twin.report(twin.ct_content(events, 1))
    assert len(read(made, events=3).events) == 3
    for limits in ({"events": 3}, {"depth": 1}, {"items": 20}):
        assert Doubt.TOO_LONG in read(made, **limits).doubts
    assert read(made).doubts == ()


def test_a_report_of_something_else_says_no_dose():
    assert read(twin.report([twin.words("Comment", "rien")])).doubts == (Doubt.NO_DOSE,)


def test_a_report_is_kept_and_read_back_the_same():
    found = read(twin.report(twin.ct_content([twin.ct_event(1), twin.ct_event(2, kind=twin.SCOUT)], 240)))
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    assert set(found.totals) <= set(TOTALS)


def test_implicit_value_representations_read_the_same():
    made = twin.report(twin.ct_content([twin.ct_event(1)], 240))
    implicit = read_report(read_attributes(twin.encoded(made, implicit=True), IMPLICIT))
    assert implicit == read(made)


TAGS = (
    "0040A730 0040A040 0040A043 0040A300 0040A30A 004008EA 00080100 00080102 vr Value 0040A360 00081115 00081199"
    " 00080018 0040A168"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TAGS.split()), inner, max_size=4),
    max_leaves=30,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["0040A730", "0040A043", "0040A360", "00080016", "00080018"]), JSON))
def test_nothing_in_a_data_set_makes_it_fail(attributes):
    found = read_report(attributes)
    assert from_json(json.loads(json.dumps(to_json(found)))) == found


NAMES = ["CTAcquisition", "CTDose", "MeanCtdivol", "DLP", "CTAccumulatedDoseData", "CTDoseLengthProductTotal",
         "IrradiationEventXRayData", "AccumulatedXRayDoseData", "DoseAreaProductTotal", "TargetRegion"]  # fmt: skip


def content(depth):
    leaf = st.builds(twin.number, st.sampled_from(NAMES), st.integers(-5, 500), st.sampled_from(["mGy", "Gy.m2", "?"]))
    return st.recursive(
        leaf, lambda inner: st.builds(lambda name, inside: twin.container(name, *inside), st.sampled_from(NAMES),
                                      st.lists(inner, max_size=4)), max_leaves=depth,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(content(12), max_size=4))
def test_templates_shuffled_are_read_as_far_as_they_go(inside):
    found = read(twin.report(inside))
    assert (not found.events and not found.totals) == (Doubt.NO_DOSE in found.doubts)
