"""The first screen: verdict, reason, strength, limits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditor.record.scan import Scan
from auditor.record.subject import Access, Role
from auditor.record.verdict import Mode, RuleResult, RuleState, Status
from auditor.report.cast import Cast
from auditor.report.numerals import count
from auditor.report.rules import RuleLine
from auditor.report.waivers import idle_words
from auditor.report.wording import STATUSES, ratio_words

_MEANING = {
    Status.FAIL: "Under this policy the model is not to be released as it is. Every rule links to its "
    "evidence, and what that evidence does not show is listed with it.",
    Status.PASS: "Every rule that denies release was decided and none was broken. This clears the model of "
    "nothing beyond the claims, the teachers and the limits on this page.",
    Status.INCONCLUSIVE: "This is not a pass. No deny rule was broken, but at least one could not be decided "
    "with the evidence at hand; what would decide it is named below.",
}
_MEANING_WITH_WAIVERS = {
    Status.FAIL: _MEANING[Status.FAIL],
    Status.PASS: "Every rule that denies release was decided. What was broken was waived by a named person, "
    "for this model and for a stated time; a waiver takes nothing from the evidence.",
    Status.INCONCLUSIVE: "This is not a pass. Every deny rule that was broken is waived, but at least one "
    "could not be decided with the evidence at hand; what would decide it is named below.",
}
_SHOWN_LIMITS = 2
_LIMIT_LENGTH = 190
_TITLE_LENGTH = 120
_MESSAGE_LENGTH = 320
_SHOWN_STRENGTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A label with its value; ``code`` is set for identifiers."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lede:
    """What a reader takes away without scrolling.

    Attributes:
        state: ``pass``, ``fail``, ``inconclusive`` or ``unjudged``, for colour and icon.
        status: The verdict in one word.
        headline: The verdict in one sentence.
        reason: How the deny rules came out, in one sentence.
        meaning: What that means for the reader.
        waived: Words about waived rules, or empty.
        idle_waivers: Words about waivers that did not count, or empty.
        because: The rules that led to the verdict, weightiest first.
        strongest: Title over ``because``.
        facts: What was compared with what.
        limits: The limits that a reader must know first.
        more_limits: How many more there are, in words, or empty.
    """

    state: str
    status: str
    headline: str
    reason: str
    meaning: str
    waived: str
    idle_waivers: str
    strongest: str
    because: tuple[RuleLine, ...]
    facts: tuple[Entry, ...]
    limits: tuple[str, ...]
    more_limits: str


def build_lede(scan: Scan, cast: Cast, rules: tuple[RuleLine, ...], limits: tuple[str, ...]) -> Lede:
    """Work out the first screen."""
    verdict = scan.verdict
    first = tuple(_clipped(one) for one in limits[:_SHOWN_LIMITS])
    more = f"and {count(len(limits) - len(first), 'more limit')}" if len(limits) > len(first) else ""
    if verdict is None:
        finished = "The scan was not judged." if scan.finished_at else "The scan is not finished."
        return Lede(
            state="unjudged",
            status="No verdict",
            headline=f"{cast.suspect} was not judged.",
            reason=f"{finished} What was measured so far is below.",
            meaning="Without a policy's verdict, nothing on this page passes or fails a model.",
            waived="",
            idle_waivers="",
            strongest="",
            because=(),
            facts=_facts(scan, cast),
            limits=first,
            more_limits=more,
        )
    title = _clipped(verdict.policy_title or verdict.policy, _TITLE_LENGTH)
    suspect = _clipped(cast.suspect, _TITLE_LENGTH)
    headline = {
        Status.PASS: f"{suspect} passes “{title}”{_with_waivers(verdict.rules)}.",
        Status.FAIL: f"{suspect} fails “{title}”.",
        Status.INCONCLUSIVE: f"Whether {suspect} passes “{title}” is undecided.",
    }[verdict.status]
    strongest, because = _because(verdict.status, verdict.rules, rules)
    waived = [one for one in verdict.in_state(RuleState.WAIVED) if one.mode is Mode.DENY]
    return Lede(
        state=verdict.status.value,
        status=STATUSES[verdict.status],
        headline=headline,
        reason=_reason(verdict.rules),
        meaning=(_MEANING_WITH_WAIVERS if waived else _MEANING)[verdict.status],
        waived=_waived(len(verdict.in_state(RuleState.WAIVED))),
        idle_waivers=idle_words(verdict.waivers),
        strongest=strongest,
        because=because,
        facts=_facts(scan, cast),
        limits=first,
        more_limits=more,
    )


def _clipped(text: str, most: int = _LIMIT_LENGTH) -> str:
    if len(text) <= most:
        return text
    return text[:most].rsplit(" ", 1)[0].rstrip(",;:. ") + " …"


def _brief(line: RuleLine) -> RuleLine:
    """The rule with its words cut to what a first screen can hold; the list of rules has all of them."""
    shown = 1 if line.state == RuleState.PASS.value else _SHOWN_STRENGTHS
    return replace(
        line,
        title=_clipped(line.title, _TITLE_LENGTH),
        message=_clipped(line.message, _MESSAGE_LENGTH),
        decisive=_clipped(line.decisive, _MESSAGE_LENGTH),
        waiver=_clipped(line.waiver, _MESSAGE_LENGTH),
        strengths=tuple(
            replace(one, words=_clipped(one.words, _MESSAGE_LENGTH)) for one in line.strengths[:shown]
        ),
    )


def _with_waivers(rules: tuple[RuleResult, ...]) -> str:
    n = sum(rule.state is RuleState.WAIVED for rule in rules)
    return f", with {count(n, 'rule')} waived" if n else ""


def _waived(n: int) -> str:
    if n == 0:
        return ""
    verb = "rule fired and was" if n == 1 else "rules fired and were"
    return f"{n} {verb} waived by a person; the evidence stands as it is."


def _reason(rules: tuple[RuleResult, ...]) -> str:
    deny = [rule for rule in rules if rule.mode is Mode.DENY]
    if not deny:
        return "The policy has no rule that denies release."
    of = {state: sum(rule.state is state for rule in deny) for state in RuleState}
    parts = [
        f"{of[state]:,} {words}"
        for state, words in (
            (RuleState.FAIL, "failed"),
            (RuleState.INCONCLUSIVE, "could not be decided"),
            (RuleState.WAIVED, "waived"),
            (RuleState.PASS, "passed"),
            (RuleState.NOT_APPLICABLE, "not applicable"),
        )
        if of[state]
    ]
    warned = sum(rule.mode is not Mode.DENY and rule.state is RuleState.FAIL for rule in rules)
    tail = f" {count(warned, 'rule warns', 'rules warn')} besides." if warned else ""
    return f"Of {count(len(deny), 'rule that denies', 'rules that deny')} release: {', '.join(parts)}.{tail}"


def _because(
    status: Status, results: tuple[RuleResult, ...], lines: tuple[RuleLine, ...]
) -> tuple[str, tuple[RuleLine, ...]]:
    deny = [(rule, line) for rule, line in zip(results, lines, strict=True) if rule.mode is Mode.DENY]

    def having(*states: RuleState) -> tuple[RuleLine, ...]:
        return tuple(_brief(line) for state in states for rule, line in deny if rule.state is state)

    if status is Status.FAIL:
        return "Why", having(RuleState.FAIL, RuleState.INCONCLUSIVE, RuleState.WAIVED)
    if status is Status.INCONCLUSIVE:
        return "Why it is undecided", having(RuleState.INCONCLUSIVE, RuleState.FAIL, RuleState.WAIVED)
    return "What was decided", having(RuleState.WAIVED, RuleState.PASS)


def _facts(scan: Scan, cast: Cast) -> tuple[Entry, ...]:
    by_role = {
        role: tuple(one for one in scan.plan.subjects if one.role is role)
        for role in (Role.TEACHER, Role.BASE, Role.CONTROL, Role.TWIN, Role.MEMBER)
    }
    suspect = next((one for one in scan.plan.subjects if one.role is Role.SUSPECT), None)
    access = suspect.access.label if suspect else "unknown"
    teachers = ", ".join(_clipped(one.name, _TITLE_LENGTH) for one in by_role[Role.TEACHER][:3]) or (
        "among the recorded models" if by_role[Role.MEMBER] else "none given"
    )
    if len(by_role[Role.TEACHER]) > 3:
        teachers += f" and {len(by_role[Role.TEACHER]) - 3} more"
    bases = ", ".join(_clipped(one.name, _TITLE_LENGTH) for one in by_role[Role.BASE]) or "none given"
    controls = count(len(by_role[Role.CONTROL]), "model") if by_role[Role.CONTROL] else "none"
    if by_role[Role.MEMBER]:
        controls += f", and {count(len(by_role[Role.MEMBER]), 'recorded model')}"
    if by_role[Role.TWIN]:
        controls += f", and {count(len(by_role[Role.TWIN]), 'twin')}"
    shallow = suspect is not None and suspect.access <= Access.TOP_LOGPROBS
    return (
        Entry(label="Suspect", value=_clipped(cast.suspect, _TITLE_LENGTH)),
        Entry(label="Looked into", value=f"{access}{' only' if shallow else ''}"),
        Entry(label="Candidate teachers", value=teachers),
        Entry(label="Base", value=bases),
        Entry(label="Controls", value=controls),
        *_weighed(scan, cast),
    )


def _weighed(scan: Scan, cast: Cast) -> tuple[Entry, ...]:
    """The likelihood ratio of each candidate, highest first, where all methods were weighed together."""
    ratios = [
        (float(one.fact("likelihood_ratio") or 0.0), cast.name(one.teacher) or "", words)
        for one in scan.findings
        if (words := ratio_words(one))
    ]
    ratios.sort(key=lambda row: -row[0])
    return tuple(
        Entry(label="Likelihood ratio", value=f"{_clipped(teacher, _TITLE_LENGTH)}: {words}")
        for _, teacher, words in ratios[:_SHOWN_STRENGTHS]
    )
