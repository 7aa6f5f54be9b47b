"""Answers written at once are, byte for byte, those that are put together attribute by attribute."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from primum.imaging import Level
from primum.imaging.answering import Answers, answers_to
from primum.imaging.attributes import BY_KEYWORD, BY_TAG
from primum.imaging.encoding import encode_data_set
from primum.imaging.identifier import UNIQUE_KEYS, Identifier, answer
from primum.imaging.query import Criteria, parse_qido

SYNTAXES = ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"]
CHARSETS = ["", "ISO_IR 100", "ISO_IR 192", "ISO_IR 13", "\\ISO 2022 IR 87", "ISO_IR 6", "nonsense"]
TEXT = st.text(alphabet="DUPONT^=é山ﾔ \\*'1", max_size=12)
IDS = st.fixed_dictionaries({"vr": st.just("LO"), "Value": st.lists(TEXT, max_size=2)})
NAMES = st.dictionaries(st.sampled_from(["Alphabetic", "Ideographic", "Phonetic"]), TEXT, max_size=3)
KEYWORDS = [
    "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName", "StudyDescription",
    "PatientName", "PatientID", "OtherPatientIDsSequence", "PatientSize", "StudyInstanceUID", "PatientComments",
    "NumberOfStudyRelatedInstances", "SeriesDescription", "Modality", "SeriesNumber", "Rows", "SOPClassUID",
]  # fmt: skip


def _attribute(keyword: str) -> st.SearchStrategy[dict[str, Any]]:
    vr = BY_KEYWORD[keyword].vr
    value: st.SearchStrategy[Any] = {
        "PN": NAMES, "IS": st.integers(-5, 10**9), "US": st.integers(0, 65535), "DS": st.floats(0, 300),
        "SQ": st.fixed_dictionaries({"00100020": IDS}),
    }.get(vr, TEXT)  # fmt: skip
    values = st.lists(st.one_of(value, st.none()) if vr != "SQ" else value, max_size=3)
    return st.one_of(
        st.just({"vr": vr}), st.builds(lambda some: {"vr": vr, "Value": some} if some else {"vr": vr}, values)
    )


SHOWN = st.fixed_dictionaries(
    {}, optional={f"{BY_KEYWORD[keyword].tag:08X}": _attribute(keyword) for keyword in KEYWORDS}
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(list(Level)), st.sets(st.sampled_from([*KEYWORDS, "0x00091001"])), st.booleans(),
    st.sampled_from(CHARSETS), st.sampled_from(SYNTAXES), st.lists(SHOWN, min_size=1, max_size=3),
)  # fmt: skip
def test_answers_are_the_same_byte_for_byte(
    level: Level,
    asked: set[str],
    inside: bool,  # noqa: FBT001
    charset: str,
    syntax: str,
    shown: list[dict[str, Any]],
) -> None:
    tags = [int(one, 16) if one.startswith("0x") else BY_KEYWORD[one].tag for one in asked]
    one = Identifier(
        level, Criteria(), {tag: BY_TAG[tag].vr if tag in BY_TAG else "UN" for tag in tags},
        {0x00101002: frozenset({0x00100020, 0x00100021})} if inside else {}, (UNIQUE_KEYS[level],),
        unsupported=False, charset=charset,
    )  # fmt: skip
    answers = Answers(one, syntax, "PRIMUM")
    for row in shown:
        try:
            expected = encode_data_set(answer(one, row, "PRIMUM"), syntax, charset or "ISO_IR 100")
        except Exception as error:  # noqa: BLE001 (whatever it is, both say it)
            with pytest.raises(type(error)):
                answers.encode(row)
        else:
            assert answers.encode(row) == expected


def test_what_was_asked_for_is_not_kept() -> None:
    criteria = parse_qido([("PatientName", "CANARY")], Level.STUDY)
    first, second = (
        Identifier(Level.STUDY, given, {0x00100010: "PN"}, {}, (0x0020000D,), unsupported=False, charset="")
        for given in (criteria, Criteria())
    )
    kept = answers_to(first, SYNTAXES[0], "PRIMUM")
    assert kept is answers_to(second, SYNTAXES[0], "PRIMUM")
    assert "canary" not in repr(vars(kept)).lower()
    assert kept._asked.criteria == Criteria()
