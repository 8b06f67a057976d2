"""How one server wants its requests written: the extras it knows, and what it turned down before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.record.request import Prompt
from auditor.target.endpoint_channel import Channel, Reply
from auditor.target.endpoint_likelihood import messages_json
from auditor.target.endpoint_reply import refused_by_filter, too_long

#: Servers that announce themselves apply their own sampling defaults, which would bend the distribution
#: that is asked for (a repetition penalty bends even a greedy answer). These switch them off.
_NEUTRAL: Mapping[str, Mapping[str, Any]] = {
    "llamacpp": {"top_k": -1, "min_p": 0.0, "repeat_penalty": 1.0},
    "vllm": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
    "sglang": {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
}


class RequestForm:
    """Writes request bodies for one server and learns from its refusals.

    Args:
        channel: The way to the server.
        model: Name of the model at the server.
        owner: What the server calls itself in its list of models, or an empty string.
    """

    def __init__(self, channel: Channel, model: str, owner: str) -> None:
        self._channel = channel
        self._model = model
        self._neutral = dict(_NEUTRAL.get(owner, {}))
        self._dropped: frozenset[str] = frozenset()
        self._limit = "max_tokens"

    @property
    def dropped(self) -> frozenset[str]:
        """Names of the optional parameters that this server does not take."""
        return self._dropped

    def ask(
        self,
        prompt: Prompt,
        content: Mapping[str, Any] | None = None,
        *,
        max_tokens: int = 1,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> Reply:
        """Ask for a completion of raw text, or for a chat completion of a conversation.

        Where the server turns the request down, what nobody needs is left out and it is asked again.

        Raises:
            EndpointError: If the server fails.
        """
        raw = isinstance(prompt, str)
        path = "/completions" if raw else "/chat/completions"
        body: dict[str, Any] = {
            "model": self._model,
            "prompt" if raw else "messages": prompt if isinstance(prompt, str) else messages_json(prompt),
            **(content or {}),
            self._limit: max_tokens,
            "temperature": temperature,
            **self._optional(seed, top_p),
        }
        reply = self._channel.post(path, body)
        first = body
        # Twice, because a server may turn down the name of the token limit and the seed one by one.
        for _ in range(2):
            if reply.status not in (400, 422) or refused_by_filter(reply) or too_long(reply):
                break
            other = self._rewritten(body, reply)
            if other is None:
                break
            body, reply = other, self._channel.post(path, other)
            if reply.ok:
                self._learn(first, body)
        return reply

    def _optional(self, seed: int, top_p: float) -> dict[str, Any]:
        optional = {**self._neutral, "seed": seed, "top_p": top_p}
        return {
            name: value
            for name, value in optional.items()
            if name not in self._dropped or (name == "top_p" and value != 1.0)
        }

    def _rewritten(self, body: Mapping[str, Any], reply: Reply) -> dict[str, Any] | None:
        """``body`` without what the server may have refused it for, or None where nothing can go.

        What changes the meaning of the request stays: the temperature, and a ``top_p`` other than 1.
        """
        if "max_completion_tokens" in reply.message and "max_tokens" in body:
            changed = {name: value for name, value in body.items() if name != "max_tokens"}
            return {**changed, "max_completion_tokens": body["max_tokens"]}
        optional = {"seed", *self._neutral} | ({"top_p"} if body.get("top_p") == 1.0 else set())
        present = optional & set(body)
        named = {name for name in present if name in reply.message or reply.error.get("param") == name}
        going = named or present
        return {name: value for name, value in body.items() if name not in going} if going else None

    def _learn(self, refused: Mapping[str, Any], taken: Mapping[str, Any]) -> None:
        """Remember the difference between a body that was refused and the one that was taken."""
        if "max_completion_tokens" in taken:
            self._limit = "max_completion_tokens"
        self._dropped |= set(refused) - set(taken) - {"max_tokens"}
