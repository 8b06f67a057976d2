"""Endpoints against a scripted server: what goes wrong, what is tried again, what is said about it."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from auditor.error import EndpointError, TargetNotFoundError, UsageError
from auditor.record.codec import encode
from auditor.record.observation import Answer, Text, Unanswered
from auditor.record.request import Generate, Message, NextTokens, Request, Score, user
from auditor.record.subject import Access
from auditor.target.endpoint import EndpointTarget
from auditor.target.protocol import OpenOptions
from tests.target.scripted_server import MODELS, Out, Seen, chat, completion, error, plain, serving

CHAT = "/v1/chat/completions"
ASKED = Generate(prompt=user("How are you?"), max_tokens=8)


@contextmanager
def opened(url: str, model: str = "m", **options: Any) -> Iterator[EndpointTarget]:
    options.setdefault("retries", 2)
    options.setdefault("timeout", 5.0)
    target = EndpointTarget(model, url, OpenOptions(**options), first_wait=0.01)
    try:
        yield target
    finally:
        target.close()


def ask(url: str, *requests: Request, **options: Any) -> list[Answer]:
    with opened(url, **options) as target:
        return [answer for _, answer in sorted(target.ask(requests), key=lambda pair: pair[0])]


def later(first: Callable[[Seen], Out], *then: Out) -> Callable[[Seen], Out]:
    """``first`` answers the first contact; the question proper gets ``then``, one after the other."""
    rest = iter(then)

    def script(seen: Seen) -> Out:
        if "How are you?" in str(seen.body):
            return next(rest)
        return first(seen)

    return script


def test_a_conversation_is_sent_with_its_sampling_and_answered() -> None:
    with serving(later(plain, chat("Fine.", "length"))) as server:
        prompt = (Message(role="user", text="How are you?"),)
        request = Generate(
            prompt=prompt, max_tokens=7, temperature=0.5, top_p=0.9, seed=11, stop=("\n", "User:")
        )
        (answer,) = ask(server.url, request, system_prompt="Be brief.")
        assert answer == Text(text="Fine.", finish="length", tokens=3)
        body = server.asked(CHAT)[-1].body
        assert body["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How are you?"},
        ]
        named = ("max_tokens", "temperature", "top_p", "seed", "stop")
        assert [body[name] for name in named] == [7, 0.5, 0.9, 11, ["\n", "User:"]]


def test_a_second_system_message_is_joined_to_the_first() -> None:
    with serving() as server:
        prompt = (Message(role="system", text="Own words."), Message(role="user", text="Hi"))
        ask(server.url, Generate(prompt=prompt, max_tokens=1), system_prompt="Be brief.")
        (first, _) = server.asked(CHAT)[-1].body["messages"]
        assert first == {"role": "system", "content": "Be brief.\n\nOwn words."}


def test_a_busy_server_is_obeyed_and_asked_again() -> None:
    busy = error(429, "slow down", {"Retry-After": "1"})
    with serving(later(plain, busy, chat("Fine."))) as server:
        started = time.monotonic()
        (answer,) = ask(server.url, ASKED)
        assert answer == Text(text="Fine.", tokens=3)
        assert time.monotonic() - started >= 1.0


def test_five_hundreds_are_tried_again_and_then_reported() -> None:
    broken = Out(500, b"oops")
    with serving(later(plain, broken, broken, chat("Fine."))) as server:
        assert ask(server.url, ASKED) == [Text(text="Fine.", tokens=3)]
    with serving(later(plain, *[broken] * 3)) as server:
        with pytest.raises(EndpointError, match=r"keeps answering HTTP 500.*recorded are kept"):
            ask(server.url, ASKED)
        assert len([one for one in server.seen if "How are you?" in str(one.body)]) == 3


def test_an_empty_purse_is_not_waited_for() -> None:
    broke = error(429, "You exceeded your current quota", code="insufficient_quota")
    with serving(later(plain, broke)) as server, pytest.raises(EndpointError, match="current quota"):
        ask(server.url, ASKED)


@pytest.mark.parametrize(
    "out",
    [
        error(400, "The prompt was filtered.", code="content_filter"),
        error(
            400, "The prompt was filtered.", innererror={"code": "ResponsibleAIPolicyViolation"}, code=None
        ),
    ],
)
def test_a_filtered_request_is_a_refusal(out: Out) -> None:
    with serving(later(plain, out)) as server:
        assert ask(server.url, ASKED) == [Text(text="The prompt was filtered.", finish="filtered")]


def test_a_filtered_answer_is_a_refusal() -> None:
    with serving(later(plain, chat("I would", "content_filter"))) as server:
        assert ask(server.url, ASKED) == [Text(text="I would", finish="filtered", tokens=3)]


def test_a_refusal_in_its_own_field_is_the_answer() -> None:
    message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
    out = Out(body={"choices": [{"message": message, "finish_reason": "stop"}]})
    with serving(later(plain, out)) as server:
        assert ask(server.url, ASKED) == [Text(text="I cannot help with that.")]


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (Out(body=b"<!doctype html><p>Welcome</p>"), "a web page"),
        (Out(body=b"\x00\xff garbage"), "no JSON"),
        (Out(body=b"[" * 100_000), "no JSON"),
        (Out(body=[1, 2]), "no object"),
        (Out(body={"choices": []}), "no choices"),
        (Out(body={"choices": ["x"]}), "no choices"),
        (Out(body={"choices": [{"message": {"content": 7}}]}), "no text"),
        (Out(body={"error": {"message": "upstream is away"}}), "upstream is away"),
        (Out(418, {"error": {"message": "I am a teapot"}}), "HTTP 418.*teapot"),
        (Out(400, b"<html>"), "HTTP 400"),
        (Out(422, {"detail": [{"loc": ["body", "n"], "msg": "too small"}]}), "HTTP 422.*too small"),
        (Out(400, b'{"a":' * 400 + b"1" + b"}" * 400), "HTTP 400"),
        (Out(302, b"", {"Location": "http://other.example/v1"}), "redirects to other.example"),
    ],
)
def test_garbage_is_reported_in_one_line(out: Out, words: str) -> None:
    with serving(later(plain, *itertools.repeat(out, 4))) as server:
        with pytest.raises(EndpointError, match=words) as caught:
            ask(server.url, ASKED)
        assert "\n" not in str(caught.value)
        assert server.url in str(caught.value)


def test_a_page_at_the_address_is_no_endpoint() -> None:
    page = Out(body=b"<html>It works</html>")
    with serving(lambda _: page) as server, pytest.raises(EndpointError, match=r"a web page.*/v1"):
        ask(server.url, ASKED)


def test_a_flood_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.target.endpoint_channel._LARGEST_BODY", 10_000)
    flood = Out(body=b"x" * 100_000)
    with serving(later(plain, flood)) as server, pytest.raises(EndpointError, match="larger than"):
        ask(server.url, ASKED)


def test_redirects_stay_on_the_server() -> None:
    def script(seen: Seen) -> Out:
        if seen.path.startswith("/v1/"):
            return Out(308, b"", {"Location": seen.path.replace("/v1/", "/api/v1/")})
        return plain(Seen(seen.method, seen.path.removeprefix("/api"), seen.body, seen.headers))

    with serving(script) as server:
        assert ask(server.url, ASKED) == [Text(text="Hello.", tokens=3)]


def test_nobody_at_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    with pytest.raises(EndpointError, match=r"cannot be reached.*start the server or check its address"):
        ask(url, ASKED, retries=5)


def test_a_server_that_hangs_is_given_up() -> None:
    with serving(later(plain, *[Out(delay=1.0)] * 3)) as server:
        started = time.monotonic()
        with pytest.raises(EndpointError, match=r"no answer within 0.3 s.*'timeout'"):
            ask(server.url, ASKED, timeout=0.3)
        assert time.monotonic() - started < 3


def test_concurrency_is_used_and_bounded() -> None:
    def script(seen: Seen) -> Out:
        out = plain(seen)
        out.delay = 0.05 if "How are you?" in str(seen.body) else 0.0
        return out

    with serving(script) as server:
        requests = [Generate(prompt=user("How are you?"), max_tokens=8, seed=seed) for seed in range(12)]
        assert len(ask(server.url, *requests, concurrency=3)) == 12
        assert server.most == 3


def test_answers_come_as_they_are_ready() -> None:
    def script(seen: Seen) -> Out:
        out = plain(seen)
        out.delay = 0.6 if seen.body.get("seed") == 1 else 0.0
        return out

    with serving(script) as server, opened(server.url, concurrency=2) as target:
        requests = [Generate(prompt=user("Hi"), max_tokens=8, seed=seed) for seed in (1, 2, 3)]
        assert [position for position, _ in target.ask(requests)] == [1, 2, 0]


def test_what_was_answered_before_a_failure_is_not_lost() -> None:
    def script(seen: Seen) -> Out:
        return error(418, "no") if seen.body.get("seed") == 3 else plain(seen)

    with serving(script) as server, opened(server.url, concurrency=1) as target:
        requests = [Generate(prompt=user("Hi"), max_tokens=8, seed=seed) for seed in (1, 2, 3, 4)]
        answers = target.ask(requests)
        assert [next(answers)[0], next(answers)[0]] == [0, 1]
        with pytest.raises(EndpointError, match="HTTP 418"):
            next(answers)


def test_a_consumer_may_leave() -> None:
    def script(seen: Seen) -> Out:
        out = plain(seen)
        out.delay = 0.05
        return out

    with serving(script) as server, opened(server.url, concurrency=2) as target:
        answers = target.ask([Generate(prompt=user("Hi"), max_tokens=8, seed=seed) for seed in range(50)])
        next(answers)
        answers.close()  # type: ignore[attr-defined]
        time.sleep(0.2)
        assert len(server.asked(CHAT)) < 20
    for thread in threading.enumerate():
        if thread.name.startswith("endpoint"):
            thread.join(2)


def test_the_key_is_sent_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-1234567890-abcdefghij"
    monkeypatch.setenv("AUDIT_KEY", key)

    def script(seen: Seen) -> Out:
        assert seen.headers.get("Authorization") == f"Bearer {key}"
        if "How are you?" in str(seen.body):
            return error(401, f"Incorrect API key provided: {key}")
        return chat(f"Your key is {key}.", system_fingerprint=key)

    with serving(lambda seen: MODELS if seen.method == "GET" else script(seen)) as server:
        with opened(server.url, api_key_env="AUDIT_KEY") as target:
            ((_, answer),) = target.ask([Generate(prompt=user("Hi"), max_tokens=8)])
            assert answer == Text(text="Your key is ***.", tokens=3)
            with pytest.raises(EndpointError, match="rejects the key") as caught:
                list(target.ask([ASKED]))
            shown = [str(caught.value), repr(caught.value), repr(target), str(encode(target.description))]
            assert all(key not in one for one in shown)
        with_key = target.description.digest
        monkeypatch.setenv("AUDIT_KEY", key + "-another")
        server.script = lambda seen: MODELS if seen.method == "GET" else chat("x", system_fingerprint="***")
        with opened(server.url, api_key_env="AUDIT_KEY") as target:
            assert target.description.digest == with_key


def test_a_short_key_is_blotted_out_of_errors_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_KEY", "EMPTY")
    script = later(plain, chat("EMPTY words"), error(418, "key EMPTY"))
    with serving(script) as server, opened(server.url, api_key_env="AUDIT_KEY") as target:
        assert list(target.ask([ASKED])) == [(0, Text(text="EMPTY words", tokens=3))]
        with pytest.raises(EndpointError, match=r"key \*\*\*"):
            list(target.ask([ASKED]))


@pytest.mark.parametrize(
    ("value", "words"), [(None, "holds no key"), (" ", "holds no key"), ("a\nb", "no key has")]
)
def test_a_missing_key_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, value: str | None, words: str
) -> None:
    monkeypatch.delenv("AUDIT_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("AUDIT_KEY", value)
    with pytest.raises(UsageError, match=f"AUDIT_KEY.*{words}"):
        EndpointTarget("m", "http://127.0.0.1:1/v1", OpenOptions(api_key_env="AUDIT_KEY"))


def test_a_seed_that_is_not_taken_is_left_out_from_then_on() -> None:
    def script(seen: Seen) -> Out:
        if "seed" in seen.body:
            return error(400, "Unrecognized request argument supplied: seed")
        return plain(seen)

    with serving(script) as server:
        assert ask(server.url, ASKED, ASKED) == [Text(text="Hello.", tokens=3)] * 2
        proper = [one.body for one in server.seen if "How are you?" in str(one.body)]
        assert len(proper) == 2
        assert all("seed" not in body and body["top_p"] == 1.0 for body in proper)


def test_the_other_name_of_the_token_limit_is_learnt() -> None:
    def script(seen: Seen) -> Out:
        if "max_tokens" in seen.body:
            return error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        if "seed" in seen.body:
            return error(400, "Unsupported parameter: 'seed'.", param="seed")
        return plain(seen)

    with serving(script) as server:
        assert ask(server.url, ASKED) == [Text(text="Hello.", tokens=3)]
        (body,) = [one.body for one in server.seen if "How are you?" in str(one.body)]
        assert body["max_completion_tokens"] == 8


def test_a_temperature_that_is_not_taken_is_never_left_out() -> None:
    def script(seen: Seen) -> Out:
        if "How are you?" in str(seen.body) and "temperature" in seen.body:
            return error(400, "Unsupported value: 'temperature' does not support 0.")
        return plain(seen)

    with serving(script) as server, pytest.raises(EndpointError, match="does not support 0"):
        ask(server.url, ASKED)


def test_a_request_that_does_not_fit_is_unanswered() -> None:
    out = error(400, "This model's maximum context length is 10 tokens.", code="context_length_exceeded")
    with serving(later(plain, out)) as server:
        (answer,) = ask(server.url, ASKED)
        assert isinstance(answer, Unanswered)
        assert "maximum context length" in answer.reason


def test_what_a_server_does_not_serve_is_unanswered() -> None:
    with serving() as server:
        with opened(server.url) as target:
            assert target.description.access is Access.TEXT
        answers = ask(
            server.url,
            Generate(prompt="Once", max_tokens=2),
            Score(prompt="Once", continuation=" upon"),
            NextTokens(prompt=user("Hi"), k=3),
        )
        assert all(isinstance(answer, Unanswered) for answer in answers)


def test_an_endpoint_is_not_asked_to_go_on_with_an_open_turn() -> None:
    with serving() as server:
        turn = (*user("Hi"), Message(role="assistant", text="Well"))
        (answer,) = ask(server.url, NextTokens(prompt=turn, k=3))
    assert isinstance(answer, Unanswered)
    assert "in its middle" in answer.reason


def test_a_model_that_is_not_there_is_named_with_those_that_are() -> None:
    def script(seen: Seen) -> Out:
        return MODELS if seen.method == "GET" else error(404, "The model does not exist")

    with (
        serving(script) as server,
        opened(server.url, model="nope") as target,
        pytest.raises(TargetNotFoundError, match=r"no model 'nope'.*use one of: m"),
    ):
        _ = target.description


def test_the_digest_knows_the_model_and_not_the_clock() -> None:
    def script(created: int, size: int, fingerprint: str) -> Callable[[Seen], Out]:
        entry = {"id": "m", "owned_by": "x", "created": created, "meta": {"n_params": size}}

        def answer(seen: Seen) -> Out:
            if seen.method == "GET":
                return Out(body={"data": [entry]})
            return chat("Hi", system_fingerprint=fingerprint)

        return answer

    def digest(url: str, **options: Any) -> str:
        with opened(url, **options) as target:
            return target.description.digest

    with serving(script(1, 100, "a")) as server:
        first = digest(server.url)
        assert digest(server.url, system_prompt="Be brief.") != first
        server.script = script(2, 100, "a")
        assert digest(server.url) == first
        server.script = script(1, 101, "a")
        assert digest(server.url) != first
        server.script = script(1, 100, "b")
        assert digest(server.url) != first


def test_a_hostile_description_is_survived() -> None:
    deep = (
        b'{"data": [{"id": "m", "x": '
        + b'{"a":' * 400
        + b"1e999"
        + b"}" * 400
        + b', "n": 123456789012345678901}]}'
    )
    script = later(lambda seen: Out(body=deep) if seen.method == "GET" else plain(seen))
    with serving(script) as server, opened(server.url) as target:
        assert target.description.name == "m"


def test_lone_surrogates_do_not_reach_the_record() -> None:
    out = Out(body=b'{"choices": [{"message": {"content": "a\\ud83d b"}, "finish_reason": null}]}')
    with serving(later(plain, out)) as server:
        assert ask(server.url, ASKED) == [Text(text="a\ufffd b")]


def test_raw_text_goes_to_completions() -> None:
    def script(seen: Seen) -> Out:
        if seen.path == "/v1/completions":
            return completion(" upon a time", finish="length")
        return plain(seen) if seen.method == "GET" else error(404, "no chat template")

    with serving(script) as server:
        answers = ask(server.url, Generate(prompt="Once", max_tokens=3), ASKED)
        assert answers[0] == Text(text=" upon a time", finish="length")
        assert isinstance(answers[1], Unanswered)
