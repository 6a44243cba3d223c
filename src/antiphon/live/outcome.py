"""What came of a session as the values that a response has: specification, selection, runs, events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.live.commands import Commit, LiveCommand, Play, TokenEvent
from antiphon.live.session import Session
from antiphon.types import Audio, Response, Run, Selection, Specification, Tokens


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
    settings = session.agent.settings
    used = {"sampling": settings.sampling.model_dump(), "action": settings.action.model_dump(), "seed": session.seed}
    return Response(
        sound,
        guide,
        specification,
        selection,
        tuple(step.event for step in steps),
        used,
        runs_of(commands),
        memory=session.memory,
    )


def runs_of(commands: Sequence[LiveCommand]) -> tuple[Run, ...]:
    """All runs that were played, in order of time, each as long as it was in the end."""
    found: dict[int, Run] = {}
    for command in commands:
        if isinstance(command, Play):
            for run in command.runs:
                found[run.start] = run
    return tuple(found[start] for start in sorted(found))
