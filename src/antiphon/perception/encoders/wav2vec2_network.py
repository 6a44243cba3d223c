"""The networks of the wav2vec 2.0 family: loaded from a local directory, never from a net, and asked for one layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from antiphon.errors import BadData, MissingExtra, SettingsError
from antiphon.types import Floats

FAMILY = {"wav2vec2": "Wav2Vec2Model", "hubert": "HubertModel", "wavlm": "WavLMModel"}
"""`model_type` of a configuration, and the class of transformers that runs it."""

Precision = Literal["fp32", "bf16"]


class Wav2Vec2Network:
    """One layer of a model on disk, in eval mode, whatever dropout its configuration names.

    `layer` counts from 0, the input of the first Transformer layer. Only safetensors are read, and no code that lies in
    the directory is run. `device` None is the processor, by the fastest forward there is for it. Raises SettingsError
    for a directory that is no such model or lacks tensors, MissingExtra without transformers.
    """

    def __init__(self, directory: Path, layer: int, precision: Precision, device: str | None = None) -> None:
        import torch

        from antiphon.perception.encoders.wav2vec2_lean import LeanForward, is_lean

        self._directory = directory
        network = _loaded(directory)
        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        self._device = device or "cpu"
        if device is None and is_lean(network.config):
            self._forward: Any = LeanForward(network, layer, dtype)
        else:
            self._forward = _general_forward(network.to(self._device), layer, dtype)

    def hidden(self, samples: Floats) -> Floats:
        """The layer's output (frames, hidden size), fp32, for one window of samples (n,)."""
        import torch

        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            values: Floats = self._forward(torch.from_numpy(samples.copy()).to(self._device)).float().cpu().numpy()
        if not np.isfinite(values).all():
            raise BadData(
                f"{self._directory}: the model gives what is not a number; its weights or settings are damaged"
            )
        return values


def require_family(config: dict[str, Any], directory: Path) -> None:
    """Raise SettingsError for the configuration of a model that is none of the family."""
    found = config.get("model_type")
    if found not in tuple(FAMILY):
        raise SettingsError(f"{directory}: a model of type {found}; the wav2vec2 encoder takes {', '.join(FAMILY)}")


def _general_forward(network: Any, layer: int, dtype: Any) -> Any:
    """Transformers' own forward. Layers above the one asked for are dropped, but for the next, whose input it is."""
    network.encoder.layers = network.encoder.layers[: layer + 1]
    network = network.to(dtype)

    def forward(samples: Any) -> Any:
        return network(samples[None].to(dtype), output_hidden_states=True).hidden_states[layer][0]

    return forward


def _loaded(directory: Path) -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingExtra("the wav2vec2 encoder needs: pip install 'antiphon[wav2vec2]'") from error
    try:
        config = transformers.AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
        network, loading = getattr(transformers, FAMILY[config.model_type]).from_pretrained(
            directory, config=config, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # each version of transformers has errors of its own
        reason = " ".join(str(error).split())
        raise SettingsError(f"{directory}: not a wav2vec 2.0 model that transformers can load ({reason})") from error
    # The mask embedding is only used in pre-training; anything else would be left at random.
    missing = sorted(set(loading["missing_keys"]) - {"masked_spec_embed"})
    if missing:
        raise SettingsError(f"{directory}: the weights lack {len(missing)} tensors, the first is {missing[0]}")
    return network.float().eval()
