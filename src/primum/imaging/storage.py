"""What belongs in a study: which SOP classes, in which transfer syntaxes. Pure.

PS3.4 B.5 and annex GG (storage SOP classes); docs/decisions/0038-any-storage-class-few-transfer-syntaxes-refused.md.
"""

from __future__ import annotations

DICOM_ROOT = "1.2.840.10008."
STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
STORAGE_ELSEWHERE = frozenset(
    {
        "1.2.840.10008.5.1.1.27",  # Stored Print Storage (retired)
        "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image Storage (retired)
        "1.2.840.10008.5.1.1.30",  # Hardcopy Color Image Storage (retired)
        "1.2.840.10008.5.1.4.34.1",  # RT Beams Delivery Instruction Storage - Trial (retired)
        "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction Storage
        "1.2.840.10008.5.1.4.34.10",  # RT Brachy Application Setup Delivery Instruction Storage
    }
)
"""Storage SOP classes of patients' objects outside STORAGE_ROOT."""
NOT_STORAGE = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.200.1",  # CT Defined Procedure Protocol Storage: no patient
        "1.2.840.10008.5.1.4.1.1.200.3",  # Protocol Approval Storage: no patient
        "1.2.840.10008.5.1.4.1.1.200.4",  # Protocol Approval Information Model - FIND
        "1.2.840.10008.5.1.4.1.1.200.5",  # Protocol Approval Information Model - MOVE
        "1.2.840.10008.5.1.4.1.1.200.6",  # Protocol Approval Information Model - GET
        "1.2.840.10008.5.1.4.1.1.200.7",  # XA Defined Procedure Protocol Storage: no patient
        "1.2.840.10008.5.1.4.1.1.201.1",  # Inventory Storage: no patient
        "1.2.840.10008.5.1.4.1.1.201.2",  # Inventory - FIND
        "1.2.840.10008.5.1.4.1.1.201.3",  # Inventory - MOVE
        "1.2.840.10008.5.1.4.1.1.201.4",  # Inventory - GET
        "1.2.840.10008.5.1.4.1.1.201.5",  # Inventory Creation
        "1.2.840.10008.5.1.4.1.1.201.6",  # Repository Query
    }
)
"""What lives under STORAGE_ROOT and is not an object of a patient's study."""

IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
TRANSFER_SYNTAX_ROOT = "1.2.840.10008.1.2."
TRANSFER_SYNTAXES_REFUSED = frozenset(
    {
        "1.2.840.10008.1.2.4.94",  # JPIP Referenced: the pixels are on another server
        "1.2.840.10008.1.2.4.95",  # JPIP Referenced Deflate
        "1.2.840.10008.1.2.4.204",  # JPIP HTJ2K Referenced
        "1.2.840.10008.1.2.4.205",  # JPIP HTJ2K Referenced Deflate
        "1.2.840.10008.1.2.6.1",  # RFC 2557 MIME encapsulation (retired): not a data set
        "1.2.840.10008.1.2.6.2",  # XML Encoding (retired): not a data set
        "1.2.840.10008.1.2.7.1",  # SMPTE ST 2110-20 progressive video: a live stream
        "1.2.840.10008.1.2.7.2",  # SMPTE ST 2110-20 interlaced video
        "1.2.840.10008.1.2.7.3",  # SMPTE ST 2110-30 audio
    }
)
"""Transfer syntaxes in which the data set does not hold what would be acknowledged."""


def is_storage(abstract_syntax: str) -> bool:
    """Tell whether instances of this class belong in a study: standard, retired, to come, or private."""
    if abstract_syntax in NOT_STORAGE:
        return False
    if abstract_syntax.startswith(STORAGE_ROOT) or abstract_syntax in STORAGE_ELSEWHERE:
        return True
    return not abstract_syntax.startswith(DICOM_ROOT)


def is_storable(transfer_syntax: str) -> bool:
    """Tell whether a data set in this transfer syntax is whole, and can be walked."""
    if transfer_syntax in TRANSFER_SYNTAXES_REFUSED:
        return False
    return transfer_syntax == IMPLICIT_LITTLE_ENDIAN or transfer_syntax.startswith(TRANSFER_SYNTAX_ROOT)
