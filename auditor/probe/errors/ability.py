"""Able models err alike: what is left to say of one that shares everybody's errors."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from auditor.array import NDArray
from auditor.probe.panel.controls import UNDECIDED
from auditor.probe.panel.findings import Conclusion
from auditor.record.finding import Outcome


def errs_with_everybody(
    agreement: Float[NDArray[np.float64], "models candidates"], panel: Bool[NDArray[np.bool_], " models"]
) -> bool:
    """Whether the suspect shares errors even of the candidate with whom it shares fewest, as no control does.

    The errors of an able model lie at items that are hard for all, and invite the same answers from all who
    are as able. A suspect that stands out from the controls in the errors of every candidate has outgrown the
    controls, and which candidate it agrees with most says little. With one candidate there is no other to
    see it by.

    Args:
        agreement: Errors shared beyond what the panel shares, the suspect first.
        panel: The suspect, and the controls that share nothing with a candidate.
    """
    if agreement.shape[1] < 2:
        return False
    least = int(np.argmin(agreement[0]))
    controls = agreement[1:][panel[1:], least]
    return bool(len(controls)) and bool(agreement[0, least] > controls.max())


def less_for_the_able(said: Conclusion) -> Conclusion:
    """The conclusion about a suspect that shares everybody's errors."""
    if said.outcome is Outcome.DOES_NOT_SUPPORT or said.answer == UNDECIDED:
        return said
    return Conclusion(
        Outcome.INCONCLUSIVE,
        UNDECIDED,
        f"{said.reason}, but it shares the errors of all candidates more than any control does: it is abler "
        "than they are, and able models err alike",
        "controls as able as the suspect",
    )
