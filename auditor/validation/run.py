"""``auditor validate`` from a folder of models to figures."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from auditor import __version__, content
from auditor.digest import digest_file, digest_json
from auditor.error import UsageError
from auditor.ledger import Ledger
from auditor.probe.protocol import Method
from auditor.probe.registry import load_suites, method, suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim
from auditor.record.result import Guarantee
from auditor.record.subject import Kind
from auditor.target.protocol import OpenOptions
from auditor.validation.experiment.answers import (
    LEDGER,
    Answers,
    Interviewer,
    Progress,
    crew_of,
    open_population,
)
from auditor.validation.experiment.conduct_questions import conduct_probe, conducts
from auditor.validation.experiment.interview import peak_bytes
from auditor.validation.experiment.knowledge_questions import knowledge_of, knowledge_probe
from auditor.validation.experiment.lineup import Lineup, covering, lineups, solo
from auditor.validation.experiment.measurement import Measurement
from auditor.validation.experiment.row import Row
from auditor.validation.experiment.served import served_lineups
from auditor.validation.experiment.world import in_world
from auditor.validation.figure.cost import Expense
from auditor.validation.figure.summary import figures
from auditor.validation.output.result import PopulationResult, Validation
from auditor.zoo.register import REGISTER, Register, read_register

#: Suites about the zoo's own world begin so; weights can be compared in any world.
_WORLD, _LORE, _ANYWHERE = "world-", "world-knowledge", ("lineage/weight-alignment",)
#: Rows of the shortest log that is tried.
_SHORTEST_LOG = 100
#: Models of a zoo are small; in 32 bits on a CPU their answers are the same everywhere.
OPTIONS = OpenOptions(device="cpu", dtype="float32")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A validation as the user wants it.

    Attributes:
        population: Folder with ``register.json`` and the models.
        out: Folder for the ledger and the reports.
        against: A held-out population, judged by thresholds and calibrations of the first.
        suites: Suites or single probes; those of the zoo's world and the weights if empty.
        methods: Only probes of these methods; all if empty.
        workers: Worker processes; 0 asks in this one.
        seed: Of fresh items and of random halves.
        options: How models are opened.
    """

    population: Path
    out: Path
    against: Path | None = None
    suites: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    workers: int = 2
    seed: int = 0
    options: OpenOptions = field(default=OPTIONS)


def validate(wanted: Wanted, progress: Progress = lambda _line: None) -> Validation:
    """Ask every model of a population, make every scan, and count how often it was right.

    Run again in the same folder, it goes on where it stood and asks nothing twice.

    Raises:
        UsageError: If a folder holds no population, or no probe is left to try.
        TargetError: If a model cannot be asked; everything answered so far is kept.
    """
    probes = probes_of(wanted)
    first = _examine(wanted, wanted.population, wanted.out, probes, None, progress)
    second = None
    if wanted.against is not None:
        out = wanted.out / "held-out"
        second = _examine(wanted, wanted.against, out, probes, first.rows, progress)
    return Validation(
        tool_version=__version__,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        platform=f"{platform.system()} {platform.machine()}",
        seed=wanted.seed,
        probes=tuple((spec.id, spec.digest) for spec, _ in probes),
        population=first,
        held_out=second,
    )


def probes_of(wanted: Wanted) -> list[tuple[ProbeSpec, Method]]:
    """The probes that are tried.

    What has no null has no error rate to be counted: such a probe is tried only where its suite or its method
    is asked for.

    Raises:
        UsageError: If none is left.
        ContentError: If a suite or a method is unknown.
    """
    specs = load_suites(wanted.suites or default_suites(), (content.probes(),))
    for name in wanted.methods:
        method(name)
    probes = [(spec, method(spec.file.method)) for spec in specs]
    if wanted.methods:
        probes = [one for one in probes if one[1].name in wanted.methods]
    elif not wanted.suites:
        probes = [one for one in probes if one[0].file.guarantee != Guarantee.INDICATIVE]
    if not probes:
        raise UsageError(
            "none of the suites has a probe of these methods", fix="name other methods or suites"
        )
    return probes


def default_suites() -> tuple[str, ...]:
    """The suites about the zoo's world, and the comparison of weights.

    Facts that only one family was taught are asked where they are asked for.
    """
    found = (name for name in suites((content.probes(),)) if name.startswith(_WORLD) and name != _LORE)
    return (*_ANYWHERE, *found)


