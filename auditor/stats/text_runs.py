"""How often a writer uses each short run of characters: the oldest and most robust features of style.

Runs are counted in buckets, so that a writer is one vector of fixed length whoever it is compared with. Two
runs that share a bucket are counted as one; with some ten thousand frequent runs in 65,536 buckets that
blurs a few of them, for everybody alike.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int64, UInt64

from auditor.array import NDArray

#: Lengths of the runs, in characters: parts of words, and words with the joints between them.
LENGTHS = (3, 5)
_BITS = 16
BUCKETS = 1 << _BITS
#: Characters of an answer that are read.
_READ = 600
#: A run counts where somebody uses it in at least this share of the answers: frequent ones are habits.
_LEAST_SHARE = 0.03
#: What stands for the beginning and for the end of an answer.
_BEGIN, _END = "\x02", "\x03"
_SPACE = re.compile(r"[^\S\n]+")
# The golden ratio in 64 bits (Knuth 1973, 6.4): the upper bits of a product depend on all bits of a factor.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Places = Int64[NDArray[np.int64], " runs"]


def run_shares(answers: Sequence[str]) -> Float[NDArray[np.float64], " buckets"]:
    """Share of the answers in which a run of each bucket occurs, [65536].

    Args:
        answers: What one writer wrote; at least one answer, which may be empty.

    Raises:
        ValueError: If there is no answer.

    Source: frequencies of character n-grams (Keselj et al. 2003; Stamatatos 2009) in hashed buckets
    (Weinberger et al. 2009).
    """
    if not answers:
        raise ValueError("a writer without answers has no habits")
    counts = np.zeros(BUCKETS)
    for answer in answers:
        found = [_buckets(_codes(_plain(answer)), length) for length in LENGTHS]
        counts[np.unique(np.concatenate(found))] += 1
    return counts / len(answers)


def frequent_runs(
    shares: Float[NDArray[np.float64], "models buckets"],
) -> Bool[NDArray[np.bool_], " buckets"]:
    """Buckets that somebody uses often and that are not one model's own: the same whoever comes first."""
    often = shares.max(axis=0) >= _LEAST_SHARE
    kept: NDArray[np.bool_] = often & (np.count_nonzero(shares, axis=0) >= 2)
    return kept


def habits(shares: Float[NDArray[np.float64], "*models buckets"]) -> NDArray[np.float64]:
    """Square roots of the shares, in which the noise of counting is the same for rare and frequent runs.

    Source: Anscombe 1948, the variance-stabilising transformation of counts.
    """
    return np.sqrt(shares)


class RunIndex:
    """Where in a writer's answers a run of each bucket stands first; read once, however many are looked up.

    Args:
        answers: What one writer wrote.
    """

    def __init__(self, answers: Sequence[str]) -> None:
        self._texts = [_plain(one) for one in answers]
        parts, places = [], []
        for number, text in enumerate(self._texts):
            codes = _codes(text)
            for length in sorted(LENGTHS, reverse=True):
                parts.append(_buckets(codes, length))
                places.append((number, length))
        self._places = places
        self._ends = np.cumsum([len(one) for one in parts], dtype=np.int64)
        everything = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        # The first of equal ones, in the order of the answers, longer runs before shorter ones.
        self._known, self._first = np.unique(everything, return_index=True)

    def run_in(self, bucket: int) -> str | None:
        """The first run of a bucket, for people to read; None where the writer has none."""
        found = int(np.searchsorted(self._known, bucket))
        if found == len(self._known) or self._known[found] != bucket:
            return None
        place = int(self._first[found])
        part = int(np.searchsorted(self._ends, place, side="right"))
        number, length = self._places[part]
        start = place - (int(self._ends[part - 1]) if part else 0)
        return self._texts[number][start : start + length].replace(_BEGIN, "⟨").replace(_END, "⟩")


def likeness(
    first: Float[NDArray[np.float64], " buckets"], second: Float[NDArray[np.float64], " buckets"]
) -> float:
    """Cosine of two writers' habits, from 0 (no run in common) to 1."""
    one, other = habits(first), habits(second)
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size > 0 else 0.0


def _plain(text: str) -> str:
    """Composed, spaces collapsed, lines kept, its beginning and its end marked."""
    composed = unicodedata.normalize("NFC", text.strip())[:_READ]
    return f"{_BEGIN}{_SPACE.sub(' ', composed)}{_END}"


def _codes(text: str) -> UInt64[NDArray[np.uint64], " characters"]:
    # Lone surrogates are no characters, and yet some models write them.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)


def _buckets(codes: UInt64[NDArray[np.uint64], " characters"], length: int) -> Places:
    """Bucket of every run of ``length`` characters, in the order of the text."""
    count = max(len(codes) - length + 1, 0)
    hashed = np.zeros(count, dtype=np.uint64)
    for place in range(length):
        hashed = (hashed + codes[place : place + count] + np.uint64(length)) * _FACTOR
    return (hashed >> np.uint64(64 - _BITS)).astype(np.int64)
