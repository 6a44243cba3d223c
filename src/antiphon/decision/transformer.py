"""The network p(y_t | y_<t, x) (paper 3.2, 4.2, 5.2): a Transformer decoder over tokens, conditioned by the guide's.

One class with settings. `configs/paper.toml` makes it the paper's: six layers of cross-attention to the guide.
The default adds the encoded guide where it sounds: both tracks share one time grid, which cross-attention must find.

Training and generation run the same `decode`: over a whole sequence at once, or token by token, keys and values kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from antiphon.config import DecisionSettings
from antiphon.decision.dropout import PooledDropout
from antiphon.decision.vocabulary import Vocabulary

KeysValues = tuple[Tensor, Tensor]
"""Keys and values of an attention, each (batch, heads, positions, dimension / heads)."""


@dataclass(frozen=True)
class DecoderState:
    """What a decoder keeps between calls: the guide as heard, and the keys and values of what it has played."""

    guide: Tensor
    guide_valid: Tensor
    crossed: tuple[KeysValues, ...]
    played: tuple[KeysValues, ...]
    position: int


class Attention(nn.Module):
    """Multi-head attention (Vaswani et al., 2017) whose keys and values can be kept."""

    def __init__(self, settings: DecisionSettings, random: torch.Generator) -> None:
        super().__init__()
        self.heads = settings.heads
        self.dropout = PooledDropout(settings.dropout, random)
        self.query, self.key, self.value, self.output = (
            nn.Linear(settings.dimension, settings.dimension) for _ in range(4)
        )

    def _split(self, x: Tensor) -> Tensor:
        batch, positions, dimension = x.shape
        return x.view(batch, positions, self.heads, dimension // self.heads).transpose(1, 2)

    def keys_values(self, source: Tensor) -> KeysValues:
        """Keys and values of `source` (batch, positions, dimension)."""
        return self._split(self.key(source)), self._split(self.value(source))

    def forward(self, x: Tensor, keys_values: KeysValues, visible: Tensor) -> Tensor:
        """`x` (batch, n, dimension) attends where `visible` (broadcast to batch, heads, n, positions) is true."""
        keys, values = keys_values
        queries = self._split(self.query(x)) / math.sqrt(keys.shape[-1])
        # Written out: at a window's length it is faster than torch's fused form, which draws its own dropout.
        scores = torch.where(visible, queries @ keys.transpose(2, 3), -math.inf)
        mixed = self.dropout(torch.softmax(scores, dim=-1)) @ values
        batch, _, positions, _ = mixed.shape
        return self.output(mixed.transpose(1, 2).reshape(batch, positions, -1))  # type: ignore[no-any-return]


class Layer(nn.Module):
    """Self-attention, cross-attention where asked for, feed-forward: each added to what comes in."""

    def __init__(self, settings: DecisionSettings, crosses: bool, random: torch.Generator) -> None:
        super().__init__()
        dimension = settings.dimension
        self.post_norm = settings.norm == "post"
        self.self_attention = Attention(settings, random)
        self.self_norm = nn.LayerNorm(dimension)
        self.cross_attention = Attention(settings, random) if crosses else None
        self.cross_norm = nn.LayerNorm(dimension) if crosses else None
        self.feed_forward = nn.Sequential(
            nn.Linear(dimension, settings.feed_forward),
            nn.ReLU(),
            PooledDropout(settings.dropout, random),
            nn.Linear(settings.feed_forward, dimension),
        )
        self.feed_norm = nn.LayerNorm(dimension)
        self.dropout = PooledDropout(settings.dropout, random)

    def crossed(self, guide: Tensor) -> KeysValues:
        """Keys and values of the guide (batch, positions, dimension) for this layer's cross-attention."""
        if self.cross_attention is None:
            raise ValueError("this layer has no cross-attention")
        return self.cross_attention.keys_values(guide)

    def forward(
        self, x: Tensor, visible: Tensor, past: KeysValues | None, crossed: KeysValues | None, guide_visible: Tensor
    ) -> tuple[Tensor, KeysValues]:
        """The layer's output (batch, n, dimension), and the keys and values of all positions so far."""
        inner = x if self.post_norm else self.self_norm(x)
        keys_values = self.self_attention.keys_values(inner)
        if past is not None:
            keys_values = (torch.cat([past[0], keys_values[0]], 2), torch.cat([past[1], keys_values[1]], 2))
        x = x + self.dropout(self.self_attention(inner, keys_values, visible))
        x = self.self_norm(x) if self.post_norm else x
        if self.cross_attention is not None and self.cross_norm is not None and crossed is not None:
            inner = x if self.post_norm else self.cross_norm(x)
            x = x + self.dropout(self.cross_attention(inner, crossed, guide_visible))
            x = self.cross_norm(x) if self.post_norm else x
        x = x + self.dropout(self.feed_forward(x if self.post_norm else self.feed_norm(x)))
        x = self.feed_norm(x) if self.post_norm else x
        return x, keys_values