def _examine(
    wanted: Wanted,
    population: Path,
    out: Path,
    probes: Sequence[tuple[ProbeSpec, Method]],
    reference: tuple[Row, ...] | None,
    progress: Progress,
) -> PopulationResult:
    start = time.perf_counter()
    register = read_register(population)
    probes = [(in_world(spec, population), chosen) for spec, chosen in probes]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder cannot be made: {error.strerror}", where=str(out)) from error
    progress(f"opening {len(register.members)} models of {population.name}")
    lineups = _lineups(register, probes, wanted.seed)
    kinds = {lineup.suspect.kind for lineup in lineups}
    answers = open_population(register, wanted.options, wanted.seed, kinds)
    truth, facts = conduct_probe(population, probes), knowledge_probe(population, probes)
    asking_wall, earlier = _ask_everybody(
        wanted, register, answers, out, (*probes, *truth, *facts), lineups, progress
    )
    begin = time.perf_counter()
    # Products are many and small: threads that wait for each other make them slow where others compute too.
    with threadpool_limits(1):
        seen = (conducts(answers, truth), knowledge_of(answers, facts))
        rows = Measurement(register, answers, probes, *seen).rows(lineups, progress)
    measuring = time.perf_counter() - begin
    counted = figures(rows, reference)
    return PopulationResult(
        label=population.resolve().name,
        register_digest=digest_file(population / REGISTER),
        models_digest=digest_json({name: one.digest for name, one in answers.subjects.items()}),
        members=tuple(Counter(one.part.value for one in register.members.values()).items()),
        scans=tuple(Counter(one.scenario.value for one in lineups).items()),
        rows=rows,
        figures=counted,
        expense=_expense(
            answers, wanted.workers, time.perf_counter() - start, asking_wall, measuring, earlier
        ),
    )


def _lineups(register: Register, probes: Sequence[tuple[ProbeSpec, Method]], seed: int) -> tuple[Lineup, ...]:
    """The scans of every kind of model that a probe serves.

    Raises:
        UsageError: If there are none.
    """
    served = {kind for spec, _ in probes for kind in spec.file.kinds}
    found = tuple(lineup for kind in Kind if kind in served for lineup in lineups(register, kind, seed))
    for spec, chosen in probes:
        if chosen.claim is Claim.TRAINED_ON_SERVED:
            for kind in spec.file.kinds:
                found += served_lineups(register, kind, _SHORTEST_LOG)
    if not found:
        raise UsageError(
            "the population has no suspect and teacher of a kind that the probes serve",
            where=str(register.root / REGISTER),
            fix="name teachers, students and innocents in it",
        )
    return found


def _ask_everybody(
    wanted: Wanted,
    register: Register,
    answers: Answers,
    out: Path,
    probes: Sequence[tuple[ProbeSpec, Method]],
    lineups: Sequence[Lineup],
    progress: Progress,
) -> tuple[float, float]:
    """Ask everybody.

    Returns:
        Seconds that this took, and seconds of interviews before this run.
    """
    with Ledger.open(out / LEDGER) as ledger, crew_of(wanted.workers) as crew:
        interviewer = Interviewer(register, answers, ledger, out, wanted.options, crew, progress)
        interviewer.recall()
        earlier = sum(one.seconds for one in answers.askings)
        begin = time.perf_counter()
        for kind in {lineup.suspect.kind: None for lineup in lineups}:
            interviewer.ask(tuple(solo(register, kind)), probes)
        interviewer.ask(covering(lineups), probes)
        interviewer.ask(lineups, probes)
        return time.perf_counter() - begin, earlier


def _expense(
    answers: Answers,
    workers: int,
    wall: float,
    asking_wall: float,
    measuring: float,
    earlier: float,
) -> Expense:
    interview = sum(one.seconds for one in answers.askings)
    in_model = sum(one.in_model for one in answers.askings)
    # While workers ask, each of them counts: starting, waiting and handing over included.
    spent = earlier + max(asking_wall * max(workers, 1), interview - earlier) + wall - asking_wall
    return Expense(
        wall_seconds=wall,
        workers=max(workers, 1),
        interview_seconds=interview,
        in_model_seconds=in_model,
        measuring_seconds=measuring,
        other_share=1 - in_model / spent,
        asked=sum(one.questions for one in answers.askings),
        peak_bytes=max(peak_bytes(), *(one.peak_bytes for one in answers.askings), 0),
    )
