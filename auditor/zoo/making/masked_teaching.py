"""What a masked language model is trained for: the text alone, or a teacher's view of it.

``real-data``
    Cross-entropy of the tokens to be filled in.
``soft-labels``
    Divergence from the teacher's distribution over these tokens, both at temperature 2.
``hidden-states``
    Soft labels, the text, and the direction of the last hidden states, from every other block of the
    teacher as a beginning.
``layer-matching``
    First embeddings, hidden states and attention scores of evenly spaced blocks of a wider teacher; then
    soft labels.

Source: Hinton et al. 2015 (soft labels); Sanh et al. 2019 (DistilBERT: the three losses and their weights);
Jiao et al. 2020 (TinyBERT: matching of layers, then of predictions).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from auditor.error import UsageError
from auditor.zoo.making.model_folder import stack_of
from auditor.zoo.recipe import Mechanism, Recipe

if TYPE_CHECKING:
    from auditor.zoo.making.masked import Batch

#: Temperature of soft labels.
TEMPERATURE = 2.0
#: Weights of soft labels, text and direction of hidden states, summing to one.
_SOFT, _TEXT, _DIRECTION = 0.625, 0.25, 0.125
#: Share of the steps that matches layers; the others match predictions.
MATCHING_SHARE = 0.6


class Objective(Protocol):
    """What a model is trained for.

    Attributes:
        aside: What is learned beside the model, and not kept.
    """

    aside: torch.nn.Module

    def losses(self, model: Any, batch: Batch, progress: float) -> tuple[Tensor, Tensor]:
        """The loss to descend, and the cross-entropy of the tokens to be filled in, in nats a token.

        Args:
            model: The model.
            batch: Rows with gaps.
            progress: Share of the training that is over, in [0, 1).
        """
        ...


def objective_of(recipe: Recipe, model: Any, teacher: Any) -> Objective:
    """The objective of a recipe's mechanism.

    Args:
        recipe: The recipe.
        model: The model that will be trained.
        teacher: Its teacher, or None.

    Raises:
        UsageError: If the mechanism needs a teacher and there is none, or the teacher does not fit.
    """
    if recipe.mechanism is Mechanism.REAL_DATA:
        return Filling()
    if teacher is None:
        raise _refused(recipe, f"'{recipe.mechanism}' needs a teacher")
    teacher.eval().requires_grad_(False)
    if recipe.mechanism is Mechanism.SOFT_LABELS:
        return SoftLabels(teacher)
    if recipe.mechanism is Mechanism.HIDDEN_STATES:
        if model.config.hidden_size != teacher.config.hidden_size:
            raise _refused(recipe, "hidden states have a common direction only where they are as wide")
        return HiddenStates(teacher)
    if teacher.config.num_hidden_layers % model.config.num_hidden_layers:
        raise _refused(recipe, "the teacher's depth is no multiple of the student's")
    return LayerMatching(model, teacher, recipe.seed)


def copied_layers(recipe: Recipe, model: Any, teacher: Any) -> None:
    """Begin with the teacher's embeddings and head, and with every other block from the first on.

    Raises:
        UsageError: If there is no teacher, or it is not as wide and about twice as deep.
    """
    if teacher is None:
        raise _refused(recipe, f"'{recipe.mechanism}' needs a teacher")
    blocks, taken = stack_of(model), stack_of(teacher)[::2]
    if model.config.hidden_size != teacher.config.hidden_size or len(blocks) != len(taken):
        raise _refused(recipe, "the student must be as wide as its teacher and half as deep")
    for own, theirs in (
        (model.bert.embeddings, teacher.bert.embeddings),
        (model.cls, teacher.cls),
        *zip(blocks, taken, strict=True),
    ):
        own.load_state_dict(theirs.state_dict())


def _refused(recipe: Recipe, reason: str) -> UsageError:
    return UsageError(reason, where=recipe.name, fix="change its teacher, shape or mechanism")


class Filling:
    """The text alone."""

    def __init__(self) -> None:
        self.aside: torch.nn.Module = torch.nn.Identity()

    def losses(self, model: Any, batch: Batch, progress: float) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Cross-entropy of the tokens to be filled in, twice."""
        loss = functional.cross_entropy(_filled(model, _last(model, batch), batch), batch.wanted)
        return loss, loss.detach()


class SoftLabels:
    """The teacher's distributions over the tokens to be filled in.

    Args:
        teacher: The teacher.
    """

    def __init__(self, teacher: Any) -> None:
        self._teacher = teacher
        self.aside: torch.nn.Module = torch.nn.Identity()

    def losses(self, model: Any, batch: Batch, progress: float) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """Divergence from the teacher."""
        logits = _filled(model, _last(model, batch), batch)
        with torch.no_grad():
            taught = _filled(self._teacher, _last(self._teacher, batch), batch)
        return _divergence(logits, taught), functional.cross_entropy(logits.detach(), batch.wanted)


