"""What is recalled, beside references: size and power of each quantity, simulated as it is measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from auditor.stats.difference_in_differences import difference_in_differences, planned_difference

RUNS, ITEMS, REFERENCES = 2000, 60, 5
#: Contrasts of a suspect and references over the items; the suspect has learned as much as is said.
Simulation = Callable[[np.random.Generator, float, float], np.ndarray]
#: How much easier published items are for everybody, and how far models differ in that.
EASIER, OWN = 0.05, 0.03


def leanings(rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    """How much likelier the published side is to each model: [models, 2 sides, 1]."""
    found = np.zeros((1 + REFERENCES, 2, 1))
    found[:, 0, 0] = EASIER + rng.normal(0.0, own, 1 + REFERENCES)
    found[0, 0, 0] += learned
    return found


def by_likelihood(rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    """Nats per byte of second halves, whose difficulty all models share."""
    hard = rng.normal(-1.0, 0.3, (1, 2, ITEMS))
    values = hard + leanings(rng, learned, own) + rng.normal(0.0, 0.2, (1 + REFERENCES, 2, ITEMS))
    found: np.ndarray = values[:, 0] - values[:, 1]
    return found


def by_rank(rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    """Standing of a hidden option among fifteen fillers, in shares."""
    lead = rng.normal(0.0, 0.5, (1, 2, ITEMS)) + 3.0 * leanings(rng, learned, own)
    hidden = lead + rng.normal(0.0, 1.0, (1 + REFERENCES, 2, ITEMS))
    fillers = rng.normal(0.0, 1.0, (1 + REFERENCES, 2, ITEMS, 15))
    ranks = (hidden[..., None] > fillers).mean(axis=-1)
    found: np.ndarray = ranks[:, 0] - ranks[:, 1]
    return found


def by_match(rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    """Exact guesses: hits and misses."""
    hit = rng.random((1 + REFERENCES, 2, ITEMS)) < 0.4 + leanings(rng, learned, own)
    found: np.ndarray = hit[:, 0].astype(float) - hit[:, 1]
    return found


def by_draws(rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    """Equal pairs among five drawn answers: each is the likeliest one, or one of its own."""
    sure = np.clip(rng.beta(2, 2, (1, 2, ITEMS)) * 0.8 + leanings(rng, learned, own), 0.0, 1.0)
    count = rng.binomial(5, np.broadcast_to(sure, (1 + REFERENCES, 2, ITEMS)))
    pairs = count * (count - 1) / 20
    found: np.ndarray = pairs[:, 0] - pairs[:, 1]
    return found


def p_values(simulated: Simulation, rng: np.random.Generator, learned: float, own: float) -> np.ndarray:
    tables = (simulated(rng, learned, own) for _ in range(RUNS))
    return np.array([difference_in_differences(one[0], one[1:]).p_value for one in tables])


@pytest.mark.parametrize("simulated", [by_likelihood, by_rank, by_match, by_draws])
def test_size_and_power(simulated: Simulation) -> None:
    rng = np.random.default_rng(11)
    innocent = p_values(simulated, rng, 0.0, OWN)
    for level in (0.0025, 0.01, 0.05):
        assert np.mean(innocent <= level) <= level + 3 * np.sqrt(level * (1 - level) / RUNS)
    # What the planner says before the first question, from the scatter over items that models do not share.
    tables = [simulated(rng, 0.0, 0.0) for _ in range(200)]
    apart = [(one[0] - one[1:].mean(axis=0)).std(ddof=1) for one in tables]
    spread = float(np.mean(apart)) / np.sqrt(1 + 1 / REFERENCES)
    wanted = planned_difference(REFERENCES, ITEMS, spread, 0.01)
    # How far the quantity moves with what is learned is read off one simulation of its own.
    usual = np.mean([one.mean() for one in tables])
    steps = np.linspace(0.0, 0.8, 9)
    moved = [np.mean([simulated(rng, step, 0.0)[0].mean() for _ in range(60)]) - usual for step in steps]
    learned = float(np.interp(wanted, moved, steps))
    found = np.mean(p_values(simulated, rng, learned, 0.0) <= 0.01)
    # Hits and equal pairs scatter otherwise where much was learned than was planned for, less or more.
    bounded = simulated in (by_match, by_draws)
    assert (0.65 if bounded else 0.75) <= found <= (0.9 if bounded else 0.85)
