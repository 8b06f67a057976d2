"""The tables about what was built into models, or is so of them."""

from __future__ import annotations

from auditor.validation.experiment.conduct import MATTERS, NOTHING, OF_CONDUCT
from auditor.validation.figure.summary import BuiltIn
from auditor.validation.output.table import NONE, Sheet, area, share

#: How it is known what is true of a model's refusals.
_BY_CONDUCT = (
    " Whether one of the zoo lost refusals or refuses too much is seen in hundreds of questions of no "
    f"probe: it is so where the shares refused differ by {100 * MATTERS:g} points, up to {100 * NOTHING:g} "
    "it is not, and between it is not judged."
)


def built_in_sheet(one: BuiltIn) -> Sheet:
    """Suspects in whom a trait was seen, with it and without."""
    rows = [
        (
            (f"with {row.trait}" if row.trait else "not built in, but so",),
            (share(row.suspects), NONE, area(row.area)),
        )
        for row in one.found
    ]
    rows += [
        ((f"{row.group} without it",), (share(row.suspects), share(row.pairs), NONE)) for row in one.alarms
    ]
    return Sheet(
        f"{one.name}: built-in traits",
        "Suspects in whom it was seen. Students are compared with their own teachers, innocents with every "
        "candidate. Area: of the effect, against all suspects without the trait."
        + (_BY_CONDUCT if one.test.claim in OF_CONDUCT else ""),
        ("suspects",),
        ("seen in", "comparisons", "area"),
        tuple(rows),
    )
