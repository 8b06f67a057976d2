"""Batches of like length, and halving them where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from auditor.error import TargetError

Item = TypeVar("Item")
Result = TypeVar("Result")

_CPU_COMPLAINTS = ("not enough memory", "can't allocate memory", "out of memory")


def bucket(
    items: Sequence[Item],
    *,
    length: Callable[[Item], int],
    rows: Callable[[Item], int],
    budget: int,
    most_rows: int = 0,
    order: Callable[[Item], int] | None = None,
) -> list[list[Item]]:
    """Batches of items of like length, longest first, so that memory runs out at once or never.

    Args:
        items: What to batch.
        length: Tokens per row of an item.
        rows: Rows that an item takes.
        budget: Most tokens per batch, padding included; a single item may exceed it.
        most_rows: Most rows per batch; 0 leaves that to the budget.
        order: What to sort by, where that is not the length.
    """
    batches: list[list[Item]] = []
    widest = taken = 0
    for item in sorted(items, key=order or length, reverse=True):
        count = rows(item)
        wider = max(length(item), widest, 1)
        full = not batches or wider * (taken + count) > budget or (most_rows and taken + count > most_rows)
        if full:
            batches.append([])
            wider, taken = max(length(item), 1), 0
        widest = wider
        batches[-1].append(item)
        taken += count
    return batches


def run_halving(
    batches: Iterable[list[Item]],
    run: Callable[[list[Item]], Iterator[tuple[Item, Result]]],
    *,
    split: Callable[[Item], Sequence[Item]] = lambda item: (item,),
) -> Iterator[list[tuple[Item, Result]]]:
    """Run every batch and yield its results together.

    Where memory runs out, go on with halves of what is not yet answered.

    After a batch failed, none of as many items is tried again: the halving is paid for once.

    Args:
        batches: Batches, the heaviest first.
        run: Answers a batch, item by item.
        split: Takes a single item apart, where that is possible.

    Raises:
        TargetError: If a single item that cannot be taken apart does not fit.
    """
    waiting = list(batches)[::-1]
    most = max((len(batch) for batch in waiting), default=0)
    while waiting:
        batch = waiting.pop()
        if len(batch) > most:
            waiting += [batch[most:], batch[:most]]
            continue
        left = {id(item): item for item in batch}
        done: list[tuple[Item, Result]] = []
        try:
            for item, result in run(batch):
                del left[id(item)]
                done.append((item, result))
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            rest = list(left.values())
            if len(rest) == 1:
                rest = list(split(rest[0]))
            if len(rest) == 1:
                raise TargetError(
                    "a single request does not fit into memory",
                    fix="use --device cpu, a smaller --dtype, or a machine with more memory",
                ) from error
            half = len(rest) // 2
            most = max(1, min(most, len(rest) - half))
            waiting += [rest[half:], rest[:half]]
        if done:
            yield done
        if left:
            _release()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on an accelerator or on the CPU."""
    import torch

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(one in str(error).lower() for one in _CPU_COMPLAINTS)


def _release() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
