"""Rendering: a selection to sound by concatenative synthesis (paper 3.3, 4.3)."""
