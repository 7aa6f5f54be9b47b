"""Who is asking, and may they: controllers, people, factors, sessions, permissions; devices, certificates.

Two halves behind one door. People: docs/design/access.md. Devices and certificates: docs/design/devices.md.
"""

# --- people
from primum.identity.demo import DemoPeople
from primum.identity.explain import RULES, Explanation, explain
from primum.identity.facts import DETAILS as PEOPLE_FACT_DETAILS
from primum.identity.facts import Fact as PeopleFact
from primum.identity.jobs import people_jobs
from primum.identity.limits import LIMITS as PEOPLE_LIMITS
from primum.identity.model import (
    Controller,
    DemoPerson,
    Enrolment,
    Held,
    Invitation,
    Notice,
    Person,
    Proposal,
    Recorder,
    SecretBox,
    Session,
    State,
    Subject,
    Wish,
)
from primum.identity.names import fold_name
from primum.identity.office import require
from primum.identity.passwords import Hasher
from primum.identity.people import People, migrate_people
from primum.identity.permissions import (
    ANY_STUDY,
    Actor,
    Decision,
    Grant,
    Permission,
    Reach,
    Role,
    Scope,
    Thing,
    decide,
    reaches,
)
from primum.identity.refusals import (
    AlreadyGranted,
    BadGrant,
    BadPerson,
    DemoOnly,
    EnrolmentNotHere,
    InvitationRefused,
    LastAdministrator,
    LoginTaken,
    NoSession,
    NoSuchController,
    NoSuchGrant,
    NoSuchPerson,
    NoSuchProposal,
    NotEnrolledYet,
    NotPermitted,
    NotYetEffective,
    PasswordGuessable,
    PasswordTooLong,
    PasswordTooShort,
    PeopleExist,
    SessionLocked,
    SignInRefused,
    StepUpNeeded,
    Throttled,
    TooMany,
    WrongCode,
)
from primum.identity.second_person import Way

# --- devices and certificates

__all__ = [
    "ANY_STUDY",
    "PEOPLE_FACT_DETAILS",
    "PEOPLE_LIMITS",
    "RULES",
    "Actor",
    "AlreadyGranted",
    "BadGrant",
    "BadPerson",
    "Controller",
    "Decision",
    "DemoOnly",
    "DemoPeople",
    "DemoPerson",
    "Enrolment",
    "EnrolmentNotHere",
    "Explanation",
    "Grant",
    "Hasher",
    "Held",
    "Invitation",
    "InvitationRefused",
    "LastAdministrator",
    "LoginTaken",
    "NoSession",
    "NoSuchController",
    "NoSuchGrant",
    "NoSuchPerson",
    "NoSuchProposal",
    "NotEnrolledYet",
    "NotPermitted",
    "NotYetEffective",
    "Notice",
    "PasswordGuessable",
    "PasswordTooLong",
    "PasswordTooShort",
    "People",
    "PeopleExist",
    "PeopleFact",
    "Permission",
    "Person",
    "Proposal",
    "Reach",
    "Recorder",
    "Role",
    "Scope",
    "SecretBox",
    "Session",
    "SessionLocked",
    "SignInRefused",
    "State",
    "StepUpNeeded",
    "Subject",
    "Thing",
    "Throttled",
    "TooMany",
    "Way",
    "Wish",
    "WrongCode",
    "decide",
    "explain",
    "fold_name",
    "migrate_people",
    "people_jobs",
    "reaches",
    "require",
]
