"""Figures of training that a card states in words: operations, tokens, accelerator hours, examples.

Only what can be read without guessing is read: a figure needs its unit beside it, and figures of speed, of
context and of vocabulary are no figures of training.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.disclosure.marks import ACCELERATORS, OTHER_KINDS, Accelerator

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
_WORD_OF_SIZE = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9,
    "t": 1e12, "trillion": 1e12,
}  # fmt: skip
_SIZE = r"(?:\s*(?P<size>k|thousand|m|million|bn|b|billion|t|trillion)\b)?"
_OPERATIONS = re.compile(
    r"(?<![\^{*\d.,])"
    + _NUMBER
    + r"\s*(?:(?:e\+?|(?:[x×*·]\s*)?10\s*(?:\^|\*\*)\s*\{?)(?P<power>\d{1,2})\}?)?"
    r"\s*(?P<prefix>tera|peta|exa|zetta|yotta)?-?\s*flops?\b(?!\s*/\s*s|\s*per\s+second|/token)",
    re.IGNORECASE,
)
_TEN_TO_THE = re.compile(
    r"(?<![\d.])10\s*(?:\^|\*\*)\s*\{?(?P<power>\d{1,2})\}?\s*flops?\b(?!\s*/\s*s|\s*per\s+second)",
    re.IGNORECASE,
)
_PREFIXES = {"tera": 12, "peta": 15, "exa": 18, "zetta": 21, "yotta": 24}
_TOKENS = re.compile(_NUMBER + _SIZE + r"[\s-]+(?:[a-z]+\s+){0,2}tokens?\b", re.IGNORECASE)
_NO_TRAINING = re.compile(
    r"context|window|vocab|sequence|batch|prompt|per second|/s\b|inference", re.IGNORECASE
)
#: Sentences about another model, whose figures are not this one's.
_ANOTHER = re.compile(
    r"\bteacher|\b(?:base|parent|original|reference) model|\bits base\b|\bparent\b|distilled from|"
    r"initiali[sz]ed from|\b[A-Za-z][\w.-]*[-_]\d+(?:\.\d+)?B\b|"
    r"\b(?:claude|deepseek|gemini|gemma|gpt|llama|mistral|mixtral|phi|qwen)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    _NUMBER + _SIZE + r"[\s-]+(?:[\w-]+\s+){0,2}(?:gpu|tpu|accelerator|[AHV]\d{3})[\s-]?"
    r"(?P<unit>hours?|days?)\b",
    re.IGNORECASE,
)
_EXAMPLES = re.compile(
    _NUMBER + _SIZE + r"\s+(?:[a-z-]+\s+){0,3}?"
    r"(?:examples|samples|instructions|conversations|traces|dialogues|pairs|answers|completions|responses)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Figures of training, each as often as it is stated.

    Attributes:
        operations: Floating-point operations.
        tokens: Tokens that it was trained on.
        hours: Hours of accelerators.
        examples: Examples in data sets.
        accelerators: Kinds of accelerator that are named.
    """

    operations: tuple[float, ...] = ()
    tokens: tuple[float, ...] = ()
    hours: tuple[float, ...] = ()
    examples: tuple[float, ...] = ()
    accelerators: tuple[Accelerator, ...] = ()


#: Nothing is stated in figures.
NOTHING = Stated()


def read_stated(text: str, name: str) -> Stated:
    """Figures in the text of a card or a summary of training; the same figure counts once.

    Args:
        text: What is read.
        name: The model's own name: a sentence that names another one gives no figures of this one's training.
    """
    plain = _with_carets(text)
    operations: list[float] = []
    tokens: list[float] = []
    hours: list[float] = []
    examples: list[float] = []
    for sentence in _SENTENCE.split(plain):
        about_training = not _NO_TRAINING.search(sentence)
        if about_training:
            examples += [_amount(one) for one in _EXAMPLES.finditer(sentence)]
        if _ANOTHER.search(re.sub(re.escape(name), "", sentence, flags=re.IGNORECASE)):
            continue
        operations += [_operations(one) for one in _OPERATIONS.finditer(sentence)]
        operations += [
            10.0 ** int(one["power"]) for one in _TEN_TO_THE.finditer(_OPERATIONS.sub("", sentence))
        ]
        hours += [_hours(one) for one in _HOURS.finditer(sentence)]
        if about_training:
            tokens += [_amount(one) for one in _TOKENS.finditer(sentence)]
    known = () if re.search(OTHER_KINDS, plain, re.IGNORECASE) else ACCELERATORS
    return Stated(
        # Small figures are speeds, lengths and counts of demonstrations.
        operations=_once(operations, 1e12),
        tokens=_once(tokens, 1e6),
        hours=_once(hours, 1),
        examples=_once(examples, 100),
        accelerators=tuple(one for one in known if re.search(one.pattern, plain, re.IGNORECASE)),
    )


def _hours(found: re.Match[str]) -> float:
    return _amount(found) * (24 if found["unit"].lower().startswith("d") else 1)


def _with_carets(text: str) -> str:
    return re.sub(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda one: f"10^{one[1].translate(_SUPERSCRIPT)}", text)


def _operations(found: re.Match[str]) -> float:
    power = int(found["power"] or 0) + _PREFIXES.get((found["prefix"] or "").lower(), 0)
    return float(found["number"].replace(",", "")) * 10.0**power


def _amount(found: re.Match[str]) -> float:
    size = _WORD_OF_SIZE.get((found["size"] or "").lower(), 1.0)
    return float(found["number"].replace(",", "")) * size


def _once(values: list[float], least: float) -> tuple[float, ...]:
    return tuple(dict.fromkeys(value for value in values if least <= value < 1e30))
