"""Who labels the answers of a scan: its judge, where a probe leaves it to one, or the rules."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.probe.judge.grade import grade_of
from auditor.probe.judge.rules import judge
from auditor.probe.refusal.parameters import RefusalParameters
from auditor.probe.refusal.series import Asked, Judged
from auditor.record.observation import Answer, Observations, Text, observation_id
from auditor.record.request import Grade, Question, ask_all, request_digest
from auditor.record.subject import Role


class Judging:
    """Labels of answers.

    Args:
        parameters: Whether the labels are left to a judge.
        seen: The judge, and what it has said.

    Attributes:
        judge: The judge; None where rules judge.
    """

    def __init__(self, parameters: RefusalParameters, seen: Observations) -> None:
        judges = seen.of_role(Role.JUDGE) if parameters.judged_by == "judge" else ()
        self.judge = judges[0] if judges else None
        self._seen = seen

    def label(self, asked: Asked, answer: Answer | None) -> Judged:
        """The label of an answer; one that is missing, or is no text, is unscored."""
        if not isinstance(answer, Text):
            return Judged(text="", label="unscored")
        request = _grade(asked, answer)
        if self.judge is None or request is None:
            return Judged(text=answer.text, label=judge(asked.prompt, answer).label)
        found = grade_of(self._seen.answer(self.judge, request))
        return Judged(
            text=answer.text, label=found.label, probability=found.probability, doubtful=found.doubtful
        )

    def questions(self, answers: Iterable[tuple[Asked, Answer | None]]) -> tuple[Question, ...]:
        """What the judge is asked of these answers, equal ones once; nothing where rules judge."""
        if self.judge is None:
            return ()
        wanted = dict.fromkeys(_grade(asked, answer) for asked, answer in answers)
        return ask_all(self.judge.digest, [one for one in wanted if one is not None])

    def ids(self, asked: Asked, answer: Answer | None) -> tuple[str, ...]:
        """Identity of what the judge said of an answer, if it was asked."""
        request = _grade(asked, answer)
        if self.judge is None or request is None or self._seen.answer(self.judge, request) is None:
            return ()
        return (observation_id(self.judge.digest, request_digest(request)),)


def _grade(asked: Asked, answer: Answer | None) -> Grade | None:
    """What a judge is asked; None where there is nothing for it to judge.

    An answer that the provider filtered is a refusal, whoever judges, and a missing one is unscored.
    """
    if not isinstance(answer, Text) or answer.finish == "filtered":
        return None
    return Grade(prompt=asked.prompt, answer=answer.text)
