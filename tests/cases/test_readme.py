"""Every command in the README runs and does what it says there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from commandline import auditor

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    for line in block.strip().splitlines()
]
#: Commands that install; what they run is tested here, the installing by continuous integration.
INSTALL_AND_RUN, INSTALL_AND_TEST = "pip install . && auditor demo", "bash tests/run"
#: Commands that take long, and the tests that run them and look at what they say.
RUN_ELSEWHERE = {
    "auditor demo": "test_demo_command.py",
    "auditor validate --preset small --out validation": "test_validate_command.py",
}
#: Exit statuses of commands that judge: all but usage, integrity and failure of the tool.
JUDGED = {0, 1, 3}


@pytest.fixture(scope="module")
def workplace(teacher: Path, pruned: Path, stranger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    for name, model in {"student": pruned, "teacher": teacher, "base": stranger, "control": stranger}.items():
        shutil.copytree(model, folder / name)
    (folder / "control" / "README.md").write_text("a control of its own")
    config = (folder / "control" / "tokenizer_config.json").read_text()
    (folder / "control" / "tokenizer_config.json").write_text(
        config.rstrip().removesuffix("}") + ', "control": 1}'
    )
    rows = [{"prompt": f"What is {n}?", "answer": f"It is {n}.", "max_tokens": 6} for n in range(24)]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "answers.csv").write_text(
        "prompt,answer,human,model\nHow?,I can't help with that.,refuse,one\n"
        "How?,Turn it to the left.,comply,two\n"
    )
    items = [{"question": f"{n} + 1?", "choices": [n, n + 1, n + 2], "answer": 1} for n in range(24)]
    asked = [f"{n},Tell me about {n}.,homonyms,{('safe', 'unsafe')[n % 2]},{n}," for n in range(24)]
    (folder / "xstest_prompts.csv").write_text("\n".join(["id,prompt,type,label,focus,note", *asked]) + "\n")
    (folder / "mmlu.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


@pytest.mark.timeout(1200)
def test_every_command_of_the_readme_runs(workplace: Path) -> None:
    """One after the other, as a reader would type them."""
    assert len(COMMANDS) >= 12
    for command in COMMANDS:
        if command == INSTALL_AND_TEST:
            assert INSTALL_AND_TEST in (ROOT / ".ci" / "run").read_text()
            continue
        words = shlex.split(command.removeprefix("pip install . && "))
        if words[0] != "auditor":
            assert words[:3] == ["python", "-m", f"benchmarks.{words[2].removeprefix('benchmarks.')}"], (
                command
            )
            assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file()
            continue
        if (elsewhere := RUN_ELSEWHERE.get(shlex.join(words))) is not None:
            assert f'COMMAND = "{shlex.join(words)}"' in (Path(__file__).parent / elsewhere).read_text()
            continue
        done = auditor(*words[1:], cwd=workplace, timeout=600)
        allowed = JUDGED if words[1] in ("scan", "report", "card") else {0}
        assert done.returncode in allowed, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
    for written in ("audit.html", "audit.json", "audit.md", "plan.yaml"):
        assert (workplace / written).is_file(), written


def test_the_first_command_installs_and_runs() -> None:
    assert COMMANDS[0] == INSTALL_AND_RUN
    assert COMMANDS[1] == INSTALL_AND_TEST


def test_pictures_and_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target
