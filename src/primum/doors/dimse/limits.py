"""Every bound of the DICOM door, each with its reason. Nothing from the wire is believed beyond them."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lengths are in bytes, times in seconds, rates in bytes a second."""

    # PDUs
    pdu_bytes: int = 128 * KIB
    """P-DATA-TF length that we announce (PS3.8 D.1): the largest that DCMTK sends; larger ones gain nothing."""
    pdu_slack_bytes: int = 6
    """Tolerated above it: some senders count the PDU's own six header bytes out, some in."""
    association_bytes: int = 256 * KIB
    """A-ASSOCIATE-RQ: 128 contexts of 30 transfer syntaxes are 110 KB, an SAML assertion may be 64 KiB."""
    contexts: int = 128
    """Presentation contexts: the odd numbers of one byte (PS3.8 9.3.2.2)."""
    transfer_syntaxes: int = 128
    """Transfer syntaxes per context: twice as many as are registered."""
    identity_name_bytes: int = 254
    """A user name: a login is at most a mail address (RFC 5321 4.5.3.1.3)."""
    identity_proof_bytes: int = 8 * KIB
    """A passcode or JSON Web Token that is shown to the worker; longer ones are wrong without being looked at."""
    identity_seconds: float = 30
    """How long what whoever uses a device may is believed before it is asked again: a revoked token ends within it."""
    user_items: int = 512
    """User information sub-items: one role and one extended negotiation per context, and the single ones."""
    extended_bytes: int = 16
    """Proposed for a SOP class by extended negotiation: C-FIND has seven bytes, storage five; the rest is not read."""
    uid_bytes: int = 64
    """A UID (PS3.5 9.1)."""
    version_bytes: int = 16
    """An implementation version name (PS3.7 D.3.3.2)."""

    # messages
    command_bytes: int = 16 * KIB
    """A command set: C-STORE-RQ takes 300; this leaves room for others' private elements."""
    identifier_bytes: int = 4 * MIB
    """The data set of a request other than C-STORE: 10 000 UIDs are 650 KB, a procedure step's references some MiB."""
    query_answers: int = 5_000
    """Answers to one C-FIND: a month of a large practice. Beyond, what was found is sent and the end says A700H."""
    blank_query_answers: int = 200
    """The same for a query that asks for nothing in particular: a page of the newest, not the list of all patients."""
    query_first: int = 100
    """Answers looked for before the first leaves: more than a screen shows. The rest is looked for after that."""
    query_pause_seconds: float = 0.005
    """Before the rest is looked for, the caller may cancel: who wants a screen full does so in two or three
    milliseconds, and who wants thousands does not notice."""
    query_page: int = 100
    """Answers read from the index at once: some 150 KB."""
    whole_bytes: int = 8 * MIB
    """An instance up to this is held in memory and written at once (docs/design/vault.md); larger ones are streamed."""
    kept_bytes: int = 1 * MIB
    """What an association keeps of its buffer between two instances."""
    instance_bytes: int = 16 * GIB
    """A data set: ten times the largest tomosynthesis or whole-slide level that we know of."""
    space_check_bytes: int = 64 * MIB
    """A streamed instance looks at the free space each time it has written this much."""
    ahead_bytes: int = 1 * KIB
    """Read ahead where headers are due: a C-STORE-RQ's command set with all headers around it comes in one call."""

    # times
    handshake_seconds: float = 15
    """The whole TLS handshake: three round trips, on the worst line that can carry images."""
    artim_seconds: float = 30
    """ARTIM (PS3.8 9.1.5): between accept and A-ASSOCIATE-RQ, and between our last PDU and the peer's close."""
    idle_seconds: float = 300
    """Between two messages: an ultrasound machine keeps its association open while the next image is taken."""
    useless_seconds: float = 30
    """The same, when no context was accepted."""
    lease_seconds: float = 10
    """An association silent for this long gives its packs back to others (docs/design/vault.md, leases)."""
    grace_seconds: float = 60
    """A message may last this long besides its time at the floor rate."""
    floor_rate: int = 4 * KIB
    """Below this average a sender is cut: a slow DSL line shared by four associations still passes."""
    send_seconds: float = 30
    """A response that the peer does not take within this is not taken."""
    tick_seconds: float = 1
    """How often a waiting thread looks at its deadline and at the order to stop."""
    barrier_seconds: float = 10
    """The wait for the index at A-RELEASE-RQ: shorter than the ACSE time-outs of DCMTK (30) and dcm4che (60)."""
    closing_seconds: float = 2
    """The same as ARTIM, for a peer that was told that the daemon stops."""
    drain_seconds: float = 15
    """What running stores are given to finish when the daemon stops: less than the supervisor waits for the door."""

    # associations that we ask for
    sent_pdu_bytes: int = 256 * KIB
    """P-DATA-TF that we send where the peer takes any length: longer ones gain nothing."""
    ahead_pieces_bytes: int = 4 * MIB
    """Opened ahead of what is being sent: the next slices while the peer still writes the last; a window, no more."""
    connect_seconds: float = 10
    """The transport connection to a destination: a packet lost twice on the way is still made up for."""
    answer_seconds: float = 120
    """A response to our C-STORE: a receiver that writes to tape or to a busy share takes a minute."""
    report_seconds: float = 10
    """The result of a commitment that we asked for, on the same association; later it comes by one of the peer's."""
    pending_seconds: float = 1
    """Pending responses of C-GET and C-MOVE are no more frequent than this: they tell a person how far it is."""
    sub_operations: int = 65_535
    """Instances of one retrieval: what the counts of two bytes can say (PS3.7 C.4.2); a study has some thousands."""

    # how many
    associations: int = 64
    """At the same time: a group of ten modalities of four, and as many to spare; 64 x 8 MiB is the worst memory."""
    associations_per_device: int = 16
    """At the same time from one device: no modality opens more than eight."""
    half_open: int = 64
    """Connections that are not associations yet: each holds a thread and a TLS state (about 100 KiB)."""
    half_open_per_address: int = 16
    """The same, from one address: a practice behind NAT starts its modalities together."""
    backlog: int = 128
    """Connections that the kernel keeps while we accept."""
