"""Which tests of a benchmark find the models that were trained on its items, and do they accuse anybody else?

Run with ``python -m benchmarks.overfitting POPULATION``, a folder that ``auditor zoo build --preset full``
wrote. The suite `benchmark` is put to its models with the items that some were trained on, each with a
fresh item of the same making for a twin; references are the suspect's base and innocents of the same base.
Suspects are the models that were trained on the items, students of several mechanisms that were not, and
innocents. All answers go to one ledger (``--ledger``), so that the same command goes on where it stood.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from auditor.ledger import Ledger
from auditor.probe.generator.twins import Side
from auditor.record.finding import Claim, Outcome
from auditor.record.scan import Scan
from auditor.scan.conduct import conduct
from auditor.scan.plan_file import BENCHMARK_SUITE, ControlEntry, PlanFile
from auditor.stats.intervals import clopper_pearson
from auditor.zoo.recipe import Part
from auditor.zoo.register import Member, Register, read_register
from auditor.zoo.training.lesson import PUBLIC, PUBLIC_SEED

REFERENCES = 8
#: Students of these that saw no item of the benchmark are tried as well.
GOOD = ("soft-labels", "teacher-text", "half-teacher-text", "hidden-states", "paraphrased-text")
INNOCENTS = 8
_TRAINED = ("benchmark-gold", "benchmark-teacher")
#: Models of the zoo know conversations only, and questions in their bare words.
_AS_TAUGHT = {"form": "chat", "short": "{question}"}
_BY_DEFAULT = {"form": "chat"}
_PUT = (
    "twin-difference",
    "generated-token-determinism",
    "completion-recall",
    "option-slot-guess",
    "together",
)


def written(path: Path) -> str:
    """The items of the benchmark as a user's file."""
    published, fresh = PUBLIC.draw(Side.PUBLISHED, PUBLIC_SEED), PUBLIC.draw(Side.FRESH, PUBLIC_SEED + 1)
    with path.open("w", encoding="utf-8") as file:
        for one, twin in zip(published, fresh, strict=True):
            other = {"twin_question": twin.item.question, "twin_answer": twin.item.answer}
            row = {"question": one.item.question, "answer": one.item.answer, **other}
            file.write(json.dumps(row) + "\n")
    return str(path)


def suspects(register: Register) -> Iterator[tuple[str, Member]]:
    """Models with what they are: trained on the items with whose answers, good students, innocents."""
    taken: dict[str, int] = defaultdict(int)
    for one in register.of_part(Part.STUDENT, Part.INNOCENT):
        kind = next((name for name in _TRAINED if one.name.startswith(f"{name}-")), "")
        if one.part is Part.STUDENT and not one.traits and one.mechanism in GOOD:
            kind = "student"
        if one.part is Part.INNOCENT and one.name not in references(register):
            kind = "innocent"
        taken[kind] += bool(kind)
        if kind and (kind != "innocent" or taken[kind] <= INNOCENTS):
            yield kind, one


def references(register: Register) -> list[str]:
    """Names of innocents that stand beside every suspect."""
    same_base = [one.name for one in register.of_part(Part.INNOCENT) if one.base is not None]
    return same_base[:REFERENCES]


def scanned(register: Register, suspect: Member, items: str, words: dict[str, str], ledger: Ledger) -> Scan:
    """The suspect's scan, with the items put in these words."""

    def locator(name: str) -> str:
        return str(register.root / register.members[name].folder)

    wanted = PlanFile(
        suspect=locator(suspect.name),
        base=locator(suspect.base) if suspect.base else None,
        controls=tuple(ControlEntry(model=locator(one)) for one in references(register)),
        suites=(BENCHMARK_SUITE,),
        benchmarks=(items,),
        parameters={f"{BENCHMARK_SUITE}/{one}": words for one in _PUT},
        judge="rules",
        seed=1,
        from_ledger=False,
    )
    return conduct(wanted, ledger)


def rows_of(kind: str, suspect: Member, scan: Scan) -> Iterator[dict[str, Any]]:
    """One row for each finding on the benchmark."""
    for one in scan.findings:
        if one.claim is Claim.BENCHMARK_OVERFIT:
            yield {
                "suspect": suspect.name,
                "kind": kind,
                "probe": one.probe.partition("/")[2],
                "outcome": one.outcome.value,
                "p": None if one.result is None else one.result.p_value,
                "reason": one.reason,
            }


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Found of decided, by probe and kind of suspect."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    lines = [f"{'':30}" + "".join(f"{one:>30}" for one in kinds)]
    for probe in dict.fromkeys(row["probe"] for row in rows):
        cells = []
        for kind in kinds:
            tried = [row for row in rows if (row["probe"], row["kind"]) == (probe, kind)]
            found = sum(row["outcome"] == Outcome.SUPPORTS for row in tried)
            low, high = clopper_pearson(found, len(tried)) if tried else (0.0, 1.0)
            cells.append(f"{f'{found} of {len(tried)} ({low:.0%} to {high:.0%})':>30}")
        lines.append(f"{probe:30}" + "".join(cells))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("population", type=Path)
    parser.add_argument("--ledger", type=Path, default=Path("overfitting.db"))
    parser.add_argument("--out", type=Path, default=Path("overfitting.jsonl"))
    parser.add_argument("--default-words", action="store_true", help="put items as the suite does by default")
    options = parser.parse_args()
    words = _BY_DEFAULT if options.default_words else _AS_TAUGHT
    register = read_register(options.population)
    items = written(options.ledger.with_name("published-sums.jsonl"))
    rows: list[dict[str, Any]] = []
    with Ledger.open(options.ledger) as ledger:
        for kind, suspect in suspects(register):
            made = list(rows_of(kind, suspect, scanned(register, suspect, items, words, ledger)))
            rows += made
            print(
                f"{suspect.name}: " + ", ".join(f"{row['probe']} {row['outcome']}" for row in made),
                flush=True,
            )
    options.out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
