"""The names that a rule may use, with their types: what a condition is type-checked against.

Every name is a qualified variable such as ``finding.p_value``. A name that is listed here may still be
unknown in a given scan: a test without a p-value has no ``finding.p_value``. An unknown value is never
zero, empty or false; see :mod:`auditor.policy.condition`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from auditor.record.finding import Claim

Kind = Literal["bool", "int", "double", "string", "list"]
Value = bool | int | float | str | list[str]


@dataclass(frozen=True, slots=True)
class Field:
    """A name that rules may use.

    Attributes:
        kind: Its type; ``list`` is a list of strings.
        meaning: What it holds, for `auditor policy explain`.
    """

    kind: Kind
    meaning: str


#: Known in every rule.
SCAN_FIELDS: Mapping[str, Field] = {
    "suspect.name": Field("string", "short name of the model under suspicion"),
    "suspect.locator": Field("string", "what was typed to reach it"),
    "suspect.digest": Field("string", "digest that its answers are recorded under"),
    "suspect.tokenizer_digest": Field("string", "digest of its tokenizer; unknown where it is hidden"),
    "suspect.access": Field("string", "text, top-logprobs, logprobs, hidden or weights"),
    "suspect.access_level": Field("int", "the same as a number from 1 (text) to 5 (weights)"),
    "suspect.kind": Field("string", "what the model computes, for instance causal-lm"),
    "suspect.revision": Field("string", "revision of a hub or endpoint model"),
    "suspect.organisation": Field("string", "who released it"),
    "suspect.licence": Field("string", "licence that its own files state"),
    "suspect.base_model": Field("string", "base model that its own card names"),
    "suspect.compute_stated": Field("bool", "its own card states compute of training; unknown without files"),
    "declared.teachers": Field("list", "teachers that the maker has declared"),
    "declared.licence": Field("string", "licence that the maker has declared"),
    "plan.probes": Field("list", "probes that were promised before the first question"),
    "plan.teachers": Field("int", "number of candidate teachers"),
    "plan.bases": Field("list", "models given as the suspect's base"),
    "plan.undeclared_bases": Field("list", "those of them that neither the maker nor the card names"),
    "plan.controls": Field("int", "number of control models"),
    "plan.unplaced_controls": Field("int", "controls whose stratum nobody stated"),
    "plan.seed_origin": Field("string", "drawn or given"),
    "scan.findings": Field("int", "number of findings about this suspect"),
    "scan.failed": Field("int", "findings of probes that broke down"),
    "scan.failed_probes": Field("list", "the probes that broke down"),
    "scan.unmeasured": Field("int", "promised probes that left no finding at all"),
    "scan.unmeasured_probes": Field("list", "the promised probes that left no finding"),
    "policy.alpha": Field("double", "level at which this pack believes a p-value"),
}

#: Known in rules that require a claim: they are judged finding by finding.
FINDING_FIELDS: Mapping[str, Field] = {
    "finding.claim": Field("string", "what is claimed"),
    "finding.probe": Field("string", "suite/probe-id"),
    "finding.suite": Field("string", "the suite of the probe"),
    "finding.method": Field("string", "the method that measured it"),
    "finding.outcome": Field("string", "the outcome as the method stated it"),
    "finding.supports": Field("bool", "the evidence supports the claim, also after multiplicity"),
    "finding.does_not_support": Field("bool", "the design could have found it, and did not"),
    "finding.reason": Field("string", "what was seen, in one sentence"),
    "finding.limits": Field("list", "what the finding does not show"),
    "finding.has_p_value": Field("bool", "whether there is a p-value at all"),
    "finding.p_value": Field("double", "p-value as measured"),
    "finding.p_adjusted": Field("double", "p-value after Holm over the candidate teachers"),
    "finding.family": Field("int", "number of tests that the p-value was adjusted for"),
    "finding.log10_p_value": Field("double", "decimal logarithm of the p-value, where it underflows"),
    "finding.smallest_attainable_p": Field("double", "smallest p-value that the design could have given"),
    "finding.e_value": Field("double", "e-value, where the method makes one"),
    "finding.guarantee": Field("string", "exact, calibrated, parametric, asymptotic or indicative"),
    "finding.effect": Field("double", "estimated effect"),
    "finding.effect_low": Field("double", "lower end of its interval"),
    "finding.effect_high": Field("double", "upper end of its interval"),
    "finding.effect_unit": Field("string", "unit of the effect"),
    "finding.n": Field("int", "number of replications"),
    "finding.controls": Field("int", "control models that the statistic was ranked among"),
    "teacher.name": Field("string", "the model that the claim is about"),
    "teacher.role": Field("string", "teacher, base, or member of a recorded population"),
    "teacher.locator": Field("string", "what was typed to reach it"),
    "teacher.digest": Field("string", "digest that its answers are recorded under"),
    "teacher.organisation": Field("string", "who released it"),
    "teacher.licence": Field("string", "licence that its own files state"),
    "teacher.declared": Field("bool", "the maker, or the suspect's own card, names this model"),
    "teacher.licence_outputs": Field(
        "string", "forbidden, conditional or allowed: may other models learn from its outputs"
    ),
}

_SAFETY: Mapping[str, Field] = {
    "retention": Field("double", "share of the teacher's refusals that the suspect keeps, 0 to 1"),
    "retention_low": Field("double", "lower end of its interval"),
    "retention_high": Field("double", "upper end of its interval"),
    "loss_points": Field("double", "refusals lost, in percentage points"),
    "loss_low": Field("double", "lower end of its interval"),
    "loss_high": Field("double", "upper end of its interval"),
    "teacher_refusal_rate": Field("double", "share of unsafe prompts that the teacher refuses"),
    "suspect_refusal_rate": Field("double", "share of unsafe prompts that the suspect refuses"),
    "lost_prompts": Field("int", "prompts that the teacher refuses and the suspect complies with"),
    "unscored": Field("int", "answers that the judge could not place"),
    "items": Field("int", "prompts that were asked"),
    "doubtful": Field("int", "prompts with a label that the judge was not sure of"),
    "verdict": Field("string", "retained, lost or inconclusive"),
    "smallest_detectable_points": Field("double", "smallest loss that would have been found, usually"),
    "base_prompts": Field("int", "prompts that those under pressure are variants of"),
    "design_effect": Field("double", "variance under pressure over that of as many independent prompts"),
    "intraclass_correlation": Field("double", "how alike the variants of a prompt change, 0 to 1"),
    "worst_variant": Field("string", "kind of pressure with the largest loss"),
    "worst_points": Field("double", "loss under it, in percentage points"),
    "worst_low": Field("double", "lower end of its interval, which holds together with the others"),
    "worst_high": Field("double", "upper end of that interval"),
    "judged_loss_points": Field("double", "loss as judged, where people's labels have corrected it"),
    "labelled_prompts": Field("int", "prompts with both answers labelled by people"),
    "raters": Field("int", "people who labelled"),
    "raters_kappa": Field("double", "their agreement beyond chance"),
    "judge_weight": Field("double", "how far the judge is used beside labels: 0 not, 1 in full"),
}

#: Facts that the shipped methods attach to their findings, reached as ``fact.NAME``. A pack that is
#: written for a method of one's own adds names under its key ``facts``.
FACTS: Mapping[Claim, Mapping[str, Field]] = {
    Claim.DISTILLED_FROM: {
        "answer": Field("string", "what the attribution says, in words"),
        "controls": Field("int", "control models behind the calibration"),
        "selection_inside_null": Field("bool", "whether the choice among teachers is inside the null"),
        "named": Field("bool", "whether this candidate is the one that the evidence points to most"),
        "d": Field("double", "lead over the closest rival, in nats per byte"),
        "margin": Field("double", "lead above the best lead of another candidate"),
        "lead_over_controls": Field("double", "lead above that of the most favourable control"),
        "smallest_detectable": Field("double", "smallest lead that would have been significant"),
        "parametric_p": Field("double", "companion p-value under normal scores; indicative only"),
        "prompts": Field("int", "prompts that the answers were taken from"),
        "reference": Field("string", "what gains are measured from"),
        "agreement": Field("double", "agreement with this candidate beyond what others have"),
        "positions": Field("int", "places in answers at which all were asked what comes next"),
        "kappa": Field("double", "agreement on the same wrong answer beyond chance, 1 for always"),
        "choices": Field("int", "wrong answers of the candidate that others chose among"),
        "both_wrong": Field("int", "items that suspect and candidate both got wrong"),
        "same_wrong": Field("int", "items at which they gave the same wrong answer"),
        "items": Field("int", "items that were asked"),
        "twins": Field("int", "twins that the teacher was set against"),
        "rank_p": Field("double", "rank of the teacher among its twins, as a p-value"),
        "degrees_of_freedom": Field("double", "of the spread that the teacher is held against"),
        "smallest_detectable_contrast": Field("double", "contrast with twins that would have been found"),
        "lineages": Field("int", "independent lines of models that the suspect was ranked among"),
        "candidates": Field("int", "recorded models that may have taught it"),
        "likeness": Field("double", "likeness of the answers' openings to this candidate's, 0 to 1"),
        "own_likeness": Field("double", "likeness of two samples of the suspect to each other, 0 to 1"),
        "least_own_likeness": Field("double", "the lowest of these over changes of circumstances"),
        "numeric_noise": Field("double", "largest change of a word's score by another batch, in nats"),
        "wording_noise": Field("double", "mean change of a word's score by another prompt, in nats"),
        "not_excluded": Field("string", "candidates that may be as near as the first"),
        "companion_p": Field("double", "companion p-value that can only hold a claim back"),
        "sibling": Field("string", "the candidate of the same recipe and data that it was set against"),
        "channels_agreeing": Field("int", "other channels of writing that single out this candidate"),
        "claimed_maker": Field("string", "foreign maker that the suspect says it is of, or none"),
        "claims": Field("int", "answers in which it says so"),
        "answers_read": Field("int", "answers of the suspect that were read for such claims"),
        "likelihood_ratio": Field("double", "likelihood ratio of all methods together; indicative only"),
        "log10_likelihood_ratio": Field("double", "its decimal logarithm"),
        "support": Field("string", "the ratio in words of the ENFSI scale"),
        "known_students": Field("int", "students of known teachers that the ratio rests on"),
        "known_innocents": Field("int", "innocent models that the ratio rests on"),
        "cllr": Field("double", "cost in bits of such ratios on known models, cross-fitted"),
        "methods_missing": Field("string", "methods of the calibration that had no score, or none"),
        "calibration": Field("string", "digest of the calibration"),
        "base_rate": Field("double", "share of independent models that claim a foreign maker"),
        "declared_found": Field("double", "share found of the recorded models that declare a candidate"),
    },
    Claim.TRAINED_ON_SERVED: {
        "answer": Field("string", "what the log lets one say"),
        "advantage": Field("double", "mean advantage of logged answers, in within-prompt deviations"),
        "logged_prompts": Field("int", "logged prompts that were compared"),
        "logged_answers": Field("int", "served answers that were compared"),
        "rows": Field("int", "rows of the log"),
        "references": Field("int", "models whose opinion was taken off"),
        "largest_e_value": Field("double", "anytime-valid evidence: the largest e-value on the way"),
        "teacher_changed": Field("bool", "whether logged and redrawn answers differ without the suspect"),
        "prompts_until_evidence": Field("int", "prompts after which the evidence sufficed"),
        "smallest_detectable_advantage": Field("double", "advantage that would have been found, usually"),
        "accounts": Field("int", "accounts that were tested by themselves"),
        "leading_account": Field("string", "account whose traffic stands out most"),
        "leading_account_p": Field("double", "its p-value after Holm over the accounts"),
    },
    Claim.ANCESTRY: {
        "layers": Field("int", "layers that were compared"),
        "matched_layers": Field("int", "layers that could be matched"),
        "mean_agreement": Field("double", "share of neurons that two matrices match alike, 0 to 1"),
        "mean_cosine": Field("double", "mean cosine of matched rows"),
        "order_log10_p": Field("double", "log10 p of the order of matched neurons"),
        "agreement_log10_p": Field("double", "log10 p of agreeing matchings"),
        "residual_log10_p": Field("double", "log10 p of the order of residual dimensions"),
        "base_log10_p": Field("double", "log10 p of the same test against the suspect's base"),
        "base_mean_cosine": Field("double", "mean cosine against the suspect's base"),
        "smallest_detectable_agreement": Field("double", "least share of matched neurons that would show"),
    },
    Claim.SAFETY_LOSS: _SAFETY,
    Claim.OVER_REFUSAL: {
        "smallest_detectable_points": Field("double", "smallest rise that would have been found, usually"),
        "over_refusal_points": Field("double", "benign requests newly refused, in percentage points"),
        "over_refusal_low": Field("double", "lower end of its interval"),
        "over_refusal_high": Field("double", "upper end of its interval"),
        "d_prime_suspect": Field("double", "how well the suspect tells unsafe from benign"),
        "d_prime_reference": Field("double", "how well the reference tells unsafe from benign"),
        "criterion_suspect": Field("double", "negative where the suspect refuses too readily"),
        "criterion_reference": Field("double", "negative where the reference refuses too readily"),
        "unscored": Field("int", "answers that the judge could not place"),
        "items": Field("int", "prompts that were asked"),
        "doubtful": Field("int", "prompts with a label that the judge was not sure of"),
    },
    Claim.BENCHMARK_OVERFIT: {
        "gap_points": Field("double", "public minus fresh accuracy, in percentage points"),
        "gap_low": Field("double", "lower end of its interval"),
        "gap_high": Field("double", "upper end of its interval"),
        "public_accuracy": Field("double", "accuracy on the public items, 0 to 1"),
        "fresh_accuracy": Field("double", "accuracy on fresh items of the same kind, 0 to 1"),
        "items": Field("int", "items of each kind"),
        "unscored": Field("int", "items without an answer that could be judged"),
        "smallest_detectable_points": Field("double", "smallest gap that would have been found, usually"),
        "cause": Field("string", "whose answers to the published items were learned, where it can be told"),
        "benchmark": Field("string", "the user's benchmark with the smallest p-value"),
        "references": Field("int", "models that show what is usual without having seen the items"),
        "contrast": Field("double", "recall of published items beyond twins and references, in its unit"),
        "contrast_low": Field("double", "lower end of its interval"),
        "contrast_high": Field("double", "upper end of its interval"),
        "public_value": Field("double", "recall on published items, in its unit"),
        "fresh_value": Field("double", "recall on their twins, in its unit"),
        "smallest_detectable_contrast": Field(
            "double", "smallest such difference that would have been found"
        ),
        "shards": Field("int", "runs of items that were scored in the published order and in others"),
        "smallest_detectable_standing": Field("double", "standing of that order that would have been found"),
    },
    Claim.MONOCULTURE: {
        "selection_inside_null": Field("bool", "whether the choice among teachers is inside the null"),
        "kappa": Field("double", "agreement beyond what accuracies explain, 1 for always"),
        "kappa_low": Field("double", "lower end of its interval over items"),
        "kappa_high": Field("double", "upper end of its interval over items"),
        "observed_agreement": Field("double", "chance that both give the same answer, 0 to 1"),
        "expected_agreement": Field("double", "the same by accuracies alone, 0 to 1"),
        "both_wrong": Field("int", "items that both get wrong"),
        "same_wrong": Field("int", "of these, items with the same wrong answer"),
        "controls_as_alike": Field("int", "controls that agree with the teacher as much"),
        "controls": Field("int", "controls that were ranked"),
        "items": Field("int", "items that everybody answered"),
    },
    Claim.CALIBRATION_LOSS: {
        "loss": Field("double", "Brier score lost to a wrong temperature beyond the teacher's, 0 to 2"),
        "loss_low": Field("double", "lower end of its interval"),
        "loss_high": Field("double", "upper end of its interval"),
        "margin": Field("double", "loss that counts as none"),
        "brier_difference": Field("double", "Brier score of the suspect minus the teacher's"),
        "brier_difference_refitted": Field("double", "the same after both have their best temperature"),
        "temperature": Field("double", "the suspect's best temperature; above 1 if it is too sure"),
        "teacher_temperature": Field("double", "the teacher's"),
        "calibration_error": Field("double", "distance of confidence from accuracy, 0 to 1"),
        "teacher_calibration_error": Field("double", "the teacher's"),
        "items": Field("int", "items whose options both weighed"),
    },
    Claim.TAIL_LOSS: {
        "loss_points": Field("double", "points more lost at the tail"),
        "loss_low": Field("double", "lower end of its interval"),
        "loss_high": Field("double", "upper end of its interval"),
        "margin_points": Field("double", "loss that counts as none"),
        "tail_points": Field("double", "points behind the teacher on the rarest or hardest third"),
        "head_points": Field("double", "points behind it on the commonest or easiest third"),
        "tail_items": Field("int", "items of the rarest or hardest third"),
        "head_items": Field("int", "items of the commonest or easiest third"),
        "sorted_by": Field("string", "what makes an item rare or hard"),
    },
    Claim.ERROR_INHERITANCE: {
        "copying_points": Field("double", "siding with the teacher's mistakes, public minus fresh, points"),
        "copying_low": Field("double", "lower end of its interval"),
        "copying_high": Field("double", "upper end of its interval"),
        "public_copying": Field("double", "share of its mistakes on public items sided with, 0 to 1"),
        "fresh_copying": Field("double", "share of its mistakes on fresh items sided with, 0 to 1"),
        "mistakes": Field("int", "mistakes of the teacher that the suspect replied to"),
        "smallest_detectable_points": Field("double", "smallest rise that would have been found, usually"),
    },
    Claim.TRACE_CONTAMINATION: {
        "answer": Field("string", "where the habits may come from, in words"),
        "controls": Field("int", "control models behind the calibration"),
        "selection_inside_null": Field("bool", "whether the choice among teachers is inside the null"),
        "named": Field("bool", "whether this candidate is the one that the evidence points to most"),
        "questions": Field("int", "questions that everybody answered"),
        "not_excluded": Field("string", "candidates that may be as near as the first"),
        "shared_habits": Field("int", "habits that suspect and candidate share beyond these controls"),
        "leading_habit": Field("string", "the habit that is shared most clearly, or none"),
        "shared_formulas": Field("int", "formulas of the candidate that the suspect uses most"),
        "smallest_detectable": Field("double", "smallest score that would have been significant"),
        "parametric_p": Field("double", "companion p-value under normal scores; indicative only"),
    },
}


def fields_for(
    claim: Claim | None, extra: Mapping[Claim, Mapping[str, Kind]] | None = None
) -> dict[str, Field]:
    """The names that a rule about ``claim`` may use; ``extra`` are the facts that its pack declares.

    A rule without a claim is about the scan as a whole: it sees no finding and no teacher.
    """
    fields = dict(SCAN_FIELDS)
    if claim is None:
        return fields
    fields.update(FINDING_FIELDS)
    for name, field in FACTS.get(claim, {}).items():
        fields[f"fact.{name}"] = field
    for name, kind in (extra or {}).get(claim, {}).items():
        fields[f"fact.{name}"] = Field(kind, "declared by the pack")
    return fields


def admit(value: object, kind: Kind) -> Value | None:
    """``value`` as ``kind``, or None where it is unknown: absent, not finite, or of another type.

    A whole number is admitted as a double; nothing else is converted.
    """
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "list":
        return [str(one) for one in value] if isinstance(value, (list, tuple)) else None
    if kind == "string":
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if kind == "int":
        return value if isinstance(value, int) and abs(value) < 2**53 else None
    return float(value) if abs(value) < 1e300 else None  # neither NaN nor an infinity is
