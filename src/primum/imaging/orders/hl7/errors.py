"""Why an HL7 message is not taken: each class knows how HL7 says it (MSA-1, and ERR-3 by table 0357)."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class Hl7Refusal(PrimumError):
    """The message was refused."""

    code: ClassVar[str] = "hl7.refused"
    acknowledgement: ClassVar[str] = "AE"
    condition: ClassVar[str] = "207"
    """Table 0357: 100 sequence, 101 field missing, 102 data type, 103 table value, 200 type, 202 version,
    203 processing id, 204 unknown key, 205 duplicate key, 207 internal."""

    @property
    def where(self) -> str:
        """The segment and field, as ERR-2 has them; empty when none is to blame."""
        return str(self.facts.get("where", ""))


class NotFramed(Hl7Refusal):
    """What arrived is not framed by MLLP."""

    code: ClassVar[str] = "hl7.not-framed"
    acknowledgement: ClassVar[str] = "AR"
    hint: ClassVar[str] = "set the sender to MLLP (start block 0B, end block 1C 0D)"


class TooLarge(Hl7Refusal):
    """The message passes a limit: more than {limit} {of}."""

    code: ClassVar[str] = "hl7.too-large"
    acknowledgement: ClassVar[str] = "AR"
    hint: ClassVar[str] = "docs/design/orders.md gives the limits"


class NotHl7(Hl7Refusal):
    """The message is not an HL7 v2 message in ER7: {why}."""

    code: ClassVar[str] = "hl7.unreadable"
    acknowledgement: ClassVar[str] = "AR"
    condition: ClassVar[str] = "100"
    hint: ClassVar[str] = "it begins with MSH, its delimiters, and has one segment a line (0D)"


class UnknownCharset(Hl7Refusal):
    """The character set of the message (MSH-18) is not one of those accepted."""

    code: ClassVar[str] = "hl7.unknown-charset"
    acknowledgement: ClassVar[str] = "AR"
    condition: ClassVar[str] = "103"
    hint: ClassVar[str] = "send ASCII, 8859/1, 8859/15 or UNICODE UTF-8, and say so in MSH-18"


class WrongCharset(Hl7Refusal):
    """The message holds bytes that are not of the character set that it declares (MSH-18)."""

    code: ClassVar[str] = "hl7.wrong-charset"
    acknowledgement: ClassVar[str] = "AR"
    condition: ClassVar[str] = "102"
    hint: ClassVar[str] = "declare in MSH-18 the character set that is really sent; empty means ASCII"


class UnknownType(Hl7Refusal):
    """Messages of this type are not accepted."""

    code: ClassVar[str] = "hl7.unknown-type"
    acknowledgement: ClassVar[str] = "AR"
    condition: ClassVar[str] = "200"
    hint: ClassVar[str] = "send ADT A01 A04 A08 A40, ORM O01, OMI O23 only"


class UnknownVersion(Hl7Refusal):
    """The version of the message (MSH-12) is not 2.1 to 2.9."""

    code: ClassVar[str] = "hl7.unknown-version"
    acknowledgement: ClassVar[str] = "AR"
    condition: ClassVar[str] = "203"


class SenderRefused(Hl7Refusal):
    """The sender may not send orders."""

    code: ClassVar[str] = "hl7.sender-refused"
    acknowledgement: ClassVar[str] = "AR"
    hint: ClassVar[str] = "grant the device the service orders"


class FieldMissing(Hl7Refusal):
    """A required field is empty: {where}."""

    code: ClassVar[str] = "hl7.field-missing"
    condition: ClassVar[str] = "101"


class FieldBad(Hl7Refusal):
    """A field cannot be understood: {where}."""

    code: ClassVar[str] = "hl7.field-bad"
    condition: ClassVar[str] = "102"


class UnknownControl(Hl7Refusal):
    """This order control code (ORC-1) is not accepted."""

    code: ClassVar[str] = "hl7.unknown-control"
    condition: ClassVar[str] = "103"
    hint: ClassVar[str] = "send NW, XO, XX, RP, CA, OC, DC or SC"
