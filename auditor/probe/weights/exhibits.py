"""How an alignment of weights is shown."""

from __future__ import annotations

from scipy import stats

from auditor.probe.weights.sketches import Alignment
from auditor.record.finding import Estimate, Estimates, Exhibit, Table


def block_exhibits(alignment: Alignment) -> tuple[Exhibit, ...]:
    """Blocks one by one, and the share of neurons that two matrices match alike in each."""
    if not alignment.layers:
        return ()
    columns = (
        "block of the suspect",
        "block of the teacher",
        "neurons",
        "order (Spearman)",
        "log10 p of order",
        "matched alike",
        "log10 p of agreement",
        "mean cosine",
    )
    rows = tuple(
        (
            one.suspect_layer,
            one.teacher_layer,
            one.neurons,
            round(one.order, 4),
            round(one.order_log10_p, 2),
            one.agreeing,
            round(one.agreement_log10_p, 2),
            round(one.mean_cosine, 4),
        )
        for one in alignment.layers
    )
    shares = []
    for one in alignment.layers:
        low, high = stats.binomtest(one.agreeing, one.neurons).proportion_ci(0.95, method="wilson")
        label = f"block {one.suspect_layer} against {one.teacher_layer}"
        shares.append(
            Estimate(label=label, value=one.agreement, low=float(low), high=float(high), n=one.neurons)
        )
    chance = sum(1 / one.neurons for one in alignment.layers) / len(alignment.layers)
    return (
        Table(title="Block by block", columns=columns, rows=rows),
        Estimates(
            title="Neurons that two matrices match alike",
            unit="share",
            rows=tuple(shares),
            reference=chance,
        ),
    )


def in_words(alignment: Alignment) -> str:
    """The alignment as a clause."""
    parts = []
    if alignment.layers:
        agreeing = sum(one.agreeing for one in alignment.layers)
        neurons = sum(one.neurons for one in alignment.layers)
        parts.append(
            f"in {len(alignment.layers)} blocks two matrices match {agreeing} of {neurons} neurons alike"
        )
    if alignment.residual_order is not None:
        parts.append(f"matched residual dimensions correlate {alignment.residual_order:+.2f} in order")
    return f"{'; '.join(parts)} (log10 p = {alignment.log10_p:.1f})"
