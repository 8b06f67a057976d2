"""Do a suspect's vectors lie to each other as a teacher's do, beyond what everybody else explains?

For sentence embedders. Spaces of different models have no common axes, nor need they be equally wide, but
how texts lie to each other can be compared: cosines of all pairs. Much of it is plain to every embedder, and
more to those with the same data. All other models of the scan, controls and the teacher's twins alike, are
regressed out of both; what is left of a teacher is the accident of its own training, and who agrees with
that has learned from its vectors.

Null and rank are in ``auditor.stats.agreement``; what may be said, in ``auditor.probe.panel.crossed``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float
from pydantic import Field

from auditor.array import NDArray
from auditor.probe.agreement.findings import AgreementFindings, not_compared, without_table
from auditor.probe.agreement.reading import SHARE_ANSWERED, AgreementCast, AgreementReading
from auditor.probe.protocol import Parameters, field_of, parameters_of
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Embedding, Observations, observation_id
from auditor.record.request import Embed, Question, ask_all, request_digest
from auditor.record.subject import Access, Kind, Role, Subject
from auditor.stats.agreement import similarity_features

_SOURCE = (
    "representational similarity (Kriegeskorte, Mur and Bandettini 2008; Kornblith et al. 2019), partial "
    "correlation (Whittaker 1990); ranks in exchangeable arrays (Aldous 1981; Vovk et al. 2005)"
)


class SimilarityStructureParameters(Parameters):
    """Parameters of the similarity structure.

    Attributes:
        items: Texts that are embedded, the first of the probe.
        fewest: Texts that everybody must have embedded.
        alpha: Level of the rank.
        companion_alpha: Level of its parametric companion, which must be met as well.
    """

    items: int = Field(default=200, ge=10)
    fewest: int = Field(default=30, ge=10)
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    companion_alpha: float = Field(default=0.001, gt=0, lt=0.5)


class SimilarityStructure:
    """Partial correlation of cosines of pairs, ranked among controls and the teacher's twins together.

    Source: Kriegeskorte et al. 2008 (the structure); Park et al. 2019 (students of it); Whittaker 1990
    (partial correlation); Aldous 1981 and Vovk et al. 2005 (the rank).
    """

    name: ClassVar[str] = "similarity_structure"
    claim: ClassVar[Claim] = Claim.DISTILLED_FROM
    kinds: ClassVar[tuple[Kind, ...]] = (Kind.EMBEDDER,)
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.HIDDEN, Role.TEACHER: Access.HIDDEN}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.CONTROL: Access.HIDDEN,
        Role.TWIN: Access.HIDDEN,
        Role.BASE: Access.HIDDEN,
    }
    parameters: ClassVar[type[Parameters]] = SimilarityStructureParameters

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """The vectors of all texts, of everybody."""
        cast = AgreementCast.of(seen, Access.HIDDEN, self.kinds)
        if not cast.teachers:
            return ()
        requests = _requests(spec)
        return tuple(question for one in cast.models for question in ask_all(one.digest, requests))

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """One finding per candidate teacher."""
        parameters = parameters_of(spec, SimilarityStructureParameters)
        cast = AgreementCast.of(seen, Access.HIDDEN, self.kinds)
        findings = list(not_compared(spec.id, self.name, seen, cast, self.kinds))
        if not cast.teachers:
            return tuple(findings)
        kept, requests = _answered(spec, seen, cast)
        enough = len(requests) >= parameters.fewest
        for teacher in cast.teachers:
            if teacher not in kept.teachers or not enough:
                reason = (
                    f"all models together embedded {len(requests)} texts, and {parameters.fewest} are needed"
                )
                if teacher not in kept.teachers:
                    reason = f"{teacher.name} embedded too few of the texts"
                findings.append(
                    without_table(spec.id, self.name, cast.suspect, teacher, Outcome.INCONCLUSIVE, reason,
                                  "vectors of all models for the same texts", kept.limits)
                )  # fmt: skip
        if kept.teachers and enough:
            findings += AgreementFindings(
                probe=spec.id,
                method=self.name,
                source=_SOURCE,
                behaviour="relations between the suspect's vectors",
                reading=_reading(seen, kept, requests),
                alpha=parameters.alpha,
                companion_alpha=parameters.companion_alpha,
            ).all()
        return tuple(findings)


def _requests(spec: ProbeSpec) -> tuple[Embed, ...]:
    parameters = parameters_of(spec, SimilarityStructureParameters)
    return tuple(Embed(text=field_of(item, "text", spec)) for item in spec.items[: parameters.items])


def _answered(
    spec: ProbeSpec, seen: Observations, cast: AgreementCast
) -> tuple[AgreementCast, tuple[Embed, ...]]:
    """Who embedded enough of the texts, and the texts that all of these embedded."""
    requests = _requests(spec)
    left_out: dict[str, str] = {}
    for one in cast.models:
        share = sum(_vector(seen, one, request) is not None for request in requests) / max(len(requests), 1)
        if one is not cast.suspect and share < SHARE_ANSWERED:
            left_out[one.digest] = f"embedded {share:.0%} of the texts and was left out"
    kept = cast.without(left_out)
    common = tuple(
        one for one in requests if all(_vector(seen, model, one) is not None for model in kept.models)
    )
    return kept, common


def _vector(
    seen: Observations, subject: Subject, request: Embed
) -> Float[NDArray[np.float64], " width"] | None:
    answer = seen.answer(subject, request)
    return answer.vector.unpack().astype(np.float64) if isinstance(answer, Embedding) else None


def _reading(seen: Observations, cast: AgreementCast, requests: Sequence[Embed]) -> AgreementReading:
    rows = []
    for model in cast.models:
        vectors = [_vector(seen, model, one) for one in requests]
        rows.append(similarity_features(np.stack([one for one in vectors if one is not None])))
    digests = [request_digest(one) for one in requests]
    return AgreementReading(
        cast=cast,
        forms=(np.stack(rows),),
        items=len(requests),
        observation_ids=tuple(
            observation_id(one.digest, digest) for one in (cast.suspect, *cast.teachers) for digest in digests
        ),
    )
