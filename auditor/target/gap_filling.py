"""Masked language models: log-likelihoods of words in a gap, and pseudo-log-likelihoods of texts.

*Gap.* All tokens of a word are masked together and their log-probabilities added up, so that words of one
length in tokens cost one pass; within a word, tokens are taken as independent.

*Pseudo-log-likelihood.* Every token of a continuation is masked on its own, everything else is read, and
the log-probabilities are added up. It is no probability of the text, but a score of how natural the model
finds it, and per byte it does not depend on the tokenizer's grain as much as per token.

Source: Devlin et al. 2019 (masked tokens); Salazar et al. 2020 (pseudo-log-likelihood).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditor.digest import well_formed
from auditor.record.observation import Answer, Choice, Likelihood, Unanswered
from auditor.record.request import Choose, Fill, Request, Score
from auditor.target.encoder import Encoder
from auditor.target.protocol import Batch

if TYPE_CHECKING:
    from torch import Tensor

#: Requests laid out at a time, so that answers begin to come early.
_SLICE = 1024


@dataclass(frozen=True, slots=True)
class _Wish:
    """Tokens wanted at masked positions of a row, for one option of one request."""

    request: int
    option: int
    places: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(slots=True)
class _Open:
    """A request under way: what has been added up for each option, and the rows that are still out."""

    request: Score | Choose | Fill
    values: list[float]
    tokens: list[int]
    waiting: int = 0


@dataclass(slots=True)
class _Rows:
    """Distinct masked rows of tokens, and what is wanted of each."""

    wishes: dict[tuple[int, ...], list[_Wish]] = field(default_factory=dict)

    def add(self, ids: tuple[int, ...], wish: _Wish, mask: int) -> None:
        row = list(ids)
        for place in wish.places:
            row[place] = mask
        self.wishes.setdefault(tuple(row), []).append(wish)


class GapFiller:
    """Answers requests with a masked language model.

    Args:
        encoder: The model.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._mask = encoder.tokenizer.mask_token_id

    def answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]:
        """Answer numbered requests, those that were computed together at once.

        Raises:
            TargetError: If a single request does not fit into memory.
        """
        for start in range(0, len(requests), _SLICE):
            yield from self._answer(requests[start : start + _SLICE])

    def _answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]:
        rows, under_way = _Rows(), dict[int, _Open]()
        at_once: list[tuple[int, Answer]] = []
        for number, request in requests:
            found = self._begin(number, request, rows)
            if isinstance(found, _Open):
                under_way[number] = found
            else:
                at_once.append((number, found))
        at_once += [(number, _finished(one)) for number, one in under_way.items() if not one.waiting]
        if at_once:
            yield at_once
        size = int(self._encoder.model.config.vocab_size)

        def read(batch: Sequence[tuple[int, ...]], output: Any, mask: Tensor) -> Iterable[list[float]]:  # noqa: ARG001
            return [_sums(output.logits[row], rows.wishes[ids]) for row, ids in enumerate(batch)]

        for results in self._encoder.run(list(rows.wishes), lambda ids: ids, read, outputs=size):
            done: list[tuple[int, Answer]] = []
            for ids, values in results:
                for wish, value in zip(rows.wishes[ids], values, strict=True):
                    own = under_way[wish.request]
                    own.values[wish.option] += value
                    own.waiting -= 1
                    if not own.waiting:
                        done.append((wish.request, _finished(own)))
            if done:
                yield done

    def _begin(self, number: int, request: Request, rows: _Rows) -> _Open | Unanswered:
        if not isinstance(request, Score | Choose | Fill):
            return Unanswered(reason="a masked language model fills gaps and scores texts, nothing else")
        if self._encoder.missing:
            return Unanswered(reason=self._encoder.missing)
        if self._mask is None:
            return Unanswered(reason="its tokenizer has no token for a gap")
        if not isinstance(request, Fill) and not isinstance(request.prompt, str):
            return Unanswered(reason="a masked language model reads text, not conversations")
        before, after, options = _parts(request)
        state = _Open(request, [0.0] * len(options), [0] * len(options))
        wanted: list[tuple[tuple[int, ...], _Wish]] = []
        for option, text in enumerate(options):
            begin, end = len(before), len(before) + len(text)
            try:
                ids, spans = self._encoder.spans(before + text + after)
            except NotImplementedError:
                return Unanswered(reason="its tokenizer does not say where its tokens lie")
            if len(ids) > self._encoder.window:
                return Unanswered(
                    reason=f"{len(ids)} tokens do not fit into the model's window of {self._encoder.window}"
                )
            places = tuple(at for at, (left, right) in enumerate(spans) if left < end and right > begin)
            state.tokens[option] = len(places)
            together = [places] if isinstance(request, Fill) else [(one,) for one in places]
            wanted += [
                (ids, _Wish(number, option, some, tuple(ids[at] for at in some))) for some in together if some
            ]
        for ids, wish in wanted:
            rows.add(ids, wish, int(self._mask))
        state.waiting = len(wanted)
        return state


def _parts(request: Score | Choose | Fill) -> tuple[str, str, tuple[str, ...]]:
    if isinstance(request, Fill):
        options = tuple(well_formed(one) for one in request.options)
        return well_formed(request.before), well_formed(request.after), options
    given = (request.continuation,) if isinstance(request, Score) else request.options
    return well_formed(str(request.prompt)), "", tuple(well_formed(one) for one in given)


def _sums(logits: Tensor, wishes: Sequence[_Wish]) -> list[float]:
    """Log-probabilities of the wanted tokens, added up per wish; ``logits`` is [length, vocabulary]."""
    import torch

    places = sorted({at for wish in wishes for at in wish.places})
    logs = logits[torch.tensor(places, device=logits.device)].float().log_softmax(-1).double().cpu()
    rank = {at: number for number, at in enumerate(places)}
    return [
        float(sum(logs[rank[at], token] for at, token in zip(wish.places, wish.tokens, strict=True)))
        for wish in wishes
    ]


def _finished(state: _Open) -> Answer:
    _, _, options = _parts(state.request)
    lengths = tuple(len(one.encode("utf-8")) for one in options)
    if isinstance(state.request, Score):
        return Likelihood(log_likelihood=state.values[0], bytes=lengths[0], tokens=state.tokens[0])
    return Choice(log_likelihoods=tuple(state.values), bytes=lengths)
