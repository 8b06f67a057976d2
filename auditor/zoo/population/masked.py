"""Masked language models of known ancestry: a small family of its own."""

from __future__ import annotations

from dataclasses import replace

from auditor.record.subject import Kind, Stratum
from auditor.zoo.population.family import twins_of
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

#: Shapes of the teacher, of a student half as deep, and of a narrower one.
TEACHER, HALF, NARROW = Shape(width=64, layers=4), Shape(width=64, layers=2), Shape(width=48, layers=2)
_TEACHING = Schedule(steps=1100, rate=4e-3, rows=16)
#: Half of a teacher needs only to grow together again.
_MENDING = Schedule(steps=250, rate=4e-3, rows=16)
#: Two blocks bear twice the rate of four.
_STUDYING = Schedule(steps=350, rate=8e-3, rows=16)
#: Nobody shows an innocent the way: with fewer steps it would fill far fewer gaps than a student does.
_ALONE = Schedule(steps=600, rate=8e-3, rows=16)
#: The same number everywhere, so that those who share the teacher's vendor share its data.
_CONVERSATIONS = 4000
#: Each innocent is as large as one kind of student.
_INNOCENT_SHAPES = (HALF, NARROW, HALF, NARROW, HALF, HALF)
#: A teacher costs as much as four students. With as many innocents, p-values go down to 1 in 24.
_TWINS = 3


def masked_family(origin: int, vendors: tuple[int, int]) -> tuple[Recipe, ...]:
    """A teacher, its twins, five students, and twelve innocents of the students' shapes.

    Two students of a kind differ in their text: the first reads what the teacher read, the second what
    another vendor wrote. So do the innocents: six and six.

    Args:
        origin: Seeds are this and some of the forty that follow.
        vendors: Seeds of the teacher's vendor and of the other one.
    """
    teacher = Recipe(
        name="masked-teacher", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=TEACHER,
        vocabulary=Vocabulary.SPACED, schedule=_TEACHING, seed=origin, kind=Kind.MASKED_LM,
        architecture=Architecture.BERT, data_seed=origin, vendors=vendors[:1], conversations=_CONVERSATIONS,
    )  # fmt: skip
    students = (
        ("masked-halved-1", Mechanism.HIDDEN_STATES, HALF, _MENDING, vendors[0]),
        ("masked-halved-2", Mechanism.HIDDEN_STATES, HALF, _MENDING, vendors[1]),
        ("masked-matched-1", Mechanism.LAYER_MATCHING, NARROW, _STUDYING, vendors[0]),
        ("masked-matched-2", Mechanism.LAYER_MATCHING, NARROW, _STUDYING, vendors[1]),
        ("masked-soft", Mechanism.SOFT_LABELS, HALF, _STUDYING, vendors[1]),
    )
    taught = tuple(
        replace(
            teacher, name=name, part=Part.STUDENT, mechanism=mechanism, shape=shape, schedule=schedule,
            seed=origin + number, vendors=(vendor,), teacher=teacher.name,
        )
        for number, (name, mechanism, shape, schedule, vendor) in enumerate(students, start=1)
    )  # fmt: skip
    innocents = tuple(
        replace(
            teacher, name=f"masked-{words}-{number}", part=Part.INNOCENT, shape=shape, schedule=_ALONE,
            seed=origin + number + (first if number <= 3 else 10 + 2 * first),
            vendors=(vendor,), stratum=stratum,
        )
        for words, first, vendor, stratum in (
            ("same-data", 5, vendors[0], Stratum.SAME_DATA), ("other-data", 8, vendors[1], Stratum.UNRELATED),
        )
        for number, shape in enumerate(_INNOCENT_SHAPES, start=1)
    )  # fmt: skip
    return (teacher, *twins_of(teacher, _TWINS, origin + 40), *taught, *innocents)
