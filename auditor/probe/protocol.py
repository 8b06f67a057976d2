"""What every method is: a plan of questions, and a pure measurement of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ConfigDict, ValidationError

from auditor.error import ContentError
from auditor.probe.spec import ProbeSpec
from auditor.record.finding import Claim, Finding
from auditor.record.observation import Observations
from auditor.record.request import Question
from auditor.record.subject import Access, Role


class Parameters(BaseModel):
    """Base of every method's parameters; an unknown parameter is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Method(Protocol):
    """A measured quantity.

    ``plan`` returns the questions that are to be asked next, given what was seen so far; returning
    nothing means stop, which covers fixed and sequential designs alike. It may repeat questions that
    were already answered; the scan never asks those again. ``measure`` is pure and deterministic: the
    same observations give the same findings, bit for bit, on any machine, without the models.

    Attributes:
        name: Registered name.
        claim: The claim it speaks to.
        needs: Roles that must be filled, with the least access of each.
        uses: Roles that sharpen or calibrate it, with the least access of each; a scan works without.
        parameters: Model of its parameters.
    """

    name: ClassVar[str]
    claim: ClassVar[Claim]
    needs: ClassVar[Mapping[Role, Access]]
    uses: ClassVar[Mapping[Role, Access]]
    parameters: ClassVar[type[Parameters]]

    def plan(self, spec: ProbeSpec, seen: Observations) -> Sequence[Question]:
        """The questions to ask next."""
        ...

    def measure(self, spec: ProbeSpec, seen: Observations) -> Sequence[Finding]:
        """What the answers show."""
        ...


@runtime_checkable
class Forecasting(Protocol):
    """A method that says beforehand what its design will be able to find."""

    def forecast(self, spec: ProbeSpec, seen: Observations) -> Sequence[str]:
        """Sentences for the user to read before the first question; none where the design is not known."""
        ...


P = TypeVar("P", bound=Parameters)


def parameters_of(spec: ProbeSpec, model: type[P]) -> P:
    """The probe's parameters, validated.

    Raises:
        ContentError: If a parameter is unknown, missing or of the wrong type.
    """
    try:
        return model.model_validate(spec.file.parameters)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ContentError(
            f"parameter '{field}' is malformed: {first['msg']}", where=f"{spec.id}/probe.yaml"
        ) from error


def field_of(item: Mapping[str, Any], name: str, spec: ProbeSpec) -> str:
    """A mandatory text field of an item.

    Raises:
        ContentError: If the item lacks it.
    """
    value = item.get(name)
    if not isinstance(value, str) or not value:
        raise ContentError(f"an item lacks the text field '{name}'", where=f"{spec.id}/items.jsonl")
    return value
