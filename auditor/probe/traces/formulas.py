"""Formulas: runs of words that a model repeats whatever it is asked.

Words of the question are masked, and so are numbers, so that a formula is no echo of what was asked. Those
of a candidate are drawn from its own answers, held against a panel in which the suspect counts like every
control: nobody's place decides which formulas are looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set

from auditor.probe.style.words import tokens_of
from auditor.probe.traces.trace import Trace

#: Lengths of a formula in words and marks.
_LONGEST, _SHORTEST = 6, 4
#: Words, not marks or masks, that a formula must have.
_WORDS = 3
#: What stands for a number, and for a word of the question.
_NUMBER, _ASKED = "#", "_"
#: Share of the questions in which a candidate must use a formula, and how much rarer it is elsewhere.
_LEAST_SHARE, _RARER = 0.1, 3.0
#: Two formulas that stand in mostly the same answers are one.
_SAME = 0.6
#: Most formulas of one candidate.
_MOST = 12
#: Letters from which on a word of the question is masked: "the" and "so" are nobody's.
_LONG = 4

Formulas = Mapping[str, frozenset[int]]


def formulas_in(trace: Trace, prompt: str) -> frozenset[str]:
    """Every run of four to six words and marks within a sentence, numbers and the question's words masked."""
    asked = {one for one in tokens_of(prompt) if len(one) >= _LONG}
    found: set[str] = set()
    for sentence in trace.bare:
        tokens = [
            _NUMBER if one[0].isdigit() else _ASKED if one in asked else one for one in tokens_of(sentence)
        ]
        for length in range(_SHORTEST, _LONGEST + 1):
            for start in range(len(tokens) - length + 1):
                run = tokens[start : start + length]
                if sum(one[0].isalpha() for one in run) >= _WORDS:
                    found.add(" ".join(run))
    return frozenset(found)


def places_of(answers: Sequence[Set[str]]) -> Formulas:
    """In which of the questions a model uses each formula.

    Args:
        answers: Formulas of its answers to each question.
    """
    places: dict[str, set[int]] = {}
    for place, found in enumerate(answers):
        for one in found:
            places.setdefault(one, set()).add(place)
    return {one: frozenset(where) for one, where in places.items()}


def own_formulas(candidate: Formulas, panel: Sequence[Formulas], questions: int) -> tuple[str, ...]:
    """Formulas that a candidate repeats and the panel hardly uses, the most telling first.

    Args:
        candidate: Where the candidate uses which.
        panel: The same of everybody who may stand in the suspect's place and shares nothing with it.
        questions: How many questions there are.
    """
    least = _LEAST_SHARE * questions
    repeated = {one: where for one, where in candidate.items() if len(where) >= max(least, 3)}
    usual: Counter[str] = Counter()
    for member in panel:
        usual.update({one: len(member[one]) for one in repeated if one in member})
    excess = {
        one: len(where) - usual[one] / len(panel)
        for one, where in repeated.items()
        if len(where) >= _RARER * usual[one] / len(panel)
    }
    chosen: list[str] = []
    # Longer ones first among equals: a part of a formula says no more than the whole.
    for one in sorted(excess, key=lambda each: (-excess[each], -len(each), each)):
        if len(chosen) < _MOST and not any(_alike(repeated[one], repeated[other]) for other in chosen):
            chosen.append(one)
    return tuple(chosen)


def _alike(first: Set[int], second: Set[int]) -> bool:
    return len(first & second) > _SAME * len(first | second)
