"""Refusal retention: what the reference refuses, does the suspect still refuse?

Every unsafe prompt is put to both and the answers are paired. Each prompt has a benign twin that shares
its trigger words, so that a model which refuses more of everything is called over-refusing, not safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from auditor.probe.label.correction import Correction, JudgedPair, correct
from auditor.probe.label.people import people
from auditor.probe.label.sample import Given, Unit
from auditor.probe.protocol import Parameters, field_of, parameters_of
from auditor.probe.refusal.alone import without_reference
from auditor.probe.refusal.comparison import METHOD, OF_OWN_PROMPTS, Comparison
from auditor.probe.refusal.excess import over_refusal
from auditor.probe.refusal.judging import Judging
from auditor.probe.refusal.loss import safety_loss
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.refusal.series import Asked, Judged, Pair, Series
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Answer, Observations, observation_id
from auditor.record.request import Generate, Question, ask_all, request_digest, user
from auditor.record.subject import Access, Role, Subject

_Field = Literal["prompt", "twin", "borderline"]
_FIELDS: tuple[_Field, ...] = ("prompt", "twin", "borderline")
#: What a prompt without a counterpart is called in an item.
_ALONE: Mapping[_Field, str] = {"prompt": "unsafe", "twin": "safe"}


class RefusalRetention:
    """The refusals that a suspect lost, and the ones it has too many of, against each reference.

    References are the teachers; without one, the suspect's base. Both claims are decided three-way, with
    the same margin: found, excluded, or undecided with the number of prompts that would decide. Items
    have the fields ``id``, ``category``, ``prompt`` (unsafe) and ``twin`` (benign), or in place of these two
    ``borderline``: a prompt that careful models refuse and answer alike, shown and not judged; or ``unsafe``
    or ``safe``: a prompt without a counterpart, as in sets that users bring.

    Source: McNemar 1947; Tango 1998, Stat. Med. 17, 891; Fagerland, Lydersen and Laake 2013.
    """

    name: ClassVar[str] = METHOD
    claim: ClassVar[Claim] = Claim.SAFETY_LOSS
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.TEACHER: Access.TEXT,
        Role.BASE: Access.TEXT,
        Role.JUDGE: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = RefusalParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """Every prompt, twin and borderline prompt, to the suspect, each teacher and the base.

        Then, to the judge, what they answered to those that are judged.
        """
        parameters = parameters_of(spec, RefusalParameters)
        requests = [_request(one, parameters) for field in _FIELDS for one in _asked(spec, field)]
        asked = (*seen.of_role(Role.SUSPECT), *seen.of_role(Role.TEACHER), *seen.of_role(Role.BASE))
        digests = dict.fromkeys(subject.digest for subject in asked)
        answers = _Answers(spec, parameters, seen)
        return (
            *(question for digest in digests for question in ask_all(digest, requests)),
            *answers.grading(asked),
        )

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding on lost refusals and one on over-refusal for each reference."""
        parameters = parameters_of(spec, RefusalParameters)
        bases = seen.of_role(Role.BASE)[:1]
        teachers = seen.of_role(Role.TEACHER)
        series = _Answers(spec, parameters, seen)
        suspect = seen.suspect
        if not teachers and not bases:
            return without_reference(
                spec.id,
                parameters,
                suspect,
                (series.of(suspect, "prompt"), series.of(suspect, "twin")),
                (*series.ids("prompt", suspect), *series.ids("twin", suspect)),
                series.judge,
            )
        findings: list[Finding] = []
        for reference in teachers or bases:
            others = bases if teachers else ()
            unsafe_labels, unsafe_grades = series.labelled(reference, suspect, "prompt")
            benign_labels, benign_grades = series.labelled(suspect, reference, "twin")
            compared = Comparison(
                probe=spec.id,
                parameters=parameters,
                suspect=suspect,
                reference=reference,
                unsafe=series.paired(reference, suspect, "prompt"),
                benign=series.paired(reference, suspect, "twin"),
                others=tuple((other, series.of(other, "prompt")) for other in others),
                unsafe_ids=(*series.ids("prompt", suspect, reference, *others), *unsafe_grades),
                benign_ids=(*series.ids("twin", suspect, reference), *benign_grades),
                unsafe_labels=unsafe_labels,
                benign_labels=benign_labels,
                judge=series.judge,
                further_limits=OF_OWN_PROMPTS if _brought(spec) else (),
            )
            findings += [safety_loss(compared), over_refusal(compared)]
        return tuple(findings)

    def units(
        self, spec: ProbeSpec, seen: Observations, about: Literal["unsafe", "benign"]
    ) -> tuple[Unit, ...]:
        """The prompts whose answers people may label: those that every model asked has answered in words.

        Strata are what the judge says of each model's answer, the suspect's first: refused or not.
        """
        parameters = parameters_of(spec, RefusalParameters)
        field: _Field = "prompt" if about == "unsafe" else "twin"
        series = _Answers(spec, parameters, seen)
        asked = (*seen.of_role(Role.SUSPECT), *seen.of_role(Role.TEACHER), *seen.of_role(Role.BASE))
        subjects = tuple({one.digest: one for one in asked}.values())
        return series.units(field, subjects)

    def power(self, spec: ProbeSpec) -> str:
        """What a run of this probe can show, in one line, before anything is asked."""
        parameters = parameters_of(spec, RefusalParameters)
        n, rate = len(_asked(spec, "prompt")), parameters.reverse_rate
        smallest = parameters.rule.smallest_detectable(n, rate)
        kept = parameters.rule.chances(rate, rate, n).under
        size = "no loss" if smallest is None else f"a loss of {100 * smallest:.0f} points"
        return (
            f"{n} prompts: {size} is found with probability 0.8; a loss of {100 * parameters.margin:g} "
            f"points is excluded with probability {kept:.2f} where nothing was lost and {100 * rate:g} % of "
            "the prompts change each way"
        )


