"""P: audio to a sequence of symbols (paper 3.1, 4.1)."""
