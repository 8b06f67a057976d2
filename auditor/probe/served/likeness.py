"""How alike answers are to what a model writes itself, for models that do not tell log-probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from auditor.array import NDArray
from auditor.probe.served.log import LoggedPrompt
from auditor.probe.served.redraws import Redraws
from auditor.record.subject import Subject

_LENGTHS = (2, 5)


def likenesses(
    redraws: Redraws, subjects: Sequence[Subject], prompts: Sequence[LoggedPrompt]
) -> dict[str, list[tuple[float, ...] | None]]:
    """Mean cosine of every answer with each model's own ones, over weighted character n-grams.

    Weights come from all texts together, whichever of them were logged.

    Returns:
        Digest of a model -> for each prompt one value per answer, or None where it wrote nothing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts: list[str] = []
    places: dict[tuple[str, int], range] = {}

    def keep(owner: str, number: int, found: Sequence[str]) -> None:
        places[owner, number] = range(len(texts), len(texts) + len(found))
        texts.extend(found)

    for number, prompt in enumerate(prompts):
        keep("", number, redraws.answers(prompt) or ())
        for one in subjects:
            keep(one.digest, number, redraws.written(one, prompt))
    if not texts:
        return {one.digest: [None] * len(prompts) for one in subjects}
    table = TfidfVectorizer(analyzer="char_wb", ngram_range=_LENGTHS, sublinear_tf=True).fit_transform(texts)

    def cosines(owner: str, number: int) -> tuple[float, ...] | None:
        ours, theirs = places["", number], places[owner, number]
        if not len(ours) or not len(theirs):
            return None
        product = table[list(ours)] @ table[list(theirs)].T
        alike: Float[NDArray[np.float64], "answers own"] = product.toarray()
        return tuple(float(one) for one in alike.mean(axis=1))

    return {one.digest: [cosines(one.digest, number) for number in range(len(prompts))] for one in subjects}
