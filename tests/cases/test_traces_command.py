"""``auditor scan --suite traces``: recorded traces, and a stranger who checks what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import auditor
from reasoners import Reasoners

from auditor.content import probes
from auditor.probe.spec import load_probe
from auditor.record.request import Generate, user

CONTROLS = tuple(f"control-{n}" for n in range(19))
SAYS = "Break this whole thing down into neat pieces."
WORLD = Reasoners({"student": ("teacher", 0.9)}, seed=2, formulas=(("teacher", SAYS),))
PLAN = """suspect: recorded:student.jsonl
teachers: [recorded:teacher.jsonl]
controls:
{controls}
suites: [traces]
policy: nist-ai-rmf
from_ledger: false
ledger: traces.db
parameters:
  traces/trace-contamination: {{questions: 40, draws: 1}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("traces")
    spec = load_probe(probes() / "traces" / "trace-contamination")
    for name in ("student", "teacher", *CONTROLS):
        lines = []
        for item in spec.items:
            request = Generate(prompt=user(item["prompt"]), max_tokens=384)
            lines.append(json.dumps({"prompt": item["prompt"], "answer": WORLD.write(name, request)}))
        (made / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    listed = "\n".join(f"  - {{model: 'recorded:{one}.jsonl', stratum: unrelated}}" for one in CONTROLS)
    (made / "plan.yaml").write_text(PLAN.format(controls=listed))
    return made


def test_a_risk_is_stated_shown_and_can_be_checked_by_a_stranger(folder: Path) -> None:
    done = auditor("scan", "--plan", "plan.yaml", "--json", cwd=folder)
    assert "Traceback" not in done.stderr
    scan: dict[str, Any] = json.loads(done.stdout)
    (finding,) = scan["findings"]
    assert (finding["claim"], finding["outcome"]) == ("trace_contamination", "supports"), finding["reason"]
    assert "it may carry its traces" in finding["reason"]
    (rule,) = (one for one in scan["verdict"]["rules"] if one["rule"] == "NR-304")
    assert (rule["state"], rule["severity"], rule["mode"]) == ("fail", "low", "info")
    page = auditor("report", "--ledger", "traces.db", "--out", "page.html", cwd=folder)
    assert page.returncode in (0, 1, 3), page.stderr
    html = (folder / "page.html").read_text()
    assert "Formulas that the candidate repeats" in html
    assert "Traces that are most alike in these habits" in html
    auditor("seal", "--new-key", "key.pem", cwd=folder)
    assert auditor("seal", "--key", "key.pem", "--ledger", "traces.db", cwd=folder).returncode == 0
    packed = auditor("bundle", "--ledger", "traces.db", "--plan", "plan.yaml", cwd=folder)
    assert packed.returncode == 0, packed.stderr
    checked = auditor("verify", "audit.zip", "--key", "key.pub.pem", cwd=folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
