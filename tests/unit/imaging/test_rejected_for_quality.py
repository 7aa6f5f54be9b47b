"""Who may see what was rejected for quality sees that, and nothing that was rejected for another reason (IHE IOCM)."""

from __future__ import annotations

import json

import pytest
from tests.unit.imaging.conftest import CONTROLLER, House, slice_of

from primum.imaging import EVERYTHING, Criteria, Level, NotHere, Reach, parse_qido
from primum.imaging.amendments import RejectionCode
from primum.imaging.corrections import By, Corrections
from primum.imaging.retrieving import Wanted

OURS = frozenset({CONTROLLER})
ORDINARY, QUALITY = Reach(OURS), Reach(OURS, quality=True)
BY = By("per_" + "a" * 26, "other")
NOTE = "1.2.840.10008.5.1.4.1.1.88.59"


@pytest.fixture
def ref(house: House) -> str:
    """A study of two series: one image of the first rejected for quality, the whole second for patient safety."""
    house.indexed(
        slice_of(), slice_of(sop="1.2.3.4.6", instance="2"), slice_of(series="1.2.3.5", sop="1.2.3.5.1"),
        slice_of(series="1.2.3.6", sop="1.2.3.6.1"),
    )  # fmt: skip
    house.device.close()
    ref = house.device.sent[-1].position.study
    corrections = Corrections(house.index, house.records, house.vault, house.clock, house.indexer)
    corrections.reject(ref, RejectionCode.QUALITY, BY, sop_uids=["1.2.3.4.5"])
    corrections.reject(ref, RejectionCode.PATIENT_SAFETY, BY, sop_uids=["1.2.3.5.1"])
    corrections.reject(ref, RejectionCode.WRONG_WORKLIST_ENTRY, BY, sop_uids=["1.2.3.6.1"])
    return ref


def found(house: House, level: Level, reach: Reach, **keys: str) -> list[dict[str, object]]:
    return house.archive.find(level, parse_qido(list(keys.items()), level), reach).all()


def sops(rows: list[dict[str, object]]) -> set[str]:
    images = [one for one in rows if one["00080016"]["Value"] != [NOTE]]  # type: ignore[index]
    return {one["00080018"]["Value"][0] for one in images}  # type: ignore[index]


def retrieved(house: House, reach: Reach, **wanted: tuple[str, ...]) -> dict[str, str]:
    entries = house.archive.retrieved(Wanted("STUDY", **wanted), reach, 100)
    return {one.sop_uid: one.rejected for one in entries if one.sop_class_uid != NOTE}


def test_an_ordinary_reader_finds_and_retrieves_none_of_them(house: House, ref: str):
    assert sops(found(house, Level.INSTANCE, ORDINARY)) == {"1.2.3.4.6"}
    assert retrieved(house, ORDINARY, studies=("1.2.3",)) == {"1.2.3.4.6": ""}
    with pytest.raises(NotHere):
        house.archive.instance_of(ref, None, "1.2.3.4.5", ORDINARY)


def test_who_may_sees_those_rejected_for_quality_and_no_others(house: House, ref: str):
    assert sops(found(house, Level.INSTANCE, QUALITY)) == {"1.2.3.4.5", "1.2.3.4.6"}
    assert retrieved(house, QUALITY, studies=("1.2.3",)) == {"1.2.3.4.6": "", "1.2.3.4.5": "113001"}
    assert house.archive.instance_of(ref, None, "1.2.3.4.5", QUALITY).rejected == "113001"
    for hidden in ("1.2.3.5.1", "1.2.3.6.1"):
        assert retrieved(house, QUALITY, instances=(hidden,)) == {}
        with pytest.raises(NotHere):
            house.archive.instance_of(ref, None, hidden, QUALITY)


@pytest.mark.parametrize("keys", [{"SOPInstanceUID": "1.2.3.4.5"}, {"PatientID": "P1", "Modality": "CT"},
                                  {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}])  # fmt: skip
def test_it_is_found_by_whatever_key(house: House, ref: str, keys: dict[str, str]):
    assert "1.2.3.4.5" in sops(found(house, Level.INSTANCE, QUALITY, **keys))
    assert "1.2.3.4.5" not in sops(found(house, Level.INSTANCE, ORDINARY, **keys))


def test_counts_are_of_what_is_seen(house: House, ref: str):
    def count(reach: Reach) -> int:
        (row,) = found(house, Level.SERIES, reach, SeriesInstanceUID="1.2.3.4")
        return row["00201209"]["Value"][0]  # type: ignore[index,no-any-return]

    assert (count(ORDINARY), count(QUALITY)) == (1, 2)
    assert found(house, Level.SERIES, QUALITY, SeriesInstanceUID="1.2.3.5") == []
    (row,) = house.archive.rows(Criteria(), QUALITY)
    assert row.entry.instances == 3, "two images, and the note that rejects one of them"


def test_pages_hold_each_once(house: House, ref: str):
    every = [one["00080018"]["Value"][0] for one in found(house, Level.INSTANCE, QUALITY)]  # type: ignore[index]
    paged = [
        one["00080018"]["Value"][0]
        for offset in range(len(every))
        for one in house.archive.find(Level.INSTANCE, Criteria(limit=1, offset=offset), QUALITY).all()
    ]
    assert paged == every
    assert len(set(every)) == len(every) == 3


def test_a_study_of_which_all_was_rejected_for_quality_is_there_for_who_may(house: House):
    house.indexed(slice_of(study="1.9", series="1.9.1", sop="1.9.1.1"))
    house.device.close()
    ref = house.device.sent[-1].position.study
    Corrections(house.index, house.records, house.vault, house.clock, house.indexer).reject(
        ref, RejectionCode.QUALITY, BY
    )
    assert found(house, Level.STUDY, ORDINARY, StudyInstanceUID="1.9") == []
    assert len(found(house, Level.STUDY, QUALITY, StudyInstanceUID="1.9")) == 1
    assert house.archive.series_uids(ref, QUALITY)


def test_metadata_for_who_may_do_not_become_those_of_others(house: House, ref: str):
    def uids(reach: Reach) -> set[str]:
        return {one["00080018"]["Value"][0] for one in json.loads(house.archive.series_metadata(ref, "1.2.3.4", reach))}

    every = Reach(None, confidential=True, rejected=True)
    seeing = Reach(None, confidential=True, rejected=True, quality=True)
    assert uids(every) == {"1.2.3.4.6"}
    assert uids(seeing) == {"1.2.3.4.5", "1.2.3.4.6"}
    assert uids(every) == {"1.2.3.4.6"}
    assert uids(EVERYTHING) == {"1.2.3.4.6"}


def test_another_controllers_stay_out_of_reach(house: House, ref: str):
    elsewhere = Reach(frozenset({"ctl_" + "z" * 26}), quality=True)
    assert found(house, Level.INSTANCE, elsewhere) == []
    assert retrieved(house, elsewhere, studies=("1.2.3",)) == {}
