"""SOP classes and transfer syntaxes that the ladder proposes (PS3.4, PS3.6)."""

from __future__ import annotations

from typing import Final

from primum.exposure.probe.dicom.pdu import Proposal

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
STORED: Final = (
    EXPLICIT,
    IMPLICIT,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.102",
    "1.2.840.10008.1.2.4.103",
    "1.2.840.10008.1.2.4.107",
    "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.1.99",
)
"""Transfer syntaxes that instances are kept in."""

VERIFICATION: Final = "1.2.840.10008.1.1"
STUDY_FIND, STUDY_MOVE, STUDY_GET = (f"1.2.840.10008.5.1.4.1.2.2.{one}" for one in (1, 2, 3))
PATIENT_FIND, PATIENT_MOVE, PATIENT_GET = (f"1.2.840.10008.5.1.4.1.2.1.{one}" for one in (1, 2, 3))
WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"
COMMITMENT: Final = "1.2.840.10008.1.20.1"
MPPS_CLASS: Final = "1.2.840.10008.3.1.2.3.3"

FINDS: Final = (STUDY_FIND, PATIENT_FIND)
GETS: Final = (STUDY_GET, PATIENT_GET)
MOVES: Final = (STUDY_MOVE, PATIENT_MOVE)
STORES: Final = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.1",
    "1.2.840.10008.5.1.4.1.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.20",
    "1.2.840.10008.5.1.4.1.1.128",
    "1.2.840.10008.5.1.4.1.1.88.22",
    "1.2.840.10008.5.1.4.1.1.104.1",
)
"""CT, secondary capture, CR, DX, MG, MR, US (one frame and many), NM, PET, enhanced SR, PDF: what practices store."""

ALL: Final = (
    Proposal(VERIFICATION, (IMPLICIT,)),
    *(Proposal(one, (IMPLICIT,)) for one in (*FINDS, WORKLIST_FIND, *GETS, *MOVES)),
    *(Proposal(one, (EXPLICIT, IMPLICIT)) for one in STORES),
    Proposal(COMMITMENT, (IMPLICIT,)),
    Proposal(MPPS_CLASS, (IMPLICIT,)),
)
"""What the first association of a caller proposes: from its answer the rungs that would write are told."""
