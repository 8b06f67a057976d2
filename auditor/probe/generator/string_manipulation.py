"""Words taken apart: reversed, picked by position, counted and rotated."""

from __future__ import annotations

from typing import ClassVar

from numpy.random import Generator as Rng

from auditor.probe.generator.item import GeneratedItem, number_options, pick, pick_distinct, shuffled

_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"


class StringManipulation:
    """Questions about the letters of an invented word."""

    name: ClassVar[str] = "string_manipulation"

    def draw(self, rng: Rng, level: int) -> GeneratedItem:
        """Level 1: a letter's position; level 2: a count of vowels; level 3: a reversed, rotated word."""
        # Different consonants, so that no two rearrangements of a word are the same.
        starts = pick_distinct(rng, _CONSONANTS, level + 2)
        word = "".join(start + pick(rng, _VOWELS) for start in starts)
        if level == 1:
            place = int(rng.integers(1, len(word) + 1))
            answer = word[place - 1]
            others = [letter for letter in dict.fromkeys(word + "aeioubdk") if letter != answer][:3]
            question = f"Which letter stands at position {place} of the word '{word}'?"
            return GeneratedItem(
                question, answer, shuffled(rng, [answer, *others]), f"{word}[{place}] = {answer}"
            )
        if level == 2:
            letter = pick(rng, word)
            text = word + word[int(rng.integers(len(word)))] * int(rng.integers(1, 4))
            count = text.count(letter)
            question = f"How many times does the letter '{letter}' occur in '{text}'?"
            return GeneratedItem(
                question, str(count), number_options(rng, count, [len(text)]), f"{text}: {count}"
            )
        turn = int(rng.integers(1, 4))
        backwards = word[::-1]
        answer = backwards[turn:] + backwards[:turn]
        wrong = [
            candidate
            for candidate in dict.fromkeys(
                [backwards, word[turn:] + word[:turn], backwards[turn + 1 :] + backwards[: turn + 1], word]
            )
            if candidate != answer
        ]
        moved = "first letter" if turn == 1 else f"first {turn} letters"
        question = f"Write the word '{word}' backwards, then move its {moved} to the end. What do you get?"
        return GeneratedItem(
            question, answer, shuffled(rng, [answer, *wrong[:3]]), f"{backwards}, then {answer}"
        )
