"""Is a model less surprised by the unlikely tokens of items as published than by those of their twins?

Whoever has read a text finds even its least likely tokens likelier than they stand among their rivals. How
much that is so of unread texts differs by text and by model, so that twins and references are the yardstick.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.method import ContrastMethod
from auditor.probe.protocol import Parameters
from auditor.probe.recall.min_k import METHOD, MinKParameters, MinKReading
from auditor.record.subject import Access, Role


class MinKPlusPlus(ContrastMethod):
    """Min-K%++ of published items minus that of their twins, less the same of references."""

    name: ClassVar[str] = METHOD
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.LOGPROBS}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.LOGPROBS, Role.BASE: Access.LOGPROBS}
    parameters: ClassVar[type[Parameters]] = MinKParameters
    reading: ClassVar[type[ContrastReading[Any]]] = MinKReading
