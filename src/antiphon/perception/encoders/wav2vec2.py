"""wav2vec 2.0 from a local transformers directory (paper 4.1: pre-trained on music by Ragano et al., 2023)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon.config import EncoderSettings
from antiphon.errors import BadData, SettingsError
from antiphon.files import sha256
from antiphon.perception.encoders.contract import identity_of, samples_of
from antiphon.perception.encoders.wav2vec2_network import Precision, Wav2Vec2Network, require_family
from antiphon.perception.encoders.wav2vec2_sizes import sizes_of
from antiphon.perception.encoders.windows import WindowedFrames, WindowPlan, whole
from antiphon.reading import first_fault, json_file
from antiphon.types import Audio, Features, Floats

SAMPLE_RATE = 16000
"""Used where the directory does not say otherwise: all published models have it."""


class _Preparation(BaseModel):
    """What preprocessor_config.json says of the sound that the model wants."""

    model_config = ConfigDict(extra="ignore")

    do_normalize: bool = False
    sampling_rate: int = Field(SAMPLE_RATE, ge=1000, le=1_000_000)


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
        # "auto" is decided where the alphabet is fitted; before that, labels are kept as exact as they can be.
        self._precision: Precision = "bf16" if settings.precision == "bf16" else "fp32"
        self._device: str | None = None
        window_samples = round(settings.window_seconds * about.sample_rate)
        if window_samples < about.field:
            raise SettingsError(
                f"setting window_seconds: must be at least {about.field / about.sample_rate} s, what one frame covers"
            )
        window = 1 + (window_samples - about.field) // about.stride
        hop = min(max(1, round(settings.hop_seconds * about.sample_rate / about.stride)), window)
        plan = _nearest_middle_plan(about, window, hop)
        self._plan = plan if settings.lookahead_seconds is None else plan.within(settings.lookahead_seconds, margin=0)

    @property
    def identity(self) -> str:
        """Name, digests of weights and configuration, layer, precision, and how windows are placed (in frames)."""
        return identity_of(
            "wav2vec2",
            files=self._about.digests,
            layer=self._layer,
            precision=self._precision,
            **self._plan.identity,
        )

    @property
    def sample_rate(self) -> int:
        """The rate at which the model was trained, in Hz."""
        return self._about.sample_rate

    @property
    def lookahead_seconds(self) -> float:
        """From the centre of the first frame that a window keeps to the window's end."""
        return self._plan.lookahead_seconds

    @property
    def standardize(self) -> bool:
        """False: the paper clusters the model's own space."""
        return False

    def encode(self, audio: Audio) -> Features:
        """Frames of mono audio at `sample_rate`; audio shorter than what one frame covers is filled up with zeros."""
        return whole(self.stream(), samples_of(audio, self.sample_rate))

    def stream(self) -> WindowedFrames:
        """The same frames, of audio that arrives in blocks."""
        return WindowedFrames(self._plan, self._hidden)

    def _hidden(self, samples: Floats) -> Floats:
        """The layer's output (frames, hidden size) for one window (samples,)."""
        if self._about.normalizes:
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
        return self._network.hidden(samples)

    def on(self, device: str) -> Wav2Vec2Encoder:
        """The same encoder, computing on a device of torch's, by transformers' own forward. Its fp32 differs from the
        processor's in the last digits."""
        moved = copy(self)
        moved.__dict__.pop("_network", None)
        moved._device = device
        return moved

    @cached_property
    def _network(self) -> Wav2Vec2Network:
        return Wav2Vec2Network(self._about.directory, self._layer, self._precision, self._device)


def _nearest_middle_plan(model: _Model, window: int, hop: int) -> WindowPlan:
    """Windows of `window` frames every `hop`; a frame is kept from the one whose middle is nearest, of two the earlier.

    Of the last one, which ends where the sound ends, only what follows the range of the one before: until then nobody
    knows where the sound ends.
    """
    return WindowPlan(
        sample_rate=model.sample_rate,
        stride=model.stride,
        field=model.field,
        window=window,
        hop=hop,
        tail=window - 1 - (hop + window - 1) // 2,
        first_end=window,
        padded=False,
        centre=model.field // 2,
    )


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
    require_family(config, path)
    preprocessor = path / "preprocessor_config.json"
    preparation = _read_json(preprocessor) if preprocessor.is_file() else {}
    try:
        sizes, rate = sizes_of(config), _Preparation.model_validate(preparation)
    except ValidationError as error:
        raise SettingsError(f"{path}: not a wav2vec 2.0 model ({first_fault(error)})") from error
    except ValueError as error:
        raise SettingsError(f"{path}: not a wav2vec 2.0 model ({error})") from error
    kernels, strides = sizes.conv_kernel, sizes.conv_stride
    field = 1 + sum((kernel - 1) * int(np.prod(strides[:index])) for index, kernel in enumerate(kernels))
    described = [path / "config.json", *([preprocessor] if preparation else []), *weights]
    return _Model(
        directory=path,
        sample_rate=rate.sampling_rate,
        stride=int(np.prod(strides)),
        field=int(field),
        layers=sizes.num_hidden_layers,
        normalizes=rate.do_normalize,
        digests={file.name: sha256(file) for file in described},
    )


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json_file(file)
    except BadData as error:
        raise SettingsError(str(error)) from error
    if not isinstance(content, dict):
        raise SettingsError(f"{file}: not a JSON object")
    return content
