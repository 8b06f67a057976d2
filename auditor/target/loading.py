"""From files to a model in memory, quietly and without running foreign code."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from auditor.error import MalformedTargetError, TargetError, UnsafeTargetError, UsageError
from auditor.record.subject import Kind
from auditor.target.gguf_loading import load_gguf
from auditor.target.model_files import AdapterFiles, ModelFiles
from auditor.target.model_identity import kind_of
from auditor.target.protocol import OpenOptions

_DTYPES = ("float32", "bfloat16", "float16")
#: Kind -> the class that opens its models; any other is opened without a head.
_MAKERS = {
    Kind.CAUSAL_LM: "AutoModelForCausalLM",
    Kind.MASKED_LM: "AutoModelForMaskedLM",
    Kind.CLASSIFIER: "AutoModelForSequenceClassification",
}


@dataclass(frozen=True)
class Loaded:
    """A model and its tokenizer in memory.

    Attributes:
        model: The transformers model, in evaluation mode on ``device``.
        tokenizer: Its tokenizer.
        device: Where it lies.
        missing: Names of weights that its files lack or that are misshapen. Such weights are random, so
            that only what does not pass through them may be believed; a causal model has none.
    """

    model: Any
    tokenizer: Any
    device: str
    missing: tuple[str, ...] = ()


def choose_device(wanted: str) -> str:
    """The device to run on: what was asked for, or the first of CUDA, MPS and CPU that is there.

    Raises:
        UsageError: If the device that was asked for is unknown or not there.
    """
    import torch

    has_cuda, has_mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if has_cuda else "mps" if has_mps else "cpu"
    kind, _, number = wanted.partition(":")
    there = {"cpu": True, "cuda": has_cuda, "mps": has_mps}.get(kind)
    if there is None or (number and not number.isdecimal()):
        raise UsageError(f"there is no device '{wanted}'", fix="use auto, cpu, cuda, cuda:N or mps")
    if not there or (kind == "cuda" and number and int(number) >= torch.cuda.device_count()):
        raise UsageError(f"this machine has no device '{wanted}'", fix="use --device auto or cpu")
    return wanted


def choose_dtype(wanted: str, device: str) -> str:
    """The type of weights in memory: what was asked for, else bfloat16 on CUDA and float32 elsewhere.

    Raises:
        UsageError: If the type is unknown.
    """
    if wanted == "auto":
        return "bfloat16" if device.startswith("cuda") else "float32"
    if wanted not in _DTYPES:
        raise UsageError(f"there is no dtype '{wanted}'", fix=f"use auto, {', '.join(_DTYPES)}")
    return wanted


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hush progress bars and warnings of transformers for as long as it lasts, and no longer."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load(files: ModelFiles, options: OpenOptions, *, device: str, dtype: str) -> Loaded:
    """Load the model and its tokenizer.

    Raises:
        MalformedTargetError: If transformers cannot make a model of the files, or weights are missing.
        UnsafeTargetError: If it would need code that comes with the model.
        TargetError: If it does not fit into memory, or an adapter needs a package that is missing.
    """
    import torch
    from safetensors import SafetensorError

    where = str(files.folder if files.adapter is None else files.adapter.folder)
    try:
        with quiet(), torch.inference_mode():
            tokenizer = _tokenizer(files, options)
            model, missing = _model(files, options, dtype=dtype)
            if files.adapter is not None:
                model = _with_adapter(model, files.adapter)
            return Loaded(model.eval().to(device), tokenizer, device, missing)
    except torch.OutOfMemoryError as error:
        raise TargetError(
            f"the model does not fit into the memory of {device}",
            where=where,
            fix="use --device cpu or a smaller --dtype",
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        if "trust_remote_code" in str(error):
            raise UnsafeTargetError(
                "this model can only be opened by running code that comes with it",
                where=where,
                fix="read that code, then pass --trust-remote-code",
            ) from error
        raise MalformedTargetError(
            f"transformers cannot open it: {reason}",
            where=where,
            fix="check that its files are complete and of a supported architecture",
        ) from error


def _tokenizer(files: ModelFiles, options: OpenOptions) -> Any:
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    if files.header is not None and not (files.adapter is not None and files.tokenizer):
        # AutoTokenizer would read the whole file once more to choose this very class.
        return PreTrainedTokenizerFast.from_pretrained(
            str(files.folder), gguf_file=files.weights.paths[0].name, local_files_only=True
        )
    folder = next(iter(files.tokenizer.values())).parent
    return AutoTokenizer.from_pretrained(
        str(folder), trust_remote_code=options.trust_remote_code, local_files_only=True
    )


def _model(files: ModelFiles, options: OpenOptions, *, dtype: str) -> tuple[Any, tuple[str, ...]]:
    """The model, and the weights that its files lack."""
    import torch
    import transformers

    kind = kind_of(files)
    maker = getattr(transformers, _MAKERS.get(kind, "AutoModel"))
    common = {
        "dtype": getattr(torch, dtype),
        "trust_remote_code": options.trust_remote_code,
        "local_files_only": True,
        "output_loading_info": True,
    }
    if files.header is not None:
        model, info = load_gguf(files.weights.paths[0], **common)
    else:
        safe = not files.weights.pickled
        model, info = maker.from_pretrained(str(files.folder), use_safetensors=safe, **common)
    lost = sorted(str(name) for name in info.get("missing_keys", ()))
    bent = sorted(str(one[0]) for one in info.get("mismatched_keys", ()))
    if kind is Kind.CAUSAL_LM and (lost or bent):
        # transformers would go on with random numbers in their place
        raise ValueError(
            f"{len(lost) + len(bent)} weights are missing or misshapen, such as {(lost + bent)[0]}"
        )
    # What pools BERT's first token for the task of next sentences serves no embedder, and is seldom kept.
    needed = [one for one in lost + bent if not (kind is Kind.EMBEDDER and one.startswith("pooler."))]
    return model, tuple(needed)


def _with_adapter(model: Any, adapter: AdapterFiles) -> Any:
    try:
        from peft import PeftModel
    except ImportError as error:
        raise TargetError(
            "an adapter can only be opened with peft",
            where=str(adapter.folder),
            fix="install it: pip install 'distillation-auditor[lora]'",
        ) from error
    merged = PeftModel.from_pretrained(model, str(adapter.folder))
    return merged.merge_and_unload()
