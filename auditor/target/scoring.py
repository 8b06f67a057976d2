"""Log-likelihoods: of continuations alone, and of many continuations after one prompt computed once."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jaxtyping import Float, Int

if TYPE_CHECKING:
    from torch import Tensor

    from auditor.target.language_model import LanguageModel

Tokens = tuple[int, ...]

#: Longest over shortest continuation of one pass, as long as the pass is large enough to be worth it.
_PADDED = 1.2
_FEWEST_TOKENS, _MOST_TOKENS = 256, 8192


@dataclass(frozen=True)
class Prefix:
    """A prompt, what is to be scored after it, and how many likeliest next tokens are wanted."""

    tokens: Tokens
    continuations: tuple[Tokens, ...]
    top: int = 0


@dataclass(frozen=True)
class ScoredPrefix:
    """Log-likelihoods in nats of the continuations, and the likeliest next tokens with theirs."""

    log_likelihoods: tuple[float, ...]
    top: tuple[tuple[int, float], ...] = ()


def score_plain(lm: LanguageModel, rows: Sequence[tuple[Tokens, int]]) -> list[float]:
    """Log-likelihood of each row's tokens from the given index on, in one right-padded batch.

    Args:
        lm: The model.
        rows: Tokens, and the index (at least 1) of the first that is scored.

    Returns:
        Nats per row, summed in float64.
    """
    return _sums(*token_log_likelihoods(lm, rows))


def token_log_likelihoods(lm: LanguageModel, rows: Sequence[tuple[Tokens, int]]) -> tuple[Tensor, list[int]]:
    """Log-likelihood of every scored token of ``score_plain``'s rows, and how many each row has."""
    states, targets, counts = scored_states(lm, rows)
    return lm.log_likelihoods(states, targets), counts


def scored_states(
    lm: LanguageModel, rows: Sequence[tuple[Tokens, int]]
) -> tuple[Float[Tensor, "scored width"], Int[Tensor, " scored"], list[int]]:
    """States before the scored tokens of ``score_plain``'s rows, these tokens, and how many each row has."""
    import torch

    longest = max(len(tokens) for tokens, _ in rows) - 1
    # Nobody looks to the right: padding there needs no mask, and no mask is the fast path of attention.
    inputs = lm.tensor([[*tokens[:-1], *[0] * (longest + 1 - len(tokens))] for tokens, _ in rows])
    states, _ = lm.states(inputs)
    counts = [len(tokens) - start for tokens, start in rows]
    row = torch.repeat_interleave(torch.arange(len(rows)), torch.tensor(counts)).to(lm.device)
    column = lm.tensor([[at - 1 for tokens, start in rows for at in range(start, len(tokens))]])[0]
    targets = lm.tensor([[token for tokens, start in rows for token in tokens[start:]]])[0]
    return states[row, column], targets, counts


def score_prefixes(lm: LanguageModel, prefixes: Sequence[Prefix]) -> list[ScoredPrefix]:
    """Score every continuation of every prompt, each prompt computed once.

    Prompts are padded on the left, so that continuations follow their prompts without a gap.
    """
    import torch

    inputs, mask, positions = pad_left(lm, [prefix.tokens for prefix in prefixes])
    longer = [
        (row, continuation)
        for row, prefix in enumerate(prefixes)
        for continuation in prefix.continuations
        if len(continuation) > 1
    ]
    states, cache = lm.states(inputs, mask=mask, positions=positions, keep=bool(longer), last=True)
    logits = lm.logits(states[:, -1])
    normaliser = logits.logsumexp(-1)
    owners = [row for row, prefix in enumerate(prefixes) for part in prefix.continuations if part]
    firsts = [part[0] for prefix in prefixes for part in prefix.continuations if part]
    owner = lm.tensor([owners])[0]
    heads = iter((logits[owner, lm.tensor([firsts])[0]] - normaliser[owner]).tolist())
    tails = iter(_tails(lm, longer, cache, mask, [len(prefix.tokens) for prefix in prefixes]))
    results = []
    for row, prefix in enumerate(prefixes):
        values = tuple(
            (next(heads) if part else 0.0) + (next(tails) if len(part) > 1 else 0.0)
            for part in prefix.continuations
        )
        top: tuple[tuple[int, float], ...] = ()
        if prefix.top:
            best = torch.topk(logits[row], min(prefix.top, logits.shape[-1]))
            log_probabilities = (best.values - normaliser[row]).tolist()
            top = tuple(zip(best.indices.tolist(), log_probabilities, strict=True))
        results.append(ScoredPrefix(values, top))
    return results


