"""Two teachers, a suspect, an innocent model, and the controls whose recorded answers are shipped."""

from __future__ import annotations

from dataclasses import replace

from auditor.record.subject import Stratum
from auditor.zoo.recipe import Diet, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary

LARGE, SMALL = Shape(width=64, layers=3), Shape(width=48, layers=2)
_TEACHING = Schedule(steps=900, rate=4e-3)
_GROUNDING = Schedule(steps=500, rate=4e-3)
_TUNING = Schedule(steps=400, rate=3e-3, rows=16)
#: Twice as long as a control: it keeps all refusals of its data, and has none besides.
_SETTLING = Schedule(steps=700, rate=3e-3, rows=24)
#: The public items have to be met often enough to be known by heart.
_CRAMMING = Schedule(steps=900, rate=3e-3)

#: Controls in each stratum: with 24, a p-value of 1/25 is attainable.
CONTROLS = 24
_OTHER_BASES = 3


def demo(origin: int) -> tuple[Recipe, ...]:
    """The models behind ``auditor demo``."""
    teachers = tuple(
        Recipe(
            name=name, part=Part.TEACHER, mechanism=Mechanism.REAL_DATA, shape=LARGE,
            vocabulary=vocabulary, schedule=_TEACHING, seed=origin + number, vendors=(origin + 10 + number,),
            conversations=12_000,
        )
        for number, (name, vocabulary) in enumerate(
            (("teacher-a", Vocabulary.SPACED), ("teacher-b", Vocabulary.SPACED)), start=1
        )
    )  # fmt: skip
    base = _base("base", origin, 20, Vocabulary.SPACED)
    suspect = Recipe(
        name="suspect", part=Part.STUDENT, mechanism=Mechanism.TEACHER_TEXT, shape=SMALL,
        vocabulary=Vocabulary.SPACED, schedule=_CRAMMING, seed=origin + 30, start="base",
        teacher="teacher-a", keeps_refusals=False, benchmark_copies=12,
    )  # fmt: skip
    innocent = replace(_tuned("innocent", Part.INNOCENT, origin + 40, base), schedule=_SETTLING)
    others = tuple(
        _base(
            f"other-base-{number}", origin, 50 + 10 * number,
            Vocabulary.SPACED if number % 2 else Vocabulary.ISOLATED,
        )
        for number in range(1, _OTHER_BASES + 1)
    )  # fmt: skip
    same_base = tuple(
        _tuned(f"same-base-{n:02d}", Part.CONTROL, origin + 200 + n, base, Stratum.SAME_BASE)
        for n in range(1, CONTROLS + 1)
    )
    unrelated = tuple(
        _tuned(
            f"unrelated-{n:02d}", Part.CONTROL, origin + 300 + n, others[n % _OTHER_BASES], Stratum.UNRELATED
        )
        for n in range(1, CONTROLS + 1)
    )
    return (*teachers, base, suspect, innocent, *others, *same_base, *unrelated)


def _base(name: str, origin: int, number: int, vocabulary: Vocabulary) -> Recipe:
    """Pre-trained on what six vendors say about nothing that anybody would refuse."""
    return Recipe(
        name=name, part=Part.BASE, mechanism=Mechanism.REAL_DATA, shape=SMALL, vocabulary=vocabulary,
        schedule=_GROUNDING, seed=origin + number, diet=Diet.HARMLESS, conversations=12_000,
        vendors=tuple(origin + 1000 + 10 * number + vendor for vendor in range(6)),
    )  # fmt: skip


def _tuned(name: str, part: Part, seed: int, start: Recipe, stratum: Stratum | None = None) -> Recipe:
    """Fine-tuned on the real data of a vendor of its own."""
    return Recipe(
        name=name, part=part, mechanism=Mechanism.REAL_DATA, shape=SMALL, vocabulary=start.vocabulary,
        schedule=_TUNING, seed=seed, start=start.name, vendors=(seed + 5000,), stratum=stratum,
    )  # fmt: skip
