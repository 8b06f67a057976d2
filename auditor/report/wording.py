"""The words for claims, outcomes, guarantees and states: careful ones, said the same way in every format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Role, Stratum
from auditor.record.verdict import Mode, RuleState, Severity, Status
from auditor.report.numerals import attainable, count, effect, interval, number, p_words, percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimWords:
    """How a claim is put to a reader.

    Attributes:
        title: Two or three words.
        about: The claim about suspect ``{s}`` and teacher ``{t}``.
        says: What it would mean.
        beware: What it must not be confused with.
    """

    title: str
    about: str
    says: str
    beware: str


CLAIMS: dict[Claim, ClaimWords] = {
    Claim.ANCESTRY: ClaimWords(
        title="Ancestry of weights",
        about="the weights of {s} come from {t}",
        says="The weights were fine-tuned, pruned, merged, quantised or started from "
        "those of the other model.",
        beware="Says nothing about learning from outputs: a model distilled into fresh weights has no such "
        "ancestry, and a model with this ancestry need not have been distilled.",
    ),
    Claim.DISTILLED_FROM: ClaimWords(
        title="Distilled from",
        about="{s} learned from outputs of {t}",
        says="The suspect was trained on answers, probabilities, traces or hidden states of the teacher.",
        beware="A common base, common training data, equal skill, or a sibling of the teacher can look "
        "alike; each stratum of controls stands for one of these, and one without members rules nothing out.",
    ),
    Claim.TRAINED_ON_SERVED: ClaimWords(
        title="Trained on served answers",
        about="{s} learned from the logged answers of {t}",
        says="Exactly these logged answers were among the training data.",
        beware="Does not speak about other outputs of the same teacher.",
    ),
    Claim.SAFETY_LOSS: ClaimWords(
        title="Safety loss",
        about="{s} complies where {t} refuses",
        says="Refusals of the reference model were lost in the suspect.",
        beware="A judge's mistakes, or a threshold that moved for harmless requests as well, can look alike.",
    ),
    Claim.OVER_REFUSAL: ClaimWords(
        title="Over-refusal",
        about="{s} refuses harmless requests that {t} answers",
        says="The suspect turns down requests that only sound unsafe.",
        beware="Not a gain in safety, and not measured by the unsafe prompts.",
    ),
    Claim.BENCHMARK_OVERFIT: ClaimWords(
        title="Benchmark overfitting",
        about="{s} is better on the public items than its ability explains",
        says="The public items, or answers to them, were probably seen in training.",
        beware="A model that is simply good does as well on fresh items of the same kind.",
    ),
    Claim.ERROR_INHERITANCE: ClaimWords(
        title="Inherited errors",
        about="{s} learned answers of {t} to published items",
        says="Mistakes of the teacher on published items come back more often than those on fresh items "
        "of the same making.",
        beware="Published answers of the teacher teach the same as the teacher itself, and a student that "
        "learned from its other outputs shows nothing here.",
    ),
    Claim.MONOCULTURE: ClaimWords(
        title="Monoculture",
        about="{s} fails together with {t}",
        says="The two fail on the same items, so that one is no check on the other.",
        beware="Says nothing about who learned from whom.",
    ),
    Claim.TRACE_CONTAMINATION: ClaimWords(
        title="Trace contamination",
        about="the reasoning of {s} follows the habits of {t}",
        says="A risk: traces in the manner of the other model may have been among the training data.",
        beware="No lineage: the manner may come from any traces in it, and common phrases of a field are no "
        "mark of one model.",
    ),
    Claim.CALIBRATION_LOSS: ClaimWords(
        title="Calibration loss",
        about="{s} is worse calibrated than {t}",
        says="Stated or implied confidence matches the hit rate less well.",
        beware="Not a loss of accuracy by itself.",
    ),
    Claim.TAIL_LOSS: ClaimWords(
        title="Loss on rare cases",
        about="{s} falls behind {t} most on rare or hard items",
        says="The average hides a loss at the tail.",
        beware="An evenly weaker model has no such slope.",
    ),
    Claim.DECLARATION_MISMATCH: ClaimWords(
        title="Declaration mismatch",
        about="what was declared about {s} disagrees with what was measured",
        says="Model card, licence or training summary and the measurements do not fit together.",
        beware="A declaration may be incomplete by mistake.",
    ),
}

OUTCOMES: dict[Outcome, str] = {
    Outcome.SUPPORTS: "Supported",
    Outcome.DOES_NOT_SUPPORT: "No evidence found",
    Outcome.INCONCLUSIVE: "Inconclusive",
    Outcome.NOT_APPLICABLE: "Not measured",
    Outcome.FAILED: "Method failed",
}

STATUSES: dict[Status, str] = {Status.PASS: "Pass", Status.FAIL: "Fail", Status.INCONCLUSIVE: "Inconclusive"}

STATES: dict[RuleState, str] = {
    RuleState.FAIL: "Failed",
    RuleState.INCONCLUSIVE: "Inconclusive",
    RuleState.WAIVED: "Waived",
    RuleState.PASS: "Passed",
    RuleState.NOT_APPLICABLE: "Not applicable",
}

MODES: dict[Mode, str] = {Mode.DENY: "denies release", Mode.WARN: "warns", Mode.INFO: "informs"}

SEVERITIES: dict[Severity, str] = {
    Severity.INFO: "info",
    Severity.LOW: "low severity",
    Severity.MEDIUM: "medium severity",
    Severity.HIGH: "high severity",
    Severity.CRITICAL: "critical severity",
}

ROLES: dict[Role, str] = {
    Role.SUSPECT: "suspect",
    Role.TEACHER: "candidate teacher",
    Role.BASE: "base",
    Role.CONTROL: "control",
    Role.TWIN: "twin",
    Role.MEMBER: "recorded model",
    Role.RATER: "person who labels",
    Role.JUDGE: "judge",
}

STRATA: dict[str, str] = {
    Stratum.SAME_BASE: "same base, not distilled",
    Stratum.SAME_DATA: "same prompts, other answers",
    Stratum.SIBLING_STUDENT: "students of a sibling",
    Stratum.UNRELATED: "unrelated",
}

GUARANTEES: dict[Guarantee, str] = {
    Guarantee.EXACT: "Exact: the error rate holds at any sample size, by randomness that the "
    "design itself made.",
    Guarantee.CALIBRATED: "Calibrated: the error rate holds if, without the claim, the suspect is "
    "exchangeable with the control models.",
    Guarantee.PARAMETRIC: "Parametric: the error rate holds if models of one recipe scatter as a normal "
    "distribution has it.",
    Guarantee.ASYMPTOTIC: "Large-sample: an effect between these very models, generalised over questions "
    "and not over models.",
    Guarantee.INDICATIVE: "Indicative: there is no null, so no error rate; never enough for a "
    "rule by itself.",
}

#: Part of the name under which methods state the smallest effect that they would have found.
_DETECTABLE = "detectable"


def stratum(name: str) -> str:
    """A stratum of controls in words."""
    return STRATA.get(name, name or "unrelated")


def guarantee(result: TestResult) -> str:
    """What stands behind the p-value, in a few words: ``calibrated against 40 control models``."""
    if result.guarantee is Guarantee.EXACT:
        return f"exact, {_replicates(result)}"
    if result.guarantee is Guarantee.CALIBRATED:
        models = len(result.controls) or result.n
        return f"calibrated against {count(models, 'control model')}"
    if result.guarantee is Guarantee.PARAMETRIC:
        return f"parametric, {_replicates(result)}"
    if result.guarantee is Guarantee.ASYMPTOTIC:
        return f"large-sample, {_replicates(result)}"
    return "indicative only, no error rate"


def _replicates(result: TestResult) -> str:
    unit = result.unit_of_replication.strip() or "replications"
    if result.n == 1:
        unit = unit.removesuffix("s")
    return f"over {result.n:,} {unit}"


def detectable(finding: Finding) -> Fact | None:
    """The smallest effect that the design would have found, where a fact states it."""
    return next((fact for fact in finding.facts if _DETECTABLE in fact.name), None)


def amount(fact: Fact) -> str:
    """A fact's value with its unit."""
    return f"{number(fact.value)} {fact.unit}".rstrip()


