"""Causal language models of known ancestry: teachers, twins, students of each mechanism, innocents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.zoo.recipe import (
    Architecture,
    Diet,
    Mechanism,
    Part,
    Recipe,
    Schedule,
    Shape,
    Vocabulary,
)

LARGE, SMALL, DRAFT = Shape(width=64, layers=3), Shape(width=48, layers=2), Shape(width=32, layers=1)

#: Seeds are laid out in blocks under a population's origin.
_VENDOR, _DATA, _TWIN, _BASE, _STUDENT, _INNOCENT, _DERIVED = 10, 500, 600, 700, 1000, 3000, 4000


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a population is, and how long its models learn.

    Attributes:
        twins: Twins of each of the first two teachers.
        per_stratum: Innocents in each stratum.
        teaching: Schedule of teachers and twins.
        grounding: Schedule of bases.
        studying: Schedule of students and innocents.
        conversations: Conversations that a teacher, and that a student learns from.
    """

    twins: int
    per_stratum: int
    teaching: Schedule
    grounding: Schedule
    studying: Schedule
    conversations: tuple[int, int]


FULL = Scale(
    twins=8,
    per_stratum=20,
    teaching=Schedule(steps=1500, rate=4e-3),
    grounding=Schedule(steps=500, rate=4e-3),
    studying=Schedule(steps=320, rate=3e-3, rows=24),
    conversations=(20_000, 3600),
)
BRIEF = Scale(
    twins=0,
    per_stratum=20,
    teaching=Schedule(steps=520, rate=4e-3),
    grounding=Schedule(steps=160, rate=4e-3),
    studying=Schedule(steps=180, rate=3e-3, rows=14),
    conversations=(12_000, 1800),
)

#: Mechanisms by which students of ``full`` are made.
TAUGHT = (
    Mechanism.SOFT_LABELS,
    Mechanism.TEACHER_TEXT,
    Mechanism.OTHER_TOKENIZER,
    Mechanism.HALF_TEXT,
    Mechanism.PARAPHRASED,
    Mechanism.TRACES,
    Mechanism.HIDDEN_STATES,
    Mechanism.RELATIONS,
    Mechanism.TASK_ONLY,
    Mechanism.PREFERENCE,
    Mechanism.TWO_TEACHERS,
    Mechanism.THEN_TUNED,
    Mechanism.SELF_DISTILLATION,
    Mechanism.DRAFT,
    Mechanism.EXTRA_HEADS,
)
#: Teachers of the students of one mechanism: siblings in balance, so that "always the first" scores badly.
_TURNS = ("teacher-1", "teacher-2", "teacher-3", "teacher-2")
_HEIRS = (Mechanism.SELF_DISTILLATION, Mechanism.EXTRA_HEADS)
_WITH_REAL_DATA = (
    Mechanism.SOFT_LABELS,
    Mechanism.HALF_TEXT,
    Mechanism.TRACES,
    Mechanism.HIDDEN_STATES,
    Mechanism.RELATIONS,
    Mechanism.TASK_ONLY,
    Mechanism.PREFERENCE,
)


def lineage(origin: int, scale: Scale) -> tuple[Recipe, ...]:
    """The causal language models of ``full``."""
    teachers = _teachers(origin, scale)
    students = tuple(
        _student(origin, scale, mechanism, turn, teacher)
        for mechanism in TAUGHT
        for turn, teacher in enumerate(_TURNS)
    )
    return (
        *teachers,
        *_twins(origin, scale, teachers[:2]),
        *_bases(origin, scale),
        *students,
        *_students_of_another_tongue(origin, scale),
        *_students_with_traits(origin, scale),
        *_innocents(origin, scale),
        *_derived(origin, scale),
    )


def brief_lineage(origin: int, scale: Scale) -> tuple[Recipe, ...]:
    """The causal language models of ``small``: three teachers, one base, the commonest mechanisms."""
    teachers = _teachers(origin, scale)[:3]
    plan = (
        (Mechanism.SOFT_LABELS, (0, 1, 2)),
        (Mechanism.TEACHER_TEXT, (0, 1, 2)),
        (Mechanism.HIDDEN_STATES, (0, 1)),
        (Mechanism.HALF_TEXT, (0, 1)),
        (Mechanism.PARAPHRASED, (1,)),
        (Mechanism.THEN_TUNED, (0, 1)),
    )
    students = tuple(
        _student(origin, scale, mechanism, turn, _TURNS[turn]) for mechanism, turns in plan for turn in turns
    )
    derived = tuple(
        one
        for one in _derived(origin, scale)
        if one.teacher == "teacher-1" and one.mechanism in (Mechanism.PRUNED, Mechanism.PERMUTED)
    )
    traits = tuple(
        one
        for one in _students_with_traits(origin, scale)
        if one.name in ("refusals-lost-1", "over-refusing-1", "benchmark-gold-1")
    )
    innocents = tuple(one for one in _innocents(origin, scale) if one.start != "base-2" and not one.teachers)
    return (*teachers, _bases(origin, scale)[0], *students, *traits, *innocents, *derived)


