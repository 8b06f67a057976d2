"""Rules and their vocabulary in words, for `auditor policy explain`."""

from __future__ import annotations

import textwrap

from auditor.policy.spec import PolicyPack, Rule
from auditor.policy.vocabulary import Field, fields_for
from auditor.record.finding import Claim
from auditor.record.verdict import Mode, RuleState

_WIDTH = 100
_CONSEQUENCE = {
    Mode.DENY: "the scan fails",
    Mode.WARN: "the report warns, and the scan does not fail",
    Mode.INFO: "the report mentions it, and the scan does not fail",
}


def explain_rule(pack: PolicyPack, rule_id: str) -> str:
    """Everything about one rule: what it asks, of which evidence, why, and what each name in it means.

    Raises:
        PolicyError: If the pack has no such rule.
    """
    rule = pack.rule(rule_id)
    blocks = [
        f"{rule.id}  {rule.title}\n{rule.severity.value}, mode {rule.mode.value} ({pack.path}:{rule.line})",
        _wrapped(rule.why),
        "\n".join(_behaviour(rule)),
        f"Fires when:\n{textwrap.indent(rule.condition.text.strip(), '  ')}",
        _names(rule),
    ]
    if rule.decisive:
        blocks.append(_wrapped(f"What would decide it: {rule.decisive}"))
    if rule.maps:
        blocks.append("Maps to:\n" + "\n".join(f"  {reference}" for reference in rule.maps))
    return "\n\n".join(block for block in blocks if block) + "\n"


def explain_vocabulary(claim: Claim | None) -> str:
    """The names that a rule about ``claim`` may use, with types; None is a rule about the whole scan."""
    about = f"about {claim.value}" if claim else "about the scan as a whole"
    return f"A rule {about} may use:\n{_table(fields_for(claim))}\n"


def _behaviour(rule: Rule) -> list[str]:
    lines = []
    if rule.requires:
        needs = f"{rule.requires.claim.value}, {rule.requires.guarantee.value} or stronger"
        each = ", for every candidate teacher" if rule.requires.each_teacher else ""
        lines.append(f"Needs: a finding about {needs}{each}")
    else:
        lines.append("Needs: nothing but the scan itself")
    fired = (
        _CONSEQUENCE[rule.mode]
        if rule.on_fire is RuleState.FAIL
        else "the evidence does not suffice, and the rule is inconclusive"
    )
    lines.append(f"If it fires: {fired}")
    lines.append(f"If evidence or a value is missing: {_words(rule.on_missing)}")
    if rule.requires:
        lines.append(f"If no probe of the claim applies: {_words(rule.on_not_applicable)}")
    if rule.effective_on:
        lines.append(f"In force from: {rule.effective_on.isoformat()}")
    return lines


def _words(state: RuleState) -> str:
    return state.value.replace("_", " ")


def _names(rule: Rule) -> str:
    names = dict.fromkeys((*rule.condition.reads, *rule.message.reads))
    if not names:
        return ""
    return "Names in it:\n" + _table({name: rule.condition.fields[name] for name in names})


def _table(fields: dict[str, Field]) -> str:
    width = max(len(name) for name in fields)
    return "\n".join(f"  {name:<{width}}  {field.kind:<6}  {field.meaning}" for name, field in fields.items())


def _wrapped(text: str) -> str:
    return textwrap.fill(text, width=_WIDTH)
