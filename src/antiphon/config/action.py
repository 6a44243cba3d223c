"""Settings of action: tokens to sound (paper 3.3, 4.3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from antiphon.config.section import Cost, Section, Share


class ActionSettings(Section):
    """Tokens to sound (paper 3.3, 4.3)."""

    grid: Literal["auto", "beats", "seconds"] = "auto"
    """What a segment is: a beat (or two, or half of one) of the guide and of the memory, where both have a beat that is
    clear, so that the response is in time; beats however clear; or so many seconds."""
    tempo_bpm: float | None = Field(None, ge=20, le=400)
    """The tempo of guide and memory, where it is known: it wins over what is heard."""
    stretch: float = Field(0.0, ge=0, le=0.08)
    """By which share a recording of the memory may be played faster or slower, at its own pitch, to be at the guide's
    tempo, where both have a steady one: 0.08 is 8 %. It needs the extra `stretch`."""
    match: Literal["distribution", "class"] = "distribution"
    """What a segment has to match: everything that the decision holds possible, as far as it does, so that a near class
    may be played; or exactly the class that was drawn (the paper)."""
    jump_cost: Cost = 1.0
    """Cost of leaving a place in the memory for one without shared context; going on costs nothing."""
    shared_context_cost: Cost = 0.1
    """Cost of a jump to a place whose previous label is the one just played."""
    boundary_cost: Cost = 0.1
    """Price of a typical cut by how its two edges sound (spectrum, pitch, loudness), on top of the jump; 0 does not
    listen to edges. On 13 minutes of orchestra 0.1 took away a third of what cuts have above the music's own changes,
    without one joint more; from 0.25 on there were more."""
    short_cost: Cost = 1.0
    """Cost of a segment times the share of its interval that it is too short to fill."""
    phase_cost: Cost = 0.5
    """Cost of a segment from another beat of the bar than that on which it is played, where beats are known."""
    phrase_seconds: float = Field(3.0, gt=0, le=3600)
    """How long a phrase is, an unbroken copy of the memory: leaving one earlier costs."""
    phrase_cost: Cost = 2.0
    """Cost of leaving a copy at once, on top of the jump; less the longer it has lasted, nothing after
    `phrase_seconds`."""
    novelty: Cost = 0.5
    """Cost of playing a memory segment once more, three times as much where it was just heard; 0 repeats freely."""
    harmony: Cost = 0.0
    """Cost of a segment times how little its chroma agrees with the guide's at that moment (0 to 2): how closely the
    guide's harmony is followed, whatever was learned."""
    dynamics: Cost = 0.0
    """Cost of a segment times how far its level among the memory's is from the guide's among the guide's, in standard
    deviations: how closely the guide's loudness is followed, whatever was learned."""
    activity: Cost = 0.0
    """Cost of a segment times how far it is from being as busy among the memory's as the guide's is among the guide's,
    in standard deviations of the logarithm of onset strength: how closely few notes answer few, and many many."""
    density: Share = 1.0
    """Share of the time that is played at most: of the phrases those that fit best, the others are silence."""
    longest_copy: int = Field(0, ge=0, le=10_000)
    """Segments after which a copy of the memory must be left; 0 never. It is given up where no path keeps it."""
    minimum_run: int = Field(1, ge=1, le=1000)
    """Segments before which no jump may leave a copy; silence and the end may. It is lowered where no path keeps it."""
    reuse: bool = True
    """Whether a segment may be played more than once. Without, near classes are played, and a segment comes back only
    where the memory has no other left; the path is no longer certainly the cheapest."""
    allowed_regions: tuple[str, ...] = ()
    """If given, only these spans of the memory are played: `FILE:START-END`, or `START-END` of every file, in
    seconds."""
    taboo_regions: tuple[str, ...] = ()
    """Spans of the memory that are never played, written in the same way."""
    variation: Cost = 0.0
    """Draws the path by the seed, each with a probability in proportion to exp(-cost / variation); 0 takes the
    cheapest."""
    selector: Literal["optimal", "oracle"] = "optimal"
    """The cheapest path, or the paper's way: longest prefixes over a factor oracle."""
    crossfade_seconds: float = Field(0.05, ge=0, le=1)
    """Length of the fade at a joint, centred on it; 0 cuts hard."""
    join_search_seconds: float = Field(0.005, ge=0, le=0.1)
    """After a joint the memory is entered up to this much earlier, where it fits best (the paper's code: not at all).
    5 ms are a period of 200 Hz; 0 enters at the segment's border."""
    loudness: Literal["keep", "guide"] = "keep"
    """Keep the memory's own level, or be as loud as the guide (integrated loudness, ITU-R BS.1770)."""
    ride: Share = 0.0
    """How far the level of each phrase is brought towards the guide's there, as it rises and falls: 0 leaves it, 1 all
    the way, 9 dB at most."""
    true_peak_dbtp: float = Field(-0.1, ge=-100, le=0)
    """A response whose peak between samples passes this is turned down as a whole, never up. The paper's code stretches
    every response to full scale."""

    @property
    def follows_guide(self) -> bool:
        """Whether it matters how guide and memory sound beside their tokens."""
        return self.match == "distribution" and bool(self.harmony or self.dynamics or self.activity)

    @model_validator(mode="after")
    def _caps_leave_a_path(self) -> ActionSettings:
        if 0 < self.longest_copy < self.minimum_run:
            raise ValueError("longest_copy must not be below minimum_run")
        if self.selector == "oracle" and (self.minimum_run > 1 or not self.reuse):
            raise ValueError("selector oracle knows neither minimum_run nor reuse: take optimal")
        return self
