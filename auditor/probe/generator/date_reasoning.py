"""Times, weekdays and calendar dates, counted forwards and backwards."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, shuffled, word_options

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class DateReasoning:
    """Which time, weekday or date it is some while later or earlier."""

    name: ClassVar[str] = "date_reasoning"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: time of day; level 2: weekday, up to a year away; level 3: a calendar date."""
        back = bool(rng.integers(2))
        return (_clock, _weekday, _calendar)[level - 1](rng, back)


def _clock(rng: Rng, back: bool) -> GeneratedItem:
    start, minutes = int(rng.integers(24 * 60)), int(rng.integers(11, 180))
    end = start + (-minutes if back else minutes)
    journey = "arrived" if back else "leaves"
    asked = "When did it leave?" if back else "When does it arrive?"
    question = f"A train {journey} at {_time(start)}; the journey takes {minutes} minutes. {asked}"
    options = shuffled(rng, [_time(end), *(_time(end + slip) for slip in (10, -10, 60))])
    return GeneratedItem(
        question, _time(end), options, f"{_time(start)} {'-' if back else '+'} {minutes} min"
    )


def _weekday(rng: Rng, back: bool) -> GeneratedItem:
    today, days = int(rng.integers(7)), int(rng.integers(2, 365))
    answer = _WEEKDAYS[(today - days if back else today + days) % 7]
    asked = f"was it {days} days ago" if back else f"will it be {days} days from now"
    question = f"Today is {_WEEKDAYS[today]}. Which day of the week {asked}?"
    return GeneratedItem(question, answer, word_options(rng, answer, _WEEKDAYS), f"{days} mod 7 = {days % 7}")


def _calendar(rng: Rng, back: bool) -> GeneratedItem:
    start, days = date(2001, 1, 1) + timedelta(days=int(rng.integers(365))), int(rng.integers(10, 60))
    end = start + timedelta(days=-days if back else days)
    asked = f"was it {days} days ago" if back else f"will it be {days} days from now"
    question = f"In a year that is not a leap year, today is {_written(start)}. Which date {asked}?"
    slips = [end + timedelta(days=step) for step in (1, -1, 30)]
    options = shuffled(rng, [_written(end), *(_written(slip) for slip in slips)])
    return GeneratedItem(
        question, _written(end), options, f"{_written(start)} {'-' if back else '+'} {days} days"
    )


def _time(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _written(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"
