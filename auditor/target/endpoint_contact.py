"""The first contact with a server: what it shows of itself, and what it can do, found by trying."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.digest import digest_json, well_formed
from auditor.error import EndpointError, TargetNotFoundError
from auditor.record.request import Prompt, user
from auditor.record.subject import Access
from auditor.target.endpoint_channel import Channel, Reply, UnreachableError
from auditor.target.endpoint_form import RequestForm
from auditor.target.endpoint_likelihood import find_scorer
from auditor.target.endpoint_reply import first_choice, read_top
from auditor.target.endpoint_score import Scorer
from auditor.target.protocol import Description

#: Facts about a model that change with the clock, the load or the price list, not with the model.
_VOLATILE = frozenset(
    {
        "created",
        "permission",
        "pricing",
        "state",
        "status",
        "loaded",
        "last_used",
        "expires_at",
        "top_provider",
    }
)
#: What a llama.cpp server shows at /props that its answers depend on; the rest changes at every start.
_PROPS = ("chat_template", "build_info", "model_ftype")
#: Those servers serve what they list and nothing else, and llama.cpp answers to any name at all.
_SELF_HOSTED = frozenset({"llamacpp", "vllm", "sglang", "library"})
_HELLO: Mapping[str, Prompt] = {"chat": user("Hello"), "completions": "Hello"}


@dataclass(frozen=True, slots=True)
class Contact:
    """A server as the first contact showed it."""

    description: Description
    form: RequestForm
    scorer: Scorer | None
    chat: bool
    completions: bool


def first_contact(channel: Channel, model: str, system_prompt: str | None) -> Contact:
    """Ask the server for its list of models and put one small question to each capability.

    Raises:
        EndpointError: If the server is down, rejects the key or is no such API.
        TargetNotFoundError: If the server has no model of this name.
    """
    entry, listed = _listed(channel, model)
    names = [name for name, _ in listed]
    if listed and entry is None and listed[0][1] in _SELF_HOSTED:
        raise _unknown(channel, model, names)
    form = RequestForm(channel, model, _owner(entry))
    replies = {way: form.ask(prompt) for way, prompt in _HELLO.items()}
    served = {way: reply for way, reply in replies.items() if reply.ok}
    if not served:
        reply = next((one for one in replies.values() if one.message), replies["chat"])
        if reply.status == 404 or reply.error.get("code") == "model_not_found":
            raise _unknown(channel, model, names, reply)
        raise refused(reply, channel, model)
    for reply in served.values():
        first_choice(reply, channel.url)  # a server that says 200 to everything is found out here
    with channel.trying():
        tops = [way for way in served if _shows_top(channel, form, _HELLO[way])]
        scorer = find_scorer(channel, model) if "completions" in served else None
    access = Access.LOGPROBS if scorer else Access.TOP_LOGPROBS if tops else Access.TEXT
    reported = _reported(channel, model, entry, served)
    description = Description(
        name=well_formed(model),
        digest=digest_json(
            {
                "kind": "endpoint",
                "url": channel.url,
                "model": well_formed(model),
                "reported": reported,
                "system_prompt": system_prompt,
            }
        ),
        access=access,
        revision=reported["answers_as"] if reported["answers_as"] != model else None,
        details=_details(channel, entry, reported, served, scorer),
    )
    return Contact(description, form, scorer, "chat" in served, "completions" in served)


def top_fields(prompt: Prompt, k: int) -> dict[str, Any]:
    """The fields that ask for the ``k`` likeliest tokens, which differ between chat and completions."""
    return {"logprobs": k} if isinstance(prompt, str) else {"logprobs": True, "top_logprobs": k}


def refused(reply: Reply, channel: Channel, model: str) -> EndpointError:
    """The error for a request that the server turned down."""
    return EndpointError(
        f"the server refuses the request (HTTP {reply.status}): {reply.message or 'without a reason'}",
        where=f"{model}@{channel.url}",
        fix="check the model's name and that the address ends in /v1",
    )


def _listed(channel: Channel, model: str) -> tuple[Mapping[str, Any] | None, list[tuple[str, str]]]:
    """The model's entry in the server's list, and the names and owners of all that it lists."""
    data = channel.get("/models").body.get("data")
    entries = [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []
    listed = [(str(one.get("id", "")), str(one.get("owned_by", ""))) for one in entries]
    for one in entries:
        aliases = one.get("aliases")
        if one.get("id") == model or (isinstance(aliases, list) and model in aliases):
            return one, listed
    return None, listed


def _shows_top(channel: Channel, form: RequestForm, prompt: Prompt) -> bool:
    try:
        reply = form.ask(prompt, top_fields(prompt, 2))
        return reply.ok and read_top(first_choice(reply, channel.url), 2, channel.url) is not None
    except UnreachableError:
        raise
    except EndpointError:
        return False


def _reported(
    channel: Channel, model: str, entry: Mapping[str, Any] | None, served: Mapping[str, Reply]
) -> dict[str, Any]:
    """What the server reports of the model, for the digest."""
    props = channel.get("/props", root=True).body if _owner(entry) == "llamacpp" else {}
    prints = {str(reply.body.get("system_fingerprint") or "") for reply in served.values()}
    names = {str(reply.body.get("model") or model) for reply in served.values()}
    return {
        "entry": _steady(entry or {}),
        "props": _steady({name: props[name] for name in _PROPS if name in props}),
        # Several at once mean that requests land on several machines, so that it marks none of them.
        "fingerprint": well_formed(prints.pop()) if len(prints) == 1 else "",
        "answers_as": well_formed(names.pop()) if len(names) == 1 else "",
    }


def _details(
    channel: Channel,
    entry: Mapping[str, Any] | None,
    reported: Mapping[str, Any],
    served: Mapping[str, Reply],
    scorer: Scorer | None,
) -> tuple[tuple[str, str], ...]:
    meta = (entry or {}).get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    about = {
        "address": channel.url,
        "served by": _owner(entry),
        "answers as": reported["answers_as"],
        "fingerprint": reported["fingerprint"],
        "asked by": " and ".join(served),
        "log-likelihoods by": scorer.name if scorer else "",
        "parameters": str(meta.get("n_params", "")),
        "dtype": str(meta.get("ftype", "")),
    }
    return tuple((name, well_formed(value)) for name, value in about.items() if value)


def _unknown(
    channel: Channel, model: str, names: Sequence[str], reply: Reply | None = None
) -> TargetNotFoundError:
    known = ", ".join(well_formed(name) for name in names[:10])
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    words = f": {reply.message}" if reply is not None and reply.message else ""
    return TargetNotFoundError(
        f"the server has no model '{model}'{words}",
        where=channel.url,
        fix=f"use one of: {known}{more}"
        if known
        else "check the model's name and that the address ends in /v1",
    )


def _owner(entry: Mapping[str, Any] | None) -> str:
    return str((entry or {}).get("owned_by", ""))


def _steady(value: Any, depth: int = 16) -> Any:
    """What a server reports, without what changes while the model stays, in terms that JSON can digest."""
    if isinstance(value, Mapping | list) and not depth:
        return None  # nobody describes a model this deep; a hostile server might
    if isinstance(value, Mapping):
        steady = {name: one for name, one in value.items() if name not in _VOLATILE}
        return {well_formed(str(name)): _steady(one, depth - 1) for name, one in steady.items()}
    if isinstance(value, list):
        return [_steady(one, depth - 1) for one in value]
    if isinstance(value, str):
        return well_formed(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < 2**53:
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)
