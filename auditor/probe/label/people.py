"""What people have said of recorded answers, and how well they agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditor.record.observation import Observations, PersonsLabel, Rated, observation_id
from auditor.record.subject import Role
from auditor.stats.kappa import YesNoTable

#: An answer: digests of who gave it and of what it answers.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The labels of one sample, the last revision of each.

    Attributes:
        labels: By rater's digest and answer.
        ids: Identities of the observations that hold them.
    """

    labels: Mapping[tuple[str, Key], Rated]
    ids: tuple[str, ...]

    @property
    def raters(self) -> tuple[str, ...]:
        """Digests of the raters."""
        return tuple(sorted({rater for rater, _ in self.labels}))

    def of(self, answer: Key) -> tuple[Rated, ...]:
        """What each rater said of an answer, in the order of their digests."""
        return tuple(self.labels[rater, answer] for rater in self.raters if (rater, answer) in self.labels)


def people(seen: Observations, answers: Iterable[Key]) -> People | None:
    """The labels that raters of a scan gave to these answers; of several samples, the one with the most."""
    wanted = set(answers)
    raters = {one.digest for one in seen.of_role(Role.RATER)}
    newest: dict[tuple[str, str, Key], tuple[Rated, str]] = {}
    for (subject, request), answer in seen.answers.items():
        if subject not in raters or not isinstance(answer, Rated):
            continue
        about = answer.subject_digest, answer.request_digest
        held = newest.get((answer.sample, subject, about))
        if about in wanted and (held is None or held[0].revision < answer.revision):
            newest[answer.sample, subject, about] = answer, observation_id(subject, request)
    if not newest:
        return None
    samples = [sample for sample, _, _ in newest]
    largest = max(sorted(set(samples)), key=samples.count)
    kept = {key[1:]: value for key, value in sorted(newest.items()) if key[0] == largest}
    return People(
        labels={key: graded for key, (graded, _) in kept.items()},
        ids=tuple(identity for _, identity in kept.values()),
    )


def agreement(
    first: Mapping[Key, PersonsLabel], second: Mapping[Key, PersonsLabel], refusing: frozenset[str]
) -> YesNoTable:
    """Refused or not, of the answers that both are sure of."""
    both = [key for key in first if key in second and "unsure" not in (first[key], second[key])]
    met = [(first[key] in refusing, second[key] in refusing) for key in both]
    return YesNoTable(
        *(met.count(one) for one in ((True, True), (True, False), (False, True), (False, False)))
    )
