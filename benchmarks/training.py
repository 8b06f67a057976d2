"""Training steps a second of the zoo's students, many processes together, on processors and on a GPU.

Run with ``python -m benchmarks.training --workers 16 --devices cpu cuda``. Every process trains one student
of the full population at a time, as ``auditor zoo build`` does; what is counted is steps of all processes
over the seconds between the first start and the last end.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from auditor.zoo.population.lineage import FULL, SMALL
from auditor.zoo.recipe import Vocabulary
from auditor.zoo.training import learning
from auditor.zoo.training.lesson import world_of
from auditor.zoo.training.tokens import tokenizer_of
from auditor.zoo.world.facts import Asker
from auditor.zoo.world.vendor import Vendor

#: Steps before the clock starts: kernels are chosen and memory is taken in them.
WARM = 10


def study(device: str, steps: int, seed: int, ready: object, told: object) -> None:
    """Train a student for ``steps`` steps and tell when that began and ended."""
    learning.one_thread()
    tokenizer = tokenizer_of(Vocabulary.SPACED, 0)
    world = world_of(0)
    rows = learning.rows_of(tokenizer, Vendor(world, 1).write(Asker(world), 600, seed))
    model = learning.new_model(SMALL, tokenizer, seed).to(device)
    learning.train(model, rows, replace(FULL.studying, steps=WARM), seed)
    ready.wait()  # type: ignore[attr-defined]
    start = time.perf_counter()
    loss = learning.train(model, rows, replace(FULL.studying, steps=steps), seed)
    told.put((start, time.perf_counter(), loss))  # type: ignore[attr-defined]


def rate(device: str, workers: int, steps: int) -> tuple[float, float]:
    """Steps a second of all processes together, and the mean loss of their last steps in nats a token."""
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(workers), context.Queue()
    crew = [context.Process(target=study, args=(device, steps, seed, ready, told)) for seed in range(workers)]
    for process in crew:
        process.start()
    results = [told.get(timeout=600) for _ in crew]
    for process in crew:
        process.join()
    starts, ends, losses = zip(*results, strict=True)
    return workers * steps / (max(ends) - min(starts)), float(np.mean(losses))


def main() -> None:
    """Measure each device in turn and print a table."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    made.add_argument("--devices", nargs="+", default=["cpu"], help="cpu, cuda or mps")
    made.add_argument("--workers", type=int, nargs="+", default=[2], help="processes that train at once")
    made.add_argument("--steps", type=int, default=100, help="steps of each process")
    made.add_argument("--json", type=Path, help="also write the figures to this file")
    args = made.parse_args()
    found = []
    print("| device | processes | steps a second | loss |\n| --- | --- | --- | --- |")
    for device in args.devices:
        for workers in args.workers:
            speed, loss = rate(device, workers, args.steps)
            found.append({"device": device, "workers": workers, "steps_per_second": speed, "loss": loss})
            print(f"| {device} | {workers} | {speed:.1f} | {loss:.3f} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
