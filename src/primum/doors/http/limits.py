"""What the web doors accept at most, and why each number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on whatever a caller decides; each with its reason."""

    head_bytes: int = 32_768
    """Request line and headers. OHIF's longest query is under 1 KiB; cookie and browser's own headers are 2."""
    query_bytes: int = 4_096
    """A query string: the longest UID list that a viewer sends (64 UIDs of 64 characters)."""
    form_bytes: int = 65_536
    """A form. The largest of ours is an answer in the file of a breach: 8,000 characters, six bytes for each accent."""
    report_bytes: int = 13 * 1024 * 1024
    """A form with a report: a PDF of 12 MiB, or two texts of 20 000 characters."""
    report_seconds: float = 600
    """How long one may take to arrive: 12 MiB at 160 kbit/s."""
    reports_at_once: int = 4
    """Such forms at once: each is held whole."""
    form_fields: int = 128
    """Fields in a form: the story of a breach with every box ticked has 50, and a host ticks its controllers too."""
    password_characters: int = 1_024
    """A password; Argon2id reads it all, so a bound is due. Far above any phrase that a person types."""
    field_characters: int = 128
    """Any other field: the longest thing to search for is a name, 64 characters in each of its groups (PS3.5 6.2)."""
    connections: int = 256
    """Connections at once of people who are known. A browser opens six; forty readers fit."""
    strangers: int = 128
    """Connections at once on which nobody known has asked for anything yet; the next one takes the oldest's place."""
    strangers_per_address: int = 48
    """The same, from one address: eight browsers behind one router that come to the sign-in page together."""
    accepted_at_once: int = 16
    """Accepted in one turn of the event loop: each costs 256 KiB for TLS, and who has to make room goes in the next."""
    closed_between_collections: int = 64
    """Closed connections whose TLS states wait to be collected: 16 MiB of them."""
    handshake_seconds: float = 15
    """The whole TLS handshake: two round trips, on the worst line that anybody reads by."""
    head_seconds: float = 15
    """A whole request head, from its first byte or from the handshake: 2 KiB that a browser sends at once."""
    send_seconds: float = 120
    """Who reads nothing of an answer for this long is gone: 384 KiB have to leave in it, a floor of 3 KiB a second."""
    threads: int = 12
    """Requests at work in the core at once; beyond, they wait. Each may hold a few frames in memory."""
    costly_at_once: int = 2
    """Password checks at once: each Argon2id takes 64 MiB and a core for a moment."""
    costly_waiting: int = 16
    """Callers that may wait for one; the next is told to come back."""
    keep_alive_seconds: int = 30
    """An idle connection is closed after this: long enough to read a slice, short enough to free the place."""
    stop_seconds: int = 5
    """What a request has left to end when the process is told to stop."""
    page_rows: int = 50
    """Studies on one page of the worklist: what a screen or two shows."""
    page_number: int = 2_000
    """The last page that may be asked for: 100,000 studies down a list nobody scrolls."""
    search_rows: int = 1_000
    """Rows of a QIDO answer, at most."""
    search_rows_default: int = 100
    """Rows for a caller that names no limit: what OHIF asks for."""
    search_offset: int = 1_000_000
    """How far into an answer one may skip: more studies than one archive of this size holds."""
    metadata_bytes: int = 256 * 1024 * 1024
    """JSON of a whole study in one answer; a study of 5,000 slices has 25 MB. Beyond, ask series by series."""
    search_keys: int = 48
    """Parameters in one QIDO query: OHIF sends seven."""
    frames_at_once: int = 64
    """Frames in one WADO request; OHIF asks for one. A longer list is cut into requests by its caller."""
    picture_side: int = 4_096
    """Width or height of a picture, at most: the largest reading monitors."""
    thumbnail_side: int = 128
    """Width and height of a thumbnail that names none: what lists show."""
    storing_at_once: int = 4
    """Requests that bring instances (STOW-RS) at once: each may hold 8 MiB, and keeps a thread while it sends."""
    described_at_once: int = 2
    """Requests that bring metadata and bulk data at once: each may hold 64 MiB of them, and parses the rest."""
    storing_waiting: int = 16
    """Callers that may wait for one of these places; the next is told to come back."""
    parts_at_once: int = 10_000
    """Instances in one request: the longest series that programs send at once."""
    part_heading_bytes: int = 4_096
    """The headers of one part: three of them, 200 bytes in all."""
    body_grace_seconds: float = 60
    """A body may last this long besides its time at the floor rate."""
    body_floor_rate: int = 4_096
    """Bytes a second below which a sender is cut: what the DICOM door allows."""
    barrier_seconds: float = 10
    """The wait for the index after storing."""
    gzip_from_bytes: int = 1_024
    """JSON shorter than this is sent as it is: gzip would not make it fit in fewer packets."""
    channels: int = 32
    """Channels for events (WebSocket) at once: each room's performer, and a dashboard or two."""
    channels_of_one: int = 8
    """Of one person and their programs."""
    channel_threads: int = 2
    """Threads for all channels together: each looks at the base for less than a millisecond."""
    channel_poll_seconds: float = 1
    """How often a channel that is open looks whether there is something to send."""
    channel_check_seconds: float = 30
    """How often it asks whether it may still be open, besides each time that there is something to send."""
    channel_frame_bytes: int = 1_024
    """What a client may send in one message; whatever it is, the channel is closed: it has nothing to say there."""
    channel_ping_seconds: float = 20
    """A ping so often, and so long for its pong: a client that vanished holds its place for 40 s."""
    open_views: int = 4_096
    """Studies being viewed, over all sessions, that are counted for; beyond, the oldest is closed in the journal."""


LIMITS = Limits()
