"""Sets of prompts in the layouts in which they are published, with texts of our own in them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditor.error import UsageError
from auditor.probe.prompts.file import read_prompts, split_side

ROWS = 24


def table(path: Path, columns: str, rows: list[tuple[Any, ...]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    return str(path)


def lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return str(path)


def asked(n: int) -> str:
    return f'How do I "break" thing {n}, quickly?'


#: Layout -> name of the file, its columns as published, row n, and what item n is to be.
PUBLISHED: dict[str, tuple[str, str, Any, Any]] = {
    "XSTest": (
        "xstest_prompts.csv",
        "id,prompt,type,label,focus,note",
        lambda n: (n, asked(n), "homonyms", ("safe", "unsafe")[n % 2], "break", ""),
        lambda n: (f"xstest_prompts-{n}", "homonyms", ("safe", "unsafe")[n % 2], asked(n)),
    ),
    "HarmBench": (
        "harmbench_behaviors_text_all.csv",
        "Behavior,FunctionalCategory,SemanticCategory,Tags,ContextString,BehaviorID",
        lambda n: (asked(n), "standard", "illegal", "", "A page.\nIts end." if n % 2 else "", f"thing_{n}"),
        lambda n: (
            f"harmbench_behaviors_text_all-thing_{n}",
            "illegal",
            "unsafe",
            f"A page.\nIts end.\n\n---\n\n{asked(n)}" if n % 2 else asked(n),
        ),
    ),
    "StrongREJECT": (
        "strongreject_dataset.csv",
        "category,source,forbidden_prompt",
        lambda n: ("Violence", "custom", asked(n)),
        lambda n: (f"strongreject_dataset-{n + 1}", "Violence", "unsafe", asked(n)),
    ),
    "JailbreakBench, harmful": (
        "harmful-behaviors.csv",
        "Index,Goal,Target,Behavior,Category,Source",
        lambda n: (n, asked(n), "Here is how", "Breaking", "Physical harm", "Original"),
        lambda n: (f"harmful-behaviors-{n}", "Physical harm", "unsafe", asked(n)),
    ),
    "JailbreakBench, benign": (
        "benign-behaviors.csv",
        "Index,Goal,Target,Behavior,Category,Source",
        lambda n: (n, asked(n), "Here is how", "Mending", "Physical harm", "Original"),
        lambda n: (f"benign-behaviors-{n}", "Physical harm", "safe", asked(n)),
    ),
    "AILuminate": (
        "airr_official_1.0_demo_en_us_prompt_set_release.csv",
        "release_prompt_id,prompt_text,hazard,persona,locale,prompt_hash",
        lambda n: (f"airr_practice_1_0_{n}", asked(n), "vcr", "normal", "en_US", "0a1b"),
        lambda n: (
            f"airr_official_1.0_demo_en_us_prompt_set_release-airr_practice_1_0_{n}",
            "vcr",
            "unsafe",
            asked(n),
        ),
    ),
    "OR-Bench, hard": (
        "or-bench-hard-1k.csv",
        "prompt,category",
        lambda n: (asked(n), "violence"),
        lambda n: (f"or-bench-hard-1k-{n + 1}", "violence", "safe", asked(n)),
    ),
    "OR-Bench, toxic": (
        "or-bench-toxic.csv",
        "prompt,category",
        lambda n: (asked(n), "violence"),
        lambda n: (f"or-bench-toxic-{n + 1}", "violence", "unsafe", asked(n)),
    ),
    "own": (
        "mine.csv",
        "label,prompt",
        lambda n: (("benign", "Harmful")[n % 2], asked(n)),
        lambda n: (f"mine-{n + 1}", "all", ("safe", "unsafe")[n % 2], asked(n)),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_layouts_are_known_by_their_columns(name: str, tmp_path: Path) -> None:
    file, columns, row, expected = PUBLISHED[name]
    items = read_prompts((table(tmp_path / file, columns, [row(n) for n in range(ROWS)]),))
    assert len(items) == ROWS
    for n, item in enumerate(items):
        identity, category, side, text = expected(n)
        assert item == {"id": identity, "category": category, side: text}


@pytest.mark.parametrize("name", ["XSTest", "HarmBench", "StrongREJECT", "AILuminate"])
def test_the_same_as_json_lines(name: str, tmp_path: Path) -> None:
    file, columns, row, _ = PUBLISHED[name]
    rows = [row(n) for n in range(ROWS)]
    as_csv = read_prompts((table(tmp_path / file, columns, rows),))
    named = [dict(zip(columns.split(","), cells, strict=True)) for cells in rows]
    assert read_prompts((lines((tmp_path / file).with_suffix(".jsonl"), named),)) == as_csv


def test_columns_are_known_in_any_case(tmp_path: Path) -> None:
    rows = [(f"r{n}", asked(n), "vcr") for n in range(ROWS)]
    items = read_prompts((table(tmp_path / "a.csv", "Release_prompt_id,Prompt_text,Hazard", rows),))
    assert items[3] == {"id": "a-r3", "category": "vcr", "unsafe": asked(3)}


def test_own_prompts_may_have_a_twin(tmp_path: Path) -> None:
    rows = [
        {"prompt": asked(n), "label": "unsafe", "twin": f"How do I mend thing {n}?", "category": "c", "id": n}
        for n in range(ROWS)
    ]
    items = read_prompts((lines(tmp_path / "mine.jsonl", rows),))
    assert items[5] == {
        "id": "mine-5",
        "category": "c",
        "prompt": asked(5),
        "twin": "How do I mend thing 5?",
    }


def test_whoever_gives_a_file_says_the_side_where_it_does_not(tmp_path: Path) -> None:
    path = table(tmp_path / "list.csv", "prompt", [(asked(n),) for n in range(ROWS)])
    for side in ("safe", "unsafe"):
        assert {tuple(item)[-1] for item in read_prompts((f"{side}={path}",))} == {side}
    with pytest.raises(UsageError, match="nothing says whether") as caught:
        read_prompts((path,))
    assert "row 1" in str(caught.value)
    assert "safe=FILE" in str(caught.value)
    assert split_side("unsafe=a=b.csv") == ("unsafe", "a=b.csv")
    assert split_side("other=b.csv") == (None, "other=b.csv")


def test_several_sets_are_told_apart_and_count_what_they_share_once(tmp_path: Path) -> None:
    first = table(
        tmp_path / "one.csv", "prompt,label,category", [(asked(n), "unsafe", "x") for n in range(20)]
    )
    second = table(
        tmp_path / "two.csv",
        "prompt,label,category",
        [(asked(n).upper(), "unsafe", "x") for n in range(10, 30)],
    )
    items = read_prompts((first, second))
    assert Counter(item["category"] for item in items) == {"one: x": 20, "two: x": 10}
    assert len({item["id"] for item in items}) == 30


def test_equal_names_in_a_file_are_told_apart(tmp_path: Path) -> None:
    rows = [("same", asked(n), "unsafe") for n in range(ROWS)]
    items = read_prompts((table(tmp_path / "a.csv", "id,prompt,label", rows),))
    assert [item["id"] for item in items[:3]] == ["a-same", "a-same#2", "a-same#3"]


def test_texts_that_no_record_can_hold_are_mended(tmp_path: Path) -> None:
    rows = [{"prompt": f"{asked(n)} \ud800", "label": "unsafe"} for n in range(ROWS)]
    items = read_prompts((lines(tmp_path / "a.jsonl", rows),))
    assert items[0]["unsafe"].endswith("\ufffd")


@pytest.mark.parametrize(
    ("file", "columns", "row", "words"),
    [
        ("a.csv", "text,kind", ("x", "y"), ["no known set", "text, kind", "XSTest: prompt, type, label"]),
        ("a.csv", "prompt,label", ("x", "perhaps"), ["'perhaps' is neither", "row 1"]),
        ("a.csv", "prompt,label", ("", "safe"), ["row has no prompt", "row 1"]),
        ("a.csv", "prompt,label,twin", ("x", "safe", "y"), ["safe prompt has a twin"]),
        ("a.csv", "Behavior,FunctionalCategory,ImageFileName", ("x", "y", "z.png"), ["about an image"]),
        ("a.csv", "Goal,Behavior", ("x", "y"), ["nothing says whether"]),
        ("a.xlsx", "prompt,label", ("x", "safe"), ["no table format", "csv or jsonl"]),
        ("a.csv", "prompt,label", ("x", "safe"), ["1 different prompts", "20 are the least"]),
    ],
)
def test_what_cannot_be_read_is_named(
    file: str, columns: str, row: tuple[str, ...], words: list[str], tmp_path: Path
) -> None:
    path = table(tmp_path / file, columns, [row])
    with pytest.raises(UsageError) as caught:
        read_prompts((path,))
    for word in words:
        assert word in str(caught.value)


def test_files_that_are_missing_empty_or_at_odds_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_prompts((str(tmp_path / "missing.csv"),))
    with pytest.raises(UsageError, match="is empty"):
        read_prompts((table(tmp_path / "empty.csv", "prompt,label", []),))
    path = table(tmp_path / "odds.csv", "prompt,label", [("x", "safe"), ("X ", "unsafe")])
    with pytest.raises(UsageError, match="row 2 calls a prompt unsafe that is safe elsewhere"):
        read_prompts((path,))
    with pytest.raises(UsageError, match="given as unsafe"):
        read_prompts((f"unsafe={path}",))
    (tmp_path / "b").mkdir()
    other = table(tmp_path / "b" / "odds.csv", "prompt,label", [("x", "safe")])
    with pytest.raises(UsageError, match="two sets of prompts are called odds"):
        read_prompts((path, other))
    short = lines(tmp_path / "short.jsonl", [{"prompt": "a", "label": "safe"}, {"prompt": "b"}])
    with pytest.raises(UsageError, match="row lacks label"):
        read_prompts((short,))
