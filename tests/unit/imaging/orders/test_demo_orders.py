"""The demo's schedule is one that could be."""

from datetime import date

from tests.unit.imaging.orders.kit import OURS, THEIRS

from primum.imaging.demo.orders import demo_orders

TODAY = date(2026, 3, 2)


def test_every_order_of_the_demo_can_be_placed_and_tomorrow_is_a_day_of_work(kit):
    for one in demo_orders(TODAY):
        kit.orders.place("system", (OURS, THEIRS)[one.practitioner], one.patient, one.facts, what="demo")
    tomorrow = kit.orders.days(None, date(2026, 3, 3), date(2026, 3, 3))
    assert len(tomorrow) == 7
    assert {one.step.facts.modality for one in tomorrow} == {"CT", "MR", "DX", "US"}
    assert len(kit.orders.days([OURS], date(2026, 3, 2), date(2026, 3, 4))) < 9


def test_the_homonyms_of_the_demo_are_both_expected(kit):
    names = [one.patient.name for one in demo_orders(TODAY)]
    assert names.count("Lefèvre^Hélène") == 2
