"""Arrays and JSON on disk: safetensors and text, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from antiphon.errors import BadData
from antiphon.files import whole_file
from antiphon.reading import MOST_ARRAY_BYTES, json_file, require_regular

Arrays = Mapping[str, NDArray[np.generic]]


def save_arrays(path: Path, arrays: Arrays) -> None:
    """Write named arrays as safetensors; same arrays, same bytes."""
    ordered = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    with whole_file(path) as temporary:
        temporary.write_bytes(save(ordered))


def load_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read what `save_arrays` wrote. Raises BadData, naming the file, for anything else, pipes included."""
    require_regular(path, MOST_ARRAY_BYTES)
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise BadData(f"{path}: cannot be read as safetensors ({error})") from error


def require_reasonable(path: Path, arrays: Arrays, most: float) -> None:
    """Raise BadData, naming the file, where an array holds what is not a number, or larger than `most`."""
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise BadData(f"{path}: damaged, {name} holds no real numbers")
        if array.size and not float(np.abs(array.astype(np.float64, copy=False)).max()) <= most:
            raise BadData(f"{path}: damaged, {name} holds values that are not numbers, or above {most:g}")


def save_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys; same value, same bytes."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with whole_file(path) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")


def load_json(path: Path) -> Any:
    """Read JSON within the limits of `reading.json_of`. Raises BadData, naming the file."""
    return json_file(path)
