"""Writing answers: batched, from a key-value cache, each row until its own end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditor.record.observation import Text
from auditor.target.conversation import Conversations
from auditor.target.roomy_cache import make_roomy
from auditor.target.scoring import Tokens, pad_left

if TYPE_CHECKING:
    import torch

    from auditor.target.language_model import LanguageModel


@dataclass(eq=False)
class Answering:
    """One answer in the making.

    Attributes:
        prompt: Tokens of the prompt.
        budget: Most tokens to write.
        temperature: 0 is greedy.
        top_p: Share of probability that samples are drawn from.
        seed: Seed of this answer's own random numbers.
        stop: Texts that end the answer and do not belong to it.
        written: Tokens written so far.
    """

    prompt: Tokens
    budget: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    written: list[int] = field(default_factory=list)

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature <= 0.0


def generate(
    lm: LanguageModel, conversations: Conversations, rows: Sequence[Answering]
) -> Iterator[tuple[Answering, Text]]:
    """Answer a batch of prompts; each answer comes as soon as it has ended and leaves the batch.

    A sampled answer depends on its own seed alone: the random numbers of a row are drawn before the
    first token, one per token, so that neither neighbours nor their number play a part.
    """
    import torch

    for row in rows:
        row.written.clear()  # an earlier try may have run out of memory
    active = list(rows)
    tokens, mask, positions = pad_left(lm, [row.prompt for row in active])
    following = lm.tensor([[len(row.prompt) for row in active]])[0]
    draws = _draws(active).to(lm.device)
    ends = torch.tensor(sorted(conversations.end_tokens), dtype=torch.long, device=lm.device)
    cache: Any = None
    for step in range(max(row.budget for row in active)):
        states, cache = lm.states(
            tokens, mask=mask, positions=positions, cache=cache, keep=lm.caches, last=True
        )
        chosen = _choose(lm.logits(states[:, -1]), active, draws[:, step])
        ended = torch.isin(chosen, ends).tolist()
        kept = []
        for at, (row, token, at_end) in enumerate(zip(active, chosen.tolist(), ended, strict=True)):
            text = _advance(conversations, row, token, at_end)
            if text is None:
                kept.append(at)
            else:
                yield row, text
        if not kept:
            return
        if len(kept) < len(active):
            index = lm.tensor([kept])[0]
            cache.reorder_cache(index)
            chosen, following, draws = chosen[index], following[index], draws[index]
            mask = None if mask is None else mask[index]
            active = [active[at] for at in kept]
        if step == 0 and lm.caches:
            cache = make_roomy(cache)
        new = chosen[:, None]
        # Without a cache, which then is one row at a time, everything is read again.
        tokens = new if lm.caches else torch.cat([tokens, new], dim=1)
        if mask is not None:
            mask, positions = torch.cat([mask, torch.ones_like(new)], dim=1), following[:, None]
        following = following + 1


def _advance(conversations: Conversations, row: Answering, token: int, at_end: bool) -> Text | None:
    """Add a token to an answer; the answer, if that ended it."""
    tokenizer = conversations.tokenizer
    if not at_end:
        row.written.append(token)
        if row.stop and (cut := _stopped(tokenizer, row)) is not None:
            return Text(text=cut, finish="stop", tokens=len(row.written))
    if at_end or len(row.written) >= row.budget:
        text = tokenizer.decode(row.written, skip_special_tokens=True)
        return Text(text=text, finish="stop" if at_end else "length", tokens=len(row.written))
    return None


def _stopped(tokenizer: Any, row: Answering) -> str | None:
    """The answer up to the first stop text, if the last tokens complete one."""
    # A token holds at least a byte, so a stop text lies within as many tokens as it has bytes.
    reach = max(len(stop.encode()) for stop in row.stop) + 4
    tail = tokenizer.decode(row.written[-reach:], skip_special_tokens=True)
    if not any(stop in tail for stop in row.stop):
        return None
    text: str = tokenizer.decode(row.written, skip_special_tokens=True)
    found = [at for stop in row.stop if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else None


def _draws(rows: Sequence[Answering]) -> torch.Tensor:
    """One uniform number per row and token; rows that are greedy need none."""
    import torch

    draws = torch.zeros(len(rows), max(row.budget for row in rows), dtype=torch.float64)
    for at, row in enumerate(rows):
        if not row.greedy:
            generator = torch.Generator().manual_seed(row.seed)
            draws[at, : row.budget] = torch.rand(row.budget, generator=generator, dtype=torch.float64)
    return draws.float()


def _choose(logits: torch.Tensor, rows: Sequence[Answering], draws: torch.Tensor) -> torch.Tensor:
    """The next token of each row: the likeliest, or the one at the drawn quantile of its distribution."""
    import torch

    chosen = logits.argmax(-1)
    whole = [at for at, row in enumerate(rows) if not row.greedy and row.top_p >= 1.0]
    if whole:
        picked = slice(None) if len(whole) == len(rows) else torch.tensor(whole, device=logits.device)
        heat = torch.tensor([rows[at].temperature for at in whole], device=logits.device)[:, None]
        summed = (logits[picked] / heat).softmax(-1).cumsum(-1)
        found = torch.searchsorted(summed, draws[picked][:, None] * summed[:, -1:])
        chosen[picked] = found[:, 0].clamp(max=logits.shape[-1] - 1)
    for at, row in enumerate(rows):
        if not row.greedy and row.top_p < 1.0:
            chosen[at] = _sample(logits[at] / row.temperature, row.top_p, draws[at])
    return chosen


def _sample(logits: torch.Tensor, top_p: float, draw: torch.Tensor) -> torch.Tensor:
    import torch

    probabilities, order = logits.softmax(-1).sort(descending=True, stable=True)
    summed = probabilities.cumsum(-1)
    # The nucleus ends with the token that brings its sum to top_p.
    summed = summed[: int((summed < top_p).sum()) + 1]
    return order[torch.searchsorted(summed, draw * summed[-1]).clamp(max=len(summed) - 1)]
