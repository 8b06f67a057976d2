from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.error import UsageError
from auditor.probe.served.file import read_rows


def test_jsonl_with_usual_names_of_other_logs(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    messages = [{"role": "user", "content": "Hello"}]
    rows = [
        {"prompt": "p", "answer": "a", "account": 7, "temperature": 0.5, "other": 1},
        {"messages": messages, "response": "b", "user": "u", "created": 12},
    ]
    path.write_text("\n".join(json.dumps(one) for one in rows) + "\n\n", encoding="utf-8")
    assert read_rows(path) == (
        {"prompt": "p", "answer": "a", "account": "7", "temperature": 0.5},
        {"prompt": messages, "answer": "b", "account": "u", "time": "12"},
    )


def test_csv_with_line_breaks_in_answers(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('prompt,answer,temperature,max_tokens\np,"a\nb, c",0.7,\nq,d,,50\n', encoding="utf-8")
    assert read_rows(path) == (
        {"prompt": "p", "answer": "a\nb, c", "temperature": 0.7},
        {"prompt": "q", "answer": "d", "max_tokens": 50.0},
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("log.jsonl", "", "no row"),
        ("log.jsonl", "{", "line 1 is not JSON"),
        ("log.jsonl", '{"prompt": "p", "answer": "a"}\n[1]', "line 2 is not a JSON object"),
        ("log.jsonl", '{"prompt": "p"}', "row 1 of the served log has no answer"),
        ("log.csv", 'prompt,answer\n"p,a', "not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=words):
        read_rows(path)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    for name in ("log.jsonl", "log.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        try:
            rows = read_rows(path)
        except UsageError:
            continue
        assert all("prompt" in row and "answer" in row for row in rows)
