"""Who may do what: the roles, the permissions, the table, and the one function that decides.

Deny wins, silence is no, and every decision names its rule (docs/design/access.md). Pure: a decision
depends on nothing but its arguments. docs/reference/permissions.md lists everything that is here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from primum.identity.names import fold_name


class Permission(StrEnum):
    """Everything that can be permitted, as `subject:action`, in alphabetical order."""

    BACKUP_RUN = "backup:run"
    CHECK_DECLARE = "check:declare"
    CHECK_READ = "check:read"
    CONFIGURATION_CHANGE = "configuration:change"
    CONTROLLER_ADD = "controller:add"
    DEVICE_ADD = "device:add"
    DEVICE_LET_READ = "device:let-read"
    DEVICE_LIST = "device:list"
    DEVICE_RENEW = "device:renew"
    DEVICE_REVOKE = "device:revoke"
    DOSE_LIST = "dose:list"
    ERASURE_APPROVE = "erasure:approve"
    ERASURE_LIST = "erasure:list"
    ERASURE_REFUSE = "erasure:refuse"
    FINDING_LIST = "finding:list"
    GRANT_APPROVE = "grant:approve"
    GRANT_CANCEL = "grant:cancel"
    GRANT_PROPOSE = "grant:propose"
    GRANT_REVOKE = "grant:revoke"
    HOME_STATUS = "home:status"
    INCIDENT_CONTAIN = "incident:contain"
    INCIDENT_DECIDE = "incident:decide"
    INCIDENT_LIST = "incident:list"
    INCIDENT_REPORT = "incident:report"
    INCIDENT_WRITE = "incident:write"
    INSTANCE_CHOOSE = "instance:choose"
    INSTANCE_REJECT = "instance:reject"
    INSTANCE_SEE_REJECTED = "instance:see-rejected"
    INTERVENTION_LIST = "intervention:list"
    INTERVENTION_WRITE = "intervention:write"
    JOURNAL_LIST = "journal:list"
    JOURNAL_VERIFY = "journal:verify"
    KEYRING_EXPORT = "keyring:export"
    MANDATE_GIVE = "mandate:give"
    MANDATE_LIST = "mandate:list"
    MANDATE_WITHDRAW = "mandate:withdraw"
    ORDER_LIST = "order:list"
    ORDER_WRITE = "order:write"
    PATIENT_CORRECT = "patient:correct"
    PATIENT_IDENTIFY = "patient:identify"
    PATIENT_MERGE = "patient:merge"
    PERSON_CLOSE = "person:close"
    PERSON_INVITE = "person:invite"
    PERSON_LIST = "person:list"
    PERSON_RESET = "person:reset"
    PROBE_RUN = "probe:run"
    REPORT_READ = "report:read"
    REPORT_VALIDATE = "report:validate"
    REPORT_WRITE = "report:write"
    STATION_READ = "station:read"
    STUDY_ERASE = "study:erase"
    STUDY_EXPORT = "study:export"
    STUDY_EXPORT_CLEAR = "study:export-clear"
    STUDY_HOLD = "study:hold"
    STUDY_IMPORT = "study:import"
    STUDY_LIST = "study:list"
    STUDY_MOVE = "study:move"
    STUDY_OPEN = "study:open"
    STUDY_READ = "study:read"
    STUDY_SEND = "study:send"
    TOKEN_ADD = "token:add"  # noqa: S105 (a name of a permission)
    TOKEN_LIST = "token:list"  # noqa: S105
    TOKEN_REVOKE = "token:revoke"  # noqa: S105
    VAULT_CHECK = "vault:check"


class Role(StrEnum):
    """What somebody is in the house. Several may be held."""

    PHYSICIAN = "physician"
    TECHNOLOGIST = "technologist"
    SECRETARY = "secretary"
    DPO = "dpo"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """How far a grant reaches, from wide to narrow."""

    SITE = "site"
    OWN = "own"
    REFERRER = "referrer"


P = Permission

MAY: dict[Role, frozenset[Permission]] = {
    Role.PHYSICIAN: frozenset({
        P.STUDY_LIST, P.STUDY_OPEN, P.STUDY_SEND, P.PATIENT_IDENTIFY, P.STUDY_IMPORT, P.STUDY_ERASE,
        P.STUDY_EXPORT, P.STUDY_EXPORT_CLEAR,
        P.ORDER_LIST, P.ORDER_WRITE,
        P.TOKEN_ADD, P.TOKEN_LIST, P.TOKEN_REVOKE,
        P.DEVICE_LIST, P.DEVICE_LET_READ, P.PERSON_LIST, P.GRANT_APPROVE, P.GRANT_CANCEL, P.GRANT_REVOKE,
        P.JOURNAL_LIST, P.JOURNAL_VERIFY, P.HOME_STATUS,
        P.PATIENT_CORRECT, P.PATIENT_MERGE, P.STUDY_MOVE, P.INSTANCE_REJECT, P.INSTANCE_CHOOSE,
        P.ERASURE_APPROVE, P.ERASURE_LIST, P.ERASURE_REFUSE, P.STUDY_HOLD,
        P.INSTANCE_SEE_REJECTED,
        P.DOSE_LIST, P.STUDY_READ,
        P.REPORT_READ, P.REPORT_WRITE, P.REPORT_VALIDATE,
        P.MANDATE_GIVE, P.MANDATE_LIST, P.MANDATE_WITHDRAW, P.FINDING_LIST, P.STATION_READ,
        P.INTERVENTION_LIST, P.INTERVENTION_WRITE,
        P.PROBE_RUN,
        P.CHECK_READ, P.CHECK_DECLARE,
        P.INCIDENT_LIST, P.INCIDENT_REPORT, P.INCIDENT_WRITE, P.INCIDENT_DECIDE, P.INCIDENT_CONTAIN,
    }),
    Role.TECHNOLOGIST: frozenset({
        P.PROBE_RUN,
        P.MANDATE_LIST, P.MANDATE_WITHDRAW, P.FINDING_LIST, P.STATION_READ, P.INTERVENTION_LIST, P.INTERVENTION_WRITE,
        P.DOSE_LIST,
        P.STUDY_LIST, P.STUDY_OPEN, P.STUDY_SEND, P.PATIENT_IDENTIFY, P.STUDY_IMPORT,
        P.STUDY_EXPORT,
        P.PATIENT_CORRECT, P.STUDY_MOVE, P.INSTANCE_REJECT, P.INSTANCE_CHOOSE,
        P.ORDER_LIST, P.ORDER_WRITE,
        P.DEVICE_LIST, P.GRANT_CANCEL, P.HOME_STATUS, P.TOKEN_ADD, P.TOKEN_LIST, P.TOKEN_REVOKE,
        P.ERASURE_REFUSE,
        P.INSTANCE_SEE_REJECTED,
        P.REPORT_READ,
        P.INCIDENT_REPORT,
    }),
    Role.SECRETARY: frozenset({
        P.STATION_READ, P.INTERVENTION_LIST, P.INTERVENTION_WRITE,
        P.STUDY_LIST, P.PATIENT_IDENTIFY, P.STUDY_IMPORT, P.GRANT_CANCEL, P.HOME_STATUS,
        P.PATIENT_CORRECT, P.PATIENT_MERGE, P.STUDY_MOVE,
        P.ORDER_LIST, P.ORDER_WRITE,
        P.TOKEN_ADD, P.TOKEN_LIST, P.TOKEN_REVOKE,
        P.ERASURE_REFUSE,
        P.REPORT_READ, P.REPORT_WRITE,
        P.INCIDENT_REPORT,
    }),
    Role.DPO: frozenset({
        P.PROBE_RUN,
        P.MANDATE_LIST, P.MANDATE_WITHDRAW, P.FINDING_LIST, P.INTERVENTION_LIST,
        P.DEVICE_LIST, P.PERSON_LIST, P.GRANT_APPROVE, P.GRANT_CANCEL, P.GRANT_REVOKE,
        P.JOURNAL_LIST, P.JOURNAL_VERIFY, P.VAULT_CHECK, P.HOME_STATUS, P.TOKEN_LIST, P.TOKEN_REVOKE,
        P.ERASURE_APPROVE, P.ERASURE_LIST, P.ERASURE_REFUSE, P.STUDY_HOLD,
        P.CHECK_READ,
        P.INCIDENT_LIST, P.INCIDENT_REPORT, P.INCIDENT_WRITE,
    }),
    Role.ADMINISTRATOR: frozenset({
        P.PROBE_RUN,
        P.MANDATE_GIVE, P.MANDATE_LIST, P.MANDATE_WITHDRAW, P.FINDING_LIST, P.STATION_READ,
        P.INTERVENTION_LIST, P.INTERVENTION_WRITE,
        P.BACKUP_RUN, P.CHECK_READ, P.CHECK_DECLARE,
        P.CONFIGURATION_CHANGE, P.CONTROLLER_ADD, P.DEVICE_ADD, P.DEVICE_LIST, P.DEVICE_RENEW, P.DEVICE_REVOKE,
        P.GRANT_CANCEL, P.GRANT_PROPOSE, P.GRANT_REVOKE, P.HOME_STATUS, P.JOURNAL_VERIFY, P.KEYRING_EXPORT,
        P.PERSON_CLOSE, P.PERSON_INVITE, P.PERSON_LIST, P.PERSON_RESET, P.VAULT_CHECK,
        P.TOKEN_LIST, P.TOKEN_REVOKE,
        P.ERASURE_REFUSE,
        P.INCIDENT_LIST, P.INCIDENT_REPORT, P.INCIDENT_WRITE, P.INCIDENT_CONTAIN,
    }),
}  # fmt: skip
"""The table. What is not in it is refused."""

SCOPES: dict[Role, frozenset[Scope]] = {
    Role.PHYSICIAN: frozenset(Scope),
    Role.TECHNOLOGIST: frozenset({Scope.SITE, Scope.OWN}),
    Role.SECRETARY: frozenset({Scope.SITE, Scope.OWN}),
    Role.DPO: frozenset({Scope.SITE}),
    Role.ADMINISTRATOR: frozenset({Scope.SITE}),
}
"""Which scopes a grant of each role may have."""

SHOWS_PATIENTS = frozenset({
    P.STUDY_LIST, P.STUDY_OPEN, P.STUDY_SEND, P.PATIENT_IDENTIFY, P.DEVICE_LET_READ, P.ORDER_LIST, P.ORDER_WRITE,
    P.STUDY_EXPORT, P.STUDY_EXPORT_CLEAR, P.INSTANCE_SEE_REJECTED,
    P.STUDY_READ,
    P.REPORT_READ, P.REPORT_WRITE, P.REPORT_VALIDATE,
})  # fmt: skip
"""What shows patients, or would let a machine show them: never by an administrator's grant."""

