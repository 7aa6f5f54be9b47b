"""Who is asking, and may they: controllers, people, factors, sessions, permissions; devices, certificates.

Two halves behind one door. People: docs/design/access.md. Devices and certificates: docs/design/devices.md.
"""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.identity.certificates import (
        Certificates as Certificates,
    )
    from primum.identity.certificates import (
        CertificatesBroken as CertificatesBroken,
    )
    from primum.identity.certificates import (
        CertificatesMissing as CertificatesMissing,
    )
    from primum.identity.certificates import (
        SealedBox as SealedBox,
    )
    from primum.identity.demo import DemoPeople as DemoPeople
    from primum.identity.device_model import (
        Device as Device,
    )
    from primum.identity.device_model import (
        DeviceExpired as DeviceExpired,
    )
    from primum.identity.device_model import (
        DeviceOutsideDemo as DeviceOutsideDemo,
    )
    from primum.identity.device_model import (
        DeviceRevoked as DeviceRevoked,
    )
    from primum.identity.device_model import (
        DeviceUnknown as DeviceUnknown,
    )
    from primum.identity.device_model import (
        DirectoryUnreadable as DirectoryUnreadable,
    )
    from primum.identity.device_model import (
        EnrolledDevice as EnrolledDevice,
    )
    from primum.identity.device_model import (
        NoSuchDevice as NoSuchDevice,
    )
    from primum.identity.device_model import (
        Service as Service,
    )
    from primum.identity.device_model import (
        TitleMismatch as TitleMismatch,
    )
    from primum.identity.devices import Devices as Devices
    from primum.identity.explain import RULES as RULES
    from primum.identity.explain import Explanation as Explanation
    from primum.identity.explain import explain as explain
    from primum.identity.facts import DETAILS as PEOPLE_FACT_DETAILS
    from primum.identity.facts import Fact as PeopleFact
    from primum.identity.jobs import people_jobs as people_jobs
    from primum.identity.limits import LIMITS as PEOPLE_LIMITS
    from primum.identity.model import (
        Controller as Controller,
    )
    from primum.identity.model import (
        DemoPerson as DemoPerson,
    )
    from primum.identity.model import (
        Enrolment as Enrolment,
    )
    from primum.identity.model import (
        Held as Held,
    )
    from primum.identity.model import (
        Invitation as Invitation,
    )
    from primum.identity.model import (
        Notice as Notice,
    )
    from primum.identity.model import (
        Person as Person,
    )
    from primum.identity.model import (
        Proposal as Proposal,
    )
    from primum.identity.model import (
        Recorder as Recorder,
    )
    from primum.identity.model import (
        SecretBox as SecretBox,
    )
    from primum.identity.model import (
        Session as Session,
    )
    from primum.identity.model import (
        State as State,
    )
    from primum.identity.model import (
        Subject as Subject,
    )
    from primum.identity.model import (
        Wish as Wish,
    )
    from primum.identity.names import fold_name as fold_name
    from primum.identity.office import require as require
    from primum.identity.pack import DevicePack as DevicePack
    from primum.identity.passwords import Hasher as Hasher
    from primum.identity.people import People as People
    from primum.identity.people import migrate_people as migrate_people
    from primum.identity.permissions import (
        ANY_STUDY as ANY_STUDY,
    )
    from primum.identity.permissions import (
        Actor as Actor,
    )
    from primum.identity.permissions import (
        Decision as Decision,
    )
    from primum.identity.permissions import (
        Grant as Grant,
    )
    from primum.identity.permissions import (
        Permission as Permission,
    )
    from primum.identity.permissions import (
        Reach as Reach,
    )
    from primum.identity.permissions import (
        Role as Role,
    )
    from primum.identity.permissions import (
        Scope as Scope,
    )
    from primum.identity.permissions import (
        Thing as Thing,
    )
    from primum.identity.permissions import (
        decide as decide,
    )
    from primum.identity.permissions import (
        reaches as reaches,
    )
    from primum.identity.refusals import (
        AlreadyGranted as AlreadyGranted,
    )
    from primum.identity.refusals import (
        BadGrant as BadGrant,
    )
    from primum.identity.refusals import (
        BadPerson as BadPerson,
    )
    from primum.identity.refusals import (
        DemoOnly as DemoOnly,
    )
    from primum.identity.refusals import (
        EnrolmentNotHere as EnrolmentNotHere,
    )
    from primum.identity.refusals import (
        InvitationRefused as InvitationRefused,
    )
    from primum.identity.refusals import (
        LastAdministrator as LastAdministrator,
    )
    from primum.identity.refusals import (
        LoginTaken as LoginTaken,
    )
    from primum.identity.refusals import (
        NoSession as NoSession,
    )
    from primum.identity.refusals import (
        NoSuchController as NoSuchController,
    )
    from primum.identity.refusals import (
        NoSuchGrant as NoSuchGrant,
    )
    from primum.identity.refusals import (
        NoSuchPerson as NoSuchPerson,
    )
    from primum.identity.refusals import (
        NoSuchProposal as NoSuchProposal,
    )
    from primum.identity.refusals import (
        NotEnrolledYet as NotEnrolledYet,
    )
    from primum.identity.refusals import (
        NotPermitted as NotPermitted,
    )
    from primum.identity.refusals import (
        NotYetEffective as NotYetEffective,
    )
    from primum.identity.refusals import (
        PasswordGuessable as PasswordGuessable,
    )
    from primum.identity.refusals import (
        PasswordTooLong as PasswordTooLong,
    )
    from primum.identity.refusals import (
        PasswordTooShort as PasswordTooShort,
    )
    from primum.identity.refusals import (
        PeopleExist as PeopleExist,
    )
    from primum.identity.refusals import (
        SessionLocked as SessionLocked,
    )
    from primum.identity.refusals import (
        SignInRefused as SignInRefused,
    )
    from primum.identity.refusals import (
        StepUpNeeded as StepUpNeeded,
    )
    from primum.identity.refusals import (
        Throttled as Throttled,
    )
    from primum.identity.refusals import (
        TooMany as TooMany,
    )
    from primum.identity.refusals import (
        WrongCode as WrongCode,
    )
    from primum.identity.second_person import Way as Way
    from primum.identity.sheet import Door as Door
    from primum.identity.snapshot import DeviceDirectory as DeviceDirectory
    from primum.identity.tls import (
        door_tls_context as door_tls_context,
    )
    from primum.identity.tls import (
        handshake_refusal as handshake_refusal,
    )
    from primum.identity.tls import (
        web_tls_context as web_tls_context,
    )

__getattr__, __dir__, __all__ = front(__file__, __name__)