def _tails(
    lm: LanguageModel,
    longer: Sequence[tuple[int, Tokens]],
    cache: Any,
    mask: Int[Tensor, "prompts length"] | None,
    lengths: Sequence[int],
) -> list[float]:
    """Log-likelihoods of all but the first token of each continuation, from its prompt's cache."""
    import torch

    values = [0.0] * len(longer)
    groups = _of_like_length([len(part) - 1 for _, part in longer], most=lm.most_tokens(_MOST_TOKENS))
    for number, group in enumerate(groups):
        chosen = [longer[at] for at in group]
        longest = len(chosen[-1][1]) - 1
        row = lm.tensor([[row for row, _ in chosen]])[0]
        ours = cache if number == len(groups) - 1 else _copy(cache)
        ours.reorder_cache(row)  # picks rows, some more than once
        inputs = lm.tensor([[*part[:-1], *[0] * (longest + 1 - len(part))] for _, part in chosen])
        positions = seen = None  # where nothing is padded, the model counts on by itself
        if mask is not None:
            start = lm.tensor([lengths])[0][row]
            positions = start[:, None] + torch.arange(longest, device=lm.device)
            seen = torch.cat([mask[row], torch.ones_like(inputs)], dim=1)
        states, _ = lm.states(inputs, mask=seen, positions=positions, cache=ours, keep=True)
        counts = [len(part) - 1 for _, part in chosen]
        owner = torch.repeat_interleave(torch.arange(len(chosen)), torch.tensor(counts)).to(lm.device)
        column = lm.tensor([[at for count in counts for at in range(count)]])[0]
        targets = lm.tensor([[token for _, part in chosen for token in part[1:]]])[0]
        sums = _sums(lm.log_likelihoods(states[owner, column], targets), counts)
        for at, value in zip(group, sums, strict=True):
            values[at] = value
    return values


def _of_like_length(lengths: Sequence[int], *, most: int) -> list[list[int]]:
    """Groups of positions, ascending in length, in which little is padded and none is too small to pay."""
    groups: list[list[int]] = []
    first = tokens = 0
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        longer = lengths[at] > _PADDED * first
        if not groups or (longer and tokens >= _FEWEST_TOKENS) or tokens + lengths[at] > most:
            groups.append([])
            first, tokens = lengths[at], 0
        groups[-1].append(at)
        tokens += lengths[at]
    return groups


def _copy(cache: Any) -> Any:
    """A cache whose rows can be picked anew without touching the first; tensors are shared where safe."""
    twin = copy.copy(cache)
    # Layers of keys and values replace their tensors; those of recurrent models may write into them.
    twin.layers = [
        copy.copy(layer)
        if hasattr(layer, "keys") and not hasattr(layer, "recurrent_states")
        else copy.deepcopy(layer)
        for layer in cache.layers
    ]
    return twin


def pad_left(
    lm: LanguageModel, rows: Sequence[Tokens]
) -> tuple[
    Int[Tensor, "batch length"], Int[Tensor, "batch length"] | None, Int[Tensor, "batch length"] | None
]:
    """Tokens padded on the left, with mask and positions; both None where no row is padded."""
    longest = max(len(row) for row in rows)
    inputs = lm.tensor([[*[0] * (longest - len(row)), *row] for row in rows])
    if all(len(row) == longest for row in rows):
        return inputs, None, None
    mask = lm.tensor([[*[0] * (longest - len(row)), *[1] * len(row)] for row in rows])
    return inputs, mask, (mask.cumsum(-1) - 1).clamp(min=0)


def _sums(values: Tensor, counts: Sequence[int]) -> list[float]:
    import torch

    flat = values.double().cpu()
    return [float(part.sum()) for part in torch.split(flat, list(counts))]
