"""What every kind of access is: something that describes itself and answers requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from auditor.record.observation import Answer
from auditor.record.request import Request
from auditor.record.subject import Access, Kind

#: Positions of requests with their answers.
Batch = Sequence[tuple[int, Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOptions:
    """How models may be opened; flags of the command and fields of the plan file end up here.

    Attributes:
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        dtype: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
        allow_pickle: Load weights that only exist as pickles.
        trust_remote_code: Run modelling code that comes with a model.
        api_key_env: Name of the environment variable that holds an endpoint's key.
        system_prompt: System prompt put before every conversation.
        batch_size: Largest number of sequences at once; 0 chooses.
        concurrency: Requests under way at an endpoint.
        timeout: Seconds until an endpoint's answer is given up.
        retries: Further tries after a 429, a 5xx or a broken connection.
    """

    device: str = "auto"
    dtype: str = "auto"
    allow_pickle: bool = False
    trust_remote_code: bool = False
    api_key_env: str | None = None
    system_prompt: str | None = None
    batch_size: int = 0
    concurrency: int = 8
    timeout: float = 120.0
    retries: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a model before it is asked anything.

    Attributes:
        name: Short name for people.
        digest: Covers weights, tokenizer, revision, dtype, chat template and system prompt; for an
            endpoint its address, model name and what it reports of itself.
        access: The deepest access it allows.
        size_bytes: Memory that its weights take when loaded; 0 where nothing is loaded here.
        details: Named facts for people: parameters, dtype, device, licence, declared base model, ...
    """

    name: str
    digest: str
    access: Access
    kind: Kind = Kind.CAUSAL_LM
    revision: str | None = None
    tokenizer_digest: str | None = None
    size_bytes: int = 0
    details: tuple[tuple[str, str], ...] = ()


class Target(Protocol):
    """A model that can be asked. Describing it must not load its weights."""

    @property
    def description(self) -> Description:
        """Who this is. Computed once, without loading weights."""
        ...

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests in whatever order is fastest, as pairs of position and answer.

        Each answer is yielded as soon as it is known, so that it can be committed. Weights are loaded
        at the first call. A request that this model can never answer yields ``Unanswered``.

        Raises:
            TargetError: If the model cannot be asked at all.
        """
        ...

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """The same as ``ask``, with answers that were computed together kept together.

        A batch is committed as a whole: in floating point, the rest of a batch asked on its own would not
        get the very same numbers. Asking again for what no whole batch has answered forms the batches
        that would have come next.

        Raises:
            TargetError: If the model cannot be asked at all.
        """
        ...

    def close(self) -> None:
        """Free memory and connections; a later ``ask`` opens them again."""
        ...
