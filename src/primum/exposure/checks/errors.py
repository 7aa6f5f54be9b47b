"""What the check refuses."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class NotTold(PrimumError):
    """This cannot be told here ({reason})."""

    code: ClassVar[str] = "check.not-told"
    hint: ClassVar[str] = "declare it, where the line may be declared: primum check --declare NAME VALUE"


class CheckUnderWay(PrimumError):
    """A check is being made already."""

    code: ClassVar[str] = "check.under-way"
    hint: ClassVar[str] = "wait a minute, then look at it: primum check --last"


class CheckInterrupted(PrimumError):
    """The check was ended: Primum is stopping."""

    code: ClassVar[str] = "check.interrupted"
    hint: ClassVar[str] = "start Primum again; a check is made each day by itself"


class NoCheckYet(PrimumError):
    """No check has been made yet, or not the one that was asked for."""

    code: ClassVar[str] = "check.none-yet"
    hint: ClassVar[str] = "primum check"


class ReportTooLarge(PrimumError):
    """The report of this check is too large to be kept."""

    code: ClassVar[str] = "check.report-too-large"
    hint: ClassVar[str] = "report this: it has a bound for everything in it"


class BadDeclaration(PrimumError):
    """This cannot be declared ({what})."""

    code: ClassVar[str] = "check.bad-declaration"
    hint: ClassVar[str] = "primum check --declarable lists the lines, their values, and for how long"


class NoSuchDeclaration(PrimumError):
    """Nothing of that name is declared now."""

    code: ClassVar[str] = "check.no-such-declaration"
    hint: ClassVar[str] = "primum check --declarable"


class AdvisoriesUnfit(PrimumError):
    """The database of vulnerabilities cannot be used ({reason})."""

    code: ClassVar[str] = "check.advisories-unfit"
    hint: ClassVar[str] = "give a folder or ZIP of OSV records (one JSON a vulnerability) for PyPI, npm or OSS-Fuzz"


class NotAReport(PrimumError):
    """The file is not a report of a check."""

    code: ClassVar[str] = "check.not-a-report"
    hint: ClassVar[str] = "give a file that primum check --json, --html or --pdf wrote"


class SignatureWrong(PrimumError):
    """The report is not signed by this key, or it was changed afterwards."""

    code: ClassVar[str] = "check.signature-wrong"
    hint: ClassVar[str] = "compare the key with the one printed when the home was made; ask for the report again"


class DrawnOtherwise(PrimumError):
    """The signature is good, but the file shows something else than what was signed."""

    code: ClassVar[str] = "check.drawn-otherwise"
    hint: ClassVar[str] = "write it again from the signed note with the version of Primum that made it, and compare"
