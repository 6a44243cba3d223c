"""Settings of action: tokens to sound (paper 3.3, 4.3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from antiphon.config.section import Section


class ActionSettings(Section):
    """Tokens to sound (paper 3.3, 4.3)."""

    jump_cost: float = Field(1.0, ge=0)
    """Cost of leaving a place in the memory for one without shared context; going on costs nothing."""
    shared_context_cost: float = Field(0.1, ge=0)
    """Cost of a jump to a place whose previous label is the one just played."""
    boundary_cost: float = Field(0.1, ge=0)
    """Price of a typical cut by how its two edges sound (spectrum, pitch, loudness), on top of the jump; 0 does not
    listen to edges. On 13 minutes of orchestra 0.1 took away a third of what cuts have above the music's own changes,
    without one joint more; from 0.25 on there were more."""
    short_cost: float = Field(1.0, ge=0)
    """Cost of a segment times the share of its interval that it is too short to fill."""
    phase_cost: float = Field(0.5, ge=0)
    """Cost of a segment from another beat of the bar than that on which it is played, where beats are known."""
    longest_copy: int = Field(0, ge=0)
    """Segments after which a copy of the memory must be left; 0 never."""
    minimum_run: int = Field(1, ge=1)
    """Segments before which no jump may leave a copy; silence and the end may."""
    reuse: bool = True
    """Whether a segment may be played more than once. Without, the path is no longer certainly the cheapest."""
    allowed_regions: tuple[str, ...] = ()
    """If given, only these spans of the memory are played: `FILE:START-END`, or `START-END` of every file, in
    seconds."""
    taboo_regions: tuple[str, ...] = ()
    """Spans of the memory that are never played, written in the same way."""
    variation: float = Field(0.0, ge=0)
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
    true_peak_dbtp: float = Field(-0.1, le=0)
    """A response whose peak between samples passes this is turned down as a whole, never up. The paper's code stretches
    every response to full scale."""

    @model_validator(mode="after")
    def _caps_leave_a_path(self) -> ActionSettings:
        if 0 < self.longest_copy < self.minimum_run:
            raise ValueError("longest_copy must not be below minimum_run")
        if self.selector == "oracle" and (self.minimum_run > 1 or not self.reuse):
            raise ValueError("selector oracle knows neither minimum_run nor reuse: take optimal")
        return self
