"""Stated compute against what weights and tokens imply, and against teachers; gaps said as gaps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.disclosure.compute import NOT_STATED, Amount, about_compute, account_of
from auditor.disclosure.declaration import Declaration
from auditor.disclosure.marks import ACCELERATORS, MARKS, MODIFIED
from auditor.disclosure.origin import Origin, Shown
from auditor.disclosure.remark import Kind
from auditor.disclosure.stated import read_stated
from auditor.probe.panel.controls import FROM_SHARED_DATA, FROM_SIBLING
from auditor.record.finding import Claim


@pytest.mark.parametrize(
    ("text", "field", "found"),
    [
        ("It took 3.8e25 FLOPs.", "operations", (3.8e25,)),
        ("It took 6.5 × 10²³ FLOP in all.", "operations", (6.5e23,)),
        ("about 2.1 x 10^24 FLOPs", "operations", (2.1e24,)),
        ("10^23 FLOP were used", "operations", (1e23,)),
        ("It used 120 zettaFLOPs.", "operations", (1.2e23,)),
        ("Trained on 15T tokens.", "tokens", (15e12,)),
        ("pre-trained on 2 trillion tokens of data", "tokens", (2e12,)),
        ("Tuned on 250 million tokens.", "tokens", (250e6,)),
        ("It took 30.84M GPU hours on H100-80GB.", "hours", (30.84e6,)),
        ("1,720,320 A100 hours", "hours", (1_720_320.0,)),
        ("12 GPU-days", "hours", (288.0,)),
        ("Tuned on 52,000 instruction examples of Teacher-7B.", "examples", (52_000.0,)),
        ("800k reasoning traces", "examples", (800_000.0,)),
        ("student-1B was trained on 3.5 billion tokens.", "tokens", (3.5e9,)),
    ],
)
def test_figures_are_read_with_their_units(text: str, field: str, found: tuple[float, ...]) -> None:
    assert getattr(read_stated(text, "student-1B"), field) == pytest.approx(found)


@pytest.mark.parametrize(
    "text",
    [
        "Runs at 312 TFLOPS on one card; 989 TFLOP/s at most.",
        "Context of 131,072 tokens, and 2M tokens with a longer window.",
        "The teacher was trained on 15 trillion tokens with 3.8e25 FLOP.",
        "Llama-3-70B was trained on 15T tokens in 6M GPU hours.",
        "GPT-4 was trained with 2e25 FLOP.",
        "It makes 50,000,000 tokens per second.",
        "Trained in 2024 on 3 GPUs with 5 demonstrations.",
        "",
    ],
)
def test_speeds_contexts_and_other_models_are_no_figures_of_this_training(text: str) -> None:
    found = read_stated(text, "student-1B")
    assert (found.operations, found.tokens, found.hours, found.examples) == ((), (), (), ())


def test_a_kind_of_hardware_that_is_not_known_gives_no_bound() -> None:
    assert [one.name for one in read_stated("8 H100 cards, 99 GPU hours", "x").accelerators] == [
        "H100 or H200"
    ]
    assert read_stated("H100 and Gaudi, 99 GPU hours", "x").accelerators == ()


def declaration(prose: str, *, weights: int = 1_000_000_000, embedding: int = 100_000_000) -> Declaration:
    return Declaration(
        name="student",
        card=Path("README.md"),
        compute=True,
        prose=prose,
        figures=read_stated(prose, "student"),
        weights=weights,
        embedding=embedding,
    )


def origin(name: str, claim: Claim = Claim.DISTILLED_FROM, answer: str = FROM_SIBLING) -> Origin:
    shown = (Shown(claim=claim, probe="lineage/x", answer=answer),)
    return Origin(name=name, shown=shown, declared=False, licence=None, term=None)


def remarks(stated: Declaration, *origins: Origin, weights: dict[str, int] | None = None) -> list[str]:
    account = account_of(stated, origins, weights or {})
    return [f"{one.kind.value}: {one.text}" for one in about_compute(stated, account, origins)]


def test_the_bound_is_six_operations_for_each_weight_and_token() -> None:
    account = account_of(declaration("Trained on 2T tokens with 1.2e22 FLOP."), (), {})
    assert (account.own.low, account.own.high) == (6 * 0.9e9 * 2e12, 6 * 1e9 * 2e12)
    assert account.stated.low == account.stated.high == 1.2e22
    assert (account.usual.low, account.usual.indicative) == (6 * 1e9 * 20 * 1e9, True)


@pytest.mark.parametrize(
    ("prose", "contradicted"),
    [
        ("Trained on 2T tokens with 1.2e22 FLOP.", False),
        ("Trained on 2T tokens with 6e21 FLOP.", False),  # half of it: 6 N D is an approximation
        ("Trained on 2T tokens with 1e21 FLOP.", True),
        ("Trained on 2T tokens in 1,000 GPU hours on A100.", True),
        ("Trained on 2T tokens in 20,000 GPU hours on A100.", False),
        ("Trained on 2T tokens in 1,000 GPU hours.", False),  # of an unknown kind
        ("Trained on 2T tokens, then on 3B tokens, with 1e21 FLOP.", False),  # which of them is not known
        ("Trained with 1e12 FLOP.", False),
    ],
)
def test_statements_that_cannot_both_be_true_contradict_each_other(prose: str, contradicted: bool) -> None:
    found = remarks(declaration(prose))
    assert [one.startswith("contradiction") for one in found] == [True] * contradicted


def test_of_models_with_experts_or_a_base_nothing_is_concluded() -> None:
    stated = declaration("Trained on 2T tokens with 1e21 FLOP.")
    assert remarks(replace(stated, sparse=True)) == []
    assert remarks(replace(stated, base_models=("owner/base",))) == []
    assert remarks(replace(stated, weights=0)) == []
    account = account_of(replace(stated, sparse=True), (), {})
    assert account.own.words == NOT_STATED
    assert "experts" in account.own.basis


def test_what_a_teacher_wrote_is_left_out_and_worked_out() -> None:
    stated = declaration("It took 300 GPU hours. Tuned on 50,000 examples.")
    (found,) = remarks(stated, origin("teacher"), weights={"teacher": 7_000_000_000})
    assert found.startswith("missing: compute is stated, and what teacher took to write")
    assert f"{2 * 7e9 * 50_000 * 50:.2g} to {2 * 7e9 * 50_000 * 4000:.2g} FLOP" in found
    (named,) = remarks(stated, origin("Teacher-7B"))
    assert "the size in its name" in named
    (gap,) = remarks(declaration("It took 300 GPU hours."), origin("teacher"))
    assert NOT_STATED in gap
    assert "its number of weights and how many examples it wrote" in gap


def test_a_teacher_that_is_accounted_for_or_not_sure_is_not_held_against_the_card() -> None:
    told = declaration("It took 300 GPU hours. The answers of teacher took 20 GPU hours.")
    assert remarks(told, origin("teacher")) == []
    stated = declaration("It took 300 GPU hours.")
    assert remarks(stated, origin("teacher", answer=FROM_SHARED_DATA)) == []
    assert remarks(stated, origin("base", Claim.ANCESTRY, "")) == []
    assert remarks(stated, replace(origin("teacher"), shown=())) == []


def test_marks_say_where_the_model_stands_and_who_says_so() -> None:
    def marks(prose: str, **more: object) -> tuple[str, ...]:
        return account_of(replace(declaration(prose), **more), (), {}).marks  # type: ignore[arg-type]

    above, below = marks("It took 2e23 FLOP.")
    assert "above it" in above
    assert "C(2025) 5045" in above
    assert "2025-07-18" in above
    assert below.endswith("below it")
    assert all("nothing follows" in one for one in marks("Made with care."))
    assert "either side" in marks("Trained on 17.5T tokens.")[0]
    modified = marks("It took 2e22 FLOP.", base_models=("owner/base",))
    assert len(modified) == len(MARKS) + 1
    assert f"{MODIFIED.operations:.2g} FLOP" in modified[-1]
    with_teacher = account_of(declaration("x"), (origin("teacher"),), {}).marks
    assert "recital 111" in with_teacher[-1]


def test_every_figure_of_the_tables_has_a_source_with_a_year() -> None:
    assert all(one.source and one.dated[:4].isdigit() for one in (*MARKS, MODIFIED))
    assert all("20" in one.source.rsplit(",", 1)[-1] for one in ACCELERATORS)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(None, None, NOT_STATED), (None, 2e20, "at most 2e+20 FLOP"), (1e20, 1e20, "1e+20 FLOP"),
     (1e20, 2e20, "1e+20 to 2e+20 FLOP")],
)  # fmt: skip
def test_ranges_in_words(low: float | None, high: float | None, words: str) -> None:
    assert Amount(part="p", low=low, high=high, basis="b").words == words


def test_contradictions_are_remarks_on_compute() -> None:
    stated = declaration("Trained on 2T tokens with 1e21 FLOP.")
    (found,) = about_compute(stated, account_of(stated, (), {}), ())
    assert (found.kind, found.field) == (Kind.CONTRADICTION, "compute")