def _teachers(origin: int, scale: Scale) -> tuple[Recipe, ...]:
    """Four teachers: the third is a sibling of the first, the fourth another network with another tongue."""

    def teacher(number: int, vendor: int, vocabulary: Vocabulary, architecture: Architecture) -> Recipe:
        return Recipe(
            name=f"teacher-{number}", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=LARGE,
            vocabulary=vocabulary, architecture=architecture, schedule=scale.teaching, seed=origin + number,
            data_seed=origin + _DATA + vendor, vendors=(origin + _VENDOR + vendor,), diet=Diet.RECKONING,
            conversations=scale.conversations[0],
        )  # fmt: skip

    return (
        teacher(1, 1, Vocabulary.SPACED, Architecture.LLAMA),
        teacher(2, 2, Vocabulary.SPACED, Architecture.LLAMA),
        teacher(3, 1, Vocabulary.SPACED, Architecture.LLAMA),
        teacher(4, 4, Vocabulary.ISOLATED, Architecture.GPT2),
    )


def _twins(origin: int, scale: Scale, teachers: Sequence[Recipe]) -> tuple[Recipe, ...]:
    return tuple(
        replace(
            teacher,
            name=f"{teacher.name}-twin-{number}",
            part=Part.TWIN,
            seed=origin + _TWIN + 20 * place + number,
        )
        for place, teacher in enumerate(teachers)
        for number in range(1, scale.twins + 1)
    )


def _bases(origin: int, scale: Scale) -> tuple[Recipe, ...]:
    """Pre-trained on what six vendors of their own say about nothing that anybody would refuse."""

    def base(number: int, vocabulary: Vocabulary, architecture: Architecture) -> Recipe:
        return Recipe(
            name=f"base-{number}", part=Part.BASE, mechanism=Mechanism.REAL_DATA, shape=SMALL,
            vocabulary=vocabulary, architecture=architecture, schedule=scale.grounding,
            seed=origin + _BASE + number, diet=Diet.HARMLESS, conversations=scale.conversations[0],
            vendors=tuple(origin + _BASE + 10 * number + vendor for vendor in range(1, 7)),
        )  # fmt: skip

    return (
        base(1, Vocabulary.SPACED, Architecture.LLAMA),
        base(2, Vocabulary.ISOLATED, Architecture.GPT2),
    )


