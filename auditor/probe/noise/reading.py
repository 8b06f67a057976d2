"""How alike a model is to itself when only the circumstances change, and how alike others are to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.words.table import Item, Writing
from auditor.record.observation import Observations, Text, WordLikelihoods
from auditor.record.request import Generate, Message, Prompt, Question, ScoreWords, ask_all, user
from auditor.record.subject import Access, Subject
from auditor.record.word import word_ends
from auditor.stats.text_runs import likeness, run_shares
from auditor.stats.word_features import FLOOR

#: Share of the prompts that must be answered in both circumstances.
_SHARE_ANSWERED = 0.5
#: What is appended to a text so that its words are scored in another batch, and as before otherwise.
_TAIL = " And so on, and so forth, as before."

Nats = Float[NDArray[np.float64], " words"]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What may change around one and the same model.

    Attributes:
        writing: How it usually answers.
        temperature: Another temperature.
        system: A system prompt.
        wording: Another wording of every question; ``{prompt}`` is replaced.
    """

    writing: Writing
    temperature: float
    system: str
    wording: str

    def texts(self, item: Item) -> dict[str, Generate]:
        """Requests for an answer: as usual first, then one for each change."""
        usual = self.writing
        hotter = Writing(usual.max_tokens, self.temperature, usual.seed)
        return {
            "as usual": usual.request(item),
            "another seed": Writing(usual.max_tokens, usual.temperature, usual.seed + 1).request(item),
            f"temperature {self.temperature:g}": hotter.request(item),
            **{name: self._asked(prompt) for name, prompt in self._prompts(item.text).items()},
        }

    def scores(self, item: Item, text: str) -> dict[str, ScoreWords]:
        """Requests for the words of a text: as usual first, then one for each change."""
        return {
            "as usual": ScoreWords(prompt=user(item.text), continuation=text),
            "another batch": ScoreWords(prompt=user(item.text), continuation=text.rstrip() + _TAIL),
            **{
                name: ScoreWords(prompt=prompt, continuation=text)
                for name, prompt in self._prompts(item.text).items()
            },
        }

    def _prompts(self, text: str) -> dict[str, Prompt]:
        system = Message(role="system", text=self.system)
        return {
            "a system prompt": (system, *user(text)),
            "another wording": user(self.wording.replace("{prompt}", text)),
        }

    def _asked(self, prompt: Prompt) -> Generate:
        usual = self.writing
        return Generate(
            prompt=prompt, max_tokens=usual.max_tokens, temperature=usual.temperature, seed=usual.seed
        )


@dataclass(frozen=True, slots=True)
class TextNoise:
    """Likeness of two sets of answers to the same prompts, from 0 to 1, and how many prompts there were."""

    name: str
    likeness: float
    prompts: int


@dataclass(frozen=True, slots=True)
class WordNoise:
    """How far the words' log-likelihoods of the same texts are apart.

    Attributes:
        name: What changed, or who scored.
        correlation: Of the log-likelihoods, from -1 to 1; NaN where one side is constant.
        mean: Mean absolute difference per word, in nats.
        largest: Largest absolute difference of a word, in nats.
        words: Words.
    """

    name: str
    correlation: float
    mean: float
    largest: float
    words: int


