"""``auditor label`` as a user meets it: label, import, agree, conclude, and check what came of it."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commandline import assert_plain_error, auditor, command, environment
from jsonschema import Draft202012Validator
from sealed_runs import recorded

from auditor.attestation.key import new_key
from auditor.ledger import Ledger
from auditor.ledger.queries import QUERIES
from auditor.record.observation import Rated
from auditor.report.schema import report_schema

REFUSAL = "I'm sorry, but I can't help with that."


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scanned")
    student, teacher = recorded(folder / "s.jsonl", False), recorded(folder / "t.jsonl", True)
    done = auditor("scan", student, "--teacher", teacher, "-s", "refusal", "-q", cwd=folder)
    assert done.returncode in (0, 1, 3), done.stderr
    return folder


@pytest.fixture
def folder(scanned: Path, tmp_path: Path) -> Path:
    shutil.copy(scanned / "audit.db", tmp_path / "audit.db")
    return tmp_path


def label(folder: Path, *arguments: str, status: int = 0) -> str:
    done = auditor("label", *arguments, cwd=folder)
    assert done.returncode == status, done.stderr
    return done.stdout


def export(folder: Path, name: str = "sample.jsonl", *arguments: str) -> list[dict[str, Any]]:
    label(folder, "--rater", "anna", "--export", name, *arguments)
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def fill(folder: Path, rows: list[dict[str, Any]], says: Callable[[dict[str, Any]], str]) -> None:
    filled = [{**row, "label": says(row)} for row in rows]
    (folder / "filled.jsonl").write_text("".join(json.dumps(row) + "\n" for row in filled), "utf-8")


def truth(row: dict[str, Any]) -> str:
    return "refuse" if row["answer"] == REFUSAL else "comply"


def grades(folder: Path) -> list[Rated]:
    with Ledger.open(folder / "audit.db", readonly=True) as ledger:
        whole = ledger.verify()
        assert whole.records > 0
        raters = [one.digest for one in ledger.known_subjects() if one.role == "rater"]
        return [one.answer for one in ledger.observations(raters) if isinstance(one.answer, Rated)]


def test_an_export_is_blind_and_the_same_again(folder: Path) -> None:
    rows = export(folder, "sample.jsonl", "--size", "30")
    assert len(rows) == 60
    assert set(rows[0]) == {"id", "prompt", "answer", "label"}
    assert {row["label"] for row in rows} == {""}
    assert rows == export(folder, "again.jsonl", "--size", "30")
    assert rows != export(folder, "other.jsonl", "--size", "30", "--seed", "8")
    assert grades(folder) == []


def test_imported_labels_are_evidence_with_their_design(folder: Path) -> None:
    rows = export(folder, "sample.jsonl", "--size", "30")
    fill(folder, rows, truth)
    said = label(folder, "--rater", "anna", "--labels", "filled.jsonl", "--size", "30")
    assert "60 labels are new or changed" in said
    assert "60 of 60 answers are labelled" in said
    held = grades(folder)
    assert len(held) == 60
    assert all(0 < one.inclusion < 1 or one.stratum_size <= 2 for one in held)
    assert sum({one.stratum: one.stratum_size for one in held}.values()) == held[0].population
    again = label(folder, "--rater", "anna", "--labels", "filled.jsonl", "--size", "30")
    assert "0 labels are new or changed" in again
    fill(folder, rows[:1], lambda _: "unsure")
    changed = label(folder, "--rater", "anna", "--labels", "filled.jsonl", "--size", "30")
    assert "1 labels are new or changed" in changed
    assert max(one.revision for one in grades(folder)) == 1
    with sqlite3.connect(folder / "audit.db") as connection:
        listed = connection.execute(QUERIES["labels"].sql, {"rater": "anna"}).fetchall()
    assert len(listed) == 60
    (unsure,) = (row for row in listed if row[4] == "unsure")
    assert (unsure[0], unsure[3], unsure[5]) == ("anna", rows[0]["answer"], 1)
    assert all(row[4] == truth({"answer": row[3]}) for row in listed if row != unsure)


def test_a_csv_of_labels_is_read(folder: Path) -> None:
    label(folder, "--rater", "anna", "--export", "sample.csv", "--size", "10")
    with (folder / "sample.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "filled.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "label"])
        writer.writeheader()
        writer.writerows({"id": row["id"], "label": " Refuse "} for row in rows)
    said = label(folder, "--rater", "anna", "--labels", "filled.csv", "--size", "10")
    assert f"{len(rows)} labels are new" in said


def test_two_raters_agreement_is_printed(folder: Path) -> None:
    rows = export(folder)
    fill(folder, rows, truth)
    label(folder, "--rater", "anna", "--labels", "filled.jsonl")
    fill(folder, rows, lambda row: "refuse" if row["id"] == rows[0]["id"] else truth(row))
    said = label(folder, "--rater", "bob", "--labels", "filled.jsonl")
    assert "anna and bob: " in said
    assert "of 120 alike (refused or not), kappa " in said
    assert "95 % interval" in said


def press(folder: Path, pressed: str, *arguments: str) -> str:
    """Run the screen on a terminal of its own, and press each key once the screen asks for it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("label", *arguments),
        cwd=folder,
        env=environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown, waiting = b"", list(pressed)
    try:
        while select.select([ours], [], [], 60)[0]:
            shown += os.read(ours, 65536)
            if waiting and shown.count(b"q quit") > len(pressed) - len(waiting):
                os.write(ours, waiting.pop(0).encode())
    except OSError:  # Linux's way to say that nobody holds the other end any more
        assert process.wait(60) == 0, shown.decode()
    finally:
        os.close(ours)
        process.kill()
    assert waiting == []
    return shown.decode()


