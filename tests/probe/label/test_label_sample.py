from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.error import UsageError
from auditor.probe.label.sample import Given, Unit, draw
from auditor.record.request import request_digest

MODELS = ("suspect", "teacher")


def units(rare: int, frequent: int) -> list[Unit]:
    return [
        Unit(
            item=f"i{k:03d}",
            stratum="rare" if k < rare else "frequent",
            answers=tuple(
                Given(subject_digest=one, request_digest=f"r{k}", prompt=f"p{k}", text=f"a{k} of {one}")
                for one in MODELS
            ),
        )
        for k in range(rare + frequent)
    ]


def prompts(size: int, seed: int = 1, rare: int = 10, frequent: int = 90) -> set[str]:
    return {one.given.request_digest for one in draw("run", units(rare, frequent), size, seed).cards}


def test_every_answer_to_a_drawn_prompt_is_shown_once() -> None:
    sample = draw("run", units(10, 90), 30, 1)
    assert (sample.population, sample.prompts, len(sample.cards)) == (100, 30, 60)
    whose = Counter(one.given.request_digest for one in sample.cards)
    assert set(whose.values()) == {2}
    assert len({one.id for one in sample.cards}) == 60
    assert len({request_digest(sample.question(one)) for one in sample.cards}) == 60


def test_the_same_seed_draws_the_same_in_the_same_order() -> None:
    first, second = (draw("run", units(10, 90)[::step], 30, 1) for step in (1, -1))
    assert first == second
    other = draw("run", units(10, 90), 30, 2)
    assert other.digest != first.digest
    assert [one.given for one in other.cards] != [one.given for one in first.cards]


@given(st.integers(5, 60), st.integers(1, 40), st.integers(1, 10_000))
def test_a_larger_sample_holds_the_smaller(size: int, more: int, seed: int) -> None:
    small, large = (draw("run", units(20, 80), n, seed) for n in (size, size + more))
    assert small.digest == large.digest
    assert {one.id for one in small.cards} <= {one.id for one in large.cards}


def test_each_prompt_of_a_stratum_is_drawn_with_the_probability_that_is_noted() -> None:
    drawn, repeats = Counter[str](), 600
    noted: dict[str, float] = {}
    for seed in range(repeats):
        sample = draw("run", units(10, 40), 20, seed)
        noted.update({one.given.request_digest: one.inclusion for one in sample.cards})
        drawn.update({one.given.request_digest for one in sample.cards})
    assert noted["r0"] > 1.5 * noted["r20"]
    for name, chance in noted.items():
        assert abs(drawn[name] / repeats - chance) < 4.5 * np.sqrt(chance * (1 - chance) / repeats)


def test_answers_are_mixed_and_whole_prompts_are_done_early() -> None:
    sample = draw("run", units(10, 90), 64, 3)
    order = [one.given.subject_digest for one in sample.cards]
    for block in range(0, 128, 16):
        seen = Counter(one.given.request_digest for one in sample.cards[block : block + 16])
        assert set(seen.values()) == {2}
    neighbours = sum(
        one.given.request_digest == other.given.request_digest
        for one, other in zip(sample.cards[::2], sample.cards[1::2], strict=True)
    )
    assert neighbours < 20
    assert 40 < sum(one == order[0] for one in order) < 90
    assert order != sorted(order)


def test_the_order_of_prompts_does_not_follow_the_strata() -> None:
    cards = draw("run", units(30, 70), 60, 4).cards
    strata = [one.stratum for one in cards]
    changes = sum(one != other for one, other in pairwise(strata))
    assert changes > 20


def test_cards_do_not_tell_whose_they_are() -> None:
    for one in draw("run", units(10, 90), 20, 1).cards:
        assert not any(model in one.id for model in MODELS)


def test_nothing_to_draw_from() -> None:
    with pytest.raises(UsageError, match="answered by all"):
        draw("run", [], 10, 1)
