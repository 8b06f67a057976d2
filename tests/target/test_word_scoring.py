"""Word by word: the words add up to the whole, whoever cuts them into tokens."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch
from asking import WRITERS, answers, reference
from hypothesis import given
from hypothesis import strategies as st

from auditor.record.observation import Likelihood, Unanswered, WordLikelihoods
from auditor.record.request import Score, ScoreWords, user
from auditor.record.word import word_ends
from auditor.target.endpoint_reply import ScoredToken
from auditor.target.endpoint_score import score_with, score_words_with

TEXTS = (
    ("The train to the coast would", " leave on time.\n\nNobody   asked why. "),
    ("She", "'s naïve — 東京 and Ω"),
    ("def area(width ", "height)"),
    ("", "alone"),
)


@pytest.fixture(scope="module", params=list(WRITERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return WRITERS[request.param](tmp_path_factory.mktemp(request.param))


@given(st.text())
def test_words_cover_a_text_once(text: str) -> None:
    ends = word_ends(text)
    assert list(ends) == sorted(set(ends))
    assert not ends or ends[-1] == len(text)
    cuts = (0, *ends)
    assert "".join(text[a:b] for a, b in itertools.pairwise(cuts)) == text


def test_words_are_runs_of_letters_with_the_blanks_before_them() -> None:
    assert word_ends("a  bc,\nd ") == (1, 6, 9)
    assert word_ends("東京 is") == (1, 2, 5)
    assert word_ends("  ") == (2,)
    assert word_ends("") == ()


def test_words_add_up_to_the_whole(folder: Path) -> None:
    wholes = answers(folder, [Score(prompt=a, continuation=b) for a, b in TEXTS])
    parts = answers(folder, [ScoreWords(prompt=a, continuation=b) for a, b in TEXTS])
    for (_, text), whole, part in zip(TEXTS, wholes, parts, strict=True):
        assert isinstance(whole, Likelihood)
        assert isinstance(part, WordLikelihoods)
        assert len(part.log_likelihoods) == len(word_ends(text))
        assert sum(part.log_likelihoods) == pytest.approx(whole.log_likelihood, abs=1e-3)
        assert part.bytes == whole.bytes


def test_each_word_has_the_log_likelihood_of_its_own_tokens(folder: Path) -> None:
    model, tokenizer = reference(folder)
    prompt, text = "The river runs past the", " old mill and on"
    (found,) = answers(folder, [ScoreWords(prompt=prompt, continuation=text)])
    ids = tokenizer(prompt + text)["input_ids"]
    spans = tokenizer(prompt + text, return_offsets_mapping=True)["offset_mapping"]
    with torch.no_grad():
        table = model(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    expected = [0.0, 0.0, 0.0, 0.0]
    borders = [len(prompt) + len(one) for one in (" old", " old mill", " old mill and", text)]
    for at, (_, end) in enumerate(spans):
        if end > len(prompt):
            word = next(number for number, border in enumerate(borders) if end <= border)
            expected[word] += float(table[at - 1, ids[at]])
    assert isinstance(found, WordLikelihoods)
    assert found.log_likelihoods == pytest.approx(expected, abs=1e-3)


def test_empty_and_overlong_texts(folder: Path) -> None:
    empty, long = answers(
        folder, [ScoreWords(prompt="a", continuation=""), ScoreWords(prompt="a", continuation=" b c" * 5000)]
    )
    assert empty == WordLikelihoods(log_likelihoods=(), bytes=0)
    assert isinstance(long, Unanswered)


class Server:
    """Scores by a table; its tokens straddle the border between prompt and continuation."""

    name, conversations = "table", True

    def __init__(self, *tokens: tuple[str, float | None]) -> None:
        self.shown = tuple(ScoredToken(text, value) for text, value in tokens)

    def find_conversations(self) -> None:
        raise AssertionError("nobody asked")

    def tokens(self, prompt: object, continuation: str) -> tuple[ScoredToken, ...]:
        return self.shown


def test_an_endpoints_tokens_are_summed_over_the_words_in_which_they_end() -> None:
    server = Server(("e ol", -1.0), ("d m", -2.0), ("ill", -4.0))
    assert score_words_with(server, user("p"), " old mill") == WordLikelihoods(
        log_likelihoods=(-1.0, -6.0), bytes=9
    )
    whole = score_with(server, user("p"), " old mill")
    assert isinstance(whole, Likelihood)
    assert whole.log_likelihood == pytest.approx(-7.0)


@pytest.mark.parametrize(
    "tokens", [((" old", -1.0), (" hill", -1.0)), ((" old", None), (" mill", -1.0)), ((" old mill", -1e999),)]
)
def test_an_endpoint_that_spells_another_text_or_tells_no_number(
    tokens: tuple[tuple[str, float], ...],
) -> None:
    assert isinstance(score_words_with(Server(*tokens), "p", " old mill"), Unanswered)
