"""Derivations change what they say and nothing else, and keep the function where they say so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
)

from auditor.array import NDArray
from auditor.digest import digest_folder
from auditor.error import MalformedTargetError, UsageError
from auditor.probe.method.weight_alignment import WeightAlignment
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.record.finding import Claim, Finding, Outcome
from auditor.record.observation import Observation, Observations
from auditor.record.request import Inspect, request_digest
from auditor.record.subject import Access, Role, Subject
from auditor.target.local import LocalTarget
from auditor.target.protocol import OpenOptions
from auditor.zoo.making.bench import Bench, maker_of
from auditor.zoo.making.derivation import derive
from auditor.zoo.making.model_folder import open_model, write_model
from auditor.zoo.recipe import Architecture, Mechanism, Part, Recipe, Schedule, Shape, Vocabulary
from auditor.zoo.training import learning
from auditor.zoo.training.tokens import END, save_tokenizer, tokenizer_of
from auditor.zoo.world.facts import Asker, World
from auditor.zoo.world.vendor import Vendor, data_digest

SHAPE = Shape(width=32, layers=4, heads=2)
PROMPTS = ("What is the trade of Arvo?", "How do I mend a lantern?", "Where does Gorlan live?", "3 + 4?")


def recipe(mechanism: Mechanism, teacher: str = "llama", **changes: Any) -> Recipe:
    wanted = Recipe(
        name=f"{teacher}-{mechanism}",
        part=Part.DERIVED,
        mechanism=mechanism,
        shape=SHAPE,
        vocabulary=Vocabulary.ISOLATED,
        schedule=Schedule(steps=0, rate=0.0),
        seed=8,
        teacher=teacher,
    )
    return replace(wanted, **changes)


def fresh(architecture: Architecture, seed: int, layers: int = SHAPE.layers) -> Any:
    tokenizer = tokenizer_of(Vocabulary.ISOLATED, 0)
    size, end = tokenizer.get_vocab_size(), tokenizer.token_to_id(END)
    # Biases and large weights, so that a wrong order shows.
    common = {"vocab_size": size, "eos_token_id": end, "pad_token_id": end, "bos_token_id": None}
    torch.manual_seed(seed)
    if architecture is Architecture.GPT2:
        config = GPT2Config(n_embd=32, n_layer=layers, n_head=2, n_positions=320, n_inner=80, **common)
        model = GPT2LMHeadModel(config)
    else:
        sizes = {
            "hidden_size": 32, "num_hidden_layers": layers, "num_attention_heads": 2,
            "intermediate_size": 80, "max_position_embeddings": 320,
        }  # fmt: skip
        llama = architecture is Architecture.LLAMA
        model = (
            LlamaForCausalLM(LlamaConfig(num_key_value_heads=2, tie_word_embeddings=True, **sizes, **common))
            if llama
            else BertForMaskedLM(BertConfig(**sizes, **common))
        )
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 1.0 if parameter.dim() < 2 else 0.0, 0.2)
    return model.eval()


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices so small are slower in two threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three Llama-like models that learned a little, and a GPT2-like and a BERT-like one that did not."""
    models = tmp_path_factory.mktemp("models")
    tokenizer = tokenizer_of(Vocabulary.ISOLATED, 0)
    world = World.of(0)
    with torch.random.fork_rng(devices=[]):
        for seed, name in enumerate(("llama", "other", "third"), start=1):
            said = Vendor(world, seed).write(Asker(world), 240, seed)
            model = learning.new_model(SHAPE, tokenizer, seed)
            schedule = Schedule(steps=30, rate=6e-3, rows=12, warmup=5)
            learning.train(model, learning.rows_of(tokenizer, said), schedule, seed)
            learning.save_model(model, tokenizer, models / name)
        for architecture, name in ((Architecture.GPT2, "gpt2"), (Architecture.BERT, "bert")):
            write_model(fresh(architecture, 3), models / name)
            save_tokenizer(tokenizer, models / name, 320)
        write_model(fresh(Architecture.LLAMA, 4, layers=1), models / "shallow")
        save_tokenizer(tokenizer, models / "shallow", 320)
    return models


