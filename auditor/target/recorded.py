"""Answers that already exist, in a file: indexed once, then looked up by what was asked."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from auditor.digest import digest_json, well_formed
from auditor.error import MalformedTargetError, TargetNotFoundError, UsageError
from auditor.record.observation import Answer, Choice, Inputs, Likelihood, Unanswered
from auditor.record.request import (
    Catalogue,
    Choose,
    Generate,
    Predict,
    Prompt,
    Recall,
    Request,
    Score,
    request_digest,
)
from auditor.record.subject import Kind
from auditor.target.inspect_log import InspectLogError, is_inspect_log, read_inspect_log
from auditor.target.protocol import Batch, Description, OpenOptions
from auditor.target.recorded_entry import (
    Entry,
    EntryError,
    LikelihoodEntry,
    PredictionEntry,
    ReplayEntry,
    TextEntry,
    asked,
    boundary,
    normal,
    not_recorded,
    read_entries,
    sample_record,
)
from auditor.target.recorded_index import RecordedIndex, key_of, likelihood_key
from auditor.target.transcript import transcribe

#: Answers looked up at a time.
_BATCH = 500
_LONGEST_LINE = 64 << 20
#: Entries of files up to this size are kept in memory.
_KEPT_BYTES = 8 << 20
_LARGEST_ARRAY = 512 << 20
_FORMS = (
    "give JSONL with prompt and answer, input and probabilities, an lm-eval samples file, an Inspect log, "
    "AlpacaEval model outputs, or answers that this tool wrote"
)


def split_locator(locator: str) -> tuple[Path, str | None]:
    """``FILE`` or ``FILE#MODEL``; a file whose own name holds a ``#`` is found first."""
    path = Path(locator).expanduser()
    if "#" not in locator or path.is_file():
        return path, None
    file, _, model = locator.rpartition("#")
    return Path(file).expanduser(), model


