"""Bounds on decoding, and why each number."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class CodecLimits:
    """The numbers, each with its reason."""

    processes: int = 2
    """Codec processes of one process of ours: each takes a core and up to `memory_bytes`."""

    waiting: int = 6
    """Callers that may wait for a process to begin; the next is told to come back: half of the web door's threads."""

    waiting_seconds: float = 30.0
    """How long a caller waits for a free process before it is told to come back."""

    idle_seconds: int = 60
    """A process without a job ends after this: long enough between two slices that a person scrolls to."""

    start_seconds: float = 30.0
    """A process that is not ready by then never will be: loading takes 0.3 s on a quiet machine."""

    job_seconds: float = 60.0
    """One frame, by the clock: the largest (a mammogram in JPEG 2000) takes 2 s."""

    processor_seconds: int = 40
    """One frame, by the processor's time."""

    memory_bytes: int = 2048 * MIB
    """Address space of a codec process: OpenJPEG holds 64 million samples twice as 32 bits, and we as bytes."""

    samples: int = 64 * MIB
    """Samples of one frame: a mammogram has 24 million, a whole-slide tile less than one."""

    frame_bytes: int = 256 * MIB
    """Bytes of one frame, either way: `samples` at 32 bits."""

    head_bytes: int = 64 * KIB
    """The JSON head of a job or of its answer: some hundreds in practice."""

    tables_bytes: int = 4 * MIB
    """Tables that travel with a frame to be rendered: four times 64 Ki entries of 16 bits, and a colour profile."""

    kept_bytes: int = 32 * MIB
    """Compressed frames kept between measuring and sending; beyond, they are compressed a second time."""

    animated_frames: int = 500
    """Frames of one animation: a clip of half a minute; at a hundredth of a second each, the answer takes five."""

    basic_table_bytes: int = (1 << 32) - 1
    """Pixel data beyond this has no basic offset table, whose offsets have 32 bits (PS3.5 A.4), but an extended one."""

    trailing_bytes: int = 16 * MIB
    """What follows pixel data: padding and private elements, a few KiB in practice."""


CODEC_LIMITS = CodecLimits()
