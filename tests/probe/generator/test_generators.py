"""Every generator: its answers recomputed from the question's words, its options, its reproducibility."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
import solvers

from auditor.error import ContentError
from auditor.probe.generator.item import LEVELS, GeneratedItem, ItemGenerator
from auditor.probe.generator.registry import GENERATORS, generator

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def numbers(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"\d+", text)]


def solve_chain(question: str) -> str:
    clauses = question.removesuffix(" What is the result?").rstrip(".").split(", ")
    value = numbers(clauses[0])[0]
    for clause in clauses[1:]:
        operand = numbers(clause)[0]
        value = (
            value + operand if "add" in clause else value - operand if "away" in clause else value * operand
        )
    return str(value)


def solve_story(question: str) -> str:
    found = numbers(question)
    if "bought" in question:
        return str(found[0] + found[1] - found[2])
    if "shared" in question:
        _, groups, each, lost, share = found
        return str((groups * each - lost) % share)
    return str(found[0] * found[1] - found[2])


UNITS = {
    ("metres", "centimetres"): 100, ("kilometres", "metres"): 1000, ("kilograms", "grams"): 1000,
    ("hours", "minutes"): 60, ("minutes", "seconds"): 60, ("weeks", "days"): 7, ("days", "hours"): 24,
    ("litres", "millilitres"): 1000, ("dozens", "single pieces"): 12, ("centuries", "years"): 100,
}  # fmt: skip


def solve_units(question: str) -> str:
    words = re.findall(r"(\d+) ([a-z]+(?: pieces)?)", question)
    if question.startswith("From"):
        (many, large), (less, _), (few, small) = words
        return str((int(many) - int(less)) * UNITS[large, small] - int(few))
    small = re.search(r"How many ([a-z ]+?) are", question).group(1)  # type: ignore[union-attr]
    many, large = words[0]
    return str(int(many) * UNITS[large, small] + (int(words[1][0]) if len(words) > 1 else 0))


def solve_date(question: str) -> str:
    if "train" in question:
        hour, minute, length = numbers(question)
        sign = -1 if "arrived" in question else 1
        moment = datetime(2001, 1, 5, hour, minute) + sign * timedelta(minutes=length)  # noqa: DTZ001
        return moment.strftime("%H:%M")
    sign = -1 if " ago" in question else 1
    if "day of the week" in question:
        today = next(index for index, name in enumerate(WEEKDAYS) if f"is {name}." in question)
        return WEEKDAYS[(today + sign * numbers(question)[-1]) % 7]
    day, month = re.search(r"today is (\d+) (\w+)\.", question).groups()  # type: ignore[union-attr]
    start = datetime.strptime(f"{day} {month} 2001", "%d %B %Y")  # noqa: DTZ007
    end = start + sign * timedelta(days=numbers(question)[-1])
    return f"{end.day} {end.strftime('%B')}"


def solve_table(question: str) -> str:
    *rows, asked = question.split("\n")
    header, *body = [row.split(" | ") for row in rows]
    column = re.search(r"'(\w+)'", asked).group(1)  # type: ignore[union-attr]
    cells = {row[0]: int(row[header.index(column)]) for row in body}
    if "sum" in asked:
        return str(sum(cells.values()))
    named = [value for name, value in cells.items() if name in asked]
    return str(named[0] if len(named) == 1 else abs(named[0] - named[1]))


def solve_string(question: str) -> str:
    quoted = re.findall(r"'(\w+)'", question)
    if "position" in question:
        return quoted[0][numbers(question)[0] - 1]
    if "How many" in question:
        return str(sum(letter == quoted[0] for letter in quoted[1]))
    turn = (numbers(question) or [1])[0]
    letters = list(reversed(quoted[0]))
    return "".join(letters[turn:] + letters[:turn])


def solve_logic(question: str) -> str:
    told, asked = question.split(" Is every one of ")
    start, goal = re.match(r"the (.+) one of the (.+)\?", asked).groups()  # type: ignore[union-attr]
    start = start.strip()
    rules = re.findall(r"(All|No) ([^.]+?) are ([^.]+)\.", told)
    here = {start}
    for _ in rules:
        here |= {second for word, first, second in rules if word == "All" and first in here}
    if goal in here:
        return "yes"
    if any(word == "No" and first in here and second == goal for word, first, second in rules):
        return "no"
    return "it cannot be known"


def solve_order(question: str) -> str:
    pairs = re.findall(
        r"(\w+) (?:is \w+ than|finished before|lives further north than|paid more than) (\w+)\.", question
    )
    people = {name for pair in pairs for name in pair}
    following = dict(pairs)
    first = next(name for name in people if name not in following.values())
    order = [first]
    while order[-1] in following:
        order.append(following[order[-1]])
    if "number" in question:
        return order[numbers(question)[-1] - 1]
    last = ("shortest", "youngest", "the last", "furthest south", "the least")
    return order[-1] if any(word in question.rsplit("Who is", 1)[1] for word in last) else order[0]


SOLVERS: dict[str, Callable[[str], str]] = {
    "chained_sums": solve_chain,
    "word_problem": solve_story,
    "unit_conversion": solve_units,
    "date_reasoning": solve_date,
    "table_lookup": solve_table,
    "string_manipulation": solve_string,
    "simple_logic": solve_logic,
    "ordering": solve_order,
    "set_counting": solvers.solve_sets,
    "number_sequence": solvers.solve_sequence,
    "base_conversion": solvers.solve_base,
    "grid_walk": solvers.solve_walk,
    "kinship": solvers.solve_kinship,
    "price_comparison": solvers.solve_prices,
    "list_operations": solvers.solve_list,
}


def draws(one: ItemGenerator, level: int, count: int, seed: int = 11) -> list[GeneratedItem]:
    rng = np.random.default_rng([seed, level])
    return [one.draw(rng, level) for _ in range(count)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("one", GENERATORS, ids=lambda one: one.name)
def test_answers_follow_from_the_question(one: ItemGenerator, level: int) -> None:
    for item in draws(one, level, 400):
        assert SOLVERS[one.name](item.question) == item.answer, item
        assert item.answer in item.options
        assert len(set(item.options)) == 4


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("one", GENERATORS, ids=lambda one: one.name)
def test_the_right_option_stands_anywhere_and_items_hardly_repeat(one: ItemGenerator, level: int) -> None:
    items = draws(one, level, 400)
    places = np.bincount([item.options.index(item.answer) for item in items], minlength=4)
    assert places.min() >= 60  # 100 expected; five standard deviations are 43
    assert len({item.question for item in items}) >= 300


def test_there_are_twelve_at_least_and_each_has_a_solver_of_its_own() -> None:
    assert len(GENERATORS) >= 12
    assert {one.name for one in GENERATORS} == set(SOLVERS)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("one", GENERATORS, ids=lambda one: one.name)
def test_no_rule_of_thumb_finds_the_answer(one: ItemGenerator, level: int) -> None:
    """Neither the largest, smallest, longest nor shortest option is right much more often than by chance."""
    items = draws(one, level, 400)
    rules = [lambda options: min(options, key=len), lambda options: max(options, key=len)]
    if all(option.isdigit() for item in items for option in item.options):
        rules += [lambda options: min(options, key=int), lambda options: max(options, key=int)]
    for rule in rules:
        assert sum(rule(item.options) == item.answer for item in items) <= 240


@pytest.mark.parametrize("one", GENERATORS, ids=lambda one: one.name)
def test_the_same_seed_gives_the_same_items(one: ItemGenerator) -> None:
    assert draws(one, 2, 20) == draws(one, 2, 20)
    assert draws(one, 2, 20) != draws(one, 2, 20, seed=12)


def test_an_unknown_generator_names_the_known_ones() -> None:
    with pytest.raises(ContentError, match="chained_sums"):
        generator("sums")
