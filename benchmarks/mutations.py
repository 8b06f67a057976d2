"""Random changes of a bundle, byte by byte: how many go unnoticed?

Run with ``python -m benchmarks.mutations audit.zip --key audit.pub.pem --changes 1000``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from auditor.attestation.verify import verify_bundle
from auditor.error import EvidenceIntegrityError


def changed(data: bytes, rng: np.random.Generator) -> tuple[str, bytes]:
    """A change in words, and the bytes after it."""
    kind = str(rng.choice(["replace", "insert", "remove", "cut", "move", "flip"]))
    place = int(rng.integers(len(data)))
    if kind == "replace":
        other = (data[place] + 1 + int(rng.integers(255))) % 256
        return f"{kind} at {place}", data[:place] + bytes([other]) + data[place + 1 :]
    if kind == "flip":
        other = data[place] ^ (1 << int(rng.integers(8)))
        return f"{kind} at {place}", data[:place] + bytes([other]) + data[place + 1 :]
    if kind == "insert":
        return f"{kind} at {place}", data[:place] + bytes([int(rng.integers(256))]) + data[place:]
    if kind == "remove":
        return f"{kind} at {place}", data[:place] + data[place + 1 :]
    if kind == "cut":
        return f"{kind} from {place}", data[:place]
    length = 1 + int(rng.integers(64))
    piece, rest = data[place : place + length], data[:place] + data[place + length :]
    to = int(rng.integers(len(rest) + 1))
    return f"{kind} {length} bytes from {place} to {to}", rest[:to] + piece + rest[to:]


def unnoticed(bundle: Path, key: Path, changes: int, seed: int) -> list[str]:
    """The changes that a verification passed, in words.

    Anything but the error for broken evidence counts as unnoticed: a crash is no finding.
    """
    rng = np.random.default_rng(seed)
    data = bundle.read_bytes()
    passed: list[str] = []
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "changed.zip"
        for _ in range(changes):
            what, after = changed(data, rng)
            if after == data:
                continue
            path.write_bytes(after)
            try:
                verify_bundle(path, key)
            except EvidenceIntegrityError:
                continue
            except Exception as error:  # noqa: BLE001 - counted, and shown
                what = f"{what}: {error!r}"
            passed.append(what)
    return passed


def main() -> None:
    """Change a bundle many times and print what went unnoticed."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.mutations", description=__doc__)
    made.add_argument("bundle", type=Path)
    made.add_argument("--key", type=Path, required=True, help="public key of the signer")
    made.add_argument("--changes", type=int, default=1000)
    made.add_argument("--seed", type=int, default=0)
    args = made.parse_args()
    start = time.perf_counter()
    verify_bundle(args.bundle, args.key)
    once = time.perf_counter() - start
    passed = unnoticed(args.bundle, args.key, args.changes, args.seed)
    print(f"verified once in {once:.2f} s; {len(passed)} of {args.changes} changes went unnoticed")
    for what, count in Counter(passed).most_common(20):
        print(f"  {count} x {what}")


if __name__ == "__main__":
    main()