GUARDED = SHOWS_PATIENTS | {P.GRANT_APPROVE}
"""What takes two people, or a day, to give: second_person.py."""

DECIDES = frozenset({P.PATIENT_CORRECT, P.PATIENT_MERGE, P.STUDY_MOVE, P.INSTANCE_REJECT, P.INSTANCE_CHOOSE})
"""What changes what is served of somebody, and can be undone (docs/design/patients.md)."""

APPROVALS = frozenset({P.GRANT_APPROVE, P.ERASURE_APPROVE})
"""What nobody may do about a proposal of their own."""

SCOPED = SHOWS_PATIENTS | DECIDES | {
    P.STUDY_IMPORT, P.STUDY_ERASE, P.STUDY_HOLD, P.ERASURE_APPROVE, P.ERASURE_LIST, P.ERASURE_REFUSE,
    P.GRANT_APPROVE, P.JOURNAL_LIST,
    P.DOSE_LIST,
    P.INCIDENT_CONTAIN, P.INCIDENT_DECIDE, P.INCIDENT_LIST, P.INCIDENT_REPORT, P.INCIDENT_WRITE,
}  # fmt: skip
"""What concerns somebody's data: the scope has to cover the thing. The rest concerns the house."""

BY_REFERRER = frozenset({P.STUDY_LIST, P.STUDY_OPEN, P.PATIENT_IDENTIFY, P.HOME_STATUS, P.REPORT_READ})
"""All that a grant of scope `referrer` can give."""

