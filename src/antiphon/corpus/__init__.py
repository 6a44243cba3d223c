"""Which audio exists, and how it is divided (paper 5.1)."""
