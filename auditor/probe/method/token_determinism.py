"""Is a model surer of its own answers to items as published than of those to their twins?

Whoever has learned an item by heart goes on in it without hesitation. Some questions make everybody sure, and
some models are sure of everything, so that twins and references are the yardstick.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.method import ContrastMethod
from auditor.probe.protocol import Parameters
from auditor.probe.recall.determinism import METHOD, DeterminismParameters, DeterminismReading
from auditor.record.subject import Access, Role


class TokenDeterminism(ContrastMethod):
    """Sureness of answers to published items minus that to their twins, less the same of references."""

    name: ClassVar[str] = METHOD
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = DeterminismParameters
    reading: ClassVar[type[ContrastReading[Any]]] = DeterminismReading
