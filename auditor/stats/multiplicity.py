"""Corrections for looking more than once."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.error import AuditorError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's adjusted p-values, in the order given.

    Rejecting where the adjusted value is at most alpha keeps the chance of any false rejection among
    the family at alpha or less, whatever the dependence between the tests.

    Raises:
        AuditorError: If a p-value lies outside [0, 1].

    Source: Holm 1979, Scand. J. Stat. 6, 65.
    """
    for p_value in p_values:
        if not 0.0 <= p_value <= 1.0:
            raise AuditorError(f"{p_value} is no p-value")
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = running
    return tuple(adjusted)
