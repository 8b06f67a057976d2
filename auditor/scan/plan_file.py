"""The plan file: everything that the flags of ``auditor scan`` can say, in YAML with a schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from auditor.error import UsageError
from auditor.probe.prompts.file import split_side
from auditor.record.subject import OF_A_TEACHER, Stratum
from auditor.target.protocol import OpenOptions

DEFAULT_SUITES = ("lineage", "refusal", "overfitting")
DEFAULT_POLICY = "release-gate"
DEFAULT_JUDGE = "embedding"
#: Asked as well where a population of recorded models is given and no suite was chosen.
POPULATION_SUITE = "text-lineage"
#: The suite about benchmarks of the user's own.
BENCHMARK_SUITE = "benchmark"
#: The suite about safe and unsafe prompts of the user's own.
PROMPTS_SUITE = "prompts"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ControlEntry(_Strict):
    """A control model and the stratum of controls that it belongs to.

    Attributes:
        model: Locator of the model.
        stratum: How it relates to the teacher's world; unrelated unless said otherwise.
        teacher: Locator of the teacher that it shares data or a family with, as the plan names it; needed
            where there are several, and left out it belongs to none of them in particular.
    """

    model: str
    stratum: Stratum = Stratum.UNRELATED
    teacher: str | None = None

    @staticmethod
    def parse(text: str) -> ControlEntry:
        """Read ``LOCATOR``, ``STRATUM=LOCATOR`` or ``STRATUM:TEACHER=LOCATOR``.

        Raises:
            UsageError: If the stratum is unknown, or relates to no single teacher.
        """
        head, separator, locator = text.partition("=")
        stratum, colon, teacher = head.partition(":")
        if separator and stratum in tuple(Stratum):
            if colon and (not teacher or Stratum(stratum) not in OF_A_TEACHER):
                either = " or ".join(f"{one}:TEACHER=MODEL" for one in OF_A_TEACHER)
                raise UsageError(
                    "a control relates to no teacher in this way", where=text, fix=f"use {either}"
                )
            return ControlEntry(model=locator, stratum=Stratum(stratum), teacher=teacher or None)
        if separator and not any(mark in head for mark in "/:@."):
            known = ", ".join(Stratum)
            raise UsageError(f"unknown stratum '{head}' of a control", where=text, fix=f"use one of: {known}")
        return ControlEntry(model=text)


class TwinEntry(_Strict):
    """A twin and the candidate teacher whose recipe and data it shares.

    Attributes:
        model: Locator of the twin.
        teacher: Locator of the teacher as the plan names it; the first candidate where it is not given.
    """

    model: str
    teacher: str | None = None

    @staticmethod
    def parse(text: str) -> TwinEntry:
        """Read ``LOCATOR`` or ``TEACHER=LOCATOR``."""
        teacher, separator, locator = text.partition("=")
        return TwinEntry(model=locator, teacher=teacher) if separator else TwinEntry(model=text)


class Declared(_Strict):
    """What the suspect's maker has declared.

    Attributes:
        teachers: Names or locators of the declared teachers and base models.
        licence: Declared licence.
    """

    teachers: tuple[str, ...] = ()
    licence: str | None = None


class Access(_Strict):
    """How models may be opened; the fields are those of ``OpenOptions``."""

    device: str = "auto"
    dtype: str = "auto"
    allow_pickle: bool = False
    trust_remote_code: bool = False
    api_key_env: str | None = None
    system_prompt: str | None = None
    batch_size: int = Field(default=0, ge=0)
    concurrency: int = Field(default=8, ge=1, le=256)
    timeout: float = Field(default=120.0, gt=0)
    retries: int = Field(default=5, ge=0, le=20)

    def options(self) -> OpenOptions:
        """The same as the target floor takes it."""
        return OpenOptions(**self.model_dump())


class PlanFile(_Strict):
    """A scan as the user wants it.

    Attributes:
        suspect: Locator of the model under suspicion.
        teachers: Candidate teachers.
        base: The suspect's checkpoint before the suspected distillation.
        controls: Models known not to derive from any teacher.
        twins: Models of a teacher's own recipe and data with another seed.
        panels: Files of recorded controls.
        population: Table of recorded models: candidate teachers and yardsticks of the text-only methods.
        suites: Suites (``refusal``) or single probes (``refusal/refusal-retention``).
        probe_folders: Further folders of suites; theirs win over shipped ones of the same name.
        parameters: Parameters of probes that replace those of their files.
        prompts: Sets of safe and unsafe prompts, as ``FILE``, ``safe=FILE`` or ``unsafe=FILE``.
        benchmarks: Files of test items, or ``hub:NAME[:CONFIG[:SPLIT]]``: were they seen in training?
        served: Log of answers that a candidate teacher served.
        stop_at: Likelihood of the evidence, to 1, at which probes that ask in rounds stop; None for never.
        judge: Who says what kind of answer a model gave: ``embedding``, ``rules``, ``hf:MODEL`` or
            ``openai:MODEL@URL``.
        calibration: Calibration that ``auditor validate`` wrote; all methods are then weighed together.
        policy: Name of a shipped pack, or path of a pack.
        waivers: Path of a waiver file.
        declared: What the suspect's maker has declared.
        ledger: Path of the evidence ledger.
        from_ledger: Fill roles that are not named here with models that the ledger knows.
        seed: Seed of fresh items and resampling; drawn at the start where none is given.
        access: How models may be opened.
    """

    suspect: str | None = None
    teachers: tuple[str, ...] = ()
    base: str | None = None
    controls: tuple[ControlEntry, ...] = ()
    twins: tuple[TwinEntry, ...] = ()
    panels: tuple[Path, ...] = ()
    population: Path | None = None
    suites: tuple[str, ...] = Field(default=DEFAULT_SUITES, min_length=1)
    probe_folders: tuple[Path, ...] = ()
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    served: Path | None = None
    stop_at: float | None = Field(default=None, gt=1)
    judge: str = DEFAULT_JUDGE
    calibration: Path | None = None
    policy: str = DEFAULT_POLICY
    waivers: Path | None = None
    declared: Declared = Declared()
    ledger: Path = Path("audit.db")
    from_ledger: bool = True
    seed: int | None = Field(default=None, ge=0, lt=2**53)
    access: Access = Access()

    @property
    def asked_suites(self) -> tuple[str, ...]:
        """The suites, with those of what the user brings where it was left to the tool to choose."""
        if self.suites != DEFAULT_SUITES:
            return self.suites
        before = (POPULATION_SUITE,) if self.population else ()
        prompts = (PROMPTS_SUITE,) if self.prompts else ()
        return (*before, *self.suites, *prompts, *((BENCHMARK_SUITE,) if self.benchmarks else ()))

    @field_validator("controls", mode="before")
    @classmethod
    def _short_controls(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [ControlEntry.parse(one) if isinstance(one, str) else one for one in value]
        return value

    @field_validator("twins", mode="before")
    @classmethod
    def _short_twins(cls, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [TwinEntry.parse(one) if isinstance(one, str) else one for one in value]
        return value


def load_plan_file(path: Path) -> PlanFile:
    """Read and validate a plan file; relative paths in it are relative to its own folder.

    Raises:
        UsageError: If it is missing, is not YAML, or does not fit the schema.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            "the plan file cannot be read", where=str(path), fix="write one with `auditor init`"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the plan file is not valid YAML: {error}", where=str(path)) from error
    try:
        plan = PlanFile.model_validate(raw or {})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UsageError(
            f"the plan file is malformed at '{field}': {first['msg']}",
            where=str(path),
            fix="see the comments of `auditor init`",
        ) from error
    return _resolved(plan, path.resolve().parent)


