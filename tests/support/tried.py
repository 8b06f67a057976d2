"""A population on paper: a register with every kind of relation, and rows that an auditor might have made."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from auditor.record.finding import Claim, Outcome
from auditor.record.subject import Kind
from auditor.validation.experiment.lineup import Lineup, Scenario, lineups
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.truth import ties, truth_of
from auditor.zoo.recipe import Part
from auditor.zoo.register import Member, Register

LINEAGE_PROBE, BENCHMARK_PROBE = "world-lineage/reference-likelihood", "world-overfitting/twin-gap"


def one(name: str, part: Part, mechanism: str = "real-data", **more: object) -> Member:
    return Member(name=name, folder=f"models/{name}", part=part, mechanism=mechanism, **more)  # type: ignore[arg-type]


def register() -> Register:
    """Two sibling teachers and a third; two bases; students, innocents of every stratum, derivations."""
    members = [
        one("sib-1", Part.TEACHER, data=("v1",), family="sib"),
        one("sib-2", Part.TEACHER, data=("v1",), family="sib"),
        one("third", Part.TEACHER, data=("v3",), family="third"),
        one("twin", Part.TWIN, data=("v3",), family="third"),
        one("base", Part.BASE, data=("b",)),
        one("other-base", Part.BASE, data=("c",)),
    ]
    for number in range(6):
        teacher = ("sib-1", "sib-2", "third")[number % 3]
        start = ("base", "other-base")[number % 2]
        members.append(one(f"text-{number}", Part.STUDENT, "teacher-text", base=start, taught_by=(teacher,)))
        members.append(one(f"soft-{number}", Part.STUDENT, "soft-labels", taught_by=(teacher,)))
    members.append(
        one("both", Part.STUDENT, "two-teachers", taught_by=("sib-1", "third"), traits=("benchmark-gold",))
    )
    for number in range(24):
        start = ("base", "other-base", None)[number % 3]
        members.append(one(f"plain-{number}", Part.INNOCENT, base=start, data=(f"own-{number}",)))
    for number in range(8):
        members.append(one(f"data-{number}", Part.INNOCENT, data=(("v1", "v3")[number % 2],)))
        members.append(one(f"twins-{number}", Part.CONTROL, "teacher-text", taught_by=("twin",)))
    members.append(one("pruned", Part.DERIVED, "pruned", weights_from=("third",)))
    return Register(Path(), {member.name: member for member in members})


def rows(known: Register, seed: int = 0, effect: float = 2.0) -> tuple[Row, ...]:
    """Scores are drawn; whoever scores above 2 is accused."""
    rng = np.random.default_rng(seed)
    found: list[Row] = []
    for lineup in lineups(known, Kind.CAUSAL_LM, 0):
        scores = {}
        for candidate in lineup.candidates:
            truth, stratum = truth_of(known, Claim.DISTILLED_FROM, lineup.suspect, candidate)
            lift = effect if truth == "guilty" else effect / 2 if stratum == "same-data" else 0.0
            scores[candidate.name] = float(rng.normal(lift))
        best = max(scores, key=scores.__getitem__)
        found += [
            row(known, lineup, candidate, scores[candidate.name], named=candidate.name == best)
            for candidate in lineup.candidates
        ]
        if lineup.scenario is Scenario.CLOSED:
            found.append(row(known, lineup, None, float(rng.normal()) + 5 * bool(lineup.suspect.traits)))
    return tuple(found)


def row(
    known: Register, lineup: Lineup, candidate: Member | None, score: float, *, named: bool | None = None
) -> Row:
    """One row about lineage, or about the benchmark where there is no candidate."""
    claim = Claim.DISTILLED_FROM if candidate else Claim.BENCHMARK_OVERFIT
    truth, stratum = truth_of(known, claim, lineup.suspect, candidate)
    supports = score > 2
    shares = stratum in ("same-data", "sibling-student")
    return Row(
        scenario=lineup.scenario,
        probe=LINEAGE_PROBE if candidate else BENCHMARK_PROBE,
        method="reference_likelihood" if candidate else "twin_gap",
        claim=claim,
        suspect=lineup.suspect.name,
        part=lineup.suspect.part,
        mechanism=lineup.suspect.mechanism,
        kind=Kind.CAUSAL_LM,
        traits=lineup.suspect.traits,
        ties=tuple(sorted(ties(known, lineup.suspect))),
        candidate=candidate.name if candidate else None,
        log=None,
        truth=truth,
        stratum=stratum,
        outcome=Outcome.SUPPORTS if supports else Outcome.DOES_NOT_SUPPORT,
        answer="" if candidate is None else "distilled from this teacher" if supports else "no evidence",
        untrue=supports and truth == "innocent" and not shares,
        reason="drawn",
        p_value=float(np.clip(np.exp(-score - 1), 0.001, 1)),
        smallest_p=0.001,
        e_value=None,
        statistic=score,
        effect=score / 10,
        named=named,
        choice_inside=candidate is not None,
        controls=len(lineup.controls),
        access="log-probabilities",
        questions=20 + len(lineup.candidates),
        prompts=20,
        asking_seconds=0.5,
        measuring_seconds=0.1,
    )
