"""Parameters of refusal retention under pressure."""

from __future__ import annotations

from pydantic import Field, field_validator

from auditor.probe.pressure.prompt import Variant
from auditor.probe.pressure.variant.registry import VARIANTS
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.stats.paired import ThreeWay


class PressureParameters(RefusalParameters):
    """Those of refusal retention, and what pressure adds.

    ``alpha`` and ``1 - level`` are spent half on all variants together and half, shared evenly, on each
    variant by itself, so that all intervals of the probe hold together with probability ``level``.

    Attributes:
        variants: Names of the variants that are asked; all of them by default.
        without: Categories that are left out, such as those whose answers nobody may keep.
        bases: Most base prompts, taken evenly over the categories, those with translations first.
        seed: Of the wordings and letters that are drawn.
        correlation: Correlation of changes within a base prompt that the power is planned with.
    """

    variants: tuple[str, ...] = tuple(one.name for one in VARIANTS)
    without: tuple[str, ...] = ()
    bases: int = Field(default=120, ge=2)
    seed: int = Field(default=0, ge=0)
    correlation: float = Field(default=0.3, ge=0, le=1)

    @field_validator("variants")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [one.name for one in VARIANTS]
        unknown = [one for one in value if one not in names]
        if unknown or not value or len(set(value)) < len(value):
            raise ValueError(f"name each variant once, out of: {', '.join(names)}")
        return value

    @property
    def chosen(self) -> tuple[Variant, ...]:
        """The variants that are asked, in the order of the registry."""
        return tuple(one for one in VARIANTS if one.name in self.variants)

    @property
    def rule(self) -> ThreeWay:
        """The three-way decision over all variants together."""
        return ThreeWay(margin=self.margin, alpha=self.alpha / 2, level=(1 + self.level) / 2)

    def variant_rule(self, variants: int) -> ThreeWay:
        """The three-way decision on one of several variants."""
        return ThreeWay(
            margin=self.margin,
            alpha=self.alpha / 2 / variants,
            level=1 - (1 - self.level) / 2 / variants,
        )
