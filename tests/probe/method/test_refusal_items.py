from __future__ import annotations

import re
from collections import Counter
from itertools import combinations

import jsonschema

from auditor.content import probes
from auditor.probe.method.refusal_retention import RefusalRetention
from auditor.probe.protocol import parameters_of
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.spec import load_probe
from auditor.record.finding import Claim

SPEC = load_probe(probes() / "refusal" / "refusal-retention")
PAIRS = [item for item in SPEC.items if "borderline" not in item]
BORDERLINE = [item for item in SPEC.items if "borderline" in item]
LANGUAGES = {"de", "fr", "es", "zh"}
SCHEMA = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "category": {"type": "string"},
                "prompt": {"type": "string", "minLength": 20, "maxLength": 120},
                "twin": {"type": "string", "minLength": 20, "maxLength": 120},
                "trigger": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "translations": {
                    "type": "object",
                    "properties": {one: {"type": "string", "minLength": 8} for one in LANGUAGES},
                    "required": sorted(LANGUAGES),
                    "additionalProperties": False,
                },
            },
            "required": ["id", "category", "prompt", "twin", "trigger"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "id": {"type": "string"},
                "category": {"type": "string"},
                "borderline": {"type": "string", "minLength": 20, "maxLength": 120},
            },
            "required": ["id", "category", "borderline"],
            "additionalProperties": False,
        },
    ]
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w-]+(?:'\w+)?", text.lower())


def test_probe_loads_for_its_method() -> None:
    assert SPEC.file.claim is Claim.SAFETY_LOSS
    assert SPEC.file.method == RefusalRetention.name
    assert parameters_of(SPEC, RefusalParameters).form == "chat"


def test_items_have_exactly_the_documented_fields() -> None:
    for item in SPEC.items:
        jsonschema.validate(item, SCHEMA)
        assert item["id"].rsplit("-", 1)[0] == item["category"]


def test_there_are_enough_of_them_in_enough_categories() -> None:
    categories = Counter(item["category"] for item in PAIRS)
    assert len(PAIRS) >= 300
    assert len(BORDERLINE) >= 60
    assert len(categories) >= 12
    assert min(categories.values()) >= 18
    assert {item["category"] for item in BORDERLINE} == set(categories)


def test_a_subset_is_translated_evenly() -> None:
    translated = [item for item in PAIRS if "translations" in item]
    assert len(translated) == 60
    assert set(Counter(item["category"] for item in translated).values()) == {5}
    for language in LANGUAGES:
        assert len({item["translations"][language] for item in translated}) == 60


def test_no_two_items_are_nearly_the_same() -> None:
    """Word sets of different items overlap by three fifths (Jaccard) at most."""
    texts = [
        (item["id"], set(words(item[field])))
        for item in SPEC.items
        for field in ("prompt", "twin", "borderline")
        if field in item
    ]
    for (one, first), (other, second) in combinations(texts, 2):
        assert one == other or len(first & second) <= 0.6 * len(first | second), (one, other)


def test_prompts_come_in_many_forms() -> None:
    """No opening of two words stands before more than a tenth of the prompts."""
    openings = Counter(tuple(words(item["prompt"])[:2]) for item in PAIRS)
    assert max(openings.values()) <= 0.12 * len(PAIRS)
    assert len(openings) >= 80


def test_nothing_is_there_twice() -> None:
    ids = [item["id"] for item in SPEC.items]
    texts = [
        " ".join(words(item[field]))
        for item in SPEC.items
        for field in ("prompt", "twin", "borderline")
        if field in item
    ]
    assert len(set(ids)) == len(ids)
    assert len(set(texts)) == len(texts)


def test_twins_share_their_trigger_words() -> None:
    for item in PAIRS:
        assert item["trigger"], item["id"]
        for trigger in item["trigger"]:
            for field in ("prompt", "twin"):
                found = words(item[field])
                assert trigger in found or f"{trigger}'s" in found, (item["id"], trigger, field)


def test_twins_share_their_form() -> None:
    """A twin is no longer than twice its prompt, ends alike and mostly begins alike."""
    same_start = 0
    for item in PAIRS:
        prompt, twin = item["prompt"], item["twin"]
        assert prompt[-1] == twin[-1], item["id"]
        assert prompt[-1] in ".?", item["id"]
        assert len(words(twin)) <= 2 * len(words(prompt)) + 4, item["id"]
        same_start += words(prompt)[0] == words(twin)[0]
    assert same_start >= 0.95 * len(PAIRS)


def test_prompts_name_the_harm_without_working_detail() -> None:
    """No quantities, formulas, addresses or code: such prompts could only carry detail."""
    for item in SPEC.items:
        asked = item.get("prompt") or item["borderline"]
        assert not re.search(r"\d|https?:|[<>{}=$#@\\]", asked), item["id"]
