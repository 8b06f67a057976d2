"""From a locator to the files of one local model: a folder, a GGUF file, a hub id or an adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auditor.error import MalformedTargetError, TargetNotFoundError, UnsafeTargetError
from auditor.target.gguf_header import GgufHeader, read_gguf
from auditor.target.protocol import OpenOptions
from auditor.target.weight_files import WeightFiles, find_weights, read_json

_HUB_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*(/[\w.-]+)?)(@(?P<revision>[\w./-]+))?")
_VOCABULARIES = (
    "tokenizer.json",
    "tokenizer.model",
    "vocab.json",
    "vocab.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tekken.json",
)
_TOKENIZER_FILES = (
    *_VOCABULARIES,
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "merges.txt",
    "*.tiktoken",
    "chat_template.jinja",
    "chat_template.json",
    "additional_chat_templates/*.jinja",
)
_FETCHED = ("*.json", "*.jinja", "*.txt", "*.model", "*.tiktoken", "*.safetensors", "README.md")


@dataclass(frozen=True)
class ModelFiles:
    """The files of one model, none of them loaded.

    Attributes:
        name: Short name for people.
        folder: The folder they lie in.
        weights: The files that hold the weights.
        config: The model's configuration; for a GGUF file, empty.
        tokenizer: Files of the tokenizer and chat template by relative name; for a GGUF file, none.
        settings: Configuration files by name, code included where it was asked for.
        header: The header, for a GGUF file.
        revision: Commit of a hub model.
        adapter: Files of a LoRA adapter over this model, or None.
    """

    name: str
    folder: Path
    weights: WeightFiles
    config: dict[str, Any]
    tokenizer: dict[str, Path]
    settings: dict[str, Path]
    header: GgufHeader | None = None
    revision: str | None = None
    adapter: AdapterFiles | None = None

    def all_paths(self) -> tuple[Path, ...]:
        """Every file that answers depend on."""
        own = (*self.weights.paths, *self.tokenizer.values(), *self.settings.values())
        return own if self.adapter is None else (*own, *self.adapter.all_paths())


@dataclass(frozen=True)
class AdapterFiles:
    """A LoRA adapter: its folder, its configuration and its weights."""

    folder: Path
    settings: Path
    weights: WeightFiles

    def all_paths(self) -> tuple[Path, ...]:
        """Configuration and weights."""
        return (self.settings, *self.weights.paths)


def locate(locator: str, options: OpenOptions) -> ModelFiles:
    """Find the model at ``locator``: a folder, a ``.gguf`` file, or a hub id with optional ``@revision``.

    Raises:
        TargetNotFoundError: If there is none, or it holds no weights, or the hub cannot be reached.
        UnsafeTargetError: If opening it would unpickle or run its own code and that was not allowed.
        MalformedTargetError: If its files are broken or incomplete.
    """
    path = Path(locator).expanduser()
    if path.is_file():
        return _gguf(path)
    if path.is_dir():
        return _folder(path, options)
    match = _HUB_ID.fullmatch(locator)
    if match is None or path.suffix == ".gguf" or locator.startswith((".", "/", "~")):
        raise TargetNotFoundError(
            "there is no such folder or file",
            where=locator,
            fix="give a model's folder, a .gguf file or a hub id",
        )
    folder, commit = _snapshot(match["id"], match["revision"], options)
    return _folder(folder, options, name=match["id"].rsplit("/", 1)[-1], revision=commit)


def _gguf(path: Path) -> ModelFiles:
    if path.suffix.lower() != ".gguf":
        raise TargetNotFoundError(
            "this file is no model", where=str(path), fix="give the model's folder, or a .gguf file"
        )
    header = read_gguf(path)
    weights = WeightFiles((path,), False, header.parameters, path.stat().st_size)
    if not header.metadata.get("tokenizer.ggml.tokens"):
        raise MalformedTargetError("the GGUF file holds no tokenizer", where=str(path))
    return ModelFiles(path.stem, path.parent, weights, {}, {}, {}, header=header)


def _folder(
    folder: Path, options: OpenOptions, *, name: str | None = None, revision: str | None = None
) -> ModelFiles:
    folder = folder.resolve()
    if (folder / "adapter_config.json").is_file():
        return _adapted(folder, options, name=name, revision=revision)
    return _plain(folder, options, name=name or folder.name, revision=revision)


def _plain(folder: Path, options: OpenOptions, *, name: str, revision: str | None) -> ModelFiles:
    weights = find_weights(folder, allow_pickle=options.allow_pickle)
    if not (folder / "config.json").is_file():
        raise MalformedTargetError(
            "the folder has weights but no config.json", where=str(folder), fix="add the model's config.json"
        )
    config = read_json(folder / "config.json")
    tokenizer = tokenizer_files(folder)
    if not any(name in tokenizer for name in _VOCABULARIES):
        raise MalformedTargetError(
            "the folder holds no tokenizer",
            where=str(folder),
            fix="add its tokenizer.json and tokenizer_config.json",
        )
    _refuse_code(folder, config, tokenizer, options)
    settings = {
        file: folder / file for file in ("config.json", "generation_config.json") if (folder / file).is_file()
    }
    settings |= _embedder_settings(folder)
    if options.trust_remote_code:
        settings |= {path.name: path for path in sorted(folder.glob("*.py"))}
    return ModelFiles(name, folder, weights, config, tokenizer, settings, revision=revision)


def _embedder_settings(folder: Path) -> dict[str, Path]:
    """Files of an embedder that decide what becomes of hidden states, by relative name."""
    if not (folder / "modules.json").is_file():
        return {}
    own = ("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json")
    steps = ("[0-9]*_*/config.json", "[0-9]*_*/model.safetensors")
    found = [folder / name for name in own if (folder / name).is_file()]
    found += [path for pattern in steps for path in sorted(folder.glob(pattern))]
    return {path.relative_to(folder).as_posix(): path for path in found}


def tokenizer_files(folder: Path) -> dict[str, Path]:
    """The files of a tokenizer and its chat template in ``folder``, by relative name."""
    return {
        path.relative_to(folder).as_posix(): path
        for pattern in _TOKENIZER_FILES
        for path in sorted(folder.glob(pattern))
    }


def _refuse_code(
    folder: Path, config: dict[str, Any], tokenizer: dict[str, Path], options: OpenOptions
) -> None:
    if options.trust_remote_code:
        return
    needs = "auto_map" in config and not _is_built_in(str(config.get("model_type", "")))
    if not needs and "tokenizer_config.json" in tokenizer:
        settings = read_json(tokenizer["tokenizer_config.json"])
        needs = "auto_map" in settings and "tokenizer.json" not in tokenizer
    if needs:
        raise UnsafeTargetError(
            "this model can only be opened by running code that comes with it",
            where=str(folder),
            fix="read that code, then pass --trust-remote-code",
        )


def _is_built_in(model_type: str) -> bool:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    return model_type in CONFIG_MAPPING


def _adapted(folder: Path, options: OpenOptions, *, name: str | None, revision: str | None) -> ModelFiles:
    settings = folder / "adapter_config.json"
    base = read_json(settings).get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise MalformedTargetError(
            "the adapter does not name its base model",
            where=str(settings),
            fix="set base_model_name_or_path to the base model's folder or hub id",
        )
    beside = folder / base
    wanted = read_json(settings).get("revision")
    locator = (
        str(beside) if beside.exists() else f"{base}@{wanted}" if wanted and not Path(base).exists() else base
    )
    try:
        found = locate(locator, options)
    except TargetNotFoundError as error:
        raise TargetNotFoundError(
            f"the adapter's base model cannot be opened: {error.what}",
            where=f"{settings}: base_model_name_or_path = {base}",
            fix="set base_model_name_or_path to the base model's folder or hub id",
        ) from error
    if found.adapter is not None:
        raise MalformedTargetError("an adapter's base model is an adapter itself", where=str(settings))
    weights = find_weights(folder, allow_pickle=options.allow_pickle, stem="adapter_model")
    own = tokenizer_files(folder)
    tokenizer = own if any(file in own for file in _VOCABULARIES) else found.tokenizer
    return ModelFiles(
        name or folder.name,
        found.folder,
        found.weights,
        found.config,
        tokenizer,
        found.settings,
        header=found.header,
        revision=revision or found.revision,
        adapter=AdapterFiles(folder, settings, weights),
    )


def _snapshot(repository: str, revision: str | None, options: OpenOptions) -> tuple[Path, str]:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    patterns = [*_FETCHED]
    patterns += ["*.bin", "*.pt", "*.pth"] if options.allow_pickle else []
    patterns += ["*.py"] if options.trust_remote_code else []
    where = f"{repository}@{revision}" if revision else repository
    try:
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=patterns))
    except GatedRepoError as error:
        raise TargetNotFoundError(
            "the hub asks for consent before it hands this model out",
            where=where,
            fix="accept its terms on its page and log in with `hf auth login`",
        ) from error
    except RevisionNotFoundError as error:
        raise TargetNotFoundError(
            "the hub has no such revision of this model", where=where, fix="check what follows the @"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise TargetNotFoundError(
            "there is no such folder here and no such model on the hub", where=where, fix="check the spelling"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise TargetNotFoundError(
            "there is no such folder here, and the model hub cannot be reached",
            where=where,
            fix="check the spelling and the connection, or give the model's folder",
        ) from error
    return folder, folder.name
