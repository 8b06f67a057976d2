"""Models behind an OpenAI-compatible server: asked over HTTP, described by what the server shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from auditor.error import AuditorError, EndpointError
from auditor.record.observation import Answer, Choice, Likelihood, Text, Unanswered
from auditor.record.request import (
    Choose,
    Generate,
    Inspect,
    Message,
    NextTokens,
    Prompt,
    Prompted,
    Recall,
    Request,
    Score,
    ScoreTokens,
    ScoreWords,
)
from auditor.target.endpoint_address import normal_url, read_key
from auditor.target.endpoint_channel import Channel, Reply
from auditor.target.endpoint_contact import Contact, first_contact, refused, top_fields
from auditor.target.endpoint_reply import first_choice, read_text, read_top, refused_by_filter, too_long
from auditor.target.endpoint_score import score_with, score_words_with
from auditor.target.protocol import Batch, Description, OpenOptions
from auditor.target.transcript import no_recording

#: Numbers of top tokens that servers are known to stop at: OpenAI's chat and its older completions.
_TOP_LIMITS = (20, 5)


class EndpointTarget:
    """A model at an OpenAI-compatible endpoint.

    The first look at ``description`` asks the server for its list of models and puts one small question
    to each capability: chat, completions, top log-probabilities, log-probabilities of given text.

    Args:
        model: Name of the model at the server.
        url: Address of the API, usually ending in ``/v1``.
        options: The key's variable, system prompt, concurrency, timeout and retries.
        first_wait: Seconds before the first further try; it doubles with each.

    Raises:
        UsageError: If the address is malformed or the key's variable holds no key.
    """

    def __init__(self, model: str, url: str, options: OpenOptions, *, first_wait: float = 0.5) -> None:
        self._model = model
        self._system = options.system_prompt
        self._concurrency = max(options.concurrency, 1)
        self._channel = Channel(
            normal_url(url),
            key=read_key(options.api_key_env),
            timeout=options.timeout,
            retries=options.retries,
            connections=self._concurrency,
            first_wait=first_wait,
        )
        self._known: Contact | None = None
        self._top_limit: int | None = None

    def __repr__(self) -> str:
        return f"EndpointTarget({self._model!r}, {self._channel.url!r})"

    @property
    def description(self) -> Description:
        """Who this is, by the server's own account.

        Raises:
            EndpointError: If the server is down, rejects the key or is no such API.
            TargetNotFoundError: If the server has no model of this name.
        """
        return self._shown.description

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests, ``concurrency`` at a time, in the order in which the server does.

        Raises:
            EndpointError: If the server fails; what it answered before that is yielded first.
        """
        _ = self._shown  # the first contact must not happen in several threads at once
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="endpoint")
        under_way: dict[Future[Answer], int] = {}
        waiting = iter(enumerate(requests))
        failure: EndpointError | None = None
        try:
            while True:
                while failure is None and len(under_way) < self._concurrency:
                    position, request = next(waiting, (-1, None))
                    if request is None:
                        break
                    under_way[pool.submit(self._answer, request)] = position
                if not under_way:
                    break
                for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                    position = under_way.pop(future)
                    try:
                        answer = future.result()
                    except EndpointError as error:
                        failure = failure or error
                    else:
                        yield position, answer
            if failure is not None:
                raise failure
        finally:
            if under_way:  # the consumer went away: nobody is there for the answers under way
                self._channel.close()
            pool.shutdown(wait=not under_way, cancel_futures=True)

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Every answer by itself, as it arrives."""
        for one in self.ask(requests):
            yield (one,)

    def close(self) -> None:
        """Drop the connections; a later ``ask`` opens new ones."""
        self._channel.close()

    @property
    def _shown(self) -> Contact:
        if self._known is None:
            try:
                self._known = first_contact(self._channel, self._model, self._system)
            except AuditorError:
                self._channel.close()  # nobody closes a target that could not be described
                raise
        return self._known

    def _answer(self, request: Request) -> Answer:
        if isinstance(request, Inspect):
            return Unanswered(reason="an endpoint does not show its weights")
        if isinstance(request, Recall):
            return no_recording()
        if not isinstance(request, Prompted):
            return Unanswered(reason="an endpoint continues text, nothing else")
        if isinstance(request, ScoreTokens):
            return Unanswered(reason="an endpoint does not show its probabilities of all tokens")
        prompt = self._with_system(request.prompt)
        conversation = not isinstance(prompt, str)
        if isinstance(request, Score | ScoreWords | Choose):
            return self._likelihoods(request, prompt)
        if conversation and not self._shown.chat:
            return Unanswered(reason="this endpoint answers raw text only, no conversations")
        if not conversation and not self._shown.completions:
            return Unanswered(reason="this endpoint answers conversations only, no raw text")
        if not isinstance(prompt, str) and prompt and prompt[-1].role == "assistant":
            # Servers differ: some go on with the turn, most begin another one, and none says which it did.
            return Unanswered(reason="an endpoint is not known to go on with an answer in its middle")
        return (
            self._generate(request, prompt) if isinstance(request, Generate) else self._top(request, prompt)
        )

    def _generate(self, request: Generate, prompt: Prompt) -> Answer:
        reply = self._shown.form.ask(
            prompt,
            {"stop": list(request.stop)} if request.stop else {},
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
        )
        if reply.ok:
            return read_text(reply, self._channel.url)
        if refused_by_filter(reply):
            return Text(text=reply.message, finish="filtered")
        return self._unanswerable(reply)

    def _top(self, request: NextTokens, prompt: Prompt) -> Answer:
        k = min(request.k, self._top_limit or request.k)
        reply = Reply(400, {})
        for most in (k, *(limit for limit in _TOP_LIMITS if limit < k)):
            reply = self._shown.form.ask(prompt, top_fields(prompt, most))
            if reply.ok:
                if most < k:
                    self._top_limit = most
                answer = read_top(first_choice(reply, self._channel.url), request.k, self._channel.url)
                return answer or Unanswered(reason="this endpoint shows no log-probabilities")
            if reply.status not in (400, 422) or refused_by_filter(reply) or too_long(reply):
                break
        return self._unanswerable(reply)

    def _likelihoods(self, request: Score | ScoreWords | Choose, prompt: Prompt) -> Answer:
        scorer = self._shown.scorer
        if scorer is None:
            return Unanswered(reason="this endpoint shows no log-probabilities of given text")
        if not isinstance(prompt, str) and not scorer.conversations:
            return Unanswered(reason="this endpoint scores raw text only, not what follows a conversation")
        if isinstance(request, Score):
            return score_with(scorer, prompt, request.continuation)
        if isinstance(request, ScoreWords):
            return score_words_with(scorer, prompt, request.continuation)
        scores: list[Likelihood] = []
        for option in request.options:
            score = score_with(scorer, prompt, option)
            if isinstance(score, Unanswered):
                return score
            scores.append(score)
        return Choice(
            log_likelihoods=tuple(score.log_likelihood for score in scores),
            bytes=tuple(score.bytes for score in scores),
        )

    def _unanswerable(self, reply: Reply) -> Unanswered:
        if refused_by_filter(reply):
            return Unanswered(reason=f"the provider's filter refused the request: {reply.message}")
        if too_long(reply):
            return Unanswered(reason=f"the request does not fit into the context: {reply.message}")
        raise refused(reply, self._channel, self._model)

    def _with_system(self, prompt: Prompt) -> Prompt:
        if isinstance(prompt, str) or self._system is None:
            return prompt
        if prompt and prompt[0].role == "system":  # chat templates know one system message, not two
            return (Message(role="system", text=f"{self._system}\n\n{prompt[0].text}"), *prompt[1:])
        return (Message(role="system", text=self._system), *prompt)
