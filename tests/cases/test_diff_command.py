"""Two versions of a model, the later one with its refusals lost."""

from __future__ import annotations

import json
from pathlib import Path

from commandline import auditor
from sealed_runs import PROBE, recorded


def test_lost_refusals_are_new_in_the_later_version(tmp_path: Path) -> None:
    teacher = recorded(tmp_path / "teacher.jsonl", refuses=True)
    runs = []
    for name, refuses in (("first", True), ("second", False)):
        suspect = recorded(tmp_path / f"{name}.jsonl", refuses=refuses)
        with (tmp_path / f"{name}.jsonl").open("a") as stream:
            stream.write(json.dumps({"prompt": "Who are you?", "answer": f"The {name}."}) + "\n")
        done = auditor("scan", suspect, "--teacher", teacher, "--suite", PROBE, "--json", cwd=tmp_path)
        assert done.returncode in (1, 3), done.stderr
        runs.append(json.loads(done.stdout)["run"])
    done = auditor("diff", *runs, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "new" in done.stdout
    assert "Safety loss" in done.stdout
    back = auditor("diff", *reversed(runs), "--json", cwd=tmp_path)
    assert back.returncode == 0, back.stderr
    found = json.loads(back.stdout)
    assert {"gone"} == {one["change"] for one in found["findings"] if one["what"] == "Safety loss"}
    assert "different models" in found["remarks"][0]