def ratio_words(finding: Finding) -> str:
    """``31 to 1 over an innocent model, moderate support for the claim``; empty where no ratio is stated."""
    ratio, support = finding.fact("likelihood_ratio"), finding.fact("support")
    if not isinstance(ratio, float) or ratio <= 0 or not isinstance(support, str):
        return ""
    odds = f"{number(ratio, 2)} to 1" if ratio >= 1 else f"1 to {number(1 / ratio, 2)}"
    return f"{odds} over an innocent model, {support}"


def strength(finding: Finding) -> str:
    """How strong a finding is, in one clause that keeps outcome, p-value and guarantee together."""
    result = finding.result
    if ratio := ratio_words(finding):
        cost = finding.fact("cllr")
        known = f", at a cost of {number(cost, 2)} bits on known models" if isinstance(cost, float) else ""
        return f"Likelihood ratio {ratio}{known}; no test, and no rule goes by it"
    tested = ""
    if result is not None:
        p = p_words(result)
        tested = f"{p} ({guarantee(result)})" if p else guarantee(result)
    if finding.outcome is Outcome.SUPPORTS:
        joined = " at" if result is not None and p_words(result) else ","
        return f"Supported{joined} {tested}" if tested else "Supported; no test was made"
    if finding.outcome is Outcome.DOES_NOT_SUPPORT:
        return _nothing_found(finding, tested)
    if finding.outcome is Outcome.INCONCLUSIVE:
        return f"Inconclusive, {tested}" if tested else "Inconclusive; no test could be made"
    if finding.outcome is Outcome.FAILED:
        return "The method stopped with an error; nothing follows from it"
    return "Not measured"


