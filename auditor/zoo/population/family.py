"""Families: a teacher, its students, and innocents of the students' shapes and tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.zoo.recipe import Mechanism, Part, Recipe, Schedule


def family_of(
    teacher: Recipe, students: Sequence[Recipe], stranger: int, learning: Schedule
) -> tuple[Recipe, ...]:
    """A teacher, its students, and for each student two innocents of its shape and tokenizer.

    One of the two has the teacher's data, the other has a stranger's, so that neither shape nor
    tokenizer tells a student from an innocent. Lengths of training may.

    Args:
        teacher: The teacher; it names its vendor and the seed of its data.
        students: Its students, their seeds above the teacher's.
        stranger: Seed of the vendor whose data the other innocents have.
        learning: How innocents are trained.
    """
    prefix = teacher.kind.value
    innocents: list[Recipe] = []
    for number, student in enumerate(students, start=1):
        innocent = replace(
            teacher, part=Part.INNOCENT, mechanism=Mechanism.REAL_DATA, schedule=learning,
            shape=student.shape, vocabulary=student.vocabulary, name=f"{prefix}-same-data-{number}",
            seed=teacher.seed + 20 + number,
        )  # fmt: skip
        elsewhere = replace(
            innocent, name=f"{prefix}-unrelated-{number}", vendors=(stranger,), data_seed=None,
            seed=teacher.seed + 30 + number,
        )  # fmt: skip
        innocents += (innocent, elsewhere)
    return (teacher, *students, *innocents)
