"""wav2vec 2.0's forward pass for the base form, faster than the general one and the same numbers (paper 4.1).

What is saved, for models whose convolutions are normalised once (`feat_extract_norm = "group"`) and whose layers are
normalised after each part (wav2vec 2.0 base, HuBERT base):

- Time comes first, so each convolution is one matrix product over a strided view, instead of a convolution over rows of
  one channel.
- The group normalisation of the first convolution has one channel a group: its mean and variance follow from the mean
  and covariance of the 10 samples that a frame sees, so it becomes part of the first weight, without a pass over 48,000
  frames of 512 channels.
- The first two convolutions go through in tiles that stay in the processor's cache.
- GELU is applied where the product is written; queries, keys and values are one product; weights are put once into the
  order in which they are read; layers above the one asked for are not computed; there is no dropout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

TILE_FRAMES = 1024
"""Frames of the second convolution computed at once: 2,048 frames of the first, 4 MB in fp32."""

TYPICAL_FRAMES = 749
"""Frames of a 15 s window: for how many rows the weights are laid out. Any other number gives the same values."""


@dataclass(frozen=True)
class _Linear:
    """A weight (out, in), perhaps in oneDNN's own order, and its bias (out,)."""

    weight: Tensor
    bias: Tensor | None
    fused: bool

    def __call__(self, rows: Tensor) -> Tensor:
        if self.fused:
            return _pointwise(rows, self.weight, self.bias, "none")
        return functional.linear(rows, self.weight, self.bias)

    def gelu(self, rows: Tensor) -> Tensor:
        if self.fused:
            return _pointwise(rows, self.weight, self.bias, "gelu")
        return functional.gelu(functional.linear(rows, self.weight, self.bias))


@dataclass(frozen=True)
class _Norm:
    """Layer normalisation over the last dimension."""

    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, rows: Tensor) -> Tensor:
        return functional.layer_norm(rows, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True)
class _Convolution:
    """A convolution as a product: `linear` takes `kernel` frames side by side, every `stride` frames."""

    linear: _Linear
    kernel: int
    stride: int

    def frames(self, before: int) -> int:
        return 1 + (before - self.kernel) // self.stride

    def __call__(self, rows: Tensor) -> Tensor:
        channels = rows.shape[1]
        shape = (self.frames(len(rows)), self.kernel * channels)
        seen = rows.as_strided(shape, (self.stride * channels, 1), rows.storage_offset())
        return self.linear.gelu(seen.contiguous())


@dataclass(frozen=True)
class _FirstConvolution:
    """The convolution over samples, with its group normalisation, in double precision."""

    weight: Tensor
    norm: _Norm
    stride: int

    def on(self, samples: Tensor, dtype: torch.dtype) -> tuple[Tensor, _Linear]:
        """What its frames see (frames, kernel), less the mean, and the convolution and its norm as one product."""
        seen = samples.double().unfold(0, self.weight.shape[1], self.stride)
        seen = seen - seen.mean(0)
        covariance = seen.T @ seen / len(seen)
        variance = ((self.weight @ covariance) * self.weight).sum(1)
        scale = self.norm.weight * (variance + self.norm.epsilon).rsqrt()
        folded = (self.weight * scale[:, None]).to(dtype)
        return seen.to(dtype), _Linear(folded, self.norm.bias.to(dtype), fused=_can_fuse())


