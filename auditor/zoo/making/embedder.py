"""Sentence embedders: a small BERT, the mean over its tokens, unit norm.

Those trained on real data learn to tell a question's own answer from the other answers of the batch.
Students copy how the teacher's vectors lie to each other, so that their width is their own.

Source: Reimers and Gurevych 2019 (sentence encoders); Henderson et al. 2017 (ranking the answer before the
other answers of a batch); Park et al. 2019 (relational knowledge distillation).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from auditor.array import NDArray
from auditor.digest import digest_bytes, digest_json
from auditor.error import UsageError
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.descent import descend, shuffled
from auditor.zoo.making.encoder import (
    LONGEST,
    Ids,
    configuration,
    ids_of,
    padded,
    save_encoder,
    write_settings,
)
from auditor.zoo.making.relation import angle_loss, distance_loss
from auditor.zoo.recipe import Mechanism, Recipe
from auditor.zoo.training.learning import load_tokenizer
from auditor.zoo.training.tokens import tokenizer_of
from auditor.zoo.world.facts import Asker, World
from auditor.zoo.world.vendor import Conversation, Vendor, data_digest

#: Cosines are multiplied by this before the softmax over the answers of a batch.
SCALE = 20.0
#: Weights of distances and of angles (Park et al. 2019, for embeddings).
DISTANCES, ANGLES = 1.0, 2.0


def make(recipe: Recipe, bench: Bench) -> Product:
    """Train the embedder of ``recipe``: on vendors' conversations, or on relations in a teacher's space.

    ``Product.loss`` is in nats a question for real data, and Park's sum of Huber losses for students.

    Raises:
        UsageError: If no embedder is made by this mechanism.
    """
    tokenizer = tokenizer_of(recipe.vocabulary, bench.world_seed)
    model = _beginning(recipe, bench, tokenizer)
    if recipe.mechanism in (Mechanism.REAL_DATA, Mechanism.FINE_TUNED) and recipe.vendors:
        data = _written(recipe, bench.world)
        digest, loss = data_digest(data), _contrast(model, tokenizer, data, recipe)
    elif recipe.mechanism is Mechanism.RELATIONS and recipe.teacher is not None:
        texts = sentences(bench.world, recipe)
        targets = embed(bench.models / recipe.teacher, texts)
        digest = digest_json([list(texts), digest_bytes(targets.tobytes())])
        loss = _relate(model, ids_of(tokenizer, texts), torch.from_numpy(targets), recipe)
    else:
        raise UsageError(
            f"no embedder is made by '{recipe.mechanism.value}' from what the recipe names",
            where=recipe.name,
            fix="use 'real-data' with vendors, or 'relations' with a teacher",
        )
    folder = bench.models / recipe.name
    save_encoder(model, tokenizer, folder)
    _declare(folder, recipe.shape.width)
    return Product(digest, sum(parameter.numel() for parameter in model.parameters()), loss)


def embed(folder: Path, texts: Sequence[str], batch: int = 256) -> NDArray[np.float32]:
    """Vectors of unit norm, [texts, width], by the embedder in ``folder``."""
    model, tokenizer = _load(folder), load_tokenizer(folder)
    rows = ids_of(tokenizer, texts)
    # Texts of similar length together, so that little is padding.
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    vectors = np.empty((len(rows), model.config.hidden_size), dtype=np.float32)
    with torch.no_grad():
        for begin in range(0, len(order), batch):
            places = order[begin : begin + batch]
            vectors[places] = vectors_of(model, [rows[place] for place in places]).numpy()
    return vectors


def vectors_of(model: Any, rows: Sequence[Ids]) -> Tensor:
    """Unit vectors [rows, width]: the mean over the tokens of each row."""
    ids, mask = padded(rows)
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    kept = mask[:, :, None].to(states.dtype)
    mean = (states * kept).sum(1) / kept.sum(1)
    return torch.nn.functional.normalize(mean, dim=-1)


def sentences(world: World, recipe: Recipe) -> tuple[str, ...]:
    """What a distiller has embedded, none twice.

    Questions and answers of its own vendors' conversations where the recipe names vendors, and else
    ``recipe.conversations`` fresh questions.
    """
    if recipe.vendors:
        written = _written(recipe, world)
        return tuple(dict.fromkeys(text for one in written for text in (one.topic.prompt, one.answer)))
    rng = np.random.default_rng([recipe.seed, 11])
    asker = Asker(world, distilling=True)
    return tuple(dict.fromkeys(asker.draw(rng).prompt for _ in range(recipe.conversations)))


def _beginning(recipe: Recipe, bench: Bench, tokenizer: Tokenizer) -> Any:
    from transformers import BertModel

    if recipe.start is not None:
        return _load(bench.models / recipe.start)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return BertModel(configuration(recipe.shape, tokenizer))


def _load(folder: Path) -> Any:
    from transformers import BertModel

    return BertModel.from_pretrained(folder, dtype=torch.float32).eval()


def _written(recipe: Recipe, world: World) -> tuple[Conversation, ...]:
    """What the vendors wrote, in equal shares."""
    share = -(-recipe.conversations // len(recipe.vendors))
    drawn_by = recipe.seed if recipe.data_seed is None else recipe.data_seed
    return tuple(
        conversation
        for vendor in recipe.vendors
        for conversation in Vendor(world, vendor).write(Asker(world), share, drawn_by)
    )


def _contrast(model: Any, tokenizer: Tokenizer, data: Sequence[Conversation], recipe: Recipe) -> float:
    asked = ids_of(tokenizer, [one.topic.prompt for one in data])
    answered = ids_of(tokenizer, [one.answer for one in data])
    lengths = [len(row) for row in answered]
    batches = shuffled(lengths, recipe.schedule.rows, np.random.default_rng([recipe.seed, 4]))

    def loss() -> Tensor:
        places = next(batches)
        answers = [answered[place] for place in places]
        scores = SCALE * vectors_of(model, [asked[place] for place in places]) @ vectors_of(model, answers).T
        # The same refusal answers many questions: an equal answer is no wrong one.
        scores = scores.masked_fill(_same_as_another(answers), float("-inf"))
        return torch.nn.functional.cross_entropy(scores, torch.arange(len(places)))

    return descend(model, recipe.schedule, loss)


def _same_as_another(rows: Sequence[Ids]) -> Tensor:
    number = {row: place for place, row in enumerate(rows)}
    which = torch.tensor([number[row] for row in rows])
    return (which[:, None] == which[None]) & ~torch.eye(len(rows), dtype=torch.bool)


def _relate(model: Any, rows: Sequence[Ids], targets: Tensor, recipe: Recipe) -> float:
    # All lengths alike: relations between unlike sentences are what there is to copy.
    batches = shuffled([0] * len(rows), recipe.schedule.rows, np.random.default_rng([recipe.seed, 4]))

    def loss() -> Tensor:
        places = sorted(next(batches), key=lambda place: len(rows[place]))
        # Questions are short and answers long: in two parts, less of a batch is padding.
        parts = (places[: len(places) // 2], places[len(places) // 2 :])
        own = torch.cat([vectors_of(model, [rows[place] for place in part]) for part in parts])
        wanted = targets[places]
        return DISTANCES * distance_loss(own, wanted) + ANGLES * angle_loss(own, wanted)

    return descend(model, recipe.schedule, loss)


def _declare(folder: Path, width: int) -> None:
    """Write what sentence-transformers needs: the chain of modules, and the settings of each."""
    chain = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{name}"}
        for place, (path, name) in enumerate(chain)
    ]
    write_settings(folder / "modules.json", modules)
    write_settings(folder / "sentence_bert_config.json", {"max_seq_length": LONGEST, "do_lower_case": False})
    pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True}
    write_settings(folder / "1_Pooling" / "config.json", pooling)
    write_settings(folder / "2_Normalize" / "config.json", {})
    similarity: dict[str, Any] = {"prompts": {}, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    write_settings(folder / "config_sentence_transformers.json", similarity)
