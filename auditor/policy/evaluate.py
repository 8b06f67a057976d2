"""From findings to a verdict: every rule over every finding that it requires, then the worst of them.

What holds whatever a pack says: evidence that is failed, inconclusive, missing, weaker than required or
not known never becomes "pass"; a scan in which no rule in mode deny was decided does not pass either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from auditor.policy.facts import Reading, readings, scan_values
from auditor.policy.message import shown
from auditor.policy.spec import PolicyPack, Requires, Rule
from auditor.policy.waiver import Covered, Waiver, review, waivers_digest
from auditor.record.finding import Finding, Outcome
from auditor.record.result import Guarantee
from auditor.record.scan import Plan
from auditor.record.subject import Role
from auditor.record.verdict import Mode, RuleResult, RuleState, Status, Verdict, WaiverStatus

_WORST_FIRST = (
    RuleState.FAIL,
    RuleState.INCONCLUSIVE,
    RuleState.WAIVED,
    RuleState.PASS,
    RuleState.NOT_APPLICABLE,
)
_STRONGEST_FIRST = tuple(Guarantee)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """What a rule makes of one finding, or of the scan as a whole.

    ``weighed`` is false where the finding itself was set aside, because it was not applicable or too
    weak; it then counts only if no other finding about the same teacher was weighed.
    """

    state: RuleState
    text: str
    finding: Finding | None = None
    weighed: bool = True
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Court:
    """What is in front of every rule."""

    pack: PolicyPack
    plan: Plan
    scan: dict[str, object]
    readings: tuple[Reading, ...]
    waivers: tuple[Waiver, ...]
    today: date | None


def evaluate(
    pack: PolicyPack,
    plan: Plan,
    findings: Sequence[Finding],
    *,
    waivers: Sequence[Waiver] = (),
    today: date | None = None,
) -> Verdict:
    """Judge ``findings`` under ``pack``.

    The result depends on the arguments alone. Without ``today`` every rule is in force and no waiver
    counts, which is the strictest reading.

    Args:
        pack: The policy.
        plan: The sealed plan: who is who, and what was declared.
        findings: What the probes concluded; those about other suspects are left out.
        waivers: Violations that people have accepted; the verdict says of each what became of it.
        today: The day of judgement, for effective dates and expiries.
    """
    judged = _judge(pack, plan, findings, waivers, today)
    reviewed = review(
        waivers,
        applied=[item.waiver for _, items in judged for item in items if item.waiver],
        rules={rule.id: _covered(rule, items) for rule, items in judged},
        subject=plan.suspect.digest,
        longest=pack.max_waiver_days,
        today=today,
    )
    return replace(_verdict(pack, judged), waivers=reviewed, waivers_digest=waivers_digest(waivers))


def _covered(rule: Rule, items: Sequence[_Item]) -> Covered:
    seen = frozenset(one.finding.fingerprint for one in items if one.finding)
    return Covered(severity=rule.severity, findings=seen)


def _judge(
    pack: PolicyPack,
    plan: Plan,
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    today: date | None,
) -> list[tuple[Rule, tuple[_Item, ...]]]:
    court = _Court(
        pack=pack,
        plan=plan,
        scan=scan_values(plan, findings, pack),
        readings=readings(plan, findings, pack),
        waivers=tuple(waivers),
        today=today,
    )
    return [(rule, _items(rule, court)) for rule in pack.rules]


def _items(rule: Rule, court: _Court) -> tuple[_Item, ...]:
    if rule.effective_on and court.today and court.today < rule.effective_on:
        text = f"This rule takes effect on {rule.effective_on.isoformat()} and is not applied before."
        return (_Item(state=RuleState.NOT_APPLICABLE, text=text),)
    if rule.requires is None:
        items = [_decide(rule, court.scan, quiet="Nothing was found against this rule")]
    else:
        items = _over_findings(rule, rule.requires, court)
    return tuple(_waive(rule, item, court) for item in items)


def _over_findings(rule: Rule, requires: Requires, court: _Court) -> list[_Item]:
    matching = [one for one in court.readings if one.finding.claim is requires.claim]
    words = requires.claim.value.replace("_", " ")
    if not matching:
        return [_Item(state=rule.on_missing, text=f"No probe left a finding about {words}")]
    by_teacher: dict[str | None, list[_Item]] = {}
    for reading in matching:
        by_teacher.setdefault(reading.finding.teacher, []).append(_item(rule, requires, reading, court))
    items: list[_Item] = []
    for group in by_teacher.values():
        weighed = [one for one in group if one.weighed]
        items += weighed or group
    named = {digest for digest in by_teacher if digest is not None}
    if any(one.weighed and one.finding and one.finding.teacher for one in items):
        # That one method could not be applied at all is settled where another spoke about each teacher.
        items = [one for one in items if one.weighed or (one.finding and one.finding.teacher)]
    if requires.each_teacher and named:
        items += [
            _Item(state=rule.on_missing, text=f"{shown(one.name)}: no probe left a finding about {words}")
            for one in court.plan.subjects
            if one.role is Role.TEACHER and one.digest not in named
        ]
    return items


def _item(rule: Rule, requires: Requires, reading: Reading, court: _Court) -> _Item:
    finding = reading.finding
    said = _attributed(reading)
    if finding.outcome is Outcome.FAILED:
        return _Item(state=rule.on_missing, text=f"{said} (the probe broke down)", finding=finding)
    if finding.outcome is Outcome.NOT_APPLICABLE:
        return _Item(state=rule.on_not_applicable, text=said, finding=finding, weighed=False)
    guarantee = finding.result.guarantee if finding.result else None
    if guarantee is None or _STRONGEST_FIRST.index(guarantee) > _STRONGEST_FIRST.index(requires.guarantee):
        has = f"is {guarantee.value}" if guarantee else "has no test behind it"
        text = f"{said} (the evidence {has}, and this rule needs {requires.guarantee.value} or stronger)"
        return _Item(state=RuleState.INCONCLUSIVE, text=text, finding=finding, weighed=False)
    item = _decide(rule, court.scan | dict(reading.values), quiet=said)
    if item.state is RuleState.PASS and (reading.doubt or finding.outcome is Outcome.INCONCLUSIVE):
        doubt = f" ({reading.doubt})" if reading.doubt else ""
        item = replace(item, state=RuleState.INCONCLUSIVE, text=f"{said}{doubt}")
    return replace(item, finding=finding)


def _decide(rule: Rule, values: dict[str, object], *, quiet: str) -> _Item:
    decision = rule.condition.decide(values)
    if decision.value is None:
        return _Item(state=rule.on_missing, text=f"{quiet} (this rule is undecided: {decision.reason})")
    if decision.value:
        return _Item(state=rule.on_fire, text=rule.message.render(values))
    return _Item(state=RuleState.PASS, text=quiet)


def _attributed(reading: Reading) -> str:
    reason = shown(reading.finding.reason).rstrip(".")
    name = reading.values.get("teacher.name")
    return reason if not isinstance(name, str) or name in reason else f"{shown(name)}: {reason}"


def _waive(rule: Rule, item: _Item, court: _Court) -> _Item:
    if item.state is not RuleState.FAIL:
        return item
    fingerprint = item.finding.fingerprint if item.finding else None
    for waiver in court.waivers:
        if waiver.covers(rule.id, court.plan.suspect.digest, fingerprint) and not waiver.objection(
            rule.severity, court.pack.max_waiver_days, court.today
        ):
            return replace(item, state=RuleState.WAIVED, waiver=waiver)
    return item


def _verdict(pack: PolicyPack, judged: Sequence[tuple[Rule, tuple[_Item, ...]]]) -> Verdict:
    results = tuple(_result(rule, items) for rule, items in judged)
    deciding = {one.state for one in results if one.mode is Mode.DENY}
    if RuleState.FAIL in deciding:
        status = Status.FAIL
    elif RuleState.INCONCLUSIVE in deciding or not deciding & {RuleState.PASS, RuleState.WAIVED}:
        status = Status.INCONCLUSIVE
    else:
        status = Status.PASS
    return Verdict(
        policy=pack.name,
        policy_title=pack.title,
        policy_digest=pack.digest,
        status=status,
        rules=results,
    )


def _result(rule: Rule, items: Sequence[_Item]) -> RuleResult:
    state = min((one.state for one in items), key=_WORST_FIRST.index)
    settled = {RuleState.PASS, RuleState.NOT_APPLICABLE}
    told = [one for one in items if state in settled or one.state not in settled]
    told.sort(key=lambda one: _WORST_FIRST.index(one.state))
    led = [one.finding for one in items if one.state is state and one.finding]
    decisive = ""
    if any(one.state is RuleState.INCONCLUSIVE for one in items):
        open_ones = [one.finding for one in items if one.state is RuleState.INCONCLUSIVE and one.finding]
        decisive = _sentences([*(shown(one.decisive) for one in open_ones), rule.decisive])
    return RuleResult(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        mode=rule.mode,
        state=state,
        message=_sentences(one.text for one in told),
        why=rule.why,
        maps=rule.maps,
        findings=tuple(dict.fromkeys(one.fingerprint for one in led)),
        decisive=decisive,
        waiver=_sentences(one.waiver.result(WaiverStatus.APPLIED).summary for one in items if one.waiver),
        line=rule.line,
    )


def _sentences(texts: Iterable[str]) -> str:
    """Texts as sentences on one line, each said once."""
    said = dict.fromkeys(" ".join(text.split()).rstrip(".") for text in texts)
    return " ".join(f"{text}." for text in said if text)
