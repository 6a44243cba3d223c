"""To be let run before other programs, where the system allows that: what Linux grants to musicians by `rtprio`."""

from __future__ import annotations

import os
from typing import Final

INSTRUMENT: Final = 5
"""Above the decision, and far below the sound server."""

DECISION: Final = 1


def before_others(priority: int) -> bool:
    """Ask for it, for this process alone and not for those that it starts; False where the system says no."""
    if not hasattr(os, "sched_setscheduler"):
        return False
    try:
        policy = os.SCHED_RR | getattr(os, "SCHED_RESET_ON_FORK", 0)
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        return False
    return True
