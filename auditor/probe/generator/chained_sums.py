"""Sums in a row: take a number, add, take away, multiply."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options

_WORDS = {"+": "add {0}", "-": "take away {0}", "*": "multiply by {0}"}


class ChainedSums:
    """Two to four operations on small numbers, applied from left to right, never below zero."""

    name: ClassVar[str] = "chained_sums"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: two steps on one-digit numbers; each level adds a step and larger numbers."""
        top = {1: 10, 2: 20, 3: 50}[level]
        value = start = int(rng.integers(1, top))
        clauses: list[str] = []
        steps: list[str] = []
        previous = value
        for _ in range(level + 1):
            operation = "+-*"[int(rng.integers(3))]
            operand = int(rng.integers(2, 10 if operation == "*" else top))
            if operation == "-" and operand > value:
                operation = "+"
            previous = value
            value = {"+": value + operand, "-": value - operand, "*": value * operand}[operation]
            clauses.append(_WORDS[operation].format(operand))
            steps.append(f"{previous} {operation} {operand} = {value}")
        question = f"Start with {start}, {', then '.join(clauses)}. What is the result?"
        return GeneratedItem(
            question, str(value), number_options(rng, value, [previous, value + start]), "; ".join(steps)
        )
