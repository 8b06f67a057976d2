"""What students minimise: least where they agree with the teacher, and blind to what it should not see."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from auditor.zoo.making.heads import HEADS, ExtraHeads, extra_heads
from auditor.zoo.making.objective import hidden_states, relations, soft_labels
from auditor.zoo.making.preference import answer_likelihoods, liking_of, prefer, ranked_pairs
from auditor.zoo.making.relation import angle_loss, distance_loss
from auditor.zoo.recipe import Architecture, Schedule, Shape, Vocabulary
from auditor.zoo.training import learning
from auditor.zoo.training.tokens import tokenizer_of
from auditor.zoo.world.facts import Asker, World
from auditor.zoo.world.vendor import Conversation, Vendor

WORLD = World.of(2)
SHAPE = Shape(width=16, layers=2, heads=2)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tokenizer_of(Vocabulary.ISOLATED, 2)


@pytest.fixture(scope="module")
def conversations() -> tuple[Conversation, ...]:
    return Vendor(WORLD, 4).write(Asker(WORLD), 24, 0)


@pytest.fixture(scope="module")
def batch(tokenizer: Any, conversations: tuple[Conversation, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    return learning.padded(learning.rows_of(tokenizer, conversations))


def model(tokenizer: Any, seed: int, architecture: Architecture = Architecture.LLAMA) -> Any:
    return learning.new_model(SHAPE, tokenizer, seed, architecture)


@pytest.mark.parametrize("objective", [soft_labels, hidden_states, relations])
@pytest.mark.parametrize("architecture", [Architecture.LLAMA, Architecture.GPT2])
def test_a_few_steps_bring_a_student_nearer(
    objective: Any, architecture: Architecture, tokenizer: Any, batch: Any
) -> None:
    teacher = model(tokenizer, 1, architecture).requires_grad_(False)
    student = model(tokenizer, 2, architecture)
    loss = objective(teacher)
    optimizer = torch.optim.AdamW(student.parameters(), lr=3e-3)
    losses = []
    for _ in range(12):
        value = loss(student, *batch)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        losses.append(float(value.detach()))
    assert losses[-1] < losses[0]
    assert all(parameter.grad is None for parameter in teacher.parameters())


def test_soft_labels_are_least_at_the_teacher(tokenizer: Any, batch: Any) -> None:
    teacher = model(tokenizer, 1)
    own = soft_labels(teacher)(teacher, *batch) - 0.1 * learning.imitation(teacher, *batch)
    other = model(tokenizer, 2)
    theirs = soft_labels(teacher)(other, *batch) - 0.1 * learning.imitation(other, *batch)
    assert abs(float(own.detach())) < 1e-5
    assert float(theirs.detach()) > 1e-3


def test_relations_do_not_see_scale_rotation_or_place() -> None:
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(9, 5, generator=generator)
    turn, _ = torch.linalg.qr(torch.randn(5, 5, generator=generator))
    moved = 3.0 * points @ turn + 1.5
    for loss in (distance_loss, angle_loss):
        assert float(loss(points, moved)) < 1e-8
        assert float(loss(points, points**3)) > 1e-3


def test_padding_changes_no_likelihood(tokenizer: Any, conversations: Any) -> None:
    judge = model(tokenizer, 3)
    rows = learning.rows_of(tokenizer, conversations[:6])
    together = answer_likelihoods(judge, *learning.padded(rows))
    alone = torch.cat([answer_likelihoods(judge, *learning.padded([row])) for row in rows])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_a_teacher_ranks_by_its_likelihood_per_token(tokenizer: Any, conversations: Any) -> None:
    teacher = model(tokenizer, 3)
    topics = [one.topic for one in conversations]

    def sampled(prompts: Any, seed: int) -> tuple[str, ...]:
        return tuple(f"{'first' if seed == 7 else 'second'} answer to {prompt}" for prompt in prompts)

    pairs = ranked_pairs(topics, sampled, lambda side: liking_of(teacher, tokenizer, side), 7)
    assert len(pairs) == len(topics)
    better = liking_of(teacher, tokenizer, [one for one, _ in pairs])
    worse = liking_of(teacher, tokenizer, [other for _, other in pairs])
    assert all(first >= second for first, second in zip(better, worse, strict=True))


def test_preferred_answers_gain_on_the_others(tokenizer: Any, conversations: Any) -> None:
    student, reference = model(tokenizer, 3), model(tokenizer, 3)
    pairs = [
        (Conversation(one.topic, "Certainly so."), Conversation(one.topic, "By no means."))
        for one in conversations
    ]
    prefer(student, reference, tokenizer, pairs, Schedule(steps=20, rate=3e-3, rows=16, warmup=2), seed=1)

    def margin(judge: Any) -> float:
        sides = [learning.padded(learning.rows_of(tokenizer, side)) for side in zip(*pairs, strict=True)]
        preferred, other = (answer_likelihoods(judge, *side).mean() for side in sides)
        return float((preferred - other).detach())

    assert margin(student) > margin(reference) + 1.0


def test_heads_guess_further_ahead(tokenizer: Any, batch: Any) -> None:
    trunk, heads = model(tokenizer, 3), ExtraHeads(SHAPE.width, 1)
    states = torch.randn(2, 4, SHAPE.width)
    assert [one.shape for one in heads(states)] == [states.shape] * HEADS
    loss = extra_heads(heads)(trunk, *batch)
    loss.backward()
    assert all(parameter.grad is not None for parameter in heads.parameters())
    assert float(loss.detach()) > float(learning.imitation(trunk, *batch).detach())
