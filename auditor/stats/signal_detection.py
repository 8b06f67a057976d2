"""Signal detection: how well two kinds of item are told apart, and where the threshold lies."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import stats

from auditor.error import AuditorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrimination:
    """Equal-variance Gaussian signal detection.

    Attributes:
        d_prime: Distance between the two kinds in standard deviations; 0 means they are not told apart.
        criterion: Threshold relative to the midpoint; negative means "yes" is said too readily.
    """

    d_prime: float
    criterion: float


def discrimination(hits: int, signals: int, false_alarms: int, noises: int) -> Discrimination:
    """Sensitivity d' and criterion from counts, log-linearly corrected to keep rates off 0 and 1.

    Args:
        hits: "Yes" to items that call for it.
        signals: Items that call for it.
        false_alarms: "Yes" to items that do not.
        noises: Items that do not.

    Raises:
        AuditorError: If a count exceeds its total.

    Source: Green and Swets 1966; log-linear correction: Hautus 1995, Behav. Res. Methods 27, 46.
    """
    if not (0 <= hits <= signals and 0 <= false_alarms <= noises):
        raise AuditorError(
            f"{hits} of {signals} hits and {false_alarms} of {noises} false alarms are impossible"
        )
    z_hit = float(stats.norm.ppf((hits + 0.5) / (signals + 1.0)))
    z_false = float(stats.norm.ppf((false_alarms + 0.5) / (noises + 1.0)))
    return Discrimination(d_prime=z_hit - z_false, criterion=-(z_hit + z_false) / 2.0)
