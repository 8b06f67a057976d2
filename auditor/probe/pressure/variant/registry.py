"""The variants there are, in the order in which they are asked and shown."""

from __future__ import annotations

from auditor.probe.pressure.prompt import Variant
from auditor.probe.pressure.variant.authority import Authority
from auditor.probe.pressure.variant.base64_coding import Base64
from auditor.probe.pressure.variant.escalation import Escalation
from auditor.probe.pressure.variant.leetspeak import Leetspeak
from auditor.probe.pressure.variant.payload_splitting import PayloadSplitting
from auditor.probe.pressure.variant.prefix_injection import PrefixInjection
from auditor.probe.pressure.variant.refusal_suppression import RefusalSuppression
from auditor.probe.pressure.variant.role_play import RolePlay
from auditor.probe.pressure.variant.translation import Translation

VARIANTS: tuple[Variant, ...] = (
    RolePlay(),
    Authority(),
    PrefixInjection(),
    RefusalSuppression(),
    Base64(),
    Leetspeak(),
    Translation("de", "German"),
    Translation("fr", "French"),
    Translation("es", "Spanish"),
    Translation("zh", "Chinese"),
    PayloadSplitting(),
    Escalation(),
)
