"""The archive: what a study is, who it is of, how it is found (docs/design/imaging.md)."""

from primum.imaging.archive import Archive
from primum.imaging.attributes import Level
from primum.imaging.errors import (
    BadQuery,
    BadUid,
    DamagedDataSet,
    DataSetTooLarge,
    FramesUnknown,
    ImagingRefusal,
    NoFrame,
    NoSopUid,
    NoStudyUid,
    NotHere,
    OtherInstance,
    UnknownSyntax,
)
from primum.imaging.frames import FrameBuilder, frames_of
from primum.imaging.indexer import CaughtUp, Indexer
from primum.imaging.limits import Limits
from primum.imaging.model import EVERYTHING, InstanceEntry, Reach, Stored, StudyEntry, StudyRow
from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
from primum.imaging.pixels import Part
from primum.imaging.query import Criteria, parse_qido
from primum.imaging.records import tails
from primum.imaging.store import open_index, prepare_records

__all__ = [
    "EVERYTHING",
    "Archive",
    "BadQuery",
    "BadUid",
    "CaughtUp",
    "Criteria",
    "DamagedDataSet",
    "DataSetTooLarge",
    "FrameBuilder",
    "FramesUnknown",
    "ImagingRefusal",
    "Indexer",
    "InstanceEntry",
    "Level",
    "Limits",
    "NeedMore",
    "NoFrame",
    "NoSopUid",
    "NoStudyUid",
    "NotHere",
    "OtherInstance",
    "Part",
    "Peek",
    "Reach",
    "Stored",
    "StudyEntry",
    "StudyRow",
    "UnknownSyntax",
    "frames_of",
    "open_index",
    "parse_qido",
    "peek",
    "peek_first",
    "prepare_records",
    "tails",
]
