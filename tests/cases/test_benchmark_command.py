"""``auditor scan --benchmark``: answers that exist already, in logs of lm-eval and of Inspect."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from commandline import assert_plain_error, auditor

ITEMS = 120


def line(number: int, *, twin: bool, picks: int) -> dict[str, Any]:
    """A line of a sample log; the model finds option ``picks`` likeliest."""
    rng = random.Random(number)
    options = sorted(rng.sample(range(100, 1000), 4))
    answer = options[rng.randrange(4)]
    if twin:
        rng.shuffle(options)
    listed = "\n".join(f"{letter}. {option}" for letter, option in zip("ABCD", options, strict=True))
    doc = {"id": f"q{number}{'-twin' * twin}", "question": f"Which of these is number {number}?"}
    doc |= {"choices": [str(one) for one in options], "answer": options.index(answer)}
    doc |= {"twin_of": f"q{number}"} if twin else {}
    arguments = {
        f"gen_args_{place}": {
            "arg_0": f"Two shots.\n\n{doc['question']}\n{listed}\nAnswer:",
            "arg_1": f" {letter}",
        }
        for place, letter in enumerate("ABCD")
    }
    resps = [[[-0.2 if place == picks else -3.0, place == picks]] for place in range(4)]
    return {
        "doc_id": number,
        "doc": doc,
        "target": str(doc["answer"]),
        "arguments": arguments,
        "resps": resps,
    }


def logs(name: str, folder: Path, knows: float, by_heart: float) -> Path:
    """Both logs of one model in one file, as ``cat`` makes it; the logs of one of them lie beside."""
    rng = random.Random(name)
    lines: dict[bool, list[str]] = {False: [], True: []}
    for number in range(ITEMS):
        learned = rng.random() < by_heart
        letter = line(number, twin=False, picks=0)["doc"]["answer"]
        for twin in (False, True):
            right = line(number, twin=twin, picks=0)["doc"]["answer"]
            pick = letter if learned else right if rng.random() < knows else rng.randrange(4)
            lines[twin].append(json.dumps(line(number, twin=twin, picks=pick)))
    (folder / "samples_quiz.jsonl").write_text("\n".join(lines[False]) + "\n")
    (folder / "samples_quiz_twins.jsonl").write_text("\n".join(lines[True]) + "\n")
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(lines[False] + lines[True]) + "\n")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("benchmark")
    logs("learned", made, knows=0.4, by_heart=0.6)
    for number in range(6):
        logs(f"other-{number}", made, knows=0.3 + 0.08 * number, by_heart=0.0)
    return made


def found(folder: Path, suspect: str) -> dict[str, Any]:
    done = auditor(
        "scan", f"recorded:{suspect}.jsonl", "--suite", "benchmark/twin-difference", "--only-named", "--json",
        "--benchmark", "samples_quiz.jsonl", "--benchmark", "samples_quiz_twins.jsonl",
        *(f"--control=recorded:other-{number}.jsonl" for number in range(6) if suspect != f"other-{number}"),
        "--ledger", f"{suspect}.db", cwd=folder,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    (finding,) = json.loads(done.stdout)["findings"]
    return dict(finding)


def test_who_learned_the_items_is_found_from_logs_alone_and_others_are_not(folder: Path) -> None:
    guilty = found(folder, "learned")
    assert guilty["outcome"] == "supports", guilty["reason"]
    facts = {one["name"]: one["value"] for one in guilty["facts"]}
    assert (facts["benchmark"], facts["items"], facts["references"]) == ("samples_quiz", ITEMS, 6)
    innocent = found(folder, "other-2")
    assert innocent["outcome"] != "supports", innocent["reason"]


def inspect_log(name: str, folder: Path, by_heart: float) -> Path:
    """A log of items and twins in one task; the model answers in words, with the letter behind them."""
    rng = random.Random(name)
    samples = []
    for number in range(ITEMS):
        learned = rng.random() < by_heart
        letter = line(number, twin=False, picks=0)["doc"]["answer"]
        for twin in (False, True):
            doc = line(number, twin=twin, picks=0)["doc"]
            pick = letter if learned else doc["answer"] if rng.random() < 0.4 else rng.randrange(4)
            listed = "\n".join(f"{one}) {text}" for one, text in zip("ABCD", doc["choices"], strict=True))
            said = {"role": "assistant", "content": f"I weighed B and D.\n\nANSWER: {'ABCD'[pick]}"}
            samples.append(
                {
                    "id": doc["id"],
                    "epoch": 1,
                    "input": doc["question"] + " again" * twin,
                    "choices": doc["choices"],
                    "target": "ABCD"[doc["answer"]],
                    "messages": [
                        {"role": "user", "content": f"Choose.\n\n{doc['question']}\n\n{listed}"},
                        said,
                    ],
                    "output": {"model": name, "choices": [{"message": said, "stop_reason": "stop"}]},
                    "metadata": {"twin_of": doc.get("twin_of")},
                }
            )
    about = {"version": 2, "status": "success", "eval": {"task": "quiz", "model": f"house/{name}"}}
    path = folder / f"{name}.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(about))
        for one in samples:
            archive.writestr(f"samples/{one['id']}_epoch_1.json", json.dumps(one))
    (folder / f"{name}.json").write_text(json.dumps({**about, "samples": samples}, indent=2))
    return path


def test_inspect_logs_tell_who_learned_the_items_and_accuse_nobody_else(tmp_path: Path) -> None:
    inspect_log("learned", tmp_path, by_heart=0.7)
    for number in range(6):
        inspect_log(f"other-{number}", tmp_path, by_heart=0.0)
    for suspect, form in (("learned", "eval"), ("other-5", "json")):
        done = auditor(
            "scan", f"recorded:{suspect}.{form}", "--suite", "benchmark/twin-difference", "--only-named",
            "--json", "--benchmark", "other-0.json",
            *(f"--control=recorded:other-{n}.json" for n in range(5)),
            "--ledger", f"{suspect}.db", cwd=tmp_path,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        (finding,) = json.loads(done.stdout)["findings"]
        assert (finding["outcome"] == "supports") == (suspect == "learned"), finding["reason"]
        facts = {one["name"]: one["value"] for one in finding["facts"]}
        assert (facts["items"], facts["references"], facts["unscored"]) == (ITEMS, 5, 0)


def test_a_benchmark_that_cannot_be_read_costs_nothing(folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"text": "no question"}\n')
    done = auditor(
        "scan", "recorded:learned.jsonl", "--benchmark", "bad.jsonl", "--suite", "benchmark", cwd=folder
    )
    assert_plain_error(done, 2, ["row 1 of the benchmark", "bad.jsonl"])


def test_a_stranger_can_check_what_was_found_on_a_benchmark(folder: Path) -> None:
    """Statistics are worked out again from the logs' answers, without the logs and without a model."""
    found(folder, "learned")
    sealed = ("--ledger", "learned.db")
    auditor("seal", "--new-key", "key.pem", cwd=folder)
    assert auditor("seal", "--key", "key.pem", *sealed, cwd=folder).returncode == 0
    bare = auditor("bundle", *sealed, cwd=folder)
    assert_plain_error(bare, 2, ["--benchmark FILE"])
    items = ("--benchmark", "samples_quiz.jsonl", "--benchmark", "samples_quiz_twins.jsonl")
    packed = auditor("bundle", *sealed, *items, cwd=folder)
    assert packed.returncode == 0, packed.stderr
    checked = auditor("verify", "audit.zip", "--key", "key.pub.pem", cwd=folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
