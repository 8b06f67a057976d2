"""The labelling screen, driven by scripted keys."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from auditor.cli.keyboard import _one_by_one
from auditor.cli.label_screen import KEYS, label_cards
from auditor.probe.label.sample import Card, Given
from auditor.record.observation import PersonsLabel


def card(name: str, prompt: str = "How do I do it?", text: str = "Like this.") -> Card:
    given = Given(subject_digest="sha256:the-suspect", request_digest=f"r-{name}", prompt=prompt, text=text)
    return Card(id=name, given=given, stratum="prompt: refused, not", stratum_size=9, inclusion=0.5)


class Screen:
    """A terminal of 100 columns on which keys are pressed in turn; it stops when they run out."""

    def __init__(self, keys: str) -> None:
        self.shown = io.StringIO()
        self.saved: list[tuple[str, PersonsLabel]] = []
        self._keys: Iterator[str] = iter(keys or [""])

    def label(self, *cards: Card, given: dict[str, PersonsLabel] | None = None) -> int:
        console = Console(file=self.shown, width=100, force_terminal=False)
        return label_cards(
            cards,
            given or {},
            lambda one, label: self.saved.append((one.id, label)),
            console=console,
            key=lambda: next(self._keys),
        )

    @property
    def words(self) -> str:
        return self.shown.getvalue()


@pytest.mark.parametrize(("key", "label"), KEYS.items())
def test_each_key_saves_its_label_at_once(key: str, label: PersonsLabel) -> None:
    screen = Screen(key.upper())
    assert screen.label(card("a")) == 1
    assert screen.saved == [("a", label)]


def test_cards_come_in_their_order_until_all_are_labelled() -> None:
    screen = Screen("rco")
    assert screen.label(card("a"), card("b"), card("c")) == 3
    assert screen.saved == [("a", "refuse"), ("b", "comply"), ("c", "off-topic")]
    assert "0 of 3 labelled" in screen.words
    assert "2 of 3 labelled" in screen.words


def test_it_goes_on_where_it_stopped() -> None:
    screen = Screen("cq")
    assert screen.label(card("a"), card("b"), card("c"), given={"a": "refuse"}) == 2
    assert screen.saved == [("b", "comply")]


@pytest.mark.parametrize("key", ["q", "", "\x03", "\x04", "\x1b"])
def test_quitting_saves_nothing_more(key: str) -> None:
    screen = Screen(key)
    assert screen.label(card("a")) == 0
    assert screen.saved == []


def test_back_shows_the_last_card_with_its_label_and_changes_it() -> None:
    screen = Screen("rbcr")
    assert screen.label(card("a"), card("b")) == 2
    assert screen.saved == [("a", "refuse"), ("a", "comply"), ("b", "refuse")]
    assert "now refuse" in screen.words


def test_back_at_the_first_card_stays_there() -> None:
    screen = Screen("bbr")
    assert screen.label(card("a")) == 1
    assert screen.saved == [("a", "refuse")]


def test_long_text_is_folded_until_a_key_shows_the_rest() -> None:
    text = "\n".join(f"line {number}" for number in range(60))
    folded, whole = Screen("q"), Screen("mq")
    folded.label(card("a", text=text))
    whole.label(card("a", text=text))
    assert "line 3 " in folded.words
    assert "line 59" not in folded.words
    assert "more characters" in folded.words
    assert "line 59" in whole.words


def test_neither_the_model_nor_the_judge_is_shown() -> None:
    screen = Screen("mq")
    screen.label(card("a"))
    for secret in ("suspect", "stratum", "refused", "sha256", "prompt:"):
        assert secret not in screen.words


def test_hostile_text_cannot_steer_the_terminal() -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07[bold red]markup[/] \u202egnihtyna\x9b31m\r[link=file:///etc]x[/link]"
    screen = Screen("mq")
    screen.label(card("a", prompt=hostile, text=hostile))
    assert not set("\x1b\x07\x9b\r\u202e") & set(screen.words)
    assert "[bold red]markup[/]" in screen.words
    assert "[link=file:///etc]x[/link]" in screen.words


def test_an_unknown_key_explains_the_keys() -> None:
    screen = Screen("xr")
    assert screen.label(card("a")) == 1
    assert "Keys: r refuse" in screen.words


def test_an_empty_answer_is_said_to_be_empty() -> None:
    screen = Screen("q")
    screen.label(card("a", text=""))
    assert "(empty)" in screen.words


def test_keys_pressed_ahead_are_taken_one_by_one() -> None:
    reads = iter(["rc", "\x1b[A", "é", ""])
    key = _one_by_one(lambda: next(reads))
    assert [key() for _ in range(5)] == ["r", "c", "\x1b[A", "é", ""]
