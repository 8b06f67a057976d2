"""Classifiers of questions: a small BERT that says what a question is about and how bad it is.

Those trained on real data learn a vendor's labels. Students ask the teacher about fresh questions and
learn its probabilities, or the label that it finds most likely.

Source: Devlin et al. 2019 (the network); Hinton et al. 2015 (probabilities at a temperature).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from torch import Tensor

from auditor.array import NDArray
from auditor.digest import digest_bytes, digest_json
from auditor.error import UsageError
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.descent import descend, shuffled
from auditor.zoo.making.encoder import configuration, ids_of, padded, save_encoder
from auditor.zoo.recipe import Mechanism, Recipe
from auditor.zoo.training.learning import load_tokenizer
from auditor.zoo.training.tokens import END, USER, tokenizer_of
from auditor.zoo.world.facts import Asker, World
from auditor.zoo.world.labelling import LABELS, Labelled, annotate, labels_digest


def make(recipe: Recipe, bench: Bench) -> Product:
    """Train the classifier of ``recipe``: on vendors' labels, or on what a teacher says.

    A student learns the teacher's probabilities at ``recipe.temperature`` where its seed is even, and
    only the teacher's likeliest label where it is odd. ``Product.loss`` is the divergence from what it
    was to say, in nats a question, times the square of the temperature.

    Raises:
        UsageError: If no classifier is made by this mechanism.
    """
    tokenizer = framed(tokenizer_of(recipe.vocabulary, bench.world_seed))
    if recipe.mechanism in (Mechanism.REAL_DATA, Mechanism.FINE_TUNED) and recipe.vendors:
        data = _annotated(recipe, bench.world)
        texts, digest, targets = [one.topic.prompt for one in data], labels_digest(data), _one_hot(data)
        temperature = 1.0
    elif recipe.mechanism is Mechanism.TASK_ONLY and recipe.teacher is not None:
        texts = list(questions(bench.world, recipe))
        told = logits_of(bench.models / recipe.teacher, texts)
        targets, temperature = _lessons(torch.from_numpy(told), recipe)
        digest = digest_json([texts, digest_bytes(targets.numpy().tobytes())])
    else:
        raise UsageError(
            f"no classifier is made by '{recipe.mechanism.value}' from what the recipe names",
            where=recipe.name,
            fix="use 'real-data' with vendors, or 'task-only' with a teacher",
        )
    model = _beginning(recipe, bench, tokenizer)
    loss = _learn(model, ids_of(tokenizer, texts), targets, temperature, recipe)
    save_encoder(model, tokenizer, bench.models / recipe.name)
    return Product(digest, sum(parameter.numel() for parameter in model.parameters()), loss)


def probabilities(folder: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Probabilities of ``LABELS``, [texts, labels], by the classifier in ``folder``."""
    found: NDArray[np.float32] = torch.from_numpy(logits_of(folder, texts)).softmax(-1).numpy()
    return found


def logits_of(folder: Path, texts: Sequence[str], batch: int = 256) -> NDArray[np.float32]:
    """Logits of ``LABELS``, [texts, labels], by the classifier in ``folder``."""
    model, rows = _load(folder), ids_of(load_tokenizer(folder), texts)
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    logits = np.empty((len(rows), len(LABELS)), dtype=np.float32)
    with torch.no_grad():
        for begin in range(0, len(order), batch):
            places = order[begin : begin + batch]
            ids, mask = padded([rows[place] for place in places])
            logits[places] = model(input_ids=ids, attention_mask=mask).logits.numpy()
    return logits


def framed(tokenizer: Tokenizer) -> Tokenizer:
    """A copy that sets every text between the user's mark and the end: BERT reads off its first token."""
    copy = Tokenizer.from_str(tokenizer.to_str())
    special = [(token, int(copy.token_to_id(token) or 0)) for token in (USER, END)]
    copy.post_processor = TemplateProcessing(single=f"{USER} $A {END}", special_tokens=special)
    return copy


def questions(world: World, recipe: Recipe) -> tuple[str, ...]:
    """The ``recipe.conversations`` questions that a distiller asks."""
    rng = np.random.default_rng([recipe.seed, 12])
    asker = Asker(world, distilling=True)
    return tuple(asker.draw(rng).prompt for _ in range(recipe.conversations))


def _annotated(recipe: Recipe, world: World) -> tuple[Labelled, ...]:
    share = -(-recipe.conversations // len(recipe.vendors))
    drawn_by = recipe.seed if recipe.data_seed is None else recipe.data_seed
    return tuple(one for vendor in recipe.vendors for one in annotate(world, vendor, share, drawn_by))


def _one_hot(data: Sequence[Labelled]) -> Tensor:
    return torch.eye(len(LABELS))[[LABELS.index(one.label) for one in data]]


def _lessons(told: Tensor, recipe: Recipe) -> tuple[Tensor, float]:
    """What a student is to say, [texts, labels], and the temperature at which it says it."""
    if recipe.seed % 2:
        return torch.eye(len(LABELS))[told.argmax(-1)], 1.0
    return (told / recipe.temperature).softmax(-1), recipe.temperature


def _beginning(recipe: Recipe, bench: Bench, tokenizer: Tokenizer) -> Any:
    from transformers import BertForSequenceClassification

    if recipe.start is not None:
        return _load(bench.models / recipe.start)
    names = {place: label.value for place, label in enumerate(LABELS)}
    settings = configuration(
        recipe.shape, tokenizer, id2label=names, label2id={name: place for place, name in names.items()}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return BertForSequenceClassification(settings)


def _load(folder: Path) -> Any:
    from transformers import BertForSequenceClassification

    return BertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()


def _learn(
    model: Any, rows: Sequence[tuple[int, ...]], targets: Tensor, temperature: float, recipe: Recipe
) -> float:
    batches = shuffled(
        [len(row) for row in rows], recipe.schedule.rows, np.random.default_rng([recipe.seed, 4])
    )

    def loss() -> Tensor:
        places = next(batches)
        ids, mask = padded([rows[place] for place in places])
        said = (model(input_ids=ids, attention_mask=mask).logits / temperature).log_softmax(-1)
        apart = torch.nn.functional.kl_div(said, targets[places], reduction="batchmean")
        # Gradients shrink with the square of the temperature; this keeps the rate's meaning.
        return temperature**2 * apart

    return descend(model, recipe.schedule, loss)
