"""Log-likelihoods of given text from servers, three ways; which one a server allows is found by trying.

1. *Forced tokens* (llama.cpp): its server knows no echo, but it shows the log-probability of each sampled
   token before any sampling constraint. A grammar that admits exactly the tokens of the continuation makes
   it sample those, so that their exact log-probabilities come back in one request.
2. *Echoed tokens* (vLLM): the server's own tokenizer turns prompt and continuation into token ids, and
   echo gives each its log-probability.
3. *Echoed text* (the completions of the first OpenAI models): text with offsets comes back. A
   conversation cannot be scored so, because nobody outside knows the chat template.

White space at the end of a raw prompt counts to the continuation, as it does for local models.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from auditor.error import EndpointError
from auditor.record.observation import Likelihood, Unanswered
from auditor.record.request import Message, Prompt
from auditor.target.endpoint_channel import Channel, Reply, UnreachableError
from auditor.target.endpoint_reply import (
    ScoredToken,
    first_choice,
    nonsense,
    read_scored,
    refused_by_filter,
    spelled,
    too_long,
)
from auditor.target.endpoint_score import NOTHING_BEFORE, Scorer, score_with

_PROBE_PROMPT = "The sky above the harbour was"
_PROBE_CONTINUATION = " zebra accordion"
#: No language model gives this continuation a mean probability above exp(-0.5) per token.
_PROBE_LIKELIHOOD = -1.0


def messages_json(prompt: Sequence[Message]) -> list[dict[str, str]]:
    """A conversation as every server wants it."""
    return [{"role": message.role, "content": message.text} for message in prompt]


def find_scorer(channel: Channel, model: str) -> Scorer | None:
    """The best way to log-likelihoods that this server allows, or None."""
    for kind in (ForcedTokens, EchoedTokens, EchoedText):
        scorer: Scorer = kind(channel, model)
        try:
            probe = score_with(scorer, _PROBE_PROMPT, _PROBE_CONTINUATION)
        except UnreachableError:
            raise
        except EndpointError:
            continue  # a server that does not know this way may answer anything
        if isinstance(probe, Likelihood) and probe.log_likelihood < _PROBE_LIKELIHOOD:
            scorer.find_conversations()
            return scorer
    return None


class ForcedTokens:
    """Prompt tokens given, continuation tokens forced by a grammar over token ids (llama.cpp)."""

    name = "forced tokens"

    def __init__(self, channel: Channel, model: str) -> None:
        self._channel, self._model = channel, model
        self.conversations = False
        self._laid_out = lru_cache(maxsize=1024)(self._lay_out)

    def find_conversations(self) -> None:
        """Find out whether the server lays out conversations."""
        try:
            self.conversations = bool(self._laid_out((Message(role="user", text="Hello"),)))
        except EndpointError:
            self.conversations = False

    def tokens(self, prompt: Prompt, continuation: str) -> tuple[ScoredToken, ...] | Unanswered:
        """See ``Scorer``."""
        if not continuation:
            return ()
        text = prompt if isinstance(prompt, str) else self._laid_out(prompt)
        whole = self._ids(text + continuation)
        start = self._ids(text)
        if isinstance(prompt, str) or whole[: len(start)] != start:
            start = self._ids(text.rstrip())
        known = _cut(start, whole)
        if not known:
            return Unanswered(reason=NOTHING_BEFORE)
        return self._force(whole[:known], whole[known:])

    def _force(self, given: Sequence[int], forced: Sequence[int]) -> tuple[ScoredToken, ...] | Unanswered:
        body = {
            "model": self._model,
            "prompt": list(given),
            "max_tokens": len(forced),
            "temperature": 0,
            "logprobs": 1,
            "grammar": "root ::= " + " ".join(f"<[{token}]>" for token in forced),
        }
        reply = self._channel.post("/completions", body)
        if not reply.ok:
            return _refusal(reply, self._channel)
        tokens = read_scored(first_choice(reply, self._channel.url), self._channel.url)
        if tokens is None or [token.id for token in tokens] != list(forced):
            raise nonsense("other tokens than the grammar admits", self._channel.url)
        return tokens

    def _ids(self, text: str) -> list[int]:
        body = {"content": text, "add_special": True, "parse_special": True}
        return _token_ids(self._channel.post("/tokenize", body, root=True), self._channel)

    def _lay_out(self, prompt: tuple[Message, ...]) -> str:
        body = {"messages": messages_json(prompt)}
        reply = self._channel.post("/apply-template", body, root=True)
        text = reply.body.get("prompt")
        if not reply.ok or not isinstance(text, str):
            raise nonsense("no laid-out conversation", self._channel.url)
        return text


class EchoedTokens:
    """Token ids echoed with their log-probabilities (vLLM)."""

    name = "echoed tokens"

    def __init__(self, channel: Channel, model: str) -> None:
        self._channel, self._model = channel, model
        self.conversations = False

    def find_conversations(self) -> None:
        """Find out whether the server tokenizes conversations."""
        try:
            self.conversations = bool(self._conversation((Message(role="user", text="Hello"),)))
        except EndpointError:
            self.conversations = False

    def tokens(self, prompt: Prompt, continuation: str) -> tuple[ScoredToken, ...] | Unanswered:
        """See ``Scorer``."""
        if not continuation:
            return ()
        if isinstance(prompt, str):
            start, whole = self._text(prompt.rstrip(), True), self._text(prompt + continuation, True)
        else:
            start = self._conversation(prompt)
            whole = start + self._text(continuation, False)
        known = _cut(start, whole)
        if not known:
            return Unanswered(reason=NOTHING_BEFORE)
        reply = _echo(self._channel, self._model, whole)
        if not reply.ok:
            return _refusal(reply, self._channel)
        tokens = read_scored(first_choice(reply, self._channel.url), self._channel.url)
        if tokens is None or len(tokens) < len(whole):
            raise nonsense("no log-probabilities of the given tokens", self._channel.url)
        return tokens[known : len(whole)]

    def _text(self, text: str, special: bool) -> list[int]:
        body = {"model": self._model, "prompt": text, "add_special_tokens": special}
        return _token_ids(self._channel.post("/tokenize", body, root=True), self._channel)

    def _conversation(self, prompt: tuple[Message, ...]) -> list[int]:
        body = {
            "model": self._model,
            "messages": messages_json(prompt),
            "add_generation_prompt": True,
        }
        return _token_ids(self._channel.post("/tokenize", body, root=True), self._channel)


class EchoedText:
    """Text echoed with log-probabilities and offsets (the older completions of OpenAI's form)."""

    name = "echoed text"
    conversations = False

    def __init__(self, channel: Channel, model: str) -> None:
        self._channel, self._model = channel, model

    def find_conversations(self) -> None:
        """Nothing to find: the chat template is unknown."""

    def tokens(self, prompt: Prompt, continuation: str) -> tuple[ScoredToken, ...] | Unanswered:
        """See ``Scorer``."""
        if not isinstance(prompt, str):
            return Unanswered(reason="this server scores raw text only, not what follows a conversation")
        if not continuation:
            return ()
        reply = _echo(self._channel, self._model, prompt + continuation)
        if not reply.ok:
            return _refusal(reply, self._channel)
        tokens = read_scored(first_choice(reply, self._channel.url), self._channel.url)
        if tokens is None:
            raise nonsense("no log-probabilities of the given text", self._channel.url)
        part = continuation_tokens(tokens, prompt, continuation)
        if part is None:
            return Unanswered(reason="the echoed tokens do not spell the text that was asked about")
        return part


def continuation_tokens(
    tokens: Sequence[ScoredToken], prompt: str, continuation: str
) -> tuple[ScoredToken, ...] | None:
    """The echoed tokens that reach into the continuation, or None where they cannot be told.

    A token that reaches over the boundary counts to the continuation, and so does white space at the
    prompt's end.

    The tokens may begin with special ones and end with generated ones. Where they spell the text, their
    lengths place them; where a token ends inside a character, the server's offsets do, provided that
    every other token stands at its offset.
    """
    whole = prompt + continuation
    begins = spelled(tokens).find(whole)
    if begins >= 0:
        placed, place = [], -begins
        for token in tokens:
            placed.append((place, place + len(token.text), token))
            place += len(token.text)
    else:
        offsets = [token.offset for token in tokens]
        known = [offset for offset in offsets if offset is not None]
        if not known or len(known) != len(tokens) or known != sorted(known):
            return None
        ends = [*known[1:], max(len(whole), known[-1])]
        placed = list(zip(known, ends, tokens, strict=True))
        for start, _, token in placed:
            clean = "\ufffd" not in token.text and not token.text.startswith("bytes:")
            if clean and start < len(whole) and not whole.startswith(token.text, start):
                return None
    part = tuple(token for start, end, token in placed if end > len(prompt.rstrip()) and start < len(whole))
    return part or None


def _cut(start: Sequence[int], whole: Sequence[int]) -> int:
    """How many tokens of ``whole`` belong to the prompt, whose own tokens are ``start``.

    As local models are scored: what follows as many tokens as the prompt has, or, where the continuation
    melted into the prompt's last token, what follows the place where the two part.

    Source: Gao et al. 2024, LM evaluation harness, ``TemplateLM._encode_pair``.
    """
    if len(whole) > len(start):
        return len(start)
    parted = next((at for at, (a, b) in enumerate(zip(start, whole, strict=False)) if a != b), len(whole))
    return min(parted, len(whole) - 1)


def _echo(channel: Channel, model: str, prompt: str | Sequence[int]) -> Reply:
    body = {"model": model, "prompt": prompt, "echo": True, "logprobs": 1, "temperature": 0}
    reply = channel.post("/completions", {**body, "max_tokens": 0})
    if reply.status in (400, 422) and "max_tokens" in reply.message:
        # Some servers must write at least one token; it stands behind the text and is left out.
        reply = channel.post("/completions", {**body, "max_tokens": 1})
    return reply


def _token_ids(reply: Reply, channel: Channel) -> list[int]:
    tokens = reply.body.get("tokens")
    if not reply.ok or not isinstance(tokens, list) or not all(isinstance(one, int) for one in tokens):
        raise nonsense("no token ids", channel.url)
    return tokens


def _refusal(reply: Reply, channel: Channel) -> Unanswered:
    if refused_by_filter(reply):
        return Unanswered(reason=f"the provider's filter refused the request: {reply.message}")
    if too_long(reply):
        return Unanswered(reason=f"the request does not fit into the context: {reply.message}")
    raise EndpointError(
        f"the server refuses to score text (HTTP {reply.status}): {reply.message}",
        where=channel.url,
        fix="see the server's own log",
    )
