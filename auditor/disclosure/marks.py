"""Marks of compute that rules speak of, and what accelerators can do; each with its source and date."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An amount of training compute from which something follows.

    Attributes:
        operations: Floating-point operations.
        meaning: What is said of models above it.
        source: Who says so.
        dated: Date of that text.
    """

    operations: float
    meaning: str
    source: str
    dated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """What one accelerator can do at most.

    Attributes:
        name: Its name.
        pattern: How texts write it, as a regular expression.
        peak: Dense operations a second at its lowest precision that models are trained in.
        source: Where the figure is.
    """

    name: str
    pattern: str
    peak: float
    source: str


_GUIDELINES = "Commission guidelines on obligations for general-purpose AI models, C(2025) 5045"
MARKS = (
    Mark(
        operations=1e23,
        meaning="an indication of a general-purpose model, if it generates language, images or video",
        source=_GUIDELINES,
        dated="2025-07-18",
    ),
    Mark(
        operations=1e25,
        meaning="a presumption of high-impact capabilities, hence of systemic risk",
        source="Regulation (EU) 2024/1689, Article 51(2)",
        dated="2024-06-13",
    ),
)
#: Who modifies a model with more than this share of its compute counts as a provider of the modified one.
MODIFIED_SHARE = 1 / 3
MODIFIED = Mark(
    operations=1e23 * MODIFIED_SHARE,
    meaning="that who modified the model is its provider, where the original's compute is not known (a third "
    "of the mark for general-purpose models; else a third of the original's compute counts)",
    source=_GUIDELINES,
    dated="2025-07-18",
)
#: Why the making of synthetic data counts.
COUNTS_TOGETHER = (
    "computation for pre-training, synthetic data generation and fine-tuning counts together "
    "(Regulation (EU) 2024/1689, recital 111, 2024-06-13)"
)
#: Peak rates are those of eight bits where the hardware has them, which can only make a bound less strict.
ACCELERATORS = (
    Accelerator(name="V100", pattern=r"\bV100\b", peak=1.25e14, source="NVIDIA V100 data sheet, 2020-01"),
    Accelerator(name="A100", pattern=r"\bA100\b", peak=3.12e14, source="NVIDIA A100 data sheet, 2021-06"),
    Accelerator(
        name="H100 or H200", pattern=r"\bH[12]00\b", peak=1.979e15, source="NVIDIA H100 data sheet, 2023-04"
    ),
    Accelerator(name="B200", pattern=r"\bG?B200\b", peak=4.5e15, source="NVIDIA Blackwell brief, 2024-03"),
    Accelerator(name="MI250X", pattern=r"\bMI250X?\b", peak=3.83e14, source="AMD MI250X page, 2021-11"),
    Accelerator(
        name="MI300X", pattern=r"\bMI300X?\b", peak=2.615e15, source="AMD MI300X data sheet, 2023-12"
    ),
    Accelerator(
        name="TPU v4", pattern=r"\bTPU[ -]?v4\b", peak=2.75e14, source="Google Cloud TPU v4 page, 2023-04"
    ),
    Accelerator(
        name="TPU v5", pattern=r"\bTPU[ -]?v5\w?\b", peak=9.18e14, source="Google Cloud TPU v5p page, 2023-12"
    ),
)
#: Kinds that are not in the table; beside one of them no bound follows from hours.
OTHER_KINDS = r"\b(?:G?B300|MI3[1-9]\d\w?|Gaudi|Trainium|Ascend|TPU[ -]?v[67]\w?|Trillium|Cerebras|Groq)\b"
