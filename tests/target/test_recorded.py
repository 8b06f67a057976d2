"""Recorded answers: every form of file, what is looked up how, and what is wrong in which line."""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.digest import digest_file
from auditor.error import AuditorError, MalformedTargetError, TargetNotFoundError, UsageError
from auditor.record.codec import encode
from auditor.record.observation import (
    Answer,
    Arrays,
    Choice,
    Likelihood,
    PackedArray,
    Text,
    TopTokens,
    Unanswered,
)
from auditor.record.request import Choose, Generate, Inspect, Message, NextTokens, Request, Score, user
from auditor.record.subject import Access
from auditor.target.protocol import OpenOptions
from auditor.target.recorded import RecordedTarget, split_locator
from auditor.target.recorded_entry import EntryError, read_entries

UNKNOWN = Unanswered(reason="not among the recorded answers")


def written(folder: Path, *records: Any, name: str = "answers.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def ask(path: Path, *requests: Request, model: str | None = None) -> list[Answer]:
    target = RecordedTarget(path, OpenOptions(), model=model)
    answers = list(target.ask(requests))
    assert [position for position, _ in answers] == list(range(len(requests)))
    return [answer for _, answer in answers]


def said(prompt: str, **more: Any) -> Generate:
    return Generate(prompt=user(prompt), max_tokens=8, **more)


def test_prompts_and_answers_are_found_by_their_words(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"prompt": "What  is\n a caf\u00e9?", "answer": "A place."},
        {
            "messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Hi"}],
            "output": "Hello",
        },
        {"messages": [{"role": "user", "content": "Bye"}, {"role": "assistant", "content": "Farewell"}]},
        {"question": "Long?", "response": "Very", "finish_reason": "length", "tokens": 1},
        {"prompt": "Bad?", "completion": "", "finish": "content_filter"},
    )
    talk = (
        Message(role="user", text="Hi"),
        Message(role="assistant", text="Hello"),
        Message(role="user", text="Bye"),
    )
    assert ask(
        path,
        said("What is a cafe\u0301?"),
        Generate(prompt="  What is a caf\u00e9? ", max_tokens=4),
        said("Hi"),
        Generate(prompt=talk, max_tokens=9),
        said("Long?"),
        said("Bad?"),
        said("what is a caf\u00e9?"),
        Score(prompt="Hi", continuation="Hello"),
        NextTokens(prompt="Hi", k=3),
    ) == [
        Text(text="A place."),
        Text(text="A place."),
        Text(text="Hello"),
        Text(text="Farewell"),
        Text(text="Very", finish="length", tokens=1),
        Text(text="", finish="filtered"),
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
    ]
    shown = RecordedTarget(path, OpenOptions()).description
    assert (shown.access, shown.name, shown.digest) == (Access.TEXT, "answers", digest_file(path))


def test_the_seed_chooses_among_several_answers(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"prompt": "Hi", "answer": "a"},
        {"prompt": "Hi", "answer": ["b", "c"]},
        {"prompt": "x", "answer": ""},
    )
    answers = ask(path, *(said("Hi", seed=seed) for seed in range(5)))
    assert [answer.text for answer in answers if isinstance(answer, Text)] == ["a", "b", "c", "a", "b"]


def test_stated_sampling_is_heeded_where_something_fits(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"prompt": "Hi", "answer": "warm", "temperature": 1.0},
        {"prompt": "Hi", "answer": "greedy", "temperature": 0},
        {"prompt": "Bye", "answer": "only", "temperature": 1.0},
    )
    assert ask(path, said("Hi"), said("Hi", temperature=1.0), said("Bye")) == [
        Text(text="greedy"),
        Text(text="warm"),
        Text(text="only"),
    ]


