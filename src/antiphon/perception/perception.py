"""P(x) (paper 3.1, 4.1): encode, segment, condense, quantise."""

from __future__ import annotations

import json
from typing import Any

from antiphon.audio import dbfs, interval_power
from antiphon.config import PerceptionSettings
from antiphon.errors import WrongAlphabet
from antiphon.interfaces import Encoder
from antiphon.perception.alphabet import recipe_of
from antiphon.perception.cache import FrameCache
from antiphon.perception.condensers import make_condenser
from antiphon.perception.encoders import make_encoder
from antiphon.perception.quantizers import make_quantizer
from antiphon.perception.segmenters import uniform_intervals
from antiphon.types import Alphabet, Audio, Seconds, Segments, Tokens


class Perception:
    """Audio of any rate and channels to segments and tokens.

    `encoder` is the one that `settings` name unless another is given; `cache` keeps nothing unless one is given.
    """

    def __init__(
        self, settings: PerceptionSettings, encoder: Encoder | None = None, cache: FrameCache | None = None
    ) -> None:
        self.settings = settings
        self.encoder = make_encoder(settings.encoder) if encoder is None else encoder
        self._cache = FrameCache(None) if cache is None else cache
        self._condense = make_condenser(settings.condenser)

    @property
    def recipe(self) -> str:
        """Everything but the codebook on which labels depend: JSON, the recipe of every alphabet fitted here."""
        return recipe_of(self.encoder, self.settings)

    def segments(self, audio: Audio, intervals: Seconds | None = None) -> tuple[Segments, Seconds]:
        """Vectors and levels of the segments over `intervals` (n, 2) in seconds, and these intervals.

        Uniform intervals over the whole audio unless others are given. A given segment that starts after the end of the
        audio is silent. Raises BadData for audio without samples.
        """
        if intervals is None:
            intervals = uniform_intervals(audio.duration, self.settings.segment_seconds)
        vectors = self._condense(self._cache.frames(audio, self.encoder), intervals)
        return Segments(vectors, dbfs(interval_power(audio, intervals))), intervals

    def require(self, alphabet: Alphabet) -> None:
        """Raise WrongAlphabet, naming what differs, for an alphabet of another perception."""
        if alphabet.recipe != self.recipe:
            raise WrongAlphabet(_differences(alphabet.recipe, self.recipe))

    def tokens(self, audio: Audio, alphabet: Alphabet, intervals: Seconds | None = None) -> Tokens:
        """The symbolic sequence x_q (paper equation 2) over `intervals`, uniform unless given.

        Raises WrongAlphabet as `require` does.
        """
        self.require(alphabet)
        segments, intervals = self.segments(audio, intervals)
        return Tokens(make_quantizer(alphabet)(segments), intervals, alphabet.id)


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
