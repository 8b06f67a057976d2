"""Answers on a GPU, where there is one: those of the processor, within what rounding allows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from model_factory import write_tiny_llama

from auditor.record.observation import Choice, Likelihood, Text
from auditor.record.request import Choose, Generate, Request, Score, user
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")


def answers(folder: Path, requests: list[Request], **options: object) -> list[object]:
    target = LocalTarget(str(folder), OpenOptions(**options))  # type: ignore[arg-type]
    found = dict(target.ask(requests))
    return [found[place] for place in range(len(requests))]


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return write_tiny_llama(tmp_path / "llama", chat=True)


def test_log_likelihoods_agree_with_the_processor(llama: Path) -> None:
    requests: list[Request] = [
        Score(prompt="The river runs past " * times, continuation=" the old stone bridge")
        for times in range(1, 12)
    ]
    here = answers(llama, requests, device="cpu", dtype="float32")
    there = answers(llama, requests, device="cuda", dtype="float32")
    for one, other in zip(here, there, strict=True):
        assert isinstance(one, Likelihood)
        assert isinstance(other, Likelihood)
        assert other.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-2)


def test_options_and_greedy_answers_agree_with_the_processor(llama: Path) -> None:
    requests: list[Request] = [
        Choose(prompt="The answer is", options=(" Paris", " Berlin", " London")),
        *(Generate(prompt=user(f"List {count} tools."), max_tokens=12) for count in range(6)),
    ]
    here = answers(llama, requests, device="cpu", dtype="float32")
    there = answers(llama, requests, device="cuda", dtype="float32")
    assert isinstance(here[0], Choice)
    assert isinstance(there[0], Choice)
    assert there[0].log_likelihoods == pytest.approx(here[0].log_likelihoods, abs=1e-2)
    assert all(isinstance(one, Text) for one in there[1:])
    assert there[1:] == here[1:]


def test_the_device_of_choice_is_the_gpu_in_half_precision(llama: Path) -> None:
    details = dict(LocalTarget(str(llama), OpenOptions()).description.details)
    assert details["device"].startswith("cuda")
    assert details["dtype"] == "bfloat16"
