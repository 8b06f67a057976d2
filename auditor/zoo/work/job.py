"""The kinds of work in a build: making a model, finding its teachers' log again, recording what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.ledger.panel import pack_panel, read_panel
from auditor.probe.protocol import Method
from auditor.probe.spec import ProbeSpec
from auditor.record.observation import Observation
from auditor.record.subject import Access, Role, Subject
from auditor.target.protocol import OpenOptions, Target
from auditor.zoo.recipe import Part, Recipe
from auditor.zoo.served import log_of
from auditor.zoo.work.birth import make, read_birth
from auditor.zoo.work.interview import interview, subject_of
from auditor.zoo.work.whole_file import write_whole

#: Files of teachers' and controls' recordings, and of models, under a build's folder.
MODELS, BIRTHS, RECORDS = "models", "births", "records"
#: Name of the job that records what the teachers write.
TEACHING = "teachers' answers"
#: Probes whose questions to controls are recorded.
RECORDED_SUITES = ("world-lineage/reference-likelihood",)
#: Nobody: it stands for whatever suspect a scan will have. It is never asked.
_NOBODY = Subject(role=Role.SUSPECT, name="nobody", locator="nobody", digest="nobody", access=Access.LOGPROBS)


@dataclass(frozen=True, slots=True)
class Making:
    """Make the model of a recipe."""

    recipe: Recipe
    world_seed: int
    out: Path
    device: str = "cpu"

    @property
    def name(self) -> str:
        """The model's name."""
        return self.recipe.name

    @property
    def needs(self) -> tuple[str, ...]:
        """Its parents."""
        return self.recipe.parents

    def done(self) -> bool:
        """Whether it has a certificate for this very recipe."""
        path = self.out / BIRTHS / f"{self.name}.json"
        return path.is_file() and read_birth(path).recipe == self.recipe

    def run(self) -> None:
        """Train it."""
        make(self.recipe, self.world_seed, self.out / MODELS, self.out / BIRTHS, self.device)


@dataclass(frozen=True, slots=True)
class Serving:
    """Write again what a student's teachers served for it, where the log that its making left is gone."""

    recipe: Recipe
    world_seed: int
    out: Path
    device: str = "cpu"

    @property
    def name(self) -> str:
        """What is written."""
        return f"log of {self.recipe.name}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The student and its teachers."""
        return (self.recipe.name, *self.recipe.parents)

    def done(self) -> bool:
        """Whether the log is there."""
        return (self.out / str(log_of(self.recipe))).is_file()

    def run(self) -> None:
        """Ask the teachers again, as they were asked before the student learned."""
        from auditor.zoo.making.bench import Bench
        from auditor.zoo.making.causal import serve

        serve(self.recipe, Bench(self.world_seed, self.out / MODELS, self.device))


@dataclass(frozen=True, slots=True)
class Recording:
    """Record what the recorded suites ask of the teachers, or of one control.

    Attributes:
        teachers: Names of the candidate teachers.
        control: Recipe of the control, or None to record the teachers themselves.
        out: Folder of the build.
    """

    teachers: tuple[str, ...]
    control: Recipe | None
    out: Path

    @property
    def name(self) -> str:
        """What is recorded."""
        return TEACHING if self.control is None else f"answers of {self.control.name}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The models, and for a control what the teachers wrote."""
        return self.teachers if self.control is None else (self.control.name, TEACHING)

    @property
    def path(self) -> Path:
        """Where the record lies."""
        return self.out / RECORDS / f"{self.name.replace(' ', '-')}.jsonl.gz"

    def done(self) -> bool:
        """Whether the record is there and is of the very models in the folder."""
        if not self.path.is_file():
            return False
        recorded = {subject.digest for subject in read_panel(self.path).subjects}
        return {subject.digest for subject, _ in self._cast()} == recorded

    def run(self) -> None:
        """Ask, and write the record."""
        cast = self._cast()
        teaching = Recording(self.teachers, None, self.out)
        known: tuple[Observation, ...] = ()
        subjects = [_NOBODY, *(subject for subject, _ in cast)]
        if self.control is not None:
            texts = read_panel(teaching.path)
            known = texts.observations
            subjects += texts.subjects
        new = interview(_probes(), subjects, {subject.digest: target for subject, target in cast}, known)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, pack_panel([subject for subject, _ in cast], new))

    def _cast(self) -> list[tuple[Subject, Target]]:
        if self.control is None:
            return [_opened(self.out, name, Role.TEACHER, None) for name in self.teachers]
        return [_opened(self.out, self.control.name, Role.CONTROL, self.control)]


def jobs_of(
    recipes: Sequence[Recipe], world_seed: int, out: Path, device: str = "cpu"
) -> tuple[Making | Serving | Recording, ...]:
    """Everything that a build does, in an order in which needs come first."""
    making: list[Making | Serving] = [Making(recipe, world_seed, out, device) for recipe in recipes]
    making += [Serving(recipe, world_seed, out, device) for recipe in recipes if log_of(recipe)]
    teachers = tuple(recipe.name for recipe in recipes if recipe.part is Part.TEACHER)
    controls = [recipe for recipe in recipes if recipe.part is Part.CONTROL]
    if not teachers or not controls:
        return tuple(making)
    recording = [Recording(teachers, control, out) for control in controls]
    return (*making, Recording(teachers, None, out), *recording)


def _opened(out: Path, name: str, role: Role, control: Recipe | None) -> tuple[Subject, Target]:
    from auditor.target.local import LocalTarget

    # Recorded answers are filed under the digest of the float32 model on whatever machine.
    target = LocalTarget(str(out / MODELS / name), OpenOptions(device="cpu", dtype="float32"))
    subject = subject_of(
        target,
        role,
        name=name,
        locator=f"demo:{name}" if control is None else f"zoo:{name}",
        # Weights of a recorded control are not at hand when it serves.
        access=Access.WEIGHTS if control is None else Access.LOGPROBS,
        stratum=control.stratum if control else None,
    )
    return subject, target


def _probes() -> list[tuple[ProbeSpec, Method]]:
    from auditor import content
    from auditor.probe.registry import load_suites, method

    specs = load_suites(RECORDED_SUITES, (content.probes(),))
    return [(spec, method(spec.file.method)) for spec in specs]
