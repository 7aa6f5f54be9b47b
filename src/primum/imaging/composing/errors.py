"""What is refused of metadata and bulk data. Nothing here ever carries a value of a data set."""

from __future__ import annotations

from typing import ClassVar

from primum.imaging.errors import ImagingRefusal


class BadMetadata(ImagingRefusal):
    """The metadata cannot be read: {what}."""

    code: ClassVar[str] = "imaging.bad-metadata"
    hint: ClassVar[str] = "PS3.18 annex F and PS3.19 annex A say how a data set is written in JSON and in XML"


class BulkMissing(ImagingRefusal):
    """The metadata point at bulk data that did not come."""

    code: ClassVar[str] = "imaging.bulk-missing"
    hint: ClassVar[str] = "send each in a part of the same request, its Content-Location being the BulkDataURI"


class BulkContradicts(ImagingRefusal):
    """The bulk data are not what the metadata say: {what}."""

    code: ClassVar[str] = "imaging.bulk-contradicts"
    hint: ClassVar[str] = "leave out of the metadata what the bit stream says itself, or send the instance as a file"


class BulkUnsupported(ImagingRefusal):
    """Pixel data are not taken in this media type or transfer syntax."""

    code: ClassVar[str] = "imaging.bulk-unsupported"
    hint: ClassVar[str] = "docs/conformance/dicomweb.md lists the media types; or send the instance as a file"


class BulkTooLarge(ImagingRefusal):
    """Its bulk data are more than is held at once."""

    code: ClassVar[str] = "imaging.bulk-too-large"
    hint: ClassVar[str] = "send uncompressed pixel data after all others of the instance, or send it as a file"
