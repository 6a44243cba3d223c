"""A: a specification to sound (paper 3.3, 4.3)."""
