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
from antiphon.perception.segmenters import uniform_intervals
from antiphon.types import Alphabet, Features, Floats, Seconds, Segments, Tokens


@dataclass(frozen=True, eq=False)
class Hearing:
    """What does not change while a stream goes on."""

    segment_seconds: float
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

    hearing: Hearing
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
        return self.hearing.sample_rate

    @property
    def delay_seconds(self) -> float:
        """How long after its first sample a segment's token is final at the latest, besides the length of a block."""
        return self.hearing.delay_seconds

    @property
    def known(self) -> float:
        """All that ends by this time in seconds is final."""
        heard = sum(map(len, self.power)) + self.first_cell
        return min(self.frames.until, heard / CELLS_PER_SECOND)

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
        segments = self._segments(intervals, np.inf)
        return Tokens(self.hearing.quantize(segments), intervals, self.hearing.alphabet_id), segments.level

    def since(self, start: float) -> TokenStream:
        """The stream without what only segments that begin before `start` need."""
        first_cell = max(self.first_cell, int(start * CELLS_PER_SECOND) - 1)
        power = np.concatenate([np.zeros(0, dtype=np.float32), *self.power])[first_cell - self.first_cell :]
        features = (frames_from(joined(self.features), start),) if self.features else ()
        return replace(self, features=features, power=(power,), first_cell=first_cell)

    def finish(self) -> Tokens:
        """The tokens that are left where nothing more comes."""
        duration = self.received / self.sample_rate
        if not self.received:
            return self._tokens(np.zeros((0, 2)), duration)
        stream = replace(
            self,
            features=(*self.features, *self.frames.finish()),
            power=(*self.power, self.cells.finish().power),
        )
        return stream._tokens(uniform_intervals(duration, self.hearing.segment_seconds)[self.given :], duration)

    def _advanced(self) -> tuple[TokenStream, Tokens]:
        """The tokens of the segments whose frames and cells are all there, and the stream without what they needed."""
        length, known = self.hearing.segment_seconds, self.known
        edges = np.arange(self.given, int(known / length) + 2) * length
        edges = edges[edges <= known]
        intervals = np.stack([edges[:-1], edges[1:]], axis=1)
        if not len(intervals):
            return self, self._tokens(intervals, np.inf)
        tokens = self._tokens(intervals, np.inf)
        return replace(self.since(float(edges[-1])), given=self.given + len(intervals)), tokens

    def _tokens(self, intervals: Seconds, duration: float) -> Tokens:
        if not len(intervals):
            return Tokens(np.zeros(0, dtype=np.int64), np.zeros((0, 2)), self.hearing.alphabet_id)
        ids = self.hearing.quantize(self._segments(intervals, duration))
        return Tokens(ids, intervals, self.hearing.alphabet_id)

    def _segments(self, intervals: Seconds, duration: float) -> Segments:
        power = mean_power(np.concatenate(self.power), intervals, duration, self.first_cell)
        return Segments(self.hearing.condense(joined(self.features), intervals), dbfs(power))


def token_stream(settings: PerceptionSettings, encoder: Encoder, alphabet: Alphabet) -> TokenStream:
    """A stream before its first sample. Raises SettingsError for segments that are not uniform.

    The delay of an encoder without a stream of its own is the whole sound.
    """
    if settings.segmenter != "uniform":
        raise SettingsError("setting perception.segmenter: a stream of tokens needs uniform segments")
    frames = stream_of(encoder)
    delay = settings.segment_seconds + encoder.lookahead_seconds
    hearing = Hearing(
        segment_seconds=settings.segment_seconds,
        sample_rate=encoder.sample_rate,
        delay_seconds=delay if hasattr(encoder, "stream") else float("inf"),
        condense=make_condenser(settings.condenser),
        quantize=make_quantizer(alphabet),
        alphabet_id=alphabet.id,
    )
    return TokenStream(hearing, frames, EnvelopeStream(encoder.sample_rate))
