"""Every layout that people have on disk becomes the same kind of item, and what does not is said plainly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from auditor.error import UsageError
from auditor.probe.benchmark.file import FEWEST, read_benchmarks
from auditor.probe.benchmark.layout import canonical

OPTIONS = ["red", "green", "blue", "grey"]


@pytest.mark.parametrize(
    ("row", "question", "options", "answer"),
    [
        ({"question": "Q", "choices": OPTIONS, "answer": 2, "subject": "art"}, "Q", OPTIONS, "blue"),
        (
            {"question": "Q", "choices": {"text": OPTIONS, "label": list("1234")}, "answerKey": "4"},
            "Q",
            OPTIONS,
            "grey",
        ),
        ({"ctx": "Q", "endings": OPTIONS, "label": "1"}, "Q", OPTIONS, "green"),
        (
            {"question": "Q", "mc1_targets": {"choices": OPTIONS, "labels": [0, 0, 1, 0]}},
            "Q",
            OPTIONS,
            "blue",
        ),
        ({"question": "Q", "answer": "Three and four.\n#### 1,007"}, "Q", [], "1007"),
        (
            {"input": "Q\nOptions:\n(A) red\n(B) green", "target": "(B)"},
            "Q",
            ["red", "green"],
            "green",
        ),
        ({"input": "not ( True ) and True is", "target": "False"}, "not ( True ) and True is", [], "False"),
        ({"question": "Q", "A": "red", "B": "green", "answer": "B"}, "Q", ["red", "green"], "green"),
        ({"prompt": "Q", "options": '["red", "green"]', "answer": "red"}, "Q", ["red", "green"], "red"),
        ({"question": "Q", "answer": 12}, "Q", [], "12"),
        (
            {"doc_id": 3, "target": "1", "doc": {"question": "Q", "choices": OPTIONS, "answer": 1}},
            "Q",
            OPTIONS,
            "green",
        ),
    ],
    ids=[
        "mmlu",
        "arc",
        "hellaswag",
        "truthfulqa",
        "gsm8k",
        "bbh",
        "bbh-short",
        "letters",
        "json",
        "short",
        "lm-eval",
    ],
)
def test_layouts(row: dict[str, Any], question: str, options: list[str], answer: str) -> None:
    item = canonical(row)
    assert (item["question"], item["options"], item["answer"]) == (question, options, answer)
    assert "twin" not in item


def test_a_twin_of_the_users_own_comes_along() -> None:
    twin = {"twin_question": "R", "twin_options": ["1", "2"], "twin_answer": "B"}
    item = canonical({"question": "Q", "choices": ["3", "4"], "answer": 0, **twin})
    assert item["twin"] == {"question": "R", "options": ["1", "2"], "answer": "2"}
    with pytest.raises(UsageError, match="other way round"):
        canonical(
            {
                "question": "Q",
                "answer": "3",
                "twin_question": "R",
                "twin_options": ["1", "2"],
                "twin_answer": "1",
            }
        )


def test_how_common_an_item_is_comes_along_under_either_name() -> None:
    row = {"question": "Q", "choices": OPTIONS, "answer": 1}
    assert canonical({**row, "frequency": "12"})["frequency"] == 12
    assert canonical({**row, "rarity": 12})["frequency"] == -12
    assert "frequency" not in canonical({**row, "rarity": ""})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"question": "Q", "choices": OPTIONS, "answer": 1, "rarity": "often"},
            "rarity 'often' is no number",
        ),
        ({"text": "Q"}, "no known layout"),
        ({"question": "Q", "choices": OPTIONS, "answer": 7}, "none of the 4 options"),
        ({"question": "Q", "choices": OPTIONS, "answer": "pink"}, "none of the options"),
        ({"question": "Q", "choices": ["red", "red"], "answer": 0}, "same"),
        ({"question": "Q", "choices": ["red"], "answer": 0}, "1 options"),
        ({"question": " ", "answer": "4"}, "empty"),
        (
            {"question": "Q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "C"},
            "no label",
        ),
        ({"question": "Q", "mc1_targets": {"choices": ["a", "b"], "labels": [1, 1]}}, "not just one"),
        ({"input": "Q (A) x", "target": "(C)"}, "no option"),
    ],
)
def test_a_row_that_fits_no_layout_is_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        canonical(row)


def rows(count: int = 30) -> list[dict[str, Any]]:
    return [{"question": f"Q{n}", "choices": OPTIONS, "answer": n % 4} for n in range(count)]


def test_every_format_gives_the_same_items(tmp_path: Path) -> None:
    lines, listed, table, columns = (tmp_path / f"b.{end}" for end in ("jsonl", "json", "csv", "parquet"))
    lines.write_text("\n".join(json.dumps(row) for row in rows()) + "\n", encoding="utf-8-sig")
    listed.write_text(json.dumps(rows()))
    table.write_text(
        "question,A,B,C,D,answer\n"
        + "".join(f"Q{n},red,green,blue,grey,{'ABCD'[n % 4]}\n" for n in range(30))
    )
    parquet.write_table(pa.Table.from_pylist(rows()), columns)
    expected = read_benchmarks((str(lines),))
    assert [one["answer"] for one in expected[:4]] == OPTIONS
    for path in (listed, table, columns):
        assert read_benchmarks((str(path),)) == expected


def test_repeated_questions_count_once_and_benchmarks_keep_their_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(json.dumps(rows() + rows(5)))
    found = read_benchmarks((str(tmp_path / "one.json"), str(tmp_path / "two.json")))
    assert [one["benchmark"] for one in found] == ["one"] * 30 + ["two"] * 30
    with pytest.raises(UsageError, match="two benchmarks are called one"):
        read_benchmarks((str(tmp_path / "one.json"), str(tmp_path / "one.json")))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("b.jsonl", "{", "not JSON"),
        ("b.jsonl", "[1, 2]", "not a JSON object"),
        ("b.jsonl", '{"question": "Q", "answer": "1"}\n', f"{FEWEST} are the least"),
        ("b.jsonl", '{"question": "Q", "answer": "1"}\n{"query": "x"}\n', "row 2 of the benchmark"),
        ("b.csv", 'question,answer\n"a,b\n', "not CSV"),
        ("b.parquet", "no parquet", "cannot be read"),
    ],
)
def test_a_bad_file_is_a_usage_error_that_says_where(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(UsageError, match=message) as caught:
        read_benchmarks((str(path),))
    assert caught.value.where == str(path)
    assert caught.value.fix


def test_what_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_benchmarks(("nowhere.jsonl",))
    with pytest.raises(
        UsageError, match=r"needs the package datasets|need the package datasets|cannot be loaded"
    ):
        read_benchmarks(("hub:nobody/nothing",))


def sample(number: int, *, twin: bool = False) -> dict[str, Any]:
    """A line of an lm-eval sample log for a task of multiple choice."""
    options = OPTIONS[::-1] if twin else OPTIONS
    doc = {
        "id": f"t{number}" if twin else f"q{number}",
        "question": f"Q{number}{'?' * twin}",
        "choices": options,
    }
    doc |= {"answer": options.index(OPTIONS[number % 4])} | ({"twin_of": f"q{number}"} if twin else {})
    return {
        "doc_id": number,
        "doc": doc,
        "target": str(doc["answer"]),
        "arguments": {
            f"gen_args_{place}": {"arg_0": f"{doc['question']}\nAnswer:", "arg_1": f" {option}"}
            for place, option in enumerate(options)
        },
        "resps": [[[-1.0 - place, False]] for place in range(4)],
        "filter": "none",
    }


def test_sample_logs_of_items_and_twins_keep_the_words_that_were_asked(tmp_path: Path) -> None:
    for name, twin in (("samples_quiz", False), ("samples_quiz_twin", True)):
        lines = [json.dumps(sample(number, twin=twin)) for number in range(30)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    published, twins = (str(tmp_path / f"{name}.jsonl") for name in ("samples_quiz", "samples_quiz_twin"))
    found = read_benchmarks((published, twins))
    assert len(found) == 30
    assert found[3]["context"] == "Q3\nAnswer:"
    assert found[3]["continuations"] == [f" {one}" for one in OPTIONS]
    (twin,) = found[3]["twins"]
    assert twin["context"] == "Q3?\nAnswer:"
    assert twin["answer"] == found[3]["answer"]
    alone = read_benchmarks((published,))
    assert not any("context" in one for one in alone)
    with pytest.raises(UsageError, match="is the twin of 'q0', which is not there"):
        read_benchmarks((twins,))
