"""From the reading of a teacher among its twins to a finding, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from auditor.probe.panel.controls import FROM_TEACHER, NO_EVIDENCE, UNDECIDED
from auditor.probe.twins.reading import PeerStanding, TwinReading
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.result import Guarantee, TestResult
from auditor.stats.conformal import prediction_bound
from auditor.stats.family_contrast import FEWEST_CONTROLS, FamilyContrast

_SOURCE = (
    "exchangeability of seeds under one recipe; weighted ridge regression; Whitmore (1986), prediction of a "
    "further normal draw; Smyth (2004), moderated variances; Berger (1982), intersection-union tests"
)
_UNIT = "standard deviations of the twins' coefficients"
_ERRORS = "standard errors"


@dataclass(frozen=True)
class TwinFindings:
    """Turns the reading of one teacher into a finding.

    Attributes:
        probe: ``suite/probe-id``.
        method: Registered name of the method.
        reading: The numbers.
    """

    probe: str
    method: str
    reading: TwinReading

    def finding(self) -> Finding:
        """What is said of this teacher."""
        if not self.reading.enough:
            return self._without_enough()
        found = self.reading.contrast
        if isinstance(found, str):
            return self._blank(Outcome.INCONCLUSIVE, found, "answers and word-by-word scores of all of them")
        standing = self.reading.standing(found) if self.reading.among_peers else None
        if standing is not None and standing.p_value is not None:
            return self._among_peers(found, standing)
        return self._among_twins(found)

    def _among_twins(self, found: FamilyContrast) -> Finding:
        """The teacher's coefficient as one draw among those of its twins."""
        supported = found.p_value <= self.reading.levels.alpha
        name, twins = self.reading.family.teacher.name, len(self.reading.family.twins)
        critical = float(stats.t.isf(self.reading.levels.alpha, found.freedom))
        reason = (
            f"the suspect follows {name} by {found.t:+.1f} {_ERRORS} more than its {twins} twins "
            f"(p = {found.p_value:.2g} for normal coefficients; {name} ranks "
            f"{round(found.rank_p * (1 + twins))} of {1 + twins})"
        )
        if not supported:
            reason += f"; {critical:.1f} {_ERRORS} would have been found"
        more = Fact(
            name="degrees_of_freedom",
            value=found.freedom,
            meaning="of the variance: the twins', and what controls like the suspect add",
        )
        return self._said(
            found, supported, reason, self._test_among_twins(found), critical, (more,), _TWIN_LIMITS
        )

    def _among_peers(self, found: FamilyContrast, standing: PeerStanding) -> Finding:
        """The suspect's lean to the teacher as one more among those of models with the teacher's data."""
        alpha = self.reading.levels.alpha
        teacher, peers = self.reading.family.teacher, [leaning for _, leaning in standing.peers]
        leaning = standing.p_value is not None and standing.p_value <= alpha
        critical = prediction_bound(peers, alpha)
        reason = (
            f"the suspect leans to {teacher.name} rather than its {len(self.reading.family.twins)} twins by "
            f"{standing.leaning:+.1f} {_ERRORS}, and {len(peers)} models with the same data by "
            f"{float(np.mean(peers)):+.1f} on average, {max(peers):+.1f} at most (p = {standing.p_value:.2g} "
            "for normal leanings)"
        )
        if not leaning:
            reason += f"; {critical:+.1f} would have been found"
        elif isinstance(standing.strangers, str):
            reason += f", but models without the data are not cleared: {standing.strangers}"
        elif not standing.cleared:
            reason += (
                f", but models that do not know these data may be as near to it: {standing.strangers.why}"
            )
        else:
            reason += f"; of models that do not know these data, {standing.strangers.why}"
        more = Fact(name="peers", value=len(peers), meaning="controls with this teacher's data")
        supported = leaning and standing.cleared
        test = self._test_among_peers(found, standing)
        return self._said(found, supported, reason, test, critical, (more,), _PEER_LIMITS)

    def _said(
        self,
        found: FamilyContrast,
        supported: bool,
        reason: str,
        test: TestResult,
        critical: float,
        more: tuple[Fact, ...],
        limits: tuple[str, ...],
    ) -> Finding:
        reading = self.reading
        twins = len(reading.family.twins)
        facts = (
            Fact(
                name="answer",
                value=FROM_TEACHER if supported else NO_EVIDENCE,
                meaning="one of the graded answers",
            ),
            Fact(name="twins", value=twins, meaning="twins that the teacher was set against"),
            Fact(name="rank_p", value=found.rank_p, meaning="rank of the teacher among its twins; exact"),
            Fact(name="selection_inside_null", value=False, meaning="every candidate is tested by itself"),
            Fact(
                name="controls",
                value=len(reading.family.controls),
                meaning="controls that it was centred on",
            ),
            *more,
            Fact(name="prompts", value=len(reading.table.kept), meaning="prompts that all of them answered"),
            Fact(
                name="smallest_detectable_contrast",
                value=critical,
                unit=_ERRORS,
                meaning="contrast that would have been significant",
            ),
        )
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=reading.seen.suspect.digest,
            teacher=reading.family.teacher.digest,
            outcome=Outcome.SUPPORTS if supported else Outcome.DOES_NOT_SUPPORT,
            reason=reason,
            result=test,
            facts=facts,
            exhibits=(self._members(found),),
            observation_ids=reading.table.observation_ids((reading.seen.suspect, *reading.family.members)),
            limits=(*limits, _HIDDEN),
        )

    def _without_enough(self) -> Finding:
        family, levels = self.reading.family, self.reading.levels
        if len(family.twins) < levels.twins:
            return self._blank(
                Outcome.NOT_APPLICABLE,
                f"{len(family.twins)} twins of {family.teacher.name} take part, and {levels.twins} are "
                "needed",
                f"--twin {family.teacher.name}=MODEL, {levels.twins} times or more; eight do well",
            )
        return self._blank(
            Outcome.NOT_APPLICABLE,
            f"{len(family.controls)} controls that know no member of the family take part, and "
            f"{FEWEST_CONTROLS} are needed",
            "--control MODEL",
        )

    def _blank(self, outcome: Outcome, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=self.method,
            suspect=self.reading.seen.suspect.digest,
            teacher=self.reading.family.teacher.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
        )

    def _test_among_twins(self, found: FamilyContrast) -> TestResult:
        twins = len(self.reading.family.twins)
        ranked = found.rank_p <= self.reading.levels.alpha
        return TestResult(
            method=self.method,
            null="the suspect learned from the teacher's data at most, so that teacher and twins are "
            "exchangeable to it",
            alternative="the suspect follows the teacher where the twins go other ways",
            statistic=found.t,
            statistic_name="teacher's coefficient less the twins' mean, in standard errors of a further draw",
            effect=float(found.coefficients[0]),
            effect_unit=_UNIT,
            p_value=found.rank_p if ranked else found.p_value,
            smallest_attainable_p=1 / (1 + twins) if ranked else None,
            n=twins,
            unit_of_replication="twins",
            guarantee=Guarantee.EXACT if ranked else Guarantee.PARAMETRIC,
            assumptions=(
                _SAME_RECIPE,
                *(
                    ()
                    if ranked
                    else (
                        "the coefficients of models of one recipe are normal, and scatter in the suspect as "
                        "they do in models like the controls",
                    )
                ),
                _NOT_CHOSEN,
            ),
            source=_SOURCE,
        )

    def _test_among_peers(self, found: FamilyContrast, standing: PeerStanding) -> TestResult:
        return TestResult(
            method=self.method,
            null="the suspect learned from the teacher's data at most, and leans to the teacher as other "
            "models with these data do, or it knows nothing of them",
            alternative="the suspect follows the teacher where its twins go other ways, more than the data "
            "make a model do",
            statistic=standing.score,
            statistic_name="normal score of the larger p-value: of leaning to the teacher as far as models "
            "with its data do, or of following its family as closely as models without do",
            effect=float(found.coefficients[0]),
            effect_unit=_UNIT,
            p_value=standing.joint_p,
            n=len(standing.peers),
            unit_of_replication="models",
            guarantee=Guarantee.PARAMETRIC,
            assumptions=(
                _SAME_RECIPE,
                "a model with the teacher's data leans to it as the controls with these data do, and their "
                "leanings are normal",
                "a model without these data is exchangeable with the controls that share nothing with a "
                "candidate",
            ),
            source=_SOURCE,
            controls=standing.control_values,
        )

    def _members(self, found: FamilyContrast) -> Table:
        named = zip(self.reading.family.members, found.coefficients.tolist(), strict=True)
        rows = sorted(((one.name, round(value, 3)) for one, value in named), key=lambda row: -row[1])
        return Table(
            title="Whom the suspect follows",
            columns=("model", f"coefficient, {_UNIT}"),
            rows=tuple(rows),
            note="In one regression on the teacher and its twins; the twins' mean is zero.",
        )


_SAME_RECIPE = "the twins come from the teacher's own recipe and data, and differ in their seeds alone"
_NOT_CHOSEN = "whoever made the suspect did not choose the teacher for its likeness to it"
_HIDDEN = "Answers rewritten by another model before training, or long training since, hide the trace."
_TWIN_LIMITS = (
    "For one teacher, all suspects are held against the same twins: a teacher that happens to stand out "
    "among them does so for every suspect. It is one test of one teacher, not one per suspect. Controls with "
    "the teacher's data (--control same-data:TEACHER=MODEL, eight or more) make it one per suspect.",
    "How far models go the way of single twins by chance is taken from the controls as well, unless the "
    "suspect does so visibly more; a model drawn to twins for reasons that no control shares is accused up "
    "to about three times as often as the level says, in simulations.",
)
_PEER_LIMITS = (
    "What all models with the teacher's data have in common is taken from the controls with these data. A "
    "suspect that got them in another way than all of these did may lean otherwise.",
)
