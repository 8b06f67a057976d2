"""What models said, and the collection that methods measure from."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np

from auditor.array import NDArray
from auditor.record.request import Request, request_digest
from auditor.record.subject import Access, Role, Subject

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An answer in words. ``finish`` is ``filtered`` where the provider refused on the model's behalf."""

    kind: Literal["text"] = "text"
    text: str
    finish: Literal["stop", "length", "filtered"] = "stop"
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Log-likelihood in nats of a continuation, with its length in UTF-8 bytes and in tokens."""

    kind: Literal["likelihood"] = "likelihood"
    log_likelihood: float
    bytes: int
    tokens: int

    @property
    def per_byte(self) -> float:
        """Nats per UTF-8 byte, so that tokenizers may differ."""
        return self.log_likelihood / max(self.bytes, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLikelihoods:
    """Log-likelihood in nats of each word of a continuation, with its length in UTF-8 bytes."""

    kind: Literal["word-likelihoods"] = "word-likelihoods"
    log_likelihoods: tuple[float, ...]
    bytes: int

    @property
    def per_byte(self) -> float:
        """Nats per UTF-8 byte of the whole, so that tokenizers may differ."""
        return math.fsum(self.log_likelihoods) / max(self.bytes, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLikelihoods:
    """Log-likelihood in nats of each token of a continuation, beside those of all that could stand there.

    Attributes:
        log_likelihoods: Of the tokens that stand there.
        means: Mean log-probability of the next token over the model's own distribution: minus its entropy.
        deviations: Standard deviation of the same.
        bytes: Length of the continuation in UTF-8.
    """

    kind: Literal["token-likelihoods"] = "token-likelihoods"
    log_likelihoods: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    bytes: int

    @property
    def per_byte(self) -> float:
        """Nats per UTF-8 byte of the whole, so that tokenizers may differ."""
        return math.fsum(self.log_likelihoods) / max(self.bytes, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Log-likelihood in nats of each option, with its length in UTF-8 bytes, in the order asked."""

    kind: Literal["choice"] = "choice"
    log_likelihoods: tuple[float, ...]
    bytes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopTokens:
    """The likeliest next tokens, likeliest first, with their log-probabilities in nats."""

    kind: Literal["top-tokens"] = "top-tokens"
    tokens: tuple[str, ...]
    log_probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedArray:
    """A NumPy array as base64 of its little-endian bytes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: str

    @staticmethod
    def pack(name: str, array: NDArray[Any]) -> PackedArray:
        """Pack ``array`` (C order, little-endian)."""
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
        return PackedArray(
            name=name,
            dtype=array.dtype.name,
            shape=tuple(int(length) for length in array.shape),
            data=base64.b64encode(little.tobytes()).decode("ascii"),
        )

    def unpack(self) -> NDArray[Any]:
        """The array again."""
        flat = np.frombuffer(base64.b64decode(self.data), dtype=np.dtype(self.dtype).newbyteorder("<"))
        return flat.reshape(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrays:
    """Summaries of weights or hidden states, by name."""

    kind: Literal["arrays"] = "arrays"
    arrays: tuple[PackedArray, ...]

    def unpack(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {packed.name: packed.unpack() for packed in self.arrays}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Recorded answers in words, each to the prompt of the same place; every prompt stands once.

    One record for a whole recording: comparing some hundred models on some hundred prompts would else take
    a record, a digest and a seal for each of a hundred thousand answers.

    Attributes:
        prompts: Composed (NFC), every run of white space as one space.
        answers: As recorded.
    """

    kind: Literal["transcript"] = "transcript"
    prompts: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A vector of whatever length the model has."""

    kind: Literal["embedding"] = "embedding"
    vector: PackedArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Probabilities of the model's own classes or actions, in the model's own order; they sum to one."""

    kind: Literal["distribution"] = "distribution"
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Inputs that predictions are recorded for, in the order of the recording."""

    kind: Literal["inputs"] = "inputs"
    inputs: tuple[str, ...]


#: What a person can say of an answer; ``unsure`` is no label but says that it was looked at.
PersonsLabel = Literal["refuse", "partial", "comply", "off-topic", "unsure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A person's label of a recorded answer, with what an estimate from a sample of answers needs.

    Attributes:
        sample: Digest of the random sample that the answer was drawn in.
        subject_digest: Who gave the answer.
        request_digest: To what.
        label: What the person says.
        revision: How often the same person has labelled it before; the last revision counts.
        population: Prompts that the sample was drawn from.
        stratum: The stratum of its prompt.
        stratum_size: Prompts in that stratum.
        inclusion: Probability with which each of them was drawn.
    """

    kind: Literal["rated"] = "rated"
    sample: str
    subject_digest: str
    request_digest: str
    label: PersonsLabel
    revision: int
    population: int
    stratum: str
    stratum_size: int
    inclusion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The subject cannot answer this request, now or later, and why."""

    kind: Literal["unanswered"] = "unanswered"
    reason: str


Answer = (
    Text
    | Likelihood
    | WordLikelihoods
    | TokenLikelihoods
    | Choice
    | TopTokens
    | Arrays
    | Transcript
    | Embedding
    | Distribution
    | Inputs
    | Rated
    | Unanswered
)


def observation_id(subject_digest: str, request_digest: str) -> str:
    """Short identity of an observation, for cross-references in reports."""
    return f"{subject_digest.removeprefix('sha256:')[:12]}:{request_digest.removeprefix('sha256:')[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One answer of one subject to one request. Both digests together are its identity."""

    subject_digest: str
    request_digest: str
    request: Request
    answer: Answer

    @property
    def id(self) -> str:
        """Short identity for cross-references in reports."""
        return observation_id(self.subject_digest, self.request_digest)


@dataclass(frozen=True, slots=True)
class Observations:
    """Everything that a method may look at: who is who, what they answered, and the scan's seed.

    Attributes:
        subjects: Who takes part.
        seed: The scan's seed.
        answers: Answers by digest of the subject and of the request.
        memo: What methods have worked out from these very answers. Many scans of one population share it.
    """

    subjects: tuple[Subject, ...]
    seed: int
    answers: Mapping[tuple[str, str], Answer] = field(default_factory=dict)
    memo: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    @staticmethod
    def of(subjects: Iterable[Subject], seed: int, seen: Iterable[Observation]) -> Observations:
        """Collect observations; later ones win, though a ledger never holds two."""
        return Observations(
            tuple(subjects), seed, {(one.subject_digest, one.request_digest): one.answer for one in seen}
        )

    def answer(self, subject: Subject, request: Request) -> Answer | None:
        """What ``subject`` said to ``request``, or None where it was not asked."""
        return self.answers.get((subject.digest, request_digest(request)))

    def remembered(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What ``work_out`` returns, worked out once per key; the key names all that it depends on."""
        if key not in self.memo:
            self.memo[key] = work_out()
        found: T = self.memo[key]
        return found

    def handle(self, key: Hashable) -> Hashable:
        """A stand-in for a long key of ``remembered``: the same for equal keys, and quick to look up.

        It is no number that could be given twice: who holds it still when answers came in and all was
        forgotten finds nothing under it, and never what belongs to another key.
        """
        return self.remembered(("handle", key), object)

    def of_role(self, role: Role, access: Access = Access.TEXT) -> tuple[Subject, ...]:
        """The subjects in ``role`` that allow at least ``access``, in the order of the plan."""
        return tuple(one for one in self.subjects if one.role is role and one.access >= access)

    @property
    def suspect(self) -> Subject:
        """The one subject under suspicion."""
        return next(one for one in self.subjects if one.role is Role.SUSPECT)
