"""The archive: what a study is, who it is of, how it is found (docs/design/imaging.md)."""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.imaging.answering import Answers, answers_to
    from primum.imaging.archive import Archive
    from primum.imaging.attributes import Level
    from primum.imaging.codecs.errors import CodecsBusy, NotAPicture, NotTranscoded, Undecodable
    from primum.imaging.codecs.rendering import FUNCTIONS, PictureWish, middle_first
    from primum.imaging.codecs.table import SYNTAXES, TARGETS, can_serve, targets_from
    from primum.imaging.dicomxml import to_xml
    from primum.imaging.encoding import UTF_8, encode_data_set, json_of
    from primum.imaging.errors import (
        BadIdentifier,
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
        QueryTooBroad,
        UnknownSyntax,
    )
    from primum.imaging.finding import Findings, within
    from primum.imaging.frames import FrameBuilder, frames_of
    from primum.imaging.identifier import Identifier, Model, answer, parse_identifier
    from primum.imaging.indexer import CaughtUp, Indexer
    from primum.imaging.limits import Limits
    from primum.imaging.model import (
        EVERYTHING,
        InstanceEntry,
        Reach,
        Reached,
        Stored,
        StudyEntry,
        StudyRow,
        sees_quality,
    )
    from primum.imaging.peeking import NeedMore, Peek, peek, peek_first
    from primum.imaging.pixels import Part, served_syntax
    from primum.imaging.query import Criteria, parse_qido
    from primum.imaging.records import each_tail, tails, tails_on_disc
    from primum.imaging.restored import Placed, carry_forward, forget_studies, placed, position, settle_tails
    from primum.imaging.retrieving import BadRetrieval, Root, Wanted, read_wanted, write_failed
    from primum.imaging.sendings.queue import Queue as SendingQueue
    from primum.imaging.sendings.store import Sendings, prepare_sendings
    from primum.imaging.showing import Match, pick, shown_at, study_attributes
    from primum.imaging.store import open_index, prepare_records
    from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
