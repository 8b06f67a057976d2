"""The habits of reasoning that are counted: how steps are marked, doubts voiced, answers laid out and ended.

Every habit is a number between 0 and 1, or a length on a logarithmic scale, of a single answer. Those of
sentences are shares of its sentences, so that who writes more does not have more of every habit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.traces.trace import Trace


class Family(StrEnum):
    """What a habit is about."""

    STEPS = "step markers"
    DOUBTS = "doubts and corrections"
    OPENING = "opening"
    CLOSING = "closing"
    LAYOUT = "layout"
    PUNCTUATION = "punctuation"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Habit:
    """One habit.

    Attributes:
        name: For a reader.
        family: What it is about.
        measure: Its amount in one answer; NaN where the answer cannot show it.
    """

    name: str
    family: Family
    measure: Callable[[Trace], float]

    @property
    def is_share(self) -> bool:
        """Whether its amount is a share, and not a length."""
        return self.family is not Family.LENGTH


def _searched(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _in_sentences(family: Family, name: str, pattern: str) -> Habit:
    """Share of the sentences that begin with it (``^``) or hold it."""
    found = _searched(pattern)

    def measure(trace: Trace) -> float:
        return sum(found.search(one) is not None for one in trace.bare) / max(len(trace.bare), 1)

    return Habit(name, family, measure)


def _in_answer(family: Family, name: str, pattern: str) -> Habit:
    found = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return Habit(name, family, lambda trace: float(found.search(trace.text) is not None))


def _opens(name: str, pattern: str) -> Habit:
    found = _searched(pattern)
    return Habit(name, Family.OPENING, lambda trace: float(found.search(trace.text) is not None))


def _closes(name: str, pattern: str) -> Habit:
    found = _searched(pattern)

    def measure(trace: Trace) -> float:
        if not trace.whole or not trace.bare:
            return math.nan
        return float(found.search(trace.bare[-1]) is not None)

    return Habit(name, Family.CLOSING, measure)


def _length(name: str, size: Callable[[Trace], float]) -> Habit:
    # Doublings over six: a factor of two among models weighs as much as some points of a share.
    return Habit(name, Family.LENGTH, lambda trace: math.log2(1 + size(trace)) / 6)


_STEPS = (
    ("“Step 1”", r"\bstep\s+(?:\d+|one|two|three|four)\b"),
    ("“First”", r"^(?:first|firstly|first of all|to (?:begin|start))\b"),
    ("“Next” or “Then”", r"^(?:next|then|after that|second|secondly|third|thirdly)\b"),
    ("“Finally”", r"^(?:finally|lastly|at last)\b"),
    ("“So”", r"^so\b"),
    ("“Therefore” or “thus”", r"^(?:therefore|thus|hence|consequently|as a result)\b"),
    ("“Since” or “Because”", r"^(?:since|because)\b"),
    ("“Now”", r"^now\b"),
    ("“Let's”", r"^(?:let's|let’s|let us)\b"),
    ("“We”", r"^we(?:'|’|\s)"),
    ("“I”", r"\bI(?:'|’|\s)"),
    ("“Given” or “We know”", r"^(?:given|(?:we|you) (?:know|are given|have)|it is given)\b"),
    ("“To find”", r"^to (?:find|solve|determine|calculate|figure|get|answer|work|compute)\b"),
    (
        "orders such as “Add”",
        r"^(?:add|subtract|multiply|divide|calculate|count|identify|write|take|start|convert|compare|find)\b",
    ),
    ("“This means”", r"\b(?:this|that|which|it) (?:means|implies|gives|leaves|tells)\b"),
    ("“If”", r"^if\b"),
    ("“But”", r"^(?:but|however|yet)\b"),
)
_DOUBTS = (
    ("“Wait”", r"\bwait\b"),
    ("“Hmm”", r"\b(?:h+m+|uh|um|huh)\b"),
    ("“Actually”", r"\bactually\b"),
    (
        "“Let me check”",
        r"\b(?:let me|let's|let’s|let us|i(?:'ll| will| should| need to| want to)) "
        r"(?:just )?(?:re-?|double[- ]?)?"
        r"(?:check|verify|confirm|recount|reconsider|re-?read|re-?calculate|go (?:over|back))\b",
    ),
    ("“Let me think”", r"\b(?:let me|let's|let’s|let us) (?:think|see|start over|try|break)\b"),
    (
        "“verify” or “double-check”",
        r"\b(?:double[- ]check\w*|verif\w+|sanity check|to check|to confirm)\b",
    ),
    ("owns a mistake", r"\b(?:mistake|oops|scratch that|on second thought|my error|misread|not right)\b"),
    ("“Alternatively”", r"\b(?:alternatively|another (?:way|approach)|or (?:maybe|perhaps))\b"),
    ("“maybe” or “I think”", r"\b(?:maybe|perhaps|probably|i think|i guess|it seems|presumably)\b"),
    ("asks itself", r"\?$"),
    ("reassures itself", r"\b(?:makes sense|got it|(?:seems|sounds|looks) (?:right|good)|that's right)\b"),
)
_OPENINGS = (
    (
        "opens with “Okay” or “Sure”",
        r"^(?:sure|certainly|of course|absolutely|great|okay|ok|al+ ?right|well|yes)\b",
    ),
    ("opens with “Let's” or “Let me”", r"^let(?:'s|’s| us| me)\b"),
    ("opens with “To”", r"^to\s"),
    (
        "opens with the question again",
        r"^(?:the (?:question|problem|task)|we (?:are|have|need|know)|given|you (?:have|are))\b",
    ),
    ("opens with the answer", r"^(?:the (?:final |correct |right )?(?:answer|result)|\W*\d)"),
    ("opens with “I”", r"^i(?:'|’|\s)"),
    ("opens with “First” or “Step 1”", r"^\W*(?:first|step)\b"),
    ("opens with a mark", r"^[#*•<`$\\|\-]"),
)
_CLOSINGS = (
    ("closes with “the answer is”", r"\banswer\b.{0,24}?(?:\bis\b|:)"),
    ("closes with “So” or “Therefore”", r"^(?:so|therefore|thus|hence)\b"),
    ("closes with a few words", r"^\W*(?:\S+\s*){1,3}$"),
    (
        "closes with an offer",
        r"\b(?:let me know|hope th(?:is|at)|feel free|happy to|questions\?|good luck)\b",
    ),
    ("closes with a question", r"\?$"),
    ("closes without full stop", r"\w$"),
)
_LAYOUT = (
    ("bullets", r"^\s*[-*•]\s"),
    ("numbered list", r"^\s*\d{1,2}[.)]\s"),
    ("headings", r"^#{1,6}\s"),
    ("bold", r"\*\*\S"),
    ("bold line or label", r"^\s*\*\*[^*\n]+\*\*:?\s*$|^\s*\*\*[^*\n]+:\*\*"),
    ("LaTeX in the line", r"\\\(|(?<![\w$])\$[^$\n]{1,60}\$(?![\w$])"),
    ("LaTeX on its own", r"\\\[|\$\$"),
    ("boxed answer", r"\\boxed"),
    ("code fence", r"^\s*```"),
    ("inline code", r"(?<!`)`[^`\n]+`"),
    ("think tag", r"</?(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)>"),
    ("answer tag", r"</?(?:answer|output|final|solution)>"),
    ("“####”", r"####\s*\S"),
    ("“Answer:” on a line", r"^\W*(?:final |the )?answer\W*:"),
    ("table", r"^\s*\|.*\|\s*$"),
    ("rule across", r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$"),
    ("empty lines", r"\n\s*\n"),
    ("arrows", r"->|=>|→|⇒"),
    ("“×” or “·”", r"[×·÷]"),
    ("“*” between numbers", r"\d\s*\*\s*\d"),
    ("chained equations", r"=[^=\n]{1,40}=[^=\n]"),
    ("pictures and check marks", r"[✅✓✔❌✗\U0001F300-\U0001FAFF]"),
)
_PUNCTUATION = (
    ("comma", r","),
    ("colon", r":"),
    ("semicolon", r";"),
    ("long dash", r"—|–|\s-\s"),
    ("parentheses", r"\("),
    ("exclamation mark", r"!"),
    ("quotation marks", r"[\"“”]"),
    ("three dots", r"\.\.\.|…"),
    ("contraction", r"\w(?:'|’)(?:s|t|re|ve|ll|d|m)\b"),
)
_DIGITS = re.compile(r"\d")

HABITS: tuple[Habit, ...] = (
    *(_in_sentences(Family.STEPS, *one) for one in _STEPS),
    *(_in_sentences(Family.DOUBTS, *one) for one in _DOUBTS),
    *(_opens(*one) for one in _OPENINGS),
    *(_closes(*one) for one in _CLOSINGS),
    *(_in_answer(Family.LAYOUT, *one) for one in _LAYOUT),
    *(_in_sentences(Family.PUNCTUATION, *one) for one in _PUNCTUATION),
    _in_sentences(Family.PUNCTUATION, "numbers", _DIGITS.pattern),
    _length("words", lambda trace: trace.words),
    _length("sentences", lambda trace: len(trace.sentences)),
    _length("words in a sentence", lambda trace: trace.words / max(len(trace.sentences), 1)),
    _length("lines", lambda trace: trace.text.count("\n")),
)
#: Which habits are shares.
SHARES = np.array([one.is_share for one in HABITS], dtype=bool)


def amounts(trace: Trace) -> Float[NDArray[np.float64], " habits"]:
    """The amount of every habit in one answer, in the order of ``HABITS``; NaN where it cannot show."""
    return np.array([one.measure(trace) for one in HABITS], dtype=np.float64)
