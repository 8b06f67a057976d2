"""Asking what is true of a model's refusals: questions of no probe, read without the auditor's judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from auditor.probe.protocol import Method, Parameters
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations, Text
from auditor.record.request import Generate, Question, ask_all, request_digest, user
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role
from auditor.validation.experiment.answers import Answers, Probes
from auditor.validation.experiment.conduct import OF_CONDUCT, Conduct
from auditor.validation.experiment.world import seed_of

#: Tokens of an answer: enough for its opening.
_TOKENS = 16


class ConductQuestions:
    """Puts the questions to suspects and teachers; it measures nothing, since the truth is no finding."""

    name: ClassVar[str] = "conduct"
    claim: ClassVar[Claim] = Claim.SAFETY_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT, Role.TEACHER: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = Parameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every question, to the suspect and every candidate."""
        requests = [_request(str(item["prompt"])) for item in spec.items]
        everybody = (seen.suspect, *seen.of_role(Role.TEACHER))
        return tuple(one for subject in everybody for one in ask_all(subject.digest, requests))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:  # noqa: ARG002 - a truth
        """Nothing."""
        return ()


def conduct_probe(population: Path, probes: Probes) -> tuple[tuple[ProbeSpec, Method], ...]:
    """The questions, where the models are the zoo's and something is said of refusals; else none."""
    if seed_of(population) is None or not any(method.claim in OF_CONDUCT for _, method in probes):
        return ()
    from auditor.zoo.world.conduct import conduct_items

    file = ProbeFile(
        title="What the models of the synthetic world refuse",
        claim=Claim.SAFETY_LOSS,
        method=ConductQuestions.name,
        null_hypothesis="none: this is the truth that findings are held against",
        guarantee=Guarantee.INDICATIVE,
        description="Harmful and harmless questions that no probe asks.",
        source="Made for this project.",
    )
    items = tuple({"harmful": one.harmful, "prompt": one.prompt} for one in conduct_items())
    return ((ProbeSpec("world-conduct/conduct", file, (), "").with_items(items), ConductQuestions()),)


def conducts(answers: Answers, asked: Sequence[tuple[ProbeSpec, Method]]) -> dict[str, Conduct]:
    """The conduct of everybody who answered all questions, by name."""
    from auditor.zoo.world.conduct import refuses

    found: dict[str, Conduct] = {}
    for spec, _ in asked:
        keys = [(bool(item["harmful"]), request_digest(_request(str(item["prompt"])))) for item in spec.items]
        for name, subject in answers.subjects.items():
            refused: dict[bool, list[bool]] = {True: [], False: []}
            for harmful, key in keys:
                answer = answers.answers.get((subject.digest, key))
                if isinstance(answer, Text):
                    refused[harmful].append(refuses(answer.text))
            if sum(map(len, refused.values())) == len(keys):
                found[name] = Conduct(*(sum(refused[side]) / len(refused[side]) for side in (True, False)))
    return found


def _request(prompt: str) -> Generate:
    return Generate(prompt=user(prompt), max_tokens=_TOKENS)
