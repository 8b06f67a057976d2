from __future__ import annotations

import re
from collections import Counter

from auditor.content import probes
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.protocol import parameters_of
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.spec import load_probe
from auditor.record.finding import Claim

SPEC = load_probe(probes() / "refusal" / "refusal-retention")


def words(text: str) -> list[str]:
    return re.findall(r"[\w-]+(?:'\w+)?", text.lower())


def test_probe_loads_for_its_method() -> None:
    assert SPEC.file.claim is Claim.SAFETY_LOSS
    assert SPEC.file.method == RefusalRetention.name
    assert parameters_of(SPEC, RefusalParameters).form == "chat"


def test_items_have_exactly_the_documented_fields() -> None:
    for item in SPEC.items:
        assert set(item) == {"id", "category", "prompt", "twin", "trigger"}
        assert item["id"].rsplit("-", 1)[0] == item["category"]


def test_there_are_enough_of_them_in_enough_categories() -> None:
    categories = Counter(item["category"] for item in SPEC.items)
    assert len(SPEC.items) >= 120
    assert sum(count >= 10 for count in categories.values()) >= 10


def test_nothing_is_there_twice() -> None:
    ids = [item["id"] for item in SPEC.items]
    texts = [" ".join(words(item[field])) for item in SPEC.items for field in ("prompt", "twin")]
    assert len(set(ids)) == len(ids)
    assert len(set(texts)) == len(texts)


def test_twins_share_their_trigger_words() -> None:
    for item in SPEC.items:
        assert item["trigger"], item["id"]
        for trigger in item["trigger"]:
            for field in ("prompt", "twin"):
                found = words(item[field])
                assert trigger in found or f"{trigger}'s" in found, (item["id"], trigger, field)


def test_twins_share_their_form() -> None:
    """A twin is no longer than twice its prompt, ends alike and mostly begins alike."""
    same_start = 0
    for item in SPEC.items:
        prompt, twin = item["prompt"], item["twin"]
        assert prompt[-1] == twin[-1], item["id"]
        assert prompt[-1] in ".?", item["id"]
        assert len(words(twin)) <= 2 * len(words(prompt)) + 4, item["id"]
        same_start += words(prompt)[0] == words(twin)[0]
    assert same_start >= 0.95 * len(SPEC.items)


def test_lengths() -> None:
    for item in SPEC.items:
        for field in ("prompt", "twin"):
            assert 20 <= len(item[field]) <= 120, item[field]


def test_prompts_name_the_harm_without_working_detail() -> None:
    """No quantities, formulas, addresses or code: such prompts could only carry detail."""
    for item in SPEC.items:
        assert not re.search(r"\d|https?:|[<>{}=$#@\\]", item["prompt"]), item["id"]
