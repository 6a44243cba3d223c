"""Scores to multitracks: read (`musicxml`, `pop909`), played (`humanised`), synthesised, finished, built."""
