"""The shipped lineage prompts: two disjoint, varied, balanced sets that the methods accept."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest

from auditor.content import probes
from auditor.probe.contrast.texts import neutral_prompts
from auditor.probe.method.reference_likelihood import ReferenceLikelihoodParameters
from auditor.probe.method.weight_alignment import WeightAlignmentParameters
from auditor.probe.protocol import parameters_of
from auditor.probe.spec import ProbeSpec, load_probe
from auditor.probe.words.table import items_of

CATEGORIES = {"explanation", "rewriting", "lists", "story", "code", "dialogue", "advice", "arithmetic"}
REGISTERS = {"plain", "formal", "casual", "terse", "childlike", "technical"}


@pytest.fixture(scope="module")
def spec() -> ProbeSpec:
    return load_probe(probes() / "lineage" / "reference-likelihood")


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9']+", text.lower()))


def test_two_sets_of_at_least_two_hundred(spec: ProbeSpec) -> None:
    sizes = Counter(item["set"] for item in spec.items)
    assert set(sizes) == {"A", "B"}
    assert min(sizes.values()) >= 200
    assert all(set(item) == {"id", "set", "category", "register", "prompt"} for item in spec.items)


def test_every_prompt_is_its_own(spec: ProbeSpec) -> None:
    assert len({item["id"] for item in spec.items}) == len(spec.items)
    assert len({item["prompt"].lower() for item in spec.items}) == len(spec.items)
    bags = [words(item["prompt"]) for item in spec.items]
    for one, other in itertools.combinations(bags, 2):
        assert len(one & other) < 0.7 * len(one | other)


def test_no_opening_is_used_over_and_over(spec: ProbeSpec) -> None:
    openings = Counter(" ".join(item["prompt"].lower().split()[:4]) for item in spec.items)
    assert openings.most_common(1)[0][1] <= 0.03 * len(spec.items)


def test_categories_and_registers_are_balanced_over_the_sets(spec: ProbeSpec) -> None:
    categories = Counter((item["set"], item["category"]) for item in spec.items)
    assert {category for _, category in categories} == CATEGORIES
    assert min(categories.values()) >= 25
    assert max(categories.values()) - min(categories.values()) <= 4
    registers = Counter((item["set"], item["register"]) for item in spec.items)
    assert {register for _, register in registers} == REGISTERS
    assert min(registers.values()) >= 20
    together = Counter((item["category"], item["register"]) for item in spec.items)
    assert len(together) == len(CATEGORIES) * len(REGISTERS)
    assert min(together.values()) >= 6


def test_the_default_selection_is_fixed_and_varied(spec: ProbeSpec) -> None:
    parameters = parameters_of(spec, ReferenceLikelihoodParameters)
    chosen = neutral_prompts(spec, parameters.prompts)
    assert chosen == neutral_prompts(spec, parameters.prompts)
    assert Counter(one.second_set for one in chosen) == {False: parameters.prompts, True: parameters.prompts}
    for second in (False, True):
        assert {one.category for one in chosen if one.second_set is second} == CATEGORIES


def test_text_methods_ask_what_candidates_answer_anyway() -> None:
    """Answers to the same request serve every probe that makes it."""
    asked = load_probe(probes() / "lineage" / "surprisal-residuals")
    chosen = {item.text for item in items_of(asked, 240)}
    likeness = load_probe(probes() / "text-lineage" / "text-likeness")
    assert likeness.items == asked.items
    for suite in ("lineage", "text-lineage"):
        noise = load_probe(probes() / suite / "noise-floor")
        assert len(noise.items) == 40
        assert {item["prompt"] for item in noise.items} <= chosen
        for other in (asked, likeness):
            shared = ("max_tokens", "temperature")
            assert [noise.file.parameters[one] for one in shared] == [
                other.file.parameters[one] for one in shared
            ]


def test_weight_alignment_is_loadable() -> None:
    spec = load_probe(probes() / "lineage" / "weight-alignment")
    assert spec.items == ()
    assert parameters_of(spec, WeightAlignmentParameters).alpha == 1e-6
