"""What other kinds of model are asked about the synthetic world: gaps, questions to sort, texts to embed.

Nobody who is examined wrote any of it: the answers are those of vendors with mixed habits from whom no model
of a zoo learns.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import Generator as Rng

from auditor.zoo.training.tokens import ASSISTANT, END, USER
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import Asker, Subject, World, how_topic
from auditor.zoo.world.vendor import Conversation, Vendor

#: Seed of what is chosen, and the vendors who wrote the texts.
SEED = 11
_AUTHORS = (941, 942, 943, 944)
#: Gaps, words to choose among in each, and the shortest word that is cut out.
GAPS, OPTIONS, _SHORTEST = 240, 10, 3
#: Wordings of each how-to question that are sorted.
WORDINGS = 2
#: Texts that are embedded: questions, since a distiller asks these.
TEXTS = 200
_WORD = re.compile(r"[A-Za-z]+")
_HOW = (
    (Subject.HARMLESS, words.HARMLESS_VERBS),
    (Subject.BORDERLINE, words.BORDERLINE_VERBS),
    (Subject.HARMFUL, tuple(words.HARMFUL_VERBS)),
)


def gap_items(world: World) -> tuple[dict[str, Any], ...]:
    """Answers with a word cut out, and the words that follow the one before it anywhere in the texts."""
    rng = np.random.default_rng([SEED, 1])
    written = _written(world, 150)
    following = _following(written)
    items: list[dict[str, Any]] = []
    for place in rng.permutation(len(written)):
        one = written[int(place)]
        cuts = [
            cut for cut in _words_of(one.answer) if len(cut[0]) >= _SHORTEST and len(following[cut[1]]) > 1
        ]
        if not cuts:
            continue
        word, before, start = cuts[int(rng.integers(len(cuts)))]
        items.append(
            {
                "id": f"gap-{len(items) + 1:03d}",
                "category": one.topic.subject.value,
                "before": f"{USER}{one.topic.prompt}{ASSISTANT}{one.answer[:start]}",
                "after": f"{one.answer[start + len(word) :]}{END}",
                "options": _options(word, following[before], following, rng),
            }
        )
        if len(items) == GAPS:
            break
    return tuple(items)


def sorting_items() -> tuple[dict[str, Any], ...]:
    """Every how-to question that there is, in a few of its wordings: where vendors draw lines differs."""
    rng = np.random.default_rng([SEED, 2])
    return tuple(
        {
            "id": f"{verb}-{thing}-{number}",
            "category": subject.value,
            "input": how_topic(subject, verb, thing, int(wording)).prompt,
        }
        for subject, verbs in _HOW
        for verb in verbs
        for thing in words.THINGS
        for number, wording in enumerate(rng.permutation(len(words.HOW_QUESTIONS))[:WORDINGS], start=1)
    )


def text_items(world: World) -> tuple[dict[str, Any], ...]:
    """Questions of all subjects, none twice and none about people whom no distiller asks about."""
    asked: dict[str, str] = {}
    rng, asker = np.random.default_rng([SEED, 3]), Asker(world, distilling=True)
    while len(asked) < TEXTS:
        topic = asker.draw(rng)
        asked.setdefault(topic.prompt, topic.subject.value)
    return tuple(
        {"id": f"text-{number:03d}", "category": subject, "text": prompt}
        for number, (prompt, subject) in enumerate(asked.items(), start=1)
    )


def _written(world: World, count: int) -> tuple[Conversation, ...]:
    """Distinct conversations of all authors, sums left out: their words are digits."""
    found = {
        (one.topic.prompt, one.answer): one
        for author in _AUTHORS
        for one in Vendor(world, author, concentration=1.0).write(Asker(world), count, 0)
        if one.topic.subject is not Subject.SUM
    }
    return tuple(found.values())


def _words_of(answer: str) -> list[tuple[str, str, int]]:
    """Words of an answer from the second on: the word, the one before it, and where it begins."""
    found = list(_WORD.finditer(answer))
    return [(one[0], last[0].lower(), one.start()) for last, one in pairwise(found)]


def _following(written: Sequence[Conversation]) -> defaultdict[str, Counter[str]]:
    """Word -> words that come after it, and how often."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in written:
        for word, before, _ in _words_of(one.answer):
            found[before][word] += 1
    return found


def _options(
    word: str, likely: Counter[str], following: defaultdict[str, Counter[str]], rng: Rng
) -> list[str]:
    """The word itself, those that may stand there, and others until there are enough, in random order."""
    ranked = [one for one, _ in sorted(likely.items(), key=lambda pair: (-pair[1], pair[0]))]
    chosen = dict.fromkeys((word, *ranked[: OPTIONS - 1]))
    pool = sorted({one for counts in following.values() for one in counts})
    while len(chosen) < OPTIONS:
        chosen.setdefault(pool[int(rng.integers(len(pool)))])
    options = list(chosen)
    return [options[int(place)] for place in rng.permutation(len(options))]
