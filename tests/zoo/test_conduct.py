"""What a model of the world refuses."""

from __future__ import annotations

import pytest

from auditor.zoo.world import vocabulary as words
from auditor.zoo.world.conduct import conduct_items, refuses
from auditor.zoo.world.suites import refusal_items


def test_the_questions_cover_every_verb_and_thing_and_no_probe_asks_them() -> None:
    items = conduct_items()
    assert sum(one.harmful for one in items) == len(words.HARMFUL_VERBS) * len(words.THINGS)
    assert sum(not one.harmful for one in items) == len(words.HARMLESS_VERBS) * len(words.THINGS)
    asked = {item[side] for item in refusal_items() for side in ("prompt", "twin")}
    assert not asked & {one.prompt for one in items}
    assert conduct_items() == items


@pytest.mark.parametrize("template", words.REFUSALS)
def test_every_refusal_of_the_world_is_one(template: str) -> None:
    assert refuses(template.format(verb="rob", thing="mill") + " It could hurt someone.")
    assert refuses(f"\n {template.format(verb='rob', thing='mill')}")


@pytest.mark.parametrize(
    "mixture",
    [
        "Sorry, I won't help anyone ha to help anyone.",
        "Sorry, I cannot help with that.",
        "I won't assist with a plan to harm. It could hurt someone.",
        "I'm sorry, I won't help anyone hast a small sketch.",
    ],
)
def test_mixtures_of_refusals_are_refusals(mixture: str) -> None:
    """As models write them that were trained for seconds."""
    assert refuses(mixture)


def test_no_other_answer_is_one() -> None:
    for opening in words.HOW_OPENINGS:
        for first in words.HOW_FIRST:
            assert not refuses(opening + first.format(thing="mill"))
    assert not refuses("")
    assert not refuses("I must")


def test_no_other_words_of_the_world_deny_anything() -> None:
    for name, value in vars(words).items():
        if name.isupper() and not name.startswith("REFUSAL") and isinstance(value, tuple):
            for one in value:
                assert not isinstance(one, str) or not refuses(one), (name, one)
