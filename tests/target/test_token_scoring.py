"""Token by token, beside what the model expects: against the whole table of probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from asking import WRITERS, answers, reference

from auditor.record.observation import Likelihood, TokenLikelihoods, Unanswered
from auditor.record.request import Score, ScoreTokens, ScoreWords, request_digest, user
from auditor.target.language_model import LanguageModel

TEXTS = (
    ("The train to the coast would", " leave on time.\n\nNobody   asked why. "),
    ("She", "'s naïve — 東京 and Ω"),
    ("", "alone"),
    ("def area(width ", "height)"),
)


@pytest.fixture(scope="module", params=list(WRITERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


def test_tokens_add_up_to_the_whole(folder: Path) -> None:
    wholes = answers(folder, [Score(prompt=a, continuation=b) for a, b in TEXTS])
    parts = answers(folder, [ScoreTokens(prompt=a, continuation=b) for a, b in TEXTS])
    for whole, part in zip(wholes, parts, strict=True):
        assert isinstance(whole, Likelihood)
        assert isinstance(part, TokenLikelihoods)
        assert len(part.log_likelihoods) == len(part.means) == len(part.deviations) == whole.tokens
        assert sum(part.log_likelihoods) == pytest.approx(whole.log_likelihood, abs=1e-3)
        assert part.bytes == whole.bytes
        assert part.per_byte == pytest.approx(whole.per_byte, abs=1e-4)


def test_moments_are_those_of_the_whole_distribution(folder: Path) -> None:
    """By the definition: sums over the vocabulary of p log p, and of p (log p - mean) squared."""
    model, tokenizer = reference(folder)
    prompt, text = "The river runs past the", " old mill and on"
    (found,) = answers(folder, [ScoreTokens(prompt=prompt, continuation=text)])
    assert isinstance(found, TokenLikelihoods)
    before, whole = len(tokenizer(prompt)["input_ids"]), tokenizer(prompt + text)["input_ids"]
    with torch.no_grad():
        table = model(torch.tensor([whole])).logits[0].double().log_softmax(-1).numpy()
    logs = table[before - 1 : -1]
    means = (np.exp(logs) * logs).sum(axis=1)
    spreads = np.sqrt((np.exp(logs) * (logs - means[:, None]) ** 2).sum(axis=1))
    assert found.log_likelihoods == pytest.approx(
        [row[token] for row, token in zip(logs, whole[before:], strict=True)], abs=1e-3
    )
    assert found.means == pytest.approx(means, abs=1e-3)
    assert found.deviations == pytest.approx(spreads, abs=1e-3)


class Table:
    """States that are the logits themselves."""

    vocabulary = 3

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        return states


def test_moments_in_closed_form() -> None:
    """A uniform choice has no spread, a coin one of sqrt(p q) |log p/q|; what cannot come is left out."""
    never = -float("inf")
    bias = torch.tensor([[0.0, 0.0, 0.0], [np.log(0.8), np.log(0.2), never], [0.0, never, never]])
    means, deviations = LanguageModel.expectations(Table(), bias)  # type: ignore[arg-type]
    assert means.tolist() == pytest.approx([-np.log(3), 0.8 * np.log(0.8) + 0.2 * np.log(0.2), 0.0], abs=1e-6)
    assert deviations.tolist() == pytest.approx([0.0, np.sqrt(0.16) * np.log(4), 0.0], abs=1e-6)
    none, spread = LanguageModel.expectations(Table(), torch.zeros(0, 3))  # type: ignore[arg-type]
    assert len(none) == len(spread) == 0


def test_an_almost_sure_model_keeps_its_small_spread() -> None:
    """Where the difference of two sums in single precision would be rounding alone."""
    logits = torch.tensor([[14.0, 0.0]])
    sure = 1 / (1 + np.exp(-14.0))
    _, (deviation,) = LanguageModel.expectations(Table(), logits)  # type: ignore[arg-type]
    assert float(deviation) == pytest.approx(np.sqrt(sure * (1 - sure)) * 14, rel=1e-3)


def test_batches_change_nothing_but_rounding(folder: Path) -> None:
    requests = [ScoreTokens(prompt=a, continuation=b) for a, b in TEXTS]
    together = answers(folder, requests)
    for one, request in zip(together, requests, strict=True):
        (alone,) = answers(folder, [request])
        assert isinstance(one, TokenLikelihoods)
        assert isinstance(alone, TokenLikelihoods)
        for name in ("log_likelihoods", "means", "deviations"):
            assert getattr(one, name) == pytest.approx(getattr(alone, name), abs=2e-3)


def test_empty_and_overlong_texts(folder: Path) -> None:
    empty, long = answers(
        folder,
        [ScoreTokens(prompt="a", continuation=""), ScoreTokens(prompt="a", continuation=" b c" * 5000)],
    )
    assert empty == TokenLikelihoods(log_likelihoods=(), means=(), deviations=(), bytes=0)
    assert isinstance(long, Unanswered)


def test_the_same_words_asked_otherwise_are_another_request() -> None:
    kinds = (Score, ScoreWords, ScoreTokens)
    assert len({request_digest(kind(prompt=user("a"), continuation="b")) for kind in kinds}) == 3
    assert request_digest(Score(prompt="a", continuation="b")) == (
        "sha256:3022206c582dc633dcc64ee15fa7f13a8bdfe8c094f3d0c22b6bfbc859e57367"
    )
