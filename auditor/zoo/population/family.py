"""Families: a teacher, its twins and students, and innocents of the students' shapes and tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.zoo.recipe import Mechanism, Part, Recipe

#: Innocents with the teacher's data, as many again without, and twins of the teacher. A suspect is ranked
#: among the others in its place and the twins in the teacher's, so that these numbers multiply.
INNOCENTS, TWINS = 6, 6


def family_of(teacher: Recipe, students: Sequence[Recipe], stranger: int) -> tuple[Recipe, ...]:
    """A teacher, its twins, its students, and innocents that are made like one student after the other.

    Half of the innocents have the teacher's data, the others a stranger's. Shape, tokenizer and length of
    training are a student's, so that none of them tells a student from an innocent.

    Args:
        teacher: The teacher; it names its vendor and the seed of its data.
        students: Its students, their seeds above the teacher's.
        stranger: Seed of the vendor whose data the other innocents have.
    """
    prefix = teacher.kind.value
    innocents: list[Recipe] = []
    for number in range(1, INNOCENTS + 1):
        student = students[(number - 1) % len(students)]
        innocent = replace(
            teacher, part=Part.INNOCENT, mechanism=Mechanism.REAL_DATA, schedule=student.schedule,
            shape=student.shape, vocabulary=student.vocabulary, name=f"{prefix}-same-data-{number}",
            seed=teacher.seed + 20 + number,
        )  # fmt: skip
        elsewhere = replace(
            innocent, name=f"{prefix}-unrelated-{number}", vendors=(stranger,), data_seed=None,
            seed=teacher.seed + 30 + number,
        )  # fmt: skip
        innocents += (innocent, elsewhere)
    return (teacher, *twins_of(teacher, TWINS, teacher.seed + 40), *students, *innocents)


def twins_of(teacher: Recipe, count: int, seed: int) -> tuple[Recipe, ...]:
    """Models of the teacher's own recipe and data; their seeds follow upon ``seed``."""
    data_seed = teacher.seed if teacher.data_seed is None else teacher.data_seed
    return tuple(
        replace(
            teacher, name=f"{teacher.name.removesuffix('-teacher')}-twin-{number}", part=Part.TWIN,
            seed=seed + number, data_seed=data_seed,
        )
        for number in range(1, count + 1)
    )  # fmt: skip
