"""Every bound of the probe, each with its reason. Nothing that a target says is believed beyond them."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lengths are in bytes, times in seconds, rates in connections a second."""

    # time
    budget_seconds: float = 600
    """All targets of a run (`--budget`): thirty services take a minute or two; a doctor waits for no more than ten."""
    fixtures_seconds: float = 90
    """The fixtures before: three seconds on a quiet machine. Not of the budget: a short one would make a run void."""
    connect_seconds: float = 2
    """TCP: a handshake across the world takes a third of a second; a SYN is sent again after one."""
    step_seconds: float = 8
    """One rung: archives answer a C-FIND of UIDs within seconds, small machines take three for a TLS handshake."""
    service_seconds: float = 120
    """All rungs of one service: a host that stalls at each takes no more than this of the run."""
    retry_seconds: float = 1
    """Before an association that was rejected for now is asked for once more (PS3.8 table 9-21, result 2)."""
    link_seconds: float = 3.6
    """The first port of an address: the link gives up on who does not answer ARP after three tries, a second each."""
    link_says_after: float = 0.9
    """"Unreachable" sooner than this is a firewall's answer for one port; the link itself takes a second at least."""
    greeting_seconds: float = 1
    """Who speaks first does so at once; a machine that looks up our name before takes longer and is asked anyway."""
    recognise_seconds: float = 3
    """One connection of DICOM or the web on a port that is not usual for it."""
    others_seconds: float = 1.5
    """One of another family there: fifteen of them are asked, one after the other, on a port that is silent."""
    grace_seconds: float = 3
    """After the budget, for what is under way to say so; threads that do not come back are left behind."""
    datagram_seconds: float = 3
    """A question by datagram, its repetitions included: a router at hand answers within milliseconds."""

    # rates: a practice's router of 2010 keeps some hundred connections being opened
    rate_own: float = 4000
    """To an address of this machine's own: nobody else is troubled."""
    rate_address: float = 100
    """To one other address: an old modality's stack takes it, an intrusion detector may still notice, as it should."""
    rate_all: float = 800
    """To all other addresses together: a quiet /24 within a minute."""
    at_once: int = 768
    """Connections that are being opened: descriptors allow 1024. A /24 that drops everything is told in 45 s."""
    ladders_at_once: int = 16
    """Services climbed at the same time."""
    to_one_address: int = 4
    """Ladders on one address at the same time: small devices accept few associations."""

    # bytes
    reply_bytes: int = 512 * KIB
    """Read of one connection: a thousand UIDs of a C-FIND are 400 KB; what answers megabytes is cut, and said to be."""
    head_bytes: int = 32 * KIB
    """HTTP status line and header fields: servers send up to eight."""
    page_bytes: int = 64 * KIB
    """Body of a page: enough to see which product it is."""
    banner_bytes: int = 512
    """Greeting that is kept, printable characters alone."""
    shown_characters: int = 80
    """Of a product's name or a banner in a report."""
    pdu_bytes: int = 128 * KIB
    """A PDU (PS3.8 D.1), announced to the target; a longer one is another protocol."""
    certificate_bytes: int = 64 * KIB
    """A certificate: one of a thousand names is 30 KB."""
    certificate_names: int = 20
    """Of its names in the report; of the others the number."""
    datagram_bytes: int = 4 * KIB
    """An answer by datagram: SSDP's are below one frame, those of mappings below a hundred bytes."""
    description_bytes: int = 64 * KIB
    """A router's description of itself, or its answer about one mapping."""

    # counts
    mappings: int = 256
    """Mappings of a router that are asked for, one by one: consoles of games make some ten."""
    xml_elements: int = 4096
    """Elements of a description; deep ones are no description either (`xml_depth`)."""
    xml_depth: int = 32
    """Elements within elements."""
    control_seconds: float = 5
    """A control answers one line with one line."""
    find_answers: int = 1000
    """UIDs counted before C-CANCEL: "at least a thousand" is enough to act on."""
    titles: int = 64
    """AE titles tried on one service; the lists have some forty."""
    redirects: int = 0
    """Followed: none."""
    ports: int = 65_536
    """Of one address."""
    addresses: int = 4096
    """Of one run: a /20. More is not a practice."""
    mandate_bytes: int = 64 * KIB
    """A mandate's file: one of every bound below is 30 KB."""
    mandate_days: int = 90
    """From its beginning to its end (mandates/rules.toml has the reason)."""
    mandate_networks: int = 256
    """Of one mandate: a practice has a handful."""
    mandate_ranges: int = 64
    """Ranges of ports of one mandate, and of those held."""
    mandate_names: int = 32
    """Names pinned in one mandate."""
    name_addresses: int = 16
    """Addresses of one name."""
    mandate_text: int = 2000
    """Characters of each of its texts."""
    ahead: int = 32
    """Places in the rate that the sweep takes in advance: ladders on the same address wait behind them."""
    report_bytes: int = 32 << 20
    """A report that is read back: one of 4096 addresses with 65 536 ports told as ranges has a few megabytes."""
    report_items: int = 100_000
    """Of each list in it."""
    purposes: int = 500_000
    """Lines of the log of one run; beyond them the run ends."""


LIMITS = Limits()
"""The bounds that are used."""
