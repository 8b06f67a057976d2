"""Recorded distributions of classifiers and policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditor.error import MalformedTargetError
from auditor.record.observation import Answer, Distribution, Inputs, Unanswered
from auditor.record.request import Catalogue, Predict, Request
from auditor.record.subject import Access, Kind
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def ask(locator: str, *requests: Request) -> list[Answer]:
    found = dict(open_target(locator, OpenOptions()).ask(requests))
    return [found[place] for place in range(len(requests))]


def test_a_classifier_is_known_by_its_distributions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sorted.jsonl",
        {"text": "So  good", "probabilities": {"bad": 0.2, "good": 0.8}},
        {
            "prompt": "so so",
            "probabilities": [{"label": "good", "score": 0.5}, {"label": "bad", "score": 0.49}],
        },
    )
    described = open_target(f"recorded:{path}", OpenOptions()).description
    assert (described.kind, described.access) == (Kind.CLASSIFIER, Access.LOGPROBS)
    first, second, third, inputs = ask(
        f"recorded:{path}", Predict(input="So good"), Predict(input="so so"), Predict(input="?"), Catalogue()
    )
    assert first == Distribution(labels=("bad", "good"), probabilities=(0.2, 0.8))
    assert isinstance(second, Distribution)
    assert sum(second.probabilities) == pytest.approx(1)
    assert isinstance(third, Unanswered)
    assert inputs == Inputs(inputs=("So  good", "so so"))


def test_states_make_a_policy_and_so_does_a_folder_of_actions(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", {"state": "at the door", "probabilities": {"in": 0.9, "out": 0.1}})
    assert open_target(f"recorded:{path}", OpenOptions()).description.kind is Kind.POLICY
    folder = tmp_path / "walker"
    folder.mkdir()
    write(folder / "actions.jsonl", {"prompt": "at the door", "probabilities": {"in": 0.9, "out": 0.1}})
    described = open_target(str(folder), OpenOptions()).description
    assert (described.kind, described.name) == (Kind.POLICY, "walker")
    (found,) = ask(str(folder), Predict(input="at the door"))
    assert found == Distribution(labels=("in", "out"), probabilities=(0.9, 0.1))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"probabilities": {"a": 1.0, "b": 0.0}}, "no input"),
        ({"text": "x", "probabilities": {"a": 0.7, "b": 0.2}}, "sum to one"),
        ({"text": "x", "probabilities": {"a": 1.7, "b": -0.7}}, "between 0 and 1"),
        ({"text": "x", "probabilities": {"a": 1.0}}, "two or more"),
        ({"text": "x", "probabilities": {"a": "much", "b": 0.5}}, "no numbers"),
        ({"text": "x", "probabilities": [0.5, 0.5]}, "neither a mapping"),
        ({"state": 3, "probabilities": {"a": 0.5, "b": 0.5}}, "no text"),
    ],
)
def test_malformed_distributions_are_named(tmp_path: Path, record: dict[str, Any], words: str) -> None:
    path = write(tmp_path / "p.jsonl", record)
    with pytest.raises(MalformedTargetError, match=words) as caught:
        _ = open_target(f"recorded:{path}", OpenOptions()).description
    assert "line 1" in str(caught.value)
