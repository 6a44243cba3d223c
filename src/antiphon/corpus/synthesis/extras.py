"""The extra `scores`: what reads and plays scores, installed only where it is wanted."""

from __future__ import annotations

import importlib
from typing import Any

from antiphon.errors import MissingExtra


def scores_extra(module: str) -> Any:
    """An optional module of the extra `scores`. Raises MissingExtra where it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"{module} is not installed: pip install 'antiphon[scores]'") from error
