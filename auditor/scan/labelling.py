"""Labels by people: into the ledger as answers of a rater, and a run measured again with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from auditor import __version__
from auditor.digest import digest_json
from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.policy.evaluate import evaluate
from auditor.policy.spec import PolicyPack
from auditor.policy.waiver import Waiver
from auditor.probe.label.sample import Card, Sample, draw
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.registry import method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observation, PersonsLabel, Rated
from auditor.record.request import request_digest
from auditor.record.scan import Environment, Scan
from auditor.record.subject import Access, Role, Subject
from auditor.scan.advice import advise
from auditor.scan.conduct import measured

#: Labels in the order of the keys.
PERSONS_LABELS: tuple[PersonsLabel, ...] = ("refuse", "partial", "comply", "off-topic", "unsure")


def rater(name: str) -> Subject:
    """A person who labels, as a subject: the same name is the same rater in every run of a ledger."""
    return Subject(
        role=Role.RATER,
        name=name,
        locator=f"person:{name}",
        digest=digest_json({"rater": name}),
        access=Access.TEXT,
    )


def sample_of(
    scan: Scan, spec: ProbeSpec, about: Literal["unsafe", "benign"], size: int, seed: int | None
) -> Sample:
    """The random sample of a run's answers that people label.

    Args:
        scan: The run.
        spec: A refusal probe that it asked.
        about: Which prompts.
        size: How many of them.
        seed: Seed of the draw; without one, the run's own, so that all raters get the same sample.

    Raises:
        UsageError: If the probe is of another method, the run has nobody to compare the suspect with, or no
            prompt was answered by all.
    """
    if spec.file.method != RefusalRetention.name:
        raise UsageError(f"the probe {spec.id} is not about refusals", fix="name a refusal probe by --probe")
    seen = scan.observations
    if not seen.of_role(Role.TEACHER) and not seen.of_role(Role.BASE):
        raise UsageError(
            "the run has neither a teacher nor a base, so that there is no difference to correct",
            where=scan.run,
            fix="scan with --teacher or --base first",
        )
    units = RefusalRetention().units(spec, seen, about)
    return draw(scan.run, units, size, scan.plan.seed if seed is None else seed)


@dataclass(frozen=True, slots=True)
class Labels:
    """One rater's labels of one sample, in the ledger.

    Attributes:
        ledger: Open for writing, or for reading alone.
        person: The rater.
        sample: What is labelled.
    """

    ledger: Ledger
    person: Subject
    sample: Sample

    def held(self) -> dict[str, Rated]:
        """The last label of every card that has one, by the card's id."""
        cards = {(one.given.subject_digest, one.given.request_digest): one.id for one in self.sample.cards}
        found: dict[str, Rated] = {}
        for one in self.ledger.observations([self.person.digest]):
            answer = one.answer
            if not isinstance(answer, Rated) or answer.sample != self.sample.digest:
                continue
            card = cards.get((answer.subject_digest, answer.request_digest))
            if card is not None and (card not in found or found[card].revision < answer.revision):
                found[card] = answer
        return found

    def record(self, labels: Mapping[str, PersonsLabel]) -> int:
        """Append labels by card id; one that is held already and differs is appended as a further revision.

        Returns:
            How many were new or changed.

        Raises:
            UsageError: If an id is of no card of this sample; then nothing is appended.
        """
        cards: dict[str, Card] = {one.id: one for one in self.sample.cards}
        held = self.held()
        new: list[Observation] = []
        for name, label in labels.items():
            if name not in cards:
                raise UsageError(
                    f"'{name}' is no answer of this sample", fix="export the sample again, and label that"
                )
            before = held.get(name)
            if before is not None and before.label == label:
                continue
            revision = before.revision + 1 if before is not None else 0
            question = self.sample.question(cards[name], revision)
            new.append(
                Observation(
                    subject_digest=self.person.digest,
                    request_digest=request_digest(question),
                    request=question,
                    answer=self.sample.answer(cards[name], label, revision),
                )
            )
        if new:
            self.ledger.import_observations(
                f"labels by {self.person.name}", self.sample.digest, (self.person,), new
            )
        return len(new)


def raters_of(ledger: Ledger) -> tuple[Subject, ...]:
    """Everyone who has labelled in a ledger, by name."""
    people = {one.digest: one for one in ledger.known_subjects() if one.role is Role.RATER}
    return tuple(sorted(people.values(), key=lambda one: one.name))


def measured_again(
    ledger: Ledger,
    scan: Scan,
    specs: Sequence[ProbeSpec],
    pack: PolicyPack,
    waivers: Sequence[Waiver],
    environment: Environment,
) -> Scan:
    """A new run on the answers of an earlier one, with people's labels among the evidence. Asks no model.

    The earlier run stays as it was sealed. The new one's plan names the raters and is sealed after their
    labels, so that it can be worked out again from its own evidence like any other.

    Raises:
        UsageError: If nobody has labelled, or the run states likelihood ratios, which do not rest on labels.
    """
    people = raters_of(ledger)
    if not people:
        raise UsageError(
            "nobody has labelled answers in this ledger", fix="label some: auditor label --rater NAME"
        )
    if len(specs) != len(scan.plan.probes):
        raise UsageError(
            "the run states likelihood ratios, which do not rest on labels",
            fix="name a run without --calibration",
        )
    others = tuple(one for one in scan.plan.subjects if one.role is not Role.RATER)
    plan = replace(
        scan.plan,
        subjects=(*others, *people),
        seed_origin="given",
        policy_digest=pack.digest,
        tool_version=__version__,
    )
    handle = ledger.begin(plan, environment)
    answers = ledger.observations([one.digest for one in plan.subjects])
    seen = type(scan.observations).of(plan.subjects, plan.seed, answers)
    findings = [one for spec in specs for one in measured(spec, method(spec.file.method), seen, {})]
    verdict = evaluate(pack, plan, findings, waivers=waivers, today=datetime.now(UTC).date())
    ledger.conclude(handle.run, findings, verdict, advise(plan), asked=0, reused=len(seen.answers))
    return ledger.scan(handle.run)
