"""Whole recordings as one answer: every known form, further samples, and models that are asked instead."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.record.codec import decode, encode
from auditor.record.observation import Answer, Transcript, Unanswered
from auditor.record.request import Recall, Request, request_digest
from auditor.target.protocol import OpenOptions
from auditor.target.recorded import RecordedTarget
from auditor.target.transcript import no_recording

LINES = [
    {"prompt": "first  question", "answer": "one"},
    {"prompt": "second question", "answer": "two", "temperature": 0.7},
    {"prompt": "first question", "answer": "one again", "seed": 1},
]


def answers(path: Path, *samples: int, model: str | None = None) -> list[Answer]:
    target = RecordedTarget(path, OpenOptions(), model=model)
    return [answer for _, answer in target.ask([Recall(sample=one) for one in samples])]


def test_every_prompt_stands_once_and_further_samples_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in LINES), encoding="utf-8")
    first, second, third = answers(path, 0, 1, 2)
    assert first == Transcript(prompts=("first question", "second question"), answers=("one", "two"))
    assert second == Transcript(prompts=("first question",), answers=("one again",))
    assert isinstance(third, Unanswered)


def test_model_outputs_in_one_list_are_recalled_by_model(tmp_path: Path) -> None:
    path = tmp_path / "model_outputs.json"
    rows = [
        {"instruction": "do", "output": "done", "generator": "m"},
        {"instruction": "do", "output": "did", "generator": "n"},
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    assert answers(path, 0, model="n") == [Transcript(prompts=("do",), answers=("did",))]


def test_likelihoods_alone_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    sample = {"arguments": [["prompt", " answer"]], "resps": [[[-1.0, False]]]}
    path.write_text(json.dumps(sample) + "\n", encoding="utf-8")
    assert isinstance(answers(path, 0)[0], Unanswered)


def test_requests_and_transcripts_survive_the_ledger() -> None:
    said = Transcript(prompts=("a",), answers=("b",))
    assert decode(Answer, encode(said), where="here") == said
    assert decode(Request, encode(Recall(sample=1)), where="here") == Recall(sample=1)
    assert request_digest(Recall()) != request_digest(Recall(sample=1))
    assert "asked" in no_recording().reason
