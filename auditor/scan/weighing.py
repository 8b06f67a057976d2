"""What of a calibration on models of known ancestry fits a scan, and whether it fits at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from auditor.error import UsageError
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim
from auditor.record.scan import PlannedProbe
from auditor.record.subject import Role, Stratum, Subject
from auditor.scan.calibration_file import CalibrationFile, KindOfScan

#: Where a plan and a report list the combination: it asks nothing and reads the other probes' findings.
PROBE, METHOD = "combination/likelihood-ratio", "score_fusion"
#: Kinds of scan, by whether controls with the teachers' own data were at hand.
WITH_SAME_DATA, WITHOUT_SAME_DATA = "closed", "no-same-data"


@dataclass(frozen=True, slots=True)
class Weighing:
    """A calibration in one scan.

    Attributes:
        file: The calibration.
        chosen: What of it fits the suspect's kind and the controls at hand.
        candidates: Candidate teachers of the scan.
    """

    file: CalibrationFile
    chosen: KindOfScan
    candidates: int

    @property
    def planned(self) -> PlannedProbe:
        """The entry in the plan, which is sealed with the calibration's digest before the first question."""
        return PlannedProbe(
            probe=PROBE,
            title=f"All methods in one likelihood ratio, calibrated on {self.file.population}",
            method=METHOD,
            digest=self.file.digest,
            items=self.chosen.guilty + self.chosen.innocent,
        )


def weighing_for(file: CalibrationFile, subjects: Sequence[Subject], specs: Sequence[ProbeSpec]) -> Weighing:
    """Choose what of a calibration fits a scan.

    Raises:
        UsageError: If it holds nothing for this kind of model and scan, shares no probe with the scan, or was
            made with another content of one of its probes.
    """
    where = f"calibration on {file.population}"
    if file.claim is not Claim.DISTILLED_FROM:
        raise UsageError(
            f"the calibration is about the claim {file.claim}, which is not weighed", where=where
        )
    kind = next(one.kind for one in subjects if one.role is Role.SUSPECT)
    scenario = _scenario(subjects)
    chosen = next((one for one in file.calibrations if (one.kind, one.scenario) == (kind, scenario)), None)
    if chosen is None:
        held = ", ".join(f"{one.kind} in {one.scenario} scans" for one in file.calibrations)
        raise UsageError(
            f"the calibration holds nothing for models of kind {kind} in {scenario} scans",
            where=where,
            fix=f"it holds {held}",
        )
    known = {one.probe: one.digest for one in chosen.probes}
    shared = [spec for spec in specs if spec.id in known]
    other = [spec.id for spec in shared if spec.digest != known[spec.id]]
    if other:
        raise UsageError(
            f"the calibration was made with another content of {', '.join(other)}",
            where=where,
            fix="scan with the probes and parameters that it was made with, or make it anew",
        )
    if not shared:
        raise UsageError(
            "none of the calibration's probes is in this scan",
            where=where,
            fix=f"add --suite {' --suite '.join(known)}",
        )
    candidates = sum(one.role is Role.TEACHER for one in subjects)
    return Weighing(file, chosen, candidates)


def _scenario(subjects: Sequence[Subject]) -> str:
    strata = {one.stratum for one in subjects if one.role is Role.CONTROL}
    return WITH_SAME_DATA if Stratum.SAME_DATA in strata else WITHOUT_SAME_DATA
