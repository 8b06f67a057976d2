"""The calibration that a validation leaves for later scans."""

from __future__ import annotations

from auditor.record.finding import Claim
from auditor.record.subject import Kind
from auditor.scan.calibration_file import FORMAT, VERSION, CalibrationFile, KindOfScan, Total, scored_probes
from auditor.validation.figure.combined import Combined
from auditor.validation.figure.share import Share
from auditor.validation.output.result import Validation


def calibration_of(validation: Validation) -> CalibrationFile | None:
    """What the validated population says of likelihood ratios; None where too few models are known.

    The fit rests on every suspect, its cost on fits that have seen no relatives of whom they judge.
    """
    population = validation.population
    digests = dict(validation.probes)
    found = tuple(
        one
        for combined in population.figures.combined
        if (one := _kind_of_scan(combined, digests)) is not None
    )  # fmt: skip
    if not found:
        return None
    return CalibrationFile(
        schema=f"{FORMAT}{VERSION}",
        claim=Claim.DISTILLED_FROM,
        population=population.label,
        register_digest=population.register_digest,
        models_digest=population.models_digest,
        tool_version=validation.tool_version,
        created_at=validation.created_at,
        calibrations=found,
    )


def _kind_of_scan(combined: Combined, digests: dict[str, str]) -> KindOfScan | None:
    fusion, told = combined.fusion, combined.strength
    if fusion is None:
        return None
    total = fusion.calibration
    # All of them first in the one table, last in the other; neither has a row where nobody could be judged.
    right = combined.ranked[0].right if combined.ranked else Share.of(())
    astray = combined.astray[-1].pairs
    return KindOfScan(
        kind=Kind(combined.kind),
        scenario=combined.scenario.value,
        candidates=combined.candidates,
        guilty=combined.guilty,
        innocent=combined.innocent,
        cllr=told.cost,
        least_cllr=told.least_cost,
        without_ratio=told.left,
        students=right.n,
        students_right=right.count,
        others=astray.n,
        others_supported=astray.count,
        probes=scored_probes(
            [(one.test.probe, one.test.method) for one in combined.weights], digests, fusion
        ),
        total=Total(
            centre=total.centre,
            scale=total.scale,
            slope=total.slope,
            intercept=total.intercept,
            most=total.most,
            least=total.least,
        ),
    )  # fmt: skip
