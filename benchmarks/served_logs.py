"""How many logged prompts does it take until a student is recognised, and is anybody else?

Run with ``python -m benchmarks.served_logs POPULATION``. Every log of a population (``auditor zoo build
--preset full``) is tried at growing length on the student that it was served for, on a classmate, and on an
innocent of the two hardest strata. The questions, the numbers and the tests are those of `served_outputs`;
answers are kept in memory alone, which is what makes whole logs affordable. Results are appended to ``--out``
as they come, and the same command goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor import content
from auditor.probe.method.served_outputs import ServedOutputs
from auditor.probe.registry import load_suites
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Outcome
from auditor.record.observation import Answer, Observations
from auditor.record.request import Question, request_digest
from auditor.record.subject import Kind, Stratum, Subject
from auditor.scan.conduct import measured
from auditor.stats.intervals import clopper_pearson
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.validation.experiment.interview import describe
from auditor.validation.experiment.lineup import Lineup
from auditor.validation.experiment.served import served_lineups, with_log
from auditor.zoo.recipe import Part
from auditor.zoo.register import Member, Register, read_register

PROBE = "long-logs/served-outputs"
LENGTHS = (200, 500, 1000, 2000)
_SHORTEST = 200
_TRIED = (Stratum.SAME_DATA.value, Stratum.SIBLING_STUDENT.value)


class Interview:
    """Models of a population, opened once, and what they said to the questions about one log."""

    def __init__(self, register: Register, device: str) -> None:
        self._register = register
        self._options = OpenOptions(device=device, batch_size=128)
        self._targets: dict[str, LocalTarget] = {}
        self.known: dict[str, Subject] = {}
        self.answers: dict[tuple[str, str], Answer] = {}

    def meet(self, member: Member) -> str:
        """The member's digest, its model ready to be asked."""
        locator = str(self._register.root / member.folder)
        if member.name not in self.known:
            self.known[member.name] = describe(member.name, locator, self._options)
        digest = self.known[member.name].digest
        self._targets.setdefault(digest, LocalTarget(locator, self._options))
        return digest

    def seen(self, lineup: Lineup) -> Observations:
        """The answers as one scan sees them."""
        return Observations(lineup.subjects(self.known), 0, self.answers)

    def ask(self, questions: Sequence[Question]) -> int:
        """Put what was not asked yet; how much that was."""
        open_ones = {(one.subject_digest, request_digest(one.request)): one for one in questions}
        by_subject: dict[str, list[Question]] = defaultdict(list)
        for key, one in open_ones.items():
            if key not in self.answers:
                by_subject[one.subject_digest].append(one)
        for digest, some in by_subject.items():
            for place, answer in self._targets[digest].ask([one.request for one in some]):
                self.answers[digest, request_digest(some[place].request)] = answer
        return sum(map(len, by_subject.values()))


def chosen(register: Register, lineups: Sequence[Lineup]) -> Iterator[tuple[str, Lineup]]:
    """The student of a log, a classmate, and one innocent of each of the hardest strata."""
    taken: set[str] = set()
    for lineup in lineups:
        suspect, log = lineup.suspect, lineup.log
        if log is None:
            continue
        relation = register.relation(suspect, lineup.candidates[0].name, log.base)
        if suspect.part is Part.STUDENT:
            kind = "student" if suspect.name == log.name else "classmate"
        else:
            kind = relation.value if relation is not None else ""
        if kind in ("student", "classmate", *_TRIED) and kind not in taken:
            taken.add(kind)
            yield kind, lineup


def shortened(spec: ProbeSpec, prompts: int) -> ProbeSpec:
    """The probe about so many prompts."""
    parameters = {**spec.file.parameters, "prompts": prompts}
    return spec.with_file(spec.file.model_copy(update={"parameters": parameters}))


def rows_of(
    spec: ProbeSpec, register: Register, lineups: Sequence[Lineup], interview: Interview
) -> Iterator[dict[str, Any]]:
    """One row for each suspect and length."""
    method = ServedOutputs()
    interview.answers.clear()
    for kind, lineup in chosen(register, lineups):
        for member in lineup.members:
            interview.meet(member)
        for length in LENGTHS:
            about = with_log(shortened(spec, length), lineup, register)
            while interview.ask(method.plan(about, interview.seen(lineup))):
                pass
            (found,) = measured(about, method, interview.seen(lineup), {})
            result = found.result
            yield {
                "log": lineup.log.name if lineup.log else "",
                "mechanism": lineup.log.mechanism if lineup.log else "",
                "suspect": lineup.suspect.name,
                "kind": kind,
                "length": length,
                "prompts": 0 if result is None else result.n,
                "p": None if result is None else result.p_value,
                "found": found.outcome is Outcome.SUPPORTS,
            }


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Found of tried, by mechanism and length; then everybody else."""
    lines = [f"{'':28}" + "".join(f"{f'{one} prompts':>24}" for one in LENGTHS)]
    students = [row for row in rows if row["kind"] == "student"]
    groups = [(name, [row for row in students if row["mechanism"] == name]) for name in _names(students)]
    others = [row for row in rows if row["kind"] != "student"]
    for name, some in [*groups, ("all students", students), ("everybody else", others)]:
        cells = []
        for length in LENGTHS:
            tried = [row for row in some if row["length"] == length]
            found = sum(row["found"] for row in tried)
            low, high = clopper_pearson(found, len(tried)) if tried else (0.0, 1.0)
            cells.append(f"{f'{found} of {len(tried)} ({low:.0%} to {high:.0%})':>24}")
        lines.append(f"{name:28}" + "".join(cells))
    return lines


def _names(rows: Sequence[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["mechanism"] for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("population", type=Path)
    parser.add_argument("--out", type=Path, default=Path("served-logs.jsonl"))
    parser.add_argument("--mechanism", action="append", help="only logs of these")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    register = read_register(options.population)
    (spec,) = load_suites((PROBE,), (content.probes(),))
    logs: dict[str, list[Lineup]] = defaultdict(list)
    for lineup in served_lineups(register, Kind.CAUSAL_LM, _SHORTEST):
        if lineup.log is not None and lineup.log.mechanism in (options.mechanism or [lineup.log.mechanism]):
            logs[lineup.log.name].append(lineup)
    rows = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    interview = Interview(register, options.device)
    for name, lineups in logs.items():
        if any(row["log"] == name for row in rows):
            continue
        made = list(rows_of(spec, register, lineups, interview))
        with options.out.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in made)
        rows += made
        print(
            f"{name}: " + ", ".join(f"{row['kind']} {row['length']} p {row['p']}" for row in made), flush=True
        )
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
