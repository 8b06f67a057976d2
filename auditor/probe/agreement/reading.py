"""Who is compared with whom, and the table of agreements that everything is read off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.panel.controls import panel_of, stratum_of
from auditor.record.observation import Observations
from auditor.record.subject import Access, Kind, Role, Subject
from auditor.stats.agreement import in_spreads, partial_agreement, standardised

#: Share of the items that a model must have answered to take part.
SHARE_ANSWERED = 0.8


@dataclass(frozen=True, slots=True)
class AgreementCast:
    """The models of a scan that one method can compare.

    Attributes:
        suspect: The suspect.
        teachers: Candidates, none of them the suspect itself.
        twins: Models of a candidate's own recipe and data.
        controls: Models in the suspect's place.
        base: What the suspect started from; it is regressed out, and has no rank.
        limits: Why others were left out.
    """

    suspect: Subject
    teachers: tuple[Subject, ...]
    twins: tuple[Subject, ...]
    controls: tuple[Subject, ...]
    base: Subject | None
    limits: tuple[str, ...]

    @staticmethod
    def of(seen: Observations, access: Access, kinds: Collection[Kind]) -> AgreementCast:
        """Everybody of the suspect's kind with at least ``access``, each in one role."""
        suspect = seen.suspect
        limits: list[str] = []
        taken = {suspect.digest}

        def fitting(role: Role) -> tuple[Subject, ...]:
            found: list[Subject] = []
            for one in seen.of_role(role, access):
                if one.kind is not suspect.kind:
                    limits.append(f"{one.name} is of kind {one.kind.value} and was left out.")
                elif one.digest not in taken:
                    taken.add(one.digest)
                    found.append(one)
            return tuple(found)

        teachers = fitting(Role.TEACHER) if suspect.kind in kinds else ()
        base, twins = fitting(Role.BASE)[:1], fitting(Role.TWIN)
        panel = panel_of(seen, access, (*teachers, *base, *twins))
        strange = [one for one in panel.members if one.kind is not suspect.kind]
        limits += [f"Control {one.name} is of kind {one.kind.value} and was left out." for one in strange]
        return AgreementCast(
            suspect=suspect,
            teachers=teachers,
            twins=twins,
            controls=tuple(one for one in panel.members if one not in strange),
            base=base[0] if base else None,
            limits=(*limits, *panel.limits),
        )

    @property
    def models(self) -> tuple[Subject, ...]:
        """Everybody: the suspect, controls, teachers, twins, base."""
        base = (self.base,) if self.base else ()
        return (self.suspect, *self.controls, *self.teachers, *self.twins, *base)

    def without(self, left_out: Mapping[str, str]) -> AgreementCast:
        """The same cast without some models; the suspect stays.

        Args:
            left_out: Digest -> why, as the rest of a sentence that begins with the model's name.
        """
        reasons = [f"{one.name} {left_out[one.digest]}." for one in self.models if one.digest in left_out]

        def kept(some: tuple[Subject, ...]) -> tuple[Subject, ...]:
            return tuple(one for one in some if one.digest not in left_out)

        return replace(
            self,
            teachers=kept(self.teachers),
            twins=kept(self.twins),
            controls=kept(self.controls),
            base=None if self.base and self.base.digest in left_out else self.base,
            limits=(*self.limits, *reasons),
        )


@dataclass(frozen=True)
class AgreementReading:
    """What the answers of a cast come to.

    Attributes:
        cast: Who takes part.
        forms: Behaviour of all models in the order of ``cast.models``, [models, features], in each of the
            forms that a method looks at it.
        items: Items that the behaviour is about.
        observation_ids: Identities of the answers that it was read from.
    """

    cast: AgreementCast
    forms: tuple[Float[NDArray[np.float64], "models features"], ...]
    items: int
    observation_ids: tuple[str, ...]

    @cached_property
    def _partial(self) -> tuple[Float[NDArray[np.float64], "rows columns"], ...]:
        rows = 1 + len(self.cast.controls)
        columns = len(self.cast.teachers) + len(self.cast.twins)
        return tuple(partial_agreement(one)[:rows, rows : rows + columns] for one in self.forms)

    @cached_property
    def scores(self) -> Float[NDArray[np.float64], "rows columns"]:
        """Agreement in spreads of the table, mean over the forms; suspect and candidates come first."""
        scores: NDArray[np.float64] = np.mean([in_spreads(one) for one in self._partial], axis=0)
        return scores

    @cached_property
    def effects(self) -> Float[NDArray[np.float64], "rows columns"]:
        """Partial correlation, mean over the forms."""
        effects: NDArray[np.float64] = np.mean(self._partial, axis=0)
        return effects

    @cached_property
    def named(self) -> int:
        """The candidate that the suspect agrees with most."""
        return int(np.argmax(self.scores[0, : len(self.cast.teachers)]))

    def twins_of(self, teacher: int) -> tuple[int, ...]:
        """Columns of the twins of a candidate.

        Where there are several candidates, a twin is taken for one of that candidate with which it
        correlates most, nothing regressed out: it has its data.
        """
        return tuple(column for column, owner in self._owners.items() if owner == teacher)

    @cached_property
    def _owners(self) -> dict[int, int]:
        teachers, twins = len(self.cast.teachers), len(self.cast.twins)
        first = 1 + len(self.cast.controls)
        rows = standardised(self.forms[0])
        likeness = rows[first + teachers : first + teachers + twins] @ rows[first : first + teachers].T
        return {teachers + twin: int(np.argmax(likeness[twin])) for twin in range(twins)}

    @cached_property
    def strata(self) -> dict[str, tuple[int, ...]]:
        """Rows of the controls by stratum."""
        found: dict[str, list[int]] = {}
        for row, control in enumerate(self.cast.controls, start=1):
            found.setdefault(stratum_of(control), []).append(row)
        return {stratum: tuple(rows) for stratum, rows in found.items()}

    def table(self, teacher: int, stratum: str | None) -> Float[NDArray[np.float64], "rows columns"]:
        """Scores of the suspect and one stratum, or of the suspect alone, with a candidate and its twins."""
        rows = (0, *(self.strata[stratum] if stratum is not None else ()))
        columns = (teacher, *self.twins_of(teacher))
        return self.scores[np.ix_(rows, columns)]
