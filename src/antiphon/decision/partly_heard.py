"""A trained network that decides before it has heard: what of the guide has not come yet is hidden from it.

A network that has learned with the whole guide asks for all of it at its first step; one that has learned with a delay
asks for what that delay has let through. Here each is told what is there. Where more of the guide comes, all of the
window is read anew in one pass, so that what was heard late still counts for what comes next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch

from antiphon.decision.guidance import GuidedDecision
from antiphon.decision.neural import suitable_threads
from antiphon.decision.playing import ReadsAtOnce
from antiphon.decision.transformer import DecisionNetwork, DecoderState
from antiphon.interfaces import DecisionModel
from antiphon.types import Floats, Ids, Seconds


@dataclass(frozen=True, eq=False)
class Reading:
    """What was heard (guides, h) and played (guides, p, a beginning before it) so far, and the network's state where
    that is all that it knows; with a bounded view it knows as many `places` of the guide."""

    heard: Ids
    durations: Seconds | None
    played: Ids
    network: DecoderState | None = None
    places: int = 0


@dataclass(frozen=True, eq=False)
class PartlyHeardDecision:
    """A network that decides with as much of the guide as there is; a window has `window` segments.

    `hidden` and `guide_only` as for `NeuralDecision`, whose numbers these are where all that it asks for was heard.
    """

    network: DecisionNetwork
    window: int
    hidden: bool = False
    guide_only: bool = False

    @property
    def classes(self) -> int:
        """How many ids it chooses from."""
        return self.network.vocabulary.classes

    def start(self, guides: int) -> Reading:
        """Nothing was heard or played."""
        nothing = np.zeros((guides, 0), dtype=np.int64)
        return Reading(nothing, None, nothing)

    def step(
        self, state: Reading, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Reading, Floats]:
        """See `interfaces.DecisionModel`. `heard` may be behind what is decided, and may be nothing."""
        return self.step_hidden(state, heard, previous, durations)[:2]

    def step_hidden(
        self, state: Reading, heard: Ids, previous: Ids | None, durations: Seconds | None = None
    ) -> tuple[Reading, Floats, Floats]:
        """As `step`, and the hidden states (guides, dimension) behind the log-probabilities."""
        first = np.full(len(heard), self.network.vocabulary.bos, dtype=np.int64)
        new = first if previous is None or self.guide_only else previous
        state = replace(
            state,
            heard=np.concatenate([state.heard, heard], axis=1),
            durations=_behind(state.durations, durations),
            played=np.concatenate([state.played, new[:, np.newaxis]], axis=1),
            network=state.network if self.hidden or not heard.shape[1] else None,
        )
        return self._decided(state)

    def again(self, heard: Ids, played: Ids, durations: Seconds | None = None) -> tuple[Reading, Floats]:
        """The state and the answer after `heard` (guides, h) and `played` (guides, p), read at once."""
        return self.again_hidden(heard, played, durations)[:2]

    def again_hidden(self, heard: Ids, played: Ids, durations: Seconds | None = None) -> tuple[Reading, Floats, Floats]:
        """As `again`, and the hidden states (guides, dimension) behind the log-probabilities."""
        before = np.full((len(heard), 1), self.network.vocabulary.bos, dtype=np.int64)
        own = np.concatenate([before, np.full_like(played, before[0, 0]) if self.guide_only else played], axis=1)
        return self._decided(Reading(heard, durations, own))

    @torch.inference_mode()
    def _decided(self, state: Reading) -> tuple[Reading, Floats, Floats]:
        if self.network.training:
            self.network.eval()
        place = state.played.shape[1] - 1
        with suitable_threads(self.network):
            if state.network is None or place >= state.places:
                state, new = self._listened(state, place), state.played
            else:
                new = state.played[:, -1:]
            assert state.network is not None
            network, hidden = self.network.decode_hidden(state.network, torch.as_tensor(new))
            found = torch.log_softmax(self.network.output(hidden)[:, -1].float(), dim=-1).numpy()
        return replace(state, network=network), found, hidden[:, -1].float().numpy()

    def _listened(self, state: Reading, place: int) -> Reading:
        """With the guide heard anew, hidden where it has not come: as far as the window goes."""
        places = max(self.window, place + 1, state.heard.shape[1])
        ahead = self.network.ahead or 0
        wanted = places + max(ahead, 0)
        missing = max(0, wanted - state.heard.shape[1])
        deaf = self.hidden or (self.network.ahead is None and not state.heard.shape[1])
        # Of a hidden guide any token will do; of one that is not there yet no place counts.
        fill = 0 if deaf else self.network.vocabulary.pad
        guide = np.pad(state.heard, ((0, 0), (0, missing)), constant_values=fill)
        seconds = None
        if state.durations is not None:
            lasting = np.pad(state.durations, ((0, 0), (0, missing)))
            lasting[:, wanted - missing :] = lasting[:, : wanted - missing].mean() if missing < wanted else 0.0
            seconds = torch.as_tensor(lasting, dtype=torch.float32)
        hidden = torch.ones(len(guide), dtype=torch.bool) if deaf else None
        network = self.network.listen(torch.as_tensor(guide), seconds, hidden)
        return replace(state, network=network, places=places)


class ReadsPartly(DecisionModel, ReadsAtOnce, Protocol):
    """A decision by as much of the guide as there is, which also reads at once."""


@dataclass(frozen=True, eq=False)
class PartlyGuidedDecision(GuidedDecision):
    """Guidance between two of them, which also reads at once."""

    heard: ReadsPartly
    hidden: ReadsPartly

    def again(self, heard: Ids, played: Ids, durations: Seconds | None = None) -> tuple[tuple[object, object], Floats]:
        """See `playing.ReadsAtOnce`."""
        heard_state, hearing = self.heard.again(heard, played, durations)
        hidden_state, deaf = self.hidden.again(heard, played, durations)
        return (heard_state, hidden_state), self._mixed(hearing, deaf)


def partly_heard(
    network: DecisionNetwork,
    window: int,
    *,
    guidance: float = 1.0,
    guide_only: bool = False,
    remembering: Callable[[PartlyHeardDecision], ReadsPartly] = lambda model: model,
) -> ReadsPartly:
    """The network as a live agent asks it: the guide counts as much as `guidance` says; `remembering` adds what it
    knows beside itself, to it as it hears and as it does not."""
    heard = PartlyHeardDecision(network, window, guide_only=guide_only)
    if guidance == 1:
        return remembering(heard)
    return PartlyGuidedDecision(remembering(heard), remembering(replace(heard, hidden=True)), guidance)


def _behind(before: Seconds | None, later: Seconds | None) -> Any:
    if before is None or later is None:
        return later if before is None else before
    return np.concatenate([before, later], axis=1)
