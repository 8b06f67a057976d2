"""``auditor scan`` as a user meets it: an answer, an interruption, a second process, wrong input."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from commandline import SMALL, assert_plain_error, auditor, command, environment


def report_of(folder: Path, ledger: str) -> dict[str, object]:
    done = auditor("report", "--ledger", ledger, "--json", cwd=folder)
    body: dict[str, object] = json.loads(done.stdout)
    return body


def records(ledger: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(ledger) as connection:
        return connection.execute(
            "select kind, body from evidence where kind = 'observation' order by seq"
        ).fetchall()


#: What may differ between two runs of the same plan: names and times of the runs, and the seal over them.
PASSING = ("run", "started_at", "finished_at", "root")


def test_ancestry_of_a_pruned_copy_is_supported_and_of_a_stranger_is_not(
    teacher: Path, pruned: Path, stranger: Path, tmp_path: Path
) -> None:
    """Equal configuration, shape and tokenizer prove nothing: only the weights do."""
    for suspect, expected in ((pruned, "supports"), (stranger, "does_not_support")):
        done = auditor(
            "scan",
            suspect,
            "--teacher",
            teacher,
            "-s",
            "lineage/weight-alignment",
            "--only-named",
            "--json",
            cwd=tmp_path,
        )
        found = [one for one in json.loads(done.stdout)["findings"] if one["claim"] == "ancestry"]
        assert [one["outcome"] for one in found] == [expected], done.stdout
        assert done.returncode in (1, 3)


def test_one_model_alone_is_useful_and_says_what_would_help(pruned: Path, tmp_path: Path) -> None:
    done = auditor("scan", pruned, *SMALL, "--json", cwd=tmp_path)
    body = json.loads(done.stdout)
    measured = [one for one in body["findings"] if one["outcome"] != "not_applicable"]
    assert any(one["claim"] == "benchmark_overfit" for one in measured)
    assert "--teacher" in " ".join(body["advice"])
    assert done.returncode == 3


def test_a_later_scan_meets_the_teachers_that_the_ledger_knows(
    teacher: Path, pruned: Path, stranger: Path, tmp_path: Path
) -> None:
    suite = ("-s", "lineage/weight-alignment")
    auditor("scan", pruned, "--teacher", teacher, *suite, cwd=tmp_path)
    body = json.loads(auditor("scan", stranger, *suite, "--json", cwd=tmp_path).stdout)
    assert [one["name"] for one in body["plan"]["subjects"] if one["role"] == "teacher"] == ["teacher"]
    assert body["reused"] > 0


@pytest.mark.timeout(900)
def test_killed_at_any_moment_it_goes_on_and_ends_with_the_same_report(
    teacher: Path, pruned: Path, tmp_path: Path
) -> None:
    arguments = ("scan", pruned, "--teacher", teacher, *SMALL, "--quiet", "--ledger")
    whole = auditor(*arguments, "whole.db", cwd=tmp_path)
    expected = report_of(tmp_path, "whole.db")
    moments = random.Random(11)
    kills = 0
    for _ in range(12):
        process = subprocess.Popen(command(*arguments, "killed.db"), cwd=tmp_path, env=environment())
        before = len(records(tmp_path / "killed.db")) if (tmp_path / "killed.db").exists() else 0
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if (tmp_path / "killed.db").exists() and _answered(tmp_path / "killed.db") > before:
                break
            time.sleep(0.01)
        time.sleep(moments.random() * 0.5)
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        if kills == 3:
            break
    assert kills >= 2
    assert auditor("ledger", "verify", "--ledger", "killed.db", cwd=tmp_path).returncode == 0
    last = auditor(*arguments, "killed.db", cwd=tmp_path)
    assert last.returncode == whole.returncode, last.stderr
    seen = report_of(tmp_path, "killed.db")
    assert {k: v for k, v in seen.items() if k not in PASSING} == {
        k: v for k, v in expected.items() if k not in PASSING
    }
    bodies = records(tmp_path / "killed.db")
    assert len(bodies) == len(set(bodies)) == len(records(tmp_path / "whole.db")), "something was asked twice"
    assert auditor("ledger", "verify", "--ledger", "killed.db", cwd=tmp_path).returncode == 0


def _answered(ledger: Path) -> int:
    try:
        return len(records(ledger))
    except sqlite3.OperationalError:
        return 0  # not migrated yet


def test_a_drawn_seed_is_kept_when_the_scan_goes_on(pruned: Path, tmp_path: Path) -> None:
    arguments = ("scan", pruned, "-s", "overfitting", "--quiet")
    process = subprocess.Popen(command(*arguments), cwd=tmp_path, env=environment())
    while process.poll() is None and not (
        (tmp_path / "audit.db").exists() and _answered(tmp_path / "audit.db")
    ):
        time.sleep(0.01)
    assert process.poll() is None
    process.kill()
    process.wait()
    assert auditor(*arguments, cwd=tmp_path).returncode == 3
    runs = json.loads(auditor("ledger", "runs", "--json", cwd=tmp_path).stdout)
    assert len(runs) == 1


def test_two_processes_on_one_ledger(teacher: Path, pruned: Path, tmp_path: Path) -> None:
    arguments = command(
        "scan", pruned, "--teacher", teacher, "--set", "overfitting/twin-gap.items=9000", "-q"
    )
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment()) as first:
        while first.poll() is None and not (
            (tmp_path / "audit.db").exists() and _answered(tmp_path / "audit.db")
        ):
            time.sleep(0.01)
        second = auditor("scan", pruned, "-s", "overfitting", cwd=tmp_path)
        assert first.poll() is None, "the first scan was over too soon to stand in the way"
        first.kill()
    assert_plain_error(second, 5, ["audit.db"])
    assert auditor("ledger", "verify", cwd=tmp_path).returncode == 0


def test_other_weights_in_the_same_folder_are_noticed(teacher: Path, stranger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(teacher, folder)
    first = json.loads(auditor("models", "inspect", folder, "--json", cwd=tmp_path).stdout)
    times = (folder / "model.safetensors").stat()
    shutil.copy(stranger / "model.safetensors", folder / "model.safetensors")
    os.utime(folder / "model.safetensors", ns=(times.st_atime_ns, times.st_mtime_ns))
    second = json.loads(auditor("models", "inspect", folder, "--json", cwd=tmp_path).stdout)
    assert first["digest"] != second["digest"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("./nowhere",), 2, ["nowhere", "folder"]),
        (("empty",), 2, ["empty", "weights"]),
        (("pickled",), 2, ["--allow-pickle"]),
        (("corrupt",), 2, ["safetensors"]),
        (("untokenized",), 2, ["tokenizer"]),
        (("whole", "--suite", "nonsense"), 2, ["nonsense", "lineage"]),
        (("whole", "--set", "refusal/refusal-retention.max_tokens=many"), 2, ["max_tokens"]),
        (("whole", "--policy", "bad.yaml"), 2, ["bad.yaml"]),
        (("whole", "--policy", "none"), 2, ["release-gate"]),
        (("whole", "--plan", "none.yaml"), 2, ["none.yaml"]),
        (("whole", "--control", "cousin=x"), 2, ["same-base"]),
        (("whole", "--teacher", "whole"), 2, ["same model"]),
        (("openai:m@http://127.0.0.1:9/v1",), 5, ["127.0.0.1:9"]),
        (("whole", "--ledger", "empty"), 5, ["empty"]),
        (("whole", "--ledger", "text.db"), 5, ["text.db"]),
        (("whole", "--report", "audit.docx"), 2, [".html"]),
        (("whole", "--calibration", "none.json"), 2, ["none.json", "auditor validate"]),
        (("whole", "--calibration", "text.db"), 2, ["text.db", "not valid JSON"]),
        (("demo:nobody",), 2, ["suspect"]),
        (("recorded:broken.jsonl",), 2, ["broken.jsonl"]),
    ],
)
def test_wrong_input_gets_one_line_and_its_status(
    workplace: Path, arguments: tuple[str, ...], status: int, words: list[str]
) -> None:
    assert_plain_error(auditor("scan", *arguments, cwd=workplace), status, words)


@pytest.fixture(scope="module")
def workplace(teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that can be wrong."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "empty").mkdir()
    for name in ("whole", "pickled", "corrupt", "untokenized"):
        shutil.copytree(teacher, folder / name)
    (folder / "pickled" / "model.safetensors").rename(folder / "pickled" / "pytorch_model.bin")
    body = (folder / "corrupt" / "model.safetensors").read_bytes()
    (folder / "corrupt" / "model.safetensors").write_bytes(body[: len(body) // 2])
    for path in (folder / "untokenized").glob("*token*"):
        path.unlink()
    (folder / "bad.yaml").write_text("rules: [{when: 'finding.p_valu < 0.05'}]")
    (folder / "text.db").write_text("this is no database " * 100)
    (folder / "broken.jsonl").write_text('{"prompt": "a", "answer"\n')
    return folder