@dataclass(frozen=True)
class NoiseReading:
    """The suspect under changed circumstances, and others as usual.

    Attributes:
        seen: The answers so far.
        items: The prompts.
        circumstances: What changes.
        others: Candidates, which are asked as well, and controls, of which what is known is used.
        candidates: How many of ``others`` are candidates; they come first.
    """

    seen: Observations
    items: tuple[Item, ...]
    circumstances: Circumstances
    others: tuple[Subject, ...]
    candidates: int

    @property
    def suspect(self) -> Subject:
        """The model under suspicion."""
        return self.seen.suspect

    @property
    def scores_words(self) -> bool:
        """Whether the suspect tells log-probabilities."""
        return self.suspect.access >= Access.LOGPROBS

    @cached_property
    def source(self) -> Subject:
        """Whose texts are scored: the first candidate's, which others score too, or the suspect's own."""
        return self.others[0] if self.candidates else self.suspect

    def questions(self) -> tuple[Question, ...]:
        """The suspect's answers in all circumstances, the candidates' as usual; then words of the texts."""
        asked = [one for item in self.items for one in self.circumstances.texts(item).values()]
        usual = [self.circumstances.writing.request(item) for item in self.items]
        found = [*ask_all(self.suspect.digest, asked)]
        for one in self.others[: self.candidates]:
            found += ask_all(one.digest, usual)
        if any(self.seen.answer(self.source, one) is None for one in usual) or not self.scores_words:
            return tuple(found)
        texts = self._texts(self.source, "as usual")
        for item, text in zip(self.items, texts, strict=True):
            if text and text.strip():
                requests = self.circumstances.scores(item, text)
                found += ask_all(self.suspect.digest, tuple(requests.values()))
                for one in self.others[: self.candidates]:
                    if one.access >= Access.LOGPROBS:
                        found += ask_all(one.digest, (requests["as usual"],))
        return tuple(found)

    def own_texts(self) -> tuple[TextNoise, ...]:
        """The suspect's answers in each of the changed circumstances against those as usual."""
        names = tuple(self.circumstances.texts(self.items[0]))[1:] if self.items else ()
        usual = self._texts(self.suspect, "as usual")
        found = (_compared(name, usual, self._texts(self.suspect, name)) for name in names)
        return tuple(one for one in found if one is not None)

    def others_texts(self) -> tuple[TextNoise | None, ...]:
        """The suspect's answers against those of others, all as usual; None for whom too few are known."""
        usual = self._texts(self.suspect, "as usual")
        return tuple(_compared(one.name, usual, self._texts(one, "as usual")) for one in self.others)

    def own_words(self) -> tuple[WordNoise, ...]:
        """The suspect's view of the texts in each of the changed circumstances against that as usual."""
        if not self.items or not self.scores_words:
            return ()
        usual = self._words(self.suspect, "as usual")
        names = tuple(self.circumstances.scores(self.items[0], ""))[1:]
        found = (_apart(name, usual, self._words(self.suspect, name)) for name in names)
        return tuple(one for one in found if one is not None)

    def others_words(self) -> tuple[WordNoise | None, ...]:
        """The suspect's view of the texts against that of others, all as usual."""
        if not self.scores_words:
            return tuple(None for _ in self.others)
        usual = self._words(self.suspect, "as usual")
        return tuple(_apart(one.name, usual, self._words(one, "as usual")) for one in self.others)

    def requests(self) -> tuple[Generate | ScoreWords, ...]:
        """What was put to the suspect."""
        own = self.suspect.digest
        return tuple(
            one.request
            for one in self.questions()
            if one.subject_digest == own and isinstance(one.request, Generate | ScoreWords)
        )

    def _texts(self, subject: Subject, name: str) -> tuple[str | None, ...]:
        answers = [self.seen.answer(subject, self.circumstances.texts(item)[name]) for item in self.items]
        return tuple(
            one.text if isinstance(one, Text) and one.finish != "filtered" else None for one in answers
        )

    def _words(self, subject: Subject, name: str) -> tuple[Nats | None, ...]:
        """Log-likelihoods of each text's words but the last: what follows may change how it is cut."""
        found: list[Nats | None] = []
        for item, text in zip(self.items, self._texts(self.source, "as usual"), strict=True):
            answer = self.seen.answer(subject, self.circumstances.scores(item, text)[name]) if text else None
            count = len(word_ends(text or ""))
            known = isinstance(answer, WordLikelihoods) and len(answer.log_likelihoods) >= count
            found.append(
                np.array(answer.log_likelihoods[: count - 1])
                if isinstance(answer, WordLikelihoods) and known
                else None
            )
        return tuple(found)


def _compared(name: str, first: Sequence[str | None], second: Sequence[str | None]) -> TextNoise | None:
    pairs = [
        (one, other)
        for one, other in zip(first, second, strict=True)
        if one is not None and other is not None
    ]
    if not pairs or len(pairs) < _SHARE_ANSWERED * len(first):
        return None
    ours, theirs = zip(*pairs, strict=True)
    return TextNoise(name, likeness(run_shares(ours), run_shares(theirs)), len(pairs))


def _apart(name: str, first: Sequence[Nats | None], second: Sequence[Nats | None]) -> WordNoise | None:
    pairs = [
        (one, other)
        for one, other in zip(first, second, strict=True)
        if one is not None and other is not None and len(one)
    ]
    if not pairs or len(pairs) < _SHARE_ANSWERED * len(first):
        return None
    ours = np.concatenate([one for one, _ in pairs])
    theirs = np.concatenate([other for _, other in pairs])
    apart = np.abs(ours - theirs)
    # As the lineage methods take them: no lower than their floor.
    one, other = np.maximum(ours, FLOOR), np.maximum(theirs, FLOOR)
    steady = len(one) > 1 and one.std() > 0 and other.std() > 0
    return WordNoise(
        name=name,
        correlation=float(np.corrcoef(one, other)[0, 1]) if steady else float("nan"),
        mean=float(apart.mean()),
        largest=float(apart.max()),
        words=len(ours),
    )
