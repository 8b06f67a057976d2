"""Answers recomputed from the words of a question alone, for generators added later."""

from __future__ import annotations

import re


def numbers(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"\d+", text)]


def solve_sets(question: str) -> str:
    found = numbers(question)
    if "all three" in question:
        total, one, two, three, first, second, third, every = found
        return str(total - (one + two + three - first - second - third + every))
    if "at least" in question:
        one, two, both = found
        return str(one + two - both)
    total, one, two, both = found
    return str(total - one - two + both)


def solve_sequence(question: str) -> str:
    found = numbers(question)
    place = found[-1]
    if "sum of the two" in question:
        row, step = found[:2], found[2]
        while len(row) < place:
            row.append(row[-1] + row[-2] + step)
    elif "times" in question:
        start, factor, step = found[:3]
        row = [start]
        while len(row) < place:
            row.append(factor * row[-1] + step)
    else:
        start, step = found[:2]
        row = [start + step * n for n in range(place)]
    return str(row[place - 1])


def _written(number: int, base: int) -> str:
    return (_written(number // base, base) if number >= base else "") + str(number % base)


def solve_base(question: str) -> str:
    found = re.findall(r"\d+", question)
    if question.startswith("The number"):
        return str(int(found[0], int(found[1])))
    if question.startswith("Write"):
        return _written(int(found[0]), int(found[1]))
    base = int(found[0])
    return _written(int(found[1], base) + int(found[2], base), base)


def solve_walk(question: str) -> str:
    start = complex(*numbers(question)[:2])
    ways = {"north": 1j, "east": 1 + 0j, "south": -1j, "west": -1 + 0j}
    turns = {"right": -1j, "left": 1j, "around": -1 + 0j}
    facing = re.search(r"facing (\w+)", question)
    heading = ways[facing.group(1)] if facing else 0j
    place = start
    for verb, first, second in re.findall(
        r"(goes|turns) (\w+)(?: (north|east|south|west|forward))?", question
    ):
        if verb == "turns":
            heading *= turns[first]
        else:
            place += int(first) * ways.get(second, heading)
    away = place - start
    if "How many squares" in question:
        return str(int(abs(away.real) + abs(away.imag)))
    return f"column {int(place.real)}, row {int(place.imag)}"


_UP = {"mother", "father"}
_DOWN = {"daughter", "son"}
_WOMEN = {"mother", "daughter", "sister"}


def solve_kinship(question: str) -> str:
    told, asked = question.split(" What is ")
    one, other = re.match(r"(\w+) to (\w+)\?", asked).groups()  # type: ignore[union-attr]
    ties: dict[str, list[tuple[str, str]]] = {}
    women = set()
    for first, word, second in re.findall(r"(\w+) is the (\w+) of (\w+)\.", told):
        step, back = ("u", "d") if word in _UP else ("d", "u") if word in _DOWN else ("s", "s")
        ties.setdefault(second, []).append((first, step))
        ties.setdefault(first, []).append((second, back))
        if word in _WOMEN:
            women.add(first)
    paths = {other: ""}
    while one not in paths:
        for person, path in list(paths.items()):
            for relative, step in ties.get(person, ()):
                paths.setdefault(relative, path + step)
    words = {
        "uu": ("grandmother", "grandfather"), "us": ("aunt", "uncle"), "sd": ("niece", "nephew"),
        "dd": ("granddaughter", "grandson"), "uuu": ("great-grandmother", "great-grandfather"),
        "uus": ("great-aunt", "great-uncle"), "sdd": ("great-niece", "great-nephew"),
        "ddd": ("great-granddaughter", "great-grandson"), "usd": ("cousin", "cousin"),
    }  # fmt: skip
    return words[paths[one]][0 if one in women else 1]


def solve_prices(question: str) -> str:
    found = numbers(question)
    if "At the same price" in question:
        pieces, cents, wanted = found
        return str(cents // pieces * wanted)
    offers = {
        shop: int(cents) / int(pack)
        for shop, pack, cents in re.findall(r"(\w+) sells (\d+) \w+ for (\d+) cents\.", question)
    }
    if "Which shop" in question:
        return min(offers, key=lambda shop: offers[shop])
    return str(round(found[-1] * (max(offers.values()) - min(offers.values()))))


def solve_list(question: str) -> str:
    listed = re.search(r"list ((?:\d+, )+\d+)", question).group(1)  # type: ignore[union-attr]
    row, rest = numbers(listed), numbers(question.replace(listed, ""))
    if question.startswith("Sort"):
        return str(sorted(row, reverse="largest" in question)[rest[0] - 1])
    if question.startswith("Take"):
        return str(sum(one for one in row if one % 2 == ("even" in question)))
    drop, factor, least = rest if len(rest) == 3 else (1, *rest)
    grown = [one * factor for one in list(reversed(row))[drop:]]
    return str(sum(one for one in grown if one > least))
