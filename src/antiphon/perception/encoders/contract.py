"""What every encoder of the house does alike: say who it is, and refuse audio that is not what it asked for."""

from __future__ import annotations

import json
from typing import Any

from antiphon.types import Audio, Floats


def identity_of(name: str, **parts: Any) -> str:
    """An encoder's identity: a JSON object with sorted keys, the same text on every machine."""
    return json.dumps({"name": name, **parts}, sort_keys=True)


def samples_of(audio: Audio, sample_rate: int) -> Floats:
    """The samples (frames,) of mono audio at `sample_rate`. Raises ValueError for anything else, or for no samples."""
    if audio.channels != 1 or audio.sample_rate != sample_rate:
        raise ValueError(
            f"this encoder wants mono audio at {sample_rate} Hz, got {audio.channels} channels at {audio.sample_rate}"
        )
    if not len(audio.samples):
        raise ValueError("audio to encode holds no samples")
    return audio.samples[:, 0]