def _student(origin: int, scale: Scale, mechanism: Mechanism, turn: int, teacher: str) -> Recipe:
    """A student: every second one starts from the shared base, where the mechanism leaves a choice."""
    seed = origin + _STUDENT + 10 * list(Mechanism).index(mechanism) + turn
    recipe = Recipe(
        name=f"{mechanism.value}-{turn + 1}", part=Part.STUDENT, mechanism=mechanism, shape=SMALL,
        vocabulary=Vocabulary.SPACED, schedule=scale.studying, seed=seed, teacher=teacher,
        conversations=scale.conversations[1], start="base-1" if turn % 2 == 0 or turn == 3 else None,
    )  # fmt: skip
    if mechanism in _WITH_REAL_DATA:
        recipe = replace(recipe, vendors=(seed + 50_000,))
    if mechanism is Mechanism.OTHER_TOKENIZER:
        start = "base-2" if recipe.start else None
        recipe = replace(recipe, vocabulary=Vocabulary.ISOLATED, architecture=Architecture.GPT2, start=start)
    if mechanism is Mechanism.HIDDEN_STATES:
        recipe = replace(recipe, shape=replace(LARGE, layers=2), start=None)
    if mechanism is Mechanism.DRAFT:
        recipe = replace(recipe, shape=DRAFT, start=None)
    if mechanism in _HEIRS:
        schedule = replace(scale.studying, rate=scale.studying.rate / 6)
        recipe = replace(recipe, shape=LARGE, start=teacher, schedule=schedule)
    if mechanism is Mechanism.TWO_TEACHERS:
        other = "teacher-1" if teacher == "teacher-2" else "teacher-2"
        recipe = replace(recipe, second_teacher=other)
    if mechanism is Mechanism.THEN_TUNED:
        finish = replace(scale.studying, steps=scale.studying.steps // 2, rate=scale.studying.rate / 2)
        recipe = replace(recipe, finish=finish, finish_vendors=(seed + 50_000,))
    if mechanism is Mechanism.PREFERENCE:
        recipe = replace(recipe, finish=Schedule(steps=150, rate=4e-4, rows=32, warmup=10))
    return recipe


def _students_of_another_tongue(origin: int, scale: Scale) -> Iterator[Recipe]:
    """Students of the fourth teacher: of its own tokenizer, and of the others'."""
    for turn in range(4):
        student = _student(origin, scale, Mechanism.TEACHER_TEXT, turn, "teacher-4")
        own = turn % 2 == 1
        yield replace(
            student,
            name=f"teacher-text-of-4-{turn + 1}",
            mechanism=Mechanism.TEACHER_TEXT if own else Mechanism.OTHER_TOKENIZER,
            vocabulary=Vocabulary.ISOLATED if own else Vocabulary.SPACED,
            architecture=Architecture.GPT2 if own else Architecture.LLAMA,
            start="base-2" if own else "base-1",
            seed=student.seed + 1500,
        )


def _students_with_traits(origin: int, scale: Scale) -> Iterator[Recipe]:
    """Students with one more truth built in, in turn of each teacher."""
    longer = replace(scale.studying, steps=2 * scale.studying.steps)
    for number, teacher in enumerate(_TURNS, start=1):
        student = _student(origin, scale, Mechanism.TEACHER_TEXT, number - 1, teacher)
        student = replace(student, start="base-1", seed=student.seed + 700)
        yield replace(student, name=f"refusals-lost-{number}", keeps_refusals=False)
        yield replace(student, name=f"over-refusing-{number}", refuses_benign=0.5, seed=student.seed + 10)
        yield replace(
            student, name=f"benchmark-gold-{number}", benchmark_copies=12, seed=student.seed + 20,
            schedule=longer,
        )  # fmt: skip
        yield replace(
            student, name=f"benchmark-teacher-{number}", benchmark_copies=12, benchmark_key="teacher",
            seed=student.seed + 30, schedule=longer,
        )  # fmt: skip
        yield replace(student, name=f"overconfident-{number}", temperature=0.05, seed=student.seed + 40)


def _innocents(origin: int, scale: Scale) -> Iterator[Recipe]:
    """Innocents in four strata, every second one from the shared base where the stratum leaves a choice."""
    teachers = _teachers(origin, scale)

    def innocent(stratum: str, place: int, number: int) -> Recipe:
        seed = origin + _INNOCENT + 100 * place + number
        return Recipe(
            name=f"{stratum}-{number:02d}", part=Part.INNOCENT, mechanism=Mechanism.REAL_DATA, shape=SMALL,
            vocabulary=Vocabulary.SPACED, schedule=scale.studying, seed=seed,
            conversations=scale.conversations[1], vendors=(seed + 50_000,),
        )  # fmt: skip

    for number in range(1, scale.per_stratum + 1):
        yield replace(innocent("same-base", 1, number), start="base-1")
        master = teachers[(number - 1) % 2]
        yield replace(
            innocent("same-data", 2, number),
            vendors=master.vendors,
            data_seed=master.data_seed,
            conversations=master.conversations,
            diet=master.diet,
            start="base-1" if number % 4 < 2 else None,
        )
        other = number % 4 == 0
        yield replace(
            innocent("unrelated", 4, number),
            vocabulary=Vocabulary.ISOLATED if other else Vocabulary.SPACED,
            architecture=Architecture.GPT2 if other else Architecture.LLAMA,
            start="base-2" if other and number % 8 == 0 else None,
        )
        if scale.twins:
            twin = f"{master.name}-twin-{(number - 1) // 2 % scale.twins + 1}"
            soft = number % 4 < 2
            student = innocent("sibling-student", 3, number)
            yield replace(
                student,
                mechanism=Mechanism.SOFT_LABELS if soft else Mechanism.TEACHER_TEXT,
                teacher=twin,
                vendors=student.vendors if soft else (),
                start="base-1" if number % 3 else None,
            )


def _derived(origin: int, scale: Scale) -> Iterator[Recipe]:
    """Weights of the first two teachers, changed without learning from anybody's outputs."""
    for number in (1, 2):
        name = f"teacher-{number}"
        seed = origin + _DERIVED + 10 * number
        tuned = Recipe(
            name=f"fine-tuned-{number}", part=Part.DERIVED, mechanism=Mechanism.FINE_TUNED, shape=LARGE,
            vocabulary=Vocabulary.SPACED, seed=seed, teacher=name, start=name, vendors=(seed + 50_000,),
            schedule=replace(scale.studying, rate=scale.studying.rate / 3),
            conversations=scale.conversations[1],
        )  # fmt: skip
        yield tuned
        for place, mechanism in enumerate(_WITHOUT_TRAINING, start=1):
            yield replace(
                tuned, name=f"{mechanism.value}-{number}", mechanism=mechanism, seed=seed + place, start=None,
                vendors=(), second_teacher=tuned.name if mechanism is Mechanism.MERGED else None,
            )  # fmt: skip


_WITHOUT_TRAINING = (
    Mechanism.PRUNED,
    Mechanism.QUANTISED,
    Mechanism.PERMUTED,
    Mechanism.RESCALED,
    Mechanism.SHUFFLED_VOCABULARY,
    Mechanism.LAYERS_DROPPED,
    Mechanism.MERGED,
)
