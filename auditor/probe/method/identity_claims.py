"""What does the model say it is, and how often do innocent models say as much?

A student may have taken over its teacher's name along with its answers. So may a model that merely read the
web, which is full of other models' names, and alignment teaches any name at will. The share of independent
models that claim a foreign name is shown beside what the suspect says; there is no null, and no rule can
rest on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from auditor.probe.identity.statement import Lexicon
from auditor.probe.protocol import Parameters, field_of, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Exhibit, Fact, Finding, Outcome, Table
from auditor.record.observation import Observations, Text, Transcript, observation_id
from auditor.record.request import Generate, Question, Recall, Request, request_digest, user
from auditor.record.result import Guarantee, TestResult
from auditor.record.subject import Access, Role, Subject

_SHOWN = 8
_QUOTED = 240
_LIMITS = (
    "Names of other models are all over the web: an innocent model may claim one, and a student may have "
    "been taught to claim none.",
    "Without a null there is no error rate: this points to where to look and supports nothing by itself.",
)


class IdentityClaimsParameters(Parameters):
    """Parameters of the identity claims.

    Attributes:
        makers: Maker -> further names of it and of its models.
        form: A conversation in each model's own template, or text to continue.
        max_tokens: Longest answer.
        temperature: Of the answers.
    """

    makers: dict[str, tuple[str, ...]] = Field(min_length=1)
    form: Literal["chat", "text"] = "chat"
    max_tokens: int = Field(default=96, ge=1)
    temperature: float = Field(default=0.7, ge=0)


@dataclass(frozen=True)
class _Statements:
    """What one model says of itself.

    Attributes:
        subject: The model.
        read: Answers that were read.
        claims: Answers that claim a maker, by maker.
        quotes: Some of them, with their question.
        requests: Where they were read.
    """

    subject: Subject
    read: int
    claims: Counter[str]
    quotes: tuple[tuple[str, str, str], ...]
    requests: tuple[Request, ...]


class IdentityClaims:
    """Makers that a model claims as its own, beside how often independent models claim a foreign one.

    Source: the observation that instruction data carry names over (Gudibande et al. 2023) is a reason to
    ask, not a test.
    """

    name: ClassVar[str] = "identity_claims"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.TEXT, Role.MEMBER: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = IdentityClaimsParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """What is recorded of everyone; then the questions, to those of whom nothing is."""
        parameters = parameters_of(spec, IdentityClaimsParameters)
        everyone = _everyone(seen)
        recalls = [
            Question(subject_digest=one.digest, request=Recall())
            for one in everyone
            if seen.answer(one, Recall()) is None
        ]
        return recalls or [
            Question(subject_digest=one.digest, request=request)
            for one in everyone
            if not isinstance(seen.answer(one, Recall()), Transcript)
            for request, _ in _asked(spec, parameters)
            if seen.answer(one, request) is None
        ]

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding about the suspect, about no teacher in particular."""
        parameters = parameters_of(spec, IdentityClaimsParameters)
        lexicon = Lexicon(parameters.makers)
        own, *others = (_statements(one, seen, _asked(spec, parameters), lexicon) for one in _everyone(seen))
        others = [one for one in others if one.read]
        if not own.read:
            return (_finding(spec, seen, Outcome.NOT_APPLICABLE, "nothing that the suspect said is at hand"),)
        foreign = _foreign(own, lexicon)
        confused = [one for one in others if _foreign(one, lexicon)]
        rate = len(confused) / len(others) if others else None
        if foreign:
            maker, times = foreign.most_common(1)[0]
            alike = sum(bool(_foreign(one, lexicon)[maker]) for one in others)
            reason = f"the suspect says in {times} of {own.read} answers that it is of {maker}"
            base = (
                f"; {alike} of {len(others)} independent models say so of themselves without being its, and "
                f"{len(confused)} claim some foreign maker"
            )
        else:
            maker, times = "", 0
            reason = f"the suspect claims no foreign maker in {own.read} answers, which clears it of nothing"
            base = f"; {len(confused)} of {len(others)} independent models claim one"
        reason += base if others else "; no independent model was asked, so that confusions have no base rate"
        return (
            Finding(
                claim=self.claim,
                probe=spec.id,
                method=self.name,
                suspect=seen.suspect.digest,
                outcome=Outcome.INCONCLUSIVE,
                reason=reason,
                decisive="a method with a null: likelihoods, logged answers, twins, or recorded answers",
                result=_result(own, times, rate, len(others)),
                facts=_facts(maker, times, own.read, rate),
                exhibits=_exhibits(own, foreign, others, lexicon),
                observation_ids=tuple(
                    observation_id(seen.suspect.digest, request_digest(one)) for one in own.requests
                ),
                limits=_LIMITS,
            ),
        )


