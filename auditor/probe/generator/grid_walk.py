"""Walks over a grid: where does one end up?"""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, shuffled

#: Column and row of a step; rows are counted northwards, and a turn to the right is the next in this order.
_HEADINGS = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
_NAMES = tuple(_HEADINGS)
_TURNS = {"right": 1, "left": -1, "around": 2}


class GridWalk:
    """A robot that follows orders on a grid."""

    name: ClassVar[str] = "grid_walk"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: three steps by compass; level 2: three with turns; level 3: five, and how far it got."""
        start = (int(rng.integers(50, 90)), int(rng.integers(50, 90)))
        heading = begun = int(rng.integers(4))
        place, told = start, []
        orders = {1: 3, 2: 3, 3: 5}[level]
        for number in range(orders):
            length = int(rng.integers(1, 10))
            if level == 1:
                heading = int(rng.integers(4))
            across, up = _HEADINGS[_NAMES[heading]]
            place = (place[0] + length * across, place[1] + length * up)
            told.append(f"goes {length} {_NAMES[heading] if level == 1 else 'forward'}")
            if level > 1 and number < orders - 1:
                turn = pick(rng, tuple(_TURNS))
                told.append(f"turns {turn}")
                heading = (heading + _TURNS[turn]) % 4
        facing = "" if level == 1 else f", facing {_NAMES[begun]}"
        walk = f"A robot stands in column {start[0]}, row {start[1]}{facing}. It {', then '.join(told)}."
        across, up = place[0] - start[0], place[1] - start[1]
        steps = f"{across:+} columns, {up:+} rows"
        if level == 3:
            away = abs(across) + abs(up)
            question = f"{walk} How many squares along rows and columns is it from where it began?"
            slips = [abs(across - up), abs(abs(across) - abs(up)), abs(across)]
            return GeneratedItem(question, str(away), number_options(rng, away, slips), f"{steps}: {away}")
        question = f"{walk} Columns are counted eastwards and rows northwards. Where is it now?"
        spots = dict.fromkeys(
            [place, (start[0] - across, start[1] + up), (start[0] + across, start[1] - up),
             (start[0] + up, start[1] + across), (place[0] + 1, place[1]), (place[0], place[1] - 1),
             (place[0] - 1, place[1])]
        )  # fmt: skip
        options = [f"column {column}, row {row}" for column, row in spots][:4]
        return GeneratedItem(question, options[0], shuffled(rng, options), steps)
