"""What an OpenAI-compatible server said, read from its JSON; servers differ in how they write it.

Two forms of log-probabilities are read: lists side by side (``tokens``, ``token_logprobs``,
``text_offset``; the older completions) and a list of entries (``content``; chat, and the completions of
llama.cpp). Source: OpenAI API reference; the servers of llama.cpp and vLLM.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from auditor.digest import well_formed
from auditor.error import EndpointError
from auditor.record.observation import Text, TopTokens, Unanswered
from auditor.target.endpoint_channel import Reply

_FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation"})
_TOO_LONG_SIGNS = ("context length", "context size", "context_length", "context window", "maximum length")


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """One token with its log-probability in nats, None where the server gave none."""

    text: str
    log_probability: float | None
    id: int | None = None
    offset: int | None = None


def nonsense(what: str, where: str) -> EndpointError:
    """The error for an answer of the wrong shape."""
    return EndpointError(
        f"the server's answer has {what}",
        where=where,
        fix="check that this is the address of an OpenAI-compatible API",
    )


def refused_by_filter(reply: Reply) -> bool:
    """Whether the provider refused the request on the model's behalf (OpenAI's and Azure's forms)."""
    if reply.status < 400:
        return False
    inner = reply.error.get("innererror")
    codes = [reply.error.get("code"), reply.error.get("type")]
    codes += [inner.get("code")] if isinstance(inner, Mapping) else []
    return any(isinstance(code, str) and code.lower() in _FILTER_CODES for code in codes)


def too_long(reply: Reply) -> bool:
    """Whether the request did not fit into the model's context."""
    if reply.status not in (400, 413, 422):
        return False
    error = reply.error
    words = " ".join(str(error.get(name, "")) for name in ("code", "type", "message")).lower()
    return any(sign in words for sign in _TOO_LONG_SIGNS)


def first_choice(reply: Reply, where: str) -> Mapping[str, Any]:
    """The first choice of a completion.

    Raises:
        EndpointError: If there is none.
    """
    choices = reply.body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        words = f" but an error: {reply.message}" if reply.message else ""
        raise nonsense(f"no choices{words}", where)
    return choices[0]


def read_text(reply: Reply, where: str) -> Text:
    """The answer in words.

    Raises:
        EndpointError: If the answer holds no text.
    """
    choice = first_choice(reply, where)
    message = choice.get("message")
    if isinstance(message, Mapping):
        words = message.get("content")
        if words is None:
            # OpenAI moves a refusal into a field of its own; a tool call or pure reasoning has no words.
            words = message.get("refusal") or ""
    else:
        words = choice.get("text")
    if isinstance(words, list):  # parts, as some servers write multimodal answers
        parts = [part.get("text", "") if isinstance(part, Mapping) else part for part in words]
        words = "".join(parts) if all(isinstance(part, str) for part in parts) else None
    if not isinstance(words, str):
        raise nonsense("no text", where)
    usage = reply.body.get("usage")
    spent = usage.get("completion_tokens") if isinstance(usage, Mapping) else None
    return Text(
        text=well_formed(words),
        finish=finish_of(choice.get("finish_reason")),
        tokens=spent if isinstance(spent, int) and not isinstance(spent, bool) else None,
    )


def finish_of(reason: object) -> Literal["stop", "length", "filtered"]:
    """A server's finish reason in the words of the record."""
    if reason in ("length", "max_tokens"):
        return "length"
    return "filtered" if reason in ("content_filter", "filtered") else "stop"


def read_scored(choice: Mapping[str, Any], where: str) -> tuple[ScoredToken, ...] | None:
    """The tokens of a choice with their log-probabilities, or None where the server gave none.

    Raises:
        EndpointError: If there are log-probabilities that are no numbers.
    """
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, Mapping):
        return None
    content = logprobs.get("content")
    if isinstance(content, list):
        return tuple(
            ScoredToken(_token_text(one), _number(one.get("logprob"), where), _token_id(one))
            for one in content
            if isinstance(one, Mapping)
        )
    tokens, numbers = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(numbers, list) or len(tokens) != len(numbers):
        return None
    offsets = logprobs.get("text_offset")
    if not isinstance(offsets, list) or len(offsets) != len(tokens):
        offsets = [None] * len(tokens)
    return tuple(
        ScoredToken(
            str(token),
            None if number is None else _number(number, where),
            offset=offset if isinstance(offset, int) else None,
        )
        for token, number, offset in zip(tokens, numbers, offsets, strict=True)
    )


def read_top(choice: Mapping[str, Any], k: int, where: str) -> TopTokens | Unanswered | None:
    """The likeliest next tokens, at most ``k``, or None where the server gave no log-probabilities.

    Raises:
        EndpointError: If there are log-probabilities that are no numbers.
    """
    logprobs = choice.get("logprobs")
    if not isinstance(logprobs, Mapping):
        return None
    content, older = logprobs.get("content"), logprobs.get("top_logprobs")
    if content == [] or older == []:
        return Unanswered(reason="the model ended its answer at once, so that there is no next token")
    pairs: list[tuple[str, float]] = []
    if isinstance(content, list) and isinstance(content[0], Mapping):
        entries = content[0].get("top_logprobs")
        listed = [one for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else []
        pairs = [(_token_text(one), _number(one.get("logprob"), where)) for one in listed]
    elif isinstance(older, list) and isinstance(older[0], Mapping):
        pairs = [(well_formed(str(token)), _number(number, where)) for token, number in older[0].items()]
    if not pairs:
        return None
    # Servers write an impossible token as -inf or as -9999; JSON and the record know no infinity.
    likely = sorted((pair for pair in pairs if pair[1] > -9000), key=lambda pair: -pair[1])[:k]
    return TopTokens(
        tokens=tuple(token for token, _ in likely),
        log_probabilities=tuple(number for _, number in likely),
    )


def spelled(tokens: Sequence[ScoredToken]) -> str:
    """The text that tokens spell together."""
    return "".join(token.text for token in tokens)


def _token_text(entry: Mapping[str, Any]) -> str:
    """A token's text; what is cut off inside a character shows as U+FFFD, as local tokenizers have it."""
    raw = entry.get("bytes")
    if isinstance(raw, list) and raw and all(isinstance(one, int) and 0 <= one < 256 for one in raw):
        return bytes(raw).decode("utf-8", "replace")
    return well_formed(str(entry.get("token", "")))


def _token_id(entry: Mapping[str, Any]) -> int | None:
    identity = entry.get("id")
    return identity if isinstance(identity, int) and not isinstance(identity, bool) else None


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise nonsense("log-probabilities that are no numbers", where)
    return float(value)
