"""The family of classifiers."""

from __future__ import annotations

from auditor.record.subject import Kind
from auditor.zoo.population.family import family_of
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

_LARGE, _SMALL = Shape(width=64, layers=3), Shape(width=48, layers=2)
_TEACHING = Schedule(steps=200, rate=3e-3, rows=64, warmup=20)
#: A student has a teacher to ask as long as it likes.
_DISTILLING = Schedule(steps=320, rate=3e-3, rows=64, warmup=20)
#: Student by student, as in the family of embedders.
_MAKES = (
    (_SMALL, Vocabulary.SPACED),
    (_LARGE, Vocabulary.SPACED),
    (_SMALL, Vocabulary.ISOLATED),
)
#: Temperature of the probabilities that students of even seeds learn; odd ones learn labels.
_TEMPERATURE = 2.0


def classifier_family(origin: int, vendors: tuple[int, int]) -> tuple[Recipe, ...]:
    """A teacher, three students by task, three innocents with its data and three without.

    Args:
        origin: Shifts every seed; the family uses those from ``origin + 1`` to ``origin + 40``.
        vendors: Seeds of the teacher's vendor, and of the unrelated innocents'.
    """
    teacher = Recipe(
        name="classifier-teacher", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=_LARGE,
        vocabulary=Vocabulary.SPACED, schedule=_TEACHING, seed=origin + 1, kind=Kind.CLASSIFIER,
        architecture=Architecture.BERT, data_seed=origin + 2, vendors=(vendors[0],), conversations=4000,
    )  # fmt: skip
    students = [
        Recipe(
            name=f"classifier-student-{number}", part=Part.STUDENT, mechanism=Mechanism.TASK_ONLY,
            shape=shape, vocabulary=vocabulary, schedule=_DISTILLING, seed=origin + 10 + number,
            kind=Kind.CLASSIFIER, architecture=Architecture.BERT, teacher=teacher.name, conversations=5000,
            temperature=_TEMPERATURE,
        )
        for number, (shape, vocabulary) in enumerate(_MAKES, start=1)
    ]  # fmt: skip
    return family_of(teacher, students, vendors[1])
