"""What teachers served to those who distilled them: the log that the teacher's owner would have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.record.subject import Kind
from auditor.zoo.recipe import FROM_TEXT, Recipe
from auditor.zoo.work.whole_file import write_whole

#: Folder of the logs under a build's folder.
SERVED = "served"


@dataclass
class ServedAnswers:
    """Writes down every answer that a teacher serves to one account.

    Attributes:
        account: Who asks: the student that is to come.
        rows: The log so far.
    """

    account: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def note(
        self, teacher: str, prompts: Sequence[str], answers: Sequence[str], temperature: float, most: int
    ) -> None:
        """Add answers, in the order in which they were served."""
        self.rows += [
            {
                "prompt": prompt,
                "answer": answer,
                "account": self.account,
                "teacher": teacher,
                "temperature": temperature,
                "max_tokens": most,
                "time": len(self.rows) + number,
            }
            for number, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
        ]

    def write(self, path: Path) -> None:
        """Write the log, one row a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in self.rows)
        write_whole(path, text.encode())


def log_of(recipe: Recipe) -> str | None:
    """Where the log of what a model's teachers served for it lies under a build's folder, if they did.

    Only language models serve texts; classes and actions are predicted from inputs that anybody has.
    """
    taught = recipe.kind is Kind.CAUSAL_LM and recipe.mechanism in FROM_TEXT and recipe.teachers
    return f"{SERVED}/{recipe.name}.jsonl" if taught else None
