"""Who is asking, and may they: controllers, people, factors, sessions, permissions; devices, certificates.

Two halves behind one door. People: docs/design/access.md. Devices and certificates: docs/design/devices.md.
"""

from typing import TYPE_CHECKING

from primum.ground.front import front

if TYPE_CHECKING:
    from primum.identity.certificates import (
        Certificates,
        CertificatesBroken,
        CertificatesMissing,
        SealedBox,
    )
    from primum.identity.demo import DemoPeople
    from primum.identity.device_model import (
        Address,
        Destination,
        Device,
        DeviceExpired,
        DeviceOutsideDemo,
        DeviceRevoked,
        DeviceUnknown,
        DirectoryUnreadable,
        EnrolledDevice,
        NoDestination,
        NoSuchDevice,
        Service,
        TitleMismatch,
        is_loopback,
    )
    from primum.identity.device_store import migrate_devices
    from primum.identity.devices import Devices
    from primum.identity.explain import RULES, Explanation, explain as explain_decision
    from primum.identity.facts import DETAILS as PEOPLE_FACT_DETAILS, Fact as PeopleFact
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
        ProgramToken,
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
    from primum.identity.pack import DevicePack
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
        seeing_rejected,
    )
    from primum.identity.refusals import (
        AlreadyGranted,
        BadGrant,
        BadPerson,
        BadToken,
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
        NoSuchToken,
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
    from primum.identity.second_person import Way, effective_at, may_approve, way_for
    from primum.identity.sheet import Door
    from primum.identity.snapshot import DeviceDirectory
    from primum.identity.their_certificate import BadTheirCertificate, make_address
    from primum.identity.tls import (
        caller_chain,
        door_tls_context,
        handshake_refusal,
        missing_suites,
        openssl_configuration,
        web_tls_context,
    )
else:
    __getattr__, __dir__, __all__ = front(__file__, __name__)
