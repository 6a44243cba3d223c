"""The network p(y_t | y_<t, x) (paper 3.2, 4.2, 5.2): a Transformer decoder over tokens, conditioned by the guide's.

One class with settings. `configs/paper.toml` makes it the paper's: six layers of cross-attention to the guide.
The default adds the encoded guide where it sounds: both tracks share one time grid, which cross-attention must find.

Training and generation run the same `listen` and `decode`: over a whole sequence at once, or token by token, keys and
values kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from antiphon.config import DecisionSettings
from antiphon.decision.attention import KeysValues, Layer, Sight
from antiphon.decision.dropout import PooledDropout
from antiphon.decision.inputs import DurationInput, token_input
from antiphon.decision.positions import sinusoids
from antiphon.decision.visibility import Visibility
from antiphon.decision.vocabulary import Vocabulary


@dataclass(frozen=True, eq=False)
class DecoderState:
    """What a decoder keeps between calls: the guide as heard, and the keys and values of what it has played."""

    guide: Tensor
    """The guide's states (batch, places, dimension); with a bounded view the beginning has a place of its own."""
    valid: Tensor
    """Whether a place (batch, places) is the guide's, and not filler behind its end."""
    padded: bool
    """Whether there is any filler."""
    hidden: Tensor | None
    """Rows (batch,) whose guide is not to be heard."""
    timing: Tensor | None
    """Vectors (batch, places, dimension) of the segments' lengths, for the response."""
    heard: tuple[KeysValues, ...] = ()
    crossed: tuple[KeysValues, ...] = ()
    played: tuple[KeysValues, ...] = ()
    position: int = 0


