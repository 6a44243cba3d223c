"""P(x) of a sound that arrives in blocks (paper figure 1, online): the tokens of the whole file, as soon as they are
final. Over uniform segments by `push` and `finish`; over any others by `fed`, `over` and `since`."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from antiphon.audio import dbfs
from antiphon.config import PerceptionSettings
from antiphon.errors import SettingsError
from antiphon.interfaces import Condenser, Encoder, FrameStream, Quantizer
from antiphon.perception.block_encoding import stream_of
from antiphon.perception.condensers import frames_from, make_condenser
from antiphon.perception.encoders.windows import joined
from antiphon.perception.envelope import CELLS_PER_SECOND, EnvelopeStream, mean_power
from antiphon.perception.quantizers import make_quantizer
from antiphon.perception.segmenters import heard_intervals, uniform_intervals
from antiphon.types import Alphabet, Features, Floats, Seconds, Segments, Tokens


@dataclass(frozen=True, eq=False)
class Tokenization:
    """What does not change while a stream goes on."""

    settings: PerceptionSettings
    sample_rate: int
    delay_seconds: float
    condense: Condenser
    quantize: Quantizer
    alphabet_id: str


@dataclass(frozen=True, eq=False)
class TokenStream:
    """State in, state out: `push` gives the tokens that are final now and the next stream, and leaves this one as it
    was.

    `features` and `power` are what the segments from number `given` on need, the first cell being `first_cell`.
    """

    tokenization: Tokenization
    frames: FrameStream
    cells: EnvelopeStream
    features: tuple[Features, ...] = ()
    power: tuple[Floats, ...] = ()
    first_cell: int = 0
    given: int = 0
    received: int = 0

    @property
    def sample_rate(self) -> int:
        """The rate in Hz of the mono samples that it wants: the encoder's."""
        return self.tokenization.sample_rate

    @property
    def delay_seconds(self) -> float:
        """How long after the start of the segment that is to be answered its token is final at the latest, besides the
        length of a block; less than 0 where it is known before."""
        return self.tokenization.delay_seconds

    @property
    def known(self) -> float:
        """All segments that end by this time in seconds are final: later than it is where they are heard late."""
        heard = sum(map(len, self.power)) + self.first_cell
        delay = self.tokenization.settings.guide_delay_seconds
        return min(self.frames.until, heard / CELLS_PER_SECOND) + delay

    def push(self, samples: Floats) -> tuple[TokenStream, Tokens]:
        """The stream after these mono samples (samples,), and the tokens that are final now, if any."""
        return self.fed(samples)._advanced()

    def fed(self, samples: Floats) -> TokenStream:
        """The stream after these mono samples (samples,)."""
        frames, features = self.frames.push(samples)
        cells, envelope = self.cells.push(samples)
        return replace(
            self,
            frames=frames,
            cells=cells,
            features=(*self.features, *features),
            power=(*self.power, envelope.power),
            received=self.received + len(samples),
        )

    def over(self, intervals: Seconds) -> tuple[Tokens, Floats]:
        """Tokens and levels (n,) in dBFS over intervals (n, 2) in seconds that end by `known` and begin after the last
        `since`."""
        segments = self.segments(intervals)
        return Tokens(self.tokenization.quantize(segments), intervals, self.tokenization.alphabet_id), segments.level

    def segments(self, intervals: Seconds) -> Segments:
        """What is heard of the same intervals, before it is a class."""
        return self._segments(intervals, np.inf)

    def since(self, start: float) -> TokenStream:
        """The stream without what only segments that begin before `start` need."""
        settings = self.tokenization.settings
        if settings.hears_late:
            start = max(0.0, start - settings.guide_delay_seconds - settings.heard_seconds)
        first_cell = max(self.first_cell, int(start * CELLS_PER_SECOND) - 1)
        power = np.concatenate([np.zeros(0, dtype=np.float32), *self.power])[first_cell - self.first_cell :]
        features = (frames_from(joined(self.features), start),) if self.features else ()
        return replace(self, features=features, power=(power,), first_cell=first_cell)

    def finish(self) -> Tokens:
        """The tokens that are left where nothing more comes. With a delay longer than a segment, tokens of segments
        behind the end have been given already."""
        duration = self.received / self.sample_rate
        if not self.received:
            return self._tokens(np.zeros((0, 2)), duration)
        stream = replace(
            self,
            features=(*self.features, *self.frames.finish()),
            power=(*self.power, self.cells.finish().power),
        )
        intervals = uniform_intervals(duration, self.tokenization.settings.segment_seconds)
        return stream._tokens(intervals[self.given :], duration)

    def _advanced(self) -> tuple[TokenStream, Tokens]:
        """The tokens of the segments whose frames and cells are all there, and the stream without what they needed."""
        length = self.tokenization.settings.segment_seconds
        edges = np.arange(self.given, int(self.known / length) + 2) * length
        edges = edges[edges <= self.known]
        intervals = np.stack([edges[:-1], edges[1:]], axis=1)
        if not len(intervals) or not any(len(each.times) for each in self.features):
            return self, self._tokens(intervals[:0], np.inf)
        tokens = self._tokens(intervals, np.inf)
        return replace(self.since(float(edges[-1])), given=self.given + len(intervals)), tokens

    def _tokens(self, intervals: Seconds, duration: float) -> Tokens:
        tokenization = self.tokenization
        if not len(intervals):
            return Tokens(np.zeros(0, dtype=np.int64), np.zeros((0, 2)), tokenization.alphabet_id)
        ids = tokenization.quantize(self._segments(intervals, duration))
        return Tokens(ids, intervals, tokenization.alphabet_id)

    def _segments(self, intervals: Seconds, duration: float) -> Segments:
        """What is heard of the segments over `intervals` (n, 2) of a response."""
        settings = self.tokenization.settings
        heard = heard_intervals(intervals, settings) if settings.hears_late else intervals
        power = mean_power(np.concatenate(self.power), heard, duration, self.first_cell)
        return Segments(self.tokenization.condense(joined(self.features), heard), dbfs(power))


def token_stream(settings: PerceptionSettings, encoder: Encoder, alphabet: Alphabet) -> TokenStream:
    """A stream before its first sample. Raises SettingsError for segments that are not uniform.

    The delay of an encoder without a stream of its own is the whole sound.
    """
    if settings.segmenter != "uniform":
        raise SettingsError("setting perception.segmenter: a stream of tokens needs uniform segments")
    frames = stream_of(encoder)
    delay = settings.segment_seconds - settings.guide_delay_seconds + encoder.lookahead_seconds
    tokenization = Tokenization(
        settings=settings,
        sample_rate=encoder.sample_rate,
        delay_seconds=delay if hasattr(encoder, "stream") else float("inf"),
        condense=make_condenser(settings.condenser),
        quantize=make_quantizer(alphabet),
        alphabet_id=alphabet.id,
    )
    return TokenStream(tokenization, frames, EnvelopeStream(encoder.sample_rate))
