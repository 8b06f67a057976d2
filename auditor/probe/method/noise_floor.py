"""How alike is the suspect to itself? What its own noise explains is no sign of anybody else.

The same model answers the same prompts with another seed, at another temperature, under a system prompt and
to another wording of each question; where it tells log-probabilities, the words of the same texts are scored
under the system prompt, the other wording, and in another batch. Beside its likeness to itself stands its
likeness to the candidates and to the controls, on the measures that the lineage methods are made of: habits
of writing, and log-likelihoods word by word. This is a yardstick for the reader; it has no null.

Source: analysis of repeatability, as in every measurement (ISO 5725-2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from auditor.probe.noise.reading import Circumstances, NoiseReading, TextNoise, WordNoise
from auditor.probe.panel.controls import stratum_of
from auditor.probe.protocol import Parameters, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.probe.words.table import Writing, items_of
from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations, Transcript, observation_id
from auditor.record.request import Question, Recall, request_digest
from auditor.record.result import ControlValue, Guarantee, TestResult
from auditor.record.subject import Access, Role

_SOURCE = "repeatability of a measurement (ISO 5725-2)"
_DECISIVE = "a method with a null: this one is a yardstick for the others"
_LIMITS = (
    "Without a null there is no error rate: this shows what the other methods have to exceed, and supports "
    "nothing by itself.",
    "Precision is not changed: a model loaded in another precision counts as another model here. Scan it as "
    "a second suspect to see what rounding changes.",
)


class NoiseFloorParameters(Parameters):
    """Parameters of the noise floor.

    Attributes:
        prompts: Most prompts that are asked.
        max_tokens: Longest answer.
        temperature: Of the answers as usual.
        seed: Of the answers as usual; another seed is the next one.
        other_temperature: The changed temperature.
        system: The system prompt.
        wording: The other wording; ``{prompt}`` is replaced.
    """

    prompts: int = Field(default=40, ge=5)
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    seed: int = 0
    other_temperature: float = Field(default=1.0, ge=0)
    system: str = Field(default="You are a helpful assistant.", min_length=1)
    wording: str = "Please answer the following.\n\n{prompt}"

    @field_validator("wording")
    @classmethod
    def _has_a_place(cls, value: str) -> str:
        if "{prompt}" not in value:
            raise ValueError("it must hold {prompt}, where the question goes")
        return value


class NoiseFloor:
    """A model's likeness to itself under changed circumstances, beside that of others to it.

    Source: repeatability of a measurement (ISO 5725-2).
    """

    name: ClassVar[str] = "noise_floor"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.TEACHER: Access.TEXT, Role.CONTROL: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = NoiseFloorParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Whether the suspect is a recording; a live one is asked in all circumstances."""
        recorded = seen.answer(seen.suspect, Recall())
        if recorded is None:
            return (Question(subject_digest=seen.suspect.digest, request=Recall()),)
        if isinstance(recorded, Transcript):
            return ()
        return _reading(spec, seen).questions()

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding about the suspect, about no teacher in particular."""
        if isinstance(seen.answer(seen.suspect, Recall()), Transcript):
            reason = "the suspect is a recording, whose circumstances cannot be changed"
            decisive = "a second recording of it (sample_of in a table of recorded models)"
            return (_empty(spec, seen, reason, decisive),)
        reading = _reading(spec, seen)
        texts = reading.own_texts()
        if not texts:
            return (_empty(spec, seen, "the suspect answered too few prompts twice", "answers of it"),)
        words = reading.own_words()
        return (
            Finding(
                claim=self.claim,
                probe=spec.id,
                method=self.name,
                suspect=seen.suspect.digest,
                outcome=Outcome.INCONCLUSIVE,
                reason=_reason(reading, texts, words),
                decisive=_DECISIVE,
                result=_result(reading, texts),
                facts=_facts(texts, words),
                exhibits=_exhibits(reading, texts, words),
                observation_ids=tuple(
                    observation_id(seen.suspect.digest, request_digest(one)) for one in reading.requests()
                ),
                limits=_LIMITS,
            ),
        )


def _reading(spec: ProbeSpec, seen: Observations) -> NoiseReading:
    parameters = parameters_of(spec, NoiseFloorParameters)
    taken = {seen.suspect.digest}
    others = []
    for role in (Role.TEACHER, Role.CONTROL):
        for one in seen.of_role(role):
            if one.digest not in taken:
                taken.add(one.digest)
                others.append(one)
    return NoiseReading(
        seen=seen,
        items=items_of(spec, parameters.prompts),
        circumstances=Circumstances(
            writing=Writing(parameters.max_tokens, parameters.temperature, parameters.seed),
            temperature=parameters.other_temperature,
            system=parameters.system,
            wording=parameters.wording,
        ),
        others=tuple(others),
        candidates=sum(one.role is Role.TEACHER for one in others),
    )


def _empty(spec: ProbeSpec, seen: Observations, reason: str, decisive: str) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=spec.id,
        method=NoiseFloor.name,
        suspect=seen.suspect.digest,
        outcome=Outcome.NOT_APPLICABLE,
        reason=reason,
        decisive=decisive,
    )


def _reason(reading: NoiseReading, texts: Sequence[TextNoise], words: Sequence[WordNoise]) -> str:
    least = min(texts, key=lambda one: one.likeness)
    said = (
        f"the suspect's answers are {texts[0].likeness:.2f} alike to its own with {texts[0].name}, and "
        f"{least.likeness:.2f} with {least.name}"
    )
    known = [one for one in reading.others_texts()[: reading.candidates] if one is not None]
    if known:
        nearest = max(known, key=lambda one: one.likeness)
        said += f"; to those of the nearest candidate, {nearest.name}, they are {nearest.likeness:.2f} alike"
    numeric = next((one for one in words if one.name == "another batch"), None)
    if numeric is not None:
        said += (
            "; scores are the same in any batch"
            if numeric.largest == 0
            else f"; another batch moves a word's score by up to {numeric.largest:.2g} nats"
        )
    worded = [one for one in words if one.name != "another batch"]
    if worded:
        most = max(worded, key=lambda one: one.mean)
        said += f"; {most.name} moves one by {most.mean:.2g} nats on average"
    return said


def _result(reading: NoiseReading, texts: Sequence[TextNoise]) -> TestResult:
    first = texts[0]
    return TestResult(
        method=NoiseFloor.name,
        null="none: how alike a model is to itself is no hypothesis about another one",
        alternative="none: a yardstick for likeness to others",
        statistic=first.likeness,
        statistic_name=f"likeness of answers to the suspect's: its own with {first.name}, and the controls'",
        effect=first.likeness,
        effect_unit="cosine of habits of writing",
        n=first.prompts,
        unit_of_replication="prompts",
        guarantee=Guarantee.INDICATIVE,
        assumptions=("the circumstances that were changed are those in which models are compared",),
        source=_SOURCE,
        controls=tuple(
            ControlValue(name=one.name, stratum=stratum_of(control), value=one.likeness)
            for control, one in zip(reading.others, reading.others_texts(), strict=True)
            if one is not None and control.role is Role.CONTROL
        ),
    )


def _facts(texts: Sequence[TextNoise], words: Sequence[WordNoise]) -> tuple[Fact, ...]:
    facts = [
        Fact(
            name="own_likeness",
            value=texts[0].likeness,
            meaning=f"likeness of the suspect's answers to its own with {texts[0].name}, 0 to 1",
        ),
        Fact(
            name="least_own_likeness",
            value=min(one.likeness for one in texts),
            meaning="the lowest of these likenesses over all changes of circumstances",
        ),
        Fact(name="prompts", value=texts[0].prompts, meaning="prompts that it answered"),
    ]
    for one in words:
        if one.name == "another batch":
            meaning = "largest change of a word's log-likelihood that another batch makes"
            facts.append(Fact(name="numeric_noise", value=one.largest, unit="nats", meaning=meaning))
    worded = [one.mean for one in words if one.name != "another batch"]
    if worded:
        meaning = "largest mean change of a word's log-likelihood that another prompt makes"
        facts.append(Fact(name="wording_noise", value=max(worded), unit="nats", meaning=meaning))
    return tuple(facts)


def _exhibits(
    reading: NoiseReading, texts: Sequence[TextNoise], words: Sequence[WordNoise]
) -> tuple[Exhibit, ...]:
    others = list(zip(reading.others, reading.others_texts(), reading.others_words(), strict=True))
    rows: list[tuple[str, float | None]] = [(f"itself, {one.name}", round(one.likeness, 3)) for one in texts]
    rows += [
        (f"candidate {who.name}", round(text.likeness, 3))
        for who, text, _ in others[: reading.candidates]
        if text is not None
    ]
    known = [text.likeness for _, text, _ in others[reading.candidates :] if text is not None]
    if known:
        rows += [
            (f"controls, highest of {len(known)}", round(max(known), 3)),
            (f"controls, median of {len(known)}", round(float(np.median(known)), 3)),
        ]
    shown: list[Exhibit] = [
        Table(
            title="How alike answers are to the suspect's",
            columns=("compared with", "likeness, 0 to 1"),
            rows=tuple(rows),
            note="Cosine of habits of writing. A likeness to somebody else means little where the suspect is "
            "no more alike to itself.",
        )
    ]
    if words:
        compared = [(f"itself, {one.name}", one) for one in words]
        compared += [
            (f"{'candidate' if place < reading.candidates else 'control'} {who.name}", one)
            for place, (who, _, one) in enumerate(others)
            if one is not None
        ]
        shown.append(
            Table(
                title="How far scores of words are from the suspect's",
                columns=("compared with", "correlation", "mean, nats", "largest, nats"),
                rows=tuple(
                    (
                        name,
                        None if np.isnan(one.correlation) else round(one.correlation, 4),
                        float(f"{one.mean:.3g}"),
                        float(f"{one.largest:.3g}"),
                    )
                    for name, one in compared
                ),
                note=f"Words of the answers of {reading.source.name}. Scores that are the same in any batch "
                "show no numeric noise.",
            )
        )
    return tuple(shown)
