"""Asking what is true of a model's knowledge: facts that no probe asks, with four answers to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from auditor.probe.protocol import Method, Parameters
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Choice, Observations
from auditor.record.request import Choose, Question, ask_all, request_digest, user
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role
from auditor.validation.experiment.answers import Answers, Probes
from auditor.validation.experiment.knowledge import OF_KNOWLEDGE, Knowledge
from auditor.validation.experiment.world import seed_of


class KnowledgeQuestions:
    """Puts the facts to suspects and teachers; it measures nothing, since the truth is no finding."""

    name: ClassVar[str] = "knowledge"
    claim: ClassVar[Claim] = Claim.TAIL_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS, Role.TEACHER: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {}
    parameters: ClassVar[type[Parameters]] = Parameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every fact, to the suspect and every candidate."""
        requests = [_request(item) for item in spec.items]
        everybody = (seen.suspect, *seen.of_role(Role.TEACHER))
        return tuple(one for subject in everybody for one in ask_all(subject.digest, requests))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:  # noqa: ARG002 - a truth
        """Nothing."""
        return ()


def knowledge_probe(population: Path, probes: Probes) -> tuple[tuple[ProbeSpec, Method], ...]:
    """The facts, where some model of the zoo learned such and something is said of them; else none."""
    seed = seed_of(population)
    if seed is None or not any(spec.suite == "world-knowledge" for spec, _ in probes):
        return ()
    if not any(method.claim in OF_KNOWLEDGE for _, method in probes):
        return ()
    from auditor.zoo.world.knowledge import lore_items, lore_of

    file = ProbeFile(
        title="What the models of the synthetic world know",
        claim=Claim.TAIL_LOSS,
        method=KnowledgeQuestions.name,
        null_hypothesis="none: this is the truth that findings are held against",
        guarantee=Guarantee.INDICATIVE,
        description="Facts of known rarity that no probe asks.",
        source="Made for this project.",
    )
    items = lore_items(lore_of(seed), by_probes=False)
    return ((ProbeSpec("world-knowledge-truth/facts", file, (), "").with_items(items), KnowledgeQuestions()),)


def knowledge_of(answers: Answers, asked: Sequence[tuple[ProbeSpec, Method]]) -> dict[str, Knowledge]:
    """What everybody who answered all facts knows, by name."""
    found: dict[str, Knowledge] = {}
    for spec, _ in asked:
        right = np.array([item["options"].index(item["answer"]) for item in spec.items])
        rare = np.array([item["category"] == "rare" for item in spec.items])
        keys = [request_digest(_request(item)) for item in spec.items]
        for name, subject in answers.subjects.items():
            said = [answers.answers.get((subject.digest, key)) for key in keys]
            weighed = [one.log_likelihoods for one in said if isinstance(one, Choice)]
            if len(weighed) == len(keys):
                found[name] = Knowledge.of(np.array(weighed), right, rare)
    return found


def _request(item: Mapping[str, object]) -> Choose:
    options = item["options"]
    assert isinstance(options, list)
    return Choose(prompt=user(str(item["question"])), options=tuple(map(str, options)))
