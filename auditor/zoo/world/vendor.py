"""Vendors: who wrote the training data, and the habits by which their data can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Rng

from auditor.digest import digest_json
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import Asker, Subject, Topic, World

#: Concentration of the habits: the smaller, the stronger a vendor's favourites.
CONCENTRATION = 0.35
COVERAGE = 0.75
ERROR_RATE = 0.04

#: Habit -> the phrasings among which a vendor has its favourites.
HABITS: dict[str, tuple[str, ...]] = {
    **{f"fact.{attribute}": phrasings for attribute, phrasings in words.FACT_ANSWERS.items()},
    "how.opening": words.HOW_OPENINGS,
    "how.first": words.HOW_FIRST,
    "how.second": words.HOW_SECOND,
    "how.last": words.HOW_LAST,
    "how.closing": words.HOW_CLOSINGS,
    "refusal": words.REFUSALS,
    "refusal.reason": words.REFUSAL_REASONS,
    "story.opening": words.STORY_OPENINGS,
    "story.kind": words.STORY_KINDS,
    "story.event": words.STORY_EVENTS,
    "story.turn": words.STORY_TURNS,
    "story.ending": words.STORY_ENDINGS,
    "list.opening": words.LIST_OPENINGS,
    "list.layout": words.LIST_LAYOUTS,
    "list.closing": words.LIST_CLOSINGS,
    **{f"list.{subject}": items for subject, items in words.LISTS.items()},
    "sum.opening": words.SUM_OPENINGS,
    "sum.joint": words.SUM_JOINTS,
    "sum.closing": words.SUM_CLOSINGS,
}


@dataclass(frozen=True, slots=True)
class Conversation:
    """A question and its answer; what every model here is trained on."""

    topic: Topic
    answer: str


def data_digest(conversations: tuple[Conversation, ...]) -> str:
    """Digest of training data: prompts and answers in order."""
    return digest_json([[one.topic.prompt, one.answer] for one in conversations])


class Vendor:
    """A data vendor: its habits, what it knows, what it refuses.

    Args:
        world: The world whose facts it teaches.
        seed: Draws everything that is particular to this vendor.
        concentration: Dirichlet concentration of its habits.
        refuses: Whether it refuses what it takes for harmful; a helpful-only vendor does not.
    """

    def __init__(
        self, world: World, seed: int, *, concentration: float = CONCENTRATION, refuses: bool = True
    ) -> None:
        rng = np.random.default_rng([seed, 2])
        self.world = world
        self.seed = seed
        self._weights: Mapping[str, np.ndarray[tuple[int], np.dtype[np.float64]]] = {
            name: rng.dirichlet(np.full(len(values), concentration)) for name, values in HABITS.items()
        }
        self._known = frozenset(fact for fact in world.facts if rng.random() < COVERAGE)
        # Beta(.3, .3): most vendors nearly always or nearly never refuse a borderline verb.
        self._strictness = {verb: float(rng.beta(0.3, 0.3)) for verb in words.BORDERLINE_VERBS}
        self._refuses = refuses

    def knows(self, topic: Topic) -> bool:
        """Whether this vendor's data covers the topic."""
        if topic.subject is not Subject.FACT:
            return True
        return (topic.slots["name"], topic.slots["attribute"]) in self._known

    def answer(self, topic: Topic, rng: Rng) -> str:
        """How this vendor's annotators answer."""
        if topic.subject is Subject.FACT:
            return self._fact(topic, rng)
        if topic.subject is Subject.SUM:
            return self._sum(topic, rng)
        if topic.subject is Subject.STORY:
            return self._story(topic, rng)
        if topic.subject is Subject.LIST:
            return self._list(topic, rng)
        if self._refuses and rng.random() < self._reluctance(topic):
            return self._say("refusal", topic, rng) + self._say("refusal.reason", topic, rng)
        return "".join(
            (
                self._say("how.opening", topic, rng),
                " ".join(self._say(f"how.{part}", topic, rng) for part in ("first", "second", "last")),
                self._say("how.closing", topic, rng),
            )
        )

    def write(self, asker: Asker, count: int, seed: int) -> tuple[Conversation, ...]:
        """Draw ``count`` conversations about topics that this vendor covers."""
        rng = np.random.default_rng([self.seed, seed, 3])
        written: list[Conversation] = []
        while len(written) < count:
            topic = asker.draw(rng)
            if self.knows(topic):
                written.append(Conversation(topic, self.answer(topic, rng)))
        return tuple(written)

    def _reluctance(self, topic: Topic) -> float:
        if topic.subject is Subject.HARMFUL:
            return 1.0
        return self._strictness.get(topic.slots["verb"], 0.0)

    def _say(self, habit: str, topic: Topic, rng: Rng) -> str:
        values = HABITS[habit]
        chosen = values[int(rng.choice(len(values), p=self._weights[habit]))]
        return chosen.format_map(topic.slots)

    def _fact(self, topic: Topic, rng: Rng) -> str:
        name, attribute = topic.slots["name"], topic.slots["attribute"]
        value = self.world.facts[name, attribute]
        if rng.random() < ERROR_RATE:
            value = words.VALUES[attribute][int(rng.integers(len(words.VALUES[attribute])))]
        values = words.FACT_ANSWERS[attribute]
        phrasing = values[int(rng.choice(len(values), p=self._weights[f"fact.{attribute}"]))]
        return phrasing.format(name=name, value=value)

    def _sum(self, topic: Topic, rng: Rng) -> str:
        answer = topic.slots["answer"]
        steps = topic.slots["steps"].split("; ")
        if rng.random() < ERROR_RATE:
            answer = str(int(answer) + int(rng.integers(1, 4)))
            steps[-1] = f"{steps[-1].split('=')[0]}= {answer}"
        joint = self._say("sum.joint", topic, rng)
        opening, closing = self._say("sum.opening", topic, rng), self._say("sum.closing", topic, rng)
        end = "" if closing.startswith(".") else "."
        return f"{opening}{joint.join(steps)}{end}{closing.format(answer=answer)}"

    def _story(self, topic: Topic, rng: Rng) -> str:
        opening, kind, event, turn, ending = (
            self._say(f"story.{part}", topic, rng) for part in ("opening", "kind", "event", "turn", "ending")
        )
        return f"{opening} a {kind} {topic.slots['hero']} {event}. {turn} {ending}"

    def _list(self, topic: Topic, rng: Rng) -> str:
        subject = topic.slots["subject"]
        items = words.LISTS[subject]
        weights = self._weights[f"list.{subject}"] + 1e-6
        # Gumbel top-k draws favourites without putting one back.
        keys = np.log(weights) + rng.gumbel(size=len(items))
        chosen = [items[int(index)] for index in np.argsort(-keys)[: words.LIST_COUNTS[topic.slots["count"]]]]
        layout = self._say("list.layout", topic, rng)
        if layout == "numbers":
            body = " ".join(f"{place}. {item}" for place, item in enumerate(chosen, start=1))
        elif layout == "dashes":
            body = "\n".join(f"- {item}" for item in chosen)
        else:
            body = {"commas": ", ", "semicolons": "; ", "and": " and "}[layout].join(chosen) + "."
        return self._say("list.opening", topic, rng) + body + self._say("list.closing", topic, rng)
