"""The re-generation task and what is made of it (paper 5.3, 6, 7)."""
