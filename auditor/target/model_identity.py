"""What identifies a local model: digests of content, never of a path, and what its card declares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from auditor.digest import digest_bytes, digest_file, digest_json
from auditor.record.subject import Kind
from auditor.target.model_card import read_card, states_compute, words_of
from auditor.target.model_files import ModelFiles
from auditor.target.weight_files import read_json

#: Parts of tokenizer.json that depend on how it was last used, not on what it does.
_INCIDENTAL = ("truncation", "padding")
_KINDS = (
    ("ForMaskedLM", Kind.MASKED_LM),
    ("ForSequenceClassification", Kind.CLASSIFIER),
    ("ForCausalLM", Kind.CAUSAL_LM),
    ("LMHeadModel", Kind.CAUSAL_LM),
    ("Model", Kind.EMBEDDER),
)


def model_digest(files: ModelFiles, *, dtype: str, layout: str, system_prompt: str | None) -> str:
    """Digest of everything that an answer depends on and that belongs to the model.

    Every file is read anew each time: sizes and times of files say nothing sure of their content, and
    other weights put into the same folder must never be taken for the old ones.

    Args:
        files: The model's files.
        dtype: Type that weights are loaded in.
        layout: Name of the conversation layout that stands in where there is no chat template.
        system_prompt: System prompt put before every conversation.
    """
    groups: dict[str, Mapping[str, Path]] = {
        # A single file's name says nothing; shards need theirs to stay apart.
        "weights": {str(number): path for number, path in enumerate(files.weights.paths)},
        "tokenizer": files.tokenizer,
        "settings": files.settings,
    }
    if files.adapter is not None:
        groups["adapter"] = {str(number): path for number, path in enumerate(files.adapter.all_paths())}
    content = _digests(path for group in groups.values() for path in group.values())
    return digest_json(
        {
            "kind": "local",
            "files": {
                name: {file: content[path] for file, path in group.items()} for name, group in groups.items()
            },
            "revision": files.revision,
            "dtype": dtype,
            "layout": layout,
            "system_prompt": system_prompt,
        }
    )


def _digests(paths: Iterable[Path]) -> dict[Path, str]:
    distinct = sorted(set(paths))
    with ThreadPoolExecutor(max_workers=4) as pool:  # hashing leaves the interpreter's lock
        return dict(zip(distinct, pool.map(digest_file, distinct), strict=True))


def tokenizer_digest(files: ModelFiles) -> str:
    """Digest of what the tokenizer does to text, apart from chat template and layout of its files."""
    if files.header is not None:
        parts = {
            key: value
            for key, value in files.header.metadata.items()
            if key.startswith("tokenizer.") and key != "tokenizer.chat_template"
        }
        return digest_bytes(_sorted_json(parts))
    fast = files.tokenizer.get("tokenizer.json")
    if fast is not None:
        parts = {key: value for key, value in read_json(fast).items() if key not in _INCIDENTAL}
        return digest_bytes(_sorted_json(parts))
    vocabulary = {
        name: path
        for name, path in files.tokenizer.items()
        if not name.startswith(("chat_template", "additional_chat_templates", "tokenizer_config"))
    }
    content = _digests(vocabulary.values())
    return digest_json({name: content[path] for name, path in vocabulary.items()})


def _sorted_json(value: Any) -> bytes:
    # RFC 8785 in pure Python takes seconds over 250 000 tokens; sorted keys do for one's own format.
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def signature(files: ModelFiles) -> tuple[tuple[int, ...], ...]:
    """Sizes, times and inodes of all files: where it changed since the digest, the digest is taken anew."""
    states = (path.stat() for path in files.all_paths())
    return tuple((one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino) for one in states)


def has_chat_template(files: ModelFiles) -> bool:
    """Whether the model brings a layout of conversations of its own."""
    if files.header is not None:
        return bool(files.header.metadata.get("tokenizer.chat_template"))
    if any(name.startswith(("chat_template", "additional_chat_templates")) for name in files.tokenizer):
        return True
    settings = files.tokenizer.get("tokenizer_config.json")
    return settings is not None and bool(read_json(settings).get("chat_template"))


def kind_of(files: ModelFiles) -> Kind:
    """What the model computes, by the architecture its configuration names."""
    if (files.folder / "modules.json").is_file() and files.header is None:
        return Kind.EMBEDDER
    if "AutoModelForCausalLM" in (files.config.get("auto_map") or {}):
        return Kind.CAUSAL_LM  # such models may call themselves anything
    for architecture in files.config.get("architectures") or ():
        for ending, kind in _KINDS:
            if str(architecture).endswith(ending):
                return kind
    return Kind.CAUSAL_LM


def details(files: ModelFiles, *, dtype: str, device: str) -> tuple[tuple[str, str], ...]:
    """Named facts for people, in the order they are shown in; unknown ones are left out."""
    facts: dict[str, str] = {"dtype": dtype, "device": device}
    if files.weights.parameters:
        facts["parameters"] = str(files.weights.parameters)
    if files.header is not None:
        facts["architecture"] = facts["model_type"] = files.header.architecture
        facts["format"] = "gguf"
        card: Mapping[str, Any] = {
            "license": files.header.metadata.get("general.license"),
            "base_model": files.header.metadata.get("general.base_model.0.repo_url"),
        }
    else:
        architectures = files.config.get("architectures") or ()
        facts["architecture"] = ", ".join(str(one) for one in architectures)
        facts["model_type"] = str(files.config.get("model_type", ""))
        facts["format"] = "pickle" if files.weights.pickled else "safetensors"
        card = _card(files.folder)
        facts["training_compute"] = "stated" if _states_compute(files.folder) else ""
    if files.adapter is not None:
        facts["adapter"] = str(read_json(files.adapter.settings).get("peft_type", "")).lower()
        facts["adapter_base"] = str(read_json(files.adapter.settings)["base_model_name_or_path"])
        card = {**card, **_card(files.adapter.folder)}
    facts["licence"] = ", ".join(words_of(card.get("license")))
    facts["base_model"] = ", ".join(words_of(card.get("base_model")))
    facts["chat_template"] = "yes" if has_chat_template(files) else "no"
    facts["weight_bytes"] = str(files.weights.size_bytes)
    return tuple((name, value) for name, value in facts.items() if value)


def _states_compute(folder: Path) -> bool:
    card = read_card(folder)
    return card is not None and ("co2_eq_emissions" in card.front or states_compute(card.prose))


def _card(folder: Path) -> Mapping[str, Any]:
    card = read_card(folder)
    return card.front if card else {}
