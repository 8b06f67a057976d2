"""From what a user typed to a model that can be asked. Nothing heavy is loaded before it is needed."""

from __future__ import annotations

import re
from pathlib import Path

from auditor.error import TargetNotFoundError, UsageError
from auditor.record.subject import Kind
from auditor.target.protocol import OpenOptions, Target

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?P<rest>.*)", re.DOTALL)
_ENDPOINT = re.compile(r"(?P<model>.+)@(?P<url>https?://.+)", re.DOTALL | re.IGNORECASE)
#: In a policy's folder, what it does in each state. Networks that act have no common format to open.
_ACTS = "actions.jsonl"
_FORMS = (
    "write a folder, a .gguf file, a hub id, openai:MODEL@http://host:port/v1, recorded:FILE or demo:NAME"
)


def open_target(locator: str, options: OpenOptions) -> Target:
    """Open the model at ``locator``.

    Locators: ``openai:MODEL@http://host:port/v1``, ``recorded:FILE`` or ``recorded:FILE#MODEL``,
    ``demo:NAME``; a folder with ``actions.jsonl`` is a policy; everything else is a local folder, a
    ``.gguf`` file or a hub id with an optional ``@revision``.

    Raises:
        UsageError: If the locator is malformed.
        TargetNotFoundError: If nothing is there.
        TargetError: If what is there cannot be opened.
    """
    if not locator.strip() or "\0" in locator:
        raise UsageError("the model's locator is empty or malformed", fix=_FORMS)
    match = _SCHEME.fullmatch(locator)
    if match is not None and not Path(locator).exists():
        scheme, rest = match["scheme"].lower(), match["rest"]
        if scheme == "openai":
            return _endpoint(rest, options)
        if scheme == "recorded":
            return _recorded(rest, options)
        if scheme == "demo":
            from auditor.target.demo import open_demo

            return open_demo(rest, options)
        if scheme in ("http", "https"):
            raise UsageError(
                "an endpoint's address needs the name of a model",
                where=scheme + "://...",
                fix="write openai:MODEL@http://host:port/v1",
            )
        raise UsageError(f"there is no kind of locator named '{scheme}:'", fix=_FORMS)
    acts = Path(locator).expanduser() / _ACTS
    if acts.is_file():
        from auditor.target.recorded import RecordedTarget

        return RecordedTarget(acts, options, name=acts.parent.resolve().name, kind=Kind.POLICY)
    from auditor.target.local import LocalTarget

    return LocalTarget(locator, options)


def _endpoint(rest: str, options: OpenOptions) -> Target:
    match = _ENDPOINT.fullmatch(rest)
    if match is None:
        # The text is not shown: whoever mistypes an address may have put a key into it.
        raise UsageError("the endpoint's locator is malformed", fix="write openai:MODEL@http://host:port/v1")
    from auditor.target.endpoint import EndpointTarget

    return EndpointTarget(match["model"], match["url"], options)


def _recorded(rest: str, options: OpenOptions) -> Target:
    from auditor.target.recorded import RecordedTarget, split_locator

    if not rest:
        raise UsageError("the locator names no file of recorded answers", fix="write recorded:FILE")
    path, model = split_locator(rest)
    if not path.is_file():
        raise TargetNotFoundError(
            "there is no file of recorded answers", where=str(path), fix="check the path"
        )
    return RecordedTarget(path, options, model=model or None)
