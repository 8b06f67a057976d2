"""Masked models, embedders and classifiers: the same numbers as transformers gives, one text at a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from asking import answers
from model_factory import tiny_tokenizer
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    RobertaConfig,
    RobertaForMaskedLM,
)

from auditor.error import MalformedTargetError
from auditor.record.observation import Choice, Distribution, Embedding, Likelihood, Unanswered
from auditor.record.request import Choose, Embed, Fill, Generate, Predict, Score, user
from auditor.record.subject import Kind
from auditor.target.loading import quiet
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.target.sentence_vectors import pooled

TEXTS = (
    "The river runs past the mill.",
    "A baker sells bread, rolls and cakes from six in the morning.",
    "She asked.",
)
SHAPE: dict[str, Any] = {
    "vocab_size": 401,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
}


def write(folder: Path, maker: Any, config: Any) -> tuple[Path, Any, Any]:
    torch.manual_seed(0)
    with quiet():
        model = maker(config).eval()
        model.save_pretrained(folder)
        tokenizer = tiny_tokenizer(400)
        tokenizer.add_special_tokens({"mask_token": "<mask>", "pad_token": "</s>"})
        tokenizer.save_pretrained(folder)
    return folder, model, tokenizer


def logs_at(model: Any, ids: list[int], places: list[int], mask: int) -> np.ndarray:
    row = [mask if at in places else one for at, one in enumerate(ids)]
    with torch.inference_mode():
        found = model(input_ids=torch.tensor([row])).logits[0].log_softmax(-1)
    return np.array([float(found[at, ids[at]]) for at in places])


def parts(tokenizer: Any, text: str, begin: int, end: int) -> tuple[list[int], list[int]]:
    found = tokenizer(text, return_offsets_mapping=True)
    places = [at for at, (left, right) in enumerate(found["offset_mapping"]) if left < end and right > begin]
    return found["input_ids"], places


@pytest.mark.parametrize("make", [(BertForMaskedLM, BertConfig), (RobertaForMaskedLM, RobertaConfig)])
def test_masked_models_fill_gaps_and_score_texts(tmp_path: Path, make: Any) -> None:
    folder, model, tokenizer = write(tmp_path / "masked", make[0], make[1](**SHAPE))
    options = ("mill", "old stone bridge", "a")
    requests = [
        Fill(before="The river runs past the ", after=" today.", options=options),
        Score(prompt=TEXTS[0], continuation=" " + TEXTS[2]),
        Choose(prompt="She", options=(" asked.", "")),
        Score(prompt=user("Hello"), continuation="x"),
        Generate(prompt="x", max_tokens=1),
        Score(prompt="word " * 90, continuation="x"),
    ]
    filled, score, choice, talk, written, long = answers(folder, requests)
    assert isinstance(filled, Choice)
    before = len("The river runs past the ")
    for option, value, length in zip(options, filled.log_likelihoods, filled.bytes, strict=True):
        text = f"The river runs past the {option} today."
        ids, places = parts(tokenizer, text, before, before + len(option))
        assert value == pytest.approx(logs_at(model, ids, places, tokenizer.mask_token_id).sum(), abs=1e-3)
        assert length == len(option)
    assert isinstance(score, Likelihood)
    ids, places = parts(tokenizer, f"{TEXTS[0]} {TEXTS[2]}", len(TEXTS[0]), 99)
    alone = [logs_at(model, ids, [at], tokenizer.mask_token_id)[0] for at in places]
    assert score.log_likelihood == pytest.approx(sum(alone), abs=1e-3)
    assert (score.tokens, score.bytes) == (len(places), 1 + len(TEXTS[2]))
    assert isinstance(choice, Choice)
    assert choice.log_likelihoods[1] == 0.0
    reasons = [one.reason for one in (talk, written, long) if isinstance(one, Unanswered)]
    assert [word in one for word, one in zip(("conversations", "gaps", "window"), reasons, strict=True)] == [
        True
    ] * 3


def test_classifiers_put_out_their_distribution(tmp_path: Path) -> None:
    config = BertConfig(**SHAPE, num_labels=3, id2label={0: "bad", 1: "fair", 2: "good"})
    folder, model, tokenizer = write(tmp_path / "classifier", BertForSequenceClassification, config)
    long = TEXTS[1] * 9
    *found, other = answers(folder, [Predict(input=one) for one in (*TEXTS, long)] + [Embed(text="x")])
    for text, one in zip((*TEXTS, long), found, strict=True):
        assert isinstance(one, Distribution)
        assert one.labels == ("bad", "fair", "good")
        ids = tokenizer(text, truncation=True, max_length=64)["input_ids"]
        with torch.inference_mode():
            expected = model(input_ids=torch.tensor([ids])).logits[0].softmax(-1)
        assert one.probabilities == pytest.approx(expected.tolist(), abs=1e-5)
        assert sum(one.probabilities) == pytest.approx(1)
    assert isinstance(other, Unanswered)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_labels": 1}, "single number"),
        ({"problem_type": "multi_label_classification"}, "exclude"),
    ],
)
def test_what_is_no_distribution_is_not_taken_for_one(tmp_path: Path, change: Any, words: str) -> None:
    folder, _, _ = write(tmp_path / "m", BertForSequenceClassification, BertConfig(**SHAPE, **change))
    (found,) = answers(folder, [Predict(input="x")])
    assert isinstance(found, Unanswered)
    assert words in found.reason


def test_a_head_that_the_files_lack_is_not_believed(tmp_path: Path) -> None:
    folder, _, _ = write(tmp_path / "m", BertModel, BertConfig(**SHAPE))
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["BertForSequenceClassification"]
    (folder / "config.json").write_text(json.dumps(config))
    (found,) = answers(folder, [Predict(input="x")])
    assert isinstance(found, Unanswered)
    assert "classifier.weight" in found.reason or "classifier.bias" in found.reason


def vector(folder: Path, text: str) -> np.ndarray:
    (found,) = answers(folder, [Embed(text=text)])
    assert isinstance(found, Embedding)
    return found.vector.unpack()


def test_embedders_pool_as_their_files_say(tmp_path: Path) -> None:
    folder, model, tokenizer = write(tmp_path / "embedder", BertModel, BertConfig(**SHAPE))
    assert LocalTarget(str(folder), OpenOptions()).description.kind is Kind.EMBEDDER
    ids = tokenizer(TEXTS[0])["input_ids"]
    with torch.inference_mode():
        states = model(input_ids=torch.tensor([ids])).last_hidden_state[0].numpy()
    assert vector(folder, TEXTS[0]) == pytest.approx(states.mean(0), abs=1e-5)
    plain = LocalTarget(str(folder), OpenOptions()).description.digest
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{name}"}
        for at, (path, name) in enumerate(
            (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
        )
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    settings = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "The old "}, "default_prompt_name": None})
    )
    assert vector(folder, TEXTS[0]) == pytest.approx(states[0] / np.linalg.norm(states[0]), abs=1e-5)
    assert LocalTarget(str(folder), OpenOptions()).description.digest != plain
    batch = answers(folder, [Embed(text=one) for one in TEXTS])
    assert isinstance(batch[0], Embedding)
    assert batch[0].vector.unpack() == pytest.approx(vector(folder, TEXTS[0]), abs=1e-5)
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "The old "}, "default_prompt_name": "query"})
    )
    assert np.abs(vector(folder, TEXTS[0]) - states[0] / np.linalg.norm(states[0])).max() > 1e-3
    modules[2]["type"] = "elsewhere.Whitening"
    (folder / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(MalformedTargetError, match="Whitening"):
        vector(folder, "x")


def test_ways_of_pooling() -> None:
    states = torch.tensor([[[1.0, 8.0], [3.0, 4.0], [9.0, 9.0]]])
    mask = torch.tensor([[1, 1, 0]])
    expected = {
        "cls": (1, 8),
        "max": (3, 8),
        "mean": (2, 6),
        "mean_sqrt_len_tokens": (4 / 2**0.5, 12 / 2**0.5),
        "weightedmean": ((1 + 6) / 3, (8 + 8) / 3),
        "lasttoken": (3, 4),
    }
    for mode, values in expected.items():
        assert pooled(states, mask, mode)[0].tolist() == pytest.approx(values, rel=1e-5), mode