class DecisionNetwork(nn.Module):
    """Logits over the alphabet's classes for every position of a response.

    `hears=False` makes the deaf model: the same network, whose guide is always the same empty one. `ahead` is how many
    segments beyond the one being decided it hears (None: the whole guide; negative: not even up to it); a bounded view
    makes the guide's side causal, so that it can be heard as it comes. `centroids` (K, dim) stand for the tokens where
    the settings ask for them. `random` is where all draws of its training come from, on the processor whatever the
    device.
    """

    def __init__(
        self,
        settings: DecisionSettings,
        classes: int,
        hears: bool = True,
        ahead: int | None = None,
        centroids: Tensor | None = None,
    ) -> None:
        super().__init__()
        dimension = settings.dimension
        self.vocabulary = Vocabulary(classes)
        self.hears = hears
        self.ahead = ahead
        self.visibility = Visibility(ahead)
        self.random = random = torch.Generator()
        self.heads = settings.heads
        self.crosses = settings.conditioning == "cross-attention"
        self.adds_positions = settings.positions == "sinusoidal"
        self.guide_input = token_input(settings, self.vocabulary, centroids)
        self.response_input = token_input(settings, self.vocabulary, centroids)
        self.guide_duration = DurationInput(dimension) if settings.durations else None
        self.response_duration = DurationInput(dimension) if settings.durations else None
        self.guide_layers = nn.ModuleList(Layer(settings, False, random) for _ in range(settings.guide_layers))
        # What sounds now is added as it is; the latest that was heard, which knows all before it, by its own map.
        foresees = not self.crosses and ahead is not None and ahead > 0
        self.latest = nn.Linear(dimension, dimension) if foresees else None
        self.layers = nn.ModuleList(Layer(settings, self.crosses, random) for _ in range(settings.layers))
        self.norm: nn.Module = nn.LayerNorm(dimension) if settings.norm == "pre" else nn.Identity()
        self.dropout = PooledDropout(settings.dropout, random)
        self.output = nn.Linear(dimension, classes)
        self.weights = sum(weight.numel() for weight in self.parameters())

    def listen(self, guide: Tensor, durations: Tensor | None = None, hidden: Tensor | None = None) -> DecoderState:
        """The state before the first token, from guide ids (batch, m); pad stands behind a guide's end.

        `durations` (batch, m) are the segments' lengths in seconds; `hidden` (batch,) rows answer as the deaf model.
        With a bounded view the guide may begin with any m, and goes on by `hear`.
        """
        batch, lead = len(guide), self.visibility.lead
        nothing = self.output.weight.new_zeros(batch, 0, self.output.in_features)
        valid = torch.zeros(batch, 0, dtype=torch.bool, device=guide.device)
        state = DecoderState(nothing, valid, False, hidden, nothing if self.response_duration else None)
        guide = torch.cat([guide.new_full((batch, lead), self.vocabulary.bos), guide], dim=1)
        if durations is not None:
            durations = torch.cat([durations.new_zeros(batch, lead), durations], dim=1)
        return self._heard(state, guide, durations)

    def hear(self, state: DecoderState, guide: Tensor, durations: Tensor | None = None) -> DecoderState:
        """The state with more of the guide (batch, m), and its `durations`, heard."""
        if not guide.shape[1]:
            return state
        if self.ahead is None:
            raise ValueError("this model hears the whole guide at its first step")
        return self._heard(state, guide, durations)

    def decode(self, state: DecoderState, previous: Tensor) -> tuple[DecoderState, Tensor]:
        """Logits (batch, n, classes) of the n tokens that follow `previous` (batch, n), and the state after them."""
        state, hidden = self.decode_hidden(state, previous)
        return state, self.output(hidden)

    def decode_hidden(self, state: DecoderState, previous: Tensor) -> tuple[DecoderState, Tensor]:
        """As `decode`, with the hidden states (batch, n, dimension) that `output` makes logits of."""
        start, n = state.position, previous.shape[1]
        place = start + self.visibility.lead
        x = self._conditioned(self.response_input(previous), state)
        x = self.dropout(x + sinusoids(place, n, x) if self.adds_positions else x)
        own = Sight(None if n == 1 else self._bias(self.visibility.past(start, n, x.device)), place)
        crossed = self._crossing(state, n)
        played = []
        for index, layer in enumerate(self.layers):
            past = state.played[index] if state.played else None
            x, kept = layer(x, own, past, (state.crossed[index], crossed) if crossed else None)
            played.append(kept)
        return replace(state, played=tuple(played), position=start + n), self.norm(x)

    def forward(
        self, guide: Tensor, previous: Tensor, durations: Tensor | None = None, hidden: Tensor | None = None
    ) -> Tensor:
        """Logits (batch, n, classes) for all positions at once, as training wants them; see `listen` and `decode`."""
        return self.decode(self.listen(guide, durations, hidden), previous)[1]

    def _heard(self, state: DecoderState, guide: Tensor, durations: Tensor | None) -> DecoderState:
        first, n = state.guide.shape[1], guide.shape[1]
        filled = guide != self.vocabulary.pad
        valid = torch.cat([state.valid, filled], dim=1)
        padded = state.padded or not bool(filled.all())
        hidden = state.hidden if self.hears else torch.ones(len(guide), dtype=torch.bool, device=guide.device)
        if hidden is not None:
            guide = torch.where(hidden[:, None], self.vocabulary.pad, guide)
        x, timing = self.guide_input(guide), state.timing
        if self.guide_duration is not None and self.response_duration is not None and timing is not None:
            if durations is None:
                raise ValueError("this model was made to know how long segments are: pass their durations")
            seconds = durations if hidden is None else torch.where(hidden[:, None], 0.0, durations)
            x = x + self.guide_duration(seconds)
            timing = torch.cat([timing, self.response_duration(seconds)], dim=1)
        if self.crosses or self.guide_layers:
            x = self.dropout(x + sinusoids(first, n, x) if self.adds_positions else x)
        sight = Sight(self._guide_bias(valid, padded, n), first)
        heard = []
        for index, layer in enumerate(self.guide_layers):
            x, kept = layer(x, sight, state.heard[index] if state.heard else None)
            heard.append(kept)
        new = [layer.crossed(x, first) for layer in self.layers if isinstance(layer, Layer) and self.crosses]
        if state.crossed:
            crossed = [kept.extended(more) for kept, more in zip(state.crossed, new, strict=True)]
        else:
            crossed = [KeysValues.of(more) for more in new]
        guide_states = torch.cat([state.guide, x], dim=1)
        return replace(
            state,
            guide=guide_states,
            valid=valid,
            padded=padded,
            timing=timing,
            heard=tuple(heard),
            crossed=tuple(crossed),
        )

    def _conditioned(self, x: Tensor, state: DecoderState) -> Tensor:
        """The response's input (batch, n, dimension) with what goes with it at the same time."""
        start, n = state.position, x.shape[1]
        if not self.crosses or self.ahead is not None or state.timing is not None:
            self.visibility.require(start, n, state.guide.shape[1])
        if not self.crosses:
            x = x + self.visibility.beside(state.guide, start, n)
        if self.latest is not None:
            x = x + self.latest(self.visibility.latest(state.guide, state.valid, start, n))
        if state.timing is not None:
            x = x + self.visibility.beside(state.timing, start, n)
        return x

    def _crossing(self, state: DecoderState, n: int) -> Sight | None:
        """What of the guide the next n tokens see by cross-attention."""
        if not self.crosses:
            return None
        start, keys = state.position, state.guide.shape[1]
        visible = state.valid[:, None] if state.padded else None
        if self.visibility.hides(start, keys):
            horizon = self.visibility.guide(start, n, keys, state.guide.device)
            visible = horizon if visible is None else visible & horizon
        return Sight(None if visible is None else self._bias(visible), start + self.visibility.lead)

    def _guide_bias(self, valid: Tensor, padded: bool, n: int) -> Tensor | None:
        """What the last n of the guide's places see of it: all of it, or what was before them (never filler)."""
        if self.ahead is None:
            return self._bias(valid[:, None]) if padded else None
        return None if n == 1 else self._bias(self.visibility.past(valid.shape[1] - n, n, valid.device))

    def _bias(self, visible: Tensor) -> Tensor:
        """What attention adds to its scores (batch x heads or 1, n or 1, keys): minus infinity where not `visible`."""
        bias = torch.zeros(visible.shape, device=visible.device).masked_fill_(~visible, -torch.inf)
        return bias if len(bias) == 1 else bias.repeat_interleave(self.heads, dim=0)
