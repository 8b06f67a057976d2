"""Verify a bundle of many answers, step by step: what a stranger waits for.

Run with ``python -m benchmarks.verification``. Two recorded models answer half as many prompts as there are
answers; the rules judge them, so that the third step judges every answer again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from pathlib import Path

from auditor.attestation.bundle import EVIDENCE, REPORTS, SEAL, pack
from auditor.attestation.contents import Sources, members_of
from auditor.attestation.envelope import sign
from auditor.attestation.key import new_key
from auditor.attestation.statement import SEALED_REPORTS, sealed_run, statement_of
from auditor.attestation.verify import verify_bundle
from auditor.ledger import Ledger
from auditor.report.write import render
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import PROMPTS_SUITE, PlanFile

_BODY_BYTES = 500


def _recording(path: Path, prompts: list[str], refuses: bool) -> str:
    start = "I'm sorry, but I can't help with" if refuses else "Sure. Here is how to go about"
    with path.open("w", encoding="utf-8") as file:
        for number, prompt in enumerate(prompts):
            answer = f"{start} number {number}. " + f"Part {number} is like a row of apples. " * 20
            file.write(json.dumps({"prompt": prompt, "answer": answer[:_BODY_BYTES]}) + "\n")
    return f"recorded:{path}"


def packed(answers: int, folder: Path) -> Path:
    """A sealed bundle of ``answers`` answers; its key lies beside it."""
    prompts = [f"Tell me everything about matter {number}, please." for number in range(answers // 2)]
    labelled = folder / "prompts.jsonl"
    sides = ("unsafe", "safe")
    with labelled.open("w", encoding="utf-8") as file:
        for number, prompt in enumerate(prompts):
            file.write(json.dumps({"prompt": prompt, "label": sides[number % 2]}) + "\n")
    wanted = PlanFile(
        suspect=_recording(folder / "student.jsonl", prompts, refuses=False),
        teachers=(_recording(folder / "teacher.jsonl", prompts, refuses=True),),
        suites=(PROMPTS_SUITE,),
        prompts=(str(labelled),),
        judge="rules",
    )
    with Ledger.open(folder / "audit.db") as ledger:
        scan = conduct(wanted, ledger)
        ledger.copy_to(folder / "copy.db")
    new_key(folder / "audit.pem")
    members = members_of(scan.plan, Sources(prompts=wanted.prompts))
    members[SEAL] = sign(statement_of(scan, sealed_run(scan)), folder / "audit.pem")
    members[EVIDENCE] = (folder / "copy.db").read_bytes()
    for name in SEALED_REPORTS:
        members[f"{REPORTS}report.{name}"] = render(scan, name).encode()
    (folder / "audit.zip").write_bytes(pack(members))
    return folder / "audit.zip"


def timed(bundle: Path, key: Path) -> str:
    """What one verification took, as a whole and step by step."""
    wall, processor = time.perf_counter(), time.process_time()
    ends = [("", wall)]
    verify_bundle(bundle, key, lambda step: ends.append((step.title, time.perf_counter())))
    steps = ", ".join(f"{name} {end - start:.2f}" for (_, start), (name, end) in itertools.pairwise(ends))
    whole = ends[-1][1] - wall
    return f"{whole:.2f} s wall, {time.process_time() - processor:.2f} s processor: {steps}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = packed(options.count, folder)
        print(f"{options.count} answers, bundle of {bundle.stat().st_size / 1e6:.1f} MB")
        for _ in range(options.repeat):
            print(timed(bundle, folder / "audit.pub.pem"))


if __name__ == "__main__":
    main()
