"""Scoring and generation throughput against the LM evaluation harness, on the same loaded weights.

Run with ``python -m benchmarks.scoring --model PATH``. Both sides take turns in one process, a slice of
the requests at a time, so that whatever else the machine does falls on both; ratios are of the medians
over the rounds of each side's seconds for all slices.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from auditor.record.observation import Choice, Likelihood, Text
from auditor.record.request import Choose, Generate, Request, Score
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions

_NOUNS = ("river", "baker", "train", "garden", "letter", "window", "captain", "island", "market", "teacher")
_VERBS = ("carries", "finds", "watches", "repairs", "follows", "forgets", "paints", "counts", "borrows")
_PLACES = ("near the old bridge", "behind the mill", "in the harbour", "at the edge of town", "at noon")


@dataclass(frozen=True)
class Comparison:
    """One workload: seconds of both sides, their ratio, and how far the numbers are apart."""

    workload: str
    requests: int
    theirs_seconds: float
    ours_seconds: float
    ratio: float
    largest_difference: float


def sentence(generator: np.random.Generator) -> str:
    """A plain sentence of varied words."""
    first, second = generator.choice(_NOUNS, 2)
    return f"The {first} {generator.choice(_VERBS)} the {second} {generator.choice(_PLACES)}. "


def prompt_of(tokenizer: Any, generator: np.random.Generator, tokens: int) -> str:
    """A prompt of about ``tokens`` tokens, four more or less, that ends with a word."""
    wanted = tokens + int(generator.integers(-4, 5))
    text = ""
    while len(tokenizer(text)["input_ids"]) < wanted:
        text += sentence(generator)
    return str(tokenizer.decode(tokenizer(text)["input_ids"][:wanted], skip_special_tokens=True)).rstrip()


def questions(tokenizer: Any, count: int, tokens: int) -> list[Choose]:
    """Questions of four options, each of four to ten words."""
    generator = np.random.default_rng(0)
    made = []
    for _ in range(count):
        options = tuple(
            " " + " ".join(sentence(generator).split()[: generator.integers(4, 11)]) for _ in range(4)
        )
        made.append(Choose(prompt=prompt_of(tokenizer, generator, tokens), options=options))
    return made


def harness(target: LocalTarget, batch: int) -> Any:
    """The harness's HF backend around the very model that the target has loaded."""
    from lm_eval.models.huggingface import HFLM

    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    loaded = target._open()
    return HFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, backend="causal", batch_size=batch)


def instances(kind: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
    """The harness's request objects."""
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=one, idx=number) for number, one in enumerate(arguments)
    ]


def their_scores(lm: Any, requests: Sequence[Choose | Score]) -> list[float]:
    """Log-likelihoods by the harness, in order."""
    pairs = [
        (one.prompt, text)
        for one in requests
        for text in (one.options if isinstance(one, Choose) else (one.continuation,))
    ]
    return [
        float(value) for value, _ in lm.loglikelihood(instances("loglikelihood", pairs), disable_tqdm=True)
    ]


def our_answers(target: LocalTarget, requests: Sequence[Request]) -> list[Any]:
    """Our answers, in order."""
    found = dict(target.ask(requests))
    return [found[number] for number in range(len(requests))]


def our_scores(target: LocalTarget, requests: Sequence[Request]) -> list[float]:
    """Our log-likelihoods, in order."""
    values: list[float] = []
    for one in our_answers(target, requests):
        if isinstance(one, Choice):
            values += one.log_likelihoods
        elif isinstance(one, Likelihood):
            values.append(one.log_likelihood)
    return values


def their_texts(lm: Any, requests: Sequence[Generate]) -> list[str]:
    """Greedy answers by the harness, in order."""
    pairs = [
        (one.prompt, {"until": list(one.stop), "max_gen_toks": one.max_tokens, "do_sample": False})
        for one in requests
    ]
    return list(lm.generate_until(instances("generate_until", pairs), disable_tqdm=True))


def our_texts(target: LocalTarget, requests: Sequence[Generate]) -> list[str]:
    """Our greedy answers, in order."""
    return [one.text for one in our_answers(target, requests) if isinstance(one, Text)]


def compare(
    workload: str,
    requests: Sequence[Any],
    theirs: Sequence[Callable[[Sequence[Any]], list[Any]]],
    ours: Callable[[Sequence[Any]], list[Any]],
    *,
    rounds: int,
    slices: int,
    clock: Callable[[], float],
) -> Comparison:
    """Time both sides in turn; the harness is given the best of its batch sizes."""
    seconds: dict[int, list[float]] = {side: [] for side in range(-1, len(theirs))}
    results: dict[int, list[Any]] = {}
    for _ in range(rounds):
        results = {side: [] for side in seconds}
        spent = dict.fromkeys(seconds, 0.0)
        for first in range(slices):
            for side, run in enumerate([ours, *theirs], start=-1):
                start = clock()
                results[side] += run(requests[first::slices])
                spent[side] += clock() - start
        for side, total in spent.items():
            seconds[side].append(total)
    best = min(range(len(theirs)), key=lambda side: median(seconds[side]))
    return Comparison(
        workload=workload,
        requests=len(results[-1]),
        theirs_seconds=median(seconds[best]),
        ours_seconds=median(seconds[-1]),
        ratio=median(seconds[best]) / median(seconds[-1]),
        largest_difference=_apart(results[-1], results[best]),
    )


