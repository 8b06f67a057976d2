"""Logs of the UK AI Security Institute's Inspect: what each sample asked, and what the model answered.

Two forms: one JSON document, and a ``.eval`` archive with a JSON document for each sample. Both hold, by
sample, the input, the choices, the target, the conversation as it was put to the model, and the output.

Source: the log format of ``inspect_ai``, version 2.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.digest import well_formed

#: Most bytes of one document of an archive, and of all of them, unpacked.
_LARGEST_DOCUMENT, _LARGEST_ARCHIVE = 64 << 20, 512 << 20
_ARCHIVE = b"PK\x03\x04"
_DOCUMENT = re.compile(rb'^(\xef\xbb\xbf)?\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"')
_SAMPLE = re.compile(r"samples/[^/]+\.json")
#: Zstandard as a method of an archive; length of an entry's own header, and where that says how long name and
#: extra field behind it are.
_ZSTANDARD, _LOCAL_HEADER, _LENGTHS = 93, 30, (26, 28)
#: Begins text that stands elsewhere in the sample, where it would be repeated.
_ATTACHED = "attachment://"


class InspectLogError(ValueError):
    """A log that cannot be read; the message is a clause that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectSample:
    """One sample.

    Attributes:
        id: Its name in the data set.
        question: Its input, before a solver put it in words of its own.
        prompt: The user's turn that the model answered.
        choices: Options; none for an open question.
        targets: The right answers: letters where there are options.
        answer: What the model wrote; None where the sample broke off.
        finish: Why it stopped writing, in Inspect's words.
        model: Whose log it is.
        metadata: What the data set says of it besides.
    """

    id: str
    question: str
    prompt: str
    choices: tuple[str, ...]
    targets: tuple[str, ...]
    answer: str | None
    finish: str
    model: str
    metadata: Mapping[str, Any]


def is_inspect_log(head: bytes) -> bool:
    """Whether a file that begins so is such a log."""
    return head.startswith(_ARCHIVE) or _DOCUMENT.match(head) is not None


def read_inspect_log(data: bytes) -> tuple[InspectSample, ...]:
    """The samples of a log, in its order.

    Raises:
        InspectLogError: If it is broken, too large, or a sample lacks what every sample has.
    """
    header, samples = _unpacked(data) if data.startswith(_ARCHIVE) else _whole(data)
    about = header.get("eval")
    model = about.get("model") if isinstance(about, Mapping) else None
    if not isinstance(model, str) or not model:
        raise InspectLogError("names no model")
    return tuple(_sample(one, f"sample {number}", model) for number, one in enumerate(samples, start=1))


def _whole(data: bytes) -> tuple[Mapping[str, Any], list[object]]:
    document = _parsed(data, "the log")
    samples = document.get("samples") or []
    if not isinstance(samples, list):
        raise InspectLogError("has samples that are no list")
    return document, samples


