"""A causal language model as the engine sees it: states at positions, and logits of chosen states only.

Two shortcuts are taken only where a trial run on this very model shows that they change nothing:
*direct head* computes hidden states with the backbone and applies the head to scored positions alone;
*shared prefixes* puts left-padded prompts into the key-value cache once and goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from auditor.target.roomy_cache import cache_argument
from auditor.target.scoring import Prefix, score_plain, score_prefixes

if TYPE_CHECKING:
    import torch
    from torch import Tensor

#: Entries of the widest float32 array of logits held at once: 64 MiB.
_LOGIT_ENTRIES = 1 << 24
#: Largest deviation of a shortcut, in nats per token: rounding in float32, and in half precision.
_TOLERANCE = {4: 1e-3, 2: 0.25}
_WINDOW_NAMES = (
    "max_position_embeddings",
    "n_positions",
    "n_ctx",
    "max_sequence_length",
    "max_seq_len",
    "seq_length",
)


class LanguageModel:
    """A causal model with the shortcuts that hold for it.

    Attributes:
        window: Longest sequence in tokens.
        vocabulary: Number of logits.
        parameters: Number of parameters.
        direct: Whether the head may be applied to chosen positions alone.
        caches: Whether the key-value cache of a single row can be gone on from.
        shares: Whether left-padded batches and expanded caches give the same numbers.
    """

    def __init__(self, model: Any, device: str) -> None:
        import torch

        self.model = model
        self.device = torch.device(device)
        config = model.config.get_text_config()
        self.window = next(
            (int(size) for name in _WINDOW_NAMES if (size := getattr(config, name, None))), 1 << 30
        )
        self.vocabulary = int(config.vocab_size)
        self.parameters = sum(parameter.numel() for parameter in model.parameters())
        self._head: Any = model.get_output_embeddings()
        self._backbone: Any = getattr(model, model.base_model_prefix, None)
        self._scale: Callable[[Tensor], Tensor] = _head_scale(config)
        self._can_keep_last = "logits_to_keep" in signature(model.forward).parameters
        self._trial = self._trial_tokens()
        with torch.inference_mode():
            self.direct = self._head_is_direct()
            self.caches = self._cache_goes_on()
            self.shares = self._prefixes_can_be_shared()

    def states(
        self,
        tokens: Int[Tensor, "batch length"],
        *,
        mask: Int[Tensor, "batch seen"] | None = None,
        positions: Int[Tensor, "batch length"] | None = None,
        cache: Any = None,
        keep: bool = False,
        last: bool = False,
    ) -> tuple[Float[Tensor, "batch length width"], Any]:
        """Run the model. Where the head is not direct, the states are the logits themselves.

        Args:
            tokens: Token ids.
            mask: 1 for tokens to attend to, over cache and tokens; None where nothing is padded on the left.
            positions: Position of each token; None counts from 0.
            cache: Key-value cache to go on from.
            keep: Whether to return a cache.
            last: Whether the last position is enough; others may then be left out.

        Returns:
            The states, and the cache or None.
        """
        extra: dict[str, Any] = {} if positions is None else {"position_ids": positions}
        if last and self._can_keep_last and not self.direct:
            extra["logits_to_keep"] = 1
        runner: Any = self._backbone if self.direct else self.model
        name = cache_argument(runner.forward)
        if cache is not None:
            extra[name] = cache
        output = runner(
            input_ids=tokens,
            attention_mask=mask,
            use_cache=keep,
            return_dict=True,
            **extra,
        )
        states = output.last_hidden_state if self.direct else output.logits
        return states, (output[name] if keep else None)

    def logits(self, states: Float[Tensor, "n width"]) -> Float[Tensor, "n vocabulary"]:
        """Logits in float32 of a few states."""
        return (self._scale(self._head(states)) if self.direct else states).float()

    def log_likelihoods(
        self, states: Float[Tensor, "n width"], targets: Int[Tensor, " n"]
    ) -> Float[Tensor, " n"]:
        """Log-probability of ``targets`` after ``states``, with logits of at most 64 MiB at a time."""
        import torch

        step = max(1, _LOGIT_ENTRIES // self.vocabulary)
        parts = []
        for start in range(0, len(targets), step):
            logits = self.logits(states[start : start + step])
            chosen = logits.gather(-1, targets[start : start + step, None])[:, 0]
            parts.append(chosen - logits.logsumexp(-1))
        return torch.cat(parts) if parts else states.new_zeros(0, dtype=torch.float32)

    def expectations(
        self, states: Float[Tensor, "n width"]
    ) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
        """Mean and standard deviation of the log-probability of the next token, over its own distribution.

        A token that cannot come counts nothing. Logits of at most 64 MiB at a time.
        """
        import torch

        step = max(1, _LOGIT_ENTRIES // self.vocabulary)
        means, deviations = [], []
        for start in range(0, len(states), step):
            logs = self.logits(states[start : start + step]).log_softmax(-1)
            weights = logs.exp()
            logs = logs.masked_fill(weights == 0, 0.0)
            mean = (weights * logs).sum(-1)
            # Around the mean: the difference of two sums would lose the small variances of sure models.
            deviations.append((weights * (logs - mean[:, None]).square()).sum(-1).sqrt())
            means.append(mean)
        if not means:
            nothing = states.new_zeros(0, dtype=torch.float32)
            return nothing, nothing
        return torch.cat(means), torch.cat(deviations)

    def most_tokens(self, budget: int) -> int:
        """How many of ``budget`` tokens one pass may take: all, unless each of them brings its logits."""
        return budget if self.direct else max(1, min(budget, 4 * _LOGIT_ENTRIES // self.vocabulary))

    def tensor(self, rows: Sequence[Sequence[int]]) -> Int[Tensor, "batch length"]:
        """Rows of equal length as token ids on the device."""
        import torch

        return torch.tensor(rows, dtype=torch.long, device=self.device)

    def _trial_tokens(self) -> list[list[int]]:
        generator = np.random.default_rng(0)
        length = min(12, self.window - 1)
        return [[int(one) for one in generator.integers(0, self.vocabulary, length)] for _ in range(2)]

    def _head_is_direct(self) -> bool:
        self.direct = False
        reference, _ = self.states(self.tensor(self._trial))
        if self._head is None or self._backbone is None:
            return False
        self.direct = True
        try:
            states, _ = self.states(self.tensor(self._trial))
            ours = self.logits(states.flatten(0, 1))
        except (AttributeError, TypeError, ValueError, RuntimeError):
            return False  # the backbone has another interface; the model's own forward pass has not
        theirs = reference.flatten(0, 1).float()
        return ours.shape == theirs.shape and bool((ours - theirs).abs().max() <= 1e-4 * theirs.abs().max())

    def _cache_goes_on(self) -> bool:
        first, second = self._trial
        half = len(first) // 2
        return half >= 2 and self._holds([Prefix(tuple(first[:half]), (tuple(second[half:]),))])

    def _prefixes_can_be_shared(self) -> bool:
        first, second = self._trial
        half = len(first) // 2
        # Prompts of unequal length, so that one is padded; continuations of unequal length likewise.
        return self.caches and self._holds(
            [
                Prefix(tuple(first[:half]), (tuple(first[half:]), tuple(second[half:]))),
                Prefix(tuple(second[: half // 2]), (tuple(second[half // 2 :]), tuple(first[:half]))),
            ]
        )

    def _holds(self, prefixes: Sequence[Prefix]) -> bool:
        """Whether going on from cached prompts gives what full forward passes give."""
        expected = [
            score_plain(self, [(prefix.tokens + part, len(prefix.tokens))])[0]
            for prefix in prefixes
            for part in prefix.continuations
        ]
        try:
            found = [value for scored in score_prefixes(self, prefixes) for value in scored.log_likelihoods]
        except (AttributeError, TypeError, ValueError, RuntimeError, NotImplementedError):
            return False  # no such cache, or one whose rows cannot be picked
        apart = np.abs(np.subtract(found, expected)).max() / len(self._trial[0])
        return bool(apart <= _TOLERANCE[self.model.dtype.itemsize])


def _head_scale(config: Any) -> Callable[[Tensor], Tensor]:
    """What the model does to the head's output, by the names that configurations use for it.

    A name that means something else in some architecture shows in the trial, which then turns the
    direct head off.
    """
    import torch

    cap = getattr(config, "final_logit_softcapping", None)
    times = getattr(config, "logit_scale", None) or getattr(config, "lm_head_multiplier", None)
    over = getattr(config, "logits_scaling", None)

    def scale(logits: torch.Tensor) -> torch.Tensor:
        if times:
            logits = logits * times
        if over:
            logits = logits / over
        return torch.tanh(logits / cap) * cap if cap else logits

    return scale
