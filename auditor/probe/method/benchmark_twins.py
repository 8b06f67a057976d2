"""Is a model better on a benchmark as it was published than on twins of its items, beyond what is usual?

Twins of items with options have the options in another order; twins of others are the user's own. What
twins cost a model that has not seen the items is shown by references, and the suspect is held against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auditor.probe.benchmark.asking import METHOD, BenchmarkAsking, BenchmarkTwinsParameters
from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.method import ContrastMethod
from auditor.probe.protocol import Parameters
from auditor.record.subject import Access, Role


class BenchmarkTwins(ContrastMethod):
    """Accuracy on published items minus accuracy on their twins, less the same of references (points)."""

    name: ClassVar[str] = METHOD
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {
        Role.CONTROL: Access.TEXT,
        Role.BASE: Access.TEXT,
        Role.TEACHER: Access.TEXT,
    }
    parameters: ClassVar[type[Parameters]] = BenchmarkTwinsParameters
    reading: ClassVar[type[ContrastReading[Any]]] = BenchmarkAsking