def _apart(ours: list[Any], theirs: list[Any]) -> float:
    """Largest difference of log-likelihoods, or share of answers that differ."""
    if ours and isinstance(ours[0], str):
        return sum(a.strip() != b.strip() for a, b in zip(ours, theirs, strict=True)) / len(ours)
    return max(abs(a - b) for a, b in zip(ours, theirs, strict=True))


def measure(target: LocalTarget, args: argparse.Namespace) -> list[Comparison]:
    """All workloads."""
    tokenizer = target._open().tokenizer
    clock = time.process_time if args.clock == "cpu" else time.perf_counter
    sides = [harness(target, batch) for batch in args.batch_sizes]
    shared = questions(tokenizer, args.questions, args.prompt_tokens)
    alone = [Score(prompt=one.prompt, continuation=one.options[0]) for one in shared]
    written = [Generate(prompt=one.prompt, max_tokens=args.new_tokens) for one in shared[: args.answers]]
    # Half of the answers end early, as answers do.
    stopping = [
        Generate(prompt=one.prompt, max_tokens=args.new_tokens, stop=("." if number % 2 else "\n",))
        for number, one in enumerate(written)
    ]
    jobs: list[tuple[str, str, Sequence[Any]]] = [
        ("a", "four options per prompt", shared),
        ("b", "nothing shared", alone),
        ("c", "generation, full length", written),
        ("d", "generation, stop texts", stopping),
    ]
    found = []
    our_scores(target, shared[:4])
    their_scores(sides[0], shared[:1])
    for key, name, requests in jobs:
        if key not in args.workloads:
            continue
        generating = isinstance(requests[0], Generate)
        theirs, ours = (their_texts, our_texts) if generating else (their_scores, our_scores)
        found.append(
            compare(
                name,
                requests,
                [partial(theirs, lm) for lm in sides],
                partial(ours, target),
                rounds=args.rounds,
                slices=args.slices,
                clock=clock,
            )
        )
        print(f"{name}: {found[-1].ratio:.2f}x", file=sys.stderr, flush=True)
    return found


def table(found: Sequence[Comparison]) -> str:
    """A Markdown table."""
    lines = ["| workload | n | lm-eval, s | auditor, s | ratio | largest difference |", "| --- " * 6 + "|"]
    for one in found:
        unit = "of answers" if one.workload.startswith("generation") else "nats"
        lines.append(
            f"| {one.workload} | {one.requests} | {one.theirs_seconds:.2f} | {one.ours_seconds:.2f} "
            f"| {one.ratio:.2f}x | {one.largest_difference:.2g} {unit} |"
        )
    return "\n".join(lines)


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    made.add_argument("--model", required=True, help="a .gguf file, a model's folder or a hub id")
    made.add_argument("--dtype", default="auto", help="float32, bfloat16, float16 or auto")
    made.add_argument("--device", default="auto", help="cpu, cuda, mps or auto")
    made.add_argument("--threads", type=int, default=0, help="threads of torch; 0 leaves them alone")
    made.add_argument("--questions", type=int, default=125, help="questions of four options")
    made.add_argument("--prompt-tokens", type=int, default=60, help="tokens per prompt")
    made.add_argument("--answers", type=int, default=32, help="answers generated")
    made.add_argument("--new-tokens", type=int, default=32, help="tokens per answer")
    made.add_argument("--batch-sizes", type=int, nargs="+", default=[8, 32], help="tried for the harness")
    made.add_argument("--rounds", type=int, default=3, help="times that each workload is run")
    made.add_argument("--slices", type=int, default=2, help="turns of both sides per round")
    made.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu counts processor seconds; for busy machines, with --threads 1",
    )
    made.add_argument("--workloads", default="abcd", help="letters of the workloads to run")
    made.add_argument("--json", type=Path, help="also write the figures to this file")
    return made


def main() -> None:
    """Run the comparison and print it."""
    import torch

    args = parser().parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    target = LocalTarget(args.model, OpenOptions(device=args.device, dtype=args.dtype))
    start = time.perf_counter()
    target._open()
    loading = time.perf_counter() - start
    found = measure(target, args)
    details = dict(target.description.details) | {"threads": str(torch.get_num_threads())}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{target.description.name}, {details['dtype']}, {details['device']}, threads: {details['threads']}"
    )
    print(f"described and loaded in {loading:.1f} s; peak memory of both sides {peak:.0f} MiB\n")
    print(table(found))
    if args.json:
        figures = {"model": target.description.name, **details, "workloads": [asdict(one) for one in found]}
        args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
