"""Families: a teacher, its students, and innocents of the students' shapes and tokenizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.zoo.recipe import Mechanism, Part, Recipe


def family_of(teacher: Recipe, students: Sequence[Recipe], stranger: int) -> tuple[Recipe, ...]:
    """A teacher, its students, and for each student two innocents that are made like it.

    One of the two has the teacher's data, the other has a stranger's. Shape, tokenizer and length of
    training are the student's, so that none of them tells a student from an innocent.

    Args:
        teacher: The teacher; it names its vendor and the seed of its data.
        students: Its students, their seeds above the teacher's.
        stranger: Seed of the vendor whose data the other innocents have.
    """
    prefix = teacher.kind.value
    innocents: list[Recipe] = []
    for number, student in enumerate(students, start=1):
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
    return (teacher, *students, *innocents)
