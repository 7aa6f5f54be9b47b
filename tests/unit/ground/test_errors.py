"""Refusals say the fact, then the way out, and carry a stable code."""

import pickle
from typing import ClassVar

import pytest

from primum.ground.errors import PrimumError, every_refusal


class SpoonTooLarge(PrimumError):
    """The spoon is {width} cm wide.

    What follows the first paragraph is for those who read the code.
    """

    code: ClassVar[str] = "test.spoon"
    hint: ClassVar[str] = "use one of less than {width} cm"


def test_the_sentence_is_the_first_paragraph_with_its_facts():
    assert str(SpoonTooLarge(width=9)) == "The spoon is 9 cm wide."


def test_the_way_out_is_formatted_too():
    assert SpoonTooLarge(width=9).way_out() == "use one of less than 9 cm"


def test_facts_are_attributes():
    assert SpoonTooLarge(width=9).width == 9
    with pytest.raises(AttributeError):
        _ = SpoonTooLarge(width=9).colour


def test_a_refusal_survives_a_pickle():
    again = pickle.loads(pickle.dumps(SpoonTooLarge(width=9)))
    assert (type(again), str(again)) == (SpoonTooLarge, "The spoon is 9 cm wide.")


def test_every_refusal_is_found():
    assert SpoonTooLarge in every_refusal()
