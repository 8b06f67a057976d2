"""Matchings of neurons: uniform or larger between unrelated layers, found in every kind of copy."""

from __future__ import annotations

import numpy as np
import pytest

from auditor.array import NDArray
from auditor.stats.combination import fisher_log10_p
from auditor.stats.matching import (
    LayerSketch,
    compare_layers,
    compare_order,
    largest,
    order_test,
    pair_layers,
    unit_rows,
)

HIDDEN, SIZE = 96, 64
PROJECTIONS = np.random.default_rng(99).normal(size=(2, HIDDEN, SIZE)) / np.sqrt(SIZE)


def sketch(
    first: NDArray[np.float64], second: NDArray[np.float64], layer: int = 0, most: int = 4096
) -> LayerSketch:
    """Sketch a block by the rule that models are asked by."""
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    kept = np.sort(np.argsort(-norms, kind="stable")[:most])

    def rows(matrix: NDArray[np.float64], projection: NDArray[np.float64]) -> NDArray[np.float16]:
        centred = matrix - matrix.mean(axis=1, keepdims=True)
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        return (centred / np.maximum(lengths, 1e-9) @ projection)[kept].astype(np.float16)

    return LayerSketch(
        layer, rows(first, PROJECTIONS[0]), rows(second, PROJECTIONS[1]), norms[kept].astype(np.float32), kept
    )


