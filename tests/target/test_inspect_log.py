"""Inspect logs, written by Inspect itself and by hand: what was asked, what was answered, what is broken."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from examination import subject
from hypothesis import given
from hypothesis import strategies as st

from auditor import content
from auditor.error import MalformedTargetError, UsageError
from auditor.probe.benchmark.asking import BenchmarkAsking, BenchmarkTwinsParameters
from auditor.probe.benchmark.file import read_benchmarks
from auditor.probe.benchmark.item import items_of
from auditor.probe.registry import load_suites
from auditor.record.observation import Observations, Text, Unanswered
from auditor.record.request import Generate, user
from auditor.record.subject import Access, Role
from auditor.target.inspect_log import InspectLogError, is_inspect_log, read_inspect_log
from auditor.target.protocol import OpenOptions
from auditor.target.recorded import RecordedTarget

GENUINE = Path(__file__).parent / "inspect_logs"


def log(*samples: dict[str, Any], model: str | None = "house/model") -> dict[str, Any]:
    """A log by hand, with what this tool reads of one."""
    return {"version": 2, "status": "success", "eval": {"model": model}, "samples": list(samples)}


def sample(**more: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "Yes."}
    return {
        "id": 1,
        "epoch": 1,
        "input": "Is it?",
        "target": "yes",
        "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Is it? Say."}, said],
        "output": {"choices": [{"message": said, "stop_reason": "stop"}]},
        **more,
    }


def packed(*documents: tuple[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, document in documents:
            archive.writestr(name, json.dumps(document))
    return stream.getvalue()


def target(path: Path) -> RecordedTarget:
    return RecordedTarget(path, OpenOptions())


def test_a_genuine_archive_is_read() -> None:
    """As later versions pack it, by Zstandard."""
    data = (GENUINE / "quiz.eval").read_bytes()
    assert is_inspect_log(data)
    found = read_inspect_log(data)
    assert [one.id for one in found] == [f"q{number}" for number in range(24)]
    second = found[1]
    assert second.question == "Which word belongs to number 1?"
    assert second.choices == ("amber 1", "birch 1", "cedar 1", "dune 1")
    assert second.targets == ("B",)
    assert second.answer == "I think B is it, after all.\n\nANSWER: B"
    assert second.prompt.endswith("A) amber 1\nB) birch 1\nC) cedar 1\nD) dune 1")
    assert second.model == "mockllm/model"


def test_a_genuine_document_is_a_recorded_model() -> None:
    model = target(GENUINE / "sums.json")
    assert model.description.name == "mockllm/model"
    answers = [answer for _, answer in model.ask([said("What is 0 + 2?"), said("What is 9 + 2?")])]
    assert answers[0] == Text(text="It is 2.", finish="stop")
    assert isinstance(answers[1], Unanswered)


def said(prompt: str) -> Generate:
    return Generate(prompt=user(prompt), max_tokens=8)


def test_a_genuine_archive_is_benchmark_and_model_at_once() -> None:
    """Items are put in the words of the log, answers found by them, and agree with its own scores."""
    rows = read_benchmarks((str(GENUINE / "quiz.eval"),))
    assert [one["id"] for one in rows] == [f"q{number}" for number in range(24)]
    assert (rows[1]["answer"], rows[1]["category"]) == ("birch 1", "words")
    samples = read_inspect_log((GENUINE / "quiz.eval").read_bytes())
    with_words = [{**row, "context": one.prompt} for row, one in zip(rows, samples, strict=True)]
    questions = [one.published for one in items_of(with_words, 400, "")]
    (spec,) = load_suites(("benchmark/twin-difference",), (content.probes(),))
    suspect = subject(Role.SUSPECT, "suspect", Access.TEXT)
    asking = BenchmarkAsking(spec, BenchmarkTwinsParameters(), Observations((suspect,), 1))
    requests = [asking.request(suspect, one) for one in questions]
    answers = dict(target(GENUINE / "quiz.eval").ask(requests))
    right = [one.is_right(one.said(answers[place]) or "") for place, one in enumerate(questions)]
    assert right == [number % 4 != 3 for number in range(24)]


@pytest.mark.parametrize("archive", [False, True])
def test_both_forms_say_the_same(tmp_path: Path, archive: bool) -> None:
    document = log(sample(), sample(id=2, output={"choices": []}), sample(id=3, error={"message": "out"}))
    header = {key: value for key, value in document.items() if key != "samples"}
    samples = [(f"samples/{one['id']}_epoch_1.json", one) for one in document["samples"]]
    data = packed(*samples, ("header.json", header)) if archive else json.dumps(document).encode()
    path = tmp_path / "log"
    path.write_bytes(data)
    found = read_inspect_log(data)
    assert [(one.id, one.answer) for one in found] == [("1", "Yes."), ("2", None), ("3", None)]
    assert found[0].prompt == "Is it? Say."
    assert target(path).description.details[1] == ("recorded answers", "1")


def test_words_are_found_wherever_they_stand() -> None:
    """In parts, attached, and in turns; pictures and thoughts are no part of an answer."""
    parts = [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "attachment://a"}]
    turns = [
        {"role": "user", "content": "First?"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": [{"type": "image", "image": "x"}, {"type": "text", "text": "Second?"}]},
        {"role": "assistant", "content": parts},
        {"role": "user", "content": "Thanks."},
    ]
    output = {"choices": [{"message": turns[3], "stop_reason": "max_tokens"}]}
    one = sample(messages=turns, input=turns[:3], output=output, attachments={"a": "Two."}, target=["x", "y"])
    (found,) = read_inspect_log(json.dumps(log(one)).encode())
    assert (found.question, found.prompt, found.answer) == ("Second?", "Second?", "Two.")
    assert (found.finish, found.targets, found.choices) == ("max_tokens", ("x", "y"), ())


def test_a_run_that_broke_off_is_read_as_far_as_it_went() -> None:
    start = {"version": 2, "eval": {"model": "m"}, "plan": {}}
    found = read_inspect_log(packed(("_journal/start.json", start), ("samples/1_epoch_1.json", sample())))
    assert [one.model for one in found] == ["m"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (packed(("samples/1_epoch_1.json", sample())), "without a header"),
        (packed(("header.json", [1])), "no JSON object in header.json"),
        (packed(("header.json", {}))[:-30], "no readable archive"),
        (json.dumps(log(model=None)).encode(), "names no model"),
        (json.dumps(log(sample(id=""))).encode(), "no id in sample 1"),
        (json.dumps(log(sample(input=[]))).encode(), "no question in sample 1"),
        (json.dumps(log(sample())).encode()[:-4], "not JSON"),
        ((GENUINE / "quiz.eval").read_bytes().replace(b"\x28\xb5\x2f\xfd", b"zstd"), "cannot be unpacked"),
    ],
    ids=["no-header", "list", "torn", "no-model", "no-id", "no-question", "cut", "packed"],
)
def test_what_is_wrong_is_said_plainly(tmp_path: Path, data: bytes, complaint: str) -> None:
    with pytest.raises(InspectLogError, match=complaint):
        read_inspect_log(data)
    path = tmp_path / "log.eval"
    path.write_bytes(data)
    with pytest.raises(MalformedTargetError, match=f"the Inspect log .*{complaint}"):
        _ = target(path).description
    with pytest.raises(UsageError, match=complaint):
        read_benchmarks((str(path),))


def test_an_item_with_several_right_options_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log(sample(choices=["a", "b"], target=["A", "B"]))))
    with pytest.raises(UsageError, match="'A,B' is none of the options"):
        read_benchmarks((str(path),))


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    for start in (b"PK\x03\x04", b'{"version": 2, "status": "'):
        with pytest.raises(InspectLogError):
            read_inspect_log(start + data)


def test_other_files_are_no_such_logs() -> None:
    assert not is_inspect_log(b'{"prompt": "a", "answer": "b"}\n')
    assert not is_inspect_log(b'[{"version": 2, "status": "success"}]')
