"""D: what to play, given what is heard and was played (paper 3.2, 4.2)."""
