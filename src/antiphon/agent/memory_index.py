"""What was measured of a memory, beside the cache of frames: a second response with it measures nothing again."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from antiphon.audio import HeldSound
from antiphon.errors import AntiphonError, AntiphonWarning
from antiphon.files import whole_file
from antiphon.types import Alphabet, Audio

INDEX_VERSION = 1
"""Part of every key; raised when the same memory and alphabet would be measured to something else."""

KIND = "index of memories"
"""What `antiphon cache` calls these files."""

Arrays = Mapping[str, NDArray[np.generic]]
Value = TypeVar("Value")


class MemoryIndex:
    """Measurements of the memory that `parts` make in an alphabet, a file for each kind; None keeps nothing.

    A file that is damaged is made again, and one that cannot be written costs time and an AntiphonWarning, not the
    result.
    """

    def __init__(self, directory: Path | None, parts: Sequence[Audio], alphabet: Alphabet) -> None:
        self._directory = directory
        if directory is not None:
            about = [INDEX_VERSION, alphabet.id, *(HeldSound(part).digest() for part in parts)]
            self._key = hashlib.blake2b(repr(about).encode(), digest_size=20).hexdigest()

    def kept(self, name: str, measure: Callable[[], Arrays], value_of: Callable[[Arrays], Value]) -> Value:
        """The value of the arrays called `name`: from disk where they are there, else as they are measured."""
        if self._directory is None:
            return value_of(measure())
        place = self._directory / f"{self._key}-{name}.safetensors"
        with suppress(OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
            value = value_of(safetensors.numpy.load_file(place))
            os.utime(place)
            return value
        found = measure()
        self._write(place, found)
        return value_of(found)

    def _write(self, place: Path, found: Arrays) -> None:
        try:
            with whole_file(place) as temporary:
                contiguous = {name: np.ascontiguousarray(array) for name, array in found.items()}
                safetensors.numpy.save_file(contiguous, temporary, {"kind": KIND})
        except (AntiphonError, OSError, safetensors.SafetensorError) as error:
            warnings.warn(f"what was measured is not kept: {error}", AntiphonWarning, stacklevel=4)
