"""Calibrations on paper: what a file may say, what fits a scan, and what is made of a scan's findings."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auditor.digest import digest_bytes
from auditor.error import UsageError
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import load_policy
from auditor.policy.vocabulary import FACTS
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome, Table
from auditor.record.result import Guarantee, TestResult
from auditor.record.scan import Plan
from auditor.record.subject import Access, Kind, Role, Stratum, Subject
from auditor.scan.calibration_file import (
    CalibrationFile,
    read_calibration,
    scored_probes,
    write_calibration,
)
from auditor.scan.ratio_findings import weighed
from auditor.scan.weighing import PROBE, Weighing, weighing_for
from auditor.stats.likelihood_ratio import in_words
from auditor.stats.score_fusion import Known, fuse

FIRST, SECOND = "world-lineage/reference-likelihood", "world-lineage/surprisal-residuals"
METHODS = {FIRST: "reference_likelihood", SECOND: "surprisal_residuals"}
DIGESTS = {name: digest_bytes(name.encode()) for name in METHODS}


def known() -> Known:
    rng = np.random.default_rng(3)
    guilty = np.arange(80) < 20
    suspects = np.repeat(np.arange(80), np.where(guilty, 1, 2))
    return Known(rng.normal(size=(len(suspects), 2)) + 2.0 * guilty[suspects][:, None], suspects, guilty)


FUSION = fuse(known())
assert FUSION is not None


def body(**changed: Any) -> dict[str, Any]:
    """A calibration as a file has it."""
    assert FUSION is not None
    total = FUSION.calibration
    probes = scored_probes(list(METHODS.items()), DIGESTS, FUSION)
    one = {
        "kind": "causal-lm", "scenario": "closed", "candidates": 2, "guilty": 20, "innocent": 60,
        "cllr": 0.45, "least_cllr": 0.4, "without_ratio": 0,
        "students": 18, "students_right": 16, "others": 20, "others_supported": 3,
        "probes": [probe.model_dump(mode="json") for probe in probes],
        "total": {name: getattr(total, name)
                  for name in ("centre", "scale", "slope", "intercept", "most", "least")},
    }  # fmt: skip
    return {
        "schema": "distillation-auditor/calibration/1", "claim": "distilled_from", "population": "zoo-small",
        "register_digest": digest_bytes(b"register"), "models_digest": digest_bytes(b"models"),
        "tool_version": "0.1.0", "created_at": "2026-11-26T08:00:00+00:00",
        "calibrations": [one, {**one, "scenario": "no-same-data"}], **changed,
    }  # fmt: skip


def written(folder: Path, content: Any) -> Path:
    path = folder / "calibration.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def file(**changed: Any) -> CalibrationFile:
    return CalibrationFile.model_validate(body(**changed))


def subject(name: str, role: Role, **more: Any) -> Subject:
    digest = digest_bytes(f"{name}".encode())
    return Subject(role=role, name=name, locator=name, digest=digest, access=Access.LOGPROBS, **more)


SUSPECT = subject("suspect", Role.SUSPECT)
TEACHERS = (subject("heron", Role.TEACHER), subject("osprey", Role.TEACHER))
CONTROL = subject("control", Role.CONTROL, stratum=Stratum.SAME_DATA)


def spec(name: str, digest: str = "") -> ProbeSpec:
    described = ProbeFile(
        title="t", claim=Claim.DISTILLED_FROM, method=METHODS.get(name, "m"), null_hypothesis="n",
        guarantee="calibrated", description="d", source="s",
    )  # fmt: skip
    return ProbeSpec(name, described, (), digest or DIGESTS.get(name, digest_bytes(b"?")))


SPECS = (spec(FIRST), spec(SECOND), spec("refusal/refusal-retention"))


def plan(*subjects: Subject) -> Plan:
    return Plan(
        subjects=subjects or (SUSPECT, *TEACHERS, CONTROL), probes=(), seed=1, seed_origin="given",
        policy="release-gate", policy_digest=digest_bytes(b"policy"),
    )  # fmt: skip


def finding(probe: str, teacher: Subject, statistic: float | None, **more: Any) -> Finding:
    result = None
    if statistic is not None:
        result = TestResult(
            method=METHODS[probe], null="n", alternative="a", statistic=statistic, statistic_name="s",
            effect=statistic, effect_unit="u", n=40, unit_of_replication="models", p_value=0.2,
            guarantee=Guarantee.CALIBRATED, assumptions=(), source="s",
        )  # fmt: skip
    return Finding(
        claim=Claim.DISTILLED_FROM, probe=probe, method=METHODS[probe], suspect=SUSPECT.digest,
        teacher=teacher.digest, outcome=Outcome.INCONCLUSIVE, reason="r", decisive="d", result=result, **more,
    )  # fmt: skip


def judged(scores: dict[str, float | None], weighing: Weighing | None = None) -> Finding:
    """The finding about the first teacher."""
    chosen = weighing or weighing_for(file(), plan().subjects, SPECS)
    findings = [finding(probe, TEACHERS[0], score) for probe, score in scores.items()]
    return weighed(chosen, plan(), findings)[0]


def test_a_calibration_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    first = read_calibration(written(tmp_path, body()))
    again = read_calibration(write_calibration(first, tmp_path / "again.json"))
    assert again == first
    assert again.digest == first.digest
    assert again.calibrations[0].fusion == FUSION
    assert first.digest != file(population="zoo-full").digest


def test_the_ratio_is_that_of_the_statistics_with_its_words() -> None:
    assert FUSION is not None
    for scores in ((2.5, 2.0), (0.1, -0.4), (900.0, 900.0), (-900.0, -900.0)):
        found = judged(dict(zip(METHODS, scores, strict=True)))
        expected = float(FUSION.log_ratios(np.array([scores]))[0])
        assert found.fact("likelihood_ratio") == pytest.approx(math.exp(expected))
        assert found.fact("support") == in_words(expected)
        assert in_words(expected) in found.reason
        assert found.fact("methods_missing") == "none"
    assert found.fact("likelihood_ratio") == pytest.approx(1 / 20)
    assert {one.name for one in found.facts} <= set(FACTS[Claim.DISTILLED_FROM])


def test_the_finding_can_be_recounted_from_its_own_tables() -> None:
    found = judged({FIRST: 2.5, SECOND: 2.0})
    parts, steps = found.exhibits
    assert isinstance(parts, Table)
    assert isinstance(steps, Table)
    values = {str(row[0]): row[1] for row in steps.rows}
    assert sum(float(row[4] or 0) for row in parts.rows) == pytest.approx(float(values["weighted sum"] or 0))
    for row in parts.rows:
        assert float(row[2] or 0) * float(row[3] or 0) == pytest.approx(row[4])
    stated = values["natural logarithm of the ratio, as stated"]
    assert math.exp(float(stated or 0)) == pytest.approx(found.fact("likelihood_ratio"))


def test_it_is_no_test_and_no_rule_goes_by_it() -> None:
    findings = [finding(probe, teacher, 90.0) for probe in METHODS for teacher in TEACHERS]
    further = weighed(weighing_for(file(), plan().subjects, SPECS), plan(), findings)
    assert [one.teacher for one in further] == [one.digest for one in TEACHERS]
    for one in further:
        assert one.outcome is Outcome.INCONCLUSIVE
        assert one.result is not None
        assert one.result.guarantee is Guarantee.INDICATIVE
        assert one.result.p_value is None
        assert any("not the probability" in limit for limit in one.limits)
        assert any("zoo-small" in limit for limit in one.limits)
    pack = load_policy("release-gate")
    without = evaluate(pack, plan(), findings)
    assert evaluate(pack, plan(), [*findings, *further]) == without


def test_of_two_candidates_the_one_behind_is_said_to_be_behind() -> None:
    """Students of siblings are alike, and a ratio over innocent models cannot tell them apart."""
    weighing = weighing_for(file(), plan().subjects, SPECS)
    findings = [finding(FIRST, teacher, score) for teacher, score in zip(TEACHERS, (2.4, 3.2), strict=True)]
    findings += [finding(SECOND, teacher, 2.0) for teacher in TEACHERS]
    behind, ahead = weighed(weighing, plan(), findings)
    assert float(ahead.fact("likelihood_ratio") or 0) > float(behind.fact("likelihood_ratio") or 0) > 1
    assert "osprey has a higher ratio" in behind.reason
    assert "higher ratio" not in ahead.reason
    for one in (behind, ahead):
        assert "no candidate at all" in one.reason
        assert any("16 of 18, and 3 of 20" in limit for limit in one.limits)


def test_a_missing_method_moves_nothing_and_is_named() -> None:
    assert FUSION is not None
    found = judged({FIRST: 6.0, SECOND: None})
    alone = FUSION.log_ratios(np.array([[6.0, math.nan]]))[0]
    assert alone > 0
    assert found.fact("log10_likelihood_ratio") == pytest.approx(alone / math.log(10))
    assert found.fact("methods_missing") == SECOND
    assert any(SECOND in limit for limit in found.limits)
    # What was not measured does not speak for innocence.
    assert float(FUSION.log_ratios(np.array([[-2.0, math.nan]]))[0]) < -1
    silent = judged({FIRST: -2.0, SECOND: None})
    assert silent.fact("likelihood_ratio") == 1.0
    assert silent.fact("support") == "no support either way"
    assert any("not stated" in limit for limit in silent.limits)
    nothing = judged({FIRST: None})
    assert nothing.outcome is Outcome.NOT_APPLICABLE
    assert FIRST in nothing.reason


def test_scores_about_others_are_not_taken() -> None:
    weighing = weighing_for(file(), plan().subjects, SPECS)
    foreign = [
        finding(FIRST, TEACHERS[1], 50.0),
        replace(finding(FIRST, TEACHERS[0], 50.0), claim=Claim.ANCESTRY),
        replace(finding(FIRST, TEACHERS[0], 50.0), suspect=CONTROL.digest),
    ]
    first, second = weighed(weighing, plan(), foreign)
    assert first.outcome is Outcome.NOT_APPLICABLE
    assert second.fact("likelihood_ratio") is not None


def test_more_candidates_than_in_the_calibration_divide_the_ratio() -> None:
    weighing = weighing_for(file(), plan().subjects, SPECS)
    few, many = (judged({FIRST: 2.5, SECOND: 2.0}, replace(weighing, candidates=n)) for n in (1, 10))
    assert few.fact("likelihood_ratio") == pytest.approx(5 * float(many.fact("likelihood_ratio") or 0))
    assert any("divided by 5" in limit for limit in many.limits)


@pytest.mark.parametrize("cost", [None, 1.0, 1.4])
def test_ratios_that_nothing_vouches_for_are_not_stated(cost: float | None) -> None:
    content = body()
    for one in content["calibrations"]:
        one["cllr"] = cost
    weighing = weighing_for(CalibrationFile.model_validate(content), plan().subjects, SPECS)
    found = judged({FIRST: 9.0, SECOND: 9.0}, weighing)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "none is stated" in found.reason
    assert found.fact("likelihood_ratio") is None


def test_what_fits_the_scan_is_chosen() -> None:
    closed = weighing_for(file(), plan().subjects, SPECS)
    assert (closed.chosen.scenario, closed.candidates) == ("closed", 2)
    assert closed.planned.probe == PROBE
    assert closed.planned.digest == file().digest
    without = weighing_for(file(), (SUSPECT, TEACHERS[0]), SPECS)
    assert (without.chosen.scenario, without.candidates) == ("no-same-data", 1)
    only = file(calibrations=body()["calibrations"][:1])
    with pytest.raises(UsageError, match="no-same-data scans"):
        weighing_for(only, (SUSPECT, TEACHERS[0]), SPECS)
    with pytest.raises(UsageError, match="masked-lm"):
        weighing_for(file(), (replace(SUSPECT, kind=Kind.MASKED_LM), *TEACHERS), SPECS)
    with pytest.raises(UsageError, match="ancestry"):
        weighing_for(file(claim="ancestry"), plan().subjects, SPECS)
    (lonely,) = weighed(weighing_for(file(), (SUSPECT,), SPECS), plan(SUSPECT), ())
    assert (lonely.outcome, lonely.teacher) == (Outcome.NOT_APPLICABLE, None)


def test_probes_of_another_content_are_refused_by_name() -> None:
    changed = (spec(FIRST), spec(SECOND, digest_bytes(b"other parameters")))
    with pytest.raises(UsageError, match=f"another content of {SECOND}"):
        weighing_for(file(), plan().subjects, changed)
    with pytest.raises(UsageError, match="none of the calibration's probes") as caught:
        weighing_for(file(), plan().subjects, SPECS[2:])
    assert FIRST in (caught.value.fix or "")


def changed(path: str, value: Any) -> dict[str, Any]:
    content = copy.deepcopy(body())
    place: Any = content
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        place = place[part]
    place[last] = value
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[1]", "no calibration"),
        ("{}", "no calibration"),
        ('{"schema": "distillation-auditor/validation/1"}', "no calibration"),
        (body(schema="distillation-auditor/calibration/2"), "version '2'"),
        (body(further=1), "further"),
        (body(calibrations=[]), "calibrations"),
        (body(calibrations=body()["calibrations"][:1] * 2), "twice"),
        (body(models_digest="sha256:12"), "models_digest"),
        (body(population="a\u001b[31mb"), "population"),
        (body(population="\ud800"), "population"),
        (json.dumps(body()).replace("0.45", "NaN"), "NaN"),
        (json.dumps(body()).replace("0.45", "1e999"), "cllr"),
        (json.dumps(body()).replace("0.45", "9" * 400), "cllr"),
        (json.dumps(body()).replace("0.45", "9" * 5000), "calibration"),
        (changed("calibrations.0.probes.0.weight", -1.0), "weight"),
        (changed("calibrations.0.probes.0.scale", 0.0), "scale"),
        (changed("calibrations.0.probes.0.mean", None), "incomplete"),
        (changed("calibrations.0.probes.1.probe", FIRST), "twice"),
        (changed("calibrations.0.total.most", 9.0), "further than"),
        (changed("calibrations.0.total.least", -9.0), "further than"),
        (changed("calibrations.0.total.slope", "1"), "slope"),
        (changed("calibrations.0.innocent", 1), "innocent"),
        (changed("calibrations.0.innocent", True), "innocent"),
        (changed("calibrations.0.kind", "oracle"), "kind"),
        (changed("calibrations.0.candidates", 0), "candidates"),
        (changed("calibrations.0.students_right", 19), "fewer"),
    ],
    ids=range(28),
)
def test_a_hostile_file_is_a_usage_error_that_says_what_is_wrong(
    content: Any, words: str, tmp_path: Path
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(UsageError) as caught:
        read_calibration(path)
    assert caught.value.exit_status == 2
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_file_that_is_not_there_too_large_or_no_text_is_a_usage_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            read_calibration(path)
    with pytest.raises(UsageError, match="larger"):
        read_calibration(written(tmp_path, " " * (5 << 20)))
    (tmp_path / "latin.json").write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(UsageError, match="not valid JSON"):
        read_calibration(tmp_path / "latin.json")
