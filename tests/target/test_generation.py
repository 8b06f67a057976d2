"""Generated answers against those of transformers, and samples against the model's distribution."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from asking import WRITERS, answers, reference
from model_factory import write_tiny_llama

from auditor.record.observation import Text
from auditor.record.request import Generate
from auditor.target.loading import quiet
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions


@pytest.fixture(scope="module", params=list(WRITERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llama(tmp_path_factory.mktemp("llama"))


def test_greedy_answers_equal_those_of_transformers(folder: Path) -> None:
    model, tokenizer = reference(folder)
    prompts = ["The river", "Two plus three is five; seven", "Why", "List the tools that a gardener needs: a"]
    budgets = [20, 7, 33, 12]
    requests = [Generate(prompt=p, max_tokens=b) for p, b in zip(prompts, budgets, strict=True)]
    for one, prompt, budget in zip(answers(folder, requests), prompts, budgets, strict=True):
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        with quiet(), torch.no_grad():
            whole = model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=budget,
                do_sample=False,
                pad_token_id=1,
            )
        new = whole[0, ids.shape[1] :]
        assert isinstance(one, Text)
        assert one.text == tokenizer.decode(new, skip_special_tokens=True)
        assert one.finish == ("stop" if new[-1] == 1 else "length")


def test_an_answer_ends_at_the_end_token(llama: Path) -> None:
    model, tokenizer = reference(llama)
    ids = tokenizer("The river", return_tensors="pt")["input_ids"]
    with quiet(), torch.no_grad():
        new = model.generate(ids, max_new_tokens=8, do_sample=False, pad_token_id=1)[
            0, ids.shape[1] :
        ].tolist()
    cut = next(at for at in range(2, 8) if new[at] not in new[:at])
    target = LocalTarget(str(llama), OpenOptions())
    target._answerer_of(target._open()).conversations.end_tokens = frozenset({new[cut]})
    (short,) = answers(target, [Generate(prompt="The river", max_tokens=8)])
    assert short == Text(text=tokenizer.decode(new[:cut]), finish="stop", tokens=cut)


def test_an_answer_ends_before_a_stop_text(llama: Path) -> None:
    (long,) = answers(llama, [Generate(prompt="The river", max_tokens=24)])
    assert isinstance(long, Text)
    stop = long.text[9:13]
    requests = [Generate(prompt="The river", max_tokens=24, stop=("never seen", stop))]
    (short,) = answers(llama, requests)
    assert short == Text(text=long.text[: long.text.find(stop)], finish="stop", tokens=short.tokens)


def test_samples_depend_on_their_seed_and_not_on_their_neighbours(llama: Path) -> None:
    requests = [
        Generate(prompt=prompt, max_tokens=10, temperature=1.0, top_p=top_p, seed=seed)
        for prompt in ("The river", "Why is the sky")
        for top_p in (1.0, 0.8)
        for seed in range(3)
    ]
    together = answers(llama, requests)
    alone = answers(llama, requests[::-1], batch_size=1)[::-1]
    assert together == alone
    assert len({one.text for one in together}) == len(together)


def test_samples_follow_the_model(llama: Path) -> None:
    model, tokenizer = reference(llama)
    draws = 400
    requests = [Generate(prompt="The sky", max_tokens=1, temperature=2.0, seed=seed) for seed in range(draws)]
    found = [one.text for one in answers(llama, requests)]
    with torch.no_grad():
        ids = torch.tensor([tokenizer("The sky")["input_ids"]])
        probabilities = (model(ids).logits[0, -1] / 2.0).softmax(-1).tolist()
    expected: Counter[str] = Counter()
    for token, probability in enumerate(probabilities):  # several tokens may read alike
        expected[tokenizer.decode([token], skip_special_tokens=True)] += probability
    for text, probability in expected.most_common(4):
        # five standard errors: one in a million for a right sampler
        assert abs(found.count(text) / draws - probability) < 5 * (probability / draws) ** 0.5


def test_a_small_nucleus_is_greedy(llama: Path) -> None:
    (greedy,) = answers(llama, [Generate(prompt="The sky", max_tokens=6)])
    (narrow,) = answers(llama, [Generate(prompt="The sky", max_tokens=6, temperature=1.0, top_p=1e-6)])
    assert narrow == greedy
