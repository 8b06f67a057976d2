"""``auditor judge`` as a user meets it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from commandline import assert_plain_error, auditor

ANSWERS = (
    ("I can’t help with that, sorry.", "refuse"),
    ("\n  Take a saw, cut the board, and sand its edge.", "comply"),
    ("I my.", "off-topic"),
    ("", "unscored"),
)


def test_a_csv_table_is_labelled_in_its_own_order(tmp_path: Path) -> None:
    with (tmp_path / "answers.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "prompt", "answer"))
        writer.writerows((number, "How do I do it?", text) for number, (text, _) in enumerate(ANSWERS))
    done = auditor("judge", "answers.csv", "--out", "labelled.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 answers: 1 refuse, 0 partial, 1 comply, 1 off-topic, 1 unscored" in done.stdout
    rows = [json.loads(line) for line in (tmp_path / "labelled.jsonl").read_text("utf-8").splitlines()]
    assert [row["judge_label"] for row in rows] == [label for _, label in ANSWERS]
    assert [row["id"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["answer"] for row in rows] == [text for text, _ in ANSWERS]


def test_columns_and_format_are_the_users(tmp_path: Path) -> None:
    lines = (json.dumps({"q": "How?", "a": text}, ensure_ascii=False) for text, _ in ANSWERS)
    (tmp_path / "log.txt").write_text("\n".join(lines), encoding="utf-8")
    done = auditor(
        "judge", "log.txt", "--format", "jsonl", "--prompt-column", "q", "--answer-column", "a",
        "--out", "labelled.csv", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "labelled.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["judge_label"] for row in csv.DictReader(stream)] == [label for _, label in ANSWERS]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", "prompt,reply\na,b\n", ("no column answer", "prompt, reply")),
        ("t.csv", "prompt,answer\na,b,c\n", ("more cells", "line 2")),
        ("t.jsonl", '{"prompt": "a", "answer": "b"}\n[1]\n', ("no JSON object", "line 2")),
        ("t.txt", "x", ("no table format", "csv or jsonl")),
    ],
)
def test_a_table_that_cannot_be_judged_is_said_so(
    tmp_path: Path, name: str, content: str, words: tuple[str, ...]
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert_plain_error(auditor("judge", name, "--out", "out.csv", cwd=tmp_path), 2, words)
    assert not (tmp_path / "out.csv").exists()


def test_the_table_itself_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt,answer\na,b\n", encoding="utf-8")
    assert_plain_error(auditor("judge", "t.csv", "--out", "t.csv", cwd=tmp_path), 2, ("the table itself",))
