"""Settings of the decision: the network, and how a token is drawn from its distribution (paper 3.2, 4.2)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from antiphon.config.section import Section, Share


class DecisionSettings(Section):
    """The network p(y_t | y_<t, x) (paper 3.2, 4.2)."""

    layers: int = Field(3, ge=1, le=96)
    """Decoder layers. The paper has 6; over-fitting starts sooner with more on minutes of music."""
    heads: int = Field(4, ge=1, le=256)
    """Attention heads (paper: 12)."""
    dimension: int = Field(128, ge=8, le=8192)
    """Width of the model (paper: 768). On 80 chorales 192 gained nothing over 128 (3.27 bits on held-out tunes
    both)."""
    feed_forward: int = Field(512, ge=8, le=65536)
    """Width of the feed-forward layers (paper: 2048)."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout while training (paper 5.2)."""
    conditioning: Literal["aligned", "cross-attention"] = "aligned"
    """How the guide enters: added where it sounds, or attended to as in the paper. Aligned needs fewer steps: guide and
    response share one time grid, which cross-attention has to discover first."""
    guide_layers: int = Field(2, ge=0, le=96)
    """Encoder layers over the guide before it conditions the decoder (paper: none)."""
    positions: Literal["sinusoidal", "rotary", "relative"] = "rotary"
    """How the network knows where it is: added to its input (Vaswani et al., 2017), or, where attention compares two
    places, as a rotation (Su et al., 2021) or a learned number for each distance (Raffel et al., 2020, 2.1)."""
    token_input: Literal["embedding", "centroids"] = "embedding"
    """What stands for a token: a learned vector, or its centroid through a learned map (as the paper's own runs)."""
    durations: bool = False
    """Whether the length of each segment is an input too; for segments that vary (onsets, beats)."""
    lookahead_seconds: float | None = Field(None, ge=-3600, le=3600)
    """How far beyond the segment being decided the guide is heard: unset all of it, 0 up to that segment's end (what a
    live agent has, once the segment is over), negative further back."""
    norm: Literal["pre", "post"] = "pre"
    """Layer normalisation before each part, which trains without a long warm-up, or after it (Vaswani et al., 2017)."""

    @model_validator(mode="after")
    def _heads_divide_the_model(self) -> DecisionSettings:
        if self.dimension % (2 * self.heads):
            raise ValueError("dimension must be an even multiple of heads")
        return self


class SamplingSettings(Section):
    """How a token is drawn from the model's distribution (paper 4.2, 4.3)."""

    temperature: float = Field(1.0, ge=0, le=1000)
    """Flattens (above 1) or sharpens (below 1) the distribution; 0 takes the most probable."""
    top_p: float = Field(0.8, gt=0, le=1)
    """Nucleus (Holtzman et al., 2020): the smallest set of tokens that holds at least this probability (paper: 0.8)."""
    top_k: int = Field(0, ge=0, le=65537)
    """Only this many of the most probable tokens, before the nucleus is taken; 0 keeps all."""
    consensus: int = Field(1, ge=1, le=1024)
    """The class that most of so many independent samples have at a position, each on its own past. It agrees with the
    truth at more positions than any sample does (TPP), and is less varied than music."""
    best_of: int = Field(1, ge=1, le=1024)
    """So many whole responses, of which the one that is most probable to the model is kept. Not for live playing."""
    guidance: float = Field(1.0, ge=0, le=100)
    """How much the guide counts: 0 as if it were not heard, 1 as learned, above 1 more than learned."""
    past: bool = True
    """Whether a token follows from what was played before it. Without, from the guide alone: the most probable ones
    (temperature 0) then agree with the truth at more positions than any other way, and hold together least. The agent
    must have learned with `training.hide_past`."""
    repetition: Share = 1.0
    """Repeats are left to the model up to the length that this share of the training music's own repeats do not pass;
    beyond it they become the less likely, the rarer such lengths are in the music. 1 leaves all to the model."""
    rests: Literal["free", "follow", "fill"] = "free"
    """When a response rests: as the decision has it, which rests as long as the music it learned from; where the guide
    rests for a second or longer, and only there; or never (`fill`), so that it plays on through the guide's rests."""
    constraint: Literal["hard", "soft", "off"] = "hard"
    """Keep to the labels of the memory: always, or where the nucleus holds one (paper 4.3), or never. The paper's soft
    form can ask for a label that the memory lacks, which it plays as silence."""

    @field_validator("rests", mode="before")
    @classmethod
    def _was_a_switch(cls, value: object) -> object:
        """Agents of earlier versions say true or false: may it rest?"""
        return {True: "free", False: "fill"}[value] if isinstance(value, bool) else value