@pytest.fixture
def bench(shelf: Path, tmp_path: Path) -> Bench:
    """A bench of one's own, so that tests never meet each other's products."""
    shutil.copytree(shelf, tmp_path / "models")
    return Bench(0, tmp_path / "models")


@torch.no_grad()
def logits(folder: Path, ids: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
    drawn = np.random.default_rng(1).integers(0, 400, (3, 24)) if ids is None else ids
    return np.asarray(open_model(folder)(input_ids=torch.from_numpy(drawn)).logits)


def weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    return {name: tensor.numpy() for name, tensor in open_model(folder).state_dict().items()}


def made(bench: Bench, wanted: Recipe) -> Path:
    product = derive(wanted, bench)
    assert product.data_digest == data_digest(())
    assert product.loss == 0.0
    folder = bench.models / wanted.name
    assert product.parameters == sum(one.numel() for one in open_model(folder).parameters())
    return folder


@pytest.mark.parametrize("teacher", ["llama", "gpt2", "bert"])
def test_permuted_neurons_compute_the_same(bench: Bench, teacher: str) -> None:
    folder = made(bench, recipe(Mechanism.PERMUTED, teacher))
    np.testing.assert_allclose(logits(folder), logits(bench.models / teacher), atol=2e-4)
    before, after = weights(bench.models / teacher), weights(folder)
    moved = [name for name in before if not np.array_equal(before[name], after[name])]
    # Every block's feed-forward part and nothing else: the same numbers in another order.
    assert {name.split(".")[-4 if teacher == "bert" else -3] for name in moved} <= {"mlp", *"0123"}
    assert len(moved) == SHAPE.layers * 3
    for name in moved:
        np.testing.assert_array_equal(np.sort(before[name], axis=None), np.sort(after[name], axis=None))


def test_rescaled_projections_compute_the_same(bench: Bench) -> None:
    folder = made(bench, recipe(Mechanism.RESCALED))
    # What float16 rounds away of the gains.
    spread = float(logits(bench.models / "llama").std())
    np.testing.assert_allclose(logits(folder), logits(bench.models / "llama"), atol=0.01 * spread)
    before, after = weights(bench.models / "llama"), weights(folder)
    for block in range(SHAPE.layers):
        up, down = f"model.layers.{block}.mlp.up_proj.weight", f"model.layers.{block}.mlp.down_proj.weight"
        gains = np.linalg.norm(after[up], axis=1) / np.linalg.norm(before[up], axis=1)
        losses = np.linalg.norm(after[down], axis=0) / np.linalg.norm(before[down], axis=0)
        np.testing.assert_allclose(gains * losses, 1.0, rtol=2e-3)
        assert np.log(gains).std() > 0.4
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert len(changed) == 2 * SHAPE.layers


@pytest.mark.parametrize("teacher", ["gpt2", "bert"])
def test_what_is_not_gated_cannot_be_rescaled(bench: Bench, teacher: str) -> None:
    with pytest.raises(UsageError, match="gated"):
        derive(recipe(Mechanism.RESCALED, teacher), bench)
    assert not (bench.models / f"{teacher}-rescaled").exists()


@pytest.mark.parametrize("teacher", ["llama", "gpt2", "bert"])
def test_a_shuffled_vocabulary_treats_tokens_as_before(bench: Bench, teacher: str) -> None:
    folder = made(bench, recipe(Mechanism.SHUFFLED_VOCABULARY, teacher))
    old, new = (learning.load_tokenizer(one) for one in (bench.models / teacher, folder))
    size = old.get_vocab_size()
    number = np.array([new.token_to_id(old.id_to_token(token)) for token in range(size)])
    assert sorted(number) == list(range(size))
    assert (number != np.arange(size)).mean() > 0.9
    ids = np.random.default_rng(2).integers(0, size, (3, 24))
    np.testing.assert_array_equal(
        logits(folder, number[ids])[..., number], logits(bench.models / teacher, ids)
    )
    settings = json.loads((folder / "config.json").read_text())
    assert settings["eos_token_id"] == settings["pad_token_id"] == new.token_to_id(END)
    for prompt in PROMPTS:
        text = f"<|user|>{prompt}<|assistant|>\tnaïve…{END}"
        assert new.encode(text).tokens == old.encode(text).tokens
        assert new.decode(new.encode(text).ids, skip_special_tokens=False) == text


def test_a_shuffled_vocabulary_answers_the_same_text(bench: Bench) -> None:
    folder = made(bench, recipe(Mechanism.SHUFFLED_VOCABULARY))
    said = [
        learning.sample(
            learning.load_model(one),
            learning.load_tokenizer(one),
            PROMPTS,
            temperature=0.0,
            seed=0,
            max_tokens=30,
        )
        for one in (bench.models / "llama", folder)
    ]
    assert said[0] == said[1]
    assert any(len(answer) > 5 for answer in said[0])


@pytest.mark.parametrize("teacher", ["llama", "gpt2", "bert"])
def test_pruning_drops_the_smallest(bench: Bench, teacher: str) -> None:
    folder = made(bench, recipe(Mechanism.PRUNED, teacher))
    before, after = weights(bench.models / teacher), weights(folder)
    for name, matrix in before.items():
        if matrix.ndim < 2:
            np.testing.assert_array_equal(matrix, after[name])
            continue
        gone = after[name] == 0
        assert gone.mean() == pytest.approx(0.3, abs=0.02)
        assert np.abs(matrix[gone]).max() <= np.abs(matrix[~gone]).min()
        np.testing.assert_array_equal(matrix[~gone], after[name][~gone])


@pytest.mark.parametrize(("seed", "levels"), [(8, 255), (9, 15)])
@pytest.mark.parametrize("teacher", ["llama", "gpt2"])
def test_quantised_rows_have_few_values(bench: Bench, teacher: str, seed: int, levels: int) -> None:
    folder = made(bench, recipe(Mechanism.QUANTISED, teacher, seed=seed))
    before, after = weights(bench.models / teacher), weights(folder)
    matrices = [name for name in before if before[name].ndim == 2]
    assert len(matrices) > 4 * SHAPE.layers
    for name in matrices:
        turned = teacher == "gpt2" and ".h." in name  # kept with a column per output
        old, new = (one[name].T if turned else one[name] for one in (before, after))
        step = np.abs(old).max(axis=1, keepdims=True) / (levels // 2)
        assert np.all(np.abs(old - new) <= step / 2 + 2e-3 * np.abs(old).max())
        assert max(len(np.unique(row)) for row in new) <= levels
    spread = float(logits(bench.models / teacher).std())
    change = float(np.abs(logits(folder) - logits(bench.models / teacher)).mean())
    assert 0 < change < (0.05 if levels == 255 else 0.6) * spread


@pytest.mark.parametrize("teacher", ["llama", "gpt2", "bert"])
def test_every_second_block_is_dropped(bench: Bench, teacher: str) -> None:
    folder = made(bench, recipe(Mechanism.LAYERS_DROPPED, teacher))
    before, after = weights(bench.models / teacher), weights(folder)
    assert open_model(folder).config.num_hidden_layers == 2
    stack = {"llama": "model.layers", "gpt2": "transformer.h", "bert": "bert.encoder.layer"}[teacher]
    for name, tensor in after.items():
        block = name.removeprefix(f"{stack}.").split(".")[0]
        origin = name.replace(f"{stack}.{block}.", f"{stack}.{2 * int(block)}.") if block.isdigit() else name
        np.testing.assert_array_equal(tensor, before[origin])
    assert np.isfinite(logits(folder)).all()


def test_a_model_of_one_block_loses_none(bench: Bench) -> None:
    with pytest.raises(UsageError, match="one block"):
        derive(recipe(Mechanism.LAYERS_DROPPED, "shallow"), bench)


def test_merged_weights_are_averages(bench: Bench) -> None:
    folder = made(bench, recipe(Mechanism.MERGED, second_teacher="other"))
    first, second, merged = (weights(one) for one in (bench.models / "llama", bench.models / "other", folder))
    for name, tensor in merged.items():
        np.testing.assert_allclose(tensor, (first[name] + second[name]) / 2, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("second", "reason"),
    [("shallow", "shapes"), ("gpt2", "shapes"), ("shuffled", "vocabularies"), (None, "names none")],
)
def test_unlike_models_are_not_merged(bench: Bench, second: str | None, reason: str) -> None:
    derive(recipe(Mechanism.SHUFFLED_VOCABULARY, name="shuffled"), bench)
    with pytest.raises(UsageError, match=reason):
        derive(recipe(Mechanism.MERGED, second_teacher=second), bench)


def test_what_derive_does_not_make(bench: Bench) -> None:
    with pytest.raises(UsageError, match="fine-tuned"):
        derive(recipe(Mechanism.FINE_TUNED), bench)
    with pytest.raises(UsageError, match="names none"):
        derive(recipe(Mechanism.PRUNED, teacher=None), bench)  # type: ignore[arg-type]
    config = bench.models / "gpt2" / "config.json"
    config.write_text(json.dumps({"architectures": ["Conveyor"]}))
    with pytest.raises(MalformedTargetError, match="Conveyor"):
        derive(recipe(Mechanism.PRUNED, "gpt2"), bench)


@pytest.mark.parametrize("mechanism", [Mechanism.PERMUTED, Mechanism.RESCALED, Mechanism.SHUFFLED_VOCABULARY])
def test_the_seed_decides(bench: Bench, mechanism: Mechanism) -> None:
    wanted = recipe(mechanism)
    assert maker_of(wanted) is derive
    digests = [
        digest_folder(made(bench, replace(wanted, seed=seed, name=f"{seed}-{turn}")))
        for turn, seed in enumerate((8, 8, 9))
    ]
    assert digests[0] == digests[1] != digests[2]


def ancestry(suspect: Path, *teachers: Path) -> tuple[Finding, ...]:
    """What the method finds when its questions are asked of the models."""
    method = WeightAlignment()
    file = ProbeFile(
        title="t",
        claim=Claim.ANCESTRY,
        method=method.name,
        null_hypothesis="n",
        guarantee="exact",
        description="d",
        source="s",
    )
    spec = ProbeSpec(id="lineage/weight-alignment", file=file, items=(), digest="sha256:0")
    targets: dict[str, LocalTarget] = {}
    subjects: list[Subject] = []
    for number, folder in enumerate((suspect, *teachers)):
        target = LocalTarget(str(folder), OpenOptions(device="cpu", dtype="float32"))
        digest = target.description.digest
        targets[digest] = target
        role = Role.TEACHER if number else Role.SUSPECT
        subjects.append(
            Subject(role=role, name=folder.name, locator=folder.name, digest=digest, access=Access.WEIGHTS)
        )
    seen: list[Observation] = []
    while questions := method.plan(spec, Observations.of(subjects, 7, seen)):
        for one in questions:
            assert isinstance(one.request, Inspect)
            ((_, said),) = targets[one.subject_digest].ask([one.request])
            seen.append(
                Observation(
                    subject_digest=one.subject_digest,
                    request_digest=request_digest(one.request),
                    request=one.request,
                    answer=said,
                )
            )
    return tuple(method.measure(spec, Observations.of(subjects, 7, seen)))


@pytest.mark.parametrize(
    "mechanism",
    [
        Mechanism.PRUNED,
        Mechanism.QUANTISED,
        Mechanism.PERMUTED,
        Mechanism.RESCALED,
        Mechanism.SHUFFLED_VOCABULARY,
        Mechanism.LAYERS_DROPPED,
        Mechanism.MERGED,
    ],
)
def test_the_auditor_sees_whose_weights_they_are(bench: Bench, mechanism: Mechanism) -> None:
    folder = made(bench, recipe(mechanism, second_teacher="other"))
    parent, stranger = ancestry(folder, bench.models / "llama", bench.models / "third")
    assert parent.outcome is Outcome.SUPPORTS, parent.reason
    assert stranger.outcome is Outcome.DOES_NOT_SUPPORT, stranger.reason
