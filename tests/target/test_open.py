"""Locators: which kind of target each opens, and what is said about those that open nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.error import AuditorError, TargetNotFoundError, UsageError
from auditor.record.observation import Text
from auditor.record.request import Generate
from auditor.target.demo import DemoTarget, demo_locator_to_folder, demo_names
from auditor.target.endpoint import EndpointTarget
from auditor.target.open import open_target
from auditor.target.protocol import OpenOptions
from auditor.target.recorded import RecordedTarget


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.jsonl"
    path.write_text(
        '{"prompt": "Hi", "answer": "Hello", "model": "a"}\n'
        '{"prompt": "Hi", "answer": "Hey", "model": "b"}\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize("model", ["m", "org/model", "org/model@main", "llama3:8b", "models/a b"])
def test_endpoints(model: str) -> None:
    target = open_target(f"openai:{model}@HTTP://Host:80/v1/", OpenOptions())
    assert isinstance(target, EndpointTarget)
    assert repr(target) == f"EndpointTarget({model!r}, 'http://host/v1')"


def test_recorded_answers(answers: Path) -> None:
    target = open_target(f"recorded:{answers}#b", OpenOptions())
    assert isinstance(target, RecordedTarget)
    assert target.description.name == "b"
    assert list(target.ask([Generate(prompt="Hi", max_tokens=1)])) == [(0, Text(text="Hey"))]


@pytest.mark.parametrize(
    ("locator", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\0b", "malformed"),
        ("openai:", "write openai:MODEL@http"),
        ("openai:m", "write openai:MODEL@http"),
        ("openai:@http://host", "write openai:MODEL@http"),
        ("openai:m@ftp://host", "write openai:MODEL@http"),
        ("openai:m@http://user:secret@host/v1", "--api-key-env"),
        ("openai:m@http://host/v1?api_key=secret", "query"),
        ("https://host/v1", "needs the name of a model"),
        ("recorded:", "write recorded:FILE"),
        ("ollama:llama3", "no kind of locator named 'ollama:'"),
    ],
)
def test_malformed_locators(locator: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        open_target(locator, OpenOptions())
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(TargetNotFoundError, match="no file of recorded answers"):
        open_target(f"recorded:{tmp_path}/none.jsonl", OpenOptions())
    with pytest.raises(TargetNotFoundError):
        open_target(str(tmp_path / "none"), OpenOptions())


@settings(deadline=None)
@given(rest=st.text(max_size=30), scheme=st.sampled_from(["openai:", "recorded:", "demo:", "x:y"]))
def test_any_locator_is_opened_or_turned_down(rest: str, scheme: str) -> None:
    exit_status = 2
    try:
        open_target(scheme + rest, OpenOptions())
    except AuditorError as error:
        exit_status = error.exit_status
    assert exit_status == 2


def models(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text("{}", encoding="utf-8")
    return folder


def test_embedded_models_are_found_by_name(tmp_path: Path) -> None:
    folder = models(tmp_path / "models", "student", "teacher-a")
    (folder / "notes").mkdir()
    assert demo_names(folder) == ("student", "teacher-a")
    assert demo_locator_to_folder("student", folder) == folder / "student"
    with pytest.raises(
        TargetNotFoundError, match=r"no embedded model 'pupil'; use one of: student, teacher-a"
    ):
        demo_locator_to_folder("pupil", folder)
    with pytest.raises(TargetNotFoundError, match="install the package again"):
        demo_locator_to_folder("student", tmp_path / "none")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../secret", "models/../../secret", "student/", "/", "..\\secret", "student\n"]
)
def test_embedded_names_reach_no_other_folder(tmp_path: Path, name: str) -> None:
    models(tmp_path, "secret")
    folder = models(tmp_path / "models", "student")
    with pytest.raises(TargetNotFoundError):
        demo_locator_to_folder(name, folder)
    with pytest.raises(TargetNotFoundError):
        open_target(f"demo:{name}", OpenOptions())


def test_shipped_models_open_under_their_names() -> None:
    names = demo_names()
    assert len(names) == 5
    for name in names[:2]:
        target = open_target(f"demo:{name}", OpenOptions(device="cpu"))
        assert isinstance(target, DemoTarget)
        assert target.description.name == name
        target.close()


def test_an_embedded_model_answers_as_the_target_behind_it(answers: Path) -> None:
    inner = RecordedTarget(answers, OpenOptions(), model="a")
    target = DemoTarget("student", inner)
    assert target.description.name == "student"
    assert target.description.digest == inner.description.digest
    assert list(target.ask([Generate(prompt="Hi", max_tokens=1)])) == [(0, Text(text="Hello"))]
    target.close()


def test_opening_loads_nothing_heavy(answers: Path) -> None:
    code = (
        "import sys; from auditor.target.open import open_target; "
        "from auditor.target.protocol import OpenOptions as Options; "
        f"open_target({f'recorded:{answers}#a'!r}, Options()).description; "
        "open_target('openai:m@http://127.0.0.1:1/v1', Options()); "
        "heavy = {'torch', 'transformers', 'httpx'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
