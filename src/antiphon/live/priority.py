"""To be in time: let run before other programs, where the system allows that (what Linux grants to musicians by
`rtprio`), and not held up by Python's collector."""

from __future__ import annotations

import gc
import os
from typing import Final

INSTRUMENT: Final = 5
"""Above the decision, and far below the sound server."""

DECISION: Final = 1


def loaded() -> None:
    """All that is there stays for good: Python's garbage collector does not look through it any more, which held a
    decision up by 10 ms now and then."""
    gc.collect()
    gc.freeze()


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
