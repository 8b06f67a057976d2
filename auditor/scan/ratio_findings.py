"""Findings of a weighing: what all methods of a scan tell together of each candidate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome, Table
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Plan
from auditor.record.subject import Role, Subject
from auditor.scan.calibration_file import KindOfScan
from auditor.scan.weighing import METHOD, PROBE, Weighing
from auditor.stats.likelihood_ratio import in_words

#: Cost in bits of ratios that say nothing.
_SAYS_NOTHING = 1.0
_LN10 = math.log(10.0)
_TRAVELS = (
    "The calibration rests on the models of “{population}” ({digest}). For models of another size, language "
    "or way of training, or with far fewer controls, ratios may be wrong either way, and nothing shows it."
)
_NO_PROBABILITY = (
    "A likelihood ratio is not the probability of the claim: that depends as well on what was known before "
    "this scan, which is left to the reader."
)


def weighed(weighing: Weighing, plan: Plan, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding for each candidate: the likelihood ratio that all methods together come to.

    It is no test and so never supports a claim: its outcome is inconclusive and its guarantee indicative,
    which no rule takes for more.

    Args:
        weighing: The calibration.
        plan: The scan's plan.
        findings: What the methods concluded.
    """
    teachers = [one for one in plan.subjects if one.role is Role.TEACHER]
    if not teachers:
        return (_without(plan, None, "no candidate teacher is named", "--teacher MODEL"),)
    return _beside_each_other(tuple(_of_candidate(weighing, plan, findings, one) for one in teachers), plan)


def _beside_each_other(found: tuple[Finding, ...], plan: Plan) -> tuple[Finding, ...]:
    """Say of a candidate that another one is ahead: a student of that one may be like its own."""
    ratios = [(float(one.fact("likelihood_ratio") or 0.0), one.teacher) for one in found]
    names = {one.digest: one.name for one in plan.subjects if one.role is Role.TEACHER}
    highest, first = max(ratios, key=lambda pair: pair[0])
    ahead = (
        f"; {names[first or '']} has a higher ratio, and a student of it may be like one of this candidate"
    )
    return tuple(
        replace(one, reason=one.reason + ahead) if 1.0 < ratio < highest else one
        for one, (ratio, _) in zip(found, ratios, strict=True)
    )


def _of_candidate(weighing: Weighing, plan: Plan, findings: Sequence[Finding], teacher: Subject) -> Finding:
    chosen = weighing.chosen
    if chosen.cllr is None or chosen.cllr >= _SAYS_NOTHING:
        cost = "could not be checked" if chosen.cllr is None else f"cost {chosen.cllr:.2f} bits"
        reason = (
            f"the ratios of this calibration {cost} on models that it had not seen, so that none is stated; "
            "1 bit says nothing"
        )
        return _without(plan, teacher, reason, "a calibration on more models whose teachers are unrelated")
    scores = _scores(chosen, plan, findings, teacher)
    fusion = chosen.fusion
    total = float(fusion.sums(scores[None])[0])
    if math.isnan(total):
        needed = ", ".join(one.probe for one in chosen.probes if one.weight > 0)
        reason = f"none of the methods that the calibration goes by has a score ({needed})"
        return _without(plan, teacher, reason, "what these methods need, such as log-probabilities")
    missing = tuple(
        one.probe
        for one, score in zip(chosen.probes, scores, strict=True)
        if one.weight > 0 and not math.isfinite(score)
    )
    log_ratio = _corrected(weighing, float(fusion.log_ratios(scores[None])[0]))
    if missing:
        # A score that lies where innocents lie because nobody took it must not speak for innocence.
        log_ratio = max(log_ratio, 0.0)
    words = in_words(log_ratio)
    suspect = plan.suspect.name
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=PROBE,
        method=METHOD,
        suspect=plan.suspect.digest,
        teacher=teacher.digest,
        outcome=Outcome.INCONCLUSIVE,
        reason=(
            f"what the methods found together is {_times(log_ratio)} if {suspect} learned from outputs of "
            f"{teacher.name} than if it learned from no candidate at all ({words}), calibrated on "
            f"{chosen.guilty} students and {chosen.innocent} innocent models of {weighing.file.population}"
        ),
        decisive="a method with a null of its own; a ratio only says how far the evidence moves an opinion",
        result=_result(weighing, log_ratio),
        facts=_facts(weighing, log_ratio, words, missing),
        exhibits=_exhibits(weighing, scores, total, log_ratio),
        limits=_limits(weighing, missing),
    )


