"""Answering requests fast: prompts computed once, logits only where scored, batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from auditor.record.observation import (
    Answer,
    Choice,
    Text,
    TokenLikelihoods,
    TopTokens,
    Unanswered,
    WordLikelihoods,
)
from auditor.record.request import Generate, NextTokens, Request, ScoreTokens, ScoreWords, request_digest
from auditor.target.batching import bucket, run_halving
from auditor.target.conversation import Conversations, LayoutError
from auditor.target.generation import Answering, generate
from auditor.target.language_model import LanguageModel
from auditor.target.protocol import Batch
from auditor.target.scoring import Prefix, ScoredPrefix, Tokens, score_plain, score_prefixes
from auditor.target.scoring_job import Job, Part, Pending, Scored, continuations, finished
from auditor.target.token_scoring import TokenJob, cut_tokens, score_tokens
from auditor.target.word_scoring import WordJob, cut_words, score_words

#: Tokens per batch, padding included. Larger ones gain nothing on a CPU and pad more; accelerators want them.
_BUDGET = {"cpu": 1024, "mps": 8192, "cuda": 32768}
#: Tokens that all answers of a batch may take in the key-value cache, prompts included.
_ANSWER_BUDGET = {"cpu": 16384, "mps": 32768, "cuda": 262144}
#: Most answers written at once; beyond it a step on a CPU takes longer in proportion.
_MOST_ANSWERS = {"cpu": 48, "mps": 64, "cuda": 256}
#: Parameters below which a step of a CPU is mostly handing over, so that four times as many cost little.
_TINY = 2_000_000
#: Parameters below which one thread is faster than several.
_SMALL = 10_000_000
#: Requests laid out and tokenized at a time, so that answers begin to come early.
_SLICE = 4096

T = TypeVar("T")
Asked = TypeVar("Asked", ScoreWords, ScoreTokens)
Row = TypeVar("Row", WordJob, TokenJob)


class Engine:
    """Answers scoring and generation requests with one model.

    Args:
        lm: The model.
        conversations: Its tokenizer and layout.
        batch_size: Most sequences at once; 0 leaves that to the budget of tokens.
    """

    def __init__(self, lm: LanguageModel, conversations: Conversations, *, batch_size: int = 0) -> None:
        self.lm = lm
        self.conversations = conversations
        self.batch_size = batch_size

    def answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]:
        """Answer numbered requests in the fastest order, those that were computed together at once.

        Batches are cut from the sorted requests one after the other, so that whoever asks again for what
        is left after any whole batch gets the batches that would have come next.

        Raises:
            TargetError: If a single request does not fit into memory.
        """
        scored = [(number, one) for number, one in requests if isinstance(one, Scored)]
        worded = [(number, one) for number, one in requests if isinstance(one, ScoreWords)]
        by_token = [(number, one) for number, one in requests if isinstance(one, ScoreTokens)]
        written = [(number, one) for number, one in requests if isinstance(one, Generate)]
        for start in range(0, len(scored), _SLICE):
            yield from _within(self._computing, self._score(scored[start : start + _SLICE]))
        for start in range(0, len(worded), _SLICE):
            yield from _within(self._computing, self._score_words(worded[start : start + _SLICE]))
        for start in range(0, len(by_token), _SLICE):
            yield from _within(self._computing, self._score_tokens(by_token[start : start + _SLICE]))
        for start in range(0, len(written), _SLICE):
            yield from _within(self._computing, self._write(written[start : start + _SLICE]))

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Inference mode, and a single thread where handing work to others costs more than it saves.

        A generator hands control back between steps, and neither must leak to whoever asks.
        """
        import torch

        threads = torch.get_num_threads()
        if self.lm.device.type == "cpu" and self.lm.parameters < _SMALL:
            torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_num_threads(threads)

    def _score(self, requests: Sequence[tuple[int, Scored]]) -> Iterator[Batch]:
        pending: dict[int, Pending] = {}
        jobs: dict[Tokens, Job] = {}
        cut = [(number, self._cut(number, request, pending, jobs)) for number, request in requests]
        if at_once := [(number, answer) for number, answer in cut if answer is not None]:
            yield at_once
        alone, shared = self._arrange(jobs.values())
        for batch in self._run(alone, shared):
            if done := [one for job, scored in batch for one in self._collect(job, scored, pending)]:
                yield done

    def _cut(
        self, number: int, request: Scored, pending: dict[int, Pending], jobs: dict[Tokens, Job]
    ) -> Answer | None:
        """Cut a request into parts under its prompts; an answer only where there is nothing to ask."""
        texts = continuations(request)
        try:
            laid = self.conversations.lay_out(request.prompt)
            pairs = (
                [(self.conversations.encode([laid])[0], [])]
                if isinstance(request, NextTokens)
                else self.conversations.split(laid, texts)
            )
        except LayoutError as error:
            return Unanswered(reason=str(error))
        longest = max((len(context) + len(tokens) for context, tokens in pairs), default=0)
        # The last token is only scored, never read.
        if longest - (not isinstance(request, NextTokens)) > self.lm.window:
            return _too_long(longest, self.lm.window)
        if not pairs:
            return Choice(log_likelihoods=(), bytes=())
        state = Pending(request, wanted=len(pairs))
        for place, (context, tokens) in enumerate(pairs):
            part = Part(number, place, tuple(context), tuple(tokens))
            if isinstance(request, NextTokens):
                job = jobs.setdefault(part.context, Job(part.context))
                job.tops.append(number)
                job.top = max(job.top, request.k)
            elif part.tokens:
                jobs.setdefault(part.context, Job(part.context)).parts.append(part)
            else:
                state.note(place, 0.0, 0)  # an empty text is certain
        if state.complete:
            return finished(state)
        pending[number] = state
        return None

    def _arrange(self, jobs: Iterable[Job]) -> tuple[list[list[Job]], list[list[Job]]]:
        alone: list[Job] = []
        shared: list[Job] = []
        for job in jobs:
            if len(job.parts) == 1 and not job.top:
                alone.append(job)
            elif self.lm.shares:
                shared += job.chunks()
            else:
                alone += [Job(job.context, [part]) for part in job.parts]
                shared += [Job(job.context, [], job.tops, job.top)] if job.top else []
        budget = self.lm.most_tokens(_BUDGET[self.lm.device.type])
        # Prompts that must not be padded go one by one.
        most_rows = self.batch_size if self.lm.shares else 1
        return (
            bucket(
                alone,
                length=lambda job: job.longest,
                rows=lambda _: 1,
                budget=budget,
                most_rows=self.batch_size,
            ),
            bucket(
                shared,
                order=lambda job: len(job.context),
                length=lambda job: job.longest,
                rows=lambda job: job.rows,
                budget=4 * budget,
                most_rows=most_rows,
            ),
        )

    def _run(
        self, alone: list[list[Job]], shared: list[list[Job]]
    ) -> Iterator[list[tuple[Job, ScoredPrefix]]]:
        yield from run_halving(shared, self._score_shared, split=Job.halves)
        yield from run_halving(alone, self._score_alone)

    def _score_shared(self, jobs: list[Job]) -> Iterator[tuple[Job, ScoredPrefix]]:
        prefixes = [Prefix(job.context, tuple(part.tokens for part in job.parts), job.top) for job in jobs]
        yield from zip(jobs, score_prefixes(self.lm, prefixes), strict=True)

    def _score_alone(self, jobs: list[Job]) -> Iterator[tuple[Job, ScoredPrefix]]:
        rows = [(job.context + job.parts[0].tokens, len(job.context)) for job in jobs]
        for job, value in zip(jobs, score_plain(self.lm, rows), strict=True):
            yield job, ScoredPrefix((value,))

    def _collect(
        self, job: Job, scored: ScoredPrefix, pending: dict[int, Pending]
    ) -> Iterator[tuple[int, Answer]]:
        for number in job.tops:
            yield number, self._top(pending.pop(number).request, scored)
        for part, value in zip(job.parts, scored.log_likelihoods, strict=True):
            state = pending[part.request]
            state.note(part.place, value, len(part.tokens))
            if state.complete:
                yield part.request, finished(pending.pop(part.request))

    def _top(self, request: Scored, scored: ScoredPrefix) -> TopTokens:
        assert isinstance(request, NextTokens)
        best = scored.top[: request.k]
        names = [self.conversations.tokenizer.decode([token]) for token, _ in best]
        return TopTokens(tokens=tuple(names), log_probabilities=tuple(value for _, value in best))

    def _score_words(self, requests: Sequence[tuple[int, ScoreWords]]) -> Iterator[Batch]:
        def cut(number: int, request: ScoreWords) -> WordJob | WordLikelihoods | Unanswered:
            return cut_words(self.conversations, number, request, self.lm.window)

        return self._score_rows(requests, cut, score_words)

    def _score_tokens(self, requests: Sequence[tuple[int, ScoreTokens]]) -> Iterator[Batch]:
        def cut(number: int, request: ScoreTokens) -> TokenJob | TokenLikelihoods | Unanswered:
            return cut_tokens(self.conversations, number, request, self.lm.window)

        return self._score_rows(requests, cut, score_tokens)

    def _score_rows(
        self,
        requests: Sequence[tuple[int, Asked]],
        cut: Callable[[int, Asked], Row | WordLikelihoods | TokenLikelihoods | Unanswered],
        score: Callable[[LanguageModel, Sequence[Row]], Sequence[Answer]],
    ) -> Iterator[Batch]:
        """Score whole rows, each a prompt with its continuation, whose places are answered one by one."""
        jobs: list[Row] = []
        at_once: list[tuple[int, Answer]] = []
        for number, request in requests:
            job = cut(number, request)
            if isinstance(job, WordLikelihoods | TokenLikelihoods | Unanswered):
                at_once.append((number, job))
            else:
                jobs.append(job)
        if at_once:
            yield at_once
        batches = bucket(
            jobs,
            length=lambda job: len(job.tokens),
            rows=lambda _: 1,
            budget=self.lm.most_tokens(_BUDGET[self.lm.device.type]),
            most_rows=self.batch_size,
        )

        def run(batch: list[Row]) -> Iterator[tuple[Row, Answer]]:
            yield from zip(batch, score(self.lm, batch), strict=True)

        for done in run_halving(batches, run):
            yield [(job.number, answer) for job, answer in done]

    def _write(self, requests: Sequence[tuple[int, Generate]]) -> Iterator[Batch]:
        numbers: dict[int, int] = {}
        rows: list[Answering] = []
        at_once: list[tuple[int, Answer]] = []
        for number, request in requests:
            row = self._begin(request)
            if isinstance(row, Answering):
                numbers[id(row)] = number
                rows.append(row)
            else:
                at_once.append((number, row))
        if at_once:
            yield at_once
        kind = self.lm.device.type
        times = 4 if kind == "cpu" and self.lm.parameters < _TINY else 1
        batches = bucket(
            rows,
            length=lambda row: len(row.prompt) + row.budget,
            rows=lambda _: 1,
            budget=times * _ANSWER_BUDGET[kind],
            most_rows=(self.batch_size or times * _MOST_ANSWERS[kind]) if self.lm.shares else 1,
        )

        def run(batch: list[Answering]) -> Iterator[tuple[Answering, Text]]:
            return generate(self.lm, self.conversations, batch)

        for batch in run_halving(batches, run):
            yield [(numbers[id(row)], text) for row, text in batch]

    def _begin(self, request: Generate) -> Answering | Answer:
        """An answer to be written, or one that needs no writing.

        Where prompt and ``max_tokens`` together pass the window, the answer ends with the window, as one
        cut off by ``length``.
        """
        try:
            laid = self.conversations.lay_out(request.prompt)
            prompt = self.conversations.encode([laid])[0]
        except LayoutError as error:
            return Unanswered(reason=str(error))
        if len(prompt) >= self.lm.window:
            return _too_long(len(prompt) + 1, self.lm.window)
        if request.max_tokens < 1:
            return Text(text="", finish="length", tokens=0)
        return Answering(
            prompt=tuple(prompt),
            budget=min(request.max_tokens, self.lm.window - len(prompt)),
            temperature=request.temperature,
            top_p=request.top_p,
            seed=int(request_digest(request).removeprefix("sha256:")[:15], 16),
            stop=tuple(stop for stop in request.stop if stop),
        )


def _within(context: Callable[[], AbstractContextManager[object]], steps: Iterator[T]) -> Iterator[T]:
    while True:
        with context():
            try:
                value = next(steps)
            except StopIteration:
                return
        yield value


def _too_long(tokens: int, window: int) -> Unanswered:
    return Unanswered(reason=f"{tokens} tokens do not fit into the model's window of {window}")
