"""``auditor scan --population`` as a user meets it: recordings alone, no model, one answer per lineage."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from commandline import assert_plain_error, auditor
from houses import Town, Ways, model, prompts

SMALL = ("--suite", "text-lineage", "--set", "text-lineage/style-attribution.min_prompts=50", "--seed", "3")


def record(folder: Path, name: str, answers: tuple[str, ...]) -> str:
    lines = (
        json.dumps({"prompt": prompt, "answer": answer})
        for prompt, answer in zip(prompts(len(answers)), answers, strict=True)
    )
    (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{name}.jsonl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A population of 44 independent models, a student of one of them and its second recording."""
    place = tmp_path_factory.mktemp("population")
    town = Town.of()
    rows = []
    for subject, ways in zip(town.subjects, town.ways, strict=True):
        rows.append(
            {
                "name": subject.name,
                "answers": record(place, subject.name, town.answers(subject, ways).answers),
                "organisation": subject.organisation or "",
                "released": "2023-06",
                "independent": "yes",
                "sample_of": "",
            }
        )
    rng = np.random.default_rng(1)
    ways = Ways.drawn(town.count, rng).taking_over(town.ways[0], 0.8, rng)
    student = model("student")
    first = town.answers(student, ways).answers
    record(place, "student", (*first[:-1], "I am ChatGPT, a model trained by OpenAI. " + first[-1]))
    again = record(place, "again", town.answers(student, ways, sample=1).answers)
    rows.append(dict.fromkeys(rows[0], "") | {"name": "again", "answers": again, "sample_of": "suspect"})
    with (place / "population.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return place


def test_a_student_is_named_from_recordings_alone_and_the_evidence_checks_out(folder: Path) -> None:
    command = ("scan", "recorded:student.jsonl", "--population", "population.csv", *SMALL)
    done = auditor(*command, "--json", "-o", "report.html", "-o", "report.md", cwd=folder)
    assert done.returncode == 1, done.stderr + done.stdout[-2000:]
    body = json.loads(done.stdout)
    found = {one["method"]: one for one in body["findings"]}
    identity, style = found["identity_claims"], found["style_attribution"]
    # A recording has no other circumstances, and without a named teacher there is nobody to be ranked for.
    assert {name for name, one in found.items() if one["outcome"] == "not_applicable"} == {
        "noise_floor",
        "text_likeness",
    }
    assert style["outcome"] == "supports"
    assert style["reason"].startswith("two samples of the suspect are")
    teacher = next(one for one in body["plan"]["subjects"] if one["digest"] == style["teacher"])
    assert (teacher["name"], teacher["role"]) == ("free-0-0", "member")
    assert any("free-0-0" in rule["message"] for rule in body["verdict"]["rules"] if rule["state"] == "fail")
    assert identity["outcome"] == "inconclusive"
    assert {one["name"]: one["value"] for one in identity["facts"]}["claimed_maker"] == "OpenAI"
    assert identity["result"]["guarantee"] == "indicative"
    assert len(done.stdout) < 2_000_000, "transcripts are named, not repeated"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Noise floor" in page
    assert "44 recorded models" in page or "45 recorded models" in page
    checked = auditor("ledger", "verify", cwd=folder)
    assert checked.returncode == 0, checked.stderr


def test_a_second_scan_asks_nothing_and_finds_the_same(folder: Path) -> None:
    command = ("scan", "recorded:student.jsonl", "--population", "population.csv", *SMALL, "--json")
    first, second = (json.loads(auditor(*command, cwd=folder).stdout) for _ in range(2))
    assert second["findings"] == first["findings"]
    assert second["asked"] == 0


def test_wrong_tables_end_in_one_line(folder: Path) -> None:
    (folder / "bad.csv").write_text("name,answers\nx,missing.jsonl\n", encoding="utf-8")
    done = auditor("scan", "recorded:student.jsonl", "--population", "bad.csv", *SMALL, cwd=folder)
    assert_plain_error(done, 2, ["answers of x", "missing.jsonl"])
    done = auditor("scan", "recorded:student.jsonl", "--population", "none.csv", *SMALL, cwd=folder)
    assert_plain_error(done, 2, ["cannot be read", "none.csv"])


def test_hostile_names_are_shown_and_not_obeyed(folder: Path) -> None:
    table = (folder / "population.csv").read_text(encoding="utf-8")
    hostile = table.replace("free-0-0,", "<script>alert(1)</script>\x1b[31m,", 1)
    (folder / "hostile.csv").write_text(hostile, encoding="utf-8")
    done = auditor(
        "scan", "recorded:student.jsonl", "--population", "hostile.csv", *SMALL, "--ledger", "h.db",
        "-o", "hostile.html", "-o", "hostile.txt", cwd=folder,
    )  # fmt: skip
    assert done.returncode in (1, 3), done.stderr
    assert "<script>alert" not in (folder / "hostile.html").read_text(encoding="utf-8")
    assert "\x1b[31m" not in (folder / "hostile.txt").read_text(encoding="utf-8") + done.stdout