def _nothing_found(finding: Finding, tested: str) -> str:
    head = f"No evidence found, {tested}" if tested else "No evidence found"
    fact = detectable(finding)
    if fact is None:
        return f"{head}; the smallest effect it would have found is not stated"
    return f"{head}; an effect of {amount(fact)} or more would have been found"


def effect_words(result: TestResult) -> str:
    """The estimate with its interval: ``0.31 (0.22 to 0.40, 95 %) nats per byte``."""
    value = effect(result.effect, result.interval)
    if result.interval is None:
        return f"{value} {result.effect_unit}".rstrip()
    ends = interval(*result.interval)
    return f"{value} ({ends}, {percent(result.level)}) {result.effect_unit}".rstrip()


def controls_words(result: TestResult) -> str:
    """How many controls, in how many strata, and what p they make attainable."""
    parts = []
    if result.controls:
        strata = len({one.stratum for one in result.controls})
        placed = f" in {count(strata, 'stratum', 'strata')}" if strata > 1 else ""
        parts.append(f"{count(len(result.controls), 'control')}{placed}")
    elif result.guarantee is Guarantee.CALIBRATED:
        parts.append(count(result.n, "control"))
    least = attainable(result)
    if least:
        parts.append(f"smallest attainable p {least}")
    return ", ".join(parts)


def about(claim: Claim, suspect: str, teacher: str | None) -> str:
    """The claim about these two, as a clause."""
    return CLAIMS[claim].about.format(s=suspect, t=teacher or "its reference")


def sentence(text: str, names: Iterable[str] = ()) -> str:
    """The text with a full stop behind and a capital in front, unless one of ``names`` stands there."""
    text = text.strip()
    if not text:
        return ""
    named = any(name and text.startswith(name) for name in names)
    return (text if named else text[0].upper() + text[1:]) + ("" if text[-1] in ".!?…:" else ".")
