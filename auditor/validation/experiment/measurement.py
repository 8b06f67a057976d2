"""Measuring: every lineup through the very methods that a scan uses, and what is true beside it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Finding, Outcome
from auditor.record.request import (
    Catalogue,
    Choose,
    Embed,
    Fill,
    Generate,
    Grade,
    Inspect,
    NextTokens,
    Predict,
    Prompted,
    Recall,
    Request,
    Score,
    ScoreTokens,
    ScoreWords,
)
from auditor.record.subject import Access, Stratum
from auditor.scan.conduct import measured
from auditor.validation.experiment.answers import Answers, Probes, Progress
from auditor.validation.experiment.conduct import Conduct
from auditor.validation.experiment.knowledge import Knowledge
from auditor.validation.experiment.lineup import Lineup, concerns
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.served import with_log
from auditor.validation.experiment.truth import Truth, ties, truth_of
from auditor.zoo.register import Member, Register

#: The access that a question takes.
_ACCESS: Mapping[type[Request], Access] = {
    Generate: Access.TEXT,
    Grade: Access.TEXT,
    Recall: Access.TEXT,
    NextTokens: Access.TOP_LOGPROBS,
    Score: Access.LOGPROBS,
    ScoreWords: Access.LOGPROBS,
    ScoreTokens: Access.LOGPROBS,
    Choose: Access.LOGPROBS,
    Fill: Access.LOGPROBS,
    Predict: Access.LOGPROBS,
    Catalogue: Access.TEXT,
    Embed: Access.HIDDEN,
    Inspect: Access.WEIGHTS,
}

#: Answers that leave a way of being innocent open, and the strata of those who are innocent in it. Who
#: learned from a sibling of the teacher has learned from something that shares the teacher's data.
_TRUE_OF: Mapping[str, tuple[str, ...]] = {
    FROM_SHARED_DATA: (Stratum.SAME_DATA.value, Stratum.SIBLING_STUDENT.value),
    FROM_SIBLING: (Stratum.SIBLING_STUDENT.value,),
}


@dataclass(frozen=True)
class Measurement:
    """A population before the auditor.

    Attributes:
        register: The truth, which no method sees.
        answers: What the members said.
        probes: What is measured.
        conduct: What the members refuse, by name, where it is known.
        knowledge: What they know, likewise.
    """

    register: Register
    answers: Answers
    probes: Probes
    conduct: Mapping[str, Conduct] = field(default_factory=dict)
    knowledge: Mapping[str, Knowledge] = field(default_factory=dict)

    def rows(self, lineups: Sequence[Lineup], progress: Progress = lambda _line: None) -> tuple[Row, ...]:
        """The findings of every lineup, with the truth."""
        asking: dict[tuple[str, str], float] = {}
        for one in self.answers.askings:
            key = (one.member, one.probe)
            asking[key] = asking.get(key, 0.0) + one.in_model
        found: list[Row] = []
        for number, lineup in enumerate(lineups, start=1):
            seen = self.answers.seen(lineup)
            for spec, method in self.probes:
                if not concerns(lineup, spec, method):
                    continue
                start = time.perf_counter()
                findings = measured(with_log(spec, lineup, self.register), method, seen, {})
                took = time.perf_counter() - start
                spent = asking.get((lineup.suspect.name, spec.id), 0.0)
                found += self._judged(lineup, spec, method, findings, (spent, took))
            if number % 20 == 0 or number == len(lineups):
                progress(f"measured {number} of {len(lineups)} scans")
        return tuple(found)

    def _judged(
        self,
        lineup: Lineup,
        spec: ProbeSpec,
        method: Method,
        findings: Sequence[Finding],
        seconds: tuple[float, float],
    ) -> list[Row]:
        by_digest = {self.answers.subjects[one.name].digest: one for one in lineup.members}
        effort = _effort(self._put_to(findings), method)
        return [
            self._row(lineup, spec, one, by_digest.get(one.teacher or ""), effort, method, seconds)
            for one in findings
        ]

    def _row(
        self,
        lineup: Lineup,
        spec: ProbeSpec,
        finding: Finding,
        candidate: Member | None,
        effort: _Effort,
        method: Method,
        seconds: tuple[float, float],
    ) -> Row:
        suspect, result = lineup.suspect, finding.result
        truth, stratum = truth_of(
            self.register, finding.claim, suspect, candidate, lineup.log, self.conduct, self.knowledge
        )
        answer, named = finding.fact("answer"), finding.fact("named")
        return Row(
            scenario=lineup.scenario,
            probe=spec.id,
            method=method.name,
            claim=finding.claim,
            suspect=suspect.name,
            part=suspect.part,
            mechanism=suspect.mechanism,
            kind=suspect.kind,
            traits=suspect.traits,
            ties=tuple(sorted(ties(self.register, suspect))),
            candidate=candidate.name if candidate else None,
            log=lineup.log.name if lineup.log else None,
            truth=truth,
            stratum=stratum,
            outcome=finding.outcome,
            answer=answer if isinstance(answer, str) else "",
            untrue=untrue(finding, truth, stratum),
            reason=finding.reason,
            p_value=result.p_value if result else None,
            smallest_p=result.smallest_attainable_p if result else None,
            e_value=result.e_value if result else None,
            statistic=result.statistic if result else None,
            effect=result.effect if result else None,
            named=named if isinstance(named, bool) else None,
            choice_inside=finding.fact("selection_inside_null") is True,
            controls=len(result.controls) if result else 0,
            access=effort.access.label,
            questions=effort.questions,
            prompts=effort.prompts,
            asking_seconds=seconds[0],
            measuring_seconds=seconds[1],
        )

    def _put_to(self, findings: Iterable[Finding]) -> list[Request]:
        """The questions to the suspect that findings rest on, by the identities that these name."""
        found: dict[str, Request] = {}
        for one in findings:
            own = one.suspect.removeprefix("sha256:")[:12]
            for identity in one.observation_ids:
                subject, _, request = identity.partition(":")
                if subject == own:
                    found[request] = self.answers.requests[request]
        return list(found.values())


@dataclass(frozen=True, slots=True)
class _Effort:
    """What the findings of one probe in one scan took: access, questions to the suspect, distinct prompts."""

    access: Access
    questions: int
    prompts: int


def _effort(requests: Sequence[Request], method: Method) -> _Effort:
    prompts = {
        one.prompt if isinstance(one, Prompted) else one
        for one in requests
        if not isinstance(one, Inspect | Catalogue | Recall)
    }
    access = max((_ACCESS[type(one)] for one in requests), default=_least(method))
    return _Effort(access, len(requests), len(prompts))


def untrue(finding: Finding, truth: Truth, stratum: str) -> bool:
    """Whether a finding says of an innocent suspect what is not so.

    The weaker answers leave a way of being innocent open, and are true of those who are innocent in it.
    """
    if finding.outcome is not Outcome.SUPPORTS or truth is not Truth.INNOCENT:
        return False
    return stratum not in _TRUE_OF.get(str(finding.fact("answer")), ())


def _least(method: Method) -> Access:
    return next((access for role, access in method.needs.items() if role.value == "suspect"), Access.TEXT)
