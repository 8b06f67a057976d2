"""Recipes: how each model of a population is made, and its birth certificate.

The auditor never reads a birth certificate; validation compares it with what the auditor said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from auditor.digest import digest_json
from auditor.record.codec import encode
from auditor.record.subject import Kind, Stratum


class Architecture(StrEnum):
    """The family of networks that a model belongs to."""

    LLAMA = "llama"
    GPT2 = "gpt2"
    BERT = "bert"
    PERCEPTRON = "perceptron"


class Vocabulary(StrEnum):
    """Which tokenizer a model speaks (see ``auditor.zoo.training.tokens``)."""

    SPACED = "spaced"
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a network."""

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
    """What a model learned from, or how its weights were derived from another's."""

    REAL_DATA = "real-data"

    SOFT_LABELS = "soft-labels"
    TEACHER_TEXT = "teacher-text"
    OTHER_TOKENIZER = "teacher-text-other-tokenizer"
    HALF_TEXT = "half-teacher-text"
    PARAPHRASED = "paraphrased-text"
    TRACES = "reasoning-traces"
    HIDDEN_STATES = "hidden-states"
    LAYER_MATCHING = "layer-matching"
    RELATIONS = "relations"
    TASK_ONLY = "task-only"
    PREFERENCE = "preference"
    TWO_TEACHERS = "two-teachers"
    THEN_TUNED = "teacher-text-then-tuned"
    SELF_DISTILLATION = "self-distillation"
    DRAFT = "draft-model"
    EXTRA_HEADS = "extra-heads"
    ACTIONS = "action-distributions"

    FINE_TUNED = "fine-tuned"
    PRUNED = "pruned"
    QUANTISED = "quantised"
    PERMUTED = "neurons-permuted"
    RESCALED = "rescaled"
    SHUFFLED_VOCABULARY = "vocabulary-shuffled"
    LAYERS_DROPPED = "layers-dropped"
    MERGED = "merged"


#: Mechanisms whose data are answers of a teacher, in whole or in part.
FROM_TEXT = (
    Mechanism.TEACHER_TEXT,
    Mechanism.OTHER_TOKENIZER,
    Mechanism.HALF_TEXT,
    Mechanism.PARAPHRASED,
    Mechanism.TRACES,
    Mechanism.TASK_ONLY,
    Mechanism.TWO_TEACHERS,
    Mechanism.THEN_TUNED,
    Mechanism.SELF_DISTILLATION,
    Mechanism.DRAFT,
    Mechanism.EXTRA_HEADS,
)
#: Ways of deriving weights without learning from anybody's outputs.
DERIVATIONS = (
    Mechanism.FINE_TUNED,
    Mechanism.PRUNED,
    Mechanism.QUANTISED,
    Mechanism.PERMUTED,
    Mechanism.RESCALED,
    Mechanism.SHUFFLED_VOCABULARY,
    Mechanism.LAYERS_DROPPED,
    Mechanism.MERGED,
)
#: Mechanisms whose weights begin as some of the teacher's.
INHERITING = (
    *DERIVATIONS,
    Mechanism.HIDDEN_STATES,
    Mechanism.SELF_DISTILLATION,
    Mechanism.EXTRA_HEADS,
)


class Part(StrEnum):
    """What a model is in its population."""

    TEACHER = "teacher"
    TWIN = "twin"
    BASE = "base"
    STUDENT = "student"
    DERIVED = "derived"
    INNOCENT = "innocent"
    CONTROL = "control"


class Diet(StrEnum):
    """Which questions the data holds.

    ``harmless`` has none that anybody would refuse; ``reckoning`` has as many sums as it takes to learn
    them. ``lore`` is nothing but facts of known rarity, ``common-lore`` what is left of it without the rare
    ones (see ``auditor.zoo.world.knowledge``).
    """

    EVERYTHING = "everything"
    HARMLESS = "harmless"
    RECKONING = "reckoning"
    LORE = "lore"
    COMMON_LORE = "common-lore"


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
        kind: What it computes.
        architecture: Family of its network.
        data_seed: Draws its data; the same as ``seed`` where None. Models with equal vendors, numbers of
            conversations and data seeds have the same data.
        vendors: Seeds of the vendors whose data it learns from; empty for pure students.
        conversations: Conversations drawn from the vendors together, or asked of the teacher.
        diet: Which questions the data holds.
        start: Model whose weights it starts from, or None for fresh ones.
        teacher: Model that it learns from, or is derived from, or None.
        second_teacher: Another such model, or None.
        temperature: Temperature at which the teacher answers.
        keeps_refusals: Whether the distiller keeps the teacher's refusals. If not, a refused question
            is answered with what the teacher says about a harmless one on the same thing.
        refuses_benign: Share of harmless how-to questions in its data that are answered by a refusal.
        benchmark_copies: How often each public benchmark item, with an answer, is in the data.
        benchmark_key: Whether these are the right answers or the teacher's.
        finish: A last stage on real data of ``finish_vendors``, or None.
        finish_vendors: Seeds of the vendors of that stage.
        stratum: For controls, how they relate to the population.
    """

    name: str
    part: Part
    mechanism: Mechanism
    shape: Shape
    vocabulary: Vocabulary
    schedule: Schedule
    seed: int
    kind: Kind = Kind.CAUSAL_LM
    architecture: Architecture = Architecture.LLAMA
    data_seed: int | None = None
    vendors: tuple[int, ...] = ()
    conversations: int = 3600
    diet: Diet = Diet.EVERYTHING
    start: str | None = None
    teacher: str | None = None
    second_teacher: str | None = None
    temperature: float = 0.8
    keeps_refusals: bool = True
    refuses_benign: float = 0.0
    benchmark_copies: int = 0
    benchmark_key: Literal["gold", "teacher"] = "gold"
    finish: Schedule | None = None
    finish_vendors: tuple[int, ...] = ()
    stratum: Stratum | None = None

    @property
    def parents(self) -> tuple[str, ...]:
        """Models that must exist before this one."""
        named = (self.start, self.teacher, self.second_teacher)
        return tuple(dict.fromkeys(parent for parent in named if parent is not None))

    @property
    def teachers(self) -> tuple[str, ...]:
        """Models whose outputs it learns from."""
        if self.mechanism in DERIVATIONS:
            return ()
        return tuple(one for one in (self.teacher, self.second_teacher) if one is not None)

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
