"""A presentation state read from its record, and a frame drawn as it says."""

from __future__ import annotations

from primum.imaging.codecs.errors import NotAPicture
from primum.imaging.codecs.rendering import PictureWish, drawn, shape_of
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.dicomjson import Encoder
from primum.imaging.errors import NoFrame
from primum.imaging.presenting.limits import STATE_LIMITS, StateLimits
from primum.imaging.presenting.state import State


def state_of(instance: Instance, limits: StateLimits = STATE_LIMITS) -> State:
    """Read a state. Raises BadState, NotAPicture, DamagedDataSet, DataSetTooLarge."""
    if len(instance.header) > limits.header_bytes:
        raise NotAPicture(why="its state is too long")
    return State(Encoder(instance.header, instance.inner, "", instance.limits).data_set(), limits)


def presented(instance: Instance, sop_uid: str, state: State, number: int, wish: PictureWish, *, begun: bool) -> bytes:
    """Make a picture of one frame, counted from 1. Raises as `rendering.picture`, and BadState."""
    shape = shape_of(instance)
    if not 1 <= number <= instance.count:
        raise NoFrame
    return drawn(instance, number, "present", shape, *state.look(sop_uid, number, shape, wish), begun=begun)
