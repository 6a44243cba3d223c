"""A response written as it is rendered is the response written at once."""

import numpy as np
from action_making import memory, path, uniform, with_sound

from antiphon import audio
from antiphon.action.export.streaming import rendered_blocks, write_blocks
from antiphon.action.rendering.crossfade import Crossfade
from antiphon.action.rendering.loudness import balanced
from antiphon.config import ActionSettings
from antiphon.types import Audio


def test_a_stream_is_the_file_that_is_written_at_once(tmp_path):
    quiet = memory(range(30), 0.1, rate=2000, channels=2)
    loud = with_sound(range(30), quiet.audio.samples * np.float32(3), 2000, 0.1)
    guide = Audio(np.random.default_rng(1).uniform(-0.1, 0.1, (9000, 1)).astype(np.float32), 3000)
    chosen = path(np.random.default_rng(0).integers(0, 30, 600), loud)
    renderer, intervals = Crossfade(0.05, 0.005), uniform(600, 0.1)
    for settings in (ActionSettings(), ActionSettings(loudness="guide")):
        blocks = rendered_blocks(renderer, chosen, loud, intervals)
        assert len(list(blocks)) > 2
        gain = write_blocks(tmp_path / "stream.wav", blocks, [guide], settings)
        whole, expected = balanced(renderer(chosen, loud, intervals), guide, settings)
        audio.write(tmp_path / "whole.wav", whole)
        assert abs(gain - expected) < 1e-9
        assert gain < 0.7
        difference = audio.read(tmp_path / "stream.wav").samples - audio.read(tmp_path / "whole.wav").samples
        assert np.abs(difference).max() <= 2**-23
