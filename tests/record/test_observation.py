"""What scans of one population share: worked out once, and never for the wrong key."""

from __future__ import annotations

from dataclasses import replace

from auditor.record.observation import Observations


def test_what_was_worked_out_is_remembered_by_whoever_shares_the_answers() -> None:
    seen = Observations((), 0)
    assert seen.remembered(("sum", 1), lambda: 1) == 1
    assert replace(seen, seed=1).remembered(("sum", 1), lambda: 2) == 1
    assert Observations((), 0).remembered(("sum", 1), lambda: 2) == 2


def test_equal_keys_have_one_handle_and_others_have_others() -> None:
    seen = Observations((), 0)
    long = tuple(str(number) for number in range(1000))
    assert seen.handle(long) is seen.handle(tuple(str(number) for number in range(1000)))
    assert seen.handle(long) != seen.handle(long[1:])


def test_a_handle_from_before_the_answers_changed_finds_nothing() -> None:
    seen = Observations((), 0)
    before = seen.handle(("texts", "a"))
    seen.remembered(("kept", before), lambda: "old")
    seen.memo.clear()
    after = seen.handle(("texts", "b"))
    assert seen.remembered(("kept", after), lambda: "new") == "new"
    assert seen.remembered(("kept", before), lambda: "worked out again") == "worked out again"
