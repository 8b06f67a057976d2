"""Models on this machine: a transformers folder, a GGUF file, a hub id or a LoRA adapter."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

from auditor.error import MalformedTargetError
from auditor.record.observation import Answer
from auditor.record.request import Inspect, Recall, Request
from auditor.record.subject import Access, Kind
from auditor.target.conversation import PLAIN_LAYOUT, Conversations
from auditor.target.loading import Loaded, choose_device, choose_dtype, load
from auditor.target.model_files import ModelFiles, locate
from auditor.target.model_identity import (
    details,
    has_chat_template,
    kind_of,
    model_digest,
    signature,
    tokenizer_digest,
)
from auditor.target.protocol import Batch, Description, OpenOptions
from auditor.target.transcript import no_recording

#: Bytes of weight files from which on memory is collected at once.
_COLLECTED = 50_000_000
_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


class _Answerer(Protocol):
    """What a loaded model answers through, according to its kind."""

    def answer(self, requests: Sequence[tuple[int, Request]]) -> Iterator[Batch]: ...


class LocalTarget:
    """A model whose weights are on this machine, asked through transformers.

    Nothing is loaded before the first question. Files are found and checked when it is made, and read
    in full for the digest when it is first described.

    Args:
        locator: A folder, a ``.gguf`` file, or a hub id with optional ``@revision``.
        options: Device, dtype, and what may be opened.

    Raises:
        TargetNotFoundError: If there is no model there, or no weights.
        UnsafeTargetError: If opening it would unpickle or run its own code and that was not allowed.
        MalformedTargetError: If its files are broken or incomplete.
        UsageError: If the device or dtype is unknown or not there.
    """

    def __init__(self, locator: str, options: OpenOptions) -> None:
        self._options = options
        self._locator = locator
        self._files: ModelFiles = locate(locator, options)
        self._device = choose_device(options.device)
        self._dtype = choose_dtype(options.dtype, self._device)
        self._loaded: Loaded | None = None
        self._answerer: _Answerer | None = None

    @cached_property
    def description(self) -> Description:
        """Who this is; reads every file once, without loading weights."""
        files = self._files
        self._signature = signature(files)
        parameters = files.weights.parameters
        return Description(
            name=files.name,
            digest=self._digest(),
            access=Access.WEIGHTS,
            kind=kind_of(files),
            revision=files.revision,
            tokenizer_digest=tokenizer_digest(files),
            size_bytes=parameters * _BYTES[self._dtype] or files.weights.size_bytes,
            details=details(files, dtype=self._dtype, device=self._device),
        )

    def _digest(self) -> str:
        return model_digest(
            self._files,
            dtype=self._dtype,
            layout="template" if has_chat_template(self._files) else PLAIN_LAYOUT,
            system_prompt=self._options.system_prompt,
        )

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Answer requests in whatever order is fastest, as pairs of position and answer.

        Raises:
            TargetError: As ``batches`` does.
        """
        for batch in self.batches(requests):
            yield from batch

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Answer requests, those that were computed together at once.

        Raises:
            TargetError: If the model cannot be loaded, its files changed since it was described, or a
                single request does not fit into memory.
        """
        from auditor.target.inspect_weights import inspect

        others: list[tuple[int, Request]] = []
        for number, request in enumerate(requests):
            if isinstance(request, Inspect):
                yield [(number, inspect(self._open(), request))]
            elif isinstance(request, Recall):
                yield [(number, no_recording())]
            else:
                others.append((number, request))
        if not others:
            return
        yield from self._answerer_of(self._open()).answer(others)

    def close(self) -> None:
        """Free the model's memory; a later question loads it again."""
        import torch

        # Modules refer to themselves, so that only a collection frees them; for a few megabytes, the next
        # one that Python makes by itself is soon enough.
        large = self._files.weights.size_bytes >= _COLLECTED
        self._loaded = None
        self._answerer = None
        if large:
            gc.collect()
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _open(self) -> Loaded:
        if self._loaded is None:
            digest = self.description.digest
            loaded = load(self._files, self._options, device=self._device, dtype=self._dtype)
            # Answers are filed under the digest; it must be that of the weights that were loaded.
            if signature(self._files) != self._signature and self._digest() != digest:
                raise MalformedTargetError(
                    "the model's files changed while the scan was under way",
                    where=self._locator,
                    fix="start the scan again once they stay as they are",
                )
            self._loaded = loaded
        return self._loaded

    def _answerer_of(self, loaded: Loaded) -> _Answerer:
        if self._answerer is None:
            kind = self.description.kind
            self._answerer = self._engine(loaded) if kind is Kind.CAUSAL_LM else self._reader(loaded, kind)
        return self._answerer

    def _engine(self, loaded: Loaded) -> _Answerer:
        from auditor.target.engine import Engine
        from auditor.target.language_model import LanguageModel

        ends = getattr(loaded.model.generation_config, "eos_token_id", None)
        ends = [ends] if isinstance(ends, int) else list(ends or ())
        conversations = Conversations(
            loaded.tokenizer, system_prompt=self._options.system_prompt, end_tokens=ends
        )
        lm = LanguageModel(loaded.model, loaded.device)
        return Engine(lm, conversations, batch_size=self._options.batch_size)

    def _reader(self, loaded: Loaded, kind: Kind) -> _Answerer:
        """Who answers for a model that reads whole texts and continues none."""
        from auditor.target.classification import TextClassifier
        from auditor.target.encoder import Encoder
        from auditor.target.gap_filling import GapFiller
        from auditor.target.sentence_vectors import SentenceEmbedder

        encoder = Encoder(loaded, batch_size=self._options.batch_size)
        if kind is Kind.MASKED_LM:
            return GapFiller(encoder)
        if kind is Kind.CLASSIFIER:
            return TextClassifier(encoder)
        return SentenceEmbedder(encoder, self._files.folder)
