"""P(x) (paper 3.1, 4.1): encode, segment, condense, quantise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.audio import dbfs
from antiphon.config import PerceptionSettings
from antiphon.errors import WrongAlphabet
from antiphon.interfaces import Encoder, Sound
from antiphon.perception.alphabet import recipe_of
from antiphon.perception.block_encoding import sound_of
from antiphon.perception.cache import FrameCache
from antiphon.perception.condensers import condensed, make_condenser
from antiphon.perception.encoders import make_encoder
from antiphon.perception.envelope import activity, mean_power
from antiphon.perception.levelling import LevelledSound, without_noise
from antiphon.perception.quantizers import make_quantizer
from antiphon.perception.segmenters import heard_intervals, make_segmenter
from antiphon.perception.streaming import TokenStream, token_stream
from antiphon.types import Alphabet, Audio, Features, Floats, Seconds, Segments, Tokens


class Perception:
    """Sounds of any length, rate and channels to segments and tokens.

    `encoder` is the one that `settings` name unless another is given; `cache` keeps nothing unless one is given.
    """

    def __init__(
        self, settings: PerceptionSettings, encoder: Encoder | None = None, cache: FrameCache | None = None
    ) -> None:
        self.settings = settings
        self.encoder = make_encoder(settings.encoder) if encoder is None else encoder
        self._cache = FrameCache(None) if cache is None else cache
        self._segment = make_segmenter(settings)
        self._condense = make_condenser(settings.condenser)

    @property
    def cache_directory(self) -> Path | None:
        """Where what is heard is kept; None where nothing is."""
        return self._cache.directory

    @property
    def recipe(self) -> str:
        """Everything but the codebook on which labels depend: JSON, the recipe of every alphabet fitted here."""
        return recipe_of(self.encoder, self.settings)

    def segments(self, sound: Audio | Sound, intervals: Seconds | None = None) -> tuple[Segments, Seconds]:
        """Vectors and levels of the segments over `intervals` (n, 2) in seconds, and these intervals.

        The settings' segments of the whole sound unless others are given. A given segment that starts after the end of
        the sound is silent. Raises BadData for a sound without samples, or one that cannot be read.
        """
        if intervals is None:
            intervals = self._intervals(sound)
        return self.segments_over(sound, (intervals,))[0], intervals

    def segments_as_guide(self, sound: Audio | Sound) -> tuple[Segments, Segments | None, Seconds]:
        """As `segments`, and between its two values the segments in which the sound is heard as a guide (n), None where
        those are the same."""
        intervals = self._intervals(sound)
        if not self.settings.hears_late:
            return self.segments_over(sound, (intervals,))[0], None, intervals
        segments, heard = self.segments_over(sound, (intervals, heard_intervals(intervals, self.settings)))
        return segments, heard, intervals

    def _intervals(self, sound: Audio | Sound) -> Seconds:
        """The settings' segments of a whole sound."""
        heard = self._heard(sound)
        return self._segment(heard.duration, lambda: self._cache.onsets(heard, self.encoder))

    def onsets(self, sound: Audio | Sound) -> Floats:
        """Onset strength (cells,) every 10 ms of a whole sound."""
        return self._cache.onsets(self._heard(sound), self.encoder)

    def activity(self, sound: Audio | Sound, intervals: Seconds) -> Floats:
        """How busy a sound is (n,) over intervals (n, 2), in octaves of onset strength."""
        return activity(self.onsets(sound), intervals)

    def segments_over(self, sound: Audio | Sound, grids: Sequence[Seconds]) -> tuple[Segments, ...]:
        """The segments of one sound over several grids (n, 2), in one walk; past the end of the sound they are silent.

        Raises BadData as `segments` does.
        """
        sound = self._heard(sound)
        power: list[Floats] = []

        def heard() -> Iterator[Features]:
            for piece in self._cache.pieces(sound, self.encoder):
                power.append(piece.envelope.power)
                yield piece.features

        vectors = condensed(heard(), grids, self._condense)
        cells, duration = np.concatenate(power), sound.duration
        levels = [dbfs(mean_power(cells, grid, duration)) for grid in grids]
        if self.settings.loudness == "normalized":
            levels = [without_noise(each, cells) for each in levels]
        return tuple(Segments(*each) for each in zip(vectors, levels, strict=True))

    def _heard(self, sound: Audio | Sound) -> Sound:
        """What the encoder is given: the sound, at one loudness where the settings want it."""
        if self.settings.loudness == "absolute" or isinstance(sound, LevelledSound):
            return sound_of(sound)
        return LevelledSound(sound_of(sound))

    def require(self, alphabet: Alphabet) -> None:
        """Raise WrongAlphabet, naming what differs, for an alphabet of another perception."""
        if alphabet.recipe != self.recipe:
            raise WrongAlphabet(_differences(alphabet.recipe, self.recipe))

    def tokens(self, sound: Audio | Sound, alphabet: Alphabet, intervals: Seconds | None = None) -> Tokens:
        """The symbolic sequence x_q (paper equation 2) over `intervals`, the settings' segments unless given.

        Raises WrongAlphabet as `require` does.
        """
        self.require(alphabet)
        segments, intervals = self.segments(sound, intervals)
        return Tokens(make_quantizer(alphabet)(segments), intervals, alphabet.id)

    def guide_tokens(self, sound: Audio | Sound, alphabet: Alphabet, intervals: Seconds | None = None) -> Tokens:
        """As `tokens`, of a sound that is to be answered: what is known of it when each of `intervals` is decided."""
        if not self.settings.hears_late:
            return self.tokens(sound, alphabet, intervals)
        intervals = self._intervals(sound) if intervals is None else intervals
        heard = self.tokens(sound, alphabet, heard_intervals(intervals, self.settings))
        return Tokens(heard.ids, intervals, alphabet.id)

    def stream(self, alphabet: Alphabet) -> TokenStream:
        """The guide's tokens of a sound that arrives in blocks, which is heard as loud as it comes: what plays live has
        a sound check. Raises WrongAlphabet as `require` does, and SettingsError for segments that are not uniform."""
        self.require(alphabet)
        return token_stream(self.settings, self.encoder, alphabet)


def _differences(theirs: str, ours: str) -> str:
    """A sentence that says where two recipes differ."""
    made, asked = _flattened(theirs), _flattened(ours)
    parts = [
        f"{key} is {made.get(key, 'not there')} in the alphabet, {asked.get(key, 'not there')} here"
        for key in sorted({*made, *asked})
        if made.get(key) != asked.get(key)
    ]
    return f"the alphabet was made by another perception: {'; '.join(parts)}"


def _flattened(value: Any, prefix: str = "") -> dict[str, Any]:
    """Values by dotted key; an encoder's identity that is itself JSON is taken apart too."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return {prefix: value}
        value = inner if isinstance(inner, dict) else value
    if not isinstance(value, dict):
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, item in value.items():
        flat.update(_flattened(item, f"{prefix}.{key}" if prefix else key))
    return flat