def _scores(
    chosen: KindOfScan, plan: Plan, findings: Sequence[Finding], teacher: Subject
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.full(len(chosen.probes), np.nan)
    for place, probe in enumerate(chosen.probes):
        for one in findings:
            fits = one.probe == probe.probe and one.claim is Claim.DISTILLED_FROM
            if fits and (one.suspect, one.teacher) == (plan.suspect.digest, teacher.digest) and one.result:
                found[place] = one.result.statistic
    return found


def _corrected(weighing: Weighing, log_ratio: float) -> float:
    """With more candidates than the known innocents had, the highest ratio of an innocent is higher too.

    The chance that one of n candidates reaches a high score is at most n/k times that of one of k.
    """
    excess = max(0.0, math.log(max(weighing.candidates, 1) / weighing.chosen.candidates))
    return max(log_ratio - excess, weighing.chosen.total.least)


def _times(log_ratio: float) -> str:
    ratio = math.exp(abs(log_ratio))
    size = f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
    if size == "1.0":
        return "as probable"
    return f"{size} times as probable" if log_ratio > 0 else f"{size} times less probable"


def _result(weighing: Weighing, log_ratio: float) -> TestResult:
    chosen = weighing.chosen
    return TestResult(
        method=METHOD,
        null="none is tested: the ratio is over a model that learned from no candidate",
        alternative="the suspect scores as students of a candidate do",
        statistic=log_ratio / _LN10,
        statistic_name="decimal logarithm of the likelihood ratio",
        effect=log_ratio / _LN10,
        effect_unit="orders of magnitude, for the claim where positive",
        n=chosen.guilty + chosen.innocent,
        unit_of_replication="known models",
        guarantee=Guarantee.INDICATIVE,
        assumptions=(
            "the suspect is like the models of known ancestry that the ratio was calibrated on",
            f"on known models, each judged without its relatives, the ratios cost {chosen.cllr:.2f} bits "
            "(0 is perfect, 1 says nothing)",
        ),
        source="Brümmer et al. 2007 (fusion); ENFSI Guideline for Evaluative Reporting 2015 (words)",
    )


def _facts(weighing: Weighing, log_ratio: float, words: str, missing: tuple[str, ...]) -> tuple[Fact, ...]:
    chosen = weighing.chosen
    return (
        Fact(name="likelihood_ratio", value=math.exp(log_ratio), unit="to 1", meaning="likelihood ratio"),
        Fact(name="log10_likelihood_ratio", value=log_ratio / _LN10, meaning="its decimal logarithm"),
        Fact(name="support", value=words, meaning="in words of the ENFSI scale"),
        Fact(name="known_students", value=chosen.guilty, meaning="known students that it rests on"),
        Fact(name="known_innocents", value=chosen.innocent, meaning="known innocent models that it rests on"),
        Fact(name="cllr", value=chosen.cllr or 0.0, unit="bits", meaning="cost of such ratios, cross-fitted"),
        Fact(name="methods_missing", value=", ".join(missing) or "none", meaning="methods without a score"),
        Fact(name="calibration", value=weighing.file.digest, meaning="digest of the calibration"),
    )  # fmt: skip


def _exhibits(
    weighing: Weighing, scores: np.ndarray[tuple[int], np.dtype[np.float64]], total: float, log_ratio: float
) -> tuple[Exhibit, ...]:
    chosen, fusion = weighing.chosen, weighing.chosen.fusion
    added = fusion.contributions(scores[None])[0]
    parts = Table(
        title="What each method adds",
        columns=("probe", "statistic", "spreads above innocents", "weight", "adds"),
        rows=tuple(
            (
                one.probe,
                float(score) if math.isfinite(score) else None,
                float(scale.standardised(np.array([score]))[0]) if scale and math.isfinite(score) else None,
                one.weight,
                float(contribution),
            )
            for one, scale, score, contribution in zip(
                chosen.probes, fusion.scales, scores, added, strict=True
            )
        ),
        note="Statistics are those of the probes' own findings. A missing one counts as innocents do on "
        "average.",
    )
    unclamped = float(fusion.calibration.unclamped(np.array([total]))[0])
    steps = Table(
        title="From the sum to the ratio",
        columns=("step", "value"),
        rows=(
            ("weighted sum", total),
            ("natural logarithm of the ratio, by the regression", unclamped),
            ("the most that the known innocents bear out", chosen.total.most),
            ("the least that the known students bear out", chosen.total.least),
            ("candidates, in the calibration", chosen.candidates),
            ("candidates, in this scan", weighing.candidates),
            ("natural logarithm of the ratio, as stated", log_ratio),
        ),
        note="With more candidates than in the calibration, the ratio is divided by as many times more. "
        "Where a method gave no score, no ratio below 1 is stated.",
    )
    return (parts, steps)


def _limits(weighing: Weighing, missing: tuple[str, ...]) -> tuple[str, ...]:
    file, chosen = weighing.file, weighing.chosen
    found = [_TRAVELS.format(population=file.population, digest=file.models_digest[:19]), _NO_PROBABILITY]
    found.append(
        "The ratio is over innocent models and does not set candidates against each other: of known "
        f"students, the own teacher had the highest ratio for {chosen.students_right} of {chosen.students}, "
        f"and {chosen.others_supported} of {chosen.others} candidates that were not it had one of 2 or more."
    )
    if missing:
        found.append(
            f"{', '.join(missing)} gave no score and counts as innocent models do on average; a ratio below "
            "1 is not stated then, since it may come from what was not measured."
        )
    if weighing.candidates > chosen.candidates:
        found.append(
            f"The calibration had {chosen.candidates} candidates for each suspect and this scan has "
            f"{weighing.candidates}; the ratio was divided by {weighing.candidates / chosen.candidates:.2g}."
        )
    return tuple(found)


def _without(plan: Plan, teacher: Subject | None, reason: str, decisive: str) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=PROBE,
        method=METHOD,
        suspect=plan.suspect.digest,
        teacher=teacher.digest if teacher else None,
        outcome=Outcome.NOT_APPLICABLE,
        reason=reason,
        decisive=decisive,
    )
