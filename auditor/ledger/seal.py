"""The Merkle root over the leaves, and the seals that fix it at the start and the end of a run.

A seal is itself a record. Its body says at which point it was set, over how many leaves (all records
before it), and their root. A root that is kept outside the ledger, in a report or under a signature,
shows any later change of what it covers, the cutting of the tail included.

Source: RFC 6962, section 2.1 (Laurie, Langley, Kasper 2013).
"""

from __future__ import annotations

import hashlib


class Tree:
    """A Merkle tree that grows at the right, kept as the roots of its full subtrees.

    Appending and taking the root cost O(log n), so that every seal on the way can be checked in one
    pass over the evidence.
    """

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []  # largest first, one for every bit that is set in the size

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash of 32 bytes."""
        carry, size = leaf, self.size
        while size & 1:
            carry = hashlib.sha256(b"\x01" + self._subtrees.pop() + carry).digest()
            size >>= 1
        self._subtrees.append(carry)
        self.size += 1

    @property
    def root(self) -> str:
        """The root as ``sha256:…``; of the empty tree, the digest of nothing."""
        if not self._subtrees:
            return f"sha256:{hashlib.sha256(b'').hexdigest()}"
        root = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return f"sha256:{root.hex()}"


def leaf_bytes(leaf: str | bytes) -> bytes:
    """The 32 bytes of a leaf that is written ``sha256:…``."""
    text = leaf.decode("ascii") if isinstance(leaf, bytes) else leaf
    return bytes.fromhex(text.removeprefix("sha256:"))
