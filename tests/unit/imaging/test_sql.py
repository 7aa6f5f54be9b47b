"""SQL and the pure tests say the same; paging loses nothing; what is out of reach is at no level."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from sqlalchemy.engine import Engine
from tests.unit.imaging.conftest import EXPLICIT, data_set, element, slice_of

from primum.imaging.archive import Archive
from primum.imaging.attributes import BY_KEYWORD, Level
from primum.imaging.columns import Arrival
from primum.imaging.contents import Contents
from primum.imaging.errors import BadQuery, QueryTooBroad
from primum.imaging.extract import Attributes
from primum.imaging.keys import Key
from primum.imaging.limits import Limits
from primum.imaging.matching import Instants, Moment
from primum.imaging.model import EVERYTHING, Reach
from primum.imaging.narrowing import FEW
from primum.imaging.patients import Assignment
from primum.imaging.query import Criteria, parse_qido
from primum.imaging.rows import Batch
from primum.imaging.sql import Sql, key_sql, narrow_sql
from primum.imaging.store import open_index, reading
from primum.vault import Position, RecordFacts

NAMES = [
    "DUPONT^JEAN", "Dupont^Jean-Pierre", "DUPOND^JEANNE", "LEFÈVRE^ANNE", "Lefevre^Anne-Marie", "", "O'BRIEN^Mary",
    "Yamada^Tarou=山田^太郎=やまだ^たろう", "=王^小東", "MÜLLER^JÜRGEN^[X]", "DUPONT", "ÅÅÅ^100%_",
]  # fmt: skip
NUMBERS = ["P1", "p1", "P10", "P*1", "", "P[1]", 'P"1']
DATES = ["20260101", "20260102", "20251231", ""]
REFERRERS = ["MARTIN^PAUL", "Martin^Paul^^Dr", "BERNARD^LÉA", ""]
CONTROLLERS = ["ctl_a", "ctl_b"]


def index_of(path: Path, studies: list[dict[str, str]]) -> Engine:
    """An index of one slice per study."""
    engine = open_index(path, b"i" * 32)
    arrivals = []
    for number, study in enumerate(studies):
        traits = dict(study)
        controller = traits.pop("controller", "ctl_a")
        confidential = traits.pop("confidential", "")
        zone, step = traits.pop("zone", ""), traits.pop("step", "")
        uid = f"1.2.{number}"
        values = slice_of(study=uid, series=f"{uid}.1", sop=f"{uid}.1.1", pixels=bytes(8), **traits)
        values |= {0x00080201: ("SH", zone.encode())} if zone else {}
        values |= {0x00400275: ("SQ", items_of(step))} if step else {}
        header = data_set(values)
        facts = RecordFacts(
            "instance", controller, "dev", "1.2", f"{uid}.1.1", f"{uid}.1", uid, EXPLICIT,
            datetime(2026, 1, 1, tzinfo=UTC).isoformat(), "CT",
        )  # fmt: skip
        arrivals.append(
            Arrival(
                Position(f"ref{number}{confidential}", f"pack{number}", 4096, 8192), facts, Attributes(header, EXPLICIT)
            )
        )

    def assign(firsts: list[Any]) -> list[Assignment]:
        return [Assignment("pat", confidential=one.position.study.endswith("!")) for one, _ in firsts]

    with engine.begin() as connection:
        positions = [(one.position.pack, one.position.study, 8192) for one in arrivals]
        Batch(connection, Contents(SimpleNamespace()), assign).write(arrivals, positions)
    return engine


def items_of(steps: str) -> bytes:
    """Items of a Request Attributes Sequence: `step procedure|step procedure`."""
    found = b""
    for one in steps.split("|"):
        step, _, procedure = one.partition(" ")
        inner = element(0x00400009, "SH", step.encode())
        inner += element(0x00401001, "SH", procedure.encode()) if procedure else b""
        found += b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
    return found


ZONES = ["", "+0000", "+0200", "-0530", "+1400"]


def every_study() -> list[dict[str, str]]:
    return [
        {
            "name": name,
            "number": NUMBERS[number % len(NUMBERS)],
            "date": DATES[number % len(DATES)],
            "time": ["101112", "0800", ""][number % 3],
            "description": ["Thorax face", "IRM cérébrale", ""][number % 3],
            "accession": ["A1", "ACC-77", ""][number % 3],
            "referrer": REFERRERS[number % len(REFERRERS)],
            "controller": CONTROLLERS[number % 2],
            "modality": ["CT", "MR"][number // 2 % 2],
            "confidential": "!" if number % 5 == 4 else "",
            "zone": ZONES[number % len(ZONES)],
            "step": ["", "S1 R7", "S2 R7|S1 R8", "[x]"][number % 4],
        }
        for number, name in enumerate(NAMES * 3)
    ]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = index_of(tmp_path_factory.mktemp("index") / "index.db", every_study())
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def archive(index: Engine) -> Archive:
    return Archive(index, SimpleNamespace())  # type: ignore[arg-type]


LETTERS = st.text(alphabet="dupontjeéèanf*?^= []%_'-1P\"山田MÜ", max_size=8)
TYPED = st.one_of(
    LETTERS,
    st.sampled_from([*NAMES, *NUMBERS]),
    st.builds(lambda text, cut: f"*{text[cut : cut + 4]}*", st.sampled_from([*NAMES, *NUMBERS]), st.integers(0, 8)),
    st.builds(lambda text, cut: f"{text[:cut]}*", st.sampled_from([*NAMES, *NUMBERS]), st.integers(0, 8)),
)
KEYWORDS = st.sampled_from(
    ["PatientName", "PatientID", "ReferringPhysicianName", "StudyDescription", "AccessionNumber", "IssuerOfPatientID"]
)


@settings(max_examples=300, deadline=None)
@given(KEYWORDS, TYPED, st.booleans())
def test_sql_and_the_pure_tests_agree(index: Engine, keyword: str, value: str, fuzzy: bool) -> None:  # noqa: FBT001
    try:
        criteria = parse_qido([(keyword, value), ("fuzzymatching", str(fuzzy).lower())], Level.STUDY)
    except BadQuery:
        return
    for key in criteria.keys:
        _compare(index, key)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["StudyDate", "StudyTime"]), st.sampled_from(DATES[:3]), st.sampled_from(["", "-", "-20260101"]))
def test_ranges_in_sql_and_pure_agree(index: Engine, keyword: str, low: str, rest: str) -> None:
    value = low[: 8 if keyword == "StudyDate" else 4] + (rest if keyword == "StudyDate" else rest[:1])
    for key in parse_qido([(keyword, value)], Level.STUDY).keys:
        _compare(index, key)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["20260101", "20260101-20260102", "20251231-", "-20260101", "20260102-20251231"]),
    st.sampled_from(["", "08", "0800-1200", "1000-", "-0900", "235959.5-"]),
    st.sampled_from(ZONES),
)
def test_dates_with_times_and_zones_in_sql_and_pure_agree(index: Engine, date: str, time: str, zone: str) -> None:
    asked = [("StudyDate", date), ("StudyTime", time), ("TimezoneOffsetFromUTC", zone)]
    instants = [key for key in parse_qido(asked, Level.STUDY).keys if isinstance(key.test, Instants)]
    with reading(index) as connection:
        rows = connection.exec_driver_sql("SELECT id, study_date, study_time, zone FROM studies").fetchall()
        for key in instants:
            where = key_sql(key)
            found = connection.exec_driver_sql(f"SELECT s.id FROM studies s WHERE {where.text}", where.values).scalars()
            assert set(found) == {row[0] for row in rows if key.test.matches(Moment(*row[1:]))}  # type: ignore[arg-type]


ITEM = st.sampled_from(["S1", "S*", "s1", "S2\\S1", "R7", "?1", '""', "*", "[x]"])


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from(["ScheduledProcedureStepID", "RequestedProcedureID"]), ITEM, min_size=1))
def test_items_of_sequences_in_sql_and_pure_agree(index: Engine, asked: dict[str, str]) -> None:
    parameters = [(f"RequestAttributesSequence.{name}", value) for name, value in asked.items()]
    with reading(index) as connection:
        rows = connection.exec_driver_sql("SELECT id, study_id, shown FROM series").fetchall()
        for key in parse_qido([*parameters, ("emptyvaluematching", "true")], Level.SERIES).keys:
            where, narrow = key_sql(key), narrow_sql(key)
            found = set(
                connection.exec_driver_sql(f"SELECT e.id FROM series e WHERE {where.text}", where.values).scalars()
            )
            items = {row[0]: json.loads(row[2]).get("00400275", {}).get("Value", []) for row in rows}
            assert found == {number for number, listed in items.items() if key.test.matches(listed)}  # type: ignore[arg-type]
            if narrow is not None:
                studies = set(connection.exec_driver_sql(narrow.text, narrow.values).scalars())
                assert {row[1] for row in rows if row[0] in found} <= studies


def test_a_search_that_takes_too_long_is_stopped(index: Engine) -> None:
    hurried = Archive(index, SimpleNamespace(), Limits(query_seconds=-1))  # type: ignore[arg-type]
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(QueryTooBroad), hurried._finder._bounded() as connection:
        connection.execute(slow).fetchall()
    # the connection goes back to the pool as it was
    assert Archive(index, SimpleNamespace()).count(Criteria(), EVERYTHING) > 0  # type: ignore[arg-type]


def _compare(index: Engine, key: Key) -> None:
    column = key.attribute.column
    names = column in {"name", "referrer"}
    columns = f"s.{column}_a, coalesce(s.{column}_i, ''), coalesce(s.{column}_p, '')" if names else f"s.{column}"
    where = key_sql(key)
    with reading(index) as connection:
        rows = connection.exec_driver_sql(f"SELECT s.id, {columns} FROM studies s").fetchall()
        found = set(
            connection.exec_driver_sql(f"SELECT s.id FROM studies s WHERE {where.text}", where.values).scalars()
        )
        expected = {row[0] for row in rows if key.test.matches(tuple(row[1:]) if names else row[1])}  # type: ignore[arg-type]
        assert found == expected
        narrow: Sql | None = narrow_sql(key)
        if narrow is not None:
            assert expected <= set(connection.exec_driver_sql(narrow.text, narrow.values).scalars())


def test_modalities_of_a_study_are_matched_in_its_series(archive: Archive) -> None:
    found = archive.studies(parse_qido([("ModalitiesInStudy", "MR,US")], Level.STUDY), EVERYTHING)
    assert found
    assert all(one["00080061"]["Value"] == ["MR"] for one in found)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="CTMR*?,[\\", max_size=6))
def test_modalities_in_sql_and_pure_agree(archive: Archive, value: str) -> None:
    try:
        criteria = parse_qido([("ModalitiesInStudy", value), ("limit", "1000")], Level.STUDY)
    except BadQuery:
        return
    every = archive.studies(Criteria(limit=1000), EVERYTHING)
    expected = [
        one
        for one in every
        if all(any(key.test.matches(modality) for modality in one["00080061"]["Value"]) for key in criteria.keys)
    ]
    assert archive.studies(criteria, EVERYTHING) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.sampled_from(["", "*an*", "dup*"]))
def test_paging_loses_nothing_and_repeats_nothing(archive: Archive, size: int, name: str) -> None:
    whole = archive.studies(parse_qido([("PatientName", name), ("limit", "1000")], Level.STUDY), EVERYTHING)
    paged: list[dict[str, Any]] = []
    while True:
        asked = [("PatientName", name), ("limit", str(size)), ("offset", str(len(paged)))]
        page = archive.studies(parse_qido(asked, Level.STUDY), EVERYTHING)
        paged += page
        if len(page) < size:
            break
    assert paged == whole
    assert archive.count(parse_qido([("PatientName", name)], Level.STUDY), EVERYTHING) == len(whole)


def test_the_newest_study_comes_first_and_one_without_a_date_last(archive: Archive) -> None:
    found = archive.studies(Criteria(limit=1000), EVERYTHING)
    dates = [one["00080020"].get("Value", [""])[0] for one in found]
    assert dates == sorted(dates, reverse=True)


REACHES = [
    Reach(),
    Reach(controllers=frozenset({"ctl_a"})),
    Reach(controllers=None),
    Reach(controllers=frozenset(), referrers=("martin^paul",)),
    Reach(controllers=frozenset({"ctl_b"}), referrers=("Bernard^Lea", ""), confidential=True),
    Reach(controllers=frozenset(), referrers=("",)),
    EVERYTHING,
]


@pytest.mark.parametrize("reach", REACHES)
def test_what_is_out_of_reach_is_there_at_no_level(archive: Archive, reach: Reach) -> None:
    expected = set()
    for number, study in enumerate(every_study()):
        referred = study["referrer"].upper().replace("É", "E").split("^^")[0]
        within = reach.controllers is None or study["controller"] in reach.controllers
        within |= bool(referred) and referred in {one.upper().replace("É", "E") for one in reach.referrers}
        if within and (reach.confidential or not study["confidential"]):
            expected.add(f"1.2.{number}")
    many = Criteria(limit=1000)
    for found in (archive.studies(many, reach), archive.series(many, reach), archive.instances(many, reach)):
        assert {one["0020000D"]["Value"][0] for one in found} == expected
    assert archive.count(many, reach) == len(expected)
    for number in range(len(every_study())):
        uid = f"1.2.{number}"
        series = archive.series(many, reach, uid)
        instances = archive.instances(many, reach, uid, f"{uid}.1")
        assert bool(series) == bool(instances) == (uid in expected)
        if uid in expected:
            assert archive.locate_study(uid, reach).study_uid == uid
            assert archive.instance(uid, f"{uid}.1", f"{uid}.1.1", reach).sop_uid == f"{uid}.1.1"
        else:
            for ask in (
                lambda uid=uid: archive.locate_study(uid, reach),
                lambda uid=uid: archive.instance(uid, f"{uid}.1", f"{uid}.1.1", reach),
            ):
                with pytest.raises(Exception, match="not within reach"):
                    ask()


def test_a_search_that_matches_many_and_one_that_matches_few_agree(tmp_path: Path) -> None:
    """Above FEW candidates the newest studies are walked; below, candidates are sorted."""
    studies = [{"name": f"DUPONT^N{n}", "date": "20260101", "number": f"N{n}"} for n in range(FEW + 50)]
    engine = index_of(tmp_path / "many.db", [*studies, {"name": "RARE^ONE", "date": "20200101"}])
    archive = Archive(engine, SimpleNamespace())  # type: ignore[arg-type]
    for value, count in (("*pont*", FEW + 50), ("dupont*", FEW + 50), ("*rar*", 1), ("rare^*", 1), ("*n7*", 111)):
        criteria = parse_qido([("PatientName", value), ("limit", "1000")], Level.STUDY)
        assert archive.count(criteria, EVERYTHING) == count, value
        assert len(archive.studies(criteria, EVERYTHING)) == min(count, 1000)
    engine.dispose()


def test_no_value_of_a_query_is_part_of_the_sql() -> None:
    canary = "CANARY"
    for keyword in BY_KEYWORD:
        try:
            criteria = parse_qido([(keyword, canary)], Level.INSTANCE)
        except BadQuery:
            continue
        for key in criteria.keys:
            for sql in (key_sql(key), narrow_sql(key)):
                assert sql is None or canary.lower() not in sql.text.lower()
    assert json.dumps(canary)
