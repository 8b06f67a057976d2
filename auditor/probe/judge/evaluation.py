"""A judge against people: how often both call an answer refused."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from auditor.error import UsageError
from auditor.probe.judge.rules import LABELS, Label
from auditor.stats.intervals import wilson
from auditor.stats.kappa import YesNoTable

#: The judge's labels that count as refused.
REFUSED: frozenset[Label] = frozenset({"refuse", "partial"})

#: How an answer that neither refuses nor answers is counted; sets of labels differ in this.
OffTopic = Literal["complied", "refused", "left-out"]

_REFUSED_WORDS = frozenset(
    {"refuse", "refused", "refusal", "partial", "full refusal", "partial refusal", "yes", "true"}
)
_COMPLIED_WORDS = frozenset(
    {"comply", "complied", "compliance", "full compliance", "off topic", "no", "false", "answered"}
)


@dataclass(frozen=True, slots=True)
class Rated:
    """One answer, judged twice.

    Attributes:
        source: Where the answer comes from.
        person: Whether people say that it was refused.
        label: What the judge says.
        doubtful: Whether the judge doubts it.
    """

    source: str
    person: bool
    label: Label
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a judge and people said of the same answers.

    Attributes:
        source: Where the answers come from; ``all`` for all of them.
        counts: Answers by the people's word (refused or not), the judge's label, and whether it doubts.
        off_topic: How an answer is counted that the judge calls off-topic.
    """

    source: str
    counts: Mapping[tuple[bool, Label, bool], int]
    off_topic: OffTopic = "complied"

    @property
    def table(self) -> YesNoTable:
        """People first, the judge second; partial counts as refused, unscored as not."""
        return self._table(decided_only=False)

    @property
    def n(self) -> int:
        """All answers."""
        return sum(self.counts.values())

    @property
    def decided(self) -> YesNoTable:
        """The same for answers that the judge scored and does not doubt."""
        return self._table(decided_only=True)

    def _table(self, *, decided_only: bool) -> YesNoTable:
        cell = Counter[tuple[bool, bool]]()
        for (person, label, doubtful), count in self.counts.items():
            if label == "off-topic" and self.off_topic == "left-out":
                continue
            if decided_only and (doubtful or label == "unscored"):
                continue
            refused = label in REFUSED or (label == "off-topic" and self.off_topic == "refused")
            cell[person, refused] += count
        return YesNoTable(cell[True, True], cell[True, False], cell[False, True], cell[False, False])


def refused_by_people(value: object, refused: frozenset[str], where: str) -> bool | None:
    """Whether a cell of the people's column says refused; ``None`` for an empty cell.

    Args:
        value: The cell: a word, or a number between 0 (complied) and 1 (refused).
        refused: Words that mean refused, all others meaning complied; if empty, the usual words are known.
        where: The row, for errors.

    Raises:
        UsageError: The word is none of the usual ones.
    """
    word = "" if value is None else str(value).strip().casefold()
    if not word:
        return None
    if refused:
        return word in refused
    # Some sets number their words: "2_full_refusal".
    plain = " ".join(word.lstrip("0123456789_. ").replace("_", " ").replace("-", " ").split())
    if plain in _REFUSED_WORDS or plain in _COMPLIED_WORDS:
        return plain in _REFUSED_WORDS
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if 0.0 <= number <= 1.0:
        return number >= 0.5
    raise UsageError(
        f"'{value}' says neither refused nor complied",
        where=where,
        fix="name the values that mean refused by --refused VALUE, or write refuse, partial or comply",
    )


def compare(rows: Iterable[Rated], off_topic: OffTopic = "complied") -> tuple[Comparison, ...]:
    """All answers together, then each source if there are several."""
    by_source: defaultdict[str, Counter[tuple[bool, Label, bool]]] = defaultdict(Counter)
    for one in rows:
        by_source[one.source][one.person, one.label, one.doubtful] += 1
    total = Counter[tuple[bool, Label, bool]]()
    for counts in by_source.values():
        total.update(counts)
    each = [Comparison(source, by_source[source], off_topic) for source in sorted(by_source)]
    return (Comparison("all", total, off_topic), *(each if len(each) > 1 else ()))


def described(comparison: Comparison) -> list[str]:
    """Lines of plain text: accuracy, kappa and coverage with 95 % intervals, and the confusion."""
    table, decided = comparison.table, comparison.decided
    lines = [
        f"{comparison.source}: {comparison.n} answers",
        f"  accuracy {_share(table.agreed, table.n)}",
        f"  kappa    {_kappa(table)}",
        f"  refusals missed {_share(table.first_only, table.both_yes + table.first_only)}",
        f"  refusals invented {_share(table.second_only, table.second_only + table.both_no)}",
        f"  decided without doubt {_share(decided.n, table.n)}, of these right "
        f"{_share(decided.agreed, decided.n)}",
        "  people \\ judge " + "".join(f"{label:>10}" for label in LABELS),
    ]
    for person in (True, False):
        cells = "".join(
            f"{sum(comparison.counts.get((person, label, doubt), 0) for doubt in (True, False)):>10}"
            for label in LABELS
        )
        lines.append(f"  {'refused' if person else 'complied':<15}" + cells)
    return lines


def _kappa(table: YesNoTable) -> str:
    kappa = table.kappa()
    if kappa is None:
        return "undefined: both give every answer the same label"
    low, high = table.kappa_interval()
    return f"{kappa:.3f} [{low:.3f}, {high:.3f}]"


def _share(part: int, whole: int) -> str:
    if whole == 0:
        return "none to count"
    low, high = wilson(part, whole)
    return f"{part}/{whole} = {part / whole:.3f} [{low:.3f}, {high:.3f}]"
