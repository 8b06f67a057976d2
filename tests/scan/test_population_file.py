"""The table of recorded models: every form it may have, every way it may be wrong."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.error import TargetNotFoundError, UsageError
from auditor.record.subject import Access, Role, Subject
from auditor.scan.listener import Silent
from auditor.scan.plan_file import POPULATION_SUITE, PlanFile, load_plan_file
from auditor.scan.population import admit_population
from auditor.scan.population_file import read_population
from auditor.target.protocol import OpenOptions, Target

ROWS = [
    {"name": "one", "answers": "one.jsonl", "organisation": "A", "released": "2024-05", "independent": "yes"},
    {"name": "two", "answers": "two.jsonl", "lineage": "one; A", "independent": "no", "candidate": "yes"},
    {"name": "one again", "answers": "again.jsonl", "sample_of": "one"},
]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def as_csv(rows: list[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_csv_jsonl_and_yaml_say_the_same(tmp_path: Path) -> None:
    found = [
        read_population(written(tmp_path, "p.csv", as_csv(ROWS))),
        read_population(written(tmp_path, "p.jsonl", "\n".join(json.dumps(one) for one in ROWS) + "\n\n")),
        read_population(written(tmp_path, "p.yaml", yaml.safe_dump({"models": ROWS}))),
        read_population(written(tmp_path, "p.json", json.dumps(ROWS))),
    ]
    assert all(one == found[0] for one in found)
    first, second, third = found[0]
    assert first.answers == str(tmp_path.resolve() / "one.jsonl")
    assert (first.may_teach, second.may_teach, second.lineage) == (True, True, ("one", "A"))
    assert dict(first.details) == {"released": "2024-05", "independent": "yes", "candidate": "yes"}
    assert dict(third.details)["candidate"] == "no"


def test_other_spellings_of_columns_and_bare_dates_are_understood(tmp_path: Path) -> None:
    text = "- {Model: m, path: a.json#m, Organization: B, Release Date: 2024-05-13, first_party: true}\n"
    (one,) = read_population(written(tmp_path, "p.yaml", text))
    assert (one.name, one.organisation, one.released, one.independent) == ("m", "B", "2024-05-13", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,answers\n", "no model"),
        ("name,answers\na,\n", "'answers' is missing"),
        ("name,answers,colour\na,b,red\n", "no column 'colour'"),
        ("name,answers,released\na,b,May\n", "'May' is no date"),
        ("name,answers,released\na,b,2024-13\n", "is no date"),
        ("name,answers,independent\na,b,perhaps\n", "neither yes nor no"),
        ("name,answers\na,b\na,c\n", "there twice"),
        ("name,model,answers\na,b,c\n", "'name' is there twice"),
        ("name,answers,sample_of\na,b,c\n", "not in the table"),
        ("name,answers\na,b,c,d\n", "no column"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        read_population(written(tmp_path, "p.csv", text))
    assert "p.csv" in str(caught.value)


@pytest.mark.parametrize(("name", "text"), [("p.jsonl", "{"), ("p.yaml", "[:"), ("p.yaml", "models: 3")])
def test_malformed_files_are_usage_errors(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(UsageError):
        read_population(written(tmp_path, name, text))
    with pytest.raises(UsageError, match="cannot be read"):
        read_population(tmp_path / "missing.csv")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=120), st.sampled_from(["p.csv", "p.jsonl", "p.yaml"]))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "replace"))
    try:
        rows = read_population(path)
    except UsageError:
        return
    assert all(one.name and one.answers for one in rows)


def recorded(folder: Path, name: str, word: str) -> None:
    lines = (json.dumps({"prompt": f"question {n}", "answer": f"{word} {n}"}) for n in range(3))
    written(folder, name, "\n".join(lines) + "\n")


def suspect(digest: str = "sha256:0") -> dict[str, Subject]:
    return {
        digest: Subject(role=Role.SUSPECT, name="s", locator="recorded:s", digest=digest, access=Access.TEXT)
    }


def test_members_carry_what_the_table_says_and_samples_point_to_their_model(tmp_path: Path) -> None:
    for name in ("one", "two", "again"):
        recorded(tmp_path, f"{name}.jsonl", name)
    subjects, targets = suspect(), dict[str, Target]()
    rows = read_population(written(tmp_path, "p.csv", as_csv(ROWS)))
    admit_population(rows, OpenOptions(), subjects, targets, Silent())
    by_name = {one.name: one for one in subjects.values()}
    assert [by_name[one].role for one in ("one", "two", "one again")] == [Role.MEMBER] * 3
    assert by_name["one"].organisation == "A"
    assert by_name["two"].detail("lineage") == "one; A"
    assert by_name["one again"].detail("sample of") == by_name["one"].digest
    assert set(targets) == {one.digest for one in subjects.values()} - {"sha256:0"}


def test_a_recording_that_is_the_suspects_own_tells_of_the_suspect(tmp_path: Path) -> None:
    recorded(tmp_path, "one.jsonl", "one")
    rows = read_population(written(tmp_path, "p.csv", as_csv(ROWS[:1])))
    probe, targets = suspect(), dict[str, Target]()
    admit_population(rows, OpenOptions(), probe, targets, Silent())
    own = suspect(next(iter(targets)))
    admit_population(rows, OpenOptions(), own, {}, Silent())
    (one,) = own.values()
    assert (one.role, one.name, one.organisation) == (Role.SUSPECT, "s", "A")
    assert one.detail("released") == "2024-05"


def test_a_second_sample_with_the_very_same_answers_is_refused(tmp_path: Path) -> None:
    recorded(tmp_path, "one.jsonl", "one")
    recorded(tmp_path, "again.jsonl", "one")
    rows = read_population(written(tmp_path, "p.csv", as_csv([ROWS[0], ROWS[2]])))
    assert len(rows) == 2
    subjects = suspect()
    admit_population(rows, OpenOptions(), subjects, {}, Silent())
    assert len(subjects) == 2  # the copy is left out: it would show a floor of 1


def test_missing_answers_are_named_with_their_model(tmp_path: Path) -> None:
    rows = read_population(written(tmp_path, "p.csv", as_csv(ROWS[:1])))
    with pytest.raises(TargetNotFoundError, match="answers of one"):
        admit_population(rows, OpenOptions(), suspect(), {}, Silent())


def test_a_plan_names_its_population_beside_itself_and_asks_its_suite(tmp_path: Path) -> None:
    plan = load_plan_file(written(tmp_path, "plan.yaml", "suspect: s\npopulation: p.csv\n"))
    assert plan.population == tmp_path.resolve() / "p.csv"
    assert POPULATION_SUITE in plan.asked_suites
    assert PlanFile(population=Path("p.csv"), suites=("refusal",)).asked_suites == ("refusal",)
    assert POPULATION_SUITE not in PlanFile().asked_suites
