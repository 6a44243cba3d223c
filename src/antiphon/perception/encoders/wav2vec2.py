"""wav2vec 2.0 from a local transformers directory (paper 4.1: pre-trained on music by Ragano et al., 2023)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.audio import frame_power
from antiphon.config import EncoderSettings
from antiphon.errors import MissingExtra, SettingsError
from antiphon.files import sha256
from antiphon.perception.encoders.contract import identity_of, samples_of
from antiphon.types import Audio, Features, Floats, Ids

SAMPLE_RATE = 16000
"""Used where the directory does not say otherwise: all published models have it."""


@dataclass(frozen=True)
class _Model:
    """What the files of the directory say, without loading the weights. `stride` and `field` are in samples."""

    directory: Path
    sample_rate: int
    stride: int
    field: int
    layers: int
    normalizes: bool
    digests: dict[str, str]


class Wav2Vec2Encoder:
    """Frames (frames, hidden size) of one layer, every 20 ms in the base configuration.

    Audio is encoded in windows, since attention over a whole track costs the square of its length; each frame is kept
    from the window whose middle is nearest.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        self._about = about = _described(settings.directory)
        if not -about.layers - 1 <= settings.layer <= about.layers:
            raise SettingsError(f"setting layer: {settings.layer} given, the model has layers 0 to {about.layers}")
        self._layer = settings.layer % (about.layers + 1)
        window_samples = round(settings.window_seconds * about.sample_rate)
        if window_samples < about.field:
            raise SettingsError(
                f"setting window_seconds: must be at least {about.field / about.sample_rate} s, what one frame covers"
            )
        self._window = 1 + (window_samples - about.field) // about.stride
        self._hop = min(max(1, round(settings.hop_seconds * about.sample_rate / about.stride)), self._window)

    @property
    def identity(self) -> str:
        """Name, digests of weights and configuration, layer, and how windows are placed (in frames)."""
        return identity_of(
            "wav2vec2", files=self._about.digests, layer=self._layer, window_frames=self._window, hop_frames=self._hop
        )

    @property
    def sample_rate(self) -> int:
        """The rate at which the model was trained, in Hz."""
        return self._about.sample_rate

    @property
    def lookahead_seconds(self) -> float:
        """From the centre of the first frame of a window to the window's end."""
        return ((self._window - 1) * self._about.stride + self._about.field / 2) / self.sample_rate

    @property
    def standardize(self) -> bool:
        """False: the paper clusters the model's own space."""
        return False

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at `sample_rate`; audio shorter than what one frame covers is filled up with zeros."""
        import torch

        about = self._about
        samples = samples_of(audio, self.sample_rate)
        samples = np.pad(samples, (0, max(0, about.field - len(samples))))
        frames = 1 + (len(samples) - about.field) // about.stride
        window = min(self._window, frames)
        starts = window_starts(frames, window, self._hop)
        owned = np.searchsorted(nearest_window(starts, window, frames), np.arange(len(starts) + 1))
        kept = []
        with torch.inference_mode():
            for start, first, end in zip(starts, owned, owned[1:], strict=False):
                begin = start * about.stride
                piece = samples[begin : begin + (window - 1) * about.stride + about.field]
                kept.append(self._hidden(piece)[first - start : end - start])
        times = (np.arange(frames) * about.stride + about.field / 2) / self.sample_rate
        return Features(np.concatenate(kept), times, frame_power(audio, times))

    def _hidden(self, samples: Floats) -> Floats:
        """The layer's output (frames, hidden size) for one window (samples,)."""
        import torch

        if self._about.normalizes:
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
        output = self._network(torch.from_numpy(samples.copy())[None], output_hidden_states=True)
        values: Floats = output.hidden_states[self._layer][0].numpy()
        return values

    @cached_property
    def _network(self) -> Any:
        try:
            from transformers import Wav2Vec2Model
        except ImportError as error:
            raise MissingExtra("the wav2vec2 encoder needs: pip install 'antiphon[wav2vec2]'") from error
        directory = self._about.directory
        try:
            network, loading = Wav2Vec2Model.from_pretrained(
                directory, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
        except (OSError, ValueError) as error:
            raise SettingsError(f"{directory}: not a wav2vec 2.0 model that transformers can load ({error})") from error
        # The mask embedding is only used in pre-training; anything else would be left at random.
        missing = sorted(set(loading["missing_keys"]) - {"masked_spec_embed"})
        if missing:
            raise SettingsError(f"{directory}: the weights lack {len(missing)} tensors, the first is {missing[0]}")
        return network.eval()


def window_starts(frames: int, window: int, hop: int) -> Ids:
    """First frames (n,) of windows of `window` frames every `hop` that cover `frames`; the last ends where they end."""
    starts = np.arange(0, frames - window + 1, hop, dtype=np.int64)
    if starts[-1] + window < frames:
        starts = np.append(starts, frames - window)
    return starts


def nearest_window(starts: Ids, window: int, frames: int) -> Ids:
    """For each frame (frames,) the index of the window whose middle is nearest; between two, the earlier."""
    middles = starts + (window - 1) / 2
    return np.searchsorted((middles[1:] + middles[:-1]) / 2, np.arange(frames), side="left")


def _described(directory: str) -> _Model:
    if not directory:
        raise SettingsError(
            "setting perception.encoder.directory: name a local transformers directory for the wav2vec2 encoder"
        )
    path = Path(directory)
    weights = sorted(path.glob("*.safetensors"))
    if not (path / "config.json").is_file() or not weights:
        raise SettingsError(f"{path}: not a model directory; it must hold config.json and *.safetensors")
    config = _read_json(path / "config.json")
    preprocessor = path / "preprocessor_config.json"
    preparation = _read_json(preprocessor) if preprocessor.is_file() else {}
    try:
        kernels, strides, layers = config["conv_kernel"], config["conv_stride"], config["num_hidden_layers"]
    except KeyError as error:
        raise SettingsError(f"{path / 'config.json'}: lacks {error}; not a wav2vec 2.0 model") from error
    field = 1 + sum((kernel - 1) * int(np.prod(strides[:index])) for index, kernel in enumerate(kernels))
    described = [path / "config.json", *([preprocessor] if preparation else []), *weights]
    return _Model(
        directory=path,
        sample_rate=int(preparation.get("sampling_rate", SAMPLE_RATE)),
        stride=int(np.prod(strides)),
        field=int(field),
        layers=int(layers),
        normalizes=bool(preparation.get("do_normalize", False)),
        digests={file.name: sha256(file) for file in described},
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: not readable as JSON ({error})") from error
    return content
