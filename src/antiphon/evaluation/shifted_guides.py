"""The guide at the wrong time: what it says about the piece stays, what it says about the moment is gone.

A network that learns from circularly shifted guides gets key, timbre and style from them, and nothing about when. What
the true guide is worth more than that is the relation in time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from antiphon.dataset import TokenPair

LEAST, MOST = 0.25, 0.75
"""A guide is circularly shifted by at least a quarter and at most three quarters of its track."""

JUDGED_SHARES = (0.3, 0.42, 0.58, 0.7)
"""The shares of the track by which the guide is shifted where a model is judged: fixed, evenly before and after the
middle, and none a half or a third, where pieces repeat themselves. What counts is the mean over them."""


def circularly_shifted(pair: TokenPair, share: float) -> TokenPair:
    """The pair with its guide circularly shifted by `share` of the whole track; the target stays where it is."""
    return replace(pair, guide=np.roll(pair.guide, round(share * len(pair))))
