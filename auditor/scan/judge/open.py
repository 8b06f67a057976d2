"""From the name of a judge to something that can be asked."""

from __future__ import annotations

from auditor.error import UsageError
from auditor.record.subject import Kind
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions, Target

#: The judge that needs no further model, and the one that a scan takes where none is named.
RULES, EMBEDDING = "rules", "embedding"
_LOCAL, _SERVED = "hf:", "openai:"
_FORMS = "use rules, embedding, hf:MODEL or openai:MODEL@http://host:port/v1"


def open_judge(locator: str, options: OpenOptions) -> Target:
    """Open the judge at ``locator``; it answers ``Grade``.

    Locators: ``embedding``, ``hf:MODEL`` (a folder or hub id: a language model that follows instructions,
    or a classifier whose classes are named after refusing and complying) and ``openai:MODEL@URL``. The
    judge ``rules`` is no model and cannot be opened.

    Raises:
        UsageError: If there is no judge of this name.
        TargetError: If its model cannot be opened.
    """
    if locator == EMBEDDING:
        from auditor.scan.judge.embedding import EmbeddingJudge

        return EmbeddingJudge(options)
    if not locator.startswith((_LOCAL, _SERVED)):
        raise UsageError(f"there is no judge '{locator}'", fix=_FORMS)
    target = open_target(locator.removeprefix(_LOCAL), options)
    if target.description.kind is Kind.CLASSIFIER:
        from auditor.scan.judge.classifier import ClassifierJudge

        return ClassifierJudge(target)
    if target.description.kind is Kind.CAUSAL_LM:
        from auditor.scan.judge.language_model import LanguageModelJudge

        return LanguageModelJudge(target)
    raise UsageError(
        f"a model of kind {target.description.kind} cannot judge answers",
        where=locator,
        fix="name a language model or a classifier of texts",
    )
