"""A fairseq checkpoint of wav2vec 2.0 to a directory of transformers, without fairseq.

wav2vec 2.0 pre-trained on music (Ragano et al., 2023; paper 4.1) is such a file: settings and tensors in a pickle.
Only its context network is kept; the quantizer and the projections of pre-training play no part in encoding.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal

import numpy as np
import safetensors.numpy
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antiphon.errors import BadData
from antiphon.files import claimed, whole_directory
from antiphon.perception.encoders.wav2vec2_sizes import Sizes
from antiphon.reading import MOST_ARRAY_BYTES, open_regular
from antiphon.types import Floats

MODEL_FILES = ("config.json", "model.safetensors", "preprocessor_config.json")
"""All that a converted model consists of."""

DROPPED = ("quantizer.", "project_q.", "final_proj.", "target_glu.")
"""What pre-training alone needs: where its targets come from, and the projections that meet them."""

DEFAULTS = {
    "activation_fn": "gelu",
    "conv_bias": False,
    "conv_pos": 128,
    "conv_pos_groups": 16,
    "layer_norm_first": False,
    "normalize": False,
    "sample_rate": 16000,
}
"""fairseq's own, for checkpoints older than the setting."""

MOST_LAYERS, MOST_LAYER_TEXT = 64, 1000
"""Convolutions of a network, and letters of what says so."""

LEGACY, ZIPPED = b"\x80\x02", b"PK\x03\x04"
"""How a checkpoint of torch begins: a bare pickle (torch before 1.6), or a zip."""

MOST_WEIGHT = 1e6
"""Size of the largest weight: trained ones stay below 1,000."""


class _Architecture(Sizes):
    """What a converted model's configuration says beside its sizes."""

    conv_bias: bool
    hidden_act: Literal["gelu", "relu"]
    do_stable_layer_norm: bool


class _Preparation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    normalize: bool
    sample_rate: int = Field(ge=1000, le=1_000_000)


def convert_fairseq(checkpoint: Path, directory: Path, trust: bool = False) -> dict[str, Any]:
    """Write the model of `checkpoint` to `directory`, whole or not at all; gives its transformers configuration.

    Tensors and plain values alone are read, and no code is run, unless `trust` is set: then the file may do what it
    likes while it is read. Raises BadData for a file that is no such checkpoint, or whose tensors are not exactly those
    that its settings ask for; AntiphonError where `directory` cannot be written, holds
    something else, or is written by another program.
    """
    with claimed(directory, MODEL_FILES, overwrite=True, holding="a model"):
        return _converted(checkpoint, directory, trust)


def _converted(checkpoint: Path, directory: Path, trust: bool) -> dict[str, Any]:
    content = _read(checkpoint, trust)
    try:
        settings = _settings(content)
        config = _config(settings)
        tensors = _renamed(content["model"], config)
    except BadData as error:
        raise BadData(f"{checkpoint}: {error}") from error
    preparation = {
        "do_normalize": bool(settings["normalize"]),
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "feature_size": 1,
        "padding_value": 0.0,
        "sampling_rate": settings["sample_rate"],
    }
    with whole_directory(directory, MODEL_FILES) as place:
        _write_json(place / "config.json", config)
        _write_json(place / "preprocessor_config.json", preparation)
        safetensors.numpy.save_file(tensors, place / "model.safetensors", metadata={"format": "pt"})
    return config


def _read(checkpoint: Path, trust: bool) -> Mapping[str, Any]:
    import torch

    _require_checkpoint(checkpoint)
    allowed: AbstractContextManager[Any] = nullcontext()
    if not trust:
        allowed = torch.serialization.safe_globals([argparse.Namespace])
    try:
        with allowed:
            content = torch.load(checkpoint, map_location="cpu", weights_only=not trust)
    except UnpicklingError as error:
        if trust or "Unsupported operand" in str(error):
            raise BadData(f"{checkpoint}: not a checkpoint of torch") from error
        named = re.search(r"GLOBAL (\S+)", str(error))
        raise BadData(
            f"{checkpoint}: holds more than tensors and plain settings ({named[1] if named else 'objects'}); reading "
            "that can run any code that whoever made the file put in it; if you trust them, pass --trust"
        ) from error
    except ImportError as error:
        raise BadData(f"{checkpoint}: holds objects of {error.name}, which is not installed here") from error
    except MemoryError:
        raise
    except OSError as error:
        raise BadData(f"{checkpoint}: {error.strerror or 'not a checkpoint of torch'}") from error
    except Exception as error:  # a damaged pickle raises anything: KeyError, IndexError, struct.error
        raise BadData(f"{checkpoint}: not a checkpoint of torch") from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise BadData(f"{checkpoint}: not a fairseq checkpoint (no model in it)")
    return content


