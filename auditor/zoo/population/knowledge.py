"""The family of models that know facts of known rarity, and of students that lost some of them."""

from __future__ import annotations

from dataclasses import replace

from auditor.zoo.recipe import Diet, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

_SHAPE = Shape(width=64, layers=2)
_TEACHING = Schedule(steps=900, rate=5e-3, rows=48)
_STUDYING = Schedule(steps=600, rate=6e-3, rows=48)
#: Innocents, who see rare facts as seldom as their teacher does.
_READING = Schedule(steps=300, rate=6e-3, rows=48)
#: Who becomes too sure begins as the teacher: from fresh weights so few steps leave a student unsure.
_HARDENING, _HARDENED = Schedule(steps=400, rate=4e-3, rows=48), 4000
#: Questions that a vendor answers, and that a distiller asks.
_WRITTEN, _ASKED = 24_000, 9000
#: Temperature at which a teacher's doubts are heard, and one at which they are not.
_FAITHFUL, _SHARP = 1.0, 0.05
#: Students of each sort, in turn of either teacher, and innocents with each teacher's data and without.
STUDENTS, INNOCENTS = 4, 6


def knowledge_family(origin: int, vendors: tuple[int, int]) -> tuple[Recipe, ...]:
    """Two teachers of different vendors, students that keep or lose what they had, innocents.

    Args:
        origin: Shifts every seed; the family uses those from ``origin + 1`` to ``origin + 99``.
        vendors: Seeds of the first teacher's and the second teacher's vendor; the unrelated innocents'
            follow upon the second.
    """
    teachers = [
        Recipe(
            name=f"knowledge-teacher-{number}", part=Part.TEACHER, mechanism=Mechanism.REAL_DATA,
            shape=_SHAPE, vocabulary=Vocabulary.SPACED, schedule=_TEACHING, seed=origin + number,
            data_seed=origin + 10 + number, vendors=(vendor,), diet=Diet.LORE, conversations=_WRITTEN,
        )
        for number, vendor in enumerate(vendors, start=1)
    ]  # fmt: skip
    made: list[Recipe] = []
    for number in range(1, STUDENTS + 1):
        teacher = teachers[(number - 1) % 2]
        student = Recipe(
            name=f"knowledge-text-{number}", part=Part.STUDENT, mechanism=Mechanism.TEACHER_TEXT,
            shape=_SHAPE, vocabulary=Vocabulary.SPACED, schedule=_STUDYING, seed=origin + 20 + number,
            teacher=teacher.name, diet=Diet.LORE, conversations=_ASKED, temperature=_FAITHFUL,
        )  # fmt: skip
        soft = replace(student, name=f"knowledge-soft-{number}", mechanism=Mechanism.SOFT_LABELS)
        made += (
            student,
            replace(soft, seed=origin + 30 + number),
            replace(
                soft if number > 2 else student, name=f"tail-lost-{number}", diet=Diet.COMMON_LORE,
                seed=origin + 40 + number,
            ),
            replace(
                student, name=f"calibration-lost-{number}", mechanism=Mechanism.SELF_DISTILLATION,
                start=teacher.name, schedule=_HARDENING, conversations=_HARDENED, temperature=_SHARP,
                seed=origin + 50 + number,
            ),
        )  # fmt: skip
    for number in range(1, INNOCENTS + 1):
        innocent = replace(
            teachers[(number - 1) % 2], name=f"knowledge-same-data-{number}", part=Part.INNOCENT,
            schedule=_READING, seed=origin + 60 + number,
        )  # fmt: skip
        elsewhere = replace(
            innocent, name=f"knowledge-unrelated-{number}", vendors=(vendors[1] + number,), data_seed=None,
            seed=origin + 70 + number,
        )  # fmt: skip
        made += (innocent, elsewhere)
    return (*teachers, *made)
