"""What an agent keeps of its lesson, so that fine-tuning can rehearse it."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon.agent import Agent
from antiphon.agent.replay import REPLAY_WINDOWS, Replay, Window, replay_from
from antiphon.training.batches import Drawing, epoch_batches
from antiphon.training.network_variants import TrainingData

REHEARSED_EPOCH = 1_000_003
"""The draws that are kept are those of epochs that no training reaches: fixed, and like all others."""

REHEARSED_EPOCHS = 6
"""How often each window of a small corpus is drawn at most, each time in another key and place."""

CHECKED = 10
"""One in so many pieces is not rehearsed: by it a fine-tuning sees what it forgets."""


def kept_for_replay(agent: Agent, lesson: TrainingData) -> Replay:
    """A fixed draw of training pairs in all keys that the training saw; those of the pieces to check by stand first."""
    pieces = sorted({excerpt.piece for excerpt in lesson.splits.train})
    apart = set(pieces[::CHECKED])
    checked = [index for index, excerpt in enumerate(lesson.splits.train) if excerpt.piece in apart]
    rehearsed = [index for index in range(len(lesson.splits.train)) if index not in set(checked)]
    first = _drawn(agent, lesson, checked, REPLAY_WINDOWS // CHECKED)
    return replay_from([*first, *_drawn(agent, lesson, rehearsed, REPLAY_WINDOWS - len(first))], checked=len(first))


def _drawn(agent: Agent, lesson: TrainingData, excerpts: Sequence[int], most: int) -> list[Window]:
    """Windows of the given excerpts of the training split, as the training draws them."""
    vocabulary = agent.network.vocabulary
    drawing = Drawing(agent.context, vocabulary, agent.alphabet.rest if agent.alphabet.has_rest else None)
    train, *transposed = ([key[index] for index in excerpts] for key in (lesson.splits.train, *lesson.transposed))
    windows: list[Window] = []
    for epoch in range(REHEARSED_EPOCH, REHEARSED_EPOCH + REHEARSED_EPOCHS if train else REHEARSED_EPOCH):
        for batch in epoch_batches(train, drawing, agent.settings.training, epoch, transposed):
            for guide, target, durations in zip(*(each.numpy() for each in vars(batch).values()), strict=True):
                inside = target != vocabulary.pad
                windows.append((guide[inside], target[inside], durations[inside]))
            if len(windows) >= most:
                return windows[:most]
    return windows
