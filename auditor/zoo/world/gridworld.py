"""A small world to act in: eight by eight cells, walls, three keys and the three goals that they open.

Whoever steps on a key takes it; whoever steps on a goal and has its key opens it, once. The episode ends
when all three are open. What can be done better or worse is the way; what is left to taste is the order
of the colours and which of several equally short ways is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache, cached_property

import numpy as np
from numpy.random import Generator as Rng

from auditor.array import NDArray

SIZE = 8
COLOURS = ("red", "blue", "green")
_WALLS = 14
#: Reward for opening a goal, and for every step.
GOAL_REWARD, STEP_REWARD = 1.0, -0.02
#: Steps after which an episode is broken off.
HORIZON = 64
#: States that every policy of a world is asked about in public.
PUBLIC_STATES = 400

#: Row and column.
Cell = tuple[int, int]


class Action(StrEnum):
    """What can be done; a step into a wall stays where it is."""

    NORTH = "north"
    EAST = "east"
    SOUTH = "south"
    WEST = "west"
    WAIT = "wait"


ACTIONS: tuple[Action, ...] = tuple(Action)
_MOVES: Mapping[Action, Cell] = {
    Action.NORTH: (-1, 0),
    Action.EAST: (0, 1),
    Action.SOUTH: (1, 0),
    Action.WEST: (0, -1),
    Action.WAIT: (0, 0),
}


class Fate(IntEnum):
    """How far one colour is."""

    LYING = 0
    HELD = 1
    OPEN = 2


_SAID = {Fate.LYING: "key not found", Fate.HELD: "key in hand", Fate.OPEN: "goal open"}


@dataclass(frozen=True, slots=True, order=True)
class State:
    """Where one stands, and how far each colour is, in the order of ``COLOURS``."""

    cell: Cell
    fates: tuple[Fate, Fate, Fate]

    @property
    def over(self) -> bool:
        """Whether every goal is open."""
        return all(fate is Fate.OPEN for fate in self.fates)


@dataclass(frozen=True)
class Gridworld:
    """One map; see ``of``.

    Attributes:
        walls: Cells that nobody enters.
        keys: Where the key of each colour lies.
        goals: Where the goal of each colour is.
    """

    walls: frozenset[Cell]
    keys: tuple[Cell, ...]
    goals: tuple[Cell, ...]

    @staticmethod
    @cache
    def of(seed: int) -> Gridworld:
        """The map of one world: every free cell can be reached from every other."""
        rng = np.random.default_rng([seed, 13])
        cells = [(row, column) for row in range(SIZE) for column in range(SIZE)]
        while True:
            order = [cells[int(place)] for place in rng.permutation(len(cells))]
            walls, free = frozenset(order[:_WALLS]), order[_WALLS:]
            if _connected(free):
                return Gridworld(
                    walls, tuple(free[: len(COLOURS)]), tuple(free[len(COLOURS) :][: len(COLOURS)])
                )

    def step(self, state: State, action: Action) -> tuple[State, float]:
        """The state after ``action``, and the reward of getting there."""
        cell = state.cell if self.blocked(state.cell, action) else _beside(state.cell, action)
        fates, reward = list(state.fates), STEP_REWARD
        for colour in range(len(COLOURS)):
            if fates[colour] is Fate.LYING and cell == self.keys[colour]:
                fates[colour] = Fate.HELD
            elif fates[colour] is Fate.HELD and cell == self.goals[colour]:
                fates[colour] = Fate.OPEN
                reward += GOAL_REWARD
        return State(cell, (fates[0], fates[1], fates[2])), reward

    def blocked(self, cell: Cell, action: Action) -> bool:
        """Whether a wall or the rim is on that side."""
        row, column = _beside(cell, action)
        return not (0 <= row < SIZE and 0 <= column < SIZE) or (row, column) in self.walls

    @cached_property
    def states(self) -> tuple[State, ...]:
        """Every state that can be reached with nothing in hand at first, ascending, final ones included."""
        nothing = (Fate.LYING, Fate.LYING, Fate.LYING)
        cells = [(row, column) for row in range(SIZE) for column in range(SIZE)]
        border = [State(cell, nothing) for cell in cells if cell not in (*self.walls, *self.keys)]
        found = set(border)
        while border:
            state = border.pop()
            if state.over:
                continue
            for action in ACTIONS:
                after = self.step(state, action)[0]
                if after not in found:
                    found.add(after)
                    border.append(after)
        return tuple(sorted(found))

    @cached_property
    def tables(self) -> Tables:
        """The world as arrays over ``states``."""
        number = {state: place for place, state in enumerate(self.states)}
        after = np.arange(len(number))[:, None].repeat(len(ACTIONS), axis=1)
        reward = np.zeros(after.shape)
        for state, place in number.items():
            for column, action in enumerate(ACTIONS if not state.over else ()):
                reached, reward[place, column] = self.step(state, action)
                after[place, column] = number[reached]
        return Tables(
            after=after,
            reward=reward,
            over=np.array([state.over for state in self.states]),
            # Episodes that all begin with nothing in hand would see a seventh of the states.
            starts=np.array([place for state, place in number.items() if not state.over]),
            features=np.stack([self._features(state) for state in self.states]),
        )

    def public_states(self) -> tuple[int, ...]:
        """Numbers of the states that policies of this world are asked about in public, ascending."""
        playable = np.flatnonzero(~self.tables.over)
        chosen = np.random.default_rng([len(self.states), 14]).permutation(playable)[:PUBLIC_STATES]
        return tuple(sorted(int(place) for place in chosen))

    def told(self, state: State) -> str:
        """A state in words."""
        row, column = state.cell
        walls = [action.value for action in ACTIONS[:4] if self.blocked(state.cell, action)]
        colours = "; ".join(
            f"{colour}: {_SAID[fate]}" for colour, fate in zip(COLOURS, state.fates, strict=True)
        )
        return f"Row {row + 1}, column {column + 1}. Walls: {', '.join(walls) or 'none'}. {colours}."

    def _features(self, state: State) -> NDArray[np.float32]:
        where = np.zeros(SIZE * SIZE, dtype=np.float32)
        where[state.cell[0] * SIZE + state.cell[1]] = 1
        fates = np.eye(len(Fate), dtype=np.float32)[[int(fate) for fate in state.fates]].ravel()
        walls = np.array([self.blocked(state.cell, action) for action in ACTIONS[:4]], dtype=np.float32)
        return np.concatenate((where, fates, walls))


@dataclass(frozen=True)
class Tables:
    """A gridworld as arrays.

    Attributes:
        after: [states, actions] number of the state that an action leads to.
        reward: [states, actions] reward of getting there.
        over: [states] whether the episode has ended.
        starts: [starts] numbers of the states that episodes begin in: all that are not final.
        features: [states, inputs] float32, what a policy sees of a state.
    """

    after: NDArray[np.int64]
    reward: NDArray[np.float64]
    over: NDArray[np.bool_]
    starts: NDArray[np.int64]
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Walk:
    """What happened in a number of episodes, one after another.

    Attributes:
        states: [steps] numbers of the states acted in.
        actions: [steps] numbers of the actions taken.
        returns: [episodes] sum of rewards of each.
    """

    states: NDArray[np.int64]
    actions: NDArray[np.int64]
    returns: NDArray[np.float64]


def walk(tables: Tables, policy: NDArray[np.floating], episodes: int, rng: Rng) -> Walk:
    """Act for a number of episodes.

    Args:
        tables: The world.
        policy: [states, actions] probabilities; rows sum to one.
        episodes: How many; each begins in a random start.
        rng: Draws starts and actions.
    """
    reach = policy.astype(np.float64).cumsum(axis=1)
    reach[:, -1] = np.inf
    at = tables.starts[rng.integers(len(tables.starts), size=episodes)]
    returns, alive = np.zeros(episodes), np.ones(episodes, dtype=bool)
    states = np.full((episodes, HORIZON), -1)
    actions = np.full((episodes, HORIZON), -1)
    for time in range(HORIZON):
        taken = (rng.random(episodes)[:, None] >= reach[at]).sum(axis=1)
        states[alive, time], actions[alive, time] = at[alive], taken[alive]
        returns += np.where(alive, tables.reward[at, taken], 0.0)
        at = np.where(alive, tables.after[at, taken], at)
        alive &= ~tables.over[at]
        if not alive.any():
            break
    kept = states >= 0
    return Walk(states[kept], actions[kept], returns)


def _beside(cell: Cell, action: Action) -> Cell:
    down, right = _MOVES[action]
    return cell[0] + down, cell[1] + right


def _connected(free: list[Cell]) -> bool:
    cells, border = set(free), [free[0]]
    reached = {free[0]}
    while border:
        cell = border.pop()
        for action in ACTIONS[:4]:
            beside = _beside(cell, action)
            if beside in cells and beside not in reached:
                reached.add(beside)
                border.append(beside)
    return reached == cells
