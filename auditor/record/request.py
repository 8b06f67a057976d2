"""What a model can be asked. A request knows nothing of who answers it; its digest is its identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from auditor.digest import digest_json
from auditor.record.codec import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


#: Raw text to continue, or a conversation that the subject's own chat template lays out. Where the last
#: turn is the assistant's, the model goes on in the middle of it.
Prompt = str | tuple[Message, ...]


def user(text: str) -> tuple[Message, ...]:
    """A conversation of one user turn."""
    return (Message(role="user", text=text),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generate:
    """Write an answer. ``temperature`` 0 is greedy; ``seed`` tells repeated samples apart."""

    kind: Literal["generate"] = "generate"
    prompt: Prompt
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Log-likelihood of a given continuation after a prompt."""

    kind: Literal["score"] = "score"
    prompt: Prompt
    continuation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreWords:
    """Log-likelihood of a given continuation after a prompt, word by word (see ``auditor.record.word``)."""

    kind: Literal["score-words"] = "score-words"
    prompt: Prompt
    continuation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTokens:
    """Log-likelihood of a given continuation token by token, beside what the model expects at each place."""

    kind: Literal["score-tokens"] = "score-tokens"
    prompt: Prompt
    continuation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose:
    """Log-likelihood of each of several continuations of one prompt."""

    kind: Literal["choose"] = "choose"
    prompt: Prompt
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTokens:
    """The ``k`` likeliest next tokens with their log-probabilities."""

    kind: Literal["next-tokens"] = "next-tokens"
    prompt: Prompt
    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspect:
    """A NumPy summary of the weights themselves.

    Attributes:
        quantity: Which summary, for instance ``mlp-layout`` or ``mlp-sketch``.
        layer: The block it is about, or None for the whole model.
        size: Number of projections or entries kept.
        seed: Seed of the random projection, the same for every subject.
    """

    kind: Literal["inspect"] = "inspect"
    quantity: str
    layer: int | None = None
    size: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Everything that was recorded of a model in words, as one transcript; a live model cannot answer.

    Attributes:
        sample: Which of several recorded answers to one prompt, in the order of the recording; prompts
            that were answered less often are left out.
    """

    kind: Literal["recall"] = "recall"
    sample: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Log-likelihood of each of several words in a gap between ``before`` and ``after``."""

    kind: Literal["fill"] = "fill"
    before: str
    after: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """The vector that stands for a text."""

    kind: Literal["embed"] = "embed"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Predict:
    """The distribution over the model's own classes for a text, or over its actions in a state in words."""

    kind: Literal["predict"] = "predict"
    input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """What kind of answer another model gave: a distribution over the kinds that the judge knows."""

    kind: Literal["grade"] = "grade"
    prompt: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The inputs that predictions are recorded for, where a model is known by a recording alone."""

    kind: Literal["catalogue"] = "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a person says of one recorded answer, without knowing whose it is.

    Attributes:
        sample: Digest of the random sample that the answer was drawn in.
        subject_digest: Who gave the answer.
        request_digest: To what.
        revision: How often the same person has labelled it before; the last revision counts.
    """

    kind: Literal["rating"] = "rating"
    sample: str
    subject_digest: str
    request_digest: str
    revision: int = 0


Request = (
    Generate
    | Score
    | ScoreWords
    | ScoreTokens
    | Choose
    | NextTokens
    | Inspect
    | Recall
    | Fill
    | Embed
    | Predict
    | Grade
    | Catalogue
    | Rating
)
#: Questions that a text is asked with; the others have none, or more than one part.
Prompted = Generate | Score | ScoreWords | ScoreTokens | Choose | NextTokens


@lru_cache(maxsize=200_000)
def request_digest(request: Request) -> str:
    """The identity of a request."""
    return digest_json(encode(request))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request put to one subject."""

    subject_digest: str
    request: Request


def ask_all(subject_digest: str, requests: Sequence[Request]) -> tuple[Question, ...]:
    """The same requests as questions to one subject."""
    return tuple(Question(subject_digest=subject_digest, request=request) for request in requests)
