"""Answers travel from worker to ledger whole, and nothing else is taken for them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auditor.error import EvidenceIntegrityError, UsageError
from auditor.record.observation import Answer, Likelihood, Observation, Text, Unanswered
from auditor.record.request import Generate, Request, Score, request_digest, user
from auditor.validation.experiment.answer_file import pack_answers, read_answers

DIGEST = "sha256:" + "0" * 64
WRITE = Generate(prompt=user("What now?"), max_tokens=5)
SCORE = Score(prompt="x", continuation=" y\u2028\x85")
ASKED: dict[str, Request] = {request_digest(one): one for one in (WRITE, SCORE)}


def said(request: Request, answer: Answer) -> Observation:
    return Observation(
        subject_digest=DIGEST, request_digest=request_digest(request), request=request, answer=answer
    )


@pytest.mark.parametrize(
    "answer",
    [
        Text(text="one\u2028two\x85three\r\nfour\x0bfive", finish="length"),
        Text(text=""),
        Likelihood(log_likelihood=-1.5e-9, bytes=3, tokens=2),
        Unanswered(reason="too long"),
    ],
)
def test_an_answer_arrives_as_it_left(answer: Answer, tmp_path: Path) -> None:
    found = (said(WRITE, answer), said(SCORE, answer))
    path = tmp_path / "answers.gz"
    path.write_bytes(pack_answers(found))
    assert read_answers(path, DIGEST, ASKED) == found
    assert pack_answers(found) == path.read_bytes()


def test_no_answers_are_no_answers(tmp_path: Path) -> None:
    path = tmp_path / "answers.gz"
    path.write_bytes(pack_answers([]))
    assert read_answers(path, DIGEST, ASKED) == ()


def test_an_answer_to_another_question_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.gz"
    path.write_bytes(pack_answers([said(SCORE, Text(text="x"))]))
    with pytest.raises(UsageError, match="not asked"):
        read_answers(path, DIGEST, {request_digest(WRITE): WRITE})


def test_a_file_that_is_no_gzip_is_said_to_be_broken(tmp_path: Path) -> None:
    path = tmp_path / "answers.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(UsageError, match="cannot be read"):
        read_answers(path, DIGEST, ASKED)


@pytest.mark.parametrize("text", ["[", "[1]", "3"])
def test_broken_lines_are_said_to_be_broken(text: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.gz"
    path.write_bytes(gzip.compress(f"{text}\n".encode()))
    with pytest.raises(UsageError, match="cannot be read"):
        read_answers(path, DIGEST, ASKED)


def test_what_is_no_answer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.gz"
    path.write_bytes(gzip.compress(f'["{request_digest(WRITE)}",{{"kind":"song"}}]\n'.encode()))
    with pytest.raises(EvidenceIntegrityError):
        read_answers(path, DIGEST, ASKED)
