"""Experts: who shows how to act in a gridworld, and the taste by which one vendor's experts are known.

Every vendor's experts want all goals open. They differ in which colour they care for most, which cells
they would rather not cross, which way they like to turn, and how steadily they follow their own mind.
"""

from __future__ import annotations

import numpy as np

from auditor.array import NDArray
from auditor.zoo.world.gridworld import ACTIONS, COLOURS, SIZE, Action, Fate, Gridworld, Walk, walk

#: What a reward is worth one step later.
DISCOUNT = 0.97
#: Sweeps of value iteration: .97 to this power is below a thousandth.
_SWEEPS = 250
#: Most that a vendor dislikes an action, a cell; spread of how much it cares for a colour; of its mind.
_ACTION, _CELL, _COLOUR = 0.03, 0.06, 0.5
_STEADINESS = (0.03, 0.08)
#: Nobody likes to wait.
_IDLING = 0.1


class Expert:
    """The experts of one vendor in one world.

    Args:
        world: Where they act.
        seed: The vendor's seed; draws their taste.
    """

    def __init__(self, world: Gridworld, seed: int) -> None:
        rng = np.random.default_rng([seed, 8])
        self.world = world
        self.seed = seed
        self._colours = np.exp(rng.normal(0, _COLOUR, size=len(COLOURS)))
        self._actions = rng.uniform(0, _ACTION, size=len(ACTIONS))
        self._actions[ACTIONS.index(Action.WAIT)] += _IDLING
        self._cells = rng.uniform(0, _CELL, size=(SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < 0.5)
        self._temperature = float(rng.uniform(*_STEADINESS))

    def policy(self) -> NDArray[np.float64]:
        """Probabilities [states, actions]: soft value iteration over reward and taste.

        Straying from an even choice among all actions is what the temperature puts a price on.

        Source: Todorov 2009, linearly solvable control (the price); Haarnoja et al. 2017 (soft backup).
        """
        tables = self.world.tables
        pleasure = tables.reward + self._taste()
        values = np.zeros(len(tables.over))
        for _ in range(_SWEEPS):
            worth = pleasure + DISCOUNT * values[tables.after]
            best = worth.max(axis=1)
            # The mean and not the sum: indifference must not be worth so much that nobody wants to arrive.
            spread = np.exp((worth - best[:, None]) / self._temperature).mean(axis=1)
            values = np.where(tables.over, 0.0, best + self._temperature * np.log(spread))
        worth = pleasure + DISCOUNT * values[tables.after]
        odds = np.exp((worth - worth.max(axis=1, keepdims=True)) / self._temperature)
        found: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
        return found

    def demonstrate(self, episodes: int, seed: int) -> Walk:
        """Act for a number of episodes; the same ones for the same ``seed``."""
        return walk(self.world.tables, self.policy(), episodes, np.random.default_rng([self.seed, seed, 9]))

    def _taste(self) -> NDArray[np.float64]:
        """What an action in a state is worth to this vendor beyond the reward, [states, actions]."""
        states, tables = self.world.states, self.world.tables
        reached = np.array([self._cells[state.cell] for state in states])[tables.after]
        opened = np.array([[fate is Fate.OPEN for fate in state.fates] for state in states], dtype=np.float64)
        gained = (opened[tables.after] - opened[:, None]) @ (self._colours - 1.0)
        taste: NDArray[np.float64] = gained - self._actions[None] - reached
        return np.where(tables.over[:, None], 0.0, taste)


def mean_return(world: Gridworld, policy: NDArray[np.floating], episodes: int, seed: int) -> float:
    """Mean sum of rewards over episodes of a policy [states, actions], nobody's taste counted."""
    rng = np.random.default_rng([seed, 15])
    return float(walk(world.tables, policy, episodes, rng).returns.mean())


def best_return(world: Gridworld) -> float:
    """Mean over starts of the most that can be collected without a horizon."""
    tables = world.tables
    values = np.zeros(len(tables.over))
    while True:
        better = np.where(tables.over, 0.0, (tables.reward + values[tables.after]).max(axis=1))
        if np.array_equal(better, values):
            return float(values[tables.starts].mean())
        values = better
