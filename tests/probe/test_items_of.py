"""A probe may ask another one's questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor import content
from auditor.error import ContentError
from auditor.probe.registry import load_suites
from auditor.probe.spec import load_probe

PROBE = """
title: t
claim: distilled_from
method: sibling_contrast
null_hypothesis: n
guarantee: calibrated
description: d
source: s
"""


def probe(folder: Path, name: str, *, items: bool, more: str = "") -> Path:
    found = folder / "suite" / name
    found.mkdir(parents=True)
    (found / "probe.yaml").write_text(PROBE + more)
    if items:
        (found / "items.jsonl").write_text('{"id": "a", "prompt": "p"}\n')
    return found


def test_the_items_are_the_other_probes(tmp_path: Path) -> None:
    first = load_probe(probe(tmp_path, "first", items=True))
    second = load_probe(probe(tmp_path, "second", items=False, more="items_of: suite/first\n"))
    assert second.items == first.items
    assert second.digest != first.digest


@pytest.mark.parametrize(("items", "name"), [(False, "suite/nobody"), (True, "suite/first")])
def test_one_of_both_has_items(tmp_path: Path, items: bool, name: str) -> None:
    probe(tmp_path, "first", items=True)
    with pytest.raises(ContentError, match="items"):
        load_probe(probe(tmp_path, "second", items=items, more=f"items_of: {name}\n"))


@pytest.mark.parametrize("name", ["../../etc", "suite/../first", "first"])
def test_no_path_leads_out_of_the_content(tmp_path: Path, name: str) -> None:
    with pytest.raises(ContentError, match="items_of"):
        load_probe(probe(tmp_path, "second", items=False, more=f"items_of: {name}\n"))


@pytest.mark.parametrize("suite", ["lineage", "world-lineage"])
def test_siblings_are_asked_what_residuals_ask(suite: str) -> None:
    names = (f"{suite}/sibling-contrast", f"{suite}/surprisal-residuals")
    own, other = load_suites(names, (content.probes(),))
    assert own.items == other.items
    asked = ("prompts", "max_tokens", "temperature")
    assert [own.file.parameters[one] for one in asked] == [other.file.parameters[one] for one in asked]
