"""The embedded small models, by name."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from auditor.error import TargetNotFoundError
from auditor.record.observation import Answer
from auditor.record.request import Request
from auditor.target.protocol import Batch, Description, OpenOptions, Target

#: Beside the code that builds them; the models are data of the package, so no import is needed.
_MODELS = Path(__file__).resolve().parent.parent / "zoo" / "demo" / "models"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def demo_names(models: Path = _MODELS) -> tuple[str, ...]:
    """Names of the embedded models, in order."""
    if not models.is_dir():
        return ()
    return tuple(sorted(one.name for one in models.iterdir() if (one / "config.json").is_file()))


def demo_locator_to_folder(name: str, models: Path = _MODELS) -> Path:
    """The folder of an embedded model.

    Args:
        name: Its name, without ``demo:``.
        models: The folder that holds them all.

    Raises:
        TargetNotFoundError: If there is none of this name; the message lists those there are.
    """
    names = demo_names(models)
    # Listed names are entries of one folder, so that a name with a path in it can never be among them.
    if _NAME.fullmatch(name) and name in names:
        return models / name
    raise TargetNotFoundError(
        f"there is no embedded model '{name}'",
        fix=f"use one of: {', '.join(names)}"
        if names
        else "install the package again, its models are missing",
    )


class DemoTarget:
    """An embedded model: a local one that goes by its own name instead of its folder's path.

    Args:
        name: Its name, without ``demo:``.
        inner: The local target on its folder.
    """

    def __init__(self, name: str, inner: Target) -> None:
        self._name = name
        self._inner = inner

    def __repr__(self) -> str:
        return f"DemoTarget({self._name!r})"

    @property
    def description(self) -> Description:
        """The local model's description under the embedded model's name."""
        return dataclasses.replace(self._inner.description, name=self._name)

    def ask(self, requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
        """See ``Target``."""
        return self._inner.ask(requests)

    def batches(self, requests: Sequence[Request]) -> Iterator[Batch]:
        """See ``Target``."""
        return self._inner.batches(requests)

    def close(self) -> None:
        """See ``Target``."""
        self._inner.close()


def open_demo(name: str, options: OpenOptions) -> DemoTarget:
    """Open an embedded model.

    Raises:
        TargetNotFoundError: If there is none of this name.
    """
    folder = demo_locator_to_folder(name)
    from auditor.target.local import LocalTarget

    return DemoTarget(name, LocalTarget(str(folder), options))
