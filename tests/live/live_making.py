"""What the tests of live play share: a small agent that hears at once, sounds, and events."""

from functools import lru_cache

import numpy as np
import torch

from antiphon.agent import Agent
from antiphon.agent.memory import joined_memory
from antiphon.config import Settings
from antiphon.decision.transformer import DecisionNetwork
from antiphon.decision.visibility import segments_ahead
from antiphon.live.commands import Commit, Play, Status
from antiphon.live.events import Cue
from antiphon.live.session import Session
from antiphon.live.simulation import blocks_of, performed, with_cues
from antiphon.perception import Perception, fit_alphabet
from antiphon.types import Audio

RATE = 22050
BLOCK = 1024
"""Frames that a session hears at once: fewer events than with a device's blocks, and the same is played."""

TREE = {
    "perception": {
        "encoder": {"name": "chroma-mfcc", "lookahead_seconds": 0.06},
        "loudness": "absolute",
        "segment_seconds": 0.25,
        "alphabet_size": 12,
    },
    "corpus": {"window_seconds": 5.0, "hop_seconds": 4.0},
    "decision": {"layers": 1, "guide_layers": 1, "dimension": 32, "heads": 2, "feed_forward": 32},
    "sampling": {"rests": "fill", "top_p": 1.0},
    "action": {"grid": "seconds", "loudness": "keep", "phrase_seconds": 1.0},
}


def melody(seconds: float, seed: int = 0, low: float = 220.0, level: float = 0.2, rate: int = RATE) -> Audio:
    """Notes of a quarter of a second with harmonics."""
    random, parts = np.random.default_rng(seed), []
    time = np.arange(round(0.25 * rate)) / rate
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    for key in random.integers(0, 24, int(np.ceil(4 * seconds))):
        pitch = low * 2 ** (key / 12)
        parts.append(fade * sum(0.5**n * np.sin(2 * np.pi * pitch * (n + 1) * time) for n in range(4)))
    samples = level * np.concatenate(parts)[: round(seconds * rate)]
    return Audio(samples[:, None].astype(np.float32), rate, f"melody-{seed}")


def silence(seconds: float) -> Audio:
    return Audio(np.zeros((round(seconds * RATE), 1), dtype=np.float32), RATE)


@lru_cache
def small_agent(lookahead_seconds: float | None = -0.5) -> Agent:
    """An untrained agent that hears its guide half a second late; None: one that has learned with the whole guide."""
    tree = {**TREE, "decision": {**TREE["decision"], "lookahead_seconds": lookahead_seconds}}
    settings = Settings.model_validate(tree)
    perception = Perception(settings.perception)
    segments, _ = perception.segments(melody(40, seed=1))
    alphabet = fit_alphabet(segments, perception.encoder, settings.perception)
    torch.manual_seed(0)
    ahead = segments_ahead(lookahead_seconds, settings.perception.segment_seconds)
    network = DecisionNetwork(settings.decision, alphabet.classes, ahead=ahead)
    with torch.no_grad():
        network.output.weight *= 6  # an untrained network says nearly the same of everything
    return Agent(settings, alphabet, perception, network)


@lru_cache
def small_memory(seconds: float = 30.0, low: float = 220.0):
    """A memory with everything measured."""
    return memory_of(melody(seconds, seed=1, low=low))


def memory_of(*recordings: Audio):
    agent = small_agent()
    return joined_memory(recordings, agent.perception, agent.alphabet, sounds=True, edges=True)


def session(agent: Agent | None = None, memory=None, **options) -> Session:
    return Session(agent or small_agent(), memory or small_memory(), level_db=0.0, **options)


def play(playing: Session, guide: Audio, *cues, block: int = BLOCK):
    """What comes of a session that starts at once."""
    events = with_cues(blocks_of(guide, block), [(0, Cue("start")), *cues])
    return performed(playing, events, len(guide.samples))


def steps_of(found):
    return [each.step for each in found.commands if isinstance(each, Commit)]


def ids_of(found):
    return [step.event.token for step in steps_of(found)]


def segments_of(found):
    return [step.segment for step in steps_of(found)]


def plays_of(found):
    return [each for each in found.commands if isinstance(each, Play)]


def statuses_of(found, kind):
    return [each for each in found.commands if isinstance(each, Status) and each.kind == kind]


def level_of(sound: Audio, start: float, end: float) -> float:
    """dBFS of a stretch."""
    part = sound.samples[round(start * sound.sample_rate) : round(end * sound.sample_rate)].astype(np.float64)
    return float(10 * np.log10(max(1e-12, np.mean(part**2))))
