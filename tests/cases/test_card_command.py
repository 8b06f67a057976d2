"""``auditor card`` as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from commandline import assert_plain_error, auditor


def test_a_card_is_held_against_the_scan_of_the_very_model(
    pruned: Path, teacher: Path, tmp_path: Path
) -> None:
    model = tmp_path / "student"
    shutil.copytree(pruned, model)
    (model / "README.md").write_text("---\nlicense: mit\n---\nTrained from nothing.\n")
    alone = auditor("card", model, cwd=tmp_path)
    assert alone.returncode == 0
    assert "no scan of this model is at hand" in alone.stdout
    auditor("scan", model, "--teacher", teacher, "-s", "lineage/weight-alignment", "-q", cwd=tmp_path)
    assert auditor("card", model, cwd=tmp_path).returncode == 1
    done = auditor("card", model, "--ledger", "audit.db", "--json", "--draft", "d.md", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    body = json.loads(done.stdout)
    assert body["remarks"][0]["kind"] == "contradiction"
    assert body["draft"] == (tmp_path / "d.md").read_text()
    assert f"base_model: {teacher.name}" in body["draft"]
    assert body["compute"]["own"]["basis"] == "the card states no number of training tokens"
    assert "2025-07-18" in body["compute"]["marks"][0]
    (model / "README.md").write_text(
        f"---\nlicense: mit\nbase_model: {teacher.name}\nbase_model_relation: finetune\n---\nPruned.\n"
    )
    mended = auditor("card", model, "--ledger", "audit.db", cwd=tmp_path)
    assert mended.returncode == 0, mended.stdout


def test_another_models_scan_is_refused(pruned: Path, teacher: Path, tmp_path: Path) -> None:
    auditor("scan", pruned, "--teacher", teacher, "-s", "lineage/weight-alignment", "-q", cwd=tmp_path)
    assert auditor("card", teacher, cwd=tmp_path).returncode == 0
    done = auditor("card", teacher, "--ledger", "audit.db", cwd=tmp_path)
    assert_plain_error(done, 2, ("no finished scan of this model", "auditor scan"))
    assert_plain_error(auditor("card", tmp_path / "nothing", cwd=tmp_path), 2, ("nothing",))


def test_figures_that_do_not_fit_together_contradict_the_card(teacher: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(teacher, model)
    (model / "README.md").write_text("---\nlicense: mit\n---\nIt took 1e13 FLOP.\n")
    assert auditor("card", model, cwd=tmp_path).returncode == 0
    (tmp_path / "summary.txt").write_text("It was trained on 2T tokens of our own.")
    done = auditor("card", model, "--summary", "summary.txt", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "the stated operations come to 1e+13 FLOP" in " ".join(done.stdout.split())
    assert_plain_error(auditor("card", model, "--summary", "none", cwd=tmp_path), 2, ("summary",))
