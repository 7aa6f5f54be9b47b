import pytest
from hypothesis import given, strategies as st

from primum.doors.http.aliases import Aliases, NotAnAlias
from primum.ground.ids import token128

references = st.binary(min_size=16, max_size=16).map(token128)


@given(references)
def test_an_alias_leads_back_in_its_own_session(ref):
    mine = Aliases("session one")
    alias = mine.cover(ref)
    assert mine.uncover(alias) == ref
    assert mine.cover(ref) == alias


@given(references)
def test_an_alias_is_a_uid_by_ps3_5(ref):
    alias = Aliases("session").cover(ref)
    root, arc = alias.rsplit(".", 1)
    assert root == "2.25"
    assert len(alias) <= 64
    assert arc == str(int(arc))


@given(references)
def test_another_session_makes_something_else_of_it(ref):
    alias = Aliases("session one").cover(ref)
    assert Aliases("session two").cover(ref) != alias
    assert Aliases("session two").uncover(alias) != ref


@pytest.mark.parametrize(
    "text", ["", "2.25.", "2.25.x", "2.25.-1", "1.2.3", "2.25.1.2", f"2.25.{2**128}", "2.25." + "9" * 400, "2.25.٣"]
)
def test_what_is_no_alias_is_refused(text):
    with pytest.raises(NotAnAlias):
        Aliases("session").uncover(text)
