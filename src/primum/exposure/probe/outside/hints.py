"""What is known from inside of what may be seen from outside: each hint with what it proves, in two languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple


class HintKind(StrEnum):
    """Every kind of hint."""

    MAPPING = "mapping"
    MAPPING_ELSEWHERE = "mapping-elsewhere"
    MAPPINGS_CUT = "mappings-cut"
    NO_MAPPING = "no-mapping"
    MAPPINGS_UNTOLD = "mappings-untold"
    MAPS_FOR_ANYBODY = "maps-for-anybody"
    OUTER_ADDRESS = "outer-address"
    GLOBAL_IPV6 = "global-ipv6"
    IPV6_FIREWALL_ON = "ipv6-firewall-on"
    IPV6_FIREWALL_OFF = "ipv6-firewall-off"
    IPV6_PINHOLES = "ipv6-pinholes"
    SHARED_IPV4 = "shared-ipv4"
    DOUBLE_NAT = "double-nat"
    NAT_BEFORE_ROUTER = "nat-before-router"
    PUBLIC_IPV4_HERE = "public-ipv4-here"
    DMZ = "dmz"
    GATEWAY_NOT_ASKED = "gateway-not-asked"
    ROUTER_POINTS_ELSEWHERE = "router-points-elsewhere"


class Meaning(NamedTuple):
    """A hint's sentence, and what it proves, each in French and English."""

    fr: str
    en: str
    proves_fr: str
    proves_en: str


_ONLY_OUTSIDE_FR: Final = "Seul un relevé fait depuis une autre connexion le prouve."
_ONLY_OUTSIDE_EN: Final = "Only a report made from another connection proves it."

