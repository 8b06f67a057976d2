"""Who takes part where a teacher is set among its twins."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.probe.panel.controls import RELATED, stratum_of
from auditor.record.observation import Observations
from auditor.record.subject import Access, Role, Stratum, Subject
from auditor.stats.family_contrast import FEWEST_CONTROLS


@dataclass(frozen=True, slots=True)
class Family:
    """A teacher, its twins, and the models that the suspect is held against.

    Attributes:
        teacher: The candidate in question.
        twins: Models of its recipe and data, and candidates that share one of them.
        peers: Controls that were trained on this teacher's data and learned from nobody of the family.
        controls: Controls that everybody is centred on. They share nothing with any candidate; where there
            are fewer than three such, those with a candidate's data serve as well.
        rivals: The other candidates that are none of the family.
    """

    teacher: Subject
    twins: tuple[Subject, ...]
    peers: tuple[Subject, ...]
    controls: tuple[Subject, ...]
    rivals: tuple[Subject, ...]

    @property
    def members(self) -> tuple[Subject, ...]:
        """The teacher, then its twins."""
        return (self.teacher, *self.twins)


def families(seen: Observations, most_controls: int) -> tuple[Family, ...]:
    """One family for each candidate that tells log-probabilities, however few twins it has."""
    suspect = seen.suspect.digest
    teachers = [one for one in seen.of_role(Role.TEACHER, Access.LOGPROBS) if one.digest != suspect]
    return tuple(_family(seen, teacher, teachers, most_controls) for teacher in teachers)


def _family(seen: Observations, teacher: Subject, teachers: list[Subject], most_controls: int) -> Family:
    own = [one for one in seen.of_role(Role.TWIN, Access.LOGPROBS) if teacher.digest in one.twin_of]
    shared = {digest for twin in own for digest in twin.twin_of}
    siblings = [one for one in teachers if one.digest in shared]
    taken = (teacher.digest, seen.suspect.digest)
    twins = {one.digest: one for one in (*own, *siblings) if one.digest not in taken}
    rivals = tuple(one for one in teachers if one.digest != teacher.digest and one.digest not in twins)
    known = {*taken, *twins, *(one.digest for one in rivals)}
    free = {one.digest: one for one in seen.of_role(Role.CONTROL, Access.LOGPROBS) if one.digest not in known}
    return Family(
        teacher=teacher,
        twins=tuple(twins.values()),
        peers=tuple(one for one in free.values() if one.relation_to(teacher.digest) is Stratum.SAME_DATA),
        controls=_controls(tuple(free.values()), most_controls),
        rivals=rivals,
    )


def _controls(free: tuple[Subject, ...], most: int) -> tuple[Subject, ...]:
    """Controls to be centred on, the strata in turn.

    A student of one twin among them would push that twin's coefficient down, and the teacher's not.
    """
    clean = [one for one in free if stratum_of(one) not in RELATED]
    if len(clean) < FEWEST_CONTROLS:
        clean = [one for one in free if one.stratum is not Stratum.SIBLING_STUDENT]
    strata: dict[str, list[Subject]] = {}
    for one in clean:
        strata.setdefault(stratum_of(one), []).append(one)
    longest = max(map(len, strata.values()), default=0)
    turns = [members[at] for at in range(longest) for members in strata.values() if at < len(members)]
    return tuple(turns[:most])
