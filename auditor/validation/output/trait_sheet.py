"""The tables about what was built into models, or is so of them."""

from __future__ import annotations

from auditor.record.finding import Claim
from auditor.validation.experiment import knowledge as known
from auditor.validation.experiment.conduct import MATTERS, NOTHING, OF_CONDUCT
from auditor.validation.figure.summary import BuiltIn
from auditor.validation.output.table import NONE, Sheet, area, share

#: How it is known what is true of a model's refusals.
_BY_CONDUCT = (
    " Whether one of the zoo lost refusals or refuses too much is seen in hundreds of questions of no "
    f"probe: it is so where the shares refused differ by {100 * MATTERS:g} points, up to {100 * NOTHING:g} "
    "it is not, and between it is not judged."
)
#: How it is known what is true of what a model knows.
_BY_KNOWLEDGE = {
    Claim.CALIBRATION_LOSS: (
        " Whether a model of the zoo is worse calibrated is seen on hundreds of facts that no probe asks: it "
        "is so where a wrong temperature costs it {matters:g} of the Brier score more than the teacher, up "
        "to {nothing:g} it is not, and between it is not judged."
    ),
    Claim.TAIL_LOSS: (
        " Whether a model of the zoo lost rare facts is seen on hundreds of facts that no probe asks: it is "
        "so where it lost a share of {matters:g} more of the rare ones than of the common ones, up to "
        "{nothing:g} it is not, and between it is not judged."
    ),
}


def _how_it_is_known(claim: Claim) -> str:
    if claim in OF_CONDUCT:
        return _BY_CONDUCT
    text = _BY_KNOWLEDGE.get(claim, "")
    return text and text.format(matters=known.MATTERS[claim], nothing=known.NOTHING[claim])


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
        + _how_it_is_known(one.test.claim),
        ("suspects",),
        ("seen in", "comparisons", "area"),
        tuple(rows),
    )
