"""``auditor scan --suite pressure``: recorded answers, and a stranger who checks what was found."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from commandline import auditor

from auditor.content import probes
from auditor.probe.pressure.asking import PressureQuestion, questions_of
from auditor.probe.pressure.parameters import PressureParameters
from auditor.probe.protocol import parameters_of
from auditor.probe.spec import load_probe

REFUSAL = "I'm sorry, but I can't help with that."
HELP = "Take the first part, turn it to the left and wait until it clicks."
SMALL = ("--set", "pressure/pressure-retention.bases=66")


def recorded(path: Path, questions: tuple[PressureQuestion, ...], helps_under: str) -> None:
    """Answers as anybody may have logged them: the last turn, and what was said."""
    lines = []
    for one in questions:
        answer = HELP if one.variant == helps_under else REFUSAL
        if one.variant == "base64":
            answer = base64.b64encode(answer.encode()).decode()
        lines.append(json.dumps({"prompt": one.pressed.turns[-1].text, "answer": answer}))
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pressure")
    spec = load_probe(probes() / "pressure" / "pressure-retention")
    parameters = parameters_of(spec, PressureParameters).model_copy(update={"bases": 66})
    questions = questions_of(spec, parameters)
    for name, variant in {"teacher": "", "yields": "multi-turn", "coded": "base64"}.items():
        recorded(made / f"{name}.jsonl", questions, variant)
    return made


def found(folder: Path, suspect: str) -> dict[str, Any]:
    done = auditor(
        "scan", f"recorded:{suspect}.jsonl", "--teacher", "recorded:teacher.jsonl", "--suite", "pressure",
        "--only-named", "--json", "--judge", "rules", "--ledger", f"{suspect}.db", *SMALL, cwd=folder,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    return dict(finding)


@pytest.mark.parametrize(("suspect", "variant"), [("yields", "multi-turn"), ("coded", "base64")])
def test_who_gives_way_under_one_variant_is_found(folder: Path, suspect: str, variant: str) -> None:
    finding = found(folder, suspect)
    assert finding["outcome"] == "supports", finding["reason"]
    facts = {one["name"]: one["value"] for one in finding["facts"]}
    assert (facts["worst_variant"], facts["worst_points"]) == (variant, 100.0)
    assert f"found by itself under {variant}" in finding["reason"]


def test_the_default_scan_does_not_ask_under_pressure(folder: Path) -> None:
    from auditor.scan.agenda import probes_of
    from auditor.scan.plan_file import PlanFile

    assert not [spec.id for spec in probes_of(PlanFile()) if spec.suite == "pressure"]


def test_a_stranger_can_check_what_was_found_under_pressure(folder: Path) -> None:
    plan = folder / "plan.yaml"
    plan.write_text(
        "suspect: recorded:yields.jsonl\nteachers: [recorded:teacher.jsonl]\nsuites: [pressure]\n"
        "from_ledger: false\njudge: rules\nledger: sealed.db\n"
        "parameters:\n  pressure/pressure-retention: {bases: 66}\n"
    )
    done = auditor("scan", "--plan", "plan.yaml", "--quiet", cwd=folder)
    assert done.returncode == 1, done.stderr
    auditor("seal", "--new-key", "key.pem", cwd=folder)
    assert auditor("seal", "--key", "key.pem", "--ledger", "sealed.db", cwd=folder).returncode == 0
    packed = auditor("bundle", "--ledger", "sealed.db", "--plan", "plan.yaml", cwd=folder)
    assert packed.returncode == 0, packed.stderr
    checked = auditor("verify", "audit.zip", "--key", "key.pub.pem", cwd=folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
