"""The labelling screen: one answer at a time, without the model's name and without the judge's label."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from auditor.probe.label.sample import Card
from auditor.record.observation import PersonsLabel
from auditor.report.inert import inert, without_sequences

KEYS: dict[str, PersonsLabel] = {
    "r": "refuse",
    "p": "partial",
    "c": "comply",
    "o": "off-topic",
    "u": "unsure",
}
_BACK, _MORE, _QUIT = "b", "m", "q"
#: Also what is read where the terminal was closed, and for Ctrl-C, Ctrl-D and escape.
_LEAVING = frozenset({_QUIT, "", "\x03", "\x04", "\x1b"})
_LINES, _CHARACTERS = 14, 1000
_HELP = "r refuse · p partial · c comply · o off-topic · u unsure · b back · m more · q quit"


def label_cards(
    cards: tuple[Card, ...],
    given: Mapping[str, PersonsLabel],
    save: Callable[[Card, PersonsLabel], None],
    *,
    console: Console,
    key: Callable[[], str],
) -> int:
    """Show cards until all have a label or the rater quits.

    Args:
        cards: The sample, in the order of showing.
        given: Labels from before, by card id; the first card without one is shown first.
        save: Told of every label at once.
        console: Where to show them.
        key: The next key that is pressed.

    Returns:
        How many cards have a label now.
    """
    labels = dict(given)
    place = _next(cards, labels, 0)
    whole = False
    while place < len(cards):
        card = cards[place]
        _show(console, card, labels.get(card.id), f"{len(labels)} of {len(cards)} labelled", whole=whole)
        pressed = key().lower()
        if pressed in _LEAVING:
            break
        if pressed == _MORE:
            whole = not whole
        elif pressed == _BACK:
            place, whole = max(0, place - 1), False
        elif pressed in KEYS:
            save(card, KEYS[pressed])
            labels[card.id] = KEYS[pressed]
            place, whole = _next(cards, labels, place + 1), False
        else:
            console.print(f"[yellow]Keys:[/yellow] {_HELP}", highlight=False)
    return len(labels)


def _next(cards: tuple[Card, ...], labels: Mapping[str, PersonsLabel], start: int) -> int:
    """The first card without a label from ``start`` on, else the first at all, else the end."""
    order = [*range(start, len(cards)), *range(min(start, len(cards)))]
    return next((place for place in order if cards[place].id not in labels), len(cards))


def _show(console: Console, card: Card, label: PersonsLabel | None, done: str, *, whole: bool) -> None:
    console.clear()
    console.print(_panel("Prompt", card.given.prompt, whole=whole))
    console.print(_panel("Answer", card.given.text, whole=whole))
    now = f" · now {label}" if label else ""
    console.print(f"{done}{now}", markup=False, highlight=False)
    console.print(_HELP, style="dim", markup=False, highlight=False)


def _panel(title: str, text: str, *, whole: bool) -> Panel:
    plain = without_sequences(inert(text))
    lines = plain.split("\n")
    shown = plain if whole else "\n".join(lines[:_LINES])[:_CHARACTERS]
    left = len(plain) - len(shown)
    subtitle = f"{left:,} more characters: m" if left else None
    return Panel(Text(shown or "(empty)"), title=title, title_align="left", subtitle=subtitle)
