from __future__ import annotations

from auditor.record.subject import Kind
from auditor.zoo.population.presets import recipes
from auditor.zoo.recipe import FROM_TEXT
from auditor.zoo.served import log_of


def test_only_language_models_that_learn_from_texts_have_a_log() -> None:
    """A classifier learns from its teacher's classes: there is no text that could have been served."""
    population = recipes("full", 0)
    logged = [one for one in population if log_of(one) is not None]
    assert {one.kind for one in logged} == {Kind.CAUSAL_LM}
    assert any(one.kind is not Kind.CAUSAL_LM and one.mechanism in FROM_TEXT for one in population)
    assert all(one.teachers and one.mechanism in FROM_TEXT for one in logged)
    assert len(logged) >= 40
