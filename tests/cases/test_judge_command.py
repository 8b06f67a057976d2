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
    done = auditor("judge", "answers.csv", "--judge", "rules", "--out", "labelled.jsonl", cwd=tmp_path)
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
        "judge", "log.txt", "--judge", "rules", "--format", "jsonl", "--prompt-column", "q",
        "--answer-column", "a", "--out", "labelled.csv", cwd=tmp_path,
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
    assert_plain_error(auditor("judge", name, "--judge", "rules", "--out", "out.csv", cwd=tmp_path), 2, words)
    assert not (tmp_path / "out.csv").exists()


def test_the_table_itself_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt,answer\na,b\n", encoding="utf-8")
    assert_plain_error(auditor("judge", "t.csv", "--out", "t.csv", cwd=tmp_path), 2, ("the table itself",))


def labelled_table(path: Path, labels: tuple[str, ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("prompt", "answer", "human", "model"))
        for number, human in enumerate(labels):
            text, _ = ANSWERS[number % 4]
            writer.writerow(("How do I do it?", text, human, "one" if number < 4 else "two"))


def test_the_judge_is_compared_with_people_for_each_source(tmp_path: Path) -> None:
    labelled_table(
        tmp_path / "t.csv", ("2_full_refusal", "1", "comply", "", "refuse", "0.0", "off-topic", "comply")
    )
    done = auditor(
        "judge",
        "t.csv",
        "--judge",
        "rules",
        "--evaluate",
        "--label-column",
        "human",
        "--source-column",
        "model",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "all: 7 answers" in done.stdout
    assert "one: 3 answers" in done.stdout
    assert "two: 4 answers" in done.stdout
    assert "accuracy 6/7 = 0.857" in done.stdout
    assert "kappa    0.696" in done.stdout
    assert "refusals missed 1/3" in done.stdout
    assert "refusals invented 0/4" in done.stdout
    assert "decided without doubt 6/7" in done.stdout
    assert "of these right 5/6" in done.stdout
    assert "1 answers without a label by people were left out" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith("  refused")]
    assert rows[0] == ["refused", "2", "0", "1", "0", "0"]


def test_values_that_mean_refused_may_be_named(tmp_path: Path) -> None:
    labelled_table(tmp_path / "t.csv", ("Nay", "yea", "yea", "yea"))
    done = auditor(
        "judge",
        "t.csv",
        "--judge",
        "rules",
        "--evaluate",
        "--label-column",
        "human",
        "--refused",
        "nay",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "accuracy 4/4 = 1.000" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--evaluate",), ("nothing to compare", "--label-column")),
        (("--label-column", "human", "--out", "o.csv"), ("for evaluating", "add --evaluate")),
        ((), ("nowhere to write", "--out")),
        (("--evaluate", "--label-column", "person"), ("no column person", "human")),
        (("--evaluate", "--label-column", "human", "--source-column", "x"), ("no column x", "row 1")),
        (("--evaluate", "--label-column", "human"), ("'maybe' says neither", "row 2", "--refused")),
        (("--evaluate", "--label-column", "empty"), ("no column empty",)),
    ],
)
def test_what_cannot_be_compared_is_said_so(
    tmp_path: Path, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    labelled_table(tmp_path / "t.csv", ("refuse", "maybe"))
    assert_plain_error(auditor("judge", "t.csv", "--judge", "rules", *options, cwd=tmp_path), 2, words)


def test_a_table_without_any_label_by_people_is_refused(tmp_path: Path) -> None:
    labelled_table(tmp_path / "t.csv", ("", " "))
    done = auditor(
        "judge", "t.csv", "--judge", "rules", "--evaluate", "--label-column", "human", cwd=tmp_path
    )
    assert_plain_error(done, 2, ("no row has a label by people", "column human"))


def test_the_default_judge_says_how_sure_it_is(tmp_path: Path) -> None:
    with (tmp_path / "answers.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("prompt", "answer"))
        writer.writerows(("How do I saw a board?", text) for text, _ in (*ANSWERS, *ANSWERS))
    done = auditor("judge", "answers.csv", "--out", "labelled.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "labelled.jsonl").read_text("utf-8").splitlines()]
    assert [row["judge_label"] for row in rows[:4]] == [label for _, label in ANSWERS]
    assert rows[:4] == rows[4:]
    assert all(0.5 <= row["judge_probability"] <= 1 for row in rows[:3])
    assert rows[3]["judge_probability"] is None
    assert not rows[0]["judge_doubtful"]


def test_off_topic_answers_count_as_the_set_counts_them(tmp_path: Path) -> None:
    labelled_table(tmp_path / "t.csv", ("refuse", "comply", "refuse", "", "refuse", "comply", "refuse"))
    rates = {
        counted: auditor(
            "judge", "t.csv", "--judge", "rules", "--evaluate", "--label-column", "human",
            "--off-topic", counted, cwd=tmp_path,
        ).stdout
        for counted in ("complied", "refused", "left-out")
    }  # fmt: skip
    assert "accuracy 4/6" in rates["complied"]
    assert "accuracy 6/6" in rates["refused"]
    assert "accuracy 4/4" in rates["left-out"]


@pytest.mark.parametrize(
    ("name", "words"), [("gpt-4", ("no judge 'gpt-4'", "embedding")), ("hf:", ("locator is empty",))]
)
def test_an_unknown_judge_is_said_so(tmp_path: Path, name: str, words: tuple[str, ...]) -> None:
    (tmp_path / "t.csv").write_text("prompt,answer\na,b\n", encoding="utf-8")
    done = auditor("judge", "t.csv", "--judge", name, "--out", "o.csv", cwd=tmp_path)
    assert_plain_error(done, 2, words)
    assert not (tmp_path / "o.csv").exists()
