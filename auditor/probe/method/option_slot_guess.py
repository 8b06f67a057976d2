"""Does a model guess a hidden wrong option of published items better than of their twins?

A wrong option does not follow from the question: whoever supplies it has read it, or guesses as others do,
which twins and references show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from auditor.probe.benchmark.contrast import ContrastReading
from auditor.probe.benchmark.method import ContrastMethod
from auditor.probe.protocol import Parameters
from auditor.probe.recall.option_slot import METHOD, OptionSlotParameters, OptionSlotReading
from auditor.record.subject import Access, Role


class OptionSlotGuess(ContrastMethod):
    """Guesses of hidden options of published items minus those of twins, less the same of references."""

    name: ClassVar[str] = METHOD
    needs: ClassVar[Mapping[Role, Access]] = {Role.SUSPECT: Access.TEXT}
    uses: ClassVar[Mapping[Role, Access]] = {Role.CONTROL: Access.TEXT, Role.BASE: Access.TEXT}
    parameters: ClassVar[type[Parameters]] = OptionSlotParameters
    reading: ClassVar[type[ContrastReading[Any]]] = OptionSlotReading
