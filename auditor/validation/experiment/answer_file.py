"""Answers on their way from the process that asked to the one that planned the questions.

Who planned the questions has them, and knows them by their digests: only answers travel. A file is JSON
Lines, gzipped; each line is a list of a request's digest and the answer to it.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from auditor.digest import canonical_json
from auditor.error import UsageError
from auditor.record.codec import decode, encode
from auditor.record.observation import Answer, Observation
from auditor.record.request import Request


def pack_answers(observations: Iterable[Observation]) -> bytes:
    """The content of a file: the same answers give the same bytes."""
    lines = [canonical_json([one.request_digest, encode(one.answer)]) for one in observations]
    # The file lives for seconds; a smaller one would take longer to write than it saves.
    return gzip.compress(b"".join(line + b"\n" for line in lines), compresslevel=1, mtime=0)


def read_answers(path: Path, subject_digest: str, asked: Mapping[str, Request]) -> tuple[Observation, ...]:
    """The answers in a file, with the questions that they answer.

    Args:
        path: The file.
        subject_digest: Who was asked.
        asked: The questions, by their digests.

    Raises:
        UsageError: If the file is malformed, or answers a question that was not asked.
        EvidenceIntegrityError: If an answer is none.
    """
    found: list[Observation] = []
    try:
        # Answers may hold other line ends than this one, unescaped.
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").split("\n")[:-1]
        pairs = [(str(digest), answer) for digest, answer in map(json.loads, lines)]
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise UsageError(
            f"answers cannot be read: {error}", where=str(path), fix="delete the file and run again"
        ) from error
    for number, (digest, answer) in enumerate(pairs, start=1):
        where = f"{path}:{number}"
        if digest not in asked:
            raise UsageError(
                "an answer is to a question that was not asked",
                where=where,
                fix="delete the file and run again",
            )
        found.append(
            Observation(
                subject_digest=subject_digest,
                request_digest=digest,
                request=asked[digest],
                answer=decode(Answer, answer, where=where),
            )
        )
    return tuple(found)