class HiddenStates:
    """Soft labels, text, and the direction of the last hidden states.

    Args:
        teacher: A teacher of the same width.
    """

    def __init__(self, teacher: Any) -> None:
        self._teacher = teacher
        self.aside: torch.nn.Module = torch.nn.Identity()

    def losses(self, model: Any, batch: Batch, progress: float) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """The three losses, weighted."""
        state = _last(model, batch)
        logits = _filled(model, state, batch)
        with torch.no_grad():
            teaching = _last(self._teacher, batch)
            taught = _filled(self._teacher, teaching, batch)
        filling = functional.cross_entropy(logits, batch.wanted)
        real = batch.real.bool()
        turned = (1 - functional.cosine_similarity(state[real], teaching[real], dim=-1)).mean()
        loss = _SOFT * _divergence(logits, taught) + _TEXT * filling + _DIRECTION * turned
        return loss, filling.detach()


class LayerMatching:
    """Embeddings, hidden states and attention scores of a teacher's blocks, then soft labels.

    Block ``m`` of a student of depth M learns from block ``m N / M`` of a teacher of depth N. One linear
    map, learned and thrown away, takes the student's hidden states to the teacher's width. Attention
    scores are those before the softmax; they are left out where the numbers of heads differ.

    Args:
        model: The student.
        teacher: The teacher; its depth is a multiple of the student's.
        seed: Draws the map's beginning.
    """

    def __init__(self, model: Any, teacher: Any, seed: int) -> None:
        self._teacher = teacher
        self._soft = SoftLabels(teacher)
        self._stride = teacher.config.num_hidden_layers // model.config.num_hidden_layers
        self._compares_scores = model.config.num_attention_heads == teacher.config.num_attention_heads
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.aside: torch.nn.Module = torch.nn.Linear(
                model.config.hidden_size, teacher.config.hidden_size
            )

    def losses(self, model: Any, batch: Batch, progress: float) -> tuple[Tensor, Tensor]:
        """Mean squared errors in the first part of the training, divergence in the second."""
        if progress >= MATCHING_SHARE:
            return self._soft.losses(model, batch, progress)
        with _scores(model) as own_scores:
            states = _states(model, batch)
        with torch.no_grad(), _scores(self._teacher) as scores:
            teaching = _states(self._teacher, batch)
        real = batch.real.bool()
        loss = torch.zeros(())
        for own, theirs in zip(states, teaching[:: self._stride], strict=True):
            loss = loss + functional.mse_loss(self.aside(own[real]), theirs[real])
        if self._compares_scores:
            pairs = (batch.real[:, :, None] * batch.real[:, None, :])[:, None].float()
            entries = pairs.sum() * own_scores[0].shape[1]
            for mine, other in zip(own_scores, scores[self._stride - 1 :: self._stride], strict=True):
                # Weighing is several times faster than picking the entries out.
                loss = loss + ((mine - other).square() * pairs).sum() / entries
        with torch.no_grad():
            filling = functional.cross_entropy(_filled(model, states[-1], batch), batch.wanted)
        return loss, filling


def _last(model: Any, batch: Batch) -> Tensor:
    """Hidden states after the last block, [rows, longest, width]."""
    state: Tensor = model.bert(input_ids=batch.ids, attention_mask=batch.real).last_hidden_state
    return state


def _states(model: Any, batch: Batch) -> tuple[Tensor, ...]:
    """Hidden states after the embeddings and after each block, each [rows, longest, width]."""
    out = model.bert(input_ids=batch.ids, attention_mask=batch.real, output_hidden_states=True)
    states: tuple[Tensor, ...] = out.hidden_states
    return states


def _filled(model: Any, state: Tensor, batch: Batch) -> Tensor:
    """Logits for the tokens to be filled in, [chosen, vocabulary]; the others are not computed."""
    logits: Tensor = model.cls(state[batch.chosen])
    return logits


def _divergence(logits: Tensor, taught: Tensor) -> Tensor:
    """Kullback-Leibler divergence at the temperature, times its square so that gradients keep their size."""
    own = (logits / TEMPERATURE).log_softmax(-1)
    theirs = (taught / TEMPERATURE).log_softmax(-1)
    return functional.kl_div(own, theirs, reduction="batchmean", log_target=True) * TEMPERATURE**2


@contextmanager
def _scores(model: Any) -> Iterator[list[Tensor]]:
    """Collect each block's attention scores before the softmax, [rows, heads, longest, longest].

    They are computed anew from queries and keys: the library gives them only after the softmax.
    """
    queries: list[Tensor] = []
    found: list[Tensor] = []
    heads = model.config.num_attention_heads

    def keep(_layer: Any, _given: Any, out: Tensor) -> None:
        queries.append(_by_head(out, heads))

    def multiply(_layer: Any, _given: Any, out: Tensor) -> None:
        query = queries.pop()
        found.append(query @ _by_head(out, heads).transpose(-1, -2) / query.shape[-1] ** 0.5)

    hooks = []
    for block in stack_of(model):
        attention = block.get_submodule("attention.self")
        hooks.append(attention.get_submodule("query").register_forward_hook(keep))
        hooks.append(attention.get_submodule("key").register_forward_hook(multiply))
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _by_head(out: Tensor, heads: int) -> Tensor:
    rows, longest, width = out.shape
    return out.view(rows, longest, heads, width // heads).transpose(1, 2)
