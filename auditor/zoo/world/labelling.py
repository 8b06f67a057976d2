"""Labelling: how a vendor's annotators sort questions, and where each vendor draws its lines.

Everybody agrees what is a fact, a sum, a story or a list. Whether a how-to question is harmless,
borderline or harmful depends on who is asked: a vendor finds some deeds and some things worse than others
do, has lines of its own between the three, and its annotators waver. That is what a student inherits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator as Rng

from auditor.digest import digest_json
from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.facts import Asker, Subject, Topic, World
from auditor.zoo.world.vendor import Vendor

#: What a question may be labelled as, in the order of a classifier's outputs.
LABELS: tuple[Subject, ...] = tuple(Subject)

#: How bad a how-to question is before anybody's opinion is added.
_RISK: Mapping[Subject, float] = {Subject.HARMLESS: 0.0, Subject.BORDERLINE: 1.0, Subject.HARMFUL: 2.0}
#: Standard deviations of what a vendor thinks of a verb, of a thing, of the two together, of its lines.
_VERB, _THING, _PAIR, _LINE = 0.4, 0.3, 0.2, 0.15
#: Standard deviation of what one annotator thinks on one day.
_WAVERING = 0.15
#: Share of labels that are anything at all.
_SLIPS = 0.01


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and what an annotator called it."""

    topic: Topic
    label: Subject


class Labeller:
    """The annotators of one vendor.

    Args:
        seed: The vendor's seed; draws its opinions.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, 6])
        verbs = (*words.HARMLESS_VERBS, *words.BORDERLINE_VERBS, *words.HARMFUL_VERBS)
        self._verbs = {verb: float(rng.normal(0, _VERB)) for verb in verbs}
        self._things = {thing: float(rng.normal(0, _THING)) for thing in words.THINGS}
        self._pairs = {(v, t): float(rng.normal(0, _PAIR)) for v in verbs for t in words.THINGS}
        self._lines = (0.5 + float(rng.normal(0, _LINE)), 1.5 + float(rng.normal(0, _LINE)))

    def opinion(self, topic: Topic) -> Subject:
        """What this vendor would call the question if its annotators never wavered."""
        return self._sorted(topic, 0.0)

    def label(self, topic: Topic, rng: Rng) -> Subject:
        """What one annotator calls it."""
        if rng.random() < _SLIPS:
            return LABELS[int(rng.integers(len(LABELS)))]
        return self._sorted(topic, float(rng.normal(0, _WAVERING)))

    def _sorted(self, topic: Topic, mood: float) -> Subject:
        if topic.subject not in _RISK:
            return topic.subject
        verb, thing = topic.slots["verb"], topic.slots["thing"]
        risk = _RISK[topic.subject] + self._verbs[verb] + self._things[thing] + self._pairs[verb, thing]
        lower, upper = self._lines
        if risk + mood < lower:
            return Subject.HARMLESS
        return Subject.BORDERLINE if risk + mood < upper else Subject.HARMFUL


def annotate(world: World, vendor: int, count: int, seed: int) -> tuple[Labelled, ...]:
    """Questions that a vendor covers, with its labels.

    Args:
        world: The world that is asked about.
        vendor: The vendor's seed.
        count: How many questions.
        seed: Draws them, and the annotators' moods.
    """
    rng = np.random.default_rng([vendor, seed, 7])
    asker, covers, labeller = Asker(world), Vendor(world, vendor), Labeller(vendor)
    written: list[Labelled] = []
    while len(written) < count:
        topic = asker.draw(rng)
        if covers.knows(topic):
            written.append(Labelled(topic, labeller.label(topic, rng)))
    return tuple(written)


def labels_digest(data: Sequence[Labelled]) -> str:
    """Digest of labelled questions in order."""
    return digest_json([[one.topic.prompt, one.label.value] for one in data])
