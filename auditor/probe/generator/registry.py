"""The generators there are, as an explicit tuple."""

from __future__ import annotations

from auditor.error import ContentError
from auditor.probe.generator.base_conversion import BaseConversion
from auditor.probe.generator.chained_sums import ChainedSums
from auditor.probe.generator.date_reasoning import DateReasoning
from auditor.probe.generator.grid_walk import GridWalk
from auditor.probe.generator.item import ItemGenerator
from auditor.probe.generator.kinship import Kinship
from auditor.probe.generator.list_operations import ListOperations
from auditor.probe.generator.number_sequence import NumberSequence
from auditor.probe.generator.ordering import Ordering
from auditor.probe.generator.price_comparison import PriceComparison
from auditor.probe.generator.set_counting import SetCounting
from auditor.probe.generator.simple_logic import SimpleLogic
from auditor.probe.generator.string_manipulation import StringManipulation
from auditor.probe.generator.table_lookup import TableLookup
from auditor.probe.generator.unit_conversion import UnitConversion
from auditor.probe.generator.word_problem import WordProblem

GENERATORS: tuple[ItemGenerator, ...] = (
    ChainedSums(),
    WordProblem(),
    UnitConversion(),
    DateReasoning(),
    TableLookup(),
    StringManipulation(),
    SimpleLogic(),
    Ordering(),
    SetCounting(),
    NumberSequence(),
    BaseConversion(),
    GridWalk(),
    Kinship(),
    PriceComparison(),
    ListOperations(),
)


def generator(name: str) -> ItemGenerator:
    """The generator of this name.

    Raises:
        ContentError: If there is none.
    """
    for one in GENERATORS:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in GENERATORS)
    raise ContentError(f"there is no item generator '{name}'", fix=f"use one of: {known}")