CHANGES = frozenset(P) - frozenset({
    P.STUDY_LIST, P.STUDY_OPEN, P.PATIENT_IDENTIFY, P.DEVICE_LIST, P.PERSON_LIST,
    P.JOURNAL_LIST, P.JOURNAL_VERIFY, P.VAULT_CHECK, P.HOME_STATUS,
    P.ERASURE_LIST, P.CHECK_READ,
    P.GRANT_CANCEL, P.TOKEN_LIST, P.TOKEN_REVOKE, P.ERASURE_REFUSE,  # withdrawing has to be quick
    P.INSTANCE_SEE_REJECTED,
    P.DOSE_LIST, P.STUDY_READ,  # taking a study hides it from nobody (decision 0087)
    P.ORDER_LIST, P.ORDER_WRITE,  # typed all day long, and each is undone by another one (decision 0072)
    P.REPORT_READ, P.REPORT_WRITE,  # a draft is typed all day long too, and validates nothing
    P.MANDATE_LIST, P.MANDATE_WITHDRAW, P.FINDING_LIST, P.INTERVENTION_LIST,  # looking, and taking back
    P.PROBE_RUN,  # looks, and signs what was seen: a probe after every change costs nobody a password
    P.INCIDENT_LIST, P.INCIDENT_REPORT, P.INCIDENT_WRITE,  # told at once, and all evening; what is signed asks again
    P.INTERVENTION_WRITE, P.STATION_READ,  # typed at the door, while the technician waits; nothing is opened by it
})  # fmt: skip
"""What changes something: asked of a fresh person only. A plain session reads."""