def _everyone(seen: Observations) -> tuple[Subject, ...]:
    """The suspect, then independent models: controls, and members documented as such."""
    members = [
        one
        for one in seen.of_role(Role.MEMBER)
        if one.detail("independent") == "yes" and one.detail("sample of") is None
    ]
    found = {one.digest: one for one in (seen.suspect, *seen.of_role(Role.CONTROL), *members)}
    return tuple(found.values())


def _asked(spec: ProbeSpec, parameters: IdentityClaimsParameters) -> tuple[tuple[Generate, str], ...]:
    found = []
    for item in spec.items:
        prompt = field_of(item, "prompt", spec)
        request = Generate(
            prompt=user(prompt) if parameters.form == "chat" else f"{prompt}\n",
            max_tokens=parameters.max_tokens,
            temperature=parameters.temperature,
        )
        found.append((request, prompt))
    return tuple(found)


def _statements(
    subject: Subject, seen: Observations, asked: Sequence[tuple[Generate, str]], lexicon: Lexicon
) -> _Statements:
    texts: list[tuple[str, str]] = []
    requests: list[Request] = []
    recorded = seen.answer(subject, Recall())
    if isinstance(recorded, Transcript):
        texts = list(zip(recorded.prompts, recorded.answers, strict=True))
        requests = [Recall()]
    else:
        for request, prompt in asked:
            answer = seen.answer(subject, request)
            if isinstance(answer, Text):
                texts.append((prompt, answer.text))
                requests.append(request)
    claims: Counter[str] = Counter()
    quotes = []
    for prompt, text in texts:
        makers = lexicon.claimed(text)
        claims.update(makers)
        if makers:
            quotes.append((prompt[:_QUOTED], text[:_QUOTED], ", ".join(sorted(makers))))
    return _Statements(subject, len(texts), claims, tuple(quotes), tuple(requests))


def _foreign(one: _Statements, lexicon: Lexicon) -> Counter[str]:
    """Claims of makers other than its own; of an unknown maker every claim is foreign."""
    own = lexicon.maker_of(one.subject.organisation or "")
    return Counter({maker: times for maker, times in sorted(one.claims.items()) if maker != own})


def _finding(spec: ProbeSpec, seen: Observations, outcome: Outcome, reason: str) -> Finding:
    return Finding(
        claim=Claim.DISTILLED_FROM,
        probe=spec.id,
        method=IdentityClaims.name,
        suspect=seen.suspect.digest,
        outcome=outcome,
        reason=reason,
        decisive="answers of the suspect to questions about itself",
    )


def _result(own: _Statements, times: int, rate: float | None, models: int) -> TestResult:
    return TestResult(
        method=IdentityClaims.name,
        null="none: what a model calls itself has no known law among innocent models",
        alternative="the suspect claims another maker's name",
        statistic=times / own.read,
        statistic_name="share of answers that claim the foreign maker claimed most",
        effect=times / own.read,
        effect_unit="share of answers",
        n=own.read,
        unit_of_replication="answers",
        guarantee=Guarantee.INDICATIVE,
        assumptions=(
            f"base rate of foreign names: {rate:.0%} of {models} independent models"
            if rate is not None
            else "no base rate: no independent model was asked",
        ),
        source="base rate counted in this scan",
    )


def _facts(maker: str, times: int, read: int, rate: float | None) -> tuple[Fact, ...]:
    facts = [
        Fact(name="claimed_maker", value=maker or "none", meaning="foreign maker that it claims most often"),
        Fact(name="claims", value=times, meaning="answers that claim it"),
        Fact(name="answers_read", value=read, meaning="answers of the suspect that were read"),
    ]
    if rate is not None:
        meaning = "share of independent models that claim a foreign maker"
        facts.append(Fact(name="base_rate", value=rate, meaning=meaning))
    return tuple(facts)


def _exhibits(
    own: _Statements, foreign: Counter[str], others: Sequence[_Statements], lexicon: Lexicon
) -> tuple[Exhibit, ...]:
    makers = dict.fromkeys([*foreign, *sorted({name for one in others for name in _foreign(one, lexicon)})])
    counts = Table(
        title="Foreign makers claimed",
        columns=("maker", "answers of the suspect", "independent models that claim it", "of"),
        rows=tuple(
            (maker, foreign[maker], sum(bool(_foreign(one, lexicon)[maker]) for one in others), len(others))
            for maker in makers
        ),
        note="A model's own maker is no foreign one; of a model without a stated maker every claim counts.",
    )
    said = Table(
        title="What the suspect says of itself",
        columns=("asked", "said", "claims"),
        rows=own.quotes[:_SHOWN],
    )
    return tuple(one for one in (counts, said) if one.rows)
