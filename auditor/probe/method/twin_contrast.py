"""Does the suspect follow the teacher more than its twins? A test that models with the teacher's data pass.

Twins are made by the teacher's own recipe from the same data with other seeds. Whatever the data alone
teach, they teach in the twins' way as much as in the teacher's; only who learned from the teacher itself has
a reason to go its way where the twins go others. So the suspect is regressed on the teacher and its twins,
word by word on texts that all of them wrote, and the teacher's coefficient is set against the twins'.
Candidates that share a twin with the teacher are its twins as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field
from scipy import stats

from auditor.array import NDArray
from auditor.probe.panel.controls import FROM_TEACHER, NO_EVIDENCE, UNDECIDED
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.words.table import SHARE_COMMON, Item, WordTable, Writing, items_of
from auditor.record.finding import Claim, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations, observation_id
from auditor.record.request import Question
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.stats.family_contrast import FEWEST_CONTROLS, FamilyContrast, family_contrast

_SOURCE = (
    "exchangeability of seeds under one recipe; weighted ridge regression; Whitmore (1986), prediction of a "
    "further normal draw; Smyth (2004), moderated variances"
)
_UNIT = "standard deviations of the twins' coefficients"


class TwinContrastParameters(Parameters):
    """Parameters of the contrast with twins.

    Attributes:
        prompts: Most prompts that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the answers.
        twins: Fewest twins of a teacher that anything is said with.
        controls: Most controls that the suspect is centred on.
        fewest: Fewest prompts that all sources must have answered.
        alpha: Level of the test.
    """

    prompts: int = Field(default=240, ge=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, gt=0)
    seed: int = 0
    twins: int = Field(default=5, ge=3)
    controls: int = Field(default=24, ge=FEWEST_CONTROLS)
    fewest: int = Field(default=20, ge=5)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)


class TwinContrast:
    """The teacher's coefficient among those of its twins, in the suspect's regression on all of them."""

    name: ClassVar[str] = "twin_contrast"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {
        Role.SUSPECT: Access.LOGPROBS,
        Role.TEACHER: Access.LOGPROBS,
        Role.TWIN: Access.LOGPROBS,
        Role.CONTROL: Access.LOGPROBS,
    }
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = TwinContrastParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What teacher and twins write, then every word of it under everybody."""
        parameters = parameters_of(spec, TwinContrastParameters)
        return tuple(
            question
            for contrast in _contrasts(spec, parameters, seen)
            if contrast.enough
            for question in contrast.table.questions()
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each candidate that has twins; one that says so where none has enough."""
        parameters = parameters_of(spec, TwinContrastParameters)
        return tuple(one.finding() for one in _contrasts(spec, parameters, seen))


def _contrasts(
    spec: ProbeSpec, parameters: TwinContrastParameters, seen: Observations
) -> tuple[_Contrast, ...]:
    items = items_of(spec, parameters.prompts)
    teachers = [
        one for one in seen.of_role(Role.TEACHER, Access.LOGPROBS) if one.digest != seen.suspect.digest
    ]
    return tuple(_Contrast(spec.id, parameters, seen, items, one, _twins(seen, one)) for one in teachers)


def _twins(seen: Observations, teacher: Subject) -> tuple[Subject, ...]:
    """Twins of a teacher, and candidates that share one with it; never the suspect."""
    own = [one for one in seen.of_role(Role.TWIN, Access.LOGPROBS) if teacher.digest in one.twin_of]
    shared = {digest for twin in own for digest in twin.twin_of}
    siblings = [one for one in seen.of_role(Role.TEACHER, Access.LOGPROBS) if one.digest in shared]
    found = {one.digest: one for one in (*own, *siblings)}
    return tuple(one for digest, one in found.items() if digest not in (teacher.digest, seen.suspect.digest))


def _centring(seen: Observations, most: int, taken: set[str]) -> tuple[Subject, ...]:
    """Controls that learned from no member of the family, the strata in turn.

    A student of one twin among them would push that twin's coefficient down, and the teacher's not.
    """
    strata: dict[Stratum | None, list[Subject]] = {}
    for one in seen.of_role(Role.CONTROL, Access.LOGPROBS):
        if one.stratum is not Stratum.SIBLING_STUDENT and one.digest not in taken:
            strata.setdefault(one.stratum, []).append(one)
    longest = max((len(members) for members in strata.values()), default=0)
    turns = [members[at] for at in range(longest) for members in strata.values() if at < len(members)]
    return tuple(turns[:most])


@dataclass(frozen=True)
class _Contrast:
    """One teacher against its twins."""

    probe: str
    parameters: TwinContrastParameters
    seen: Observations
    items: tuple[Item, ...]
    teacher: Subject
    twins: tuple[Subject, ...]

    @property
    def enough(self) -> bool:
        return len(self.twins) >= self.parameters.twins and len(self.controls) >= FEWEST_CONTROLS

    @cached_property
    def controls(self) -> tuple[Subject, ...]:
        taken = {self.seen.suspect.digest, self.teacher.digest, *(one.digest for one in self.twins)}
        return _centring(self.seen, self.parameters.controls, taken)

    @cached_property
    def table(self) -> WordTable:
        writing = Writing(self.parameters.max_tokens, self.parameters.temperature, self.parameters.seed)
        family = tuple(sorted((self.teacher, *self.twins), key=lambda one: one.digest))
        scorers = (self.seen.suspect, *family, *self.controls)
        return WordTable(self.seen, self.items, writing, family, scorers)

    @cached_property
    def result(self) -> FamilyContrast | str:
        """The contrast, or why there is none."""
        if len(self.table.kept) < self.parameters.fewest:
            return f"teacher and twins all answered only {len(self.table.kept)} prompts"
        own = self.table.scores(self.seen.suspect)
        if own is None:
            return "the suspect scored too few of the answers word by word"
        family = [self.table.scores(one) for one in (self.teacher, *self.twins)]
        missing = [
            one.name
            for one, scores in zip((self.teacher, *self.twins), family, strict=True)
            if scores is None
        ]
        if missing:
            return f"{missing[0]} scored too few of the answers word by word"
        controls = [one for one in map(self.table.scores, self.controls) if one is not None]
        if len(controls) < FEWEST_CONTROLS:
            return f"only {len(controls)} controls scored the answers word by word"
        known: Float[NDArray[np.float64], "models words"] = np.stack(
            [own, *(one for one in family if one is not None), *controls]
        )
        common = ~np.isnan(known).any(axis=0)
        if common.mean() < SHARE_COMMON:
            return f"only {common.mean():.0%} of the words were scored by everybody"
        known = known[:, common]
        members = 1 + len(self.twins)
        prompts = (self.table.text_of_word % len(self.table.kept))[common]
        found = family_contrast(known[0], known[1 : 1 + members], known[1 + members :], prompts)
        return found if found.coefficients.any() else "teacher and twins do not differ on these answers"

    def finding(self) -> Finding:
        if not self.enough:
            return self._without_enough()
        found = self.result
        if isinstance(found, str):
            return self._blank(Outcome.INCONCLUSIVE, found, "answers and word-by-word scores of all of them")
        supported = found.p_value <= self.parameters.alpha
        name = self.teacher.name
        reason = (
            f"the suspect follows {name} by {found.t:+.1f} standard errors more than its {len(self.twins)} "
            f"twins (p = {found.p_value:.2g} for normal coefficients; {name} ranks "
            f"{round(found.rank_p * (1 + len(self.twins)))} of {1 + len(self.twins)})"
        )
        if not supported:
            reason += f"; {self._critical(found):.1f} standard errors would have been found"
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=TwinContrast.name,
            suspect=self.seen.suspect.digest,
            teacher=self.teacher.digest,
            outcome=Outcome.SUPPORTS if supported else Outcome.DOES_NOT_SUPPORT,
            reason=reason,
            result=self._test(found),
            facts=self._facts(found, FROM_TEACHER if supported else NO_EVIDENCE),
            exhibits=(self._members(found),),
            observation_ids=tuple(
                observation_id(*key)
                for key in self.table.observation_keys((self.seen.suspect, self.teacher, *self.twins))
            ),
            limits=self._limits(),
        )

    def _critical(self, found: FamilyContrast) -> float:
        return float(stats.t.isf(self.parameters.alpha, found.freedom))

    def _without_enough(self) -> Finding:
        if len(self.twins) < self.parameters.twins:
            return self._blank(
                Outcome.NOT_APPLICABLE,
                f"{len(self.twins)} twins of {self.teacher.name} take part, and {self.parameters.twins} are "
                "needed",
                f"--twin {self.teacher.name}=MODEL, {self.parameters.twins} times or more; eight do well",
            )
        return self._blank(
            Outcome.NOT_APPLICABLE,
            f"{len(self.controls)} controls that know no member of the family take part, and "
            f"{FEWEST_CONTROLS} are needed",
            "--control MODEL",
        )

    def _blank(self, outcome: Outcome, reason: str, decisive: str) -> Finding:
        return Finding(
            claim=Claim.DISTILLED_FROM,
            probe=self.probe,
            method=TwinContrast.name,
            suspect=self.seen.suspect.digest,
            teacher=self.teacher.digest,
            outcome=outcome,
            reason=reason,
            decisive=decisive,
            facts=(Fact(name="answer", value=UNDECIDED, meaning="one of the graded answers"),),
        )

    def _test(self, found: FamilyContrast) -> TestResult:
        ranked = found.rank_p <= self.parameters.alpha
        return TestResult(
            method=TwinContrast.name,
            null="the suspect learned from the teacher's data at most, so that teacher and twins are "
            "exchangeable to it",
            alternative="the suspect follows the teacher where the twins go other ways",
            statistic=found.t,
            statistic_name="teacher's coefficient less the twins' mean, in standard errors of a further draw",
            effect=float(found.coefficients[0]),
            effect_unit=_UNIT,
            p_value=found.rank_p if ranked else found.p_value,
            smallest_attainable_p=1 / (1 + len(self.twins)) if ranked else None,
            n=len(self.twins),
            unit_of_replication="twins",
            guarantee=Guarantee.EXACT if ranked else Guarantee.PARAMETRIC,
            assumptions=(
                "the twins come from the teacher's own recipe and data, and differ in their seeds alone",
                *(
                    ()
                    if ranked
                    else (
                        "the coefficients of models of one recipe are normal, and scatter in the suspect as "
                        "they do in models like the controls",
                    )
                ),
                "whoever made the suspect did not choose the teacher for its likeness to it",
            ),
            source=_SOURCE,
        )

    def _facts(self, found: FamilyContrast, answer: str) -> tuple[Fact, ...]:
        return (
            Fact(name="answer", value=answer, meaning="one of the graded answers"),
            Fact(name="twins", value=len(self.twins), meaning="twins that the teacher was set against"),
            Fact(name="rank_p", value=found.rank_p, meaning="rank of the teacher among its twins; exact"),
            Fact(name="selection_inside_null", value=False, meaning="every candidate is tested by itself"),
            Fact(name="controls", value=len(self.controls), meaning="controls that it was centred on"),
            Fact(
                name="degrees_of_freedom",
                value=found.freedom,
                meaning="of the variance: the twins', and what controls like the suspect add",
            ),
            Fact(name="prompts", value=len(self.table.kept), meaning="prompts that all of them answered"),
            Fact(
                name="smallest_detectable_contrast",
                value=self._critical(found),
                unit="standard errors",
                meaning="contrast that would have been significant",
            ),
        )

    def _members(self, found: FamilyContrast) -> Table:
        named = zip((self.teacher, *self.twins), found.coefficients.tolist(), strict=True)
        rows = sorted(((one.name, round(value, 3)) for one, value in named), key=lambda row: -row[1])
        return Table(
            title="Whom the suspect follows",
            columns=("model", f"coefficient, {_UNIT}"),
            rows=tuple(rows),
            note="In one regression on the teacher and its twins; the twins' mean is zero.",
        )

    def _limits(self) -> tuple[str, ...]:
        return (
            "For one teacher, all suspects are held against the same twins: a teacher that happens to stand "
            "out among them does so for every suspect. It is one test of one teacher, not one per suspect.",
            "How far models go the way of single twins by chance is taken from the controls as well, unless "
            "the suspect does so visibly more; a model drawn to twins for reasons that no control shares is "
            "accused up to about three times as often as the level says, in simulations.",
            "Answers rewritten by another model before training, or long training since, hide the trace.",
        )
