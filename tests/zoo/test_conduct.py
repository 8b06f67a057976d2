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


def test_no_other_answer_is_one() -> None:
    for opening in words.HOW_OPENINGS:
        for first in words.HOW_FIRST:
            assert not refuses(opening + first.format(thing="mill"))
    assert not refuses("")
    assert not refuses("I must")