def _require_checkpoint(path: Path) -> None:
    """Raise BadData, naming it, for a file that does not begin as checkpoints do, or would unpack to more than it is
    (torch stores them unpacked)."""
    with open_regular(path, MOST_ARRAY_BYTES) as stream:
        start = stream.read(4)
        if start[:2] == LEGACY:
            return
        if start != ZIPPED:
            raise BadData(f"{path}: not a checkpoint of torch")
        stream.seek(0)
        try:
            with zipfile.ZipFile(stream) as archive:
                packed = any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, KeyError) as error:
            raise BadData(f"{path}: not a checkpoint of torch") from error
        if packed:
            raise BadData(f"{path}: not a checkpoint of torch (a zip whose files are compressed)")


def _settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of model and task in one dictionary, from `cfg` (fairseq since 0.10.1) or `args` (before)."""
    if content.get("cfg"):
        cfg = _plain(content["cfg"])
        model, task = _plain(cfg.get("model")), _plain(cfg.get("task"))
        settings = {**task, **model}
    elif content.get("args"):
        settings = _plain(content["args"])
    else:
        raise BadData("not a fairseq checkpoint (neither cfg nor args in it)")
    kind = settings.get("_name") or settings.get("arch") or "wav2vec2"
    if not str(kind).startswith("wav2vec2") or str(kind) in ("wav2vec2_ctc", "wav2vec_ctc", "wav2vec2_seq2seq"):
        raise BadData(f"a checkpoint of {kind}; only wav2vec2 as it comes from pre-training can be converted")
    return {**DEFAULTS, **settings}


def _plain(values: Any) -> dict[str, Any]:
    if isinstance(values, argparse.Namespace):
        return vars(values)
    return dict(values) if isinstance(values, Mapping) else {}


def _config(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration (transformers' names) that gives the same network. Raises BadData for one that it has not."""
    try:
        convolutions = _convolutions(settings["conv_feature_layers"])
        modes = {"default": "group", "layer_norm": "layer"}
        config = {
            "architectures": ["Wav2Vec2Model"],
            "model_type": "wav2vec2",
            "conv_dim": [dimension for dimension, _, _ in convolutions],
            "conv_kernel": [kernel for _, kernel, _ in convolutions],
            "conv_stride": [stride for _, _, stride in convolutions],
            "conv_bias": settings["conv_bias"],
            "num_feat_extract_layers": len(convolutions),
            "feat_extract_activation": "gelu",
            "feat_extract_norm": modes[settings["extractor_mode"]],
            "hidden_size": settings["encoder_embed_dim"],
            "intermediate_size": settings["encoder_ffn_embed_dim"],
            "num_hidden_layers": settings["encoder_layers"],
            "num_attention_heads": settings["encoder_attention_heads"],
            "hidden_act": settings["activation_fn"],
            "do_stable_layer_norm": settings["layer_norm_first"],
            "layer_norm_eps": 1e-5,
            "num_conv_pos_embeddings": settings["conv_pos"],
            "num_conv_pos_embedding_groups": settings["conv_pos_groups"],
        }
    except (KeyError, TypeError) as error:
        raise BadData(f"its settings have no {error} that can be converted") from error
    _require(_Architecture, config)
    _require(_Preparation, settings)
    return config


def _require(model: type[BaseModel], values: Mapping[str, Any]) -> None:
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        given = repr(first["input"])[:40]
        raise BadData(f"{f'{place} would be {given}: ' if place else ''}{first['msg']}") from error


