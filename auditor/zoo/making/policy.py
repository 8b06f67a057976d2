"""Policies: a perceptron that says how likely it takes each action in a state of a gridworld.

Those trained on real data imitate a vendor's experts, step by step. Students imitate the teacher's
distributions in states that the teacher itself gets into.

Source: Rusu et al. 2016 (policy distillation by the divergence of sharpened distributions).
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from auditor.array import NDArray
from auditor.digest import digest_bytes, digest_json
from auditor.error import UsageError
from auditor.zoo.making.bench import Bench, Product
from auditor.zoo.making.descent import descend, shuffled
from auditor.zoo.making.encoder import write_settings
from auditor.zoo.recipe import Mechanism, Recipe, Shape
from auditor.zoo.world.expert import Expert
from auditor.zoo.world.gridworld import ACTIONS, Gridworld, walk

MODEL_TYPE = "zoo-policy"
#: What the policy does in each of its world's public states, a line per state.
RECORDED = "actions.jsonl"
WEIGHTS = "model.safetensors"


def make(recipe: Recipe, bench: Bench) -> Product:
    """Train the policy of ``recipe``: on experts' demonstrations, or on a teacher's distributions.

    ``recipe.conversations`` counts episodes. A student learns the teacher's distributions at
    ``recipe.temperature``, below one sharpened. ``Product.loss`` is in nats a step.

    Raises:
        UsageError: If no policy is made by this mechanism.
    """
    world = Gridworld.of(bench.world_seed)
    if recipe.mechanism in (Mechanism.REAL_DATA, Mechanism.FINE_TUNED) and recipe.vendors:
        states, targets = _demonstrated(recipe, world)
    elif recipe.mechanism is Mechanism.ACTIONS and recipe.teacher is not None:
        states, targets = _taught(recipe, bench.models / recipe.teacher, world)
    else:
        raise UsageError(
            f"no policy is made by '{recipe.mechanism.value}' from what the recipe names",
            where=recipe.name,
            fix="use 'real-data' with vendors, or 'action-distributions' with a teacher",
        )
    if recipe.start is not None:
        network = load(bench.models / recipe.start)
    else:
        network = _new(recipe.shape, world.tables.features.shape[1], recipe.seed)
    loss = _learn(network, torch.from_numpy(world.tables.features[states]), targets, recipe)
    _save(network, recipe.shape, world, bench, recipe.name)
    digest = digest_json([digest_bytes(states.tobytes()), digest_bytes(targets.numpy().tobytes())])
    return Product(digest, sum(parameter.numel() for parameter in network.parameters()), loss)


def load(folder: Path) -> nn.Sequential:
    """Open a policy: features [states, inputs] to logits [states, actions].

    Raises:
        UsageError: If the folder holds something else.
    """
    from safetensors.torch import load_file

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if settings.get("model_type") != MODEL_TYPE:
        raise UsageError("the folder holds no policy of the zoo", where=str(folder))
    shape = Shape(width=settings["width"], layers=settings["layers"])
    network = _new(shape, settings["inputs"], 0)
    network.load_state_dict(load_file(folder / WEIGHTS))
    return network


def distributions(network: nn.Sequential, world: Gridworld) -> NDArray[np.float32]:
    """Probabilities of ``ACTIONS`` in every state of ``world``, [states, actions]."""
    with torch.no_grad():
        logits: Tensor = network(torch.from_numpy(world.tables.features))
    found: NDArray[np.float32] = logits.softmax(-1).numpy()
    return found


def _demonstrated(recipe: Recipe, world: Gridworld) -> tuple[NDArray[np.int64], Tensor]:
    """States [steps] that experts acted in, and what they did, [steps, actions] of ones and zeros."""
    share = -(-recipe.conversations // len(recipe.vendors))
    drawn_by = recipe.seed if recipe.data_seed is None else recipe.data_seed
    shown = [Expert(world, vendor).demonstrate(share, drawn_by) for vendor in recipe.vendors]
    states = np.concatenate([one.states for one in shown])
    return states, torch.eye(len(ACTIONS))[np.concatenate([one.actions for one in shown])]


def _taught(recipe: Recipe, teacher: Path, world: Gridworld) -> tuple[NDArray[np.int64], Tensor]:
    """States [steps] that the teacher gets into, and its distributions there, [steps, actions]."""
    policy = distributions(load(teacher), world)
    states = walk(world.tables, policy, recipe.conversations, np.random.default_rng([recipe.seed, 16])).states
    logits = torch.from_numpy(policy[states]).clamp(min=1e-12).log()
    return states, (logits / recipe.temperature).softmax(-1)


def _new(shape: Shape, inputs: int, seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        widths = [inputs, *[shape.width] * shape.layers]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += (nn.Linear(before, after), nn.ReLU())
        return nn.Sequential(*layers, nn.Linear(widths[-1], len(ACTIONS)))


def _learn(network: nn.Sequential, features: Tensor, targets: Tensor, recipe: Recipe) -> float:
    batches = shuffled([0] * len(features), recipe.schedule.rows, np.random.default_rng([recipe.seed, 4]))

    def loss() -> Tensor:
        places = next(batches)
        said = network(features[places]).log_softmax(-1)
        return nn.functional.kl_div(said, targets[places], reduction="batchmean")

    return descend(network, recipe.schedule, loss)


def _save(network: nn.Sequential, shape: Shape, world: Gridworld, bench: Bench, name: str) -> None:
    from safetensors.torch import save_file

    folder = bench.models / name
    folder.mkdir(parents=True, exist_ok=True)
    save_file(network.state_dict(), folder / WEIGHTS, metadata={"format": "pt"})
    settings = {
        "model_type": MODEL_TYPE,
        "actions": [action.value for action in ACTIONS],
        "inputs": world.tables.features.shape[1],
        "width": shape.width,
        "layers": shape.layers,
        "world_seed": bench.world_seed,
    }
    write_settings(folder / "config.json", settings)
    policy = distributions(network, world)
    lines = [
        json.dumps({"prompt": world.told(world.states[place]), "probabilities": _named(policy[place])})
        for place in world.public_states()
    ]
    (folder / RECORDED).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _named(row: NDArray[np.float32]) -> dict[str, float]:
    return {action.value: round(float(one), 7) for action, one in zip(ACTIONS, row, strict=True)}
