"""Loudness and brightness as an encoder: a class of your own imports nothing of Antiphon but the values."""

import numpy as np

import antiphon
from antiphon.types import Audio, Features


class LoudnessAndBrightness:
    identity = "loudness and brightness, 1"
    sample_rate = 16000
    lookahead_seconds = 0.025
    standardize = True

    def encode(self, audio: Audio) -> Features:
        frames = np.lib.stride_tricks.sliding_window_view(audio.samples[:, 0], 800)[::400]
        power = np.mean(frames**2, axis=1)
        crossings = np.mean(np.diff(np.sign(frames), axis=1) != 0, axis=1)
        values = np.stack([np.log(power + 1e-9), crossings], axis=1).astype(np.float32)
        return Features(values, (np.arange(len(frames)) * 400 + 400) / 16000, power)


if __name__ == "__main__":
    agent = antiphon.train("multitracks", encoder=LoudnessAndBrightness())
    memory = agent.memory(antiphon.read("memory.wav"))
    antiphon.write("response.wav", agent.respond(antiphon.read("guide.wav"), memory, seed=1).audio)