class RecordedTarget:
    """A model known only by answers that somebody recorded.

    Args:
        path: The file of answers.
        options: Nothing of it matters here; every kind of target takes it.
        model: Which of the file's models is meant, where it holds several.
        name: Name of the model for people, where the file's is not to be it.
        kind: What the model computes, where the answers are not to say so.
    """

    def __init__(
        self,
        path: Path,
        options: OpenOptions,
        *,
        model: str | None = None,
        name: str | None = None,
        kind: Kind | None = None,
    ) -> None:
        self._path = path
        self._options = options
        self._model = model
        self._name = name
        self._kind = kind
        self._indexed: RecordedIndex | None = None

    def __repr__(self) -> str:
        return f"RecordedTarget({str(self._path)!r}, model={self._model!r})"

    @property
    def description(self) -> Description:
        """Who this is, by the file's content.

        Raises:
            TargetNotFoundError: If there is no such file, or no such model in it.
            MalformedTargetError: If a record cannot be read; the message names its line.
            UsageError: If the file holds several models and none is chosen.
        """
        index = self._index
        # lm-eval names the folder after the model, and the file after the task.
        file = self._path.resolve().parent if self._path.name.startswith("samples_") else self._path
        name = self._model or self._name or next(iter(index.names), None) or file.stem
        # Two models of one file are two subjects, although their file is the same.
        digest = digest_json([index.digest, self._model]) if self._model else index.digest
        return Description(
            name=name,
            digest=digest,
            access=index.access,
            kind=self._kind or index.kind,
            details=(("file", self._path.name), ("recorded answers", str(index.count))),
        )

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Look every request up.

        Raises:
            MalformedTargetError: If the file changed since it was described.
        """
        index = self._index
        with self._opened() as stream:
            if index.stamp != _stamp(self._path):
                raise MalformedTargetError(
                    "the recorded answers changed while they were being used",
                    where=str(self._path),
                    fix="start again with the file as it is now",
                )
            for position, request in enumerate(requests):
                yield position, self._answer(request, stream)

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Recorded answers depend on nothing; they come in batches to be committed quickly."""
        answers = self.ask(requests)
        while batch := list(itertools.islice(answers, _BATCH)):
            yield batch

    def close(self) -> None:
        """Forget the index; a later ``ask`` reads the file again."""
        self._indexed = None

    @property
    def _index(self) -> RecordedIndex:
        if self._indexed is None:
            self._indexed = self._read()
        return self._indexed

    def _answer(self, request: Request, stream: BinaryIO) -> Answer:
        place = self._index.replays.get(key_of(request_digest(request)))
        if place is not None:
            entry = self._entry(place, stream)
            assert isinstance(entry, ReplayEntry)
            return entry.answer
        if isinstance(request, Generate):
            return self._text(request, stream)
        if isinstance(request, Recall):
            wanted = (one for one in self._index.texts.values() if len(one) > request.sample)
            return transcribe((self._texts(places, stream) for places in wanted), request.sample)
        if isinstance(request, Score):
            return self._likelihood(request.prompt, request.continuation, stream)
        if isinstance(request, Choose):
            return self._choice(request, stream)
        if isinstance(request, Predict):
            return self._prediction(request, stream)
        return self._catalogue(stream) if isinstance(request, Catalogue) else not_recorded()

    def _text(self, request: Generate, stream: BinaryIO) -> Answer:
        places = self._index.texts.get(key_of(normal(asked(request.prompt))), [])
        entries = self._texts(places, stream)
        if not entries:
            return not_recorded()
        # A record that states other sampling is taken only where none states the same.
        fitting = [entry for entry in entries if entry.agrees(request)] or entries
        return fitting[request.seed % len(fitting)].answer

    def _texts(self, places: Sequence[tuple[int, int]], stream: BinaryIO) -> list[TextEntry]:
        return [entry for place in places if isinstance(entry := self._entry(place, stream), TextEntry)]

    def _likelihood(self, prompt: Prompt, continuation: str, stream: BinaryIO) -> Likelihood | Unanswered:
        place = self._index.likelihoods.get(likelihood_key(*boundary(prompt, continuation)))
        entry = None if place is None else self._entry(place, stream)
        if not isinstance(entry, LikelihoodEntry):
            return not_recorded()
        if not math.isfinite(entry.log_likelihood):
            return Unanswered(reason="the recorded log-likelihood is not finite")
        return Likelihood(
            log_likelihood=entry.log_likelihood,
            bytes=len(well_formed(continuation).encode("utf-8")),
            tokens=0,  # such files do not say how many
        )

    def _choice(self, request: Choose, stream: BinaryIO) -> Answer:
        scores: list[Likelihood] = []
        for option in request.options:
            score = self._likelihood(request.prompt, option, stream)
            if isinstance(score, Unanswered):
                return score
            scores.append(score)
        return Choice(
            log_likelihoods=tuple(score.log_likelihood for score in scores),
            bytes=tuple(score.bytes for score in scores),
        )

    def _prediction(self, request: Predict, stream: BinaryIO) -> Answer:
        place = self._index.predictions.get(key_of(normal(request.input)))
        entry = None if place is None else self._entry(place, stream)
        return entry.answer if isinstance(entry, PredictionEntry) else not_recorded()

    def _catalogue(self, stream: BinaryIO) -> Answer:
        entries = (self._entry(place, stream) for place in self._index.predictions.values())
        return Inputs(inputs=tuple(entry.input for entry in entries if isinstance(entry, PredictionEntry)))

    def _entry(self, place: tuple[int, int], stream: BinaryIO) -> Entry:
        if self._index.kept is not None:
            return self._index.kept[place]
        start, number = place
        array = self._index.array
        if array is not None:
            return read_entries(array[start])[number]
        stream.seek(start)
        return read_entries(json.loads(_decoded(stream.readline(_LONGEST_LINE), start)))[number]

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise TargetNotFoundError(
                "there is no file of recorded answers", where=str(self._path), fix="check the path"
            ) from error
        except (OSError, ValueError) as error:
            raise TargetNotFoundError(
                "the file of recorded answers cannot be opened", where=str(self._path), fix="check the path"
            ) from error

    def _read(self) -> RecordedIndex:
        """Read the file once: validate, digest and index it."""
        index = RecordedIndex()
        with self._opened() as stream:
            index.stamp = _stamp(self._path)
            index.kept = {} if index.stamp[0] <= _KEPT_BYTES else None
            for where, start, record in self._records(stream, index):
                self._take(record, where, start, index)
        if self._model is None and len(index.names) > 1:
            raise UsageError(
                f"the file holds answers of several models: {_listed(index.names)}",
                where=str(self._path),
                fix=f"choose one with recorded:{self._path.name}#NAME",
            )
        if self._model is not None and self._model not in index.names:
            raise TargetNotFoundError(
                f"the file holds no answers of '{self._model}'",
                where=str(self._path),
                fix=f"choose one of: {_listed(index.names)}" if index.names else "leave the #NAME out",
            )
        if not index.count:
            raise MalformedTargetError("the file holds no answers", where=str(self._path), fix=_FORMS)
        return index

    def _take(self, record: object, where: str, start: int, index: RecordedIndex) -> None:
        if not isinstance(record, dict):
            raise self._malformed(f"{where} is no JSON object")
        try:
            entries = read_entries(record)
        except EntryError as error:
            raise self._malformed(f"{where} {error}") from error
        for number, entry in enumerate(entries):
            if entry.model is not None:
                index.names.setdefault(entry.model)
            if self._model is None or entry.model == self._model:
                index.add(entry, (start, number))

    def _records(self, stream: BinaryIO, index: RecordedIndex) -> Iterator[tuple[str, int, object]]:
        head = stream.read(4096)
        stream.seek(0)
        if is_inspect_log(head):
            return self._samples(stream, index)
        is_array = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
        return self._array(stream, index) if is_array else self._lines(stream, index)

    def _samples(self, stream: BinaryIO, index: RecordedIndex) -> Iterator[tuple[str, int, object]]:
        try:
            samples = read_inspect_log(self._whole(stream, index))
        except InspectLogError as error:
            raise self._malformed(f"the Inspect log {error}") from error
        index.array = [sample_record(one) for one in samples if one.answer is not None]
        for number, record in enumerate(index.array):
            yield f"answer {number + 1}", number, record

    def _lines(self, stream: BinaryIO, index: RecordedIndex) -> Iterator[tuple[str, int, object]]:
        state = hashlib.sha256()
        start, number = 0, 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            state.update(line)
            if len(line) == _LONGEST_LINE:
                raise self._malformed(f"line {number} is longer than {_LONGEST_LINE >> 20} MiB")
            if line.strip():
                yield f"line {number}", start, self._parsed(line, f"line {number}", start)
            start += len(line)
        index.digest = f"sha256:{state.hexdigest()}"

    def _array(self, stream: BinaryIO, index: RecordedIndex) -> Iterator[tuple[str, int, object]]:
        parsed = self._parsed(self._whole(stream, index), "the file", 0)
        index.array = parsed if isinstance(parsed, list) else []
        for number, record in enumerate(index.array):
            yield f"entry {number + 1}", number, record

    def _whole(self, stream: BinaryIO, index: RecordedIndex) -> bytes:
        data = stream.read(_LARGEST_ARRAY + 1)
        if len(data) > _LARGEST_ARRAY:
            raise self._malformed(f"the file is no JSONL and larger than {_LARGEST_ARRAY >> 20} MiB")
        index.digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return data

    def _parsed(self, data: bytes, where: str, start: int) -> object:
        try:
            return json.loads(_decoded(data, start))
        except UnicodeDecodeError as error:
            raise self._malformed(f"{where} is not UTF-8") from error
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}" if where == "the file" else where
            raise self._malformed(f"{place} is not JSON: {error.msg}") from error
        except (ValueError, RecursionError) as error:
            raise self._malformed(
                f"{where} holds JSON that is too deep or a number that is too long"
            ) from error

    def _malformed(self, what: str) -> MalformedTargetError:
        return MalformedTargetError(what, where=str(self._path), fix=_FORMS)


def _decoded(data: bytes, start: int) -> str:
    return data.decode("utf-8-sig" if start == 0 else "utf-8")


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _listed(names: dict[str, None]) -> str:
    shown = ", ".join(list(names)[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
