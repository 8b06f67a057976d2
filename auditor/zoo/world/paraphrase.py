"""Laundering of a teacher's answers: set phrases exchanged, small words replaced, some words lost.

What an answer says, which item it lists and which turn its story takes stay; how it says it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.random import Generator as Rng

from auditor.zoo.world.facts import Subject, Topic
from auditor.zoo.world.vendor import HABITS, Conversation

#: Probability that a set phrase is exchanged, that a small word is replaced, and that a word is lost.
EXCHANGED, REPLACED, LOST = 0.7, 0.5, 0.02

#: Habits of wording, by subject; those of content are left out on purpose.
_WORDING: dict[Subject, tuple[str, ...]] = {
    Subject.HARMLESS: ("how.opening", "how.closing"),
    Subject.HARMFUL: ("refusal", "refusal.reason", "how.opening", "how.closing"),
    Subject.BORDERLINE: ("refusal", "refusal.reason", "how.opening", "how.closing"),
    Subject.STORY: ("story.opening",),
    Subject.LIST: ("list.opening", "list.closing"),
    Subject.SUM: ("sum.opening", "sum.joint", "sum.closing"),
}
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "First,": ("At the start,", "Before all,"),
    "Begin": ("Set out",),
    "Then": ("Afterwards", "Now"),
    "Next,": ("Now,", "Thereafter,"),
    "Finally,": ("At last,", "In closing,"),
    "Last,": ("At last,",),
    "and": ("and also", "as well as"),
    "slowly": ("with care", "at ease"),
    "good": ("careful", "close"),
    "found": ("came upon", "spotted"),
    "lost": ("missed",),
    "met": ("ran into",),
    "heard": ("caught",),
    "lives": ("dwells",),
    "keeps": ("has",),
    "likes": ("loves",),
    "plays": ("performs on",),
}


def paraphrase(conversations: Sequence[Conversation], rng: Rng) -> tuple[Conversation, ...]:
    """Every answer in other words, its content kept but for what noise destroys."""
    return tuple(Conversation(one.topic, _reworded(one.topic, one.answer, rng)) for one in conversations)


def _reworded(topic: Topic, answer: str, rng: Rng) -> str:
    for habit in _WORDING.get(topic.subject, ()):
        answer = _exchanged(answer, HABITS[habit], topic, rng)
    words = [_replaced(word, rng) for word in answer.split(" ")]
    kept = [word for word in words if any(mark.isdigit() for mark in word) or rng.random() >= LOST]
    return " ".join(kept)


def _exchanged(answer: str, phrases: Sequence[str], topic: Topic, rng: Rng) -> str:
    """One set phrase of a habit for another of the same habit."""
    found = max(_said(answer, phrases, topic), key=len, default="")
    if not found or rng.random() >= EXCHANGED:
        return answer
    other = phrases[int(rng.integers(len(phrases)))].format_map(topic.slots)
    return answer.replace(found, other)


def _said(answer: str, phrases: Sequence[str], topic: Topic) -> Iterator[str]:
    for phrase in phrases:
        said = phrase.format_map(topic.slots)
        if said and said in answer:
            yield said


def _replaced(word: str, rng: Rng) -> str:
    choices = _SYNONYMS.get(word)
    if choices is None or rng.random() >= REPLACED:
        return word
    return choices[int(rng.integers(len(choices)))]