class DecisionNetwork(nn.Module):
    """Logits over the alphabet's classes for every position of a response.

    `hears=False` makes the deaf model: the same network, whose guide is always the same empty one. `random` is where
    all draws of its training come from, on the processor whatever the device.
    """

    def __init__(self, settings: DecisionSettings, classes: int, hears: bool = True) -> None:
        super().__init__()
        self.vocabulary = Vocabulary(classes)
        self.hears = hears
        self.random = random = torch.Generator()
        self.crosses = settings.conditioning == "cross-attention"
        self.guide_embedding = nn.Embedding(self.vocabulary.size, settings.dimension)
        self.response_embedding = nn.Embedding(self.vocabulary.size, settings.dimension)
        self.guide_layers = nn.ModuleList(Layer(settings, False, random) for _ in range(settings.guide_layers))
        self.layers = nn.ModuleList(Layer(settings, self.crosses, random) for _ in range(settings.layers))
        final_norm = settings.norm == "pre"
        self.norm: nn.Module = nn.LayerNorm(settings.dimension) if final_norm else nn.Identity()
        self.dropout = PooledDropout(settings.dropout, random)
        self.output = nn.Linear(settings.dimension, classes)

    def listen(self, guide: Tensor) -> DecoderState:
        """The state before the first token, from guide ids (batch, positions); pad stands behind a guide's end."""
        valid = guide != self.vocabulary.pad
        if not self.hears:
            guide = torch.full_like(guide, self.vocabulary.pad)
        x = self.guide_embedding(guide)
        if self.crosses or self.guide_layers:
            x = self.dropout(x + positions(0, guide.shape[1], x))
        visible = valid[:, None, None, :]
        for layer in self.guide_layers:
            x, _ = layer(x, visible, None, None, visible)
        crossed = tuple(layer.crossed(x) for layer in self.layers if isinstance(layer, Layer)) if self.crosses else ()
        return DecoderState(x, visible, crossed, (), 0)

    def decode(self, state: DecoderState, previous: Tensor) -> tuple[DecoderState, Tensor]:
        """Logits (batch, n, classes) of the n tokens that follow `previous` (batch, n), and the state after them."""
        start, n = state.position, previous.shape[1]
        x = self.response_embedding(previous)
        if not self.crosses:
            x = x + state.guide[:, start : start + n]
        x = self.dropout(x + positions(start, n, x))
        visible = torch.ones(n, start + n, dtype=torch.bool, device=x.device).tril(start)
        played = []
        for index, layer in enumerate(self.layers):
            past = state.played[index] if state.played else None
            crossed = state.crossed[index] if self.crosses else None
            x, keys_values = layer(x, visible, past, crossed, state.guide_valid)
            played.append(keys_values)
        logits = self.output(self.norm(x))
        return replace(state, played=tuple(played), position=start + n), logits

    def forward(self, guide: Tensor, previous: Tensor) -> Tensor:
        """Logits (batch, n, classes) for all positions at once, as training wants them."""
        return self.decode(self.listen(guide), previous)[1]


def positions(start: int, n: int, like: Tensor) -> Tensor:
    """Sinusoidal positions (n, dimension) from `start` on (Vaswani et al., 2017, 3.5)."""
    dimension = like.shape[-1]
    place = torch.arange(start, start + n, dtype=torch.float32, device=like.device)[:, None]
    rate = torch.exp(torch.arange(0, dimension, 2, device=like.device) * (-math.log(10000.0) / dimension))
    return torch.stack([torch.sin(place * rate), torch.cos(place * rate)], dim=2).reshape(n, dimension).to(like.dtype)