def _asked(spec: ProbeSpec, field: _Field) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            item=field_of(item, "id", spec),
            category=field_of(item, "category", spec),
            prompt=field_of(item, name, spec),
        )
        for item in spec.items
        if (name := _named(item, field)) is not None
    )


def _brought(spec: ProbeSpec) -> bool:
    """Whether prompts are such as users bring."""
    return any(name in item for item in spec.items for name in _ALONE.values())


def _named(item: Mapping[str, Any], field: _Field) -> str | None:
    """Under which name an item holds a prompt of this kind; None where it is of another kind."""
    if any(name in item for name in _ALONE.values()):
        alone = _ALONE.get(field)
        return alone if alone in item else None
    return field if ("borderline" in item) == (field == "borderline") else None


def _request(asked: Asked, parameters: RefusalParameters) -> Generate:
    prompt = user(asked.prompt) if parameters.form == "chat" else asked.prompt
    return Generate(prompt=prompt, max_tokens=parameters.max_tokens, stop=parameters.stop)


class _Answers:
    """The judged answers of a scan's subjects to the probe's prompts; each is judged once."""

    def __init__(self, spec: ProbeSpec, parameters: RefusalParameters, seen: Observations) -> None:
        self._seen = seen
        self._parameters = parameters
        self._judging = Judging(parameters, seen)
        self.judge = self._judging.judge
        self._asked = {field: _asked(spec, field) for field in _FIELDS}
        self._judged: dict[tuple[str, _Field], tuple[Judged, ...]] = {}

    def of(self, subject: Subject, field: _Field) -> tuple[Judged, ...]:
        key = subject.digest, field
        if key not in self._judged:
            self._judged[key] = tuple(self._label(subject, one) for one in self._asked[field])
        return self._judged[key]

    def _label(self, subject: Subject, asked: Asked) -> Judged:
        return self._judging.label(asked, self._answer(subject, asked))

    def _answer(self, subject: Subject, asked: Asked) -> Answer | None:
        return self._seen.answer(subject, _request(asked, self._parameters))

    def grading(self, subjects: Sequence[Subject]) -> tuple[Question, ...]:
        """What the judge is asked of the answers that there are so far."""
        return self._judging.questions(
            (asked, self._answer(subject, asked))
            for subject in subjects
            for field in _FIELDS
            for asked in self._asked[field]
        )

    def paired(self, reference: Subject, suspect: Subject, field: _Field) -> Series:
        answers = zip(self._asked[field], self.of(reference, field), self.of(suspect, field), strict=True)
        return Series(
            pairs=tuple(Pair(asked=asked, reference=theirs, suspect=own) for asked, theirs, own in answers),
            refusing=self._parameters.refusing,
        )

    def ids(self, field: _Field, *subjects: Subject) -> tuple[str, ...]:
        """Identities of the observations that exist, with what the judge said of each."""
        found: list[str] = []
        for subject in subjects:
            for asked in self._asked[field]:
                answer = self._answer(subject, asked)
                if answer is not None:
                    request = _request(asked, self._parameters)
                    found.append(observation_id(subject.digest, request_digest(request)))
                found += self._judging.ids(asked, answer)
        return tuple(dict.fromkeys(found))

    def labelled(
        self, first: Subject, second: Subject, field: _Field
    ) -> tuple[Correction | None, tuple[str, ...]]:
        """Refusals of ``first`` less those of ``second`` by people's labels, and the labels' identities."""
        if not self._seen.of_role(Role.RATER):
            return None, ()
        answers = zip(self._requests(field), self.of(first, field), self.of(second, field), strict=True)
        pairs = [
            JudgedPair(
                first=(first.digest, digest), second=(second.digest, digest), labels=(one.label, other.label)
            )
            for digest, one, other in answers
            if "unscored" not in (one.label, other.label)
        ]
        said = people(self._seen, (key for pair in pairs for key in (pair.first, pair.second)))
        if said is None:
            return None, ()
        return correct(pairs, said, self._parameters.refusing, self._parameters.level), said.ids

    def units(self, field: _Field, subjects: Sequence[Subject]) -> tuple[Unit, ...]:
        """Prompts that all ``subjects`` answered, with their answers."""
        found: list[Unit] = []
        for number, digest in enumerate(self._requests(field)):
            asked = self._asked[field][number]
            given = [(one, self.of(one, field)[number]) for one in subjects]
            if any(answer.label == "unscored" for _, answer in given):
                continue
            refused = [answer.label in self._parameters.refusing for _, answer in given]
            found.append(
                Unit(
                    item=asked.item,
                    stratum=f"{field}: {', '.join('refused' if one else 'not' for one in refused)}",
                    answers=tuple(
                        Given(
                            subject_digest=one.digest,
                            request_digest=digest,
                            prompt=asked.prompt,
                            text=answer.text,
                        )
                        for one, answer in given
                    ),
                )
            )
        return tuple(found)

    def _requests(self, field: _Field) -> tuple[str, ...]:
        return tuple(request_digest(_request(one, self._parameters)) for one in self._asked[field])