def block(
    rng: np.random.Generator, neurons: int, outlier: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two matrices of a block; ``outlier`` gives both the same few large residual dimensions and long rows.

    That every model has them at the same place is more than training independently would do.
    """
    first, second = rng.normal(size=(2, neurons, HIDDEN))
    gain = np.exp(1.5 * rng.normal(size=neurons))
    first[:, 3] += outlier * gain
    second[:, 3] += outlier * gain
    first[:, 7] -= outlier * gain**0.5
    second[:, 7] += outlier * gain**0.7
    return first, second


@pytest.mark.parametrize("outlier", [0.0, 1.0, 4.0, 20.0])
def test_unrelated_layers_give_p_values_uniform_or_larger(outlier: float) -> None:
    orders, agreements = [], []
    for trial in range(220):
        rng = np.random.default_rng([trial, int(outlier)])
        match = compare_layers(sketch(*block(rng, 40, outlier)), sketch(*block(rng, 40, outlier)), trial)
        orders.append(match.order_log10_p)
        agreements.append(match.agreement_log10_p)
    for logs in (orders, agreements):
        p = 10 ** np.array(logs)
        for alpha in (0.01, 0.05, 0.2):
            assert np.mean(p <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(p))
    # Even all trials taken for layers of one model would not pass the level of 1e-6.
    assert fisher_log10_p(agreements) > -6
    assert fisher_log10_p(orders) > -6


def test_unrelated_layers_of_different_width_and_shared_norms() -> None:
    p = []
    for trial in range(200):
        rng = np.random.default_rng([trial, 77])
        match = compare_layers(sketch(*block(rng, 60, 2.0)), sketch(*block(rng, 40, 2.0)), trial)
        p += [10**match.agreement_log10_p, 10**match.order_log10_p]
    assert np.mean(np.array(p) <= 0.05) <= 0.08


TEACHER = block(np.random.default_rng(0), 160, 2.0)
RNG = np.random.default_rng(1)
PERMUTATION = RNG.permutation(160)
KEPT = np.sort(RNG.permutation(160)[:100])
GAINS = np.exp(RNG.normal(size=(160, 1)))


def pruned(matrix: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    return np.where(np.abs(matrix) >= np.quantile(np.abs(matrix), share), matrix, 0.0)


def quantised(matrix: NDArray[np.float64], levels: int) -> NDArray[np.float64]:
    step = np.abs(matrix).max(axis=1, keepdims=True) / levels
    return np.round(matrix / step) * step


COPIES = {
    "same": TEACHER,
    "fine-tuned": tuple(one + 0.6 * RNG.normal(size=one.shape) for one in TEACHER),
    "rescaled": (TEACHER[0] * GAINS, TEACHER[1] / GAINS),
    "pruned": tuple(pruned(one, 0.3) for one in TEACHER),
    "pruned hard": tuple(pruned(one, 0.7) for one in TEACHER),
    "quantised": tuple(quantised(one, 7) for one in TEACHER),
    "narrower": tuple(one[KEPT] for one in TEACHER),
    "permuted": tuple(one[PERMUTATION] for one in TEACHER),
    "permuted, pruned, quantised": tuple(quantised(pruned(one, 0.3), 7)[PERMUTATION] for one in TEACHER),
    "permuted and narrower": tuple(one[PERMUTATION[:80]] for one in TEACHER),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_in_one_layer(kind: str) -> None:
    match = compare_layers(sketch(*COPIES[kind]), sketch(*TEACHER), 0)
    assert match.agreement_log10_p < -20
    assert match.agreement > 0.6
    if not kind.startswith("permuted"):
        assert match.order > 0.8
        assert match.order_log10_p < -20
    else:
        assert match.order_log10_p > -3


def test_the_comparison_is_symmetric_in_width() -> None:
    one = compare_layers(sketch(*COPIES["narrower"]), sketch(*TEACHER), 0)
    other = compare_layers(sketch(*TEACHER), sketch(*COPIES["narrower"]), 0)
    assert one.neurons == other.neurons == 100
    assert other.agreement_log10_p < -20


def test_neurons_left_out_by_norm_are_compared_by_their_original_index() -> None:
    match = compare_layers(sketch(*TEACHER, most=90), sketch(*COPIES["fine-tuned"], most=120), 0)
    assert match.neurons == 90
    assert match.order > 0.7


def test_layers_are_paired_one_to_one_by_their_first_matrix() -> None:
    rng = np.random.default_rng(5)
    blocks = [block(rng, 40) for _ in range(6)]
    deep = [sketch(*one, layer=index) for index, one in enumerate(blocks)]
    cut = [sketch(*blocks[index], layer=position) for position, index in enumerate((0, 3, 5))]
    pairs = pair_layers(cut, deep)
    assert [(a.layer, b.layer) for a, b in pairs] == [(0, 0), (1, 3), (2, 5)]
    assert pair_layers([], deep) == ()


def test_pairing_layers_first_keeps_the_tests_valid() -> None:
    worst = []
    for trial in range(40):
        rng = np.random.default_rng([trial, 13])
        ours = [sketch(*block(rng, 32, 2.0), layer=i) for i in range(2)]
        theirs = [sketch(*block(rng, 32, 2.0), layer=i) for i in range(5)]
        matches = [compare_layers(a, b, trial) for a, b in pair_layers(ours, theirs)]
        worst.append(fisher_log10_p([one.agreement_log10_p for one in matches]))
    assert np.mean(np.array(worst) <= np.log10(0.05)) <= 0.13


def test_residual_order_is_uniform_or_larger_and_finds_cut_residuals() -> None:
    p = []
    for trial in range(300):
        rng = np.random.default_rng([trial, 3])
        scale = np.exp(rng.normal(size=(40, 1)))
        ours, theirs = rng.normal(size=(40, SIZE)) * scale, rng.normal(size=(48, SIZE))
        p.append(10 ** compare_order(ours, theirs)[1])
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
    columns = np.random.default_rng(4).normal(size=(96, SIZE))
    kept = np.arange(0, 96, 2)
    order, log10_p, n = compare_order(
        columns[kept] + 0.3 * np.random.default_rng(5).normal(size=(48, SIZE)), columns
    )
    assert (n, order > 0.95, log10_p < -15) == (48, True, True)


def test_rows_lose_what_they_share_and_rows_of_zeros_stay() -> None:
    rows = np.random.default_rng(6).normal(size=(100, 16)) + 5.0
    rows[3] = rows.mean(axis=0)
    unit = unit_rows(rows)
    assert np.allclose(np.delete(np.linalg.norm(unit, axis=1), 3), 1.0)
    assert np.isfinite(unit).all()
    assert unit_rows(np.zeros((20, 8))).sum() == 0.0


def test_largest_norms_keep_their_order() -> None:
    assert largest(np.array([3.0, 1.0, 2.0, 5.0]), 2).tolist() == [0, 3]
    assert order_test(np.arange(20), np.arange(20)[::-1].copy())[1] == 0.0


@pytest.mark.parametrize("log10_p", [-1.0, -3.0, -8.0])
def test_the_least_number_of_agreeing_neurons_is_the_first_that_is_significant(log10_p: float) -> None:
    match = compare_layers(sketch(*COPIES["fine-tuned"]), sketch(*TEACHER), 0)
    least = match.least_agreeing(log10_p)
    assert least is not None
    assert match.log10_p_of(least) <= log10_p < match.log10_p_of(least - 1)
    assert match.agreement_log10_p == match.log10_p_of(match.agreeing)


def test_a_level_that_no_agreement_reaches_has_no_least_number() -> None:
    match = compare_layers(sketch(*COPIES["same"]), sketch(*TEACHER), 0)
    assert match.least_agreeing(2 * match.log10_p_of(match.neurons)) is None