@dataclass(frozen=True)
class _Layer:
    """A Transformer layer, normalised after each part (Vaswani et al., 2017)."""

    heads: int
    queries_keys_values: _Linear
    output: _Linear
    norm: _Norm
    widen: _Linear
    narrow: _Linear
    final_norm: _Norm

    def __call__(self, rows: Tensor) -> Tensor:
        frames, width = rows.shape
        parts = self.queries_keys_values(rows).view(1, frames, 3, self.heads, width // self.heads)
        heard = _attention(*parts.permute(2, 0, 3, 1, 4))
        rows = self.norm(rows + self.output(heard.transpose(1, 2).reshape(frames, width)))
        return self.final_norm(rows + self.narrow(self.widen.gelu(rows)))


class LeanForward:
    """One layer's output, as transformers' Wav2Vec2Model or HubertModel gives it, of one window.

    In fp32 it differs from theirs by rounding alone (1.5e-5 at most on the base form with random weights); in bf16 by
    1.4 % of the values' norm. Takes what it needs of `network`, which need not be kept.
    """

    def __init__(self, network: Any, layer: int, dtype: torch.dtype) -> None:
        convolutions = network.feature_extractor.conv_layers
        self._dtype = dtype
        self._first = _FirstConvolution(
            convolutions[0].conv.weight.detach().double()[:, 0],
            _norm(convolutions[0].layer_norm, torch.float64),
            convolutions[0].conv.stride[0],
        )
        self._second, *self._others = [_convolution(each.conv, dtype) for each in convolutions[1:]]
        projection = network.feature_projection
        self._projection_norm = _norm(projection.layer_norm, dtype)
        self._projection = _linear(projection.projection.weight, projection.projection.bias, dtype)
        position = network.encoder.pos_conv_embed.conv
        self._position = (position.weight.detach().to(dtype).contiguous(), position.bias.detach().to(dtype))
        self._position_groups = position.groups
        self._norm = _norm(network.encoder.layer_norm, dtype)
        self._layers = [_layer(each, dtype) for each in network.encoder.layers[:layer]]

    def __call__(self, samples: Tensor) -> Tensor:
        """The layer's output (frames, hidden size), of the given precision, for samples (n,)."""
        rows = self._tiled(samples)
        for convolution in self._others:
            rows = convolution(rows)
        rows = self._projection(self._projection_norm(rows))
        rows = self._norm(rows + self._positions(rows))
        for layer in self._layers:
            rows = layer(rows)
        return rows

    def _tiled(self, samples: Tensor) -> Tensor:
        """The second convolution's output; the first one's is never there as a whole."""
        seen, first = self._first.on(samples, self._dtype)
        second = self._second
        frames = second.frames(len(seen))
        tiles = []
        for start in range(0, frames, TILE_FRAMES):
            end = min(frames, start + TILE_FRAMES)
            needed = seen[start * second.stride : (end - 1) * second.stride + second.kernel]
            tiles.append(second(first.gelu(needed.contiguous())))
        return torch.cat(tiles)

    def _positions(self, rows: Tensor) -> Tensor:
        """The relative positions: a grouped convolution over time, as long before as after."""
        weight, bias = self._position
        padding = weight.shape[2] // 2
        spread = functional.conv1d(rows.T[None], weight, bias, padding=padding, groups=self._position_groups)
        return functional.gelu(spread[0, :, : len(rows)]).T


def has_bf16_units() -> bool:
    """Whether this processor multiplies bf16 matrices in units made for it (AMX); elsewhere bf16 gains less."""
    # Private, and the only one that asks the processor; where it is not there, neither are the units.
    supported: Any = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return supported is not None and bool(supported())


def is_lean(config: Any) -> bool:
    """Whether a model with this transformers configuration is of the form that `LeanForward` computes."""
    wanted = {
        "feat_extract_norm": "group",
        "feat_extract_activation": "gelu",
        "hidden_act": "gelu",
        "do_stable_layer_norm": False,
        "feat_proj_layer_norm": True,
        "conv_pos_batch_norm": False,
    }
    same = all(getattr(config, name, value) == value for name, value in wanted.items())
    return config.model_type in ("wav2vec2", "hubert") and same and len(config.conv_dim) > 1


def _can_fuse() -> bool:
    """Whether this torch has the private operations that fuse GELU into a product and reorder weights for it.

    They exist where torch was built with oneDNN; without them the same is computed by public ones.
    """
    available: Any = torch.backends.mkldnn.is_available
    operations = torch.ops.mkldnn
    return available() and all(hasattr(operations, name) for name in ("_linear_pointwise", "_reorder_linear_weight"))


def _attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """What each head hears (1, heads, frames, dimension)."""
    if queries.dtype == torch.bfloat16 and not has_bf16_units():
        # There torch's fused kernel takes 2.5 times as long as two products, head by head to stay in the cache.
        scaled = queries[0] * queries.shape[-1] ** -0.5
        heads = zip(scaled, keys[0], values[0], strict=True)
        return torch.stack([torch.softmax(query @ key.T, -1) @ value for query, key, value in heads])[None]
    return functional.scaled_dot_product_attention(queries, keys, values)


def _pointwise(rows: Tensor, weight: Tensor, bias: Tensor | None, activation: str) -> Tensor:
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, activation, [], "none")
    return result


def _linear(weight: Tensor, bias: Tensor | None, dtype: torch.dtype, rows: int = TYPICAL_FRAMES) -> _Linear:
    """A product laid out for about so many rows at once."""
    weight = weight.detach().to(dtype).contiguous()
    bias = None if bias is None else bias.detach().to(dtype)
    fused = _can_fuse()
    if fused:
        weight = torch.ops.mkldnn._reorder_linear_weight(weight, rows)
    return _Linear(weight, bias, fused)


def _norm(module: Any, dtype: torch.dtype) -> _Norm:
    return _Norm(module.weight.detach().to(dtype), module.bias.detach().to(dtype), module.eps)


def _convolution(module: Any, dtype: torch.dtype) -> _Convolution:
    weight = module.weight.permute(0, 2, 1).flatten(1)
    return _Convolution(_linear(weight, module.bias, dtype, TILE_FRAMES), module.kernel_size[0], module.stride[0])


def _layer(module: Any, dtype: torch.dtype) -> _Layer:
    attention, feed_forward = module.attention, module.feed_forward
    three = (attention.q_proj, attention.k_proj, attention.v_proj)
    weight, bias = (torch.cat([getattr(each, name) for each in three]) for name in ("weight", "bias"))
    return _Layer(
        heads=attention.num_heads,
        queries_keys_values=_linear(weight, bias, dtype),
        output=_linear(attention.out_proj.weight, attention.out_proj.bias, dtype),
        norm=_norm(module.layer_norm, dtype),
        widen=_linear(feed_forward.intermediate_dense.weight, feed_forward.intermediate_dense.bias, dtype),
        narrow=_linear(feed_forward.output_dense.weight, feed_forward.output_dense.bias, dtype),
        final_norm=_norm(module.final_layer_norm, dtype),
    )
