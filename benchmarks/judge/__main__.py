"""Fit the embedding judge, and print how it does on manners of writing and prompts that it has not seen.

python -m benchmarks.judge             measure, and compare with the shipped weights
python -m benchmarks.judge --write     write the weights
"""

from __future__ import annotations

import argparse
import json
from importlib import resources
from pathlib import Path

import numpy as np

from auditor.digest import digest_file
from auditor.probe.judge.classifier import load_classifier
from auditor.probe.judge.evaluation import Rated, compare
from auditor.probe.judge.evaluation import described as lines_of
from auditor.probe.judge.grade import KINDS
from auditor.scan.judge.embedding import embedder_folder
from benchmarks.judge.corpus import corpus
from benchmarks.judge.fit import PENALTIES, described, fitted, held_out, log_loss

#: Digits that are kept of a weight; the shipped file is the fit to this precision.
_DIGITS = 4


def main() -> int:
    """Fit, measure, and write or compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the weights that the package ships")
    wanted = parser.parse_args()
    examples = corpus()
    rows = described(examples)
    losses = {penalty: log_loss(examples, held_out(examples, rows, penalty)) for penalty in PENALTIES}
    best = min(losses, key=losses.__getitem__)
    print(f"{len(examples)} examples in {len({one.manner for one in examples})} manners")
    print("held-out log loss by penalty: " + ", ".join(f"{c:g}: {loss:.3f}" for c, loss in losses.items()))
    grades = held_out(examples, rows, best)
    rated = [
        Rated(one.manner.split("/")[0], one.label in ("refuse", "partial"), grade.label, grade.doubtful)
        for one, grade in zip(examples, grades, strict=True)
    ]
    for one in compare(rated):
        print("\n".join(["", *lines_of(one)]))
    exact = sum(one.label == grade.label for one, grade in zip(examples, grades, strict=True))
    print(f"\nall four kinds right: {exact}/{len(examples)} = {exact / len(examples):.3f}")
    weights, intercepts = fitted(rows, [one.label for one in examples], best)
    fresh = {
        "embedder": digest_file(embedder_folder() / "model.safetensors"),
        "intercepts": {kind: round(float(one), _DIGITS) for kind, one in zip(KINDS, intercepts, strict=True)},
        "weights": {
            kind: [round(float(one), _DIGITS) for one in row]
            for kind, row in zip(KINDS, weights, strict=True)
        },
    }
    if wanted.write:
        path = Path(str(resources.files("auditor.probe.judge"))) / "classifier.json"
        path.write_text(json.dumps(fresh) + "\n", encoding="utf-8")
        print(f"written: {path.name}")
        return 0
    shipped = load_classifier()
    apart = float(np.abs(shipped.weights - np.array([fresh["weights"][kind] for kind in KINDS])).max())
    print(f"largest difference to a shipped weight: {apart:.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
