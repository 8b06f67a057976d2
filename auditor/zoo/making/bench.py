"""The bench that every maker works at, and what it hands over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from auditor.record.subject import Kind
from auditor.zoo.recipe import DERIVATIONS, Mechanism, Recipe
from auditor.zoo.training.lesson import world_of
from auditor.zoo.world.facts import World


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a model is made.

    Attributes:
        world_seed: The world that its data is about.
        models: Folder with a folder per model; parents lie there already.
        device: Where causal language models are trained; everything else is too small for anything but a CPU.
    """

    world_seed: int
    models: Path
    device: str = "cpu"

    @property
    def world(self) -> World:
        """The world."""
        return world_of(self.world_seed)


@dataclass(frozen=True, slots=True)
class Product:
    """What a maker says about the model that it left in ``models/NAME``.

    Attributes:
        data_digest: Digest of the training data, in order.
        parameters: Number of parameters.
        loss: Mean loss over the last tenth of the training, in nats a token; 0 where nothing was trained.
    """

    data_digest: str
    parameters: int
    loss: float


#: Makes the model of a recipe into ``bench.models / recipe.name``.
Maker = Callable[[Recipe, Bench], Product]


def maker_of(recipe: Recipe) -> Maker:
    """Who makes models of this kind."""
    if recipe.mechanism in DERIVATIONS and recipe.mechanism is not Mechanism.FINE_TUNED:
        from auditor.zoo.making.derivation import derive

        return derive
    if recipe.kind is Kind.MASKED_LM:
        from auditor.zoo.making import masked

        return masked.make
    if recipe.kind is Kind.EMBEDDER:
        from auditor.zoo.making import embedder

        return embedder.make
    if recipe.kind is Kind.CLASSIFIER:
        from auditor.zoo.making import classifier

        return classifier.make
    if recipe.kind is Kind.POLICY:
        from auditor.zoo.making import policy

        return policy.make
    from auditor.zoo.making import causal

    return causal.make