TOKEN_MAY = frozenset({
    P.STUDY_LIST, P.STUDY_OPEN, P.STUDY_IMPORT, P.STUDY_SEND, P.ORDER_LIST, P.ORDER_WRITE, P.INSTANCE_SEE_REJECTED,
})  # fmt: skip
"""All that a token for a program may be given."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in force. `controller_id` is what `own` means; `referrers` are folded names, for `referrer`."""

    role: Role
    scope: Scope
    controller_id: str
    confidential: bool = False
    referrers: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: the grants in force now, and whether password and code were given again just now.

    `only`: what a program may do that asks with a token of this person; None for the person. What a token names was
    given by a fresh person, and is not asked again.
    """

    person_id: str
    grants: tuple[Grant, ...]
    fresh: bool = False
    session_id: str = ""
    only: frozenset[Permission] | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held, whatever their scope."""
        return frozenset(grant.role for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Thing:
    """What is asked about. `controller_id` "" belongs to several controllers: only `site` covers it.

    `referrer` is ReferringPhysicianName as received. `parties` are those who proposed or receive a right.
    """

    kind: str
    controller_id: str = ""
    referrer: str = ""
    confidential: bool = False
    parties: frozenset[str] = frozenset()


ANY_STUDY = Thing("studies")
"""For lists: may any study be listed at all? Which ones: `reaches`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the rule that gave it, and the scope and grant of the rule where it is yes."""

    allowed: bool
    rule: str
    scope: Scope | None = None
    grant_id: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What one grant lets a list show: studies of `controllers` (None: all), or referred by `referrers`."""

    controllers: frozenset[str] | None
    referrers: tuple[str, ...]
    confidential: bool
    quality: bool = False
    """Whether what was rejected for quality reasons is seen too."""


def decide(actor: Actor, action: Permission, thing: Thing, table: dict[Role, frozenset[Permission]] = MAY) -> Decision:
    """Decide whether `actor` may do `action` to `thing`."""
    allowing = [grant for grant in actor.grants if action in table[grant.role] and _covers(grant, action, thing)]
    rule = "deny.token" if actor.only is not None and action not in actor.only else ""
    rule = rule or _denied(actor, action, thing, allowing)
    if rule:
        return Decision(allowed=False, rule=rule)
    widest = min(allowing, key=_width)
    return Decision(allowed=True, rule=f"{widest.role}.may.{action}", scope=widest.scope, grant_id=widest.id)


def _denied(actor: Actor, action: Permission, thing: Thing, allowing: list[Grant]) -> str:
    if action in SHOWS_PATIENTS:
        others = [grant for grant in allowing if grant.role is not Role.ADMINISTRATOR]
        if not others and Role.ADMINISTRATOR in actor.roles:
            return "deny.administrator-alone"
        allowing[:] = others
    if not allowing:
        return "silence"
    if action in APPROVALS and actor.person_id in thing.parties:
        return "deny.own-proposal"
    if thing.confidential:
        allowing[:] = [grant for grant in allowing if grant.confidential]
        if not allowing:
            return "deny.confidential"
    if action in CHANGES and not actor.fresh and actor.only is None:
        return "deny.step-up"
    return ""


def _covers(grant: Grant, action: Permission, thing: Thing) -> bool:
    if grant.scope is Scope.REFERRER and action not in BY_REFERRER:
        return False
    if action not in SCOPED or thing.kind == ANY_STUDY.kind or grant.scope is Scope.SITE:
        return True
    if grant.scope is Scope.OWN:
        return bool(grant.controller_id) and grant.controller_id == thing.controller_id
    name = fold_name(thing.referrer)
    return bool(name) and name in grant.referrers


def _width(grant: Grant) -> tuple[int, int, str]:
    return list(Scope).index(grant.scope), list(Role).index(grant.role), grant.id


def reaches(actor: Actor, action: Permission) -> tuple[Reach, ...]:
    """Tell which studies a list may show: their union. Empty where the list is refused."""
    found: dict[Reach, None] = {}
    for grant in actor.grants:
        if decide(replace(actor, grants=(grant,)), action, ANY_STUDY).allowed:
            found[_reach(grant)] = None
    return tuple(found)


def seeing_rejected(actor: Actor, found: tuple[Reach, ...]) -> tuple[Reach, ...]:
    """Widen lists by what was rejected for quality: for a program whose token names it, as far as its person reaches.

    A person's own session never sees it: what was rejected is in nobody's way.
    """
    if actor.only is None or not found:
        return found
    also = set(reaches(actor, Permission.INSTANCE_SEE_REJECTED))
    return tuple(replace(one, quality=True) if one in also else one for one in found)


def _reach(grant: Grant) -> Reach:
    match grant.scope:
        case Scope.SITE:
            return Reach(None, (), grant.confidential)
        case Scope.OWN:
            return Reach(frozenset({grant.controller_id}), (), grant.confidential)
        case Scope.REFERRER:
            return Reach(frozenset(), grant.referrers, grant.confidential)


def guarded(role: Role) -> bool:
    """Tell whether giving this role takes two people, or a day."""
    return bool(MAY[role] & GUARDED)