MEANINGS: Final[dict[HintKind, Meaning]] = {
    HintKind.MAPPING: Meaning(
        "la box {gateway} dit faire suivre le port {port} ({protocol}) vers cette machine, {inner}:{inner_port}",
        "router {gateway} says that it forwards port {port} ({protocol}) to this machine, {inner}:{inner_port}",
        "La box le dit d'elle-même : le port est probablement ouvert à tous. " + _ONLY_OUTSIDE_FR,
        "The router says so itself: the port is probably open to everybody. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.MAPPING_ELSEWHERE: Meaning(
        "la box {gateway} dit faire suivre le port {port} ({protocol}) vers une autre machine, {inner}:{inner_port}",
        "router {gateway} says that it forwards port {port} ({protocol}) to another machine, {inner}:{inner_port}",
        "La box le dit d'elle-même ; cette autre machine est probablement ouverte à tous sur ce port. "
        + _ONLY_OUTSIDE_FR,
        "The router says so itself; that other machine is probably open to everybody on that port. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.MAPPINGS_CUT: Meaning(
        "la box {gateway} annonce plus de {count} redirections : les suivantes n'ont pas été lues",
        "router {gateway} lists more than {count} mappings: the others were not read",
        "Rien sur celles qui n'ont pas été lues.",
        "Nothing about those that were not read.",
    ),
    HintKind.NO_MAPPING: Meaning(
        "la box {gateway} n'annonce aucune redirection faite par UPnP",
        "router {gateway} lists no mapping made by UPnP",
        "Les redirections saisies dans la page de la box n'y figurent pas toujours. " + _ONLY_OUTSIDE_FR,
        "Mappings typed into the router's own page are not always among them. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.MAPPINGS_UNTOLD: Meaning(
        "la box {gateway} répond à {protocol}, qui ne permet pas de lister les redirections",
        "router {gateway} answers {protocol}, which has no way to list mappings",
        "Ni qu'il y en a, ni qu'il n'y en a pas : le demander en créerait une, ce que la sonde ne fait jamais.",
        "Neither that there are any nor that there are none: to ask would make one, which the probe never does.",
    ),
    HintKind.MAPS_FOR_ANYBODY: Meaning(
        "la box {gateway} répond à {protocol} : tout programme du réseau local peut lui faire ouvrir un port",
        "router {gateway} answers {protocol}: any program of this network may have it open a port",
        "Que la porte peut être ouverte de l'intérieur sans mot de passe ; non qu'elle l'est.",
        "That the door can be opened from inside without a password; not that it is.",
    ),
    HintKind.OUTER_ADDRESS: Meaning(
        "la box {gateway} dit que son adresse extérieure est {address}",
        "router {gateway} says that its outer address is {address}",
        "L'adresse à sonder depuis une autre connexion ; la box seule le dit.",
        "The address to probe from another connection; the router alone says so.",
    ),
    HintKind.GLOBAL_IPV6: Meaning(
        "cette machine a l'adresse IPv6 mondiale {address}",
        "this machine has the global IPv6 address {address}",
        "Sans traduction d'adresses, seul un pare-feu la protège ; qu'il y en ait un ne se voit pas d'ici. "
        + _ONLY_OUTSIDE_FR,
        "Without address translation a firewall alone protects it; whether there is one cannot be seen from here. "
        + _ONLY_OUTSIDE_EN,
    ),
    HintKind.IPV6_FIREWALL_ON: Meaning(
        "la box {gateway} dit que son pare-feu IPv6 est en service",
        "router {gateway} says that its IPv6 firewall is on",
        "La box seule le dit. " + _ONLY_OUTSIDE_FR,
        "The router alone says so. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.IPV6_FIREWALL_OFF: Meaning(
        "la box {gateway} dit que son pare-feu IPv6 est coupé",
        "router {gateway} says that its IPv6 firewall is off",
        "Chaque machine qui a une adresse IPv6 mondiale est probablement visible de tous. " + _ONLY_OUTSIDE_FR,
        "Every machine with a global IPv6 address can probably be seen by everybody. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.IPV6_PINHOLES: Meaning(
        "la box {gateway} laisse tout programme du réseau local percer son pare-feu IPv6",
        "router {gateway} lets any program of this network open its IPv6 firewall",
        "Que la porte peut être ouverte de l'intérieur ; non qu'elle l'est.",
        "That the door can be opened from inside; not that it is.",
    ),
    HintKind.SHARED_IPV4: Meaning(
        "l'adresse IPv4 {address} est partagée entre abonnés par l'opérateur",
        "IPv4 address {address} is shared between subscribers by the operator",
        "Aucune redirection de la box ne suffit à rendre visible en IPv4, sauf plage de ports de l'opérateur ; "
        "rien sur IPv6.",
        "No mapping of the router alone makes anything visible over IPv4, a range of ports of the operator apart; "
        "nothing about IPv6.",
    ),
    HintKind.DOUBLE_NAT: Meaning(
        "l'adresse extérieure de la box {gateway}, {address}, est privée : une autre box ou un routeur est devant elle",
        "the outer address of router {gateway}, {address}, is private: another router stands before it",
        "Ce que dit cette box ne suffit pas : l'autre décide de ce qui est visible.",
        "What this router says is not enough: the other decides what can be seen.",
    ),
    HintKind.NAT_BEFORE_ROUTER: Meaning(
        "la box {gateway} voit cette machine sous une autre adresse que la sienne",
        "router {gateway} sees this machine under another address than its own",
        "Une traduction d'adresses de plus est entre les deux.",
        "One more address translation is between the two.",
    ),
    HintKind.PUBLIC_IPV4_HERE: Meaning(
        "cette machine a elle-même l'adresse IPv4 publique {address}",
        "this machine itself has the public IPv4 address {address}",
        "Aucune box ne la cache : ce qui écoute est visible, sauf pare-feu. " + _ONLY_OUTSIDE_FR,
        "No router hides it: what listens can be seen, unless a firewall stands before it. " + _ONLY_OUTSIDE_EN,
    ),
    HintKind.DMZ: Meaning(
        "{count} ports que la box {gateway} n'annonce pas sont ouverts vers cette machine vus de dehors",
        "{count} ports that router {gateway} does not list are open toward this machine as seen from outside",
        "Une machine « DMZ » ou des redirections saisies à la main : indice, la page de la box le dit.",
        'A "DMZ" machine, or mappings typed by hand: a hint; the router\'s own page tells.',
    ),
    HintKind.GATEWAY_NOT_ASKED: Meaning(
        "la box {gateway} n'a pas été interrogée : aucun mandat ne la nomme (port {port})",
        "router {gateway} was not asked: no mandate names it (port {port})",
        "Rien : ses redirections ne sont pas connues.",
        "Nothing: its mappings are not known.",
    ),
    HintKind.ROUTER_POINTS_ELSEWHERE: Meaning(
        "la box {gateway} renvoie vers une autre adresse, qui n'a pas été suivie",
        "router {gateway} points to another address, which was not followed",
        "Rien : ses redirections ne sont pas connues.",
        "Nothing: its mappings are not known.",
    ),
}
"""What each kind of hint says and proves. `{name}` are facts of the hint."""


_MOST: Final = 512
"""Hints that are told of one report."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One hint. Facts are addresses, ports and words of ours: never a text that a router sent."""

    kind: HintKind
    facts: dict[str, str | int] = field(default_factory=dict)

    def says(self, language: str) -> str:
        """Say it, in `fr` or `en`."""
        meaning = MEANINGS[self.kind]
        return (meaning.fr if language == "fr" else meaning.en).format(**self.facts)

    def proves(self, language: str) -> str:
        """Say what it proves."""
        meaning = MEANINGS[self.kind]
        return meaning.proves_fr if language == "fr" else meaning.proves_en

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {"kind": self.kind.value, **self.facts}


def told(listed: object, language: str) -> list[str]:
    """Say the hints of a report, each with what it proves; what is none of ours is left out."""
    lines = []
    for one in listed[:_MOST] if isinstance(listed, list) else []:
        match one:
            case {"kind": str(kind), **facts} if kind in {known.value for known in HintKind}:
                plain = {str(name): value for name, value in facts.items() if isinstance(value, (str, int))}
                hint = Hint(HintKind(kind), plain)
                try:
                    lines.append(f"{hint.says(language)}. {hint.proves(language)}")
                except (KeyError, ValueError, TypeError):
                    continue
    return lines
