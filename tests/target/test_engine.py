"""The fast engine against the model's own full forward pass."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from asking import WRITERS, answers, reference
from model_factory import write_model, write_tiny_llama
from transformers import MambaConfig

from auditor.error import TargetError
from auditor.record.observation import Answer, Choice, Likelihood, Text, TopTokens, Unanswered
from auditor.record.request import Choose, Generate, Message, NextTokens, Score, user
from auditor.target.batching import bucket, run_halving
from auditor.target.language_model import LanguageModel
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.target.scoring import Prefix, score_plain

QUESTIONS = tuple(
    Choose(prompt=prompt, options=options)
    for prompt, options in (
        ("The river runs past the", (" mill", " old stone bridge", " baker and the train", " sky")),
        ("Two plus three is", (" five", " seven minus four", "; three.")),
        ("Why is the sky blue? ", ("Because short waves", "London", "Because short waves scatter more")),
        ("", ("The answer", " is Paris")),
        ("A gardener needs a spade, a rake, a hose. " * 3, (" Rome", "", " or Madrid or Berlin")),
    )
)
SCORES = (
    Score(prompt="The train to the coast would", continuation=" leave on time."),
    Score(prompt="The river runs past the", continuation=" bread, rolls and cakes"),
    Score(prompt="She", continuation=" asked whether the train to the coast would leave at all."),
    Score(prompt="def area(width", continuation=", height)"),
)


@pytest.fixture(scope="module", params=list(WRITERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("llama"))


def naive(model: Any, tokenizer: Any, prompt: str, continuation: str) -> float:
    """One full forward pass per continuation, tokens cut as the LM evaluation harness cuts them."""
    stem = prompt.rstrip()
    whole = tokenizer(stem + prompt[len(stem) :] + continuation)["input_ids"]
    context = tokenizer(stem)["input_ids"] if stem else [tokenizer.bos_token_id]
    ids = whole if stem else [*context, *whole]
    with torch.no_grad():
        table = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    return float(sum(table[at - 1, ids[at]] for at in range(len(context), len(ids))))


def flat(found: Sequence[Answer]) -> list[float]:
    values: list[float] = []
    for one in found:
        if isinstance(one, Choice):
            values += one.log_likelihoods
        else:
            assert isinstance(one, Likelihood)
            values.append(one.log_likelihood)
    return values


def test_log_likelihoods_equal_a_naive_forward_pass(folder: Path) -> None:
    model, tokenizer = reference(folder)
    expected = [naive(model, tokenizer, one.prompt, option) for one in QUESTIONS for option in one.options]
    expected += [naive(model, tokenizer, one.prompt, one.continuation) for one in SCORES]
    found = answers(folder, [*QUESTIONS, *SCORES])
    assert flat(found) == pytest.approx(expected, abs=1e-3)
    assert max(abs(value) for value in expected) > 5  # the models are not so flat that all would agree


def test_both_shortcuts_hold_for_the_common_architectures(folder: Path) -> None:
    model, _ = reference(folder)
    lm = LanguageModel(model, "cpu")
    assert (lm.direct, lm.caches, lm.shares) == (True, True, True)


def _without_head(lm: LanguageModel) -> bool:
    lm.direct = False
    return False


def test_without_shortcuts_the_numbers_are_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = [*QUESTIONS, *SCORES, NextTokens(prompt="The answer is", k=3)]
    written = [Generate(prompt=one.prompt, max_tokens=12) for one in QUESTIONS]
    quick = answers(folder, [*requests, *written])
    monkeypatch.setattr(LanguageModel, "_head_is_direct", _without_head)
    monkeypatch.setattr(LanguageModel, "_cache_goes_on", lambda _: False)
    slow = answers(folder, [*requests, *written])
    assert flat(quick[: len(requests) - 1]) == pytest.approx(flat(slow[: len(requests) - 1]), abs=1e-3)
    assert quick[len(requests) - 1].tokens == slow[len(requests) - 1].tokens
    assert [one.text for one in quick[len(requests) :]] == [one.text for one in slow[len(requests) :]]


def test_a_recurrent_model_is_asked_the_slow_way(tmp_path: Path) -> None:
    folder = write_model(
        tmp_path, MambaConfig(vocab_size=400, hidden_size=32, num_hidden_layers=2, state_size=4)
    )
    model, tokenizer = reference(folder)
    assert LanguageModel(model, "cpu").shares is False
    expected = [naive(model, tokenizer, one.prompt, option) for one in QUESTIONS for option in one.options]
    requests = [Generate(prompt="The river", max_tokens=6), Generate(prompt="Why", max_tokens=3)]
    *scored, long, short = answers(folder, [*QUESTIONS, *requests])
    assert flat(scored) == pytest.approx(expected, abs=1e-3)
    assert (long.tokens, short.tokens) == (6, 3)


def test_a_head_that_was_understood_wrongly_turns_its_shortcut_off(llama: Path) -> None:
    model, _ = reference(llama)
    model.config.final_logit_softcapping = 1.0  # a Llama does not cap, whatever its configuration says
    assert LanguageModel(model, "cpu").direct is False


def test_order_and_batch_size_do_not_matter(folder: Path) -> None:
    requests = [*QUESTIONS, *SCORES]
    order = list(range(len(requests)))
    random.Random(3).shuffle(order)
    straight = answers(folder, requests)
    shuffled = answers(folder, [requests[at] for at in order], batch_size=1)
    for place, at in enumerate(order):
        assert flat([shuffled[place]]) == pytest.approx(flat([straight[at]]), abs=1e-4)


def test_likelihoods_count_bytes_and_tokens(llama: Path) -> None:
    found = answers(
        llama, [Score(prompt="The sky is", continuation=" grün"), Score(prompt="a", continuation="")]
    )
    assert isinstance(found[0], Likelihood)
    assert (found[0].bytes, found[0].tokens) == (6, 6)
    assert found[1] == Likelihood(log_likelihood=0.0, bytes=0, tokens=0)


def test_a_continuation_that_melts_into_the_prompt_is_scored_from_where_they_part(llama: Path) -> None:
    _, tokenizer = reference(llama)

    def length(text: str) -> int:
        return len(tokenizer(text)["input_ids"])

    words = [f"a {token}" for token in sorted(tokenizer.get_vocab()) if token.isascii() and token.isalpha()]
    whole = next(word for word in words if length(word) <= length(word[:-1]))
    prompt, rest = whole[:-1], whole[-1]
    (found,) = answers(llama, [Score(prompt=prompt, continuation=rest)])
    assert isinstance(found, Likelihood)
    assert found.tokens >= 1
    assert found.log_likelihood < 0


def test_next_tokens_are_the_likeliest(folder: Path) -> None:
    model, tokenizer = reference(folder)
    prompts = ("The answer is", "Two plus three")
    found = answers(folder, [NextTokens(prompt=prompt, k=k) for prompt in prompts for k in (2, 5)])
    for number, one in enumerate(found):
        with torch.no_grad():
            ids = torch.tensor([tokenizer(prompts[number // 2])["input_ids"]])
            best = model(ids).logits[0, -1].log_softmax(-1).topk(2 if number % 2 == 0 else 5)
        assert isinstance(one, TopTokens)
        assert one.log_probabilities == pytest.approx(best.values.tolist(), abs=1e-4)
        assert one.tokens == tuple(tokenizer.decode([token]) for token in best.indices.tolist())


def test_what_does_not_fit_the_window_is_unanswered(llama: Path) -> None:
    long = "The river runs. " * 200
    found = answers(
        llama,
        [
            Score(prompt=long, continuation=" mill"),
            Choose(prompt="The", options=(" sky", long)),
            NextTokens(prompt=long, k=2),
            Generate(prompt=long, max_tokens=3),
            Generate(prompt="The sky", max_tokens=1000),
            Generate(prompt="The sky", max_tokens=0),
        ],
    )
    assert all(isinstance(one, Unanswered) and "window of 256" in one.reason for one in found[:4])
    assert found[4].tokens <= 256
    assert found[5] == Text(text="", finish="length", tokens=0)


def test_answers_come_batch_by_batch(llama: Path) -> None:
    target = LocalTarget(str(llama), OpenOptions(batch_size=1))
    steps = target.ask(SCORES)
    engine = target._answerer_of(target._open())
    calls: list[int] = []
    original = engine.lm.states

    def counted(*args: Any, **named: Any) -> Any:
        calls.append(1)
        return original(*args, **named)

    engine.lm.states = counted  # type: ignore[method-assign]
    next(steps)
    assert len(calls) == 1
    assert torch.is_inference_mode_enabled() is False


def test_running_out_of_memory_halves_batches(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = answers(llama, [*QUESTIONS, *SCORES, Generate(prompt="The sky", max_tokens=5)])
    original = LanguageModel.states
    failures = []

    def cramped(self: LanguageModel, tokens: torch.Tensor, **named: Any) -> Any:
        if len(tokens) > 2:
            failures.append(len(tokens))
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:121] DefaultCPUAllocator: can't allocate memory"
            )
        return original(self, tokens, **named)

    monkeypatch.setattr(LanguageModel, "states", cramped)
    assert flat(plain[:-1]) == pytest.approx(
        flat(answers(llama, [*QUESTIONS, *SCORES, Generate(prompt="The sky", max_tokens=5)])[:-1]), abs=1e-4
    )
    assert failures


def test_a_request_too_large_for_memory_is_an_error(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = LocalTarget(str(llama), OpenOptions())
    target._answerer_of(target._open())

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(LanguageModel, "states", full)
    with pytest.raises(TargetError, match="single request does not fit"):
        list(target.ask(SCORES))


def test_a_bug_is_not_taken_for_lack_of_memory() -> None:
    def broken(batch: list[int]) -> Iterator[tuple[int, int]]:
        raise RuntimeError("shapes do not match")
        yield 0, 0

    with pytest.raises(RuntimeError, match="shapes"):
        list(run_halving([[1, 2]], broken))


def test_buckets_hold_like_lengths_within_their_budget() -> None:
    lengths = [random.Random(1).randint(1, 50) for _ in range(200)]
    batches = bucket(lengths, length=lambda one: one, rows=lambda _: 1, budget=120, most_rows=6)
    assert sorted(one for batch in batches for one in batch) == sorted(lengths)
    assert all(max(batch) * len(batch) <= 120 and len(batch) <= 6 for batch in batches)
    assert batches[0][0] == max(lengths)


def test_conversations_follow_the_chat_template(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path, chat=True)
    model, tokenizer = reference(folder)
    text = tokenizer.apply_chat_template(
        [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        tokenize=False,
        add_generation_prompt=True,
    )
    (found,) = answers(
        folder, [Score(prompt=user("Why?"), continuation="Because")], system_prompt="Be brief."
    )
    assert isinstance(found, Likelihood)
    assert found.log_likelihood == pytest.approx(naive(model, tokenizer, text, "Because"), abs=1e-3)


def test_without_a_template_turns_are_paragraphs(llama: Path) -> None:
    as_chat, as_text = answers(
        llama,
        [NextTokens(prompt=user("Why?"), k=4), NextTokens(prompt="Be brief.\n\nWhy?\n\n", k=4)],
        system_prompt="Be brief.",
    )
    assert as_chat == as_text


def test_an_open_turn_is_gone_on_with_where_a_continuation_is_scored(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path, chat=True)
    _, tokenizer = reference(folder)
    asked = [{"role": "user", "content": "Why?"}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    open_turn = (*user("Why?"), Message(role="assistant", text="Because the"))
    found = answers(folder, [NextTokens(prompt=open_turn, k=4), NextTokens(prompt=f"{text}Because the", k=4)])
    assert found[0] == found[1]
    assert found[0] != answers(folder, [NextTokens(prompt=user("Why?"), k=4)])[0]


def test_an_empty_prompt_needs_a_token_to_begin_with(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path)
    target = LocalTarget(str(folder), OpenOptions())
    tokenizer = target._open().tokenizer
    tokenizer.bos_token = tokenizer.eos_token = None
    (found,) = answers(target, [Score(prompt="", continuation="a")])
    assert isinstance(found, Unanswered)
    assert "no token to begin with" in found.reason


def test_a_plain_batch_scores_rows_of_unequal_length(llama: Path) -> None:
    model, _ = reference(llama)
    lm = LanguageModel(model, "cpu")
    rows = [((5, 9, 20, 33, 7), 2), ((8, 4), 1), ((3, 3, 3), 3)]
    with torch.inference_mode():
        together = score_plain(lm, rows)
        assert together == pytest.approx([score_plain(lm, [row])[0] for row in rows], abs=1e-4)
    assert together[2] == 0.0
    assert Prefix((1,), ()).top == 0


def test_each_prompt_is_computed_once(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = LocalTarget(str(llama), OpenOptions())
    lm = target._answerer_of(target._open()).lm
    original, seen = lm.states, []

    def counted(tokens: torch.Tensor, **named: Any) -> Any:
        seen.append(tokens.numel())
        return original(tokens, **named)

    monkeypatch.setattr(lm, "states", counted)
    prompt = "The river runs past the old mill and the stone bridge " * 3
    options = (" five", " seven", " three")
    requests = [Choose(prompt=prompt, options=options), Score(prompt=prompt, continuation=" a train")]
    length = len(target._open().tokenizer(prompt.rstrip())["input_ids"])
    answers(target, [*requests, NextTokens(prompt=prompt.rstrip(), k=2)])
    assert length <= sum(seen) < 2 * length


def test_a_template_without_system_turns_gets_its_text_in_the_first_turn(tmp_path: Path) -> None:
    folder = write_tiny_llama(tmp_path, chat=True)
    (folder / "chat_template.jinja").write_text(
        "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}"
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    )
    told, asked = NextTokens(prompt=user("Why?"), k=3), NextTokens(prompt="user: Be brief.\n\nWhy?\n", k=3)
    assert answers(folder, [told], system_prompt="Be brief.") == answers(folder, [asked])
    only = NextTokens(prompt=(Message(role="system", text="Be brief."),), k=3)
    (found,) = answers(folder, [only])
    assert found == Unanswered(reason="the chat template refuses the conversation: no system turns")
