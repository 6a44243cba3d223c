"""What a machine has and lacks: read before asking for help."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass

from antiphon import __version__
from antiphon.files import sha256

EXTRAS = {
    "scores": ("music21", "midirenderer", "pretty_midi"),
    "wav2vec2": ("transformers",),
    "codecs": ("av",),
    "stretch": ("python_stretch",),
    "studio": ("fastapi", "uvicorn"),
    "eval": ("matplotlib", "mir_eval"),
    "tensorboard": ("tensorboard",),
    "distributed": ("accelerate",),
    "remote": ("fsspec", "huggingface_hub"),
    "shards": ("pyarrow",),
    "ray": ("ray",),
    "live": ("sounddevice", "rtmixer", *(("rtmidi",) if sys.version_info < (3, 13) else ())),
}
"""Optional parts, and the modules that each stands on."""


@dataclass(frozen=True)
class Finding:
    """One line of the report; `optional` things may be missing."""

    what: str
    found: str
    fine: bool
    optional: bool = False


def examine() -> tuple[Finding, ...]:
    """Look at the interpreter, the libraries, the embedded weights, the cache and the extras."""
    return (
        Finding("antiphon", __version__, True),
        Finding("python", platform.python_version(), True),
        _processors(),
        _torch(),
        *(_library(name) for name in ("numpy", "onnxruntime", "soundfile", "soxr", "scikit-learn")),
        _weights(),
        _cache(),
        *(_extra(name, modules) for name, modules in EXTRAS.items()),
    )


def _processors() -> Finding:
    import torch

    # Private, and the only ones that ask the processor; where they are not there, neither are the units.
    asked = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    units = any(supported is not None and supported() for supported in asked)
    return Finding("processors", f"{os.cpu_count()}, {'with' if units else 'without'} units for bf16", True)


def _torch() -> Finding:
    import torch

    devices = f"{torch.cuda.device_count()} GPU" if torch.cuda.is_available() else "no GPU, none needed"
    return Finding("torch", f"{torch.__version__}, {torch.get_num_threads()} threads, {devices}", True)


def _library(name: str) -> Finding:
    try:
        return Finding(name, importlib.metadata.version(name), True)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, f"missing; pip install {name}", False)


def _weights() -> Finding:
    from antiphon.perception.encoders.notes import WEIGHTS

    if not WEIGHTS.exists():
        return Finding("embedded encoder", f"{WEIGHTS} is missing; install antiphon again", False)
    return Finding("embedded encoder", f"basic-pitch notes.onnx, sha256 {sha256(WEIGHTS)[:12]}", True)


def _cache() -> Finding:
    from antiphon.perception.cache import default_directory

    directory = default_directory()
    there = next(parent for parent in (directory, *directory.parents) if parent.exists())
    writable = os.access(there, os.W_OK)
    free = shutil.disk_usage(there).free / 1e9
    state = f"{free:.0f} GB free" if writable else "not writable: nothing is cached"
    return Finding("frame cache", f"{directory}, {state}", writable, optional=True)


def _extra(name: str, modules: tuple[str, ...]) -> Finding:
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    found = "installed" if not missing else f"missing: {', '.join(missing)}; pip install 'antiphon[{name}]'"
    return Finding(f"extra {name}", found, not missing, optional=True)
