"""Panels: written and read back without loss, byte-stable, and refused where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.error import AuditorError, UsageError
from auditor.ledger.panel import read_panel, write_panel
from auditor.record.observation import Observation, Text
from auditor.record.request import Generate, request_digest, user
from auditor.record.subject import Access, Role, Stratum, Subject

CONTROL = Subject(
    role=Role.CONTROL,
    name="c",
    locator="c",
    digest="sha256:c",
    access=Access.LOGPROBS,
    stratum=Stratum.SAME_BASE,
)


def observed(prompt: str, text: str) -> Observation:
    request = Generate(prompt=user(prompt), max_tokens=5)
    return Observation(
        subject_digest=CONTROL.digest,
        request_digest=request_digest(request),
        request=request,
        answer=Text(text=text),
    )


@given(texts=st.lists(st.text(st.characters(exclude_categories=("Cs",))), max_size=5), packed=st.booleans())
def test_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, texts: list[str], packed: bool) -> None:
    path = tmp_path_factory.mktemp("panel") / ("p.jsonl.gz" if packed else "p.jsonl")
    observations = tuple(observed(f"{index}", text) for index, text in enumerate(texts))
    digest = write_panel(path, [CONTROL], observations)
    panel = read_panel(path)
    assert panel.subjects == (CONTROL,)
    assert panel.observations == observations
    assert panel.digest == digest == write_panel(path, [CONTROL], observations)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "neither"),
        ('{"subject": {"name": 1}}', "malformed"),
    ],
)
def test_malformed_lines_are_named(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(AuditorError, match=reason):
        read_panel(path)


def test_an_observation_must_fit_its_request_and_a_subject(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    write_panel(path, [], [observed("a", "b")])
    with pytest.raises(UsageError, match="no subject"):
        read_panel(path)
    write_panel(path, [CONTROL], [observed("a", "b")])
    lines = path.read_text().splitlines()
    changed = json.loads(lines[1])
    changed["observation"]["request"]["max_tokens"] = 6
    path.write_text("\n".join([lines[0], json.dumps(changed)]))
    with pytest.raises(UsageError, match="digest"):
        read_panel(path)


def test_a_missing_or_broken_panel_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_panel(tmp_path / "none.jsonl")
    (tmp_path / "p.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(UsageError, match="cannot be read"):
        read_panel(tmp_path / "p.jsonl.gz")
