"""The plan file: what it reads, what it refuses, and how it meets the flags."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli.init import _quoted
from auditor.error import UsageError
from auditor.record.subject import Stratum
from auditor.scan.plan_file import ControlEntry, PlanFile, TwinEntry, load_plan_file
from auditor.scan.plan_template import TEMPLATE


def written(folder: Path, text: str) -> Path:
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_is_a_valid_plan_and_says_what_the_defaults_are(tmp_path: Path) -> None:
    plan = load_plan_file(written(tmp_path, TEMPLATE.format(suspect="student")))
    defaults = PlanFile()
    assert plan.suspect == "student"
    assert (plan.suites, plan.policy, plan.access) == (defaults.suites, defaults.policy, defaults.access)


def test_every_commented_line_of_the_template_is_valid_too(tmp_path: Path) -> None:
    lines = TEMPLATE.format(suspect="s").splitlines()
    uncommented = [
        line.replace("#  -", "  -", 1).replace("#    ", "    ", 1).replace("#  lineage", "  lineage", 1)
        for line in lines
    ]
    text = (
        "\n".join(uncommented)
        .replace("teachers: []\n  -", "teachers:\n  -")
        .replace("controls: []\n  -", "controls:\n  -")
        .replace("twins: []\n  -", "twins:\n  -")
        .replace("benchmarks: []\n  -", "benchmarks:\n  -")
        .replace("prompts: []\n  -", "prompts:\n  -")
    )
    text = text.replace("parameters: {}\n  l", "parameters:\n  l")
    keys = (
        "base:", "waivers:", "licence:", "seed:", "api_key_env:", "system_prompt:", "served:", "stop_at:",
        "calibration:",
    )  # fmt: skip
    for key in keys:
        text = text.replace(f"# {key}", key)
    plan = load_plan_file(written(tmp_path, text))
    assert plan.base
    assert plan.seed == 7
    assert plan.stop_at == 100
    assert plan.served == tmp_path / "log.jsonl"
    assert plan.benchmarks == ("./mmlu.jsonl",)
    assert plan.prompts == ("./xstest_prompts.csv", "safe=./or-bench-hard-1k.csv")
    assert plan.calibration == tmp_path / "calibration.json"
    assert plan.twins == (TwinEntry(model="./teacher-again-1", teacher="./teacher"),)
    strata = [Stratum.SAME_BASE, Stratum.SAME_DATA, Stratum.SAME_DATA]
    assert [one.stratum for one in plan.controls] == strata
    assert plan.controls[-1].teacher == "./teacher"
    assert plan.parameters["lineage/reference-likelihood"] == {"prompts": 60}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("suspekt: a", "suspekt"),
        ("suspect: [a]", "suspect"),
        ("controls: [{model: a, stratum: cousins}]", "stratum"),
        ("access: {device: cpu, speed: fast}", "speed"),
        ("access: {concurrency: 0}", "concurrency"),
        ("seed: -1", "seed"),
        ("suites: []", "suites"),
        ("suspect: a: b", "YAML"),
        ("- a\n- b", "the file"),
    ],
)
def test_a_malformed_plan_says_where(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(UsageError, match=where) as caught:
        load_plan_file(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "plan.yaml" in str(caught.value)


def test_a_missing_plan_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="auditor init"):
        load_plan_file(tmp_path / "none.yaml")


def test_paths_are_relative_to_the_plan_file(tmp_path: Path) -> None:
    (tmp_path / "student").mkdir()
    (tmp_path / "answers.jsonl").touch()
    (tmp_path / "own.yaml").touch()
    text = (
        "suspect: student\nteachers: ['recorded:answers.jsonl', org/name@v1]\npolicy: own.yaml\nledger: e.db"
    )
    plan = load_plan_file(written(tmp_path, text))
    assert plan.suspect == str(tmp_path / "student")
    assert plan.teachers == (f"recorded:{tmp_path / 'answers.jsonl'}", "org/name@v1")
    assert plan.policy == str(tmp_path / "own.yaml")
    assert plan.ledger == tmp_path / "e.db"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./a", ControlEntry(model="./a")),
        ("same-data=./a", ControlEntry(model="./a", stratum=Stratum.SAME_DATA)),
        (
            "same-data:openai:m@http://h:1/v1=./a",
            ControlEntry(model="./a", stratum=Stratum.SAME_DATA, teacher="openai:m@http://h:1/v1"),
        ),
        (
            "same-base=openai:m@http://h:1/v1?x=y",
            ControlEntry(model="openai:m@http://h:1/v1?x=y", stratum=Stratum.SAME_BASE),
        ),
        ("./odd=name", ControlEntry(model="./odd=name")),
    ],
)
def test_controls_in_short(text: str, expected: ControlEntry) -> None:
    assert ControlEntry.parse(text) == expected


def test_an_unknown_stratum_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="sibling-student"):
        ControlEntry.parse("cousins=./a")


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1))
def test_any_suspect_survives_the_template(name: str) -> None:
    assert yaml.safe_load(TEMPLATE.format(suspect=_quoted(name)))["suspect"] == name
