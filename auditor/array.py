"""The array type that annotations name, for static checkers and for those that check while running."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

_Scalar = TypeVar("_Scalar", bound=np.generic)

#: An array of one scalar type and any shape. NumPy's own alias became a ``type`` statement in version 2.5,
#: which jaxtyping cannot look into; this one is a plain generic alias under every version.
NDArray = np.ndarray[tuple[Any, ...], np.dtype[_Scalar]]