def sample(prompt: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A multiple-choice sample as lm-eval 0.4.13 writes it."""
    return {
        "doc_id": 0,
        "doc": {"question": prompt},
        "arguments": {f"gen_args_{at}": {"arg_0": prompt, "arg_1": one} for at, one in enumerate(options)},
        "resps": [[[str(value), "False"]] for value in options.values()],
        "filtered_resps": [[str(value), "False"] for value in options.values()],
        **more,
    }


def test_likelihoods_of_lm_eval_are_choices_and_scores(tmp_path: Path) -> None:
    eleven = {f" o{at}": -1.0 - at for at in range(11)}
    folder = tmp_path / "my__model"
    folder.mkdir()
    path = written(
        folder,
        sample("Q: sky?\nA:", {" red": -3.5, " blue": -0.25}),
        sample("Q: many?\nA:", eleven),
        {"arguments": [["Q: old?", " yes"], ["Q: old?", " no"]], "resps": [[[-1.5, False]], [[-2.5, True]]]},
        sample("Q: never?\nA:", {" x": "-inf"}),
        {"arguments": [["rolling text"]], "resps": [["-55.5"]]},
        sample('[{"role": "user", "content": "Which?"}]', {"This": -1.0}),
        name="samples_sky_2026.jsonl",
    )
    answers = ask(
        path,
        Choose(prompt="Q: sky?\nA:", options=(" blue", " red")),
        Choose(prompt="Q: sky?\nA: ", options=("blue", "red")),
        Score(prompt="Q: many?\nA:", continuation=" o10"),
        Choose(prompt="Q: old?", options=(" yes", " no")),
        Choose(prompt="Q: sky?\nA:", options=(" blue", " green")),
        Score(prompt="Q: sky?\nA:", continuation="blue"),
        Score(prompt=user("Q: sky?\nA:"), continuation=" blue"),
        Score(prompt="Q: never?\nA:", continuation=" x"),
        Score(prompt=user("Which?"), continuation="This"),
    )
    assert answers[:6] == [
        Choice(log_likelihoods=(-0.25, -3.5), bytes=(5, 4)),
        Choice(log_likelihoods=(-0.25, -3.5), bytes=(4, 3)),
        Likelihood(log_likelihood=-11.0, bytes=4, tokens=0),
        Choice(log_likelihoods=(-1.5, -2.5), bytes=(4, 3)),
        UNKNOWN,
        UNKNOWN,  # "A:blue" is another text than "A: blue"
    ]
    assert answers[6] == UNKNOWN  # nor is a conversation the bare text
    assert isinstance(answers[7], Unanswered)
    assert "finite" in answers[7].reason
    assert answers[8] == Likelihood(log_likelihood=-1.0, bytes=4, tokens=0)
    shown = RecordedTarget(path, OpenOptions()).description
    assert (shown.access, shown.name) == (Access.LOGPROBS, "my__model")


def test_generations_of_lm_eval_are_texts(tmp_path: Path) -> None:
    until = {"until": ["\n"], "max_gen_toks": 4}
    path = written(
        tmp_path,
        {
            "arguments": {"gen_args_0": {"arg_0": "Say: hi", "arg_1": until}},
            "resps": [["hi", "hello"]],
            "filtered_resps": ["hi"],
        },
    )
    assert ask(path, Generate(prompt="Say: hi", max_tokens=4), said("Say: hi", seed=1)) == [
        Text(text="hi"),
        Text(text="hello"),
    ]
    assert RecordedTarget(path, OpenOptions()).description.access is Access.TEXT


def test_alpaca_eval_outputs_and_several_models(tmp_path: Path) -> None:
    path = tmp_path / "model_outputs.json"
    records = [
        {"instruction": "Name a colour.", "output": f"{name} says red", "generator": name, "dataset": "own"}
        for name in ("alpha", "beta")
    ]
    path.write_text(json.dumps(records, indent=2), encoding="utf-8")
    asked = said("Name a colour.")
    assert ask(path, asked, model="beta") == [Text(text="beta says red")]
    with pytest.raises(UsageError, match=r"alpha, beta.*recorded:model_outputs.json#NAME"):
        _ = RecordedTarget(path, OpenOptions()).description
    with pytest.raises(TargetNotFoundError, match=r"no answers of 'gamma'.*alpha, beta"):
        _ = RecordedTarget(path, OpenOptions(), model="gamma").description
    digests = {
        RecordedTarget(path, OpenOptions(), model=name).description.digest for name in ("alpha", "beta")
    }
    assert len(digests) == 2
    path.write_text(json.dumps(records[:1]), encoding="utf-8")
    assert RecordedTarget(path, OpenOptions()).description.name == "alpha"


def test_a_fragment_names_a_model_unless_it_is_in_the_files_name(tmp_path: Path) -> None:
    odd = written(tmp_path, {"prompt": "a", "answer": "b"}, name="a#b.jsonl")
    assert split_locator(str(odd)) == (odd, None)
    assert split_locator(f"{odd}#m#1") == (tmp_path / "a#b.jsonl#m", "1")
    assert split_locator("x.jsonl#org/model") == (Path("x.jsonl"), "org/model")


OBSERVED: list[tuple[Request, Answer]] = [
    (
        Generate(prompt="Hi", max_tokens=3, temperature=0.7, seed=4),
        Text(text="Ho", finish="length", tokens=3),
    ),
    (Generate(prompt=user("Hi"), max_tokens=3, stop=("a",)), Unanswered(reason="was away")),
    (Score(prompt="Hi", continuation=" there"), Likelihood(log_likelihood=-1.25, bytes=6, tokens=1)),
    (Choose(prompt=user("Hi"), options=("a", "b")), Choice(log_likelihoods=(-1.0, -2.0), bytes=(1, 1))),
    (NextTokens(prompt="Hi", k=2), TopTokens(tokens=(" x", " y"), log_probabilities=(-0.5, -1.5))),
    (
        Inspect(quantity="mlp-sketch", layer=1, size=4, seed=7),
        Arrays(arrays=(PackedArray.pack("w", np.arange(6, dtype=np.float32).reshape(2, 3)),)),
    ),
]


def test_what_this_tool_recorded_is_replayed_exactly(tmp_path: Path) -> None:
    path = written(
        tmp_path, *({"request": encode(one), "answer": encode(answer)} for one, answer in OBSERVED)
    )
    assert ask(path, *(one for one, _ in OBSERVED)) == [answer for _, answer in OBSERVED]
    assert ask(path, Generate(prompt="Hi", max_tokens=4, temperature=0.7, seed=4)) == [UNKNOWN]
    assert RecordedTarget(path, OpenOptions()).description.access is Access.WEIGHTS


@pytest.mark.parametrize(
    ("count", "access"), [(2, Access.TEXT), (3, Access.LOGPROBS), (5, Access.LOGPROBS), (6, Access.WEIGHTS)]
)
def test_access_is_what_the_answers_show(tmp_path: Path, count: int, access: Access) -> None:
    lines = [{"request": encode(one), "answer": encode(answer)} for one, answer in OBSERVED[:count]]
    assert RecordedTarget(written(tmp_path, *lines), OpenOptions()).description.access is access


GOOD = b'{"prompt": "a", "answer": "b"}\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD + b"\n{broken\n", "line 3 is not JSON"),
        (GOOD + b"[1]\n", "line 2 is no JSON object"),
        (GOOD + b'{"prompt": "a"}\n', "line 2 has no answer in words"),
        (GOOD + b'{"prompt": "a", "answer": {"b": 1}}\n', "line 2 has no answer in words"),
        (GOOD + b'{"answer": "b"}\n', "line 2 has no prompt"),
        (GOOD + b'{"prompt": [{"role": "user"}], "answer": "b"}\n', "line 2 .*message without text"),
        (GOOD + b'{"prompt": "\xff", "answer": "b"}\n', "line 2 is not UTF-8"),
        (GOOD + b'{"prompt": ' + b"[" * 100_000, "line 2"),
        (GOOD + b'{"prompt": "a", "answer": "b", "seed": ' + b"1" * 5000 + b"}\n", "line 2"),
        (GOOD + b'{"request": {"kind": "generate"}, "answer": {}}\n', "line 2 holds a malformed request"),
        (GOOD + b'{"arguments": [["a", " b"]], "resps": []}\n', "line 2 has not one entry"),
        (GOOD + b'{"arguments": [["a", " b"]], "resps": [[["x", true]]]}\n', "line 2 .*no number"),
        (GOOD + b'{"arguments": [["a", " b"]], "resps": [[["0.5", true]]]}\n', "line 2 .*above zero"),
        (GOOD + b'{"arguments": {"x": ["a", " b"]}, "resps": [[]]}\n', "line 2 .*no number"),
        (b'[{"prompt": "a", "answer": "b"},\n {"prompt": "a"}]', "entry 2 has no answer"),
        (b'[{"prompt": "a", "answer": "b"},\n {"prompt": ]', "line 2 is not JSON"),
        (b'{\n  "results": {}\n}\n', "line 1 is not JSON"),
        (b"", "holds no answers"),
        (b"[]", "holds no answers"),
        (b"PK\x03\x04\x00\x00", "the Inspect log is no readable archive"),
    ],
)
def test_malformed_files_are_named_with_their_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(MalformedTargetError, match=words) as caught:
        _ = RecordedTarget(path, OpenOptions()).description
    assert "give JSONL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_seed_too_large_for_a_float_is_no_obstacle(tmp_path: Path) -> None:
    path = written(tmp_path, {"prompt": "a", "answer": "b", "seed": 10**400})
    assert ask(path, said("a")) == [Text(text="b")]


def test_missing_files_are_not_found(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(TargetNotFoundError, match="no file of recorded answers"):
            _ = RecordedTarget(path, OpenOptions()).description


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path, {"prompt": "a", "answer": "b"})
    target = RecordedTarget(path, OpenOptions())
    before = target.description.digest
    written(tmp_path, {"prompt": "a", "answer": "longer"})
    with pytest.raises(MalformedTargetError, match="changed"):
        list(target.ask([said("a")]))
    target.close()
    assert list(target.ask([said("a")])) == [(0, Text(text="longer"))]
    assert target.description.digest != before


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "marked.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD)
    assert ask(path, said("a")) == [Text(text="b")]


def test_large_files_are_indexed_without_being_held(tmp_path: Path) -> None:
    path = tmp_path / "large.jsonl"
    filler = "word " * 400
    with path.open("w", encoding="utf-8") as stream:
        for number in range(20_000):
            stream.write(f'{{"prompt": "question {number}", "answer": "answer {number} {filler}"}}\n')
    started = time.perf_counter()
    target = RecordedTarget(path, OpenOptions())
    tracemalloc.start()
    (answers,) = (list(target.ask([said("question 19999"), said("question 7")])),)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [answer.text[:12] for _, answer in answers if isinstance(answer, Text)] == [
        "answer 19999",
        "answer 7 wor",
    ]
    assert peak < path.stat().st_size / 3
    assert time.perf_counter() - started < 30


words = st.text(alphabet=st.characters(codec="utf-8"), max_size=30)


@settings(max_examples=50, deadline=None)
@given(pairs=st.dictionaries(words.filter(lambda text: bool(text.strip())), words, min_size=1, max_size=6))
def test_whatever_was_written_is_found(
    pairs: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(
        tmp_path_factory.mktemp("found"),
        *({"prompt": prompt, "answer": answer} for prompt, answer in pairs.items()),
    )
    answers = ask(path, *(said(prompt) for prompt in pairs))
    assert all(isinstance(answer, Text) for answer in answers)
    alone = {" ".join(prompt.split()) for prompt in pairs}
    if len(alone) == len(pairs) and all(prompt.isascii() for prompt in pairs):
        assert [answer.text for answer in answers if isinstance(answer, Text)] == list(pairs.values())


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=80), st.text(max_size=80).map(lambda text: text.encode("utf-8", "ignore"))
    )
)
def test_any_bytes_are_read_or_turned_down(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("any") / "x.jsonl"
    path.write_bytes(content)
    exit_status = 2
    try:
        list(RecordedTarget(path, OpenOptions()).ask([said("a")]))
    except AuditorError as error:
        exit_status = error.exit_status
    assert exit_status == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["arg_0", "gen_args_0", "role", "content", "kind", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
FIELDS = [
    "request",
    "answer",
    "arguments",
    "resps",
    "prompt",
    "messages",
    "model",
    "seed",
    "finish",
    "tokens",
]


@settings(max_examples=400, deadline=None)
@given(record=st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5))
def test_any_record_is_read_or_turned_down(record: dict[str, Any]) -> None:
    try:
        said_or_why = [repr(entry) for entry in read_entries(record)]
    except EntryError as error:
        said_or_why = [str(error)]
    assert all(said_or_why)
