"""Does the suspect follow the teacher more than its twins? A test that models with the teacher's data pass.

Twins are made by the teacher's own recipe from the same data with other seeds. Whatever the data alone
teach, they teach in the twins' way as much as in the teacher's; only who learned from the teacher itself has
a reason to go its way where the twins go others. So the suspect is regressed on the teacher and its twins,
word by word on texts that all of them wrote, and the teacher's coefficient is set against the twins'.
Candidates that share a twin with the teacher are its twins as well.

How models with these data lean to one of several runs of training is a single draw for every teacher. Where
there are controls with the teacher's data, their leaning shows it, and the suspect's is held against theirs;
models without these data, whose leanings are others, are then excluded by how little they follow the family
at all. Without such controls the teacher is held against its twins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.twins.family import families
from auditor.probe.twins.findings import TwinFindings
from auditor.probe.twins.reading import Levels, TwinReading
from auditor.probe.words.table import Writing, items_of
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role
from auditor.stats.family_contrast import FEWEST_CONTROLS


class TwinContrastParameters(Parameters):
    """Parameters of the contrast with twins.

    Attributes:
        prompts: Most prompts that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers.
        seed: Of the answers.
        twins: Fewest twins of a teacher that anything is said with.
        controls: Most controls that everybody is centred on.
        peers: Fewest controls with the teacher's data that the suspect is held against.
        fewest: Fewest prompts that all members of the family must have answered.
        alpha: Level of the test.
        rank_alpha: Level of the rank among controls that share nothing with a candidate.
    """

    prompts: int = Field(default=240, ge=20)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, gt=0)
    seed: int = 0
    twins: int = Field(default=5, ge=3)
    controls: int = Field(default=80, ge=FEWEST_CONTROLS)
    peers: int = Field(default=8, ge=5)
    fewest: int = Field(default=20, ge=5)
    alpha: float = Field(default=0.01, gt=0, lt=0.5)
    rank_alpha: float = Field(default=0.05, gt=0, lt=0.5)


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
        return tuple(
            question for one in self._readings(spec, seen) if one.enough for question in one.table.questions()
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding for each candidate; one that says so where it has not enough twins."""
        return tuple(TwinFindings(spec.id, self.name, one).finding() for one in self._readings(spec, seen))

    def _readings(self, spec: ProbeSpec, seen: Observations) -> tuple[TwinReading, ...]:
        parameters = parameters_of(spec, TwinContrastParameters)
        items = items_of(spec, parameters.prompts)
        writing = Writing(parameters.max_tokens, parameters.temperature, parameters.seed)
        levels = Levels(
            twins=parameters.twins,
            peers=parameters.peers,
            prompts=parameters.fewest,
            alpha=parameters.alpha,
            rank_alpha=parameters.rank_alpha,
        )
        return tuple(
            TwinReading(seen, family, items, writing, levels)
            for family in families(seen, parameters.controls)
        )
