"""What came of a session as the values that a response has: specification, selection, runs, events."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from antiphon.live.commands import Commit, LiveCommand, Play, Step, TokenEvent
from antiphon.live.session import Session
from antiphon.types import Audio, Event, Response, Run, Selection, Specification, Tokens


def outcome(session: Session, commands: Sequence[LiveCommand], sound: Audio) -> Response:
    """The response that was played, from every command of a session and the sound that was heard.

    `guide` are the tokens that were heard; what ended too late to be heard has none.
    """
    steps = [command.step for command in commands if isinstance(command, Commit)]
    heard = [command for command in commands if isinstance(command, TokenEvent)]
    rate, alphabet_id = session.sample_rate, session.agent.alphabet.id
    intervals = np.array([[step.start, step.end] for step in steps], dtype=np.float64).reshape(-1, 2) / rate
    ids = np.array([step.event.token for step in steps], dtype=np.int64)
    specification = Specification(
        Tokens(ids, intervals, alphabet_id), np.array([step.event.log_probability for step in steps], dtype=np.float64)
    )
    selection = Selection(
        np.array([step.segment for step in steps], dtype=np.int64),
        np.array([step.event.played for step in steps], dtype=np.int64),
        np.array([step.event.cost for step in steps], dtype=np.float64),
    )
    spans = np.array([[each.start, each.end] for each in heard], dtype=np.float64).reshape(-1, 2) / rate
    guide = Tokens(np.array([each.token for each in heard], dtype=np.int64), spans, alphabet_id)
    settings, runs = session.agent.settings, runs_of(commands)
    used = {"sampling": settings.sampling.model_dump(), "action": settings.action.model_dump(), "seed": session.seed}
    return Response(
        sound,
        guide,
        specification,
        selection,
        _events_in(steps, runs),
        used,
        runs,
        memory=session.memory,
    )


def _events_in(steps: Sequence[Step], runs: Sequence[Run]) -> tuple[Event, ...]:
    """The steps' events, each with the number of its run. A run too late to sound leaves its step to the run before."""
    firsts = [run.first for run in runs]
    return tuple(replace(step.event, run=max(bisect_right(firsts, step.number) - 1, 0)) for step in steps)


def runs_of(commands: Sequence[LiveCommand]) -> tuple[Run, ...]:
    """All runs that were played, in order of time, each as long as it was in the end."""
    found: dict[int, Run] = {}
    for command in commands:
        if isinstance(command, Play):
            for run in command.runs:
                found[run.start] = run
    return tuple(found[start] for start in sorted(found))