def test_keys_on_the_screen_and_going_on(folder: Path) -> None:
    pressed = press(folder, "rcbpq", "--rater", "anna", "--size", "20")
    assert "2 of 40 answers are labelled" in pressed
    assert [(one.label, one.revision) for one in grades(folder)] == [
        ("refuse", 0), ("comply", 0), ("partial", 1),
    ]  # fmt: skip
    more = press(folder, "r" * 38, "--rater", "anna", "--size", "20")
    assert "40 of 40 answers are labelled" in more
    for secret in ("recorded:", "s.jsonl", "t.jsonl"):
        assert secret not in pressed + more


def test_without_a_terminal_files_are_the_way(folder: Path) -> None:
    done = subprocess.run(
        command("label", "--rater", "anna"), cwd=folder, env=environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert_plain_error(done, 2, ("no terminal", "--export"))


@pytest.mark.timeout(600)
def test_a_labelled_run_is_corrected_and_can_be_checked_by_a_stranger(folder: Path) -> None:
    rows = export(folder, "sample.jsonl", "--size", "80")
    # Every tenth answer that the judge takes for help is a refusal in a person's eyes.
    fill(folder, rows, lambda row: "refuse" if row["id"][0] == "0" else truth(row))
    label(folder, "--rater", "anna", "--labels", "filled.jsonl", "--size", "80")
    with Ledger.open(folder / "audit.db", readonly=True) as ledger:
        before = ledger.scan()
    label(folder, "--conclude", "--out", "a.html", "--out", "a.md", "--out", "a.json", status=1)
    assert "Refusals lost, judged and corrected" in (folder / "a.html").read_text("utf-8")
    assert "prediction\\-powered" in (text := (folder / "a.md").read_text("utf-8")) or (
        "prediction-powered" in text
    )
    report = json.loads((folder / "a.json").read_text("utf-8"))
    Draft202012Validator(report_schema()).validate(report)
    assert any("corrected for the judge's errors" in one["reason"] for one in report["findings"])
    with Ledger.open(folder / "audit.db", readonly=True) as ledger:
        after = ledger.scan()
        assert ledger.scan(before.run).findings == before.findings
    assert after.run != before.run
    assert (after.asked, after.plan.seed) == (0, before.plan.seed)
    (loss,) = (one for one in after.findings if one.claim == "safety_loss")
    judged, corrected = loss.fact("judged_loss_points"), loss.fact("loss_points")
    assert isinstance(judged, int | float)
    assert isinstance(corrected, int | float)
    assert 80 < corrected < judged
    new_key(folder / "k.pem")
    for words in (("seal", "--key", "k.pem"), ("bundle",)):
        assert auditor(*words, cwd=folder).returncode == 0
    checked = auditor("verify", "audit.zip", "--key", "k.pub.pem", cwd=folder)
    assert checked.returncode == 0, checked.stderr
    assert "findings worked out again from the answers" in checked.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("nobody is named", "--rater NAME")),
        (("--rater", "anna", "--out", "x.html"), ("--conclude",)),
        (("--conclude", "--labels", "x.jsonl"), ("two commands",)),
        (("--conclude",), ("nobody has labelled",)),
        (("--rater", "anna", "--probe", "lineage/other"), ("no refusal probe", "refusal/refusal-retention")),
        (("nothing", "--rater", "anna"), ("no run begins with 'nothing'",)),
        (("--rater", "anna", "--labels", "bad.jsonl"), ("'maybe' is no label", "row 1", "refuse, partial")),
        (("--rater", "anna", "--labels", "other.jsonl"), ("is no answer of this sample",)),
        (("--rater", "anna", "--labels", "twice.jsonl"), ("twice and differently", "row 2")),
    ],
)
def test_what_cannot_be_done_is_said_so(
    folder: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    for name, rows in {
        "bad.jsonl": [{"id": "a", "label": "maybe"}],
        "other.jsonl": [{"id": "a", "label": "refuse"}],
        "twice.jsonl": [{"id": "a", "label": "refuse"}, {"id": "a", "label": "comply"}],
    }.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert_plain_error(auditor("label", *arguments, cwd=folder), 2, words)
    assert grades(folder) == []


def test_a_suspect_alone_has_no_difference_to_correct(tmp_path: Path) -> None:
    student = recorded(tmp_path / "s.jsonl", False)
    auditor("scan", student, "-s", "refusal", "-q", cwd=tmp_path)
    assert_plain_error(
        auditor("label", "--rater", "anna", cwd=tmp_path), 2, ("neither a teacher", "--teacher")
    )
