"""Why: the rule that decided, in a sentence. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from primum.identity.permissions import CHANGES, Actor, Decision, Permission, Thing, decide

_FR = {
    "silence": "aucune habilitation ne le permet",
    "deny.administrator-alone": "l'administration ne donne jamais accès aux patients",
    "deny.own-proposal": "nul n'approuve ce qu'il a proposé ou ce qu'il reçoit",
    "deny.confidential": "l'examen est confidentiel et aucune habilitation ne l'autorise",
    "deny.step-up": "le mot de passe et un code sont redemandés",
    "deny.token": "le jeton de programme ne nomme pas cette action",
}
_EN = {
    "silence": "no grant permits it",
    "deny.administrator-alone": "administration never gives access to patients",
    "deny.own-proposal": "nobody approves what they proposed or receive",
    "deny.confidential": "the study is confidential and no grant is for confidential studies",
    "deny.step-up": "password and a code are asked again",
    "deny.token": "the program's token does not name this action",
}
RULES = tuple(_EN)
"""Every rule that says no. Those that say yes are `role.may.permission`."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and what it rests on, in words."""

    decision: Decision
    sentence: str
    asks_again: bool

    def lines(self, language: str = "en") -> list[str]:
        """Write it for a terminal: answer, rule, reason, and what will be asked."""
        answer = {"fr": ("non", "oui"), "en": ("no", "yes")}.get(language, ("no", "yes"))[self.decision.allowed]
        again = {"fr": "le mot de passe et un code seront redemandés"}.get(language, _EN["deny.step-up"])
        lines = [f"{answer}: {self.decision.rule}", self.sentence]
        return [*lines, again] if self.asks_again and self.decision.allowed else lines


def explain(actor: Actor, action: Permission, thing: Thing, language: str = "en") -> Explanation:
    """Decide, and say why in `fr` or `en`."""
    decision = decide(actor, action, thing)
    if decision.allowed:
        role = decision.rule.split(".", 1)[0]
        sentence = {"fr": f"habilitation {decision.grant_id} : {role}, portée {decision.scope}"}.get(
            language, f"grant {decision.grant_id}: {role}, scope {decision.scope}"
        )
    else:
        sentence = (_FR if language == "fr" else _EN)[decision.rule]
    return Explanation(decision, sentence, asks_again=action in CHANGES)
