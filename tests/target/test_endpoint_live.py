"""A real OpenAI-compatible server on loopback: llama.cpp's, from ``xllamacpp``, with a real model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from auditor.error import TargetNotFoundError
from auditor.record.codec import encode
from auditor.record.observation import Choice, Likelihood, Text, TopTokens, Unanswered
from auditor.record.request import Choose, Generate, Inspect, Message, NextTokens, Score, user
from auditor.record.subject import Access
from auditor.target.endpoint import EndpointTarget
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions

pytest.importorskip("xllamacpp")

SERVER = """
import sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.model_alias = {"smol"}
params.n_ctx, params.n_parallel = 2048, 2
params.hostnames, params.port = ["127.0.0.1"], 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.warmup = False
server = xllamacpp.Server(params)
print("at", server.listening_address, flush=True)
sys.stdin.read()
"""
FRANCE = "The capital of France is"
ASKED = user("Name the capital of France.")


@pytest.fixture(scope="module")
def address(smollm2_gguf: Path) -> Iterator[str]:
    command = [sys.executable, "-c", SERVER, str(smollm2_gguf)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        line = next((line for line in server.stdout if line.startswith("at ")), "")
        assert line, "the server did not start"
        yield line.removeprefix("at ").strip() + "/v1"
        server.kill()


@pytest.fixture(scope="module")
def target(address: str) -> Iterator[EndpointTarget]:
    opened = open_target(f"openai:smol@{address}", OpenOptions(concurrency=2, timeout=60))
    assert isinstance(opened, EndpointTarget)
    yield opened
    opened.close()


def test_it_describes_itself_by_what_the_server_shows(target: EndpointTarget, address: str) -> None:
    shown = target.description
    assert shown.access is Access.LOGPROBS
    details = dict(shown.details)
    assert details["log-likelihoods by"] == "forced tokens"
    assert details["asked by"] == "chat and completions"
    assert details["parameters"] == "134515008"
    again = EndpointTarget("smol", address.replace("http:", "HTTP:") + "/", OpenOptions())
    assert again.description.digest == shown.digest
    again.close()
    other = EndpointTarget("smol", address, OpenOptions(system_prompt="Answer in French."))
    assert other.description.digest != shown.digest
    other.close()


def test_it_answers_every_kind_of_request(target: EndpointTarget) -> None:
    requests = [
        Generate(prompt=ASKED, max_tokens=16),
        Generate(prompt=FRANCE, max_tokens=4),
        Generate(prompt="One, two, three, four,", max_tokens=12, stop=("seven",)),
        Score(prompt=FRANCE, continuation=" Paris"),
        Choose(prompt=ASKED, options=("Paris", "Bratislava")),
        NextTokens(prompt=FRANCE, k=30),
        NextTokens(prompt=ASKED, k=3),
        Inspect(quantity="mlp-layout"),
        Generate(prompt="word " * 3000, max_tokens=2),
    ]
    answers = dict(target.ask(requests))
    assert sorted(answers) == list(range(len(requests)))
    chat, raw, stopped, score, choice, top, spoken, inspected, long = (
        answers[place] for place in range(len(requests))
    )
    assert isinstance(chat, Text)
    assert "Paris" in chat.text
    assert chat.finish == "stop"
    assert isinstance(raw, Text)
    assert (raw.finish, raw.tokens) == ("length", 4)
    assert "Paris" in raw.text
    assert isinstance(stopped, Text)
    assert "seven" not in stopped.text
    assert isinstance(score, Likelihood)
    assert (score.bytes, score.tokens) == (6, 1)
    assert isinstance(choice, Choice)
    assert choice.log_likelihoods[0] > choice.log_likelihoods[1]
    assert choice.bytes == (5, 10)
    assert isinstance(top, TopTokens)
    assert len(top.tokens) == 30
    assert list(top.log_probabilities) == sorted(top.log_probabilities, reverse=True)
    assert isinstance(spoken, TopTokens)
    assert len(spoken.tokens) == 3
    assert isinstance(inspected, Unanswered)
    assert isinstance(long, Unanswered)
    assert "context" in long.reason
    for answer in answers.values():
        encode(answer)


def test_forced_tokens_give_what_the_full_distributions_give(target: EndpointTarget, address: str) -> None:
    """The oracle walks token by token and reads each from the distribution over the whole vocabulary."""
    continuation = " Paris, of"
    root = address.removesuffix("/v1")
    tokens = [
        httpx.post(f"{root}/tokenize", json={"content": text, "add_special": True}).json()["tokens"]
        for text in (FRANCE, FRANCE + continuation)
    ]
    expected = 0.0
    for place in range(len(tokens[0]), len(tokens[1])):
        body = {"prompt": tokens[1][:place], "max_tokens": 1, "temperature": 0, "logprobs": 60_000}
        choice = httpx.post(f"{address}/completions", json=body, timeout=60).json()["choices"][0]
        entries = choice["logprobs"]["content"][0]["top_logprobs"]
        assert len(entries) > 40_000
        expected += next(one["logprob"] for one in entries if one["id"] == tokens[1][place])
    ((_, score),) = target.ask([Score(prompt=FRANCE, continuation=continuation)])
    assert isinstance(score, Likelihood)
    assert score.tokens == len(tokens[1]) - len(tokens[0])
    assert score.log_likelihood == pytest.approx(expected, abs=0.05)  # 4-bit kernels differ by batch size


def test_a_likelihood_after_a_conversation_agrees_with_chat(target: EndpointTarget) -> None:
    """The first token that chat shows has the likelihood that scoring gives it."""
    ((_, top),) = target.ask([NextTokens(prompt=ASKED, k=1)])
    assert isinstance(top, TopTokens)
    ((_, score),) = target.ask([Score(prompt=ASKED, continuation=top.tokens[0])])
    assert isinstance(score, Likelihood)
    assert score.log_likelihood == pytest.approx(top.log_probabilities[0], abs=0.02)


def test_white_space_at_the_boundary_does_not_matter(target: EndpointTarget) -> None:
    answers = dict(
        target.ask(
            [Score(prompt=FRANCE, continuation=" Paris"), Score(prompt=FRANCE + " ", continuation="Paris")]
        )
    )
    first, second = answers[0], answers[1]
    assert isinstance(first, Likelihood)
    assert isinstance(second, Likelihood)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, abs=0.02)


def test_greedy_answers_and_seeded_samples_repeat(target: EndpointTarget) -> None:
    story = user("Tell a short story about a lighthouse.")
    requests = [
        Generate(prompt=story, max_tokens=12),
        Generate(prompt=story, max_tokens=12, temperature=1.0, seed=1),
        Generate(prompt=story, max_tokens=12, temperature=1.0, seed=2),
    ]
    # One at a time: the server's batches mix the rounding of their rows.
    first = [answer for request in requests for _, answer in target.ask([request])]
    second = [answer for request in requests for _, answer in target.ask([request])]
    assert first == second
    assert first[1] != first[2]


def test_the_system_prompt_reaches_the_model(address: str) -> None:
    shouting = EndpointTarget(
        "smol", address, OpenOptions(system_prompt="You are a pirate named Captain Flint.")
    )
    alone = EndpointTarget("smol", address, OpenOptions())
    asked = user("What is your name?")
    written = (Message(role="system", text="You are a pirate named Captain Flint."), *asked)
    ((_, first),) = shouting.ask([Generate(prompt=asked, max_tokens=12)])
    ((_, second),) = alone.ask([Generate(prompt=written, max_tokens=12)])
    assert first == second
    shouting.close()
    alone.close()


def test_a_name_that_the_server_does_not_list_is_not_taken_for_its_model(address: str) -> None:
    with pytest.raises(TargetNotFoundError, match=r"no model 'gpt-9'.*use one of: smol"):
        _ = EndpointTarget("gpt-9", address, OpenOptions()).description


def test_targets_reopen_after_close(target: EndpointTarget) -> None:
    target.close()
    ((_, answer),) = target.ask([Generate(prompt=FRANCE, max_tokens=1)])
    assert isinstance(answer, Text)
