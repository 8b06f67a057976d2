"""Do the suspect's weights come from a teacher's? Matched neurons, tested against independent training.

Nothing is concluded from equal configurations, shapes or tokenizers, nor from a cosine: a copy is
recognised by neurons that correspond. Three tests, Bonferroni over them, Fisher over blocks:

*Order.* Neurons are matched by linear assignment on cosines of their rows. Training is equivariant to
renaming neurons, so between independently initialised models the partners stand in random order.

*Agreement.* Matchings found from two different matrices of a block coincide no more than random ones.
It survives renaming of neurons. The rank correlation of the two matchings would be one more statistic; it
is not used, since coarse structure shared by both matrices (long rows, large residual dimensions)
correlates the matchings of unrelated models, while hardly making them coincide.

*Residual order.* Embedding columns are matched across residual dimensions, by tokens' texts. It survives a
shuffled vocabulary, and a residual stream that was cut narrower in order.

The p-values need no controls, since the null is made by independent initialisation. The level is 1e-6: an
allegation of copying is grave, power is no concern (an honest copy reaches 1e-100), and the margin absorbs
what approximations there are. Controls, where their weights are open, show the null at work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from auditor.probe.panel.controls import panel_of, stratum_of
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.weights.exhibits import block_exhibits, in_words
from auditor.probe.weights.sketches import Alignment, WeightSketches
from auditor.record.finding import Claim, Fact, Finding, Outcome
from auditor.record.observation import Observations, observation_id
from auditor.record.request import Question, request_digest
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Access, Role, Subject
from auditor.stats.combination import as_probability


class WeightAlignmentParameters(Parameters):
    """Parameters of the weight alignment.

    Attributes:
        size: Random projections per row; chance cosines scatter by 1/sqrt(size).
        seed: Seed of the projections.
        layers: Blocks of the suspect that are looked at.
        searched: Blocks of a model of other depth among which partners are searched.
        controls: Controls that are put in the suspect's place.
        alpha: Level of the combined test.
    """

    size: int = Field(default=64, ge=16)
    seed: int = 0
    layers: int = Field(default=8, ge=1)
    searched: int = Field(default=48, ge=1)
    controls: int = Field(default=6, ge=0)
    alpha: float = Field(default=1e-6, gt=0, lt=0.1)


class WeightAlignment:
    """Correspondence of neurons between suspect and teacher, as a p-value under independent training.

    Source: Entezari et al. 2022 and Ainsworth et al. 2023 (matching of neurons up to permutation); Zhu et
    al. 2025 (tests of independent training by exchangeability of hidden units).
    """

    name: ClassVar[str] = "weight_alignment"
    claim: ClassVar[Claim] = Claim.ANCESTRY
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.WEIGHTS, Role.TEACHER: Access.WEIGHTS}
    uses: ClassVar[Mapping[Role, Access]] = {Role.BASE: Access.WEIGHTS, Role.CONTROL: Access.WEIGHTS}
    parameters: ClassVar[type[Parameters]] = WeightAlignmentParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Layouts and embeddings first; then the blocks that can be compared."""
        measurement = _Measurement.of(spec, seen)
        models = (seen.suspect, *measurement.others, *measurement.controls)
        return (
            *measurement.sketches.overview(models),
            *measurement.sketches.details(seen.suspect, measurement.others, measurement.controls),
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per teacher."""
        measurement = _Measurement.of(spec, seen)
        return tuple(measurement.finding(teacher) for teacher in _distinct(seen.of_role(Role.TEACHER)))


def _distinct(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    return tuple({one.digest: one for one in reversed(subjects)}.values())[::-1]


@dataclass(frozen=True)
class _Measurement:
    """What one scan shows of weights.

    Attributes:
        spec: The probe.
        parameters: Its parameters.
        seen: The answers.
        teachers: Teachers whose weights are open.
        base: The base, if its weights are open and it is no teacher.
        controls: Controls that stand in the suspect's place.
        limits: Why controls were left out.
        sketches: The sketches.
    """

    spec: ProbeSpec
    parameters: WeightAlignmentParameters
    seen: Observations
    teachers: tuple[Subject, ...]
    base: Subject | None
    controls: tuple[Subject, ...]
    limits: tuple[str, ...]
    sketches: WeightSketches

    @staticmethod
    def of(spec: ProbeSpec, seen: Observations) -> _Measurement:
        parameters = parameters_of(spec, WeightAlignmentParameters)
        teachers = _distinct(seen.of_role(Role.TEACHER, Access.WEIGHTS))
        taken = {seen.suspect.digest, *(one.digest for one in teachers)}
        base = next((one for one in seen.of_role(Role.BASE, Access.WEIGHTS) if one.digest not in taken), None)
        panel = panel_of(seen, Access.WEIGHTS, (*teachers, *([base] if base else [])))
        return _Measurement(
            spec=spec,
            parameters=parameters,
            seen=seen,
            teachers=teachers,
            base=base,
            controls=panel.members[: parameters.controls],
            limits=panel.limits,
            sketches=WeightSketches(
                seen=seen,
                size=parameters.size,
                seed=parameters.seed,
                most_layers=parameters.layers,
                most_searched=parameters.searched,
            ),
        )

    @property
    def others(self) -> tuple[Subject, ...]:
        """Models that the suspect is compared with."""
        return (*self.teachers, *([self.base] if self.base else []))

    def finding(self, teacher: Subject) -> Finding:
        """What the weights say about one teacher."""
        suspect = self.seen.suspect
        if teacher.access < Access.WEIGHTS:
            return self._without(teacher, f"the weights of {teacher.name} are not open")
        alignment = self.sketches.align(suspect, teacher)
        if alignment is None:
            reasons = (*self.sketches.refusals(suspect), *self.sketches.refusals(teacher))
            return self._without(teacher, reasons[0] if reasons else "no summary of weights was answered")
        base = self.sketches.align(suspect, self.base) if self.base else None
        outcome, reason, decisive = self._conclude(teacher, alignment, base)
        return Finding(
            claim=Claim.ANCESTRY,
            probe=self.spec.id,
            method=WeightAlignment.name,
            suspect=suspect.digest,
            teacher=teacher.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            result=self._result(teacher, alignment),
            facts=self._facts(alignment, base),
            exhibits=block_exhibits(alignment),
            observation_ids=tuple(
                observation_id(model.digest, request_digest(request))
                for model in (suspect, teacher)
                for request in self.sketches.inspected(model)
            ),
            limits=(*self.limits, *self._own_limits(alignment, base)),
        )

    def _without(self, teacher: Subject, why: str) -> Finding:
        return Finding(
            claim=Claim.ANCESTRY,
            probe=self.spec.id,
            method=WeightAlignment.name,
            suspect=self.seen.suspect.digest,
            teacher=teacher.digest,
            outcome=Outcome.NOT_APPLICABLE,
            reason=why,
            decisive=f"weights of {teacher.name} and of the suspect in a known architecture",
        )

    def _conclude(
        self, teacher: Subject, alignment: Alignment, base: Alignment | None
    ) -> tuple[Outcome, str, str]:
        level = math.log10(self.parameters.alpha)
        seen = in_words(alignment)
        if alignment.log10_p >= level:
            return (
                Outcome.DOES_NOT_SUPPORT,
                f"the weights do not correspond to those of {teacher.name}: {seen}",
                "",
            )
        reason = f"the weights correspond to those of {teacher.name}: {seen}"
        if base is not None and self.base and base.log10_p < level:
            near, far = alignment.mean_cosine, base.mean_cosine
            if near is not None and far is not None and near <= far:
                return (
                    Outcome.INCONCLUSIVE,
                    f"{reason}; but they are as near to the base {self.base.name} (mean cosine {far:.4f} "
                    f"against {near:.4f}), so a common origin explains it",
                    f"the checkpoint that {teacher.name} was made from, to tell a merge from a common origin",
                )
        return Outcome.SUPPORTS, reason, ""

    def _result(self, teacher: Subject, alignment: Alignment) -> TestResult:
        controls = []
        for control in self.controls:
            compared = self.sketches.align(control, teacher)
            if compared is not None:
                value = ControlValue(name=control.name, stratum=stratum_of(control), value=-compared.log10_p)
                controls.append(value)
        by_layer = alignment.agreement is not None
        effect = alignment.agreement if by_layer else alignment.residual_order
        return TestResult(
            method=WeightAlignment.name,
            null="suspect and teacher were initialised independently, so their hidden units are exchangeable",
            alternative="the suspect's weights were made from the teacher's, or both from the same",
            statistic=-alignment.log10_p,
            statistic_name="minus log10 of the combined p-value",
            effect=effect or 0.0,
            effect_unit="share of neurons that two matrices match alike" if by_layer else "rank correlation",
            n=len(alignment.layers) if by_layer else alignment.residual_dimensions,
            unit_of_replication="blocks" if by_layer else "residual dimensions",
            guarantee=Guarantee.EXACT,
            assumptions=(
                "training treats hidden units alike, whatever their index",
                "in unrelated models the matchings from two matrices of a block are independent once the "
                "leading shared directions are removed",
            ),
            source="Zhu et al. (2025); Ainsworth et al. (2023); Fisher (1932)",
            p_value=as_probability(alignment.log10_p),
            log10_p_value=alignment.log10_p,
            controls=tuple(controls),
        )

    def _facts(self, alignment: Alignment, base: Alignment | None) -> tuple[Fact, ...]:
        layout = self.sketches.layout(self.seen.suspect)
        facts = [
            Fact(name="layers", value=layout[0] if layout else 0, meaning="blocks of the suspect"),
            Fact(name="matched_layers", value=len(alignment.layers), meaning="blocks that were compared"),
        ]
        named = (
            ("mean_agreement", alignment.agreement, "share of neurons that two matrices match alike"),
            ("mean_cosine", alignment.mean_cosine, "mean cosine of matched rows, sketch noise included"),
            ("order_log10_p", alignment.order_log10_p, "log10 p of the order of matched neurons"),
            ("agreement_log10_p", alignment.agreement_log10_p, "log10 p of agreeing matchings"),
            ("residual_log10_p", alignment.residual_log10_p, "log10 p of the order of residual dimensions"),
            ("base_log10_p", base.log10_p if base else None, "the same test against the suspect's base"),
            (
                "base_mean_cosine",
                base.mean_cosine if base else None,
                "mean cosine against the suspect's base",
            ),
        )
        facts += [
            Fact(name=name, value=value, meaning=meaning)
            for name, value, meaning in named
            if value is not None
        ]
        smallest = alignment.smallest_detectable(math.log10(self.parameters.alpha))
        if smallest is not None:
            facts.append(
                Fact(
                    name="smallest_detectable_agreement",
                    value=smallest,
                    unit="of neurons matched alike",
                    meaning="least share in every block that would have been found",
                )
            )
        return tuple(facts)

    def _own_limits(self, alignment: Alignment, base: Alignment | None) -> tuple[str, ...]:
        lines = [
            "It shows a common origin of weights, not its direction: a teacher made from the suspect fits.",
            "Distillation into fresh weights leaves no trace here.",
            "A copy whose residual dimensions were permuted or rotated is not recognised.",
        ]
        if not alignment.layers:
            lines.append(
                "Blocks could not be compared (residual widths differ or blocks were not recognised); only "
                "embeddings were."
            )
        if base is None:
            lines.append("Without the weights of the suspect's base, a common base is not told from copying.")
        return tuple(lines)