def _resolved(plan: PlanFile, folder: Path) -> PlanFile:
    def locator(text: str) -> str:
        """Paths that exist beside the plan file become absolute; everything else stays as written."""
        head, separator, tail = text.rpartition("recorded:")
        beside = folder / tail
        return f"{head}{separator}{beside}" if beside.exists() and not Path(tail).is_absolute() else text

    def with_side(text: str) -> str:
        side, path = split_side(text)
        return f"{side}={locator(path)}" if side else locator(text)

    policy = folder / plan.policy
    return plan.model_copy(
        update={
            "suspect": locator(plan.suspect) if plan.suspect else None,
            "teachers": tuple(locator(one) for one in plan.teachers),
            "base": locator(plan.base) if plan.base else None,
            "controls": tuple(
                one.model_copy(
                    update={
                        "model": locator(one.model),
                        "teacher": locator(one.teacher) if one.teacher else None,
                    }
                )
                for one in plan.controls
            ),
            "twins": tuple(
                TwinEntry(model=locator(one.model), teacher=locator(one.teacher) if one.teacher else None)
                for one in plan.twins
            ),
            "panels": tuple(folder / one for one in plan.panels),
            "population": folder / plan.population if plan.population else None,
            "probe_folders": tuple(folder / one for one in plan.probe_folders),
            "prompts": tuple(with_side(one) for one in plan.prompts),
            "benchmarks": tuple(locator(one) for one in plan.benchmarks),
            "served": folder / plan.served if plan.served else None,
            "calibration": folder / plan.calibration if plan.calibration else None,
            "policy": str(policy) if policy.is_file() else plan.policy,
            "waivers": folder / plan.waivers if plan.waivers else None,
            "ledger": folder / plan.ledger,
        }
    )
