"""What a process does with memory that it has freed."""

from __future__ import annotations

import ctypes
import platform

#: Parameters of ``mallopt`` in malloc.h of the GNU C library.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
#: The largest threshold for separate mappings that the library accepts.
_MOST_MAPPED = 1 << 25
_NEVER = 2**31 - 1


def keep_freed_memory() -> bool:
    """Keep freed memory for the next use rather than give it back to the system at once.

    Every step of training frees and takes the same few megabytes. Given back, they return as pages that the
    system must fill with zeros again, which takes a seventh of the time of a small model's step.

    Returns:
        Whether it was done; it is not where the C library is not GNU's.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    kept = library.mallopt(_TRIM_THRESHOLD, _NEVER)
    heaped = library.mallopt(_MMAP_THRESHOLD, _MOST_MAPPED)
    return bool(kept and heaped)