def _convolutions(text: str) -> list[tuple[int, int, int]]:
    """Dimension, kernel and stride of each, from "[(512, 10, 5)] + [(512, 3, 2)] * 4": read, not evaluated."""
    try:
        if len(text) > MOST_LAYER_TEXT:
            raise ValueError("too long")
        layers = _listed(ast.parse(text.strip(), mode="eval").body)
        return [(int(dimension), int(kernel), int(stride)) for dimension, kernel, stride in layers]
    except (SyntaxError, ValueError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise BadData(
            f"conv_feature_layers is {str(text)[:80]!r}, not a list of (dimension, kernel, stride)"
        ) from error


def _listed(node: ast.expr) -> list[Any]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _listed(node.left) + _listed(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        times = int(ast.literal_eval(node.right))
        if not 0 <= times <= MOST_LAYERS:
            raise ValueError(f"{times} times")
        return _listed(node.left) * times
    return list(ast.literal_eval(node))


def _renamed(model: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Floats]:
    """The tensors by transformers' names, fp32. Raises BadData where one is missing, unknown or of another shape."""
    expected = dict(_names(config))
    given = {name: tensor for name, tensor in model.items() if not str(name).startswith(DROPPED)}
    missing, unknown = sorted(expected.keys() - given.keys()), sorted(map(str, given.keys() - expected.keys()))
    if missing or unknown:
        parts = [(missing, "tensors are missing"), (unknown, "are unknown")]
        said = [f"{len(names)} {what} ({', '.join(names[:3])})" for names, what in parts if names]
        raise BadData(f"not the tensors of its settings: {'; '.join(said)}")
    for name, (_, shape) in expected.items():
        if not hasattr(given[name], "is_floating_point") or not given[name].is_floating_point():
            raise BadData(f"{name} is no tensor of real numbers")
        if tuple(given[name].shape) != shape:
            raise BadData(f"{name} has shape {tuple(given[name].shape)}, its settings ask for {shape}")
    found = {name: _array(given[old]) for old, (name, _) in sorted(expected.items())}
    for name, array in found.items():
        if not float(np.abs(array).max(initial=0.0)) <= MOST_WEIGHT:
            raise BadData(f"{name} holds weights that are not numbers, or above {MOST_WEIGHT:g}")
    return found


def _array(tensor: Any) -> Floats:
    return np.ascontiguousarray(tensor.detach().float().numpy())


Names = Iterator[tuple[str, tuple[str, tuple[int, ...]]]]
"""A tensor's name in fairseq; its name in transformers, and its shape."""


def _names(config: Mapping[str, Any]) -> Names:
    width, groups, kernel = (
        config[name] for name in ("hidden_size", "num_conv_pos_embedding_groups", "num_conv_pos_embeddings")
    )
    last = config["conv_dim"][-1]
    yield "mask_emb", ("masked_spec_embed", (width,))
    yield from _convolution_names(config)
    yield from _pair("layer_norm", "feature_projection.layer_norm", (last,), last)
    yield from _pair("post_extract_proj", "feature_projection.projection", (width, last), width)
    position = "encoder.pos_conv_embed.conv"
    yield "encoder.pos_conv.0.bias", (f"{position}.bias", (width,))
    # Weight normalisation: a length for each place in the kernel, and the direction (Salimans and Kingma, 2016).
    yield "encoder.pos_conv.0.weight_g", (f"{position}.weight_g", (1, 1, kernel))
    yield "encoder.pos_conv.0.weight_v", (f"{position}.weight_v", (width, width // groups, kernel))
    yield from _pair("encoder.layer_norm", "encoder.layer_norm", (width,), width)
    for index in range(config["num_hidden_layers"]):
        yield from _layer_names(f"encoder.layers.{index}", width, config["intermediate_size"])


def _convolution_names(config: Mapping[str, Any]) -> Names:
    before = 1
    grouped = config["feat_extract_norm"] == "group"
    for index, (channels, kernel) in enumerate(zip(config["conv_dim"], config["conv_kernel"], strict=True)):
        place = f"feature_extractor.conv_layers.{index}"
        yield f"{place}.0.weight", (f"{place}.conv.weight", (channels, before, kernel))
        if config["conv_bias"]:
            yield f"{place}.0.bias", (f"{place}.conv.bias", (channels,))
        if not grouped:
            yield from _pair(f"{place}.2.1", f"{place}.layer_norm", (channels,), channels)
        elif index == 0:
            yield from _pair(f"{place}.2", f"{place}.layer_norm", (channels,), channels)
        before = channels


def _layer_names(place: str, width: int, wide: int) -> Names:
    for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
        yield from _pair(f"{place}.self_attn.{part}", f"{place}.attention.{part}", (width, width), width)
    yield from _pair(f"{place}.self_attn_layer_norm", f"{place}.layer_norm", (width,), width)
    yield from _pair(f"{place}.fc1", f"{place}.feed_forward.intermediate_dense", (wide, width), wide)
    yield from _pair(f"{place}.fc2", f"{place}.feed_forward.output_dense", (width, wide), width)
    yield from _pair(f"{place}.final_layer_norm", f"{place}.final_layer_norm", (width,), width)


def _pair(old: str, new: str, shape: tuple[int, ...], outputs: int) -> Names:
    """A weight and its bias."""
    yield f"{old}.weight", (f"{new}.weight", shape)
    yield f"{old}.bias", (f"{new}.bias", (outputs,))


def _write_json(file: Path, value: Mapping[str, Any]) -> None:
    file.write_text(f"{json.dumps(value, indent=2, sort_keys=True)}\n", encoding="utf-8")
