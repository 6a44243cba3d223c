"""Antiphon learns how separate tracks answer one another, and answers a new guide from your own memory.

    agent = antiphon.train("my-multitracks", output="agent")
    memory = agent.memory(antiphon.read("memory.wav"))
    response = agent.respond(antiphon.read("guide.wav"), memory, seed=1)
    antiphon.write("response.wav", response.audio)

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from antiphon.agent import Agent as Agent
    from antiphon.audio import read as read
    from antiphon.audio import write as write
    from antiphon.config import Settings as Settings
    from antiphon.corpus.layouts import scan as scan
    from antiphon.training.pipeline import train as train

_HOMES = {
    "Agent": "antiphon.agent",
    "Settings": "antiphon.config",
    "read": "antiphon.audio",
    "scan": "antiphon.corpus.layouts",
    "train": "antiphon.training.pipeline",
    "write": "antiphon.audio",
}

__all__ = ["Agent", "Settings", "read", "scan", "train", "write"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'antiphon' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
