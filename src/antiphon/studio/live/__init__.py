"""The studio's live view: a live run in a process of its own, which is told and heard by OSC."""
