"""What the people half of this room refuses. docs/reference/errors/identity.md has the same list."""

from __future__ import annotations

from typing import ClassVar

from primum.ground.errors import PrimumError


class NotPermitted(PrimumError):
    """This is not permitted ({action}: {rule})."""

    code: ClassVar[str] = "identity.not-permitted"
    hint: ClassVar[str] = "primum why tells which rule decided; an administrator may propose a grant"


class StepUpNeeded(PrimumError):
    """This changes something ({action}): password and code are asked again."""

    code: ClassVar[str] = "identity.step-up"
    hint: ClassVar[str] = "give your password and a new code"


class SignInRefused(PrimumError):
    """These are not the login, password and code of somebody who may sign in."""

    code: ClassVar[str] = "identity.sign-in-refused"
    hint: ClassVar[str] = "try again with the next code; a recovery code stands in for a lost telephone"


class Throttled(PrimumError):
    """Too many tries; the next one counts from {retry_at}."""

    code: ClassVar[str] = "identity.throttled"
    hint: ClassVar[str] = "wait, or sign in with your password and a recovery code"


class NoSession(PrimumError):
    """There is no such session, or it has ended."""

    code: ClassVar[str] = "identity.no-session"
    hint: ClassVar[str] = "sign in"


class SessionLocked(PrimumError):
    """The session is locked."""

    code: ClassVar[str] = "identity.session-locked"
    hint: ClassVar[str] = "give your password"


class InvitationRefused(PrimumError):
    """This enrolment link is not valid: it was used, has expired, or never was."""

    code: ClassVar[str] = "identity.invitation-refused"
    hint: ClassVar[str] = "ask for a new link"


class EnrolmentNotHere(PrimumError):
    """The first enrolment link works only on the machine itself."""

    code: ClassVar[str] = "identity.enrolment-not-here"
    hint: ClassVar[str] = "open it in a browser on the machine, or through an SSH tunnel to it"


class WrongCode(PrimumError):
    """The code does not match."""

    code: ClassVar[str] = "identity.wrong-code"
    hint: ClassVar[str] = "check the telephone's clock, and give the code that it shows now"


class PasswordTooShort(PrimumError):
    """The password has {characters} characters; it needs {needed}."""

    code: ClassVar[str] = "identity.password-too-short"
    hint: ClassVar[str] = "a sentence of a few words of your own is easiest"


class PasswordTooLong(PrimumError):
    """The password has more than {allowed} characters."""

    code: ClassVar[str] = "identity.password-too-long"
    hint: ClassVar[str] = "use a shorter one"


class PasswordGuessable(PrimumError):
    """The password would be among the first to be guessed ({why})."""

    code: ClassVar[str] = "identity.password-guessable"
    hint: ClassVar[str] = "avoid common words, sequences, repetitions and your own name; add words of your own"


class PeopleExist(PrimumError):
    """Somebody has enrolled in this home already."""

    code: ClassVar[str] = "identity.people-exist"
    hint: ClassVar[str] = "an administrator invites further people: primum person invite"


class LoginTaken(PrimumError):
    """This login belongs to somebody else already."""

    code: ClassVar[str] = "identity.login-taken"
    hint: ClassVar[str] = "choose another login"


class BadPerson(PrimumError):
    """The {field} needs {needs}."""

    code: ClassVar[str] = "identity.bad-person"
    hint: ClassVar[str] = "correct it and try again"


class BadGrant(PrimumError):
    """A grant like this cannot be made: {why}."""

    code: ClassVar[str] = "identity.bad-grant"
    hint: ClassVar[str] = "docs/reference/permissions.md says which scopes a role may have"


class AlreadyGranted(PrimumError):
    """The person holds this already, or it is proposed."""

    code: ClassVar[str] = "identity.already-granted"
    hint: ClassVar[str] = "primum person list shows what everybody holds"


class NoSuchPerson(PrimumError):
    """There is no such person, or the account is closed."""

    code: ClassVar[str] = "identity.no-such-person"
    hint: ClassVar[str] = "primum person list"


class NoSuchController(PrimumError):
    """There is no such controller."""

    code: ClassVar[str] = "identity.no-such-controller"
    hint: ClassVar[str] = "primum person list shows the controllers"


class NoSuchGrant(PrimumError):
    """There is no such grant in force."""

    code: ClassVar[str] = "identity.no-such-grant"
    hint: ClassVar[str] = "primum person list shows what everybody holds"


class NoSuchProposal(PrimumError):
    """There is no such proposal, or it no longer waits."""

    code: ClassVar[str] = "identity.no-such-proposal"
    hint: ClassVar[str] = "look at the notices on the home page"


class NotEnrolledYet(PrimumError):
    """The person has not enrolled yet: approve once it is known who did."""

    code: ClassVar[str] = "identity.not-enrolled-yet"
    hint: ClassVar[str] = "ask them to open their enrolment link first"


class NotYetEffective(PrimumError):
    """This takes effect at {effective_at}, or when somebody approves it."""

    code: ClassVar[str] = "identity.not-yet-effective"
    hint: ClassVar[str] = "wait, or ask a physician or the dpo to approve it"


class LastAdministrator(PrimumError):
    """This is the last administrator."""

    code: ClassVar[str] = "identity.last-administrator"
    hint: ClassVar[str] = "make somebody else administrator first"


class NoSuchToken(PrimumError):
    """There is no such token, or it is another person's."""

    code: ClassVar[str] = "identity.no-such-token"
    hint: ClassVar[str] = "primum token list"


class BadToken(PrimumError):
    """A token cannot be made so: {why}."""

    code: ClassVar[str] = "identity.bad-token"
    hint: ClassVar[str] = "primum token add NAME --may list,open,import --days 90"


class DemoOnly(PrimumError):
    """People with known factors are made in demo homes only."""

    code: ClassVar[str] = "identity.demo-only"
    hint: ClassVar[str] = "invite them: primum person invite"


class TooMany(PrimumError):
    """There are {count} {what} already; more are refused."""

    code: ClassVar[str] = "identity.too-many"
    hint: ClassVar[str] = "remove some first"