def _unpacked(data: bytes) -> tuple[Mapping[str, Any], list[object]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            held = archive.infolist()
            if sum(one.file_size for one in held) > _LARGEST_ARCHIVE:
                raise InspectLogError(f"is larger than {_LARGEST_ARCHIVE >> 20} MiB unpacked")
            names = [one.filename for one in held]
            # A run that was broken off has no header yet, and says in its journal what it is about.
            header = next((one for one in ("header.json", "_journal/start.json") if one in names), None)
            if header is None:
                raise InspectLogError("is an archive without a header")
            documents = {one: _document(archive, one) for one in names if _SAMPLE.fullmatch(one)}
            return _document(archive, header), list(documents.values())
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InspectLogError(f"is no readable archive: {error}") from error


def _document(archive: zipfile.ZipFile, name: str) -> Mapping[str, Any]:
    entry = archive.getinfo(name)
    if entry.compress_type == _ZSTANDARD:
        data = _zstandard(archive, entry)
    else:
        with archive.open(entry) as stream:
            data = stream.read(_LARGEST_DOCUMENT + 1)
    if len(data) > _LARGEST_DOCUMENT:
        raise InspectLogError(f"holds {name}, which is larger than {_LARGEST_DOCUMENT >> 20} MiB")
    return _parsed(data, name)


def _zstandard(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A document as later versions pack it, which Python's own library does not unpack before 3.14."""
    try:
        from pyarrow import ArrowInvalid, BufferReader, CompressedInputStream
    except ImportError as error:
        raise InspectLogError(
            "is packed with Zstandard, which takes pip install 'distillation-auditor[benchmarks]', or else "
            "`inspect log convert --to json`"
        ) from error
    stream = archive.fp
    if stream is None:
        raise EOFError("it is closed")
    stream.seek(entry.header_offset)
    header = stream.read(_LOCAL_HEADER)
    if len(header) < _LOCAL_HEADER or not header.startswith(_ARCHIVE):
        raise EOFError("an entry has no header")
    stream.seek(sum(int.from_bytes(header[at : at + 2], "little") for at in _LENGTHS), io.SEEK_CUR)
    packed = stream.read(entry.compress_size)
    try:
        unpacked: bytes = CompressedInputStream(BufferReader(packed), "zstd").read(_LARGEST_DOCUMENT + 1)
    except (ArrowInvalid, OSError) as error:
        raise InspectLogError(f"holds {entry.filename}, which cannot be unpacked: {error}") from error
    return unpacked


def _parsed(data: bytes, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InspectLogError(f"is not JSON in {name}: {error}") from error
    if not isinstance(document, dict):
        raise InspectLogError(f"holds no JSON object in {name}")
    return document


def _sample(sample: object, where: str, model: str) -> InspectSample:
    if not isinstance(sample, Mapping) or sample.get("id") in (None, ""):
        raise InspectLogError(f"has no id in {where}")
    attached = sample.get("attachments")
    texts = _Texts(attached if isinstance(attached, Mapping) else {})
    turns = list(texts.turns(sample.get("messages")))
    put = texts.turns(sample.get("input"))
    asked = [text for role, text in put if role == "user"]
    if not asked:
        raise InspectLogError(f"has no question in {where}")
    targets = sample.get("target")
    choices, metadata = sample.get("choices"), sample.get("metadata")
    answer, finish = _output(sample, texts)
    return InspectSample(
        id=str(sample["id"]),
        question=asked[-1],
        prompt=_answered(turns) or asked[-1],
        choices=tuple(map(str, choices)) if isinstance(choices, list) else (),
        targets=tuple(map(str, targets if isinstance(targets, list) else [targets])),
        answer=answer,
        finish=finish,
        model=model,
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )


def _output(sample: Mapping[str, Any], texts: _Texts) -> tuple[str | None, str]:
    """What was written, and why it ended; None where the sample broke off."""
    output = sample.get("output")
    choices = output.get("choices") if isinstance(output, Mapping) else None
    if sample.get("error") or not isinstance(choices, list) or not choices:
        return None, ""
    first = choices[0]
    message = first.get("message") if isinstance(first, Mapping) else None
    (said,) = [text for _, text in texts.turns([message])] or [""]
    return said, str(first.get("stop_reason", "")) if isinstance(first, Mapping) else ""


def _answered(turns: list[tuple[str, str]]) -> str:
    """The user's turn before the last turn of the model."""
    ends = max((place for place, (role, _) in enumerate(turns) if role == "assistant"), default=len(turns))
    return next((text for role, text in reversed(turns[:ends]) if role == "user"), "")


@dataclass(frozen=True, slots=True)
class _Texts:
    """Texts of a sample, wherever they stand."""

    attached: Mapping[str, Any]

    def turns(self, value: object) -> Iterator[tuple[str, str]]:
        """Role and words of every message; a bare text is the user's."""
        if isinstance(value, str):
            yield "user", self._words(value)
        for message in value if isinstance(value, list) else []:
            if isinstance(message, Mapping):
                yield str(message.get("role")), self._words(message.get("content"))

    def _words(self, content: object) -> str:
        """The words of a message; pictures and thoughts that are not part of the answer are left out."""
        if isinstance(content, str):
            attached = self.attached.get(content.removeprefix(_ATTACHED))
            found = attached if content.startswith(_ATTACHED) and isinstance(attached, str) else content
            return well_formed(found)
        parts = content if isinstance(content, list) else []
        texts = (one.get("text") for one in parts if isinstance(one, Mapping) and one.get("type") == "text")
        return "\n".join(self._words(one) for one in texts if isinstance(one, str))
