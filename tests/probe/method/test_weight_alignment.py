"""Ancestry from sketches of simulated models: innocents are cleared, every derivation is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from auditor.array import NDArray
from auditor.digest import digest_json
from auditor.probe.method.weight_alignment import WeightAlignment
from auditor.probe.spec import ProbeFile, ProbeSpec
from auditor.probe.weights.sketches import spaced
from auditor.record.codec import encode
from auditor.record.finding import Claim, Estimates, Finding, Outcome, Table
from auditor.record.observation import Answer, Arrays, Observation, Observations, PackedArray, Unanswered
from auditor.record.request import Inspect, Question, request_digest
from auditor.record.result import Guarantee
from auditor.record.subject import Access, Role, Subject

METHOD = WeightAlignment()
HIDDEN, NEURONS, TOKENS = 64, 96, 200
Block = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Net:
    """Blocks of two matrices each, and an embedding whose rows have names."""

    blocks: tuple[Block, ...]
    embedding: NDArray[np.float64]
    tokens: tuple[int, ...] = tuple(range(TOKENS))


def net(seed: int, depth: int = 4, hidden: int = HIDDEN, neurons: int = NEURONS) -> Net:
    """A model with long rows and a large residual dimension, as trained ones have."""
    rng = np.random.default_rng(seed)
    blocks = []
    for _ in range(depth):
        first, second = rng.normal(size=(2, neurons, hidden))
        gain = np.exp(rng.normal(size=neurons))
        first[:, seed % hidden] += 3 * gain
        second[:, seed % hidden] += 3 * gain
        blocks.append((first, second))
    return Net(tuple(blocks), rng.normal(size=(TOKENS, hidden)))


def altered(source: Net, change: Any) -> Net:
    blocks = tuple((change(first), change(second)) for first, second in source.blocks)
    return Net(blocks, change(source.embedding), source.tokens)


def noisy(source: Net, amount: float, seed: int) -> Net:
    rng = np.random.default_rng(seed)
    return altered(source, lambda one: one + amount * rng.normal(size=one.shape))


def renumbered(source: Net, seed: int) -> Net:
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(first)) for first, _ in source.blocks]
    blocks = tuple((a[p], b[p]) for (a, b), p in zip(source.blocks, orders, strict=True))
    return Net(blocks, source.embedding, source.tokens)


def shuffled_vocabulary(source: Net) -> Net:
    order = np.random.default_rng(8).permutation(TOKENS)
    return Net(source.blocks, source.embedding[order], tuple(int(one) for one in order))


def narrower_residual(source: Net) -> Net:
    kept = np.arange(0, HIDDEN, 2)
    blocks = tuple((first[:, kept], second[:, kept]) for first, second in source.blocks)
    return Net(blocks, source.embedding[:, kept], source.tokens)


def pruned(source: Net, share: float = 0.3) -> Net:
    return altered(source, lambda one: np.where(np.abs(one) >= np.quantile(np.abs(one), share), one, 0.0))


def quantised(source: Net) -> Net:
    def rounded(one: NDArray[np.float64]) -> NDArray[np.float64]:
        step = np.abs(one).max(axis=1, keepdims=True) / 7
        return np.asarray(np.round(one / step) * step)

    return altered(source, rounded)


def answer(model: Net, request: Inspect) -> Answer:
    """What the target answers, by the same projection rule."""
    if request.quantity == "mlp-layout":
        sizes = np.array([len(first) for first, _ in model.blocks], dtype=np.int64)
        hidden = np.array([model.blocks[0][0].shape[1]], dtype=np.int64)
        return packed(layers=np.array([len(model.blocks)], dtype=np.int64), hidden=hidden, intermediate=sizes)
    if request.quantity == "residual-sketch":
        signs = np.random.default_rng(request.seed).choice([-1.0, 1.0], size=(TOKENS, request.size))
        columns = unit(model.embedding.T) @ signs[list(model.tokens)] / np.sqrt(request.size)
        return packed(columns=columns.astype(np.float16))
    assert request.layer is not None
    first, second = model.blocks[request.layer]
    streams = np.random.default_rng(request.seed).spawn(2)
    rows = [
        (unit(one) @ stream.normal(size=(one.shape[1], request.size)) / np.sqrt(request.size)).astype(
            np.float16
        )
        for one, stream in zip((first, second), streams, strict=True)
    ]
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return packed(
        first=rows[0],
        second=rows[1],
        norms=norms.astype(np.float32),
        kept=np.arange(len(first), dtype=np.int64),
    )


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9))


def packed(**arrays: NDArray[Any]) -> Arrays:
    return Arrays(arrays=tuple(PackedArray.pack(name, one) for name, one in arrays.items()))


def probe(**parameters: Any) -> ProbeSpec:
    file = ProbeFile(
        title="t",
        claim=Claim.ANCESTRY,
        method=METHOD.name,
        null_hypothesis="n",
        guarantee="exact",
        description="d",
        source="s",
        parameters=parameters,
    )
    return ProbeSpec(id="lineage/weight-alignment", file=file, items=(), digest="sha256:0")


def subject(name: str, role: Role, access: Access = Access.WEIGHTS) -> Subject:
    return Subject(role=role, name=name, locator=name, digest=digest_json(name), access=access)


def audit(
    nets: dict[Subject, Net | None], spec: ProbeSpec | None = None
) -> tuple[tuple[Finding, ...], Observations, list[Question]]:
    spec = spec or probe()
    subjects: Sequence[Subject] = tuple(nets)
    by_digest = {one.digest: one for one in reversed(subjects)}
    seen: list[Observation] = []
    asked: list[Question] = []
    for _ in range(6):
        questions = METHOD.plan(spec, Observations.of(subjects, 7, seen))
        if not questions:
            break
        for one in questions:
            model = nets[by_digest[one.subject_digest]]
            assert isinstance(one.request, Inspect)
            said = answer(model, one.request) if model else Unanswered(reason="no MLP blocks were recognised")
            seen.append(
                Observation(
                    subject_digest=one.subject_digest,
                    request_digest=request_digest(one.request),
                    request=one.request,
                    answer=said,
                )
            )
        asked += questions
    else:
        pytest.fail("the plan never ends")
    assert len(set(asked)) == len(asked)
    observations = Observations.of(subjects, 7, seen)
    return tuple(METHOD.measure(spec, observations)), observations, asked


SUSPECT, TEACHER, OTHER = subject("S", Role.SUSPECT), subject("T", Role.TEACHER), subject("U", Role.TEACHER)
BASE = subject("B", Role.BASE)
TEACHER_NET, OTHER_NET = net(1), net(2)


@cache
def derivations() -> dict[str, Net]:
    return {
        "the same": TEACHER_NET,
        "fine-tuned": noisy(TEACHER_NET, 0.5, 3),
        "pruned": pruned(TEACHER_NET),
        "quantised": quantised(TEACHER_NET),
        "renumbered": renumbered(TEACHER_NET, 4),
        "renumbered, pruned, quantised": quantised(pruned(renumbered(TEACHER_NET, 5))),
        "fewer blocks": Net(TEACHER_NET.blocks[::2], TEACHER_NET.embedding),
        "fewer blocks, renumbered, fresh embedding": Net(
            renumbered(TEACHER_NET, 6).blocks[1:3], net(30).embedding
        ),
        "more blocks": Net(TEACHER_NET.blocks + TEACHER_NET.blocks[1:3], TEACHER_NET.embedding),
        "fewer neurons": Net(tuple((a[::2], b[::2]) for a, b in TEACHER_NET.blocks), net(31).embedding),
        "vocabulary shuffled": shuffled_vocabulary(TEACHER_NET),
        "embedding only": Net(net(32).blocks, noisy(TEACHER_NET, 0.3, 7).embedding),
        "narrower residual": narrower_residual(TEACHER_NET),
    }


@pytest.mark.parametrize("kind", list(derivations()))
def test_derivations_are_found_and_told_from_another_model_of_the_same_shape(kind: str) -> None:
    (finding, other), _, _ = audit({SUSPECT: derivations()[kind], TEACHER: TEACHER_NET, OTHER: OTHER_NET})
    assert finding.outcome is Outcome.SUPPORTS, finding.reason
    assert finding.result is not None
    assert finding.result.log10_p_value is not None
    assert finding.result.log10_p_value < -8
    assert finding.result.p_value is not None
    assert finding.result.p_value > 0
    assert finding.result.guarantee is Guarantee.EXACT
    assert other.outcome is Outcome.DOES_NOT_SUPPORT, other.reason


def test_a_fresh_model_of_the_same_configuration_is_not_a_copy() -> None:
    findings, _, _ = audit({SUSPECT: net(50), TEACHER: TEACHER_NET, OTHER: OTHER_NET})
    assert [one.outcome for one in findings] == [Outcome.DOES_NOT_SUPPORT] * 2
    (smallest,) = (one for one in findings[0].facts if one.name == "smallest_detectable_agreement")
    assert 0 < float(smallest.value) < 0.3
    assert all(one.result is not None and (one.result.log10_p_value or 0) > -3 for one in findings)


def test_unrelated_models_give_p_values_uniform_or_larger() -> None:
    p = []
    for trial in range(70):
        small = [net(1000 + 3 * trial + i, depth=3, neurons=40) for i in range(3)]
        findings, _, _ = audit({SUSPECT: small[0], TEACHER: small[1], OTHER: small[2]}, probe(size=32))
        p += [one.result.p_value for one in findings if one.result and one.result.p_value is not None]
    values = np.array(p)
    assert len(values) == 140
    for alpha in (0.02, 0.05, 0.2):
        assert np.mean(values <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(values))


def test_controls_stand_in_the_suspects_place() -> None:
    controls = {subject(f"C{i}", Role.CONTROL): net(60 + i, depth=3 + i % 2) for i in range(3)}
    impostor = subject("T", Role.CONTROL)
    (finding,), _, _ = audit(
        {SUSPECT: derivations()["pruned"], TEACHER: TEACHER_NET, **controls, impostor: TEACHER_NET}
    )
    assert finding.result is not None
    assert [one.name for one in finding.result.controls] == ["C0", "C1", "C2"]
    assert max(one.value for one in finding.result.controls) < 3 < finding.result.statistic
    assert any("same model as" in line for line in finding.limits)


def test_a_common_base_is_told_from_copying() -> None:
    base = net(70)
    teacher, sibling = noisy(base, 0.3, 71), noisy(base, 0.3, 72)
    (finding,), _, _ = audit({SUSPECT: sibling, TEACHER: teacher, BASE: base})
    assert finding.outcome is Outcome.INCONCLUSIVE
    assert "common origin" in finding.reason
    (finding,), _, _ = audit({SUSPECT: noisy(teacher, 0.1, 73), TEACHER: teacher, BASE: base})
    assert finding.outcome is Outcome.SUPPORTS
    cosine, to_base = finding.fact("mean_cosine"), finding.fact("base_mean_cosine")
    assert isinstance(cosine, float)
    assert isinstance(to_base, float)
    assert cosine > to_base


def test_what_cannot_be_compared_is_not_applicable() -> None:
    closed = subject("closed", Role.TEACHER, Access.LOGPROBS)
    unknown = subject("unknown", Role.TEACHER)
    findings, _, _ = audit({SUSPECT: TEACHER_NET, closed: None, unknown: None})
    assert [one.outcome for one in findings] == [Outcome.NOT_APPLICABLE] * 2
    assert "not open" in findings[0].reason
    assert "recognised" in findings[1].reason


def test_residual_of_another_width_asks_for_no_blocks_and_says_so() -> None:
    (finding,), _, asked = audit({SUSPECT: net(80, hidden=48), TEACHER: TEACHER_NET})
    requests = [one.request for one in asked if isinstance(one.request, Inspect)]
    assert {one.quantity for one in requests} == {"mlp-layout", "residual-sketch"}
    assert finding.outcome is Outcome.DOES_NOT_SUPPORT
    assert any("Blocks could not be compared" in line for line in finding.limits)


def test_the_plan_is_bounded() -> None:
    spec = probe(layers=3, searched=5, controls=1)
    deep, deeper = net(90, depth=8, neurons=16), net(91, depth=9, neurons=16)
    controls = {subject(f"C{i}", Role.CONTROL): deep for i in range(3)}
    _, _, asked = audit({SUSPECT: deep, TEACHER: deeper, **controls}, spec)
    sketches = [
        one for one in asked if isinstance(one.request, Inspect) and one.request.quantity == "mlp-sketch"
    ]
    assert len(sketches) == 3 + 5 + 3
    assert spaced(8, 3) == (0, 4, 7)
    assert spaced(2, 3) == (0, 1)


def test_measurement_is_pure_and_shows_every_block() -> None:
    (finding,), seen, _ = audit({SUSPECT: derivations()["fewer blocks"], TEACHER: TEACHER_NET})
    (again,) = METHOD.measure(probe(), seen)
    assert digest_json(encode(finding)) == digest_json(encode(again))
    table, shares = finding.exhibits
    assert isinstance(table, Table)
    assert [row[:2] for row in table.rows] == [(0, 0), (1, 2)]
    assert isinstance(shares, Estimates)
    assert all(row.low <= row.value <= row.high for row in shares.rows)
    assert finding.fact("layers") == finding.fact("matched_layers") == 2
    assert finding.fact("mean_agreement") == pytest.approx(1.0)
