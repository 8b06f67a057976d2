"""Does a model complete published questions better than questions of the same making that nobody published?

It is given the first half. Whoever has read a question knows how it goes on; how well others guess it, twins
and references show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.method import ContrastMethod
from auditor.probe.protocol import Parameters
from auditor.probe.recall.completion import METHOD, CompletionParameters, CompletionReading
from auditor.record.subject import Access, Role


class CompletionRecall(ContrastMethod):
    """Completion of published questions minus that of their twins, less the same of references."""

    name: ClassVar[str] = METHOD
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = CompletionParameters
    reading: ClassVar[type[ContrastReading[Any]]] = CompletionReading
