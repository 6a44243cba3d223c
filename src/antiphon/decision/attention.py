"""Attention whose keys and values can be kept (Vaswani et al., 2017), and the layer around it.

Training and playing run the same lines: over a whole sequence at once, or over its next token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from antiphon.config import DecisionSettings
from antiphon.decision.dropout import PooledDropout
from antiphon.decision.positions import RelativeBias, rotated

LEAST_ROOM = 64
"""Positions for which room is made at once when keys and values begin to grow."""


class _Room:
    """Room for keys and values that several states see; how much of it is filled decides who may write on."""

    def __init__(self, tensor: Tensor, filled: int) -> None:
        self.tensor = tensor
        self.filled = filled


@dataclass(frozen=True, eq=False)
class KeysValues:
    """Keys and values of one attention for the first `length` positions.

    A value: `extended` gives a longer one and leaves this one as it was. The room behind is shared as long as only the
    longest goes on, so that a step copies nothing.
    """

    room: _Room
    length: int

    @classmethod
    def of(cls, tensor: Tensor) -> KeysValues:
        """From keys and values (2, batch x heads, positions, size)."""
        return cls(_Room(tensor, tensor.shape[2]), tensor.shape[2])

    @property
    def tensor(self) -> Tensor:
        """Keys and values (2, batch x heads, length, size)."""
        return self.room.tensor[:, :, : self.length]

    def extended(self, new: Tensor) -> KeysValues:
        """With `new` (2, batch x heads, n, size) behind."""
        if torch.is_grad_enabled():  # what was kept may be needed for a gradient, so it is never written to
            return KeysValues.of(torch.cat([self.tensor, new], dim=2))
        end, room = self.length + new.shape[2], self.room
        if room.filled != self.length or end > room.tensor.shape[2]:
            wide, rows, _, size = new.shape
            room = _Room(new.new_empty(wide, rows, max(LEAST_ROOM, 2 * end), size), self.length)
            room.tensor[:, :, : self.length] = self.tensor
        room.tensor[:, :, self.length : end] = new
        room.filled = end
        return KeysValues(room, end)


def mapped(x: Tensor, map_: nn.Linear) -> Tensor:
    """`map_(x)`, without what a module does around its work: for one token that takes as long as the work."""
    return linear(x, map_.weight, map_.bias)


def normalized(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """`norm(x)`, likewise."""
    return torch.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps)


class Sight(NamedTuple):
    """What n queries see: `bias` (batch x heads or 1, n or 1, keys) is added to the scores, None where all is seen;
    `first` is the place of the first query. Keys begin at place 0."""

    bias: Tensor | None
    first: int


class Attention(nn.Module):
    """Multi-head attention: to the sequence itself, or `across`, to another one."""

    def __init__(self, settings: DecisionSettings, random: torch.Generator, across: bool = False) -> None:
        super().__init__()
        dimension = settings.dimension
        self.heads = settings.heads
        self.across = across
        self.rotary = settings.positions == "rotary"
        self.relative = RelativeBias(settings.heads) if settings.positions == "relative" else None
        self.dropout = PooledDropout(settings.dropout, random)
        # One matrix for what is computed from the same input: fewer and larger products.
        self.queries = nn.Linear(dimension, dimension if across else 3 * dimension)
        self.keys_values = nn.Linear(dimension, 2 * dimension) if across else None
        self.output = nn.Linear(dimension, dimension)

    def kept(self, source: Tensor, first: int) -> Tensor:
        """Keys and values (2, batch x heads, n, size) of another sequence (batch, n, dimension) from place `first`."""
        if self.keys_values is None:
            raise ValueError("this attention is to the sequence itself")
        return self._placed(self._split(mapped(source, self.keys_values)), first, 0)

    def own(self, x: Tensor, first: int) -> tuple[Tensor, Tensor]:
        """Queries (batch x heads, n, size), and keys and values as `kept`, of `x` itself from place `first` on."""
        split = self._placed(self._split(mapped(x, self.queries)), first, 1)
        return split[0], split[1:]

    def asked(self, x: Tensor, first: int) -> Tensor:
        """Queries (batch x heads, n, size) of `x` (batch, n, dimension) to another sequence."""
        return self._placed(self._split(mapped(x, self.queries)), first, 0)[0]

    def attend(self, queries: Tensor, keys_values: Tensor, sight: Sight) -> Tensor:
        """What the queries find among keys and values: (batch, n, dimension)."""
        keys, values = keys_values[0], keys_values[1]
        rows, n, size = queries.shape
        bias = sight.bias
        if self.relative is not None:
            learned = self.relative(sight.first, n, keys.shape[1]).repeat(rows // self.heads, 1, 1)
            bias = learned if bias is None else learned + bias
        # Written out: at a window's length it is faster than torch's fused form, which draws its own dropout.
        weights = torch.softmax(_scores(queries, keys.transpose(1, 2), bias, 1 / math.sqrt(size)).float(), dim=-1)
        if self.training:
            weights = self.dropout(weights)
        mixed = torch.bmm(weights.to(values.dtype), values)
        joined = mixed.view(-1, self.heads, n, size).transpose(1, 2).reshape(-1, n, self.heads * size)
        return mapped(joined, self.output)

    def _split(self, x: Tensor) -> Tensor:
        """(batch, n, parts x dimension) as (parts, batch x heads, n, size)."""
        batch, n, width = x.shape
        size = self.output.in_features // self.heads
        parts = width // self.output.in_features
        split = x.view(batch, n, parts, self.heads, size).permute(2, 0, 3, 1, 4)
        return split.reshape(parts, batch * self.heads, n, size)

    def _placed(self, split: Tensor, first: int, key: int) -> Tensor:
        """With positions turned into queries and keys, which stand up to part `key`; values stay as they are."""
        if not self.rotary:
            return split
        return torch.cat([rotated(split[: key + 1], first), split[key + 1 :]])


def _scores(queries: Tensor, keys: Tensor, bias: Tensor | None, scale: float) -> Tensor:
    if bias is None:
        return torch.bmm(queries * scale, keys)
    return torch.baddbmm(bias.to(queries.dtype), queries, keys, alpha=scale)


class Layer(nn.Module):
    """Self-attention, cross-attention where asked for, feed-forward: each added to what comes in."""

    def __init__(self, settings: DecisionSettings, crosses: bool, random: torch.Generator) -> None:
        super().__init__()
        dimension = settings.dimension
        self.post_norm = settings.norm == "post"
        self.self_attention = Attention(settings, random)
        self.self_norm = nn.LayerNorm(dimension)
        self.cross_attention = Attention(settings, random, across=True) if crosses else None
        self.cross_norm = nn.LayerNorm(dimension) if crosses else None
        self.widen = nn.Linear(dimension, settings.feed_forward)
        self.narrow = nn.Linear(settings.feed_forward, dimension)
        self.feed_norm = nn.LayerNorm(dimension)
        self.dropout = PooledDropout(settings.dropout, random)

    def crossed(self, guide: Tensor, first: int) -> Tensor:
        """Keys and values, as `Attention.kept`, that this layer's cross-attention reads of the guide's states."""
        if self.cross_attention is None:
            raise ValueError("this layer has no cross-attention")
        return self.cross_attention.kept(guide, first)

    def forward(
        self,
        x: Tensor,
        sight: Sight,
        past: KeysValues | None = None,
        crossed: tuple[KeysValues, Sight] | None = None,
    ) -> tuple[Tensor, KeysValues]:
        """The layer's output (batch, n, dimension), and the keys and values of all positions so far.

        `crossed` is what cross-attention reads, and how much of it is seen.
        """
        attention, norm = self.self_attention, self.self_norm
        queries, new = attention.own(x if self.post_norm else normalized(x, norm), sight.first)
        kept = KeysValues.of(new) if past is None else past.extended(new)
        x = self._added(x, attention.attend(queries, kept.tensor, sight), norm)
        cross, norm_across = self.cross_attention, self.cross_norm
        if cross is not None and norm_across is not None and crossed is not None:
            queries = cross.asked(x if self.post_norm else normalized(x, norm_across), sight.first)
            x = self._added(x, cross.attend(queries, crossed[0].tensor, crossed[1]), norm_across)
        return self._fed(x), kept

    def _fed(self, x: Tensor) -> Tensor:
        norm = self.feed_norm
        wide = torch.relu(mapped(x if self.post_norm else normalized(x, norm), self.widen))
        return self._added(x, mapped(self.dropout(wide) if self.training else wide, self.narrow), norm)

    def _added(self, x: Tensor, part: Tensor, norm: nn.LayerNorm) -> Tensor:
        x = x + (self.dropout(part) if self.training else part)
        return normalized(x, norm) if self.post_norm else x
