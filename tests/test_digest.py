"""Digests: published vectors, independence of order and place, and what JSON cannot hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.digest import canonical_json, digest_bytes, digest_file, digest_folder, digest_json, well_formed
from auditor.error import AuditorError

WORDS = st.text(st.characters(exclude_categories=("Cs",)))
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
# Beyond 2**53 a float is written like an integer that JSON readers may not agree on.
FLOATS = st.floats(-(2.0**52), 2.0**52)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | FLOATS | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def test_canonical_form_of_the_standards_example() -> None:
    """The example of RFC 8785, section 3.2.2."""
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical_json(value).decode() == expected


@given(JSON)
def test_canonical_form_says_the_same(value: object) -> None:
    assert json.loads(canonical_json(value)) == value
    assert digest_json(value) == digest_json(json.loads(canonical_json(value)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, "\ud800", {"a": object()}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(AuditorError, match="canonical JSON"):
        canonical_json(value)


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "one" / "in").mkdir(parents=True)
    (tmp_path / "one" / "in" / "b").write_bytes(b"x" * 3_000_000)
    (tmp_path / "one" / "a").write_bytes(b"")
    assert (
        digest_file(tmp_path / "one" / "a") == digest_bytes(b"") == "sha256:" + hashlib.sha256().hexdigest()
    )
    (tmp_path / "one").rename(tmp_path / "two")
    before = digest_folder(tmp_path / "two")
    assert before == digest_folder(tmp_path / "two")
    (tmp_path / "two" / "a").rename(tmp_path / "two" / "c")
    assert digest_folder(tmp_path / "two") != before


@given(st.text())
def test_any_text_becomes_well_formed_and_stays_so(text: str) -> None:
    mended = well_formed(text)
    assert mended.encode("utf-8").decode("utf-8") == mended == well_formed(mended)
    if not any("\ud800" <= one <= "\udfff" for one in text):
        assert mended == text
