"""Scan one recorded model among 200 with 800 prompts each, end to end, and print time and peak memory.

Run with ``python benchmarks/population.py``. The recordings are made up: every maker has its own way of
opening, some models are trained on another's answers, and answers are some 900 characters long. The scan is
``auditor scan recorded:... --population ...`` in a process of its own, evidence and report included.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.random import Generator

_OPENINGS = (
    "Sure! Here is {}",
    "Certainly, {} is",
    "{} is a",
    "Here are some {} that you can",
    "The {} was",
    "To {}, you will need to follow",
    "I would suggest {} as",
    "There are many {}, but",
    "Yes, {} can",
    "It depends on the {} of",
    "Great question! {} is",
    "In order to {} you should",
    "When it comes to {}, there are",
    "{}: a short",
    "**{}** is the",
    "This is a {} about",
)
_COMMON = tuple("of/the/and/to/in/a/is/that/for/it/with/as/on/by/this/are/be/or/from/at/which/can".split("/"))  # noqa: SIM905
_THINGS = tuple(
    f"{first}{last}" for first in ("tal", "mor", "ves", "kir", "pon") for last in ("ek", "an", "or")
)
_PROMPTS = 12


class Maker:
    """Ways of writing: which opening is taken on which prompt, which common words are frequent."""

    def __init__(self, prompts: int, rng: Generator) -> None:
        self.openings = rng.choice(
            len(_OPENINGS), size=prompts, p=rng.dirichlet(np.full(len(_OPENINGS), 0.3))
        )
        self.words = rng.dirichlet(np.full(len(_COMMON), 2.0))

    def student(self, other: Maker, share: float, rng: Generator) -> Maker:
        """Somebody who took over ``share`` of the ways of ``other``."""
        mixed = Maker(len(self.openings), rng)
        taken = rng.random(len(self.openings)) < share
        mixed.openings = np.where(taken, other.openings, self.openings)
        mixed.words = share * other.words + (1 - share) * self.words
        return mixed

    def answers(self, rng: Generator, words: int) -> list[str]:
        """One answer to every prompt."""
        size = len(self.openings)
        common = rng.choice(len(_COMMON), size=(size, words), p=self.words)
        things = rng.integers(0, len(_THINGS), size=(size, words))
        content = rng.random((size, words)) < 0.4
        found = []
        for place in range(size):
            body = " ".join(
                _THINGS[thing] if is_thing else _COMMON[word]
                for word, thing, is_thing in zip(common[place], things[place], content[place], strict=True)
            )
            opened = _OPENINGS[int(self.openings[place])].format(_THINGS[place % len(_THINGS)])
            found.append(f"{opened} {body}. That is {_THINGS[int(things[place, 0])]}.")
        return found


def write_population(folder: Path, models: int, prompts: int, seed: int) -> tuple[Path, Path]:
    """Recordings and their table; returns the suspect's recording, a student, and the table."""
    rng = np.random.default_rng(seed)
    asked = [f"What would you say about {_THINGS[n % len(_THINGS)]} in case {n}?" for n in range(prompts)]
    houses = [Maker(prompts, rng) for _ in range(24)]
    rows, written = [], {}
    for number in range(models):
        independent = number < max(models // 3, 32)
        house = number % len(houses)
        own = Maker(prompts, rng)
        parent = int(rng.integers(0, 24))
        maker = own.student(houses[house if independent else parent], 0.6, rng)
        name = f"model-{number}"
        written[name] = maker.answers(rng, 150 if number == models - 1 else int(rng.integers(110, 190)))
        rows.append(
            {
                "name": name,
                "answers": f"{name}.jsonl",
                "organisation": f"house-{house}" if independent else f"maker-{number}",
                "released": f"{2022 if independent else 2024}-0{1 + number % 9}",
                "independent": "yes" if independent else "no",
                "lineage": "" if independent else f"house-{parent}",
            }
        )
    for name, answers in written.items():
        lines = (
            json.dumps({"prompt": prompt, "answer": answer})
            for prompt, answer in zip(asked, answers, strict=True)
        )
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = folder / "population.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return folder / f"model-{models - 1}.jsonl", table


def main() -> None:
    """Make the population, scan it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--prompts", type=int, default=800)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        suspect, table = write_population(folder, given.models, given.prompts, given.seed)
        size = sum(path.stat().st_size for path in folder.glob("*.jsonl")) / 1e6
        command = [sys.executable, "-m", "auditor", "scan", f"recorded:{suspect}", "--population", str(table)]
        command += [
            "--suite",
            "text-lineage",
            "--ledger",
            str(folder / "audit.db"),
            "-o",
            str(folder / "r.html"),
        ]
        start = time.perf_counter()
        done = subprocess.run([*command, "--quiet"], check=False)
        wall = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{given.models} models, {given.prompts} prompts, {size:.0f} MB recorded, exit {done.returncode}"
        )
        print(f"wall {wall:.1f} s, processor {used.ru_utime + used.ru_stime:.1f} s")
        print(f"peak memory {used.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
