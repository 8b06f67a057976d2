"""Log-probabilities from servers that echo, each in its own way, computed here by a known rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.error import EndpointError, UsageError
from auditor.record.observation import Choice, Likelihood, TopTokens, Unanswered
from auditor.record.request import Choose, NextTokens, Score, user
from auditor.record.subject import Access
from auditor.target.endpoint import EndpointTarget
from auditor.target.endpoint_address import normal_url
from auditor.target.endpoint_likelihood import continuation_tokens
from auditor.target.endpoint_reply import ScoredToken
from auditor.target.protocol import OpenOptions
from tests.target.scripted_server import MODELS, Out, Seen, chat, completion, error, serving


def words(text: str) -> list[str]:
    """A tokenizer: words with the white space before them."""
    return re.findall(r"\s*\S+|\s+$", text)


def rule(token: str) -> float:
    """The log-probability of a token, by its length."""
    return -0.5 * len(token)


def echoed(prompt: str, *, begin: str = "", offsets: bool = True) -> dict[str, Any]:
    tokens = ([begin] if begin else []) + words(prompt)
    places = [len("".join(tokens[:at])) for at in range(len(tokens))]
    return {
        "tokens": tokens,
        "token_logprobs": [None, *(rule(token) for token in tokens[1:])],
        "text_offset": places if offsets else None,
        "top_logprobs": None,
    }


def echo_server(**how: Any) -> Callable[[Seen], Out]:
    def script(seen: Seen) -> Out:
        if seen.path == "/v1/completions":
            if not seen.body.get("echo"):
                top = {" there": -0.1, "!": -2.5, " x": -9999.0}
                return completion(
                    " there", {"tokens": [" there"], "token_logprobs": [-0.1], "top_logprobs": [top]}
                )
            if how.get("writes_one") and seen.body["max_tokens"] < 1:
                return error(400, "max_tokens must be at least 1")
            shown = echoed(seen.body["prompt"], begin=how.get("begin", ""), offsets=how.get("offsets", True))
            if how.get("writes_one"):
                shown["tokens"].append(" more")
                shown["token_logprobs"].append(-7.0)
                shown["text_offset"].append(len(seen.body["prompt"]))
            return completion(seen.body["prompt"], shown)
        return MODELS if seen.method == "GET" and seen.path == "/v1/models" else error(404, "unknown")

    return script


def ids_server(seen: Seen) -> Out:
    """As vLLM: token ids from /tokenize, echo of token ids. An id is the length of its word, plus 10."""
    if seen.path == "/v1/models":
        return Out(
            body={"data": [{"id": "m", "owned_by": "vllm", "permission": [{"id": object.__hash__(seen)}]}]}
        )
    if seen.path == "/tokenize" and "messages" in seen.body:
        return Out(
            body={
                "tokens": [1, 2, *(len(word) + 10 for word in words(seen.body["messages"][-1]["content"])), 3]
            }
        )
    if seen.path == "/tokenize" and "prompt" in seen.body:
        begin = [1] if seen.body["add_special_tokens"] else []
        return Out(body={"tokens": [*begin, *(len(word) + 10 for word in words(seen.body["prompt"]))]})
    if seen.path == "/v1/completions" and seen.body.get("echo") and isinstance(seen.body["prompt"], list):
        ids = seen.body["prompt"]
        numbers = [None, *(-0.5 * (one - 10) for one in ids[1:])]
        return completion("", {"tokens": ["?"] * len(ids), "token_logprobs": numbers})
    if seen.path in ("/v1/completions", "/v1/chat/completions"):
        return completion("x") if seen.path == "/v1/completions" else chat("x")
    return error(404, "unknown")


def opened(url: str) -> EndpointTarget:
    return EndpointTarget("m", url, OpenOptions(retries=1, timeout=5), first_wait=0.01)


@pytest.mark.parametrize(
    "how",
    [{}, {"begin": "<s>"}, {"offsets": False}, {"writes_one": True}, {"begin": "<s>", "writes_one": True}],
)
def test_echoed_text_is_scored(how: dict[str, Any]) -> None:
    with serving(echo_server(**how)) as server:
        target = opened(server.url)
        assert target.description.access is Access.LOGPROBS
        assert dict(target.description.details)["log-likelihoods by"] == "echoed text"
        answers = dict(
            target.ask(
                [
                    Score(prompt="The sky is", continuation=" blue today"),
                    Score(prompt="The sky is ", continuation="blue today"),
                    Choose(prompt="The sky is", options=(" red", " green")),
                    Score(prompt=user("Hi"), continuation="Hello"),
                    Score(prompt="The sky", continuation=""),
                    NextTokens(prompt="Hello", k=5),
                ]
            )
        )
        blue = rule(" blue") + rule(" today")
        assert answers[0] == Likelihood(log_likelihood=blue, bytes=11, tokens=2)
        assert answers[1] == Likelihood(log_likelihood=blue, bytes=10, tokens=2)
        assert answers[2] == Choice(log_likelihoods=(rule(" red"), rule(" green")), bytes=(4, 6))
        assert isinstance(answers[3], Unanswered)
        assert answers[4] == Likelihood(log_likelihood=0.0, bytes=0, tokens=0)
        assert answers[5] == TopTokens(tokens=(" there", "!"), log_probabilities=(-0.1, -2.5))
        target.close()


def test_echoed_token_ids_are_scored_after_conversations_too() -> None:
    with serving(ids_server) as server:
        target = opened(server.url)
        assert dict(target.description.details)["log-likelihoods by"] == "echoed tokens"
        first = target.description.digest
        answers = dict(
            target.ask(
                [
                    Score(prompt="The sky is", continuation=" blue today"),
                    Score(prompt=user("Which colour?"), continuation="Deep blue"),
                ]
            )
        )
        assert answers[0] == Likelihood(log_likelihood=-0.5 * 11, bytes=11, tokens=2)
        assert answers[1] == Likelihood(log_likelihood=-0.5 * 9, bytes=9, tokens=2)
        neutral = server.asked("/v1/chat/completions")[0].body
        assert (neutral["top_k"], neutral["repetition_penalty"]) == (-1, 1.0)
        target.close()
        again = opened(server.url)
        assert again.description.digest == first  # the permission's identity is new each time
        again.close()


def test_a_server_that_ignores_echo_scores_nothing() -> None:
    def script(seen: Seen) -> Out:
        if seen.path == "/v1/completions":
            return completion(
                " there", {"tokens": [" there"], "token_logprobs": [-0.1], "top_logprobs": [{"a": -1.0}]}
            )
        return MODELS if seen.method == "GET" else error(404, "unknown")

    with serving(script) as server:
        target = opened(server.url)
        assert target.description.access is Access.TOP_LOGPROBS
        ((_, answer),) = target.ask([Score(prompt="a", continuation=" b")])
        assert isinstance(answer, Unanswered)
        target.close()


def test_probabilities_of_forced_tokens_after_forcing_are_not_believed() -> None:
    """Such a server would give every continuation the likelihood one."""

    def script(seen: Seen) -> Out:
        if seen.path == "/tokenize":
            return Out(body={"tokens": [len(word) for word in words(seen.body.get("content", ""))]})
        if "grammar" in seen.body:
            forced = [int(one) for one in re.findall(r"<\[(\d+)\]>", seen.body["grammar"])]
            return completion("", {"content": [{"id": one, "token": "x", "logprob": 0.0} for one in forced]})
        if seen.path == "/v1/completions":
            return completion("x")
        return MODELS if seen.method == "GET" else error(404, "unknown")

    with serving(script) as server:
        target = opened(server.url)
        assert target.description.access is Access.TEXT
        target.close()


def test_fewer_top_tokens_are_taken_where_a_server_stops_at_a_number() -> None:
    def script(seen: Seen) -> Out:
        if seen.path != "/v1/chat/completions":
            return MODELS if seen.method == "GET" else error(404, "unknown")
        most = seen.body.get("top_logprobs", 0)
        if most > 20:
            return error(400, "Invalid value for 'top_logprobs': must be at most 20")
        top = [{"token": f"t{at}", "logprob": -float(at)} for at in range(most)]
        out = chat("t0")
        out.body["choices"][0]["logprobs"] = {
            "content": [{"token": "t0", "logprob": 0.0, "top_logprobs": top}]
        }
        return out

    with serving(script) as server:
        target = opened(server.url)
        assert target.description.access is Access.TOP_LOGPROBS
        for _ in range(2):
            ((_, answer),) = target.ask([NextTokens(prompt=user("Hi"), k=50)])
            assert isinstance(answer, TopTokens)
            assert len(answer.tokens) == 20
        assert [one.body["top_logprobs"] for one in server.seen if "top_logprobs" in one.body][-1] == 20
        target.close()


def test_log_probabilities_that_are_no_numbers_are_reported() -> None:
    bad: list[Any] = [
        completion("x", {"tokens": ["x"], "token_logprobs": [-1.0], "top_logprobs": [{"a": "b"}]})
    ]

    def script(seen: Seen) -> Out:
        if seen.path == "/v1/completions":
            return bad[0] if seen.body["prompt"] == "bad" else completion("x")
        return MODELS if seen.method == "GET" else error(404, "unknown")

    with serving(script) as server:
        target = opened(server.url)
        with pytest.raises(EndpointError, match="no numbers"):
            list(target.ask([NextTokens(prompt="bad", k=1)]))
        target.close()


texts = st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20)


@settings(deadline=None)
@given(pieces=st.lists(texts, min_size=2, max_size=8), cut=st.integers(1, 7), begin=st.booleans())
def test_echoed_tokens_are_placed(pieces: list[str], cut: int, begin: bool) -> None:
    """Wherever the boundary lies, exactly the tokens that reach beyond it are taken."""
    cut = min(cut, len(pieces) - 1)
    prompt, continuation = "".join(pieces[:cut]), "".join(pieces[cut:])
    marked = (["<s>"] if begin and "<s>" not in prompt + continuation else []) + pieces
    tokens = [ScoredToken(piece, -1.0, offset=None) for piece in marked]
    part = continuation_tokens(tokens, prompt, continuation)
    assert part is not None
    spelled = "".join(token.text for token in part)
    assert spelled.endswith(continuation)
    ends = len(prompt.rstrip())
    extra = (prompt + continuation)[ends:]
    assert spelled.endswith(extra)
    assert len(spelled) - len(part[0].text) < len(extra)


@settings(deadline=None)
@given(prompt=texts, continuation=texts, at=st.integers(0, 5))
def test_offsets_place_tokens_that_end_inside_a_character(prompt: str, continuation: str, at: int) -> None:
    whole = prompt + continuation
    tokens = [
        ScoredToken("\ufffd" if place % 3 == at % 3 else sign, -1.0, offset=place)
        for place, sign in enumerate(whole)
    ]
    part = continuation_tokens(tokens, prompt, continuation)
    assert part is not None
    assert len(part) == len(whole) - len(prompt.rstrip())


def test_tokens_that_do_not_spell_the_text_are_not_placed() -> None:
    tokens = [ScoredToken("something", -1.0, offset=0), ScoredToken(" else", -1.0, offset=9)]
    assert continuation_tokens(tokens, "The sky", " is blue") is None
    assert continuation_tokens([], "a", "b") is None


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://Host:80/v1/", "http://host/v1"),
        ("https://host:443/v1", "https://host/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_addresses_have_one_spelling(url: str, normal: str) -> None:
    assert normal_url(url) == normal


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@host/v1",
        "http://host/v1?key=secret",
        "ftp://host",
        "http://",
        "http://a:b/v1",
        "http://h/ v1",
    ],
)
def test_addresses_that_would_leak_or_fail_are_turned_down(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        normal_url(url)
    assert "secret" not in str(caught.value)


@settings(deadline=None)
@given(url=st.text(max_size=40))
def test_any_address_is_taken_or_turned_down(url: str) -> None:
    try:
        once = normal_url("http://" + url)
    except UsageError:
        return
    assert normal_url(once) == once
