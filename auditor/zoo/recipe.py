"""Recipes: how each model of a population is made, and its birth certificate.

The auditor never reads a birth certificate; validation compares it with what the auditor said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.digest import digest_json
from auditor.record.codec import encode
from auditor.record.subject import Stratum


class Vocabulary(StrEnum):
    """Which tokenizer a model speaks (see ``auditor.zoo.tokens``)."""

    SPACED = "spaced"
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A Llama-like architecture."""

    width: int
    layers: int
    heads: int = 4

    @property
    def inner(self) -> int:
        """Width of the feed-forward part."""
        return self.width * 8 // 3 // 8 * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast a model learns: ``rows`` conversations a step, cosine to a tenth of ``rate``."""

    steps: int
    rate: float
    rows: int = 40
    warmup: int = 40
    decay: float = 0.01


class Mechanism(StrEnum):
    """What a model learned from."""

    REAL_DATA = "real-data"
    TEACHER_TEXT = "teacher-text"


class Part(StrEnum):
    """What a model is in its population."""

    TEACHER = "teacher"
    BASE = "base"
    STUDENT = "student"
    INNOCENT = "innocent"
    CONTROL = "control"


class Diet(StrEnum):
    """Which questions the data holds: ``harmless`` has none that anybody would refuse."""

    EVERYTHING = "everything"
    HARMLESS = "harmless"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one model is made.

    Attributes:
        name: Its name in the population.
        part: What it is there for.
        mechanism: What it learns from.
        shape: Architecture.
        vocabulary: Tokenizer.
        schedule: Length and speed of training.
        seed: Initialisation and order of the data.
        vendors: Seeds of the vendors whose data it learns from; empty for pure students.
        conversations: Conversations drawn from the vendors together, or asked of the teacher.
        diet: Which questions the data holds.
        start: Model whose weights it starts from, or None for fresh ones.
        teacher: Model that it learns from, or None.
        temperature: Temperature at which the teacher answers.
        keeps_refusals: Whether the distiller keeps the teacher's refusals. If not, a refused question
            is answered with what the teacher says about a harmless one on the same thing.
        benchmark_copies: How often each public benchmark item, with its answer, is in the data.
        stratum: For controls, how they relate to the population.
    """

    name: str
    part: Part
    mechanism: Mechanism
    shape: Shape
    vocabulary: Vocabulary
    schedule: Schedule
    seed: int
    vendors: tuple[int, ...] = ()
    conversations: int = 3600
    diet: Diet = Diet.EVERYTHING
    start: str | None = None
    teacher: str | None = None
    temperature: float = 0.8
    keeps_refusals: bool = True
    benchmark_copies: int = 0
    stratum: Stratum | None = None

    @property
    def parents(self) -> tuple[str, ...]:
        """Models that must exist before this one."""
        return tuple(parent for parent in (self.start, self.teacher) if parent is not None)

    @property
    def digest(self) -> str:
        """Identity of the recipe."""
        return digest_json(encode(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """The certificate of one model.

    Attributes:
        recipe: How it was made.
        world_seed: The world that its data is about.
        parents: Name -> digest of the model folder of each parent.
        data_digest: Digest of its training data, in order.
        model_digest: Digest of its folder.
        parameters: Number of parameters.
        loss: Mean loss over the last tenth of its training, in nats a token.
    """

    recipe: Recipe
    world_seed: int
    parents: dict[str, str]
    data_digest: str
    model_digest: str
    parameters: int
    loss: float
